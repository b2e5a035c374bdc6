"""Trains the small network of the example on 6,000 pictures of Fashion-MNIST and writes it as ONNX:

    python3 -m venv target/fashion
    target/fashion/bin/pip install numpy==2.4.6 pillow==13.0.0 onnx==1.23.2
    target/fashion/bin/python examples/fashion/train.py DATA examples/fashion/fashion.onnx

Two convolutions of stride 2 (5 x 5 to 16 channels, 3 x 3 to 32), 96 rectified features and a linear
head, in NumPy: cross-entropy, Adam, batches of 64, 12 epochs, from one seed. Nothing was chosen by looking at
test pictures; the accuracy on them is printed at the end. The network takes pictures of three
channels from 0 to 255 and works on their mean."""

import gzip
import sys
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

ROWS, EPOCHS, BATCH, RATE = 6000, 12, 64, 1e-3
KERNELS = [(5, 2, 2), (3, 2, 1)]  # size, stride, padding
random = np.random.default_rng(1)


def idx(path, header):
    return np.frombuffer(gzip.decompress(path.read_bytes()), np.uint8)[header:]


def load(folder, start):
    images = idx(folder / f"{start}-images-idx3-ubyte.gz", 16).reshape(-1, 1, 28, 28)
    return (images / 255).astype(np.float32), idx(folder / f"{start}-labels-idx1-ubyte.gz", 8).astype(int)


def he(*shape):
    return (random.standard_normal(shape) * np.sqrt(2 / np.prod(shape[1:]))).astype(np.float32)


def patches(x, size, stride, padding):
    """n x c x h x w as n x places x (c size size)."""
    x = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    windows = np.lib.stride_tricks.sliding_window_view(x, (size, size), (2, 3))[:, :, ::stride, ::stride]
    n, c, h, w = windows.shape[:4]
    return windows.transpose(0, 2, 3, 1, 4, 5).reshape(n, h * w, -1), (h, w)


def scatter(columns, shape, size, stride, padding):
    """The gradient by x of what `patches` took from it."""
    n, c, h, w = shape
    x = np.zeros((n, c, h + 2 * padding, w + 2 * padding), np.float32)
    side = int(np.sqrt(columns.shape[1]))
    columns = columns.reshape(n, side, side, c, size, size)
    for i in range(size):
        for j in range(size):
            to = x[:, :, i : i + stride * side : stride, j : j + stride * side : stride]
            to += columns[..., i, j].transpose(0, 3, 1, 2)
    return x[:, :, padding : padding + h, padding : padding + w]


def forward(weights, x):
    kept = []
    for (w, b), kernel in zip(weights[:2], KERNELS):
        columns, (h, width) = patches(x, *kernel)
        y = np.maximum(columns @ w.reshape(len(w), -1).T + b, 0)
        kept.append((x.shape, columns, y))
        x = y.transpose(0, 2, 1).reshape(len(x), len(w), h, width)
    flat = x.reshape(len(x), -1)
    features = np.maximum(flat @ weights[2][0].T + weights[2][1], 0)
    return kept, flat, features, features @ weights[3][0].T + weights[3][1]


def gradients(weights, x, labels):
    kept, flat, features, logits = forward(weights, x)
    p = np.exp(logits - logits.max(1, keepdims=True))
    p /= p.sum(1, keepdims=True)
    p[np.arange(len(x)), labels] -= 1
    p /= len(x)
    found = [(p.T @ features, p.sum(0))]
    back = (p @ weights[3][0]) * (features > 0)
    found.append((back.T @ flat, back.sum(0)))
    back = back @ weights[2][0]
    for layer in (1, 0):
        shape, columns, y = kept[layer]
        w = weights[layer][0]
        back = back.reshape(len(x), len(w), -1).transpose(0, 2, 1) * (y > 0)
        by_weight = np.einsum("npc,npk->ck", back, columns, optimize=True)
        found.append((by_weight.reshape(w.shape), back.sum((0, 1))))
        if layer:
            back = scatter(back @ w.reshape(len(w), -1), shape, *KERNELS[layer])
    return found[::-1]


