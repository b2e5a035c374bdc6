"""Records WeiPer+KLD on the digits features, computed in double precision.

    pip install numpy
    python weiper.py         # reads digits_relu.npz, writes weiper.json

Granz et al. (NeurIPS 2024) with the parameters of the authors' configuration, as
`src/methods/weiper/mod.rs` states it, from the formulas alone. Random numbers cannot agree between
libraries, so the stream that `qualm-stats` defines is computed here a second time: ChaCha with 8
rounds, and Leva's normal draws from it.
"""

import json
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent
SEED, HEADS, DELTA, BINS, SMOOTH, LAMBDA = 2022, 100, 1.8, 100, (4, 15), (2.5, 0.1)
EPSILON = (0.01, 0.025)


def key(seed):
    """Four numbers of the splitmix64 sequence, as eight words."""
    mask, words = 2**64 - 1, []
    for _ in range(4):
        seed = (seed + 0x9E3779B97F4A7C15) & mask
        z = seed
        z = ((z ^ z >> 30) * 0xBF58476D1CE4E5B9) & mask
        z = ((z ^ z >> 27) * 0x94D049BB133111EB) & mask
        z ^= z >> 31
        words += [z & 0xFFFFFFFF, z >> 32]
    return words


def key_stream(seed, stream, blocks):
    """The first `16 * blocks` words of ChaCha8 with a 64-bit counter and a 64-bit nonce."""
    constants = [0x61707865, 0x3320646E, 0x79622D32, 0x6B206574]
    counter = np.arange(blocks, dtype=np.uint64)
    fixed = constants + key(seed)
    start = [np.full(blocks, word, dtype=np.uint32) for word in fixed]
    start += [counter.astype(np.uint32), (counter >> 32).astype(np.uint32)]
    start += [np.full(blocks, word, dtype=np.uint32) for word in (stream & 0xFFFFFFFF, stream >> 32)]
    x = [word.copy() for word in start]

    def turn(word, by):
        return word << np.uint32(by) | word >> np.uint32(32 - by)

    def quarter(a, b, c, d):
        for to, add, turned, by in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
            x[to] = x[to] + x[add]
            x[turned] = turn(x[turned] ^ x[to], by)

    for _ in range(4):
        for column in range(4):
            quarter(column, 4 + column, 8 + column, 12 + column)
        for column in range(4):
            quarter(column, 4 + (column + 1) % 4, 8 + (column + 2) % 4, 12 + (column + 3) % 4)
    return np.stack([a + b for a, b in zip(x, start)], axis=1).ravel()


def normals(seed, stream, count):
    """Leva's ratio of uniforms; each try takes two numbers of 53 bits."""
    words = key_stream(seed, stream, count // 2 + 64).astype(np.uint64)
    units = ((words[0::2] | words[1::2] << np.uint64(32)) >> np.uint64(11)).astype(float) / 2.0**53
    u, v = 1 - units[0::2], 1.7156 * (units[1::2] - 0.5)
    x, y = u - 0.449871, np.abs(v) + 0.386595
    q = x * x + y * (0.196 * y - 0.25472 * x)
    taken = (q < 0.27597) | ((q <= 0.27846) & (v * v <= -4 * np.log(u) * u * u))
    drawn = (v / u)[taken]
    assert len(drawn) >= count, "more words are needed"
    return drawn[:count]


def shares(numbers, low, high):
    """Row by row, the share of all numbers in each bin; the largest belongs to the last."""
    place = np.floor((numbers - low) / (high - low) * BINS).astype(int)
    place[numbers == high] = BINS - 1
    counts = [np.bincount(row[(row >= 0) & (row < BINS)], minlength=BINS) for row in place]
    return np.array(counts) / numbers.shape[1]


def divergence(row_shares, mean, smooth, epsilon):
    below, above = (smooth - 1) // 2, smooth // 2
    padded = np.pad(row_shares, ((0, 0), (below, above)), mode="edge")
    q = np.lib.stride_tricks.sliding_window_view(padded, smooth, axis=1).mean(axis=2) + epsilon
    p = mean + epsilon
    q, p = q / q.sum(axis=1, keepdims=True), p / p.sum()
    return ((p - q) * np.log(p / q)).sum(axis=1)


digits = np.load(HERE / "digits_relu.npz")
train = digits["train"].astype(float)
rows = np.concatenate([digits["test"], digits["ood"]]).astype(float)
weight, bias = digits["W"].astype(float), digits["b"].astype(float)

heads = []
for number in range(HEADS):
    noise = normals(SEED, number, weight.size).reshape(weight.shape)
    noise /= np.linalg.norm(noise, axis=1, keepdims=True)
    heads.append(weight + DELTA * np.linalg.norm(weight, axis=1, keepdims=True) * noise)


def logits(x):
    """Rows times heads times classes."""
    return np.stack([x @ head.T + bias for head in heads], axis=1)


def certainty(x):
    l = logits(x)
    p = np.exp(l - l.max(axis=2, keepdims=True))
    return (p.max(axis=2) / p.sum(axis=2)).mean(axis=1)


scores = -LAMBDA[1] * certainty(rows)
of_features = lambda x: x
of_logits = lambda x: logits(x).reshape(len(x), -1)
for of, smooth, epsilon, factor in zip((of_features, of_logits), SMOOTH, EPSILON, (1, LAMBDA[0])):
    seen = of(train)
    ends = seen.min(), seen.max()
    mean = shares(seen, *ends).mean(axis=0)
    scores += factor * divergence(shares(of(rows), *ends), mean, smooth, epsilon)

test = len(digits["test"])
above = (scores[None, test:] > scores[:test, None]).mean()
print(f"AUROC of the unseen digits: {above:.4f}")
(HERE / "weiper.json").write_text(json.dumps([float(score) for score in scores]) + "\n")
