"""Writes an npz file of made-up features with labels: 4 classes, one or two of them an item, which image and text
features show under noise. usage: write_features.py FILE [ITEMS_OF_TRAIN ITEMS_OF_TEST]"""
import array, random, struct, sys, zipfile

image_width, text_width, classes = 40, 12, 4
draw = random.Random(7)
signs = lambda n: [[draw.choice((-1.0, 1.0)) for _ in range(n)] for _ in range(classes)]
image_of, text_of = signs(image_width), signs(text_width)


def npy(descr, width, values):
    size = {"<f4": 4, "|u1": 1}[descr]
    head = repr({"descr": descr, "fortran_order": False, "shape": (len(values) // width // size, width)}).encode()
    head += b" " * (63 - (10 + len(head)) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head + values


def part(items):
    images, texts, labels = array.array("f"), array.array("f"), bytearray()
    for _ in range(items):
        own = draw.sample(range(classes), draw.choice((1, 1, 2)))
        for means, to, noise in ((image_of, images, 1.0), (text_of, texts, 0.7)):
            to.extend(sum(means[c][i] for c in own) + draw.gauss(0, noise) for i in range(len(means[0])))
        labels += bytes(c in own for c in range(classes))
    return {"I": npy("<f4", image_width, images.tobytes()), "T": npy("<f4", text_width, texts.tobytes()),
            "L": npy("|u1", classes, bytes(labels))}


with zipfile.ZipFile(sys.argv[1], "w") as out:
    sizes = [int(n) for n in sys.argv[2:4]] or [240, 80]
    for ending, items in zip(("tr", "te"), sizes):
        for name, content in part(items).items():
            out.writestr(f"{name}_{ending}.npy", content)