def train(x, labels):
    sizes = [(16, 1, 5, 5), (32, 16, 3, 3), (96, 32 * 7 * 7), (10, 96)]
    weights = [[he(*size), np.zeros(size[0], np.float32)] for size in sizes]
    means = [[np.zeros_like(t) for t in layer] for layer in weights]
    squares = [[np.zeros_like(t) for t in layer] for layer in weights]
    step, steps = 0, EPOCHS * (len(x) // BATCH)
    for epoch in range(EPOCHS):
        order = random.permutation(len(x))
        for start in range(0, len(x) - BATCH + 1, BATCH):
            rows = order[start : start + BATCH]
            step += 1
            rate = RATE * (1 - step / (steps + 1))
            for layer, found in enumerate(gradients(weights, x[rows], labels[rows])):
                for which, g in enumerate(found):
                    mean, square = means[layer][which], squares[layer][which]
                    mean += 0.1 * (g - mean)
                    square += 0.001 * (g * g - square)
                    mean_now, square_now = mean / (1 - 0.9**step), square / (1 - 0.999**step)
                    weights[layer][which] -= rate * mean_now / (np.sqrt(square_now) + 1e-8)
    return weights


def accuracy(weights, x, labels):
    batches = range(0, len(x), 500)
    return np.mean([(forward(weights, x[s : s + 500])[3].argmax(1) == labels[s : s + 500]).mean() for s in batches])


def save(weights, path):
    constants = {"conv1": weights[0], "conv2": weights[1], "fc1": weights[2], "fc2": weights[3]}
    tensors = [numpy_helper.from_array(np.array([1 / 255], np.float32), "scale")]
    for name, (w, b) in constants.items():
        tensors += [numpy_helper.from_array(w, f"{name}.weight"), numpy_helper.from_array(b, f"{name}.bias")]
    node = helper.make_node
    conv = lambda name, x, y, kernel: node(
        "Conv", [x, f"{name}.weight", f"{name}.bias"], [y], name=name, kernel_shape=[kernel[0]] * 2,
        strides=[kernel[1]] * 2, pads=[kernel[2]] * 4, dilations=[1, 1], group=1)
    linear = lambda name, x, y: node("Gemm", [x, f"{name}.weight", f"{name}.bias"], [y], name=name, transB=1)
    nodes = [
        node("ReduceMean", ["pictures"], ["grey"], axes=[1], keepdims=1),
        node("Mul", ["grey", "scale"], ["scaled"]),
        conv("conv1", "scaled", "a", KERNELS[0]), node("Relu", ["a"], ["b"]),
        conv("conv2", "b", "c", KERNELS[1]), node("Relu", ["c"], ["d"]),
        node("Flatten", ["d"], ["e"], axis=1),
        linear("fc1", "e", "f"), node("Relu", ["f"], ["features"]),
        linear("fc2", "features", "logits"),
    ]
    value = lambda name, shape: helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
    graph = helper.make_graph(nodes, "fashion", [value("pictures", ["n", 3, 28, 28])], [value("logits", ["n", 10])], tensors)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.checker.check_model(model)
    Path(path).write_bytes(model.SerializeToString())


if __name__ == "__main__":
    data, out = sys.argv[1:]
    folder = Path(data) / "fashion_mnist"
    x, labels = load(folder, "train-first8000")
    weights = train(x[:ROWS], labels[:ROWS])
    save(weights, out)
    test, test_labels = load(folder, "t10k")
    print(f"{out}: accuracy {accuracy(weights, x[:ROWS], labels[:ROWS]):.3f} on its {ROWS} pictures, "
          f"{accuracy(weights, test, test_labels):.3f} on the 10,000 of the test set")
