"""Proves an attached model with the real ONNX Runtime:

    target/onnxruntime/bin/python tests/onnxruntime/attach.py QUALM MODEL.onnx INPUTS.npy TRAIN.npy METHOD ...

QUALM is the built program; INPUTS and TRAIN hold rows of the model's input. For each method: features
of TRAIN are taken by ONNX Runtime, `qualm fit` fits on them (half are the reference), `qualm model
attach` writes the model, and then, on INPUTS:

- every original output is bit-identical with the runtime's optimisation off, and within 1e-6 of its
  spread with it on;
- ood_score is that of `qualm score` on ONNX Runtime's features within 1e-4 of its standard deviation,
  ood_p_value within two rows of the reference, ood_flag as in `qualm score` but for scores at the
  threshold;
- the overhead of the attached model is the median over paired runs, one input at a time.

Ends with exit code 1 where one of these does not hold."""

import csv
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import onnxruntime

from record import session

BATCH = 16
PAIRS = 400


def plain(path, optimised=True):
    options = onnxruntime.SessionOptions()
    if not optimised:
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    return onnxruntime.InferenceSession(str(path), options, ["CPUExecutionProvider"])


def run(net, rows, names):
    given = net.get_inputs()[0].name
    batches = [net.run(names, {given: rows[at : at + BATCH]}) for at in range(0, len(rows), BATCH)]
    return [np.concatenate(parts) for parts in zip(*batches)]


def main():
    qualm, model, inputs, train, *methods = sys.argv[1:]
    qualm = Path(qualm).resolve()  # it is called from another folder
    rows, train = np.load(inputs), np.load(train)
    inspected = subprocess.run([qualm, "model", "inspect", model, "--json"], check=True, capture_output=True)
    head = json.loads(inspected.stdout)["head"]
    taps = [head["features"], head["logits"]]
    tapped = session(model, taps)
    names = [output.name for output in plain(model).get_outputs()]
    before_off, before_on = run(plain(model, False), rows, names), run(plain(model), rows, names)
    failed = False
    print(f"{Path(model).name}: {len(rows)} inputs")
    print(f"{'method':28} {'score':>8} {'p rows':>7} {'flags':>6} {'off':>5} {'on':>8} {'overhead':>9}")
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        call = lambda *words: subprocess.run([qualm, *map(str, words)], check=True, capture_output=True, cwd=folder)
        call("model", "inspect", Path(model).resolve(), "--save-head", "head.npz")
        for name, data in [("train", train[::2]), ("reference", train[1::2]), ("rows", rows)]:
            features, logits = run(tapped, data, taps)
            features = features.reshape(len(data), -1)
            np.savez(folder / f"{name}.npz", features=features, logits=logits, labels=logits.argmax(1))
        count = len(train[1::2]) + 1
        for method in methods:
            try:
                call("fit", "--train", "train.npz", "--head", "head.npz", "--reference", "reference.npz",
                     "--methods", f"m={method}", "-o", "m.qualm")
            except subprocess.CalledProcessError as refused:
                # Not every method can be fitted to every model's features.
                print(f"{method:28} {refused.stderr.decode().strip().splitlines()[-1][:90]}", flush=True)
                continue
            call("model", "attach", Path(model).resolve(), "m.qualm", "-o", "safer.onnx")
            call("score", "m.qualm", "rows.npz", "-o", "scores.csv")
            with open(folder / "scores.csv") as file:
                table = list(csv.DictReader(file))
            column = lambda name: np.array([float(row[name]) for row in table])
            scores, p, flags = column("m.score"), column("m.p"), column("m.flag")
            safer = folder / "safer.onnx"
            ours = run(plain(safer), rows, ["ood_score", "ood_p_value", "ood_flag", *names])
            apart = np.abs(ours[0] - scores).max() / scores.std()
            ranks = np.abs(ours[1] - p).max() * count
            flagged = int((ours[2] != flags).sum())
            after = run(plain(safer, False), rows, names)
            same = all(a.tobytes() == b.tobytes() for a, b in zip(before_off, after))
            on = max(float(np.abs(a - b).max() / max(a.std(), 1e-30)) for a, b in zip(before_on, ours[3:]))
            a, b = plain(model), plain(safer)
            given = a.get_inputs()[0].name
            ratios = []
            for at in range(PAIRS):
                row = {given: rows[at % len(rows) :][:1]}
                times = []
                for net in (a, b) if at % 2 else (b, a):
                    start = time.perf_counter()
                    net.run(None, row)
                    times.append(time.perf_counter() - start)
                first, second = times if at % 2 else times[::-1]
                ratios.append(second / first)
            overhead = np.median(ratios) - 1
            good = apart <= 1e-4 and ranks <= 2.01 and flagged <= 2 and same and on <= 1e-6
            failed |= not good
            print(f"{method:28} {apart:8.1e} {ranks:7.2f} {flagged:6} {'same' if same else 'DIFF':>5} "
                  f"{on:8.1e} {overhead:+9.1%}{'' if good else '  FAILED'}", flush=True)
    sys.exit(failed)


if __name__ == "__main__":
    main()
