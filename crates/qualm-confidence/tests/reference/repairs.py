"""Writes repairs.json: what other implementations make of the same answers.

    pip install scikit-learn==1.9.1 netcal==1.4.0
    python repairs.py

- scikit-learn gives isotonic regression, temperature scaling (its own class, on logits) and, as
  unpenalised logistic regression, Platt and beta scaling. Platt's targets, (k + 1) / (k + 2) and
  1 / (n - k + 2), enter as weights: each answer is a row of either outcome. Its
  `_sigmoid_calibration` computes the same, to fewer digits, and only by accident on logits: without
  a decision function it is fed probabilities.
- Venn-Abers probabilities come from scikit-learn's isotonic regression with the answer added, once
  with either outcome.
- netcal gives histogram binning, over seven bins, none of whose inner borders is asked for or
  stated: it takes a border to the bin above when it fits and to the bin below when it applies.
- The penalised linear maps are minimised by SciPy from their formula, written out below.
- SciPy gives tails of the binomial law and intervals of Clopper and Pearson.

Confidences are multiples of 1/4096, so that their decimal form is exact; some are tied.
"""

import json
from pathlib import Path

import netcal
import numpy as np
import scipy
import sklearn
from netcal.binning import HistogramBinning
from scipy.optimize import minimize
from scipy.special import expit, log_softmax, logit, logsumexp
from scipy.stats import binom, binomtest
from sklearn.calibration import _TemperatureScaling
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression

CLIP = 1e-6
rng = np.random.default_rng(20_260_226)
asked = np.array([0.0, 0.01, 0.1, 0.25, 0.4, 0.5, 0.625, 0.75, 0.9, 0.99, 1.0])


def logistic(columns, targets):
    """Unpenalised logistic regression with targets between 0 and 1."""
    rows = np.vstack([columns, columns])
    outcomes = np.concatenate([np.ones(len(targets)), np.zeros(len(targets))])
    weights = np.concatenate([targets, 1 - targets])
    model = LogisticRegression(C=np.inf, solver="newton-cholesky", tol=1e-12, max_iter=1000)
    model.fit(rows, outcomes, sample_weight=weights)
    return model.coef_[0], model.intercept_[0]


def binary(name, confidence, correct):
    inside = np.clip(confidence, CLIP, 1 - CLIP)
    at = np.clip(asked, CLIP, 1 - CLIP)
    hits, rows = correct.sum(), len(correct)
    targets = np.where(correct == 1, (hits + 1) / (hits + 2), 1 / (rows - hits + 2))
    slope, offset = logistic(logit(inside)[:, None], targets)
    ends = np.stack([np.log(inside), -np.log1p(-inside)], 1)
    beta, shift = logistic(ends, correct)
    if (beta < 0).any():
        # As the paper has it: a negative slope is left out and the rest fitted anew.
        kept = beta >= 0
        alone, shift = logistic(ends[:, kept], correct)
        assert kept.sum() == 1 and alone[0] >= 0
        beta = np.where(kept, alone[0], 0.0)
    isotonic = IsotonicRegression(out_of_bounds="clip").fit(confidence, correct)

    def venn_abers(c, outcome):
        model = IsotonicRegression().fit(np.append(confidence, c), np.append(correct, outcome))
        return model.predict([c])[0]

    two = np.stack([np.zeros(rows), logit(inside)], 1)
    temperature = 1 / _TemperatureScaling().fit(two, correct).beta_
    bins = HistogramBinning(bins=7).fit(confidence, correct)
    binned = bins.transform(asked)
    filled = np.histogram(confidence, np.arange(8) / 7)[0] > 0
    filled = filled[np.minimum((asked * 7).astype(int), 6)]
    return {
        "name": name,
        "confidence": confidence.tolist(),
        "correct": correct.tolist(),
        "temperature": float(temperature),
        "platt": expit(slope[0] * logit(at) + offset).tolist(),
        "beta": expit(beta[0] * np.log(at) - beta[1] * np.log1p(-at) + shift).tolist(),
        "isotonic": isotonic.predict(asked).tolist(),
        "venn_abers": [[venn_abers(c, 0), venn_abers(c, 1)] for c in asked],
        "histogram": [float(b) if ok else None for b, ok in zip(binned, filled)],
    }


