"""Extraction by `qualm model extract` beside ONNX Runtime on the same cores, in paired runs:

    target/onnxruntime/bin/python bench/onnx/run.py target/release/qualm MODEL.onnx ROWS.npy
    target/onnxruntime/bin/python bench/onnx/run.py target/release/qualm MODEL.onnx TEXTS.txt --tokenizer tokenizer.json

ROWS holds rows of the model's input (tests/onnxruntime/inputs.py makes some), so that neither side decodes.
Of TEXTS, a text a line, both make batches of like length; ONNX Runtime is given tokens that were cut before
(by the package tokenizers). Each pair runs both over all rows, in turns which is first; qualm's time includes
starting, reading and cutting, and writing the features, ONNX Runtime's is that of the runs alone. Prints the
median time of each and the median ratio of rows a second, with the range of the middle half. Options for
qualm itself go into one word, as `--with="--runtime ort"`. Measure on an idle machine."""

import argparse
import os
import shlex
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np
import onnxruntime

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("qualm")
parser.add_argument("model")
parser.add_argument("inputs")
parser.add_argument("--tokenizer")
parser.add_argument("--batch", type=int, default=16)
parser.add_argument("--pairs", type=int, default=10)
parser.add_argument("--with", dest="more", type=shlex.split, default=[])
a = parser.parse_args()
cores = len(os.sched_getaffinity(0))

options = onnxruntime.SessionOptions()
options.intra_op_num_threads = cores
session = onnxruntime.InferenceSession(a.model, options, ["CPUExecutionProvider"])
names = [given.name for given in session.get_inputs()]


def batches_of_texts():
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(a.tokenizer)
    tokenizer.no_padding()
    tokenizer.enable_truncation(512)
    texts = sorted(tokenizer.encode_batch(Path(a.inputs).read_text().splitlines()), key=lambda t: len(t.ids))
    for at in range(0, len(texts), a.batch):
        batch = texts[at : at + a.batch]
        padded = np.zeros((3, len(batch), len(batch[-1].ids)), np.int64)
        for row, text in enumerate(batch):
            padded[0, row, : len(text.ids)], padded[1, row, : len(text.ids)] = text.ids, 1
        tensors = {"input_ids": padded[0], "attention_mask": padded[1], "token_type_ids": padded[2]}
        yield {name: tensors[name] for name in names}


def batches_of_rows():
    rows = np.load(a.inputs)
    for at in range(0, len(rows), a.batch):
        yield {names[0]: rows[at : at + a.batch]}


batches = list(batches_of_texts() if a.tokenizer else batches_of_rows())
count = sum(len(batch[names[0]]) for batch in batches)
texts = ["--tokenizer", a.tokenizer, "--pool", "mean"] if a.tokenizer else []


def theirs():
    start = time.perf_counter()
    for batch in batches:
        session.run(None, batch)
    return time.perf_counter() - start


def ours(out):
    call = [a.qualm, "model", "extract", a.model, a.inputs, *texts, "--batch", str(a.batch)]
    start = time.perf_counter()
    subprocess.run([*call, "--threads", str(cores), "-o", out, *a.more], check=True, capture_output=True)
    return time.perf_counter() - start


with tempfile.TemporaryDirectory() as folder:
    out = str(Path(folder) / "features.safetensors")
    times = []
    for pair in range(a.pairs + 1):
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
print(f"{Path(a.model).name}: {count} rows, batches of {a.batch}, {cores} cores, {a.pairs} pairs {' '.join(a.more)}")
print(f"onnxruntime {onnxruntime.__version__}: {statistics.median(t[0] for t in times):.2f} s")
print(f"qualm: {statistics.median(t[1] for t in times):.2f} s")
print(f"ratio of rows a second: {statistics.median(ratios):.2f} [{ratios[quarter]:.2f}, {ratios[-1 - quarter]:.2f}]")
