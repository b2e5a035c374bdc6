"""Records what other code makes of the formats and the model that `qualm_text::lm` reads.

    pip install numpy gguf regex
    python record.py SmolLM2-135M-Instruct.Q4_1.gguf

`blocks.json`: random blocks of each kind of quantised numbers, and the numbers that the package
`gguf` makes of them. `smollm2.json`: tokens of some texts by the byte-level pair encoding written
out below, and logits and hidden states of a prompt by the forward pass written out below in NumPy,
in f64.
"""

import json
import sys

import gguf
import numpy as np
import regex

KINDS = ["F16", "BF16", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0", "Q4_K", "Q5_K", "Q6_K"]

TEXTS = [
    "The capital of France is Paris.",
    "3 + 4 =",
    "1234567 is larger than 89.",
    "it's we'll  two  spaces\n\nand\ttabs \n",
    "Café, naïve, 北京, 🙂 ½ ² Ⅷ",
    "  leading and trailing  ",
    "<|im_start|>user",
    "def f(x):\n    return x**2  # square\n",
    "",
]

PROMPT = "The capital of France is"


def blocks():
    random = np.random.default_rng(2022)
    recorded = {}
    for kind in KINDS:
        kind_id = gguf.GGMLQuantizationType[kind]
        numbers, size = gguf.GGML_QUANT_SIZES[kind_id]
        count = 2 if numbers > 1 else 16
        raw = random.integers(0, 256, (count, size), dtype=np.uint8)
        # Scales anywhere in a block must be finite halves: clear a bit of each exponent.
        scales = {"Q4_K": [0, 2], "Q5_K": [0, 2], "Q4_1": [0, 2], "Q5_1": [0, 2], "Q6_K": [208]}
        for at in scales.get(kind, [0]):
            raw[:, at + 1] &= 0xBF
        values = gguf.quants.dequantize(raw.reshape(-1), kind_id).astype(np.float32)
        assert np.isfinite(values).all()
        recorded[kind] = {
            "bytes": raw.tobytes().hex(),
            "numbers": [float(value) for value in values.reshape(-1)],
        }
    return recorded


class Model:
    """A GGUF file of the architecture `llama`."""

    def __init__(self, path):
        reader = gguf.GGUFReader(path)
        self.field = lambda key: reader.fields[key].contents()
        self.tensors = {tensor.name: tensor for tensor in reader.tensors}

    def tensor(self, name):
        tensor = self.tensors[name + ".weight"]
        values = gguf.quants.dequantize(tensor.data, tensor.tensor_type)
        return values.reshape(tuple(reversed(tensor.shape))).astype(np.float64)


def tokenizer(model):
    """Byte-level BPE with each digit apart."""
    tokens = {token: number for number, token in enumerate(model.field("tokenizer.ggml.tokens"))}
    merges = model.field("tokenizer.ggml.merges")
    rank = {tuple(merge.split(" ")): number for number, merge in enumerate(merges)}
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = (byte for byte in range(256) if byte not in printable)
    characters = {byte: chr(byte) for byte in printable}
    characters |= {byte: chr(256 + at) for at, byte in enumerate(others)}
    word = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"

    def cut(text):
        ids = []
        for stretch in regex.findall(r"\p{N}|\P{N}+", text):
            for part in regex.findall(word, stretch):
                symbols = [characters[byte] for byte in part.encode()]
                while len(symbols) > 1:
                    pairs = list(zip(symbols, symbols[1:]))
                    best = min(pairs, key=lambda pair: rank.get(pair, len(rank)))
                    if best not in rank:
                        break
                    at = pairs.index(best)
                    symbols[at : at + 2] = ["".join(best)]
                ids += [tokens[symbol] for symbol in symbols]
        return ids

    return cut


def forward(model, ids):
    """States before each block, after the last, and logits of the last token."""
    heads = model.field("llama.attention.head_count")
    kv_heads = model.field("llama.attention.head_count_kv")
    epsilon = model.field("llama.attention.layer_norm_rms_epsilon")
    base = model.field("llama.rope.freq_base")
    embedding = model.tensor("token_embd")
    x = embedding[ids]
    n, width = x.shape[0], x.shape[1] // heads
    angles = np.outer(np.arange(n), base ** (-np.arange(0, width, 2) / width))
    turn = np.exp(1j * angles)[:, None, :]

    def norm(x, name):
        return x / np.sqrt((x**2).mean(-1, keepdims=True) + epsilon) * model.tensor(name)

    def rotated(x):
        pairs = x[..., 0::2] + 1j * x[..., 1::2]
        pairs = pairs * turn
        return np.stack([pairs.real, pairs.imag], -1).reshape(x.shape)

    states = [x]
    for block in range(model.field("llama.block_count")):
        name = f"blk.{block}."
        y = norm(x, name + "attn_norm")
        q, k, v = (y @ model.tensor(f"{name}attn_{which}").T for which in "qkv")
        q = rotated(q.reshape(n, heads, width))
        k = np.repeat(rotated(k.reshape(n, kv_heads, width)), heads // kv_heads, 1)
        v = np.repeat(v.reshape(n, kv_heads, width), heads // kv_heads, 1)
        scores = np.einsum("ihd,jhd->hij", q, k) / np.sqrt(width)
        scores = np.where(np.tril(np.ones((n, n), bool)), scores, -np.inf)
        weights = np.exp(scores - scores.max(-1, keepdims=True))
        weights /= weights.sum(-1, keepdims=True)
        attended = np.einsum("hij,jhd->ihd", weights, v).reshape(n, -1)
        x = x + attended @ model.tensor(name + "attn_output").T
        y = norm(x, name + "ffn_norm")
        gate = y @ model.tensor(name + "ffn_gate").T
        up = y @ model.tensor(name + "ffn_up").T
        x = x + (gate / (1 + np.exp(-gate)) * up) @ model.tensor(name + "ffn_down").T
        states.append(x)
    return states, norm(x[-1], "output_norm") @ embedding.T


def main():
    with open("blocks.json", "w") as file:
        json.dump(blocks(), file)
    model = Model(sys.argv[1])
    cut = tokenizer(model)
    ids = cut(PROMPT)
    states, logits = forward(model, ids)
    log_probs = logits - logits.max()
    log_probs -= np.log(np.exp(log_probs).sum())
    likeliest = np.argsort(-log_probs)[:8]
    recorded = {
        "tokens": [{"text": text, "ids": cut(text)} for text in TEXTS],
        "prompt": PROMPT,
        "next": [{"id": int(at), "log_prob": float(log_probs[at])} for at in likeliest],
        "hidden": [
            {"layer": layer, "first": [float(value) for value in states[layer][-1, :8]]}
            for layer in [0, 1, 15, 30]
        ],
    }
    with open("smollm2.json", "w") as file:
        json.dump(recorded, file, ensure_ascii=False)


main()
