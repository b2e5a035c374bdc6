"""Makes rows for attach.py out of real pictures or files:

    python tests/onnxruntime/inputs.py photographs FOLDER SIDE FROM TO OUT.npy
    python tests/onnxruntime/inputs.py strips FROM TO OUT.npy STRIP.png ...
    python tests/onnxruntime/inputs.py files FOLDER FROM TO OUT.npy

Each takes the pictures or files number FROM to TO, TO left out, in one seeded order.

photographs: the middle 87.5 % of each, bicubic, RGB, (x - 127) / 128, as EfficientNet-Lite takes them;
the thousand of github.com/EliSchwartz/imagenet-sample-images are one for each class of ImageNet.
strips: PNG files of one CIFAR-10 picture a row, as bytes, as ResNet-8 takes them;
github.com/karpathy/convnetjs has some under demo/cifar10 (commit f81ec3f and before).
files: the first and the last 1,024 bytes of each, without the white space around them and padded with
256, as Magika takes them."""

import random
import sys
from pathlib import Path

import numpy as np
from PIL import Image


def taken(things, start, end):
    random.Random(1).shuffle(things)
    return things[int(start) : int(end)]


def photograph(path, side):
    picture = Image.open(path).convert("RGB")
    scale = round(side / 0.875) / min(picture.size)
    width, height = (round(length * scale) for length in picture.size)
    picture = picture.resize((width, height), Image.Resampling.BICUBIC)
    left, top = (width - side) // 2, (height - side) // 2
    middle = picture.crop((left, top, left + side, top + side))
    return ((np.asarray(middle, np.float32) - 127) / 128).transpose(2, 0, 1)


def block(path):
    data = path.read_bytes()
    row = np.full(2048, 256, np.int32)
    first, last = data[:4096].lstrip()[:1024], data[-4096:].rstrip()[-1024:]
    row[: len(first)] = list(first)
    row[2048 - len(last) :] = list(last)
    return row


kind, *rest = sys.argv[1:]
if kind == "photographs":
    folder, side, start, end, out = rest
    files = sorted(Path(folder).glob("*.JPEG"))
    rows = [photograph(path, int(side)) for path in taken(files, start, end)]
elif kind == "strips":
    start, end, out, *strips = rest
    pictures = [np.asarray(Image.open(strip).convert("RGB"), np.float32) for strip in strips]
    rows = np.concatenate(pictures).reshape(-1, 32, 32, 3).transpose(0, 3, 1, 2)
    rows = taken(list(rows), start, end)
else:
    folder, start, end, out = rest
    files = [path for path in sorted(Path(folder).rglob("*")) if path.is_file() and not path.is_symlink()]
    files = [path for path in files if path.stat().st_size > 64]
    # Of equal blocks one: where a row stands in the reference itself, rounding decides on which side.
    blocks = {row.tobytes(): row for row in map(block, taken(files, 0, 2 * int(end)))}
    rows = list(blocks.values())[int(start) : int(end)]
np.save(out, np.array(rows))
print(out, np.array(rows).shape)
