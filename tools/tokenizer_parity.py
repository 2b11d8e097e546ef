#!/usr/bin/env python3
"""Compares hashweave's tokenizers with the Hugging Face `tokenizers` package and stops at the first text on which they differ.
    pip install 'tokenizers==0.23.*'
    tools/tokenizer_parity.py --vocab tests/golden/tokenizer/vocab.txt [--texts FILE] [--merges FILE] [--strings 1000000]
Texts: every Unicode scalar value between two letters; random strings of several kinds; the lines of FILE. --merges names
CLIP's bpe_simple_vocab_16e6.txt[.gz] (tools/fetch_clip_merges.sh) and compares the CLIP tokenizer too. Our side is
benchmarks/peers/tokenizers.cpp, built here with $CXX (g++)."""
import argparse
import gzip
import os
import pathlib
import random
import struct
import subprocess
import sys
import tempfile
import threading

import tokenizers
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

ROOT = pathlib.Path(__file__).resolve().parent.parent
POINTS = [c for c in range(0x110000) if not 0xD800 <= c < 0xE000]
RULES = ["11-1", "11-0", "1101", "1110", "0111", "1011", "0000", "0010", "0001"]


def bert(vocab, rules="11-1", length=None):
    """BertWordPieceTokenizer, built from its parts; rules: clean, ideographs, strip accents (- for None), lowercase."""
    t = Tokenizer(models.WordPiece.from_file(str(vocab), unk_token="[UNK]", max_input_chars_per_word=100))
    t.add_special_tokens(["[UNK]", "[SEP]", "[CLS]", "[PAD]", "[MASK]"])
    t.normalizer = normalizers.BertNormalizer(clean_text=rules[0] == "1", handle_chinese_chars=rules[1] == "1",
                                              strip_accents=None if rules[2] == "-" else rules[2] == "1",
                                              lowercase=rules[3] == "1")
    t.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    t.post_processor = processors.BertProcessing(("[SEP]", t.token_to_id("[SEP]")), ("[CLS]", t.token_to_id("[CLS]")))
    if length:
        t.enable_truncation(length)
    return t


def clip_merges(path, limit=49152 - 256 - 2):
    data = pathlib.Path(path).read_bytes()
    lines = (gzip.decompress(data) if str(path).endswith(".gz") else data).decode().split("\n")
    return [tuple(line.split()) for line in lines[1:] if line][:limit]


def clip_vocab(merges):
    own = [*range(33, 127), *range(161, 173), *range(174, 256)]
    letters = [chr(b) for b in own] + [chr(256 + i) for i in range(256 - len(own))]
    tokens = letters + [x + "</w>" for x in letters] + [a + b for a, b in merges] + ["<|startoftext|>", "<|endoftext|>"]
    return {token: i for i, token in enumerate(tokens)}


def clip(merges):
    """As transformers builds CLIPTokenizerFast."""
    vocab = clip_vocab(merges)
    t = Tokenizer(models.BPE(vocab=vocab, merges=merges, unk_token="<|endoftext|>", continuing_subword_prefix="",
                             end_of_word_suffix="</w>", fuse_unk=False))
    t.normalizer = normalizers.Sequence([normalizers.NFC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Lowercase()])
    t.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"), behavior="removed", invert=True),
        pre_tokenizers.ByteLevel(add_prefix_space=False)])
    t.decoder = decoders.ByteLevel()
    t.add_special_tokens([AddedToken(x, normalized=False, special=True) for x in ("<|startoftext|>", "<|endoftext|>")])
    t.post_processor = processors.RobertaProcessing(
        ("<|endoftext|>", vocab["<|endoftext|>"]), ("<|startoftext|>", vocab["<|startoftext|>"]), add_prefix_space=False,
        trim_offsets=False)
    return t


def words(rules):
    normal = normalizers.BertNormalizer(clean_text=rules[0] == "1", handle_chinese_chars=rules[1] == "1",
                                        strip_accents=None if rules[2] == "-" else rules[2] == "1", lowercase=rules[3] == "1")
    cut = pre_tokenizers.BertPreTokenizer()
    return lambda s: [w for w, _ in cut.pre_tokenize_str(normal.normalize_str(s))]


