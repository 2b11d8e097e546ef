#!/usr/bin/env python3
"""Writes the Unicode tables of include/hashweave/text/ as the `tokenizers` package behaves, measured code point by code point:
  unicode_data.hpp  canonical decompositions, combining classes, compositions, lowercase (both tokenizers)
  bert_unicode.hpp  what BertNormalizer and BertPreTokenizer remove, map, space, strip and isolate
  clip_unicode.hpp  what CLIP's regular expression takes for letters, numbers and white space
The ranges are compared with tools/data/bert_unicode_ranges.txt, which were measured independently.
    pip install 'tokenizers==0.23.*' && tools/make_bert_unicode.py [--check]     (--check: only compares, writes nothing)"""
import argparse
import pathlib
import sys
import unicodedata

import tokenizers
from tokenizers import Regex, normalizers, pre_tokenizers

ROOT = pathlib.Path(__file__).resolve().parent.parent
OUT = ROOT / "include/hashweave/text"
POINTS = [c for c in range(0x110000) if not 0xD800 <= c < 0xE000]
HANGUL = range(0xAC00, 0xD7A4)


# --- numbers as text: base 32, the lowest digit first, digits of 32 and more say that another one follows -------------
def number(n):
    text = ""
    while True:
        digit, n = n & 31, n >> 5
        text += chr(48 + (digit | (32 if n else 0)))
        if not n:
            return text.replace("\\", "p").replace("?", "q")


def signed(n):
    return number(2 * n if n >= 0 else -2 * n - 1)


def to_ranges(points):
    out = []
    for c in sorted(points):
        if out and out[-1][1] + 1 == c:
            out[-1][1] = c
        else:
            out.append([c, c])
    return out


def ranges_text(points):
    text, at = "", 0
    for first, last in to_ranges(points):
        text += number(first - at) + number(last - first)
        at = last + 1
    return text


# --- measuring --------------------------------------------------------------------------------------------------------
def bert(**on):
    options = dict(clean_text=False, handle_chinese_chars=False, strip_accents=False, lowercase=False)
    return normalizers.BertNormalizer(**{**options, **on}).normalize_str


def measure_bert():
    clean, cjk, strip = bert(clean_text=True), bert(handle_chinese_chars=True), bert(strip_accents=True)
    cut = pre_tokenizers.BertPreTokenizer().pre_tokenize_str
    nfd = normalizers.NFD().normalize_str
    t = dict(removed=set(), spaces=set(), ideographs=set(), white=set(), punctuation=set(), marks=set())
    for c in POINTS:
        s = "a" + chr(c) + "b"
        cleaned = clean(s)
        if cleaned == "ab":
            t["removed"].add(c)
        elif cleaned == "a b":
            t["spaces"].add(c)
        else:
            assert cleaned == s, hex(c)
        spaced = cjk(s)
        if spaced != s:
            assert spaced == "a " + chr(c) + " b", hex(c)
            t["ideographs"].add(c)
        pieces = [w for w, _ in cut(s)]
        if pieces == ["a", "b"]:
            t["white"].add(c)
        elif len(pieces) == 3:
            t["punctuation"].add(c)
        else:
            assert pieces == [s], hex(c)
        if nfd(chr(c)) == chr(c) and strip(chr(c)) == "":
            t["marks"].add(c)
    for c in POINTS:  # stripping is decomposition without the marks
        assert strip(chr(c)) == "".join(d for d in nfd(chr(c)) if ord(d) not in t["marks"]), hex(c)
    return t


def measure_lower():
    lower, lower_too = bert(lowercase=True), normalizers.Lowercase().normalize_str
    table = {}
    for c in POINTS:
        low = lower(chr(c))
        assert low == lower_too(chr(c)), hex(c)
        if low != chr(c):
            table[c] = low
    assert {c: low for c, low in table.items() if len(low) != 1} == {0x130: "i\u0307"}, "unicode.hpp knows only one"
    return {c: ord(low) for c, low in table.items() if c != 0x130}


