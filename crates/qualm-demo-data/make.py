"""Cuts the demo's files from the activations of EfficientNet-Lite0.

    python make.py features.safetensors data/

`features.safetensors` is described in PROVENANCE.md. Needs numpy and safetensors.
Equal input gives equal bytes: times in the archives are fixed.
"""

import io
import sys
import zipfile
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file

OOD = ["cifar10", "fashion", "noise", "omniglot", "textures"]


def save(path: Path, **arrays: np.ndarray) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, array in arrays.items():
            entry = zipfile.ZipInfo(f"{name}.npy", date_time=(1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            buffer = io.BytesIO()
            np.lib.format.write_array(buffer, np.ascontiguousarray(array), allow_pickle=False)
            archive.writestr(entry, buffer.getvalue())


def main(source: str, folder: str) -> None:
    tensors = load_file(source)
    out = Path(folder)
    out.mkdir(exist_ok=True)
    classes = np.arange(1000, dtype=np.int16)
    even, odd = classes[0::2], classes[1::2]
    save(out / "head.npz", weight=tensors["head.weight"], bias=tensors["head.bias"])
    # The two crops of one image form a group: they never stand on both sides of a split. Images
    # are numbered without a gap, so that the groups also serve as the labels of a head to learn.
    image = np.arange(even.size, dtype=np.int16)
    save(
        out / "train.npz",
        features=np.concatenate([tensors["id.center"][even], tensors["id.crop"][even]]),
        labels=np.concatenate([even, even]),
        groups=np.concatenate([image, image]),
    )
    save(out / "val.npz", features=tensors["id.center"][odd], labels=odd)
    for name in OOD:
        save(out / f"{name}.npz", features=tensors[f"ood.{name}"])


if __name__ == "__main__":
    main(*sys.argv[1:])
