#!/usr/bin/env python3
"""Writes the recorded answers of the `tokenizers` package that tests/text/ compares with, into tests/text/data/:
  scalars.txt      a digest of the normalised words of "a" + c + "b" for each 4096 code points c, under four sets of rules
  random.txt       a digest of ids and words for each 1000 of 20,000 random strings (Philox, as core/random.hpp)
  pairs.jsonl      pairs of texts, cut to several lengths
  clip_merges.txt  the first 600 of CLIP's merges (with --merges)
  clip.jsonl       texts and the ids that a CLIP tokenizer with these merges gives
    pip install 'tokenizers==0.23.*' && tools/make_tokenizer_digests.py [--merges bpe_simple_vocab_16e6.txt]"""
import argparse
import json
import pathlib
import random

from tokenizer_parity import ROOT, Strings, bert, clip, clip_merges, words

OUT = ROOT / "tests/text/data"
VOCAB = ROOT / "tests/golden/tokenizer/vocab.txt"
MASK = (1 << 32) - 1
BLOCKS = [0x80, 0x100, 0x300, 0x370, 0x400, 0x600, 0x900, 0xE00, 0x1100, 0x1E00, 0x1F00, 0x2000, 0x2100, 0x3000, 0x4E00, 0xAC00,
          0xF900, 0xFB00, 0xFE00, 0xFF00, 0x1D100, 0x1D400, 0x1F600, 0x2F800]


def philox(counter, key):
    k0, k1 = key & MASK, key >> 32
    for _ in range(10):
        a, b = 0xD2511F53 * counter[0], 0xCD9E8D57 * counter[2]
        counter = ((b >> 32) ^ counter[1] ^ k0, b & MASK, (a >> 32) ^ counter[3] ^ k1, a & MASK)
        k0, k1 = (k0 + 0x9E3779B9) & MASK, (k1 + 0xBB67AE85) & MASK
    return counter


class Stream:
    def __init__(self, seed, place):
        self.seed, self.place, self.blocks = seed, place, {}

    def bits(self, i):
        if i // 4 not in self.blocks:
            self.blocks[i // 4] = philox((i // 4, 0, self.place, 0), self.seed)
        return self.blocks[i // 4][i % 4]


def random_string(number):
    s = Stream(2022, number)
    out = []
    for k in range(1 + s.bits(0) % 40):
        a, b = s.bits(2 * k + 1), s.bits(2 * k + 2)
        kind = a % 8
        c = 0x20 + b % 95 if kind < 4 else BLOCKS[(a >> 8) % len(BLOCKS)] + b % 256 if kind < 6 else 0x20 if kind == 6 \
            else b % 0x110000
        out.append("x" if 0xD800 <= c < 0xE000 else chr(c))
    return "".join(out)


def digest(data, h=0xcbf29ce484222325):
    for byte in data:
        h = ((h ^ byte) * 0x100000001b3) & 0xFFFFFFFFFFFFFFFF
    return h


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--merges")
    a = ap.parse_args()
    OUT.mkdir(exist_ok=True)
    with open(OUT / "scalars.txt", "w") as f:
        for rules in ("11-1", "11-0", "0010", "1101"):
            cut = words(rules)
            for first in range(0, 0x110000, 4096):
                text = "".join(w + " " for c in range(first, first + 4096) if not 0xD800 <= c < 0xE000
                               for w in cut("a" + chr(c) + "b"))
                f.write(f"{rules} {first:x} {digest(text.encode()):016x}\n")
    t, cut = bert(VOCAB), words("11-1")
    with open(OUT / "random.txt", "w") as f:
        for first in range(0, 20000, 1000):
            h = digest(b"")
            for number in range(first, first + 1000):
                s = random_string(number)
                h = digest(b"".join(i.to_bytes(4, "little") for i in t.encode(s).ids), h)
                h = digest("".join(w + " " for w in cut(s)).encode(), h)
            f.write(f"{first} {h:016x}\n")
    strings, r = Strings(VOCAB, 5), random.Random(5)
    texts = [t for t in (strings.one() for _ in range(400)) if len(t) < 60]
    with open(OUT / "pairs.jsonl", "w", encoding="utf8") as f:
        for length in (3, 4, 5, 8, 16, 32, None):
            t = bert(VOCAB, length=length)
            for _ in range(20):
                first, second = r.choice(texts), r.choice(texts + [""])
                e, single = t.encode(first, second), t.encode(first)
                f.write(json.dumps(dict(max_length=length, first=first, second=second, ids=e.ids, types=e.type_ids,
                                        single=single.ids)) + "\n")
    if a.merges:
        merges = clip_merges(a.merges, 600)
        (OUT / "clip_merges.txt").write_text("#version: 0.2\n" + "".join(" ".join(m) + "\n" for m in merges), encoding="utf8")
        t = clip(merges)
        fixed = ["", " ", "A dog's ball, they'LL don't we've I'm you're he'd 'tis ''s", "the  man\tis\nrunning", "naïve CAFÉ e\u0301",
                 "12345 1st 2.5", "İstanbul ΑΣ ß", "<|endoftext|> x <|startoftext|>y", "\u1100\u1161\u11a8 한국어 가\u11a8",
                 "hello!!! 'sup ?'s", "\x00\u200b\ufffd", "東京 12月", "१२ Ⅳ ½ ²", "a" * 300]
        with open(OUT / "clip.jsonl", "w", encoding="utf8") as f:
            for text in fixed + r.sample(texts, 120):
                f.write(json.dumps(dict(text=text, ids=t.encode(text).ids)) + "\n")


if __name__ == "__main__":
    main()