def measure_decompositions():
    nfd, nfc = normalizers.NFD().normalize_str, normalizers.NFC().normalize_str
    table = {}
    for c in POINTS:
        d = nfd(chr(c))
        if c in HANGUL:
            i = c - 0xAC00
            want = [0x1100 + i // 588, 0x1161 + i % 588 // 28] + ([0x11A7 + i % 28] if i % 28 else [])
            assert [ord(x) for x in d] == want and nfc(d) == chr(c), hex(c)
        elif d != chr(c):
            composes = len(d) > 1 and nfc(d) == chr(c)
            first = nfc(d[:-1]) if composes else d[:-1]
            assert not composes or (len(first) == 1 and nfc(first + d[-1]) == chr(c)), hex(c)
            table[c] = (composes, [ord(x) for x in (first + d[-1] if composes else d)])
    return table


def measure_classes():
    nfd = normalizers.NFD().normalize_str

    def swaps(x, y):
        return x != y and nfd("a" + x + y) == "a" + y + x

    sample = {}
    for c in POINTS:
        v = unicodedata.combining(chr(c))
        if v and v not in sample and nfd(chr(c)) == chr(c) and (swaps("\u0345", chr(c)) or c == 0x345):
            sample[v] = chr(c)
    classes = {}
    for c in POINTS:
        x = chr(c)
        if nfd(x) == x and (swaps("\u0345", x) or swaps(x, "\u0334")):
            same = [v for v, s in sample.items() if not swaps(x, s) and not swaps(s, x)]
            assert len(same) == 1, (hex(c), same)
            classes[c] = same[0]
    return classes


def measure_regex(pattern):
    drop = normalizers.Replace(Regex(pattern), "").normalize_str
    out = set()
    for at in range(0, len(POINTS), 4096):
        block = POINTS[at:at + 4096]
        left = set(drop("".join(map(chr, block))))
        out.update(c for c in block if chr(c) not in left)
    return out


# --- writing ----------------------------------------------------------------------------------------------------------
def lower_text(table):
    """Runs: (gap, count - 1, step, difference): `count` letters, `step` apart, become themselves plus `difference`."""
    points, text, at, i = sorted(table), "", 0, 0
    while i < len(points):
        best = 1, 1
        for step in (1, 2):
            n = 1
            while i + n < len(points) and points[i + n] == points[i] + n * step \
                    and table[points[i + n]] - points[i + n] == table[points[i]] - points[i]:
                n += 1
            if n > best[0]:
                best = n, step
        n, step = best
        text += number(points[i] - at) + number(n - 1) + number(step) + signed(table[points[i]] - points[i])
        at, i = points[i + n - 1] + 1, i + n
    return text


def decompositions_text(table):
    """(gap, kind, points…): kind 0 is a pair that also composes, kind n a sequence of n that does not. Points are given
    as differences to the points in the same place of the entry before."""
    text, at, last = "", 0, [0] * 8
    for c in sorted(table):
        composes, points = table[c]
        text += number(c - at) + number(0 if composes else len(points))
        for i, p in enumerate(points):
            text += signed(p - last[i])
            last[i] = p
        at = c + 1
    return text


def classes_text(table):
    text, at = "", 0
    runs = []
    for c in sorted(table):
        if runs and runs[-1][1] + 1 == c and table[runs[-1][0]] == table[c]:
            runs[-1][1] = c
        else:
            runs.append([c, c])
    for first, last in runs:
        text += number(first - at) + number(last - first) + number(table[first])
        at = last + 1
    return text


def constant(name, doc, text):
    one_line = f'inline constexpr std::string_view {name} = "{text}";'
    if len(one_line) <= 120:
        return f"/// {doc}\n{one_line}\n"
    lines = [f'    "{text[i:i + 112]}"' for i in range(0, len(text), 112)]
    return f"/// {doc}\ninline constexpr std::string_view {name} =\n" + "\n".join(lines) + ";\n"


def header(what, constants):
    return ("#pragma once\n"
            f"// Generated by tools/make_bert_unicode.py from tokenizers {tokenizers.__version__}: do not edit.\n"
            "#include <string_view>\n\n"
            f"/// {what}\n/// Written as numbers in base 32, which unicode::Numbers reads.\n"
            "namespace hashweave::unicode::data {\n\n" + "\n".join(constants) +
            "\n}  // namespace hashweave::unicode::data\n")


def compare(tables):
    known = {}
    for line in (ROOT / "tools/data/bert_unicode_ranges.txt").read_text().splitlines():
        name, *ranges = line.split()
        known[name] = ranges
    names = dict(removed="removed_by_clean_text", spaces="mapped_to_space", ideographs="cjk_spaced",
                 punctuation="punct_split_isolated")
    for name, there in names.items():
        points = tables[name] - {0}  # the file leaves U+0000 out
        ours = [f"{a:x}" if a == b else f"{a:x}-{b:x}" for a, b in to_ranges(points)]
        theirs = known[there]
        assert ours == theirs, (name, set(theirs) ^ set(ours))


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--check", action="store_true")
    check = ap.parse_args().check
    t = measure_bert()
    compare(t)
    lower, decompositions, classes = measure_lower(), measure_decompositions(), measure_classes()
    survivors = [c for c in classes if c not in t["marks"]]
    assert not any(c in t["punctuation"] or c in t["white"] or c in t["ideographs"] or c in lower for c in survivors)
    letters, numbers, white = measure_regex(r"\p{L}"), measure_regex(r"\p{N}"), measure_regex(r"\s")
    files = {
        "unicode_data.hpp": header("Decomposition, order, composition and case.", [
            constant("decompositions", "Canonical decompositions without Hangul: gap, kind, points.",
                     decompositions_text(decompositions)),
            constant("combining_classes", "Canonical combining classes other than 0: gap, length - 1, class.",
                     classes_text(classes)),
            constant("lowercase", "Lowercase letter by letter, without U+0130: gap, count - 1, step, difference.",
                     lower_text(lower))]),
        "bert_unicode.hpp": header("What BertNormalizer and BertPreTokenizer make of each code point: ranges as gap, length - 1.", [
            constant("bert_removed", "Removed by clean_text.", ranges_text(t["removed"])),
            constant("bert_spaces", "Turned into a space by clean_text.", ranges_text(t["spaces"])),
            constant("bert_white", "Separates words.", ranges_text(t["white"])),
            constant("bert_ideographs", "Set between spaces by handle_chinese_chars.", ranges_text(t["ideographs"])),
            constant("bert_punctuation", "A word of its own.", ranges_text(t["punctuation"])),
            constant("bert_marks", "Dropped by strip_accents after decomposition.", ranges_text(t["marks"]))]),
        "clip_unicode.hpp": header("What CLIP's regular expression takes a code point for: ranges as gap, length - 1.", [
            constant("clip_letters", r"\p{L}", ranges_text(letters)),
            constant("clip_numbers", r"\p{N}", ranges_text(numbers)),
            constant("clip_white", r"\s", ranges_text(white))]),
    }
    stale = 0
    for name, text in files.items():
        path = OUT / name
        same = path.exists() and path.read_text() == text
        if check:
            stale += not same
        else:
            path.write_text(text)
        print(f"{name}: {len(text)} bytes, {text.count(chr(10))} lines" + ("" if same else ", differs" if check else ", written"))
    print(f"{len(lower) + 1} lowercase, {len(decompositions)} decompositions, {len(classes)} combining classes "
          f"({len(survivors)} survive strip_accents), {len(letters)} letters, {len(numbers)} numbers")
    sys.exit(1 if stale else 0)


if __name__ == "__main__":
    main()