def linear(inputs, labels, temperature, l2, full):
    """W and b of least NLL plus l2 / 2 (m |D|^2 + |b|^2), where W = 1 / T + D / s and m is the
    number of entries in a row of D."""
    rows, classes = inputs.shape
    scale = np.sqrt(((inputs - inputs.mean(1, keepdims=True)) ** 2).mean())
    u = inputs / scale
    size = classes * classes if full else classes
    base = scale / temperature
    penalty = np.concatenate([np.full(size, l2 * (classes if full else 1)), np.full(classes, l2)])

    def objective(at):
        d, b = at[:size], at[size:]
        d = d.reshape(classes, classes) if full else np.diag(d)
        z = u @ (d + base * np.eye(classes)).T + b
        p = np.exp(log_softmax(z, axis=1))
        value = (logsumexp(z, axis=1) - z[np.arange(rows), labels]).sum() + (penalty / 2 * at) @ at
        p[np.arange(rows), labels] -= 1
        slope = p.T @ u
        slope = slope.ravel() if full else np.diag(slope)
        return value, np.concatenate([slope, p.sum(0)]) + penalty * at

    start = np.zeros(size + classes)
    options = {"gtol": 1e-9, "maxiter": 10_000}
    at = minimize(objective, start, jac=True, method="BFGS", options=options).x
    d = at[:size].reshape(classes, classes) if full else np.diag(at[:size])
    return np.eye(classes) / temperature + d / scale, at[size:]


def multi(name, logits, labels, l2, new):
    case = {"name": name, "classes": logits.shape[1], "l2": l2}
    case["logits"], case["labels"] = logits.ravel().tolist(), labels.tolist()
    case["new"] = new.ravel().tolist()
    temperature = 1 / _TemperatureScaling().fit(logits, labels).beta_
    case["temperature"] = float(temperature)

    def centred(z):
        return z - z.mean(1, keepdims=True)

    def log_p(z):
        return log_softmax(z, axis=1)

    for method, change, full in [
        ("vector", centred, False),
        ("matrix", centred, True),
        ("dirichlet", log_p, True),
    ]:
        weight, bias = linear(change(logits), labels, temperature, l2, full)
        case[method] = np.exp(log_softmax(change(new) @ weight.T + bias, axis=1)).ravel().tolist()
    return case


def answers(rows, levels, truth):
    confidence = rng.integers(0, levels + 1, rows) / levels
    correct = (rng.random(rows) < truth(confidence)).astype(int)
    return confidence, correct


def classes(rows, classes, truth):
    logits = np.round(rng.normal(0, 3, (rows, classes)) * 256) / 256
    p = np.exp(log_softmax(truth(logits), axis=1))
    labels = np.array([rng.choice(classes, p=row) for row in p])
    return logits, labels


def mixed(z):
    return 0.4 * z + 0.3 * np.roll(z, 1, axis=1) + np.arange(z.shape[1]) / 2


written = {
    "versions": {
        "scikit-learn": sklearn.__version__,
        "netcal": netcal.__version__,
        "scipy": scipy.__version__,
        "numpy": np.__version__,
    },
    "asked": asked.tolist(),
    "binary": [
        binary("overconfident", *answers(300, 4096, lambda c: 0.25 + 0.5 * c)),
        binary("tied levels", *answers(200, 8, lambda c: 0.05 + 0.9 * c)),
        binary("few", *answers(30, 64, lambda c: 0.1 + 0.8 * c)),
    ],
    "multi": [
        multi("three", *classes(200, 3, mixed), 1.0, classes(5, 3, mixed)[0]),
        multi("five, weak", *classes(120, 5, mixed), 0.1, classes(5, 5, mixed)[0]),
        multi("four, strong", *classes(60, 4, lambda z: 0.2 * z), 30.0, classes(5, 4, mixed)[0]),
    ],
    "binomial": [
        {
            "count": k,
            "trials": n,
            "rate": rate,
            "at_most": float(binom.cdf(k, n, rate)),
            "interval": [float(end) for end in binomtest(k, n).proportion_ci(0.95, "exact")],
        }
        for k, n, rate in [
            (0, 2995, 0.001),
            (1, 4742, 0.001),
            (3, 10, 0.5),
            (12, 40, 0.2),
            (180, 200, 0.95),
            (1000, 1_000_000, 0.00105),
            (999_000, 1_000_000, 0.9989),
        ]
    ],
}
path = Path(__file__).with_name("repairs.json")
path.write_text(json.dumps(written) + "\n")
