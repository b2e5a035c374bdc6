"""Writes measures.json: what other implementations say of the same confidences.

    pip install scikit-learn==1.9.1 netcal==1.4.0 relplot==1.0.3
    python measures.py

Who gives what, and by which conventions:

- scikit-learn: Brier score, negative log-likelihood, AUROC, average precision, the isotonic fit
  behind the CORP parts of the Brier score, and `calibration_curve`, whose bins are open at the
  left end and closed at the right, (a, b], the first one closed at both: `searchsorted` over the
  inner edges from the left. Empty bins are left out. Edges of strategy "quantile" are
  percentiles with linear interpolation. `log_loss` clips at the machine's epsilon, so the
  confidences are clipped to [1e-6, 1 - 1e-6] first; what its own clipping gives stands beside.
- netcal: ECE, MCE and its ACE (the mean over bins that hold something, none weighted by its
  rows) over bins of equal width that are closed at the left end, [a, b), the last one closed at
  both. Confidences are clipped to [eps, 1 - eps] before, and a bin's confidence is the mean of
  its rows, not its middle.
- Both take their edges from `numpy.linspace`: edge i of n is i * (1 / n) in f64. So of ten
  bins edge 3 is 0.30000000000000004, and a stated 0.3 lies below it. The edges are recorded.
- relplot: smooth ECE, and at fixed widths. Its kernel is a Gaussian reflected at 0 and 1,
  without logit scaling; the least width that is no smaller than its error is looked for by 10
  bisections of [0, 1] from the upper end, widths below 0.001 always being too small, and the
  upper end of the last interval counts. Residuals are first rounded to a grid of
  max(2000, 20 / width) / 2 + 1 points, linearly to both neighbours; the integral is a mean over
  max(200, 10 / width) points, divided by the summed density, to which it adds 1e-4 at each
  point. The kernel is cut off at a distance of 1/2, which shows from widths of about 0.2 on. All
  this moves the value by less than 1e-3 for the widths that are found. What moves more: a
  confidence of exactly 0 or 1 is its own mirror image, which relplot adds once and not twice, so
  rows at the ends weigh half ("ends" and "inside" below, the same rows with and without such
  values, show it). So the integral of the formula (Blasiok and Nakkiran, "Smooth ECE", 2023,
  section 3) on a fine grid, written out below, stands beside.
"""

import json
from importlib import metadata
from pathlib import Path

import netcal
import numpy as np
import relplot
import scipy
import sklearn
from netcal.metrics import ACE, ECE, MCE
from relplot.metrics import smECE, smECE_sigma
from sklearn.calibration import calibration_curve
from sklearn.isotonic import IsotonicRegression
from sklearn.metrics import average_precision_score, brier_score_loss, log_loss, roc_auc_score

CLIP = 1e-6
BINS = (10, 15)
WIDTHS = (0.02, 0.05, 0.2)


def smooth_ece_of_the_formula(confidence, correct, width, points=20_001):
    """The integral over t of |sum_i K(t, c_i) (c_i - y_i)| / n, by the trapezoidal rule."""
    t = np.linspace(0, 1, points)
    smoothed = np.zeros(points)
    # Reflected at both ends: the images of c are 2k + c and 2k - c.
    reach = int(np.ceil(5 * width)) + 1
    for c in np.unique(confidence):
        residuals = (c - correct[confidence == c]).sum()
        for k in range(-reach, reach + 1):
            for image in (2 * k + c, 2 * k - c):
                z = (t - image) / width
                smoothed += residuals * np.exp(-z * z / 2)
    smoothed /= width * np.sqrt(2 * np.pi) * len(confidence)
    return np.trapezoid(np.abs(smoothed), t)


def least_width(error):
    """Where an error that falls with the width meets it, by relplot's search."""
    if error(1) > 1:
        return 1
    low, high = 0, 1
    for _ in range(10):
        middle = (low + high) / 2
        if middle < 0.001 or middle < error(middle):
            low = middle
        else:
            high = middle
    return high


def corp(confidence, correct):
    fit = IsotonicRegression(y_min=0, y_max=1).fit(confidence, correct).predict(confidence)
    score, fitted = (brier_score_loss(correct, c) for c in (confidence, fit))
    constant = brier_score_loss(correct, np.full(len(correct), correct.mean()))
    return {
        "miscalibration": score - fitted,
        "discrimination": constant - fitted,
        "uncertainty": constant,
    }


