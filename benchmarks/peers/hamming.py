"""The other side of hamming.sh: FAISS and usearch on the codes of peer_hamming, in turn with it, and the tables.

  hamming.py measure TOOL FOLDER RESULTS [largest]   runs all comparisons up to `largest` codes -> one JSON file
  hamming.py table RESULTS FACTS                     the Markdown tables
  hamming.py plot RESULTS SVG                        queries per second against the number of codes, and against recall
"""

import json
import os
import statistics
import subprocess
import sys
import time

K, QUERIES, ROUNDS = 10, 1000, 5


class Tool:
    """peer_hamming as a process that answers line by line."""

    def __init__(self, path, folder, bits, codes, queries):
        self.process = subprocess.Popen([path, folder, str(bits), str(codes), str(queries)], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True, bufsize=1)
        self.kernel = self.process.stdout.readline().split()[1]

    def ask(self, line):
        self.process.stdin.write(line + "\n")
        answer = self.process.stdout.readline().split()
        if not answer or answer[0] == "unknown:":
            sys.exit(f"peer_hamming did not answer: {line}")
        return answer

    def seconds(self, line):
        return float(self.ask(line)[0])

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def timed(call, count):
    start = time.perf_counter()
    call()
    return (time.perf_counter() - start) / count


def in_turn(sides, rounds=ROUNDS):
    """{name: call -> seconds a query}, each called once a round -> {name: [best, median]}."""
    for call in sides.values():
        call()  # warm
    seconds = {name: [] for name in sides}
    for _ in range(rounds):
        for name, call in sides.items():
            seconds[name].append(call())
    return {name: [min(all_), statistics.median(all_)] for name, all_ in seconds.items()}


def recall(found, exact_distance):
    """Mean share of the K answers that are no farther than the K-th nearest."""
    return float((found[:, :K] <= exact_distance[:, K - 1:K]).mean())


