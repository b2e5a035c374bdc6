"""Extraction by `qualm model extract` beside ONNX Runtime on the same cores, in paired runs:

    target/onnxruntime/bin/python bench/onnx/run.py target/release/qualm MODEL.onnx ROWS.npy [BATCH] [PAIRS]

ROWS holds rows of the model's input (tests/onnxruntime/inputs.py makes some), so that neither side decodes.
Each pair runs both over all rows, in turns which is first; qualm's time includes starting, reading the
rows and writing the features, ONNX Runtime's is that of the runs alone. Prints the median time of each and the
median ratio of rows a second, with the range of the middle half. Measure on an idle machine."""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import onnxruntime

qualm, model, rows_file, *rest = sys.argv[1:]
batch, pairs = (int(word) for word in (rest + ["16", "10"][len(rest) :]))
rows, cores = np.load(rows_file), len(os.sched_getaffinity(0))

options = onnxruntime.SessionOptions()
options.intra_op_num_threads = cores
session = onnxruntime.InferenceSession(model, options, ["CPUExecutionProvider"])
given = session.get_inputs()[0].name


def theirs():
    start = time.perf_counter()
    for at in range(0, len(rows), batch):
        session.run(None, {given: rows[at : at + batch]})
    return time.perf_counter() - start


def ours(out):
    call = [qualm, "model", "extract", model, rows_file, "--batch", str(batch), "--threads", str(cores), "-o", out]
    start = time.perf_counter()
    subprocess.run(call, check=True, capture_output=True)
    return time.perf_counter() - start


with tempfile.TemporaryDirectory() as folder:
    out = str(Path(folder) / "features.safetensors")
    times = []
    for pair in range(pairs + 1):
        if pair % 2:
            first = theirs()
            second = ours(out)
        else:
            second = ours(out)
            first = theirs()
        if pair:  # the first pair warms up
            times.append((first, second))
ratios = sorted(first / second for first, second in times)
quarter = len(ratios) // 4
print(f"{Path(model).name}: {len(rows)} rows, batches of {batch}, {cores} cores, {pairs} pairs")
print(f"onnxruntime {onnxruntime.__version__}: {statistics.median(t[0] for t in times):.2f} s")
print(f"qualm: {statistics.median(t[1] for t in times):.2f} s")
print(f"ratio of rows a second: {statistics.median(ratios):.2f} [{ratios[quarter]:.2f}, {ratios[-1 - quarter]:.2f}]")
