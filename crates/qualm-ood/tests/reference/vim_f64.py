"""Records pytorch-ood's ViM on the digits features, computed in double precision.

    pip install torch==2.7.1 pytorch-ood==0.4.0
    python vim_f64.py        # reads digits_relu.npz, writes vim_f64.json

The peer takes its eigenvectors in single precision. On these features the eigenvalues at the cut
lie 1e-6 of the largest apart, which single precision cannot tell: the residual space comes out
turned (printed below), and its scores move by up to 0.17 standard deviations. Run with every
`.float()` replaced by `.double()`, the same code gives what is recorded here.
"""

import json
from pathlib import Path

import numpy as np
import torch
from pytorch_ood.detector import ViM

HERE = Path(__file__).parent


def fit(arrays) -> tuple[np.ndarray, torch.Tensor]:
    train, labels, weight, bias, rows = arrays
    detector = ViM(None, 48, weight, bias).fit_features(train, labels)
    return detector.predict_features(rows).numpy(), detector.principal_subspace.double()


digits = np.load(HERE / "digits_relu.npz")
rows = np.concatenate([digits["test"], digits["ood"]])
arrays = [torch.tensor(a) for a in (digits["train"], digits["labels"], digits["W"], digits["b"], rows)]
single, basis = fit(arrays)
assert np.array_equal(single, digits["score/vim"].astype(single.dtype)), "not the recorded peer"

torch.Tensor.float = torch.Tensor.double
double, basis64 = fit(arrays)
turn = torch.linalg.matrix_norm(basis @ basis.T - basis64 @ basis64.T, 2).item()
moved = np.abs(single - double).max() / double.std()
print(f"sine of the angle between the residual spaces: {turn:.3f}; scores move by {moved:.3f} sd")
(HERE / "vim_f64.json").write_text(json.dumps([float(score) for score in double]) + "\n")