class Strings:
    """Random texts: words of the vocabulary; characters of one script, of many, of all Unicode; runs of marks."""

    def __init__(self, vocab, seed):
        self.r = random.Random(seed)
        self.words = [w.strip().removeprefix("##") for w in open(vocab, encoding="utf8")]
        blocks = [(0x20, 0x7F), (0, 0x20), (0x7F, 0x250), (0x250, 0x370), (0x370, 0x530), (0x530, 0x700), (0x900, 0xE00),
                  (0xE00, 0x1100), (0x1100, 0x1200), (0x1D00, 0x2000), (0x2000, 0x2070), (0x2070, 0x2C00), (0x2C00, 0x3100),
                  (0x3100, 0x3400), (0x4E00, 0x4F00), (0xA600, 0xAC00), (0xAC00, 0xD7A4), (0xF900, 0xFB00), (0xFB00, 0x10000),
                  (0x10000, 0x11A00), (0x1D100, 0x1D200), (0x1D400, 0x1D800), (0x1E000, 0x1F000), (0x1F000, 0x1FA00),
                  (0x20000, 0x20100), (0x2B800, 0x2BA00), (0x2F800, 0x2FA20), (0xE0000, 0xE0200)]
        self.pools = [[chr(c) for c in range(a, b)] for a, b in blocks]
        marks = [c for c in POINTS if normalizers.NFD().normalize_str("a\u0345" + chr(c)) != "a\u0345" + chr(c) and c < 0xAC00
                 or 0x302A <= c <= 0x302F or 0x1D165 <= c <= 0x1D172]
        self.marks = [chr(c) for c in marks]
        self.special = ["[CLS]", "[SEP]", "[MASK]", "[PAD]", "[UNK]", "[", "<|endoftext|>", "<|startoftext|>", "'s", "'LL", "##",
                        "\u0130", "\u00df", "\ufffd", "\u3000", "\u2028", "\u200d", "\u0301", "\u1100\u1161\u11a8", "\u302e"]

    def one(self):
        r, kind = self.r, self.r.random()
        if kind < 0.25:
            s = "".join(r.choice(self.words) + r.choice([" ", " ", " ", "", ",", "-", "\n", "."]) for _ in range(r.randint(1, 20)))
            return s if r.random() < 0.5 else "".join(c.upper() if r.random() < 0.3 else c for c in s)
        if kind < 0.5:
            pool = r.choice(self.pools)
            return "".join(r.choice(pool) if r.random() < 0.8 else r.choice(self.pools[0]) for _ in range(r.randint(1, 50)))
        if kind < 0.7:
            return "".join(r.choice(r.choice(self.pools)) for _ in range(r.randint(1, 40)))
        if kind < 0.8:
            return "".join(chr(r.choice(POINTS)) for _ in range(r.randint(1, 20)))
        if kind < 0.9:
            return "".join(r.choice(self.marks) if r.random() < 0.7 else r.choice(r.choice(self.pools)) for _ in range(r.randint(1, 25)))
        return "".join(r.choice(self.special) if r.random() < 0.3 else r.choice(self.pools[0] + self.special)
                       for _ in range(r.randint(1, 130)))


