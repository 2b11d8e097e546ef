"""The other side of hamming_cuda.sh: FAISS on the GPU on the codes of peer_hamming_cuda, in turn with it, and the table.

  hamming_cuda.py device                                    FAISS's version, one line; status 77 and the reason where there
                                                            is no FAISS for a GPU, or no GPU for FAISS
  hamming_cuda.py measure TOOL FOLDER RESULTS [BITS CODES]  the comparison (10,000,000 codes of 128 bits) -> a JSON file
  hamming_cuda.py table RESULTS FACTS                       the Markdown table
"""

import json
import os
import sys

K, QUERIES, ROUNDS = 10, 1000, 5


def device():
    try:
        import faiss
    except ImportError as error:
        print(f"skipped: FAISS cannot be imported ({error})")
        sys.exit(77)
    if not hasattr(faiss, "GpuIndexBinaryFlat"):
        print(f"skipped: FAISS {faiss.__version__} was built without GPUs")
        sys.exit(77)
    if faiss.get_num_gpus() == 0:
        print(f"skipped: FAISS {faiss.__version__} sees no GPU")
        sys.exit(77)
    print(f"FAISS {faiss.__version__} ({faiss.get_compile_options().strip()})")


def measure(tool_path, folder, out, bits=128, codes=10_000_000):
    import faiss
    import numpy as np
    from hamming import Tool, in_turn, timed
    os.makedirs(folder, exist_ok=True)
    tool = Tool(tool_path, folder, bits, codes, QUERIES)
    db, queries = np.load(f"{folder}/codes.npy"), np.load(f"{folder}/queries.npy")
    built, size = tool.ask("build")
    resources = faiss.StandardGpuResources()
    flat = faiss.GpuIndexBinaryFlat(resources, bits)
    entry = {"bits": bits, "codes": codes, "build ours": float(built), "bytes_a_code": int(size) / codes,
             "build FAISS": timed(lambda: flat.add(db), 1), "bandwidth": tool.seconds("bandwidth"), "batches": {}}
    tool.ask(f"answers {folder}/distances.npy")
    if not (np.sort(flat.search(queries, K)[0], axis=1) == np.load(f"{folder}/distances.npy")).all():
        sys.exit("ours and FAISS differ")
    for batch in (1, 4, 100, QUERIES):
        entry["batches"][batch] = in_turn({"ours": lambda: tool.seconds(f"batch {batch}"),
                                           "FAISS": lambda: timed(lambda: flat.search(queries[:batch], K), batch)}, ROUNDS)
    one = 200  # one by one
    entry["batches"]["one by one"] = in_turn(
        {"ours": lambda: tool.seconds(f"one {one}"),
         "FAISS": lambda: timed(lambda: [flat.search(queries[i:i + 1], K) for i in range(one)], one)}, ROUNDS)
    tool.close()
    with open(out, "w") as file:
        json.dump(entry, file, indent=1)


def table(results, facts):
    with open(results) as file:
        e = json.load(file)
    print(facts + "\n")
    print(f"{e['codes']:,} codes of {e['bits']} bits, the {K} nearest, from queries on the host to answers there; microseconds a "
          f"query, best and (median) of {ROUNDS} rounds in turn. Ratio: FAISS's time over ours, best and (median). Bytes of all "
          "codes once a query, over the memory's rate: above 1, reading them once serves several queries. "
          f"Copied to the GPU in {e['build ours']:.2f} s by ours, {e['build FAISS']:.2f} by FAISS.\n")
    print("| queries at once | ours | FAISS | ratio | bytes/s over memory's |\n|--:|--:|--:|--:|--:|")
    for batch, s in e["batches"].items():
        cell = lambda name: f"{s[name][0] * 1e6:.4g} ({s[name][1] * 1e6:.4g})"
        speed = e["codes"] * e["bits"] / 8 / s["ours"][0] / e["bandwidth"]
        print(f"| {batch} | {cell('ours')} | {cell('FAISS')} | {s['FAISS'][0] / s['ours'][0]:.2f} "
              f"({s['FAISS'][1] / s['ours'][1]:.2f}) | {speed:.2f} |")


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["device"]:
            device()
        case ["measure", tool, folder, results]:
            measure(tool, folder, results)
        case ["measure", tool, folder, results, bits, codes]:
            measure(tool, folder, results, int(bits), int(codes))
        case ["table", results, facts]:
            table(results, facts)
        case _:
            sys.exit(__doc__)
