#!/usr/bin/env python3
"""The Hugging Face tokenizers package and hashweave's BertTokenizer on the same texts, one thread each, in turn.
Processor time is what counts, which other programs on the machine disturb least; alone, it is the time that passes.
usage: tokenizers.py PEER_PROGRAM VOCAB TEXTS [ROUNDS]     prints a Markdown table; benchmarks/peers/tokenizers.sh calls it"""
import gc
import json
import os
import statistics
import subprocess
import sys
import time

os.environ["TOKENIZERS_PARALLELISM"] = "false"
os.environ["RAYON_NUM_THREADS"] = "1"
# the package of this name, not this file
sys.path = [p for p in sys.path if os.path.abspath(p or ".") != os.path.dirname(os.path.abspath(__file__))]
import tokenizers  # noqa: E402

program, vocab, texts = sys.argv[1:4]
rounds = int(sys.argv[4]) if len(sys.argv) > 4 else 7
t = tokenizers.BertWordPieceTokenizer(vocab, lowercase=True)
lines = open(texts, encoding="utf8").read().removesuffix("\n").split("\n")
ways = {"tokenizers encode_batch": t._tokenizer.encode_batch, "tokenizers encode_batch_fast": t._tokenizer.encode_batch_fast}
seconds = {way: [] for way in (*ways, "hashweave encode_batch")}
digest, tokens = None, 0
for _ in range(rounds):
    for way, encode in ways.items():
        gc.collect()
        gc.disable()  # Python's collector visits every result; without it this side is faster
        start = time.process_time()
        encoded = encode(lines)
        seconds[way].append(time.process_time() - start)
        gc.enable()
        if digest is None:
            digest = 0xcbf29ce484222325
            for e in encoded:
                tokens += len(e.ids)
                for i in e.ids:
                    digest = ((digest ^ i) * 0x100000001b3) & 0xFFFFFFFFFFFFFFFF
        del encoded
    out = subprocess.run([program, "speed", vocab, texts, "5"], check=True, capture_output=True, text=True).stdout
    ours = [json.loads(line) for line in out.splitlines()]
    assert all(o["texts"] == len(lines) and o["tokens"] == tokens and int(o["digest"], 16) == digest for o in ours), "other ids"
    seconds["hashweave encode_batch"].append(statistics.median(o["seconds"] for o in ours))

model = next((x.split(":")[1].strip() for x in open("/proc/cpuinfo") if x.startswith("model name")), "unknown processor")
megabytes = sum(len(x.encode()) for x in lines) / 1e6
base = min(statistics.median(seconds[way]) for way in ways)
print(f"{model}, one thread, processor time; tokenizers {tokenizers.__version__}; {len(lines)} texts, {megabytes:.2f} MB, {tokens} tokens, the same ids "
      f"from both; median of {rounds} rounds in turn (least to most); load {os.getloadavg()[0]:.1f}\n")
print("| | texts/s | MB/s | ratio |\n|---|---|---|---|")
for way, s in seconds.items():
    m = statistics.median(s)
    print(f"| {way} | {len(lines) / m:,.0f} ({len(lines) / max(s):,.0f} to {len(lines) / min(s):,.0f}) | {megabytes / m:.1f} | {base / m:.2f} |")
