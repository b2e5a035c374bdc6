"""Fits and scores with pytorch-ood on demand: `fit NAME`, `score`, `save FILE` on standard input,
one line of answer each."""

import sys
import time
import traceback
from types import SimpleNamespace

import numpy as np
import torch

from methods import methods

torch.set_num_threads(2)
folder = sys.argv[1]
load = lambda name: torch.from_numpy(np.load(f"{folder}/{name}.npy"))
a = SimpleNamespace(train=load("train"), labels=load("labels"), W=load("weight"), b=load("bias"))
test = load("test")
a.head = torch.nn.Linear(a.W.shape[1], a.W.shape[0])
a.head.weight.data, a.head.bias.data = a.W, a.b
table = methods()
detector = score = scores = None


def answer(command, argument):
    global detector, score, scores
    start = time.perf_counter()
    with torch.no_grad():
        if command == "fit":
            detector = scores = None
            _, fit, score, _ = table[argument]
            detector = fit(a)
        elif command == "score":
            # In batches, as its loaders would give them; all at once needs more memory.
            parts = [score(detector, a, x) for x in test.split(1024)]
            scores = torch.cat([part.double().flatten() for part in parts])
        elif command == "save":
            np.save(argument, scores.numpy())
    return time.perf_counter() - start


for line in sys.stdin:
    command, _, argument = line.strip().partition(" ")
    try:
        print("ok", answer(command, argument), flush=True)
    except Exception as error:
        traceback.print_exc()
        print("failed", f"{type(error).__name__}: {error}".replace("\n", " ")[:200], flush=True)
