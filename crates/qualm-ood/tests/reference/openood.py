"""Records what OpenOOD's presets and ViM's official script compute, in double precision.

    pip install numpy
    python openood.py        # reads digits_relu.npz and the demo's features, writes openood_*.json

Own code from their formulas (OpenOOD @3c35632, `openood/postprocessors`; haoqiwang/vim @dabf9e5,
`benchmark.py`), which both evaluate in single precision. Outlier scores, higher = more out of
distribution, under the recipe that should give them.

`vim`: the script's dimension is 1000 where D >= 2048, 512 where D >= 768, else D / 2; OpenOOD's is
256 whatever D is. On the 96 columns of the digits nothing is left beyond 256 (both then divide by a
mean residual of zero), so 64 stands in for it; the demo's 1280 columns have both. `knn`: OpenOOD's
score is the squared distance; its normaliser adds 1e-10 to every unit feature, which is below the
rounding of single precision and left out. `react` and `klmatching`: OpenOOD fits these two to
validation rows, here as ViM's script does to the training rows.
"""

import json
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent
DEMO = HERE.parents[2] / "qualm-demo-data" / "data"


def log_sum_exp(logits):
    largest = logits.max(axis=1, keepdims=True)
    return largest[:, 0] + np.log(np.exp(logits - largest).sum(axis=1))


def log_softmax(logits):
    return logits - log_sum_exp(logits)[:, None]


def unit(x):
    return x / np.linalg.norm(x, axis=1, keepdims=True)


def vim(train, weight, bias, rows, dims):
    """The second moment about u = -W^+ b; its leading eigenvectors span the principal space."""
    origin = -np.linalg.pinv(weight) @ bias
    centred = train - origin
    vectors = np.linalg.eigh(centred.T @ centred / len(train))[1][:, ::-1]
    largest = (train @ weight.T + bias).max(axis=1).mean()
    for dim in dims:
        residual = lambda x: np.linalg.norm((x - origin) @ vectors[:, dim:], axis=1)
        alpha = largest / residual(train).mean()
        yield dim, alpha * residual(rows) - log_sum_exp(rows @ weight.T + bias)


def knn(train, rows, k):
    cosines = unit(rows) @ unit(train).T
    return np.sort(2 - 2 * cosines, axis=1)[:, k - 1]


def react(train, weight, bias, rows, percentile):
    bound = np.percentile(train, percentile)
    return -log_sum_exp(np.minimum(rows, bound) @ weight.T + bias)


def gen(logits, gamma, top):
    """`1 - p` as the sum of the other probabilities: single precision has none left near one."""
    log_p = log_softmax(logits)
    largest = np.argsort(-log_p, axis=1, kind="stable")[:, :top]
    p = np.exp(log_p)
    rest = 1 - p
    best = largest[:, 0]
    others = p.copy()
    others[np.arange(len(p)), best] = 0
    rest[np.arange(len(p)), best] = others.sum(axis=1)
    terms = p**gamma * rest**gamma
    return np.take_along_axis(terms, largest, axis=1).sum(axis=1)


def klmatching(train_logits, logits):
    """A class that is never predicted has a one-hot mean, from which every row is infinitely far."""
    predicted, p = train_logits.argmax(axis=1), np.exp(log_softmax(train_logits))
    means = np.array([p[predicted == k].mean(axis=0) for k in np.unique(predicted)])
    log_p = log_softmax(logits)
    own = (np.exp(log_p) * log_p).sum(axis=1, keepdims=True)
    return (own - np.exp(log_p) @ np.log(means).T).min(axis=1)


def record(name, train, weight, bias, rows, dims):
    train, weight, bias, rows = (a.astype(float) for a in (train, weight, bias, rows))
    train_logits, logits = train @ weight.T + bias, rows @ weight.T + bias
    scores = {f"vim(dim={dim})": score for dim, score in vim(train, weight, bias, rows, dims)}
    scores["knn(k=50)"] = knn(train, rows, 50)
    scores["react(p=90)+energy"] = react(train, weight, bias, rows, 90)
    scores["gen(gamma=0.1,top=100)"] = gen(logits, 0.1, 100)
    scores["klmatching"] = klmatching(train_logits, logits)
    written = {recipe: [float(f"{s:.12g}") for s in each] for recipe, each in scores.items()}
    (HERE / f"openood_{name}.json").write_text(json.dumps(written) + "\n")


digits = np.load(HERE / "digits_relu.npz")
rows = np.concatenate([digits["test"], digits["ood"]])
record("digits", digits["train"], digits["W"], digits["b"], rows, (48, 64))

demo = {name: np.load(DEMO / f"{name}.npz") for name in ("train", "head", "val", "textures")}
rows = np.concatenate([demo[name]["features"][:150] for name in ("val", "textures")])
head = demo["head"]
record("demo", demo["train"]["features"], head["weight"], head["bias"], rows, (256, 512))
