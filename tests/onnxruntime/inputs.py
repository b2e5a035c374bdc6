"""Makes rows for attach.py out of MNIST and Fashion-MNIST (IDX or npz files), or of files of the machine:

    python tests/onnxruntime/inputs.py pictures SIDE SCALE SHIFT IMAGES.npy COUNT OUT.npy
    python tests/onnxruntime/inputs.py bytes FOLDER COUNT OUT.npy

Pictures: grey images [n, h, w] of bytes, brought to SIDE x SIDE and three channels, (x - SHIFT) / SCALE.
Bytes: the first and the last 1,024 bytes of files, as Magika takes them (padded with 256)."""

import sys
from pathlib import Path

import numpy as np

kind, *rest = sys.argv[1:]
if kind == "pictures":
    side, scale, shift, images, count, out = rest
    side, count = int(side), int(count)
    images = np.load(images)[:count].astype(np.float32)
    place = (np.arange(side) + 0.5) * images.shape[1] / side
    place = place.astype(int).clip(0, images.shape[1] - 1)
    rows = images[:, place][:, :, place]
    rows = np.repeat(rows[:, None], 3, 1)
    np.save(out, ((rows - float(shift)) / float(scale)).astype(np.float32))
else:
    folder, count, out = rest
    rows = []
    for path in sorted(Path(folder).rglob("*")):
        if path.is_file() and not path.is_symlink() and path.stat().st_size > 64:
            data = path.read_bytes()
            block = np.full(2048, 256, np.int32)
            first, last = data[:1024], data[-1024:]
            block[: len(first)] = list(first)
            block[2048 - len(last) :] = list(last)
            rows.append(block)
            if len(rows) == int(count):
                break
    np.save(out, np.array(rows))
