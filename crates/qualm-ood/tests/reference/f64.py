"""Records pytorch-ood's RMD and pNML on the digits features, computed in double precision.

    pip install numpy
    python f64.py            # reads digits_relu.npz, writes rmd_f64.json and pnml_f64.json

The peer inverts matrices in single precision. On these features, which have constant columns, its
scores lie up to 0.011 and 0.021 standard deviations from its own formulas in double precision
(printed below).
"""

import json
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent
digits = np.load(HERE / "digits_relu.npz")
train, labels = digits["train"].astype(float), digits["labels"]
rows = np.concatenate([digits["test"], digits["ood"]]).astype(float)


def distance(point, precision):
    return np.einsum("nd,de,ne->n", rows - point, precision, rows - point)


def rmd():
    """Scatters without 1/n, each with 1e-6 on its diagonal."""
    means = np.array([train[labels == k].mean(axis=0) for k in range(8)])
    ridge = 1e-6 * np.eye(train.shape[1])
    inside, centre = train - means[labels], train.mean(axis=0)
    within = np.linalg.inv(inside.T @ inside + ridge)
    whole = np.linalg.inv((train - centre).T @ (train - centre) + ridge)
    return np.min([distance(mean, within) for mean in means], axis=0) - distance(centre, whole)


def pnml():
    """A pseudo-inverse that drops eigenvalues below 96 rounding errors of single precision."""
    unit = lambda x: x / np.linalg.norm(x, axis=1, keepdims=True)
    cutoff = train.shape[1] * np.finfo(np.float32).eps
    inverse = np.linalg.pinv(unit(train).T @ unit(train), rcond=cutoff, hermitian=True)
    projection = np.einsum("nd,de,ne->n", unit(rows), inverse, unit(rows))
    exponent = (projection / (1 + projection))[:, None]
    logits = unit(rows) @ digits["W"].astype(float).T + digits["b"]
    p = np.exp(logits - logits.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    return np.log((p / (p + (1 - p) * p**exponent)).sum(axis=1)) / np.log(p.shape[1])


for name, scores in [("rmd", rmd()), ("pnml", pnml())]:
    peer = digits[f"score/{name}"]
    print(f"{name}: the peer differs by {np.abs(scores - peer).max() / peer.std():.3f} sd")
    (HERE / f"{name}_f64.json").write_text(json.dumps([float(score) for score in scores]) + "\n")