def curves(confidence, correct):
    for bins in BINS:
        for strategy in ("uniform", "quantile"):
            share, mean = calibration_curve(correct, confidence, n_bins=bins, strategy=strategy)
            yield {"bins": bins, "strategy": strategy, "accuracy": share, "confidence": mean}


def case(name, confidence, correct):
    confidence, correct = np.asarray(confidence, float), np.asarray(correct, int)
    clipped = np.clip(confidence, CLIP, 1 - CLIP)
    outcome = correct.astype(float)
    smooth, width = smECE(confidence, outcome, return_width=True)

    def formula(width):
        return smooth_ece_of_the_formula(confidence, correct, width)

    width_of_formula = least_width(formula)
    return {
        "name": name,
        "confidence": confidence,
        "correct": correct,
        "brier": brier_score_loss(correct, confidence),
        "nll_clipped_1e-6": log_loss(correct, clipped),
        "nll_clipped_epsilon": log_loss(correct, confidence),
        "auroc": roc_auc_score(correct, confidence),
        "average_precision_correct": average_precision_score(correct, confidence),
        "average_precision_wrong": average_precision_score(1 - correct, -confidence),
        "corp_brier": corp(confidence, correct),
        "calibration_curves": list(curves(confidence, correct)),
        "binned": [
            {
                "bins": bins,
                "edges": np.linspace(0, 1, bins + 1),
                "ece": ECE(bins).measure(confidence, correct),
                "mce": MCE(bins).measure(confidence, correct),
                "ace_netcal": ACE(bins).measure(confidence, correct),
            }
            for bins in BINS
        ],
        "smooth_ece": {
            "relplot": {"value": smooth, "width": width},
            "formula": {"value": formula(width_of_formula), "width": width_of_formula},
        },
        "smooth_ece_at": [
            {
                "width": width,
                "relplot": smECE_sigma(confidence, outcome, width),
                "formula": formula(width),
            }
            for width in WIDTHS
        ],
    }


def plain(value):
    if isinstance(value, dict):
        return {key: plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(inner) for inner in value]
    return value.tolist() if isinstance(value, (np.ndarray, np.generic)) else value


rng = np.random.default_rng(20_220_528)


def drawn(truth):
    return (rng.random(len(truth)) < truth).astype(int)


def overconfident(rows):
    logits = rng.normal(0, 3, rows)
    # Multiples of 1/4096 have a short exact decimal form and lie on no edge but 0, 0.5 and 1.
    confidence = np.round(4096 / (1 + np.exp(-logits))) / 4096
    return confidence, drawn(1 / (1 + np.exp(-logits / 2.5)))


def percentages(rows):
    """As people and models state them: in steps of 5 %, many at both ends, on the edges of bins."""
    confidence = rng.integers(0, 21, rows) * 5 / 100
    confidence[: rows // 10] = 0
    confidence[rows // 10 : rows // 5] = 1
    return confidence, drawn(0.15 + 0.6 * confidence)


def levels(rows):
    confidence = rng.choice([0.1, 0.3, 0.5, 0.7, 0.9], rows, p=[0.5, 0.2, 0.15, 0.1, 0.05])
    return confidence, drawn(confidence / 2)


def calibrated(rows):
    confidence = rng.integers(0, 4097, rows) / 4096
    return confidence, drawn(confidence)


ends = percentages(100)
cases = [
    case("overconfident", *overconfident(500)),
    case("percentages", *percentages(500)),
    case("levels", *levels(400)),
    case("calibrated", *calibrated(500)),
    case("ends", *ends),
    case("inside", np.clip(ends[0], 0.1, 0.9), ends[1]),
    case("few", [0, 0, 0.5, 0.5, 1, 1, 1], [0, 1, 1, 0, 1, 1, 0]),
]
written = {
    "versions": {
        "scikit_learn": sklearn.__version__,
        "netcal": netcal.__version__,
        "relplot": metadata.version("relplot"),
        "numpy": np.__version__,
        "scipy": scipy.__version__,
    },
    "cases": cases,
}
text = json.dumps(plain(written), separators=(",", ":")).replace('{"name"', '\n{"name"')
Path(__file__).with_name("measures.json").write_text(text + "\n")
