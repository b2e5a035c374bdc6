"""Prints d of `dim=auto` and ViM's AUROC on the demo's rows, computed in double precision.

    pip install numpy
    qualm demo --export demo-data
    python noise_edge.py demo-data

The figures stand in `tests/demo_figures.rs`.
"""

import sys
from pathlib import Path

import numpy as np

folder = Path(sys.argv[1])
load = lambda name: np.load(folder / f"{name}.npz")["features"].astype(float)
head = np.load(folder / "head.npz")
weight, bias = head["weight"].astype(float), head["bias"].astype(float)
train, test = load("train"), load("val")
rows, width = train.shape

origin = -np.linalg.pinv(weight) @ bias
values, vectors = np.linalg.eigh((train - origin).T @ (train - origin) / rows)
values, vectors = values[::-1], vectors[:, ::-1]

# Marchenko-Pastur: x = 1 + a + 2 sqrt(a) cos(t) has density sin(t)^2 / x in t, up to a factor.
aspect = min(width / rows, rows / width)
angle = (np.arange(100_000)[::-1] + 0.5) * np.pi / 100_000
law = 1 + aspect + 2 * np.sqrt(aspect) * np.cos(angle)
share = np.cumsum(np.sin(angle) ** 2 / law)
median = np.interp(share[-1] / 2, share, law)
noise = np.median(values[: min(rows, width)]) / median
d = int((values > noise * (1 + np.sqrt(aspect)) ** 2).sum())
print("d =", d)

basis = vectors[:, d:]
residual = lambda x: np.linalg.norm((x - origin) @ basis, axis=1)
logits = lambda x: x @ weight.T + bias
alpha = logits(train).max(axis=1).mean() / residual(train).mean()


def score(x):
    l = logits(x)
    top = l.max(axis=1)
    return alpha * residual(x) - top - np.log(np.exp(l - top[:, None]).sum(axis=1))


for name in ["cifar10", "fashion", "noise", "omniglot", "textures"]:
    inside, outside = score(test), score(load(name))
    print(f"{name} {np.mean(inside[:, None] < outside[None, :]):.4f}")
