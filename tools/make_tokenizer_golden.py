#!/usr/bin/env python3
"""Writes tests/golden/tokenizer/cases.jsonl: texts and the ids that the bert-base-uncased tokenizer gives them (with [CLS] and [SEP], no truncation),
as computed by the `tokenizers` package from the vocab.txt beside it.   pip install tokenizers && tools/make_tokenizer_golden.py [--seed N]"""
import argparse, json, pathlib, random
from tokenizers import BertWordPieceTokenizer
ap = argparse.ArgumentParser(); ap.add_argument("--seed", type=int, default=7); ap.add_argument("--out", default=None); ap.add_argument("--n", type=int, default=600); a = ap.parse_args()
here = pathlib.Path(__file__).resolve().parent.parent / "tests/golden/tokenizer"
tok = BertWordPieceTokenizer(str(here / "vocab.txt"), lowercase=True)
r = random.Random(a.seed)
fixed = ["", " ", "A woman in a yellow coat waits for the tram , reading .", "Two dogs, one brown & one black-and-white, don't play.", "naïve café Ångström ÀÉÎÕÜ ß ﬁ ﬀ", "東京タワーの前で", "한국어 문장", "Привет, мир!", "مرحبا بالعالم", "हिन्दी पाठ", "emoji 😀👨‍👩‍👧 🇫🇷 mixed", "tab\tnew\nline\r\u00a0nbsp\u2003em", "zero\u200bwidth\u200djoin\ufeffbom", "ctrl\x00\x01\x7f\x85chars \ufffd", "x" * 101, "y" * 100, "antidisestablishmentarianism " * 3, "3.14159e-10 $5.00 50% #1 @me a_b c/d\\e [x] {y} ~`^|", "[CLS] [MASK] [SEP] [UNK] [PAD]", "e\u0301 o\u0308 combining n\u0303", "İstanbul ıI", "ǅ Ǆ ŉ ῼ ﷺ", "½ ² ™ № ℵ", "“quotes” ‘single’ — dash – en … ellipsis", "ＦＵＬＬｗｉｄｔｈ", "𠀀𠀁 rare 㐀 cjk", "\U0001d49c math 𝓐𝓑", "word\u00adsoft\u00adhyphen", "THE QUICK BROWN FOX", "co-operate re-enter o'clock rock'n'roll"]
pools = [[chr(c) for c in range(32, 127)], [chr(c) for c in range(0xa0, 0x250)], [chr(c) for c in range(0x370, 0x530)], [chr(c) for c in range(0x4e00, 0x4e80)], [chr(c) for c in range(0x2000, 0x2070)], [chr(c) for c in range(0x300, 0x340)], [chr(c) for c in range(0x1f600, 0x1f640)], [chr(c) for c in range(0x900, 0x980)], [chr(c) for c in range(0xac00, 0xac60)]]
words = [w.strip() for w in open(here / "vocab.txt", encoding="utf8") if not w.startswith("[")]
texts = list(fixed)
while len(texts) < a.n:
    kind = r.random()
    if kind < 0.4: t = " ".join(r.choice(words).replace("##", "") for _ in range(r.randint(1, 20)))
    elif kind < 0.7: t = "".join(r.choice(r.choice(pools)) for _ in range(r.randint(1, 60)))
    else: t = "".join(r.choice(pools[0]) if r.random() < .7 else r.choice(r.choice(pools)) for _ in range(r.randint(1, 80)))
    texts.append(t)
with open(a.out or here / "cases.jsonl", "w", encoding="utf8") as f:
    for t in texts: f.write(json.dumps({"text": t, "ids": tok.encode(t).ids}) + "\n")
print(len(texts), "cases")