class Ours:
    def __init__(self, program):
        self.program = str(program)

    def run(self, args, texts):
        p = subprocess.Popen([self.program, *map(str, args)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        frames = b"".join(struct.pack("<I", len(b)) + b for b in (t.encode() for t in texts))
        threading.Thread(target=lambda: (p.stdin.write(frames), p.stdin.close()), daemon=True).start()
        out = p.stdout.read()
        assert p.wait() == 0
        return out

    def ids(self, args, texts):
        out, at, result = self.run(args, texts), 0, []
        while at < len(out):
            n, = struct.unpack_from("<I", out, at)
            result.append(list(struct.unpack_from(f"<{n}i", out, at + 4)))
            at += 4 + 4 * n
        return result

    def words(self, rules, texts):
        out, at, result = self.run(["words", rules], texts), 0, []
        while at < len(out):
            n, = struct.unpack_from("<I", out, at)
            result.append(out[at + 4:at + 4 + n].decode().split(" ")[:-1])
            at += 4 + n
        return result


def compare(what, texts, ours, theirs):
    assert len(ours) == len(theirs), (what, len(ours), len(theirs))
    for text, a, b in zip(texts, ours, theirs):
        if a != b:
            print(f"{what}: DIFFERENT on {ascii(text)}\n  hashweave  {a}\n  tokenizers {b}")
            sys.exit(1)


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--vocab", required=True)
    ap.add_argument("--texts")
    ap.add_argument("--merges")
    ap.add_argument("--strings", type=int, default=1_000_000)
    ap.add_argument("--seed", type=int, default=1)
    ap.add_argument("--skip-points", action="store_true")
    ap.add_argument("--rules", default=",".join(RULES), help="which rules of BERT: clean, ideographs, strip accents, lowercase")
    a = ap.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        program = pathlib.Path(folder) / "peer_tokenizers"
        subprocess.run([os.environ.get("CXX", "g++"), "-std=c++20", "-O2", f"-I{ROOT / 'include'}",
                        str(ROOT / "benchmarks/peers/tokenizers.cpp"), "-o", str(program)], check=True)
        ours = Ours(program)
        print(f"tokenizers {tokenizers.__version__}, seed {a.seed}")
        scalars = ["a" + chr(c) + "b" for c in POINTS]
        batch = 20_000

        def in_batches(what, count, make, theirs, mine):
            for start in range(0, count, batch):
                texts = make(start, min(count, start + batch))
                compare(what, texts, mine(texts), theirs(texts))
            print(f"{what}: {count} texts, all equal", flush=True)

        if not a.skip_points:
            for rules in filter(None, a.rules.split(",")):
                w = words(rules)
                in_batches(f"words of every scalar value, rules {rules}", len(scalars), lambda i, j: scalars[i:j],
                           lambda texts: [w(t) for t in texts], lambda texts: ours.words(rules, texts))
        strings = Strings(a.vocab, a.seed)
        draw = lambda i, j: [strings.one() for _ in range(j - i)]
        lines = [line.rstrip("\n") for line in open(a.texts, encoding="utf8")] if a.texts else []

        def whole(what, t, args):
            theirs = lambda texts: [e.ids for e in t.encode_batch(texts)]
            mine = lambda texts: ours.ids(args, texts)
            if not a.skip_points:
                in_batches(f"{what}, every scalar value", len(scalars), lambda i, j: scalars[i:j], theirs, mine)
            if lines:
                in_batches(f"{what}, lines of {pathlib.Path(a.texts).name}", len(lines), lambda i, j: lines[i:j], theirs, mine)

        whole("bert-base-uncased", bert(a.vocab), ["ids", a.vocab, "11-1"])
        for rules in filter(None, a.rules.split(",")):
            t, w = bert(a.vocab, rules), words(rules)
            in_batches(f"ids and words, rules {rules}, random strings", a.strings // (1 if rules == RULES[0] else 10), draw,
                       lambda texts: list(zip([e.ids for e in t.encode_batch(texts)], [w(x) for x in texts])),
                       lambda texts: list(zip(ours.ids(["ids", a.vocab, rules], texts), ours.words(rules, texts))))
        for length in (3, 4, 7, 16, 33):
            t = bert(a.vocab, length=length)

            def pairs(texts):
                out = []
                for e in t.encode_batch(list(zip(texts[::2], texts[1::2]))):
                    out += [e.ids, e.type_ids]
                return out

            in_batches(f"pairs cut to {length}, random strings", a.strings // 50, draw, pairs,
                       lambda texts: ours.ids(["pairs", a.vocab, "11-1", length], texts))
        if a.merges:
            merges = clip_merges(a.merges)
            text = pathlib.Path(folder) / "merges.txt"
            text.write_text("#version\n" + "\n".join(" ".join(m) for m in merges) + "\n", encoding="utf8")
            t = clip(merges)
            whole("CLIP", t, ["clip", text])
            in_batches("CLIP, random strings", a.strings // 5, draw, lambda texts: [e.ids for e in t.encode_batch(texts)],
                       lambda texts: ours.ids(["clip", text], texts))


if __name__ == "__main__":
    main()