def measure_exact(tool_path, folder, bits, codes, results, kernels):
    """The scan against IndexBinaryFlat: batches and single queries, one and two threads, every kernel."""
    import faiss
    import numpy as np
    tool = Tool(tool_path, folder, bits, codes, QUERIES)
    built, size = tool.ask("build scan")
    db, queries = np.load(f"{folder}/codes.npy"), np.load(f"{folder}/queries.npy")
    flat = faiss.IndexBinaryFlat(bits)
    flat.add(db)
    tool.ask(f"answers scan {folder}/distances.npy")
    distances, _ = flat.search(queries, K)
    if not (np.sort(distances, axis=1) == np.load(f"{folder}/distances.npy")).all():
        sys.exit("the scan and FAISS differ")
    one = max(20, min(QUERIES, 200_000_000 // codes))
    entry = {"what": "scan", "bits": bits, "codes": codes, "kernel": tool.kernel, "bytes_a_code": int(size) / codes,
             "build": float(built), "tenth": float(distances[:, K - 1].mean())}
    for threads in (1, 2):
        faiss.omp_set_num_threads(threads)
        sides = {"batch ours": lambda: tool.seconds(f"batch scan {threads}"),
                 "batch FAISS flat": lambda: timed(lambda: flat.search(queries, K), QUERIES),
                 "one ours": lambda: tool.seconds(f"one scan {threads} {one}"),
                 "one FAISS flat": lambda: timed(lambda: [flat.search(queries[i:i + 1], K) for i in range(one)], one)}
        if threads == 1:
            for kernel in kernels:
                sides[f"batch {kernel}"] = lambda kernel=kernel: tool.seconds(f"batch scan 1 {kernel}")
        entry[f"threads {threads}"] = in_turn(sides, ROUNDS if codes < 10_000_000 else 3)
        entry[f"bandwidth {threads}"] = tool.seconds(f"bandwidth {threads}")
    if codes == 10_000_000 and bits == 128:
        entry["save"] = tool.seconds(f"save {folder}/index.hwi")
        entry["load"] = min(tool.seconds(f"load {folder}/index.hwi") for _ in range(5))
        entry["file"] = os.path.getsize(f"{folder}/index.hwi")
        os.remove(f"{folder}/index.hwi")
    results.append(entry)
    tool.close()


def measure_sublinear(tool_path, folder, bits, codes, results, flat_too, multi_hash):
    """Multi-index hashing against our scan and FAISS's flat and multi-hash indexes, one query at a time, one thread."""
    import faiss
    import numpy as np
    faiss.omp_set_num_threads(1)
    tool = Tool(tool_path, folder, bits, codes, QUERIES)
    entry = {"what": "mih", "bits": bits, "codes": codes}
    tool.ask("build scan")
    for name in ("mih", "small"):
        built, size = tool.ask(f"build {name}")
        entry[f"build {name}"], entry[f"memory {name}"] = float(built), int(size) / (codes * bits / 8)
    tool.ask(f"answers mih {folder}/distances.npy")
    exact = np.load(f"{folder}/distances.npy")
    entry["tenth"] = float(exact[:, K - 1].mean())
    slow = max(3, min(QUERIES, 100_000_000 // codes))
    sides = {"scan": lambda: tool.seconds(f"one scan 1 {slow}"),
             "mih": lambda: tool.seconds(f"one mih 1 {QUERIES}"),
             "small": lambda: tool.seconds(f"one small 1 {QUERIES}")}
    if flat_too:
        db, queries = np.load(f"{folder}/codes.npy"), np.load(f"{folder}/queries.npy")
        flat = faiss.IndexBinaryFlat(bits)
        flat.add(db)
        sides["FAISS flat"] = lambda: timed(lambda: [flat.search(queries[i:i + 1], K) for i in range(slow)], slow)
        if not (np.sort(flat.search(queries[:50], K)[0], axis=1) == exact[:50]).all():
            sys.exit("multi-index hashing and FAISS differ")
        for flips in (0, 1, 2) if multi_hash else ():
            multi = faiss.IndexBinaryMultiHash(bits, 4, 16)
            multi.add(db)
            multi.nflip = flips
            found = np.sort(multi.search(queries, K)[0], axis=1)
            entry[f"recall FAISS multi-hash, {flips} flips"] = recall(found, exact)
            sides[f"FAISS multi-hash, {flips} flips"] = lambda multi=multi: timed(
                lambda: [multi.search(queries[i:i + 1], K) for i in range(100)], 100)
    entry["seconds"] = in_turn(sides, 3 if codes > 10_000_000 else ROUNDS)
    results.append(entry)
    tool.close()


def measure_graphs(tool_path, folder, bits, codes, results):
    """Approximate graphs, recall against queries per second, beside our exact searches."""
    import faiss
    import numpy as np
    from usearch.index import Index, MetricKind, ScalarKind
    faiss.omp_set_num_threads(1)
    tool = Tool(tool_path, folder, bits, codes, QUERIES)
    for name in ("scan", "mih"):
        tool.ask(f"build {name}")
    tool.ask(f"answers mih {folder}/distances.npy")
    exact = np.load(f"{folder}/distances.npy")
    db, queries = np.load(f"{folder}/codes.npy"), np.load(f"{folder}/queries.npy")
    entry = {"what": "graphs", "bits": bits, "codes": codes, "points": []}

    def point(name, found, call, count):
        call()
        seconds = min(timed(call, count) for _ in range(3))
        entry["points"].append({"name": name, "recall": recall(np.sort(found, axis=1), exact), "seconds": seconds})

    for name in ("scan", "mih"):
        seconds = min(tool.seconds(f"one {name} 1 {QUERIES}") for _ in range(3))
        entry["points"].append({"name": f"ours, {name}", "recall": 1.0, "seconds": seconds})
    graph = faiss.IndexBinaryHNSW(bits, 16)
    entry["build FAISS HNSW"] = timed(lambda: graph.add(db), 1)
    for effort in (16, 64, 256):
        graph.hnsw.efSearch = effort
        point(f"FAISS HNSW, ef {effort}", graph.search(queries, K)[0],
              lambda: [graph.search(queries[i:i + 1], K) for i in range(QUERIES)], QUERIES)
    other = Index(ndim=bits, metric=MetricKind.Hamming, dtype=ScalarKind.B1, connectivity=16)
    entry["build usearch"] = timed(lambda: other.add(np.arange(codes), db, threads=1), 1)
    for effort in (16, 64, 256):
        other.expansion_search = effort
        found = other.search(queries, K, threads=1).distances
        point(f"usearch, ef {effort}", found.astype(np.int32),
              lambda: [other.search(queries[i], K, threads=1) for i in range(QUERIES)], QUERIES)
    results.append(entry)
    tool.close()


def measure(tool, folder, out, largest):
    results = []
    os.makedirs(folder, exist_ok=True)

    def save():
        with open(out + ".part", "w") as file:
            json.dump(results, file, indent=1)
        os.replace(out + ".part", out)

    for bits in (64, 128, 256):
        for codes in (10_000, 100_000, 1_000_000, 10_000_000):
            if codes <= largest and (bits == 128 or codes == 1_000_000):
                measure_exact(tool, folder, bits, codes, results,
                              ["portable", "ssse3", "avx2", "avx512bw"] if codes == 1_000_000 and bits == 128 else [])
                save()
    for codes in (10_000, 100_000, 1_000_000, 10_000_000, 100_000_000):
        if codes <= largest:
            measure_sublinear(tool, folder, 64, codes, results, codes <= 10_000_000, codes <= 1_000_000)
            save()
    for codes in (1_000_000, 10_000_000):
        if codes <= largest:
            measure_sublinear(tool, folder, 128, codes, results, False, False)
            save()
    for codes in (100_000, 1_000_000):
        if codes <= largest:
            measure_graphs(tool, folder, 64, codes, results)
            save()


def table(results, facts):
    with open(results) as file:
        entries = json.load(file)
    print(facts + "\n")
    print("Scan, the ten nearest; microseconds a query, best and (median) of "
          f"{ROUNDS} rounds in turn (3 from 10,000,000 codes on); batches of {QUERIES}. Ratio: FAISS's time over ours, best and (median).\n")
    print("| bits | codes | threads | batch, ours | FAISS flat | ratio | G codes/s, ours | one by one, ours | FAISS flat "
          "| ratio | bytes/s over memory's |")
    print("|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|")
    for e in (e for e in entries if e["what"] == "scan"):
        for threads in (1, 2):
            s = e[f"threads {threads}"]
            cell = lambda name: f"{s[name][0] * 1e6:.3g} ({s[name][1] * 1e6:.3g})"
            ratio = lambda a, b: f"{s[b][0] / s[a][0]:.1f} ({s[b][1] / s[a][1]:.1f})"
            speed = e["codes"] * e["bits"] / 8 / s["one ours"][0] / e[f"bandwidth {threads}"]
            print(f"| {e['bits']} | {e['codes']:,} | {threads} | {cell('batch ours')} | {cell('batch FAISS flat')} "
                  f"| {ratio('batch ours', 'batch FAISS flat')} | {e['codes'] / s['batch ours'][0] / 1e9:.2f} "
                  f"| {cell('one ours')} | {cell('one FAISS flat')} | {ratio('one ours', 'one FAISS flat')} | {speed:.2f} |")
    print("\nKernels, one thread, batches, 1,000,000 codes of 128 bits:\n\n| kernel | G codes/s | times FAISS flat |\n|---|--:|--:|")
    for e in (e for e in entries if e["what"] == "scan"):
        s = e["threads 1"]
        for name in ("portable", "ssse3", "avx2", "avx512bw"):
            if f"batch {name}" in s:
                print(f"| {name} | {e['codes'] / s[f'batch {name}'][0] / 1e9:.2f} "
                      f"| {s['batch FAISS flat'][0] / s[f'batch {name}'][0]:.1f} |")
    for e in entries:
        if "load" in e:
            print(f"\nA file of {e['file'] / 1e6:.0f} MB ({e['codes']:,} codes of {e['bits']} bits): saved in {e['save']:.2f} s, "
                  f"loaded in {e['load'] * 1e3:.2f} ms; {e['bytes_a_code'] / (e['bits'] / 8):.3f} times the codes in memory.")
    print("\nMulti-index hashing, exact, one query at a time, one thread; microseconds a query, best and (median):\n")
    print("| bits | codes | 10th distance | scan | tables, 4x memory | tables, 2.5x | scan / tables | FAISS flat / tables "
          "| memory | build, s |")
    print("|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|")
    for e in (e for e in entries if e["what"] == "mih"):
        s = e["seconds"]
        cell = lambda name: f"{s[name][0] * 1e6:.3g} ({s[name][1] * 1e6:.3g})"
        flat = f"{s['FAISS flat'][0] / s['mih'][0]:.1f}" if "FAISS flat" in s else ""
        print(f"| {e['bits']} | {e['codes']:,} | {e['tenth']:.1f} | {cell('scan')} | {cell('mih')} | {cell('small')} "
              f"| {s['scan'][0] / s['mih'][0]:.1f} ({s['scan'][1] / s['mih'][1]:.1f}) | {flat} "
              f"| {e['memory mih']:.2f}, {e['memory small']:.2f} | {e['build mih']:.2f}, {e['build small']:.2f} |")
    print("\nFAISS multi-hash (4 tables of 16 bits), 64 bits, one query at a time:\n\n| codes | flips | recall@10 | microseconds a query |")
    print("|--:|--:|--:|--:|")
    for e in (e for e in entries if e["what"] == "mih"):
        for flips in (0, 1, 2):
            name = f"FAISS multi-hash, {flips} flips"
            if name in e["seconds"]:
                print(f"| {e['codes']:,} | {flips} | {e['recall ' + name]:.3f} | {e['seconds'][name][0] * 1e6:.3g} |")
    print("\nGraphs, one query at a time, one thread, 64 bits:\n\n| codes | | recall@10 | microseconds a query |\n|--:|---|--:|--:|")
    for e in (e for e in entries if e["what"] == "graphs"):
        for p in e["points"]:
            print(f"| {e['codes']:,} | {p['name']} | {p['recall']:.3f} | {p['seconds'] * 1e6:.3g} |")
        for name in ("FAISS HNSW", "usearch"):
            if f"build {name}" in e:
                print(f"| {e['codes']:,} | {name}: built in {e[f'build {name}']:.1f} s | | |")


def plot(results, out):
    """Two panels as SVG: queries per second against the number of codes, and against recall."""
    import math
    with open(results) as file:
        entries = json.load(file)
    lines = {}
    for e in (e for e in entries if e["what"] == "mih" and e["bits"] == 64):
        for name, label in (("scan", "scan"), ("mih", "multi-index hashing"), ("FAISS flat", "FAISS flat")):
            if name in e["seconds"]:
                lines.setdefault(label, []).append((e["codes"], 1 / e["seconds"][name][0]))
    points = {}
    graphs = max((e for e in entries if e["what"] == "graphs"), key=lambda e: e["codes"], default={"points": [], "codes": 0})
    for p in graphs["points"]:
        points.setdefault(p["name"].split(", ef")[0], []).append((p["recall"], 1 / p["seconds"]))
    colours = ["#0b6e99", "#c2410c", "#6b7280", "#15803d", "#7c3aed", "#a16207"]
    svg = ['<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 960 400" font-family="sans-serif" font-size="13">',
           '<rect width="960" height="400" fill="white"/>']

    def panel(left, title, x_title, series, x_of, x_ticks):
        width, top, height = 380, 50, 280
        values = [y for line in series.values() for _, y in line]
        low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
        y_of = lambda y: top + height * (1 - (math.log10(y) - low) / (high - low))
        svg.append(f'<text x="{left}" y="28" font-size="15" font-weight="bold">{title}</text>')
        for power in range(low, high + 1):
            y = y_of(10 ** power)
            svg.append(f'<line x1="{left}" x2="{left + width}" y1="{y:.1f}" y2="{y:.1f}" stroke="#e5e7eb"/>'
                       f'<text x="{left - 6}" y="{y + 4:.1f}" text-anchor="end">10<tspan dy="-5" font-size="9">{power}</tspan></text>')
        for value, label in x_ticks:
            x = left + width * x_of(value)
            svg.append(f'<text x="{x:.1f}" y="{top + height + 18}" text-anchor="middle">{label}</text>')
        svg.append(f'<text x="{left + width / 2}" y="{top + height + 38}" text-anchor="middle">{x_title}</text>')
        for i, (name, line) in enumerate(series.items()):
            where = [(left + width * x_of(x), y_of(y)) for x, y in sorted(line)]
            colour = colours[i % len(colours)]
            svg.append(f'<polyline fill="none" stroke="{colour}" stroke-width="2" points="'
                       + " ".join(f"{x:.1f},{y:.1f}" for x, y in where) + '"/>')
            svg.extend(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{colour}"/>' for x, y in where)
            svg.append(f'<text x="{left + 12}" y="{top + 190 + 18 * i}" fill="{colour}">{name}</text>')

    sizes = sorted({x for line in lines.values() for x, _ in line})
    span = max(1e-9, math.log10(sizes[-1] / sizes[0]))
    panel(70, "Queries per second, exact, one at a time, 64 bits", "codes", lines,
          lambda n: math.log10(n / sizes[0]) / span, [(n, f"{n:,}") for n in sizes])
    least = min(x for line in points.values() for x, _ in line) if points else 0
    floor = math.floor(least * 10) / 10
    if points:
        panel(550, f"{graphs['codes']:,} codes: queries per second against recall@10", "recall@10", points,
              lambda r: (r - floor) / (1 - floor), [(floor, f"{floor:.1f}"), ((1 + floor) / 2, f"{(1 + floor) / 2:.2f}"), (1, "1")])
    svg.append("</svg>")
    with open(out, "w") as file:
        file.write("\n".join(svg) + "\n")


if __name__ == "__main__":
    command, *rest = sys.argv[1:] or [""]
    if command == "measure" and len(rest) >= 3:
        measure(rest[0], rest[1], rest[2], int(rest[3]) if len(rest) > 3 else 100_000_000)
    elif command == "table" and len(rest) == 2:
        table(*rest)
    elif command == "plot" and len(rest) == 2:
        plot(*rest)
    else:
        sys.exit(__doc__)
