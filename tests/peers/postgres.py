"""Codes for PostgreSQL and the comparison of answers.
usage: postgres.py make BITS CODES QUERIES | postgres.py compare QUERIES OURS THEIRS K"""
import json
import random
import sys


def make(bits, codes, queries):
    """Codes with many equal distances, under ids of all sizes and of no order."""
    draw = random.Random(bits)
    middle = draw.getrandbits(bits)
    near = lambda most: middle ^ sum(1 << draw.randrange(bits) for _ in range(draw.randrange(most)))
    ids = draw.sample(range(-500, 100_000), 1997) + [-2**63, 2**63 - 1, 2**40]
    for path, numbers in ((codes, ids), (queries, range(30))):
        with open(path, "w") as file:
            for id in numbers:
                code = near(6) % 2**bits
                file.write(f'{{"id":{id},"code":"{code:0{bits // 4}x}"}}\n')


def compare(queries, ours, theirs, k):
    n = sum(1 for line in open(queries) if json.loads(line))
    mine = [tuple(map(int, line.split()))[1:] for line in open(ours)]
    server = [tuple(map(int, line.split())) for line in open(theirs)]
    if len(mine) != n * k:
        sys.exit(f"answers: expected {n * k}, got {len(mine)}")
    if mine != server:
        at = next(i for i, pair in enumerate(zip(mine, server)) if pair[0] != pair[1])
        sys.exit(f"query {at // k}, rank {at % k}: we have id and distance {mine[at]}, PostgreSQL has {server[at]}")


if sys.argv[1] == "make":
    make(int(sys.argv[2]), *sys.argv[3:])
else:
    compare(*sys.argv[2:5], int(sys.argv[5]))
