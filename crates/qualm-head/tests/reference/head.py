"""Fits scikit-learn's LogisticRegression to digits_relu.npz and writes head.json beside this file.

    python head.py path/to/digits_relu.npz

The objective is C * sum_i -log p(y_i | x_i) + |W|^2 / 2 at scikit-learn's solution.
"""

import json
import sys
from pathlib import Path

import numpy
import sklearn
from sklearn.linear_model import LogisticRegression


def objective(model, features, labels):
    logits = features @ model.coef_.T + model.intercept_
    highest = logits.max(axis=1)
    normaliser = highest + numpy.log(numpy.exp(logits - highest[:, None]).sum(axis=1))
    losses = normaliser - logits[numpy.arange(len(labels)), labels]
    return model.C * losses.sum() + 0.5 * (model.coef_**2).sum()


data = numpy.load(sys.argv[1])
features, labels = data["train"].astype(numpy.float64), data["labels"]
fits = []
for c in (1.0, 0.01):
    # Newton's method comes to the last digits; scipy's L-BFGS, the default, stops at about nine.
    default, model = (
        LogisticRegression(C=c, solver=solver, tol=1e-10, max_iter=1_000_000).fit(features, labels)
        for solver in ("lbfgs", "newton-cholesky")
    )
    fits.append(
        {
            "c": c,
            "objective": objective(model, features, labels),
            "objective_of_lbfgs": objective(default, features, labels),
            "accuracy": model.score(features, labels),
            "bias": model.intercept_.tolist(),
            "weight_of_class_3": model.coef_[3].tolist(),
        }
    )
written = {"scikit_learn": sklearn.__version__, "numpy": numpy.__version__, "fits": fits}
Path(__file__).with_name("head.json").write_text(json.dumps(written, indent=1) + "\n")
