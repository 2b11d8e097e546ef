"""The PyTorch side of torch_cuda.sh: the model of torch_vit2cmh.py on a GPU, and the table.

  torch_cuda.py device                                          PyTorch's version and CUDA's, one line; status 77 and the
                                                                reason where PyTorch sees no GPU
  torch_cuda.py measure PART VARIANT PRECISION ROUNDS LENGTHS   JSON lines, as `peer_vit2cmh measure` prints them
  torch_cuda.py table FILE [FACTS]                              the Markdown table of the JSON lines in FILE

VARIANT: eager (attention as matrices), sdpa (PyTorch's choice of a fused attention), compile (torch.compile, with sdpa).
LENGTHS: tokens of each caption of the batch, a JSON list; there are as many images. HASHWEAVE_TORCH_DEVICE=cpu tries the
measurement without a GPU.
"""

import contextlib
import json
import os
import statistics
import sys
import time

VARIANTS = {"eager": "PyTorch eager", "sdpa": "PyTorch, fused attention", "compile": "torch.compile"}


def device():
    try:
        import torch
    except ImportError as error:
        print(f"skipped: PyTorch cannot be imported ({error})")
        sys.exit(77)
    if not torch.cuda.is_available():
        print(f"skipped: PyTorch {torch.__version__} sees no GPU")
        sys.exit(77)
    print(f"PyTorch {torch.__version__}, CUDA {torch.version.cuda}")


def measure(part, variant, precision, rounds, lengths):
    import torch
    from torch.nn.attention import SDPBackend, sdpa_kernel
    from torch_vit2cmh import part_of
    torch.manual_seed(2022)
    run, samples = part_of(part, precision + ("-compiled" if variant == "compile" else ""), lengths,
                           os.environ.get("HASHWEAVE_TORCH_DEVICE", "cuda"), len(lengths))
    with sdpa_kernel(SDPBackend.MATH) if variant == "eager" else contextlib.nullcontext():
        for _ in range(3):
            run()
        for _ in range(rounds):
            start = time.perf_counter()
            run()  # what it gives is on the host: the GPU is done but for the parameters' last changes
            seconds = time.perf_counter() - start
            print(json.dumps({"side": variant, "part": part, "precision": precision, "seconds": round(seconds, 6),
                              "samples": samples}), flush=True)


def table(file, facts):
    times, flop = {}, {}
    for line in (json.loads(line) for line in open(file) if line.startswith("{")):
        key = line["part"], line["samples"], line["precision"]
        times.setdefault(key, {}).setdefault(line["side"], []).append(line["seconds"])
        if "flop" in line:
            flop[key] = line["flop"]
    print(facts + "\n")
    print("Samples a second: images, captions, or pairs of a training step, from inputs on the host to codes or the loss there; "
          "best and (median). Ratio: PyTorch's time over ours, best over best and (median over median): above 1, we are faster. "
          "TFLOP/s: products and attention of ours, which leave out padding and, in the trunk's last block, all but the first "
          "token.\n")
    shown = [side for side in VARIANTS if any(side in sides for sides in times.values())]
    columns = ["part", "batch", "precision", "hashweave", "TFLOP/s"]
    for side in shown:
        columns += [VARIANTS[side], "ratio"]
    print("| " + " | ".join(columns) + " |\n|---|--:|---|" + "--:|" * (len(columns) - 3))
    for (part, samples, precision), sides in times.items():
        own = sides.get("hashweave")
        if not own:
            continue
        best, median = min(own), statistics.median(own)
        cells = [part, str(samples), precision, f"{samples / best:.4g} ({samples / median:.4g})",
                 f"{flop[part, samples, precision] * 1e-12 / best:.1f}"]
        for side in shown:
            t = sides.get(side)
            cells += [f"{samples / min(t):.4g} ({samples / statistics.median(t):.4g})",
                      f"{min(t) / best:.2f} ({statistics.median(t) / median:.2f})"] if t else ["", ""]
        print("| " + " | ".join(cells) + " |")


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["device"]:
            device()
        case ["measure", part, variant, precision, rounds, lengths] if variant in VARIANTS:
            measure(part, variant, precision, int(rounds), json.loads(lengths))
        case ["table", file, *facts]:
            table(file, " ".join(facts))
        case _:
            sys.exit(__doc__)
