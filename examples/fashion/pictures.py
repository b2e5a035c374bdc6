"""Writes the pictures of the example as PNG files, a folder a class:

    python examples/fashion/pictures.py DATA OUT

DATA holds the files of Fashion-MNIST (fashion_mnist/), of the MNIST test set (mnist_t10k/) and of Omniglot
(omniglot_small1/) as docs/data.md names them. Omniglot's drawings, black on white, become white on
black, 28 x 28, as digits and garments are."""

import gzip
import io
import sys
import zipfile
from pathlib import Path

import numpy as np
from PIL import Image

GARMENTS = "t-shirt trouser pullover dress coat sandal shirt sneaker bag boot".split()


def idx(path, header):
    return np.frombuffer(gzip.decompress(path.read_bytes()), np.uint8)[header:]


def pictures(folder, start):
    images = idx(folder / f"{start}-images-idx3-ubyte.gz", 16).reshape(-1, 28, 28)
    return images, idx(folder / f"{start}-labels-idx1-ubyte.gz", 8)


def save(image, path):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(image).save(path)


def main():
    data, out = map(Path, sys.argv[1:])
    fashion, labels = pictures(data / "fashion_mnist", "train-first8000")
    for at, (image, label) in enumerate(zip(fashion, labels)):
        # The network is trained on the first 6,000; the rest is the reference.
        part = "train" if at < 6000 else "reference"
        save(image, out / part / f"{label}-{GARMENTS[label]}" / f"{at:05}.png")
    for at, (image, label) in enumerate(zip(*pictures(data / "fashion_mnist", "t10k"))):
        if at < 2000:
            save(image, out / "test" / f"{label}-{GARMENTS[label]}" / f"{at:05}.png")
    for at, (image, label) in enumerate(zip(*pictures(data / "mnist_t10k", "t10k"))):
        if at < 2000:
            save(image, out / "mnist" / str(label) / f"{at:05}.png")
    with zipfile.ZipFile(data / "omniglot_small1" / "images_background_small1.zip") as drawings:
        names = sorted(name for name in drawings.namelist() if name.endswith(".png"))
        for name in names:
            drawing = Image.open(io.BytesIO(drawings.read(name))).convert("L")
            small = drawing.resize((28, 28), Image.Resampling.BOX)
            _, alphabet, character, file = name.split("/")
            save(255 - np.asarray(small), out / "omniglot" / alphabet / f"{character}-{file}")


main()
