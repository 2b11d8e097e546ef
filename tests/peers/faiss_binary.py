"""Exchanges binary indexes between FAISS and codes_tool.  usage: faiss_binary.py CODES_TOOL FOLDER"""
import itertools
import pathlib
import subprocess
import sys

import faiss
import numpy as np

tool, folder = sys.argv[1], pathlib.Path(sys.argv[2])
faiss.omp_set_num_threads(1)
random = np.random.default_rng(20)
queries_of = {}  # bits -> npy file
commands, checks = [], []


def codes(n, bits):
    """Random codes, every fourth one like an earlier one but for a few bits, so that distances differ and tie."""
    x = random.integers(0, 256, (n, bits // 8), dtype="u1")
    for i in range(3, n, 4):
        x[i] = x[random.integers(0, i)]
        x[i, random.integers(0, bits // 8)] ^= 1 << random.integers(0, 8)
    return x


def ids_for(n):
    """Distinct ids in no order, some negative, some beyond 32 bits. Not -1, with which FAISS says that there is none."""
    ids = random.choice(10 * n + 10, n, replace=False).astype("<i8")
    ids[::3] += 2**40
    ids[1::5] = -2 - ids[1::5]
    return ids


def check(name, right):
    if not right:
        sys.exit(f"{name}: differs from what FAISS has")
    checks.append(name)


def compare_searches(name, index, ours, k, of_ids):
    """FAISS's answers against ours, lines `query id distance`: the same distances; every id at its own distance."""
    q = np.load(queries_of[index.d])
    distances, found = index.search(q, k)
    rows = np.loadtxt(ours, dtype="<i8", ndmin=2).reshape(-1, 3)
    for i in range(len(q)):
        mine = rows[rows[:, 0] == i]
        theirs = distances[i][found[i] != -1]
        check(name, np.array_equal(np.sort(mine[:, 2]), np.sort(theirs)))
        order = list(zip(mine[:, 2], mine[:, 1]))
        check(name, order == sorted(order) and len(set(mine[:, 1])) == len(mine))
        apart = np.bitwise_count(q[i] ^ np.stack([of_ids[id] for id in mine[:, 1]])).sum(1) if len(mine) else []
        check(name, np.array_equal(apart, mine[:, 2]))


# FAISS writes, codes_tool reads and writes npy, FAISS's flat index and id maps, COPY and JSON lines
cases = []


def case(name, index, x, ids=None, exact=True, text=False):
    path = folder / f"{name}.bin"
    faiss.write_index_binary(index, str(path))
    cases.append((name, index, x, ids, exact, text))
    commands.append(f"convert {path} {path}.npy")
    commands.append(f"convert {path} {path}.faiss")
    commands.append(f"convert {path} {path}.map")
    if text and len(x):
        commands.append(f"convert {path} {path}.copy")
        commands.append(f"convert {path}.copy {path}.jsonl")
        commands.append(f"convert {path}.jsonl {path}.2.npy")
    if index.d >= 16:
        commands.append(f"search {path} {queries_of[index.d]} {10} {path}.hits")


def ivf(bits, lists, x, ids=None, quantizer=None):
    quantizer = quantizer or faiss.IndexBinaryFlat(bits)
    index = faiss.IndexBinaryIVF(quantizer, bits, lists)
    index.keep = quantizer
    index.cp.min_points_per_centroid = 1
    index.train(codes(40 * lists, bits))
    index.nprobe = lists
    if len(x):
        index.add(x) if ids is None else index.add_with_ids(x, ids)
    return index


for bits in (8, 16, 24, 64, 72, 256, 512):
    queries_of[bits] = folder / f"queries{bits}.npy"
    np.save(queries_of[bits], codes(20, bits))
for bits, n in itertools.product((8, 16, 24, 64, 72, 512), (0, 1, 7, 300)):
    x, ids, tag = codes(n, bits), ids_for(n), f"{bits}_{n}"
    flat = faiss.IndexBinaryFlat(bits)
    flat.add(x)
    case(f"flat{tag}", flat, x)
    for kind in (faiss.IndexBinaryIDMap, faiss.IndexBinaryIDMap2):
        index = kind(faiss.IndexBinaryFlat(bits))
        index.add_with_ids(x, ids)
        case(f"{kind.__name__}{tag}", index, x, ids, text=kind == faiss.IndexBinaryIDMap2)
for bits, n, m in itertools.product((8, 64, 256), (0, 1, 7, 300), (2, 3, 16, 32)):
    x = codes(n, bits)
    index = faiss.IndexBinaryHNSW(bits, m)
    if n:
        index.add(x)
    case(f"hnsw{bits}_{n}_{m}", index, x, exact=False)
x = codes(50, 64)
index = faiss.IndexBinaryIDMap2(faiss.IndexBinaryHNSW(64, 8))
index.add_with_ids(x, ids_for(50))
case("map_of_hnsw", index, x, faiss.vector_to_array(index.id_map), exact=False)
index = faiss.IndexBinaryHNSW(64, 8)  # grown in two steps
index.add(x[:30])
index.add(x[30:])
case("hnsw_grown", index, x, exact=False)
for bits, (n, lists) in itertools.product((16, 64, 256), ((0, 4), (1, 16), (5, 64), (300, 7), (300, 1))):
    x, ids = codes(n, bits), np.sort(ids_for(n))
    case(f"ivf{bits}_{n}_{lists}", ivf(bits, lists, x), x)
    mixed = random.permutation(n)
    case(f"ivf_ids{bits}_{n}_{lists}", ivf(bits, lists, x[mixed], ids[mixed]), x, ids)
    case(f"ivf_graph{bits}_{n}_{lists}", ivf(bits, lists, x, quantizer=faiss.IndexBinaryHNSW(bits, 4)), x, exact=False)
x = codes(60, 64)
for kind in (faiss.DirectMap.Array, faiss.DirectMap.Hashtable):
    index = ivf(64, 5, x)
    index.set_direct_map_type(kind)
    if kind == faiss.DirectMap.Hashtable:
        index.remove_ids(faiss.IDSelectorArray(np.arange(0, 60, 7)))  # the only selector that it takes
    kept = np.array([i for i in range(60) if kind == faiss.DirectMap.Array or i % 7])
    case(f"ivf_direct{kind}", index, x[kept], kept)
quantizer = faiss.IndexBinaryFlat(64)
case("ivf_untrained", faiss.IndexBinaryIVF(quantizer, 64, 9), codes(0, 64))
x = codes(40, 64)
index = faiss.IndexBinaryFlat(64)
index.add(x)
index.remove_ids(np.array([3, 11]))
case("flat_removed", index, np.delete(x, [3, 11], axis=0))

(folder / "commands").write_text("\n".join(commands) + "\n")
subprocess.run([tool, "run", folder / "commands"], check=True)

for name, index, x, ids, exact, text in cases:
    path = str(folder / f"{name}.bin")
    of_ids = np.arange(len(x)) if ids is None else ids
    for end in (".npy", ".2.npy") if text and len(x) else (".npy",):
        check(name, np.array_equal(np.load(path + end), x))
        check(name, np.array_equal(np.loadtxt(path + end + ".ids.txt", dtype="<i8", ndmin=1, comments=None), of_ids)
              if len(x) else True)
    # ours, read by FAISS: the bytes that it writes itself, and the same answers
    ours = faiss.read_index_binary(path + ".faiss")
    check(name, ours.ntotal == len(x) and ours.d == index.d)
    if ids is None or np.array_equal(ids, np.arange(len(x))):
        again = faiss.IndexBinaryFlat(index.d)
        again.add(x)
    else:
        again = faiss.IndexBinaryIDMap2(faiss.IndexBinaryFlat(index.d))
        again.add_with_ids(x, ids)
    faiss.write_index_binary(again, path + ".again")
    check(name, open(path + ".again", "rb").read() == open(path + ".faiss", "rb").read())
    mapped = faiss.IndexBinaryIDMap(faiss.IndexBinaryFlat(index.d))
    mapped.add_with_ids(x, of_ids)
    faiss.write_index_binary(mapped, path + ".again")
    check(name, open(path + ".again", "rb").read() == open(path + ".map", "rb").read())
    if len(x):
        q = np.load(queries_of[index.d])
        k = min(10, len(x))
        for mine, theirs in zip(ours.search(q, k), again.search(q, k)):
            check(name, np.array_equal(mine, theirs))
    # searches: HammingIndex against FAISS's exact kinds; against a flat index where FAISS's own search is not exact
    if index.d >= 16:
        exactly = index if exact and index.is_trained else again
        if len(x):
            compare_searches(name, exactly, path + ".hits", 10, dict(zip(of_ids.tolist(), x)))
        else:
            check(name, open(path + ".hits").read() == "")
print(f"FAISS {faiss.__version__}: {len(cases)} indexes read, written and searched; {len(checks)} comparisons agree")
