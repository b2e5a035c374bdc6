"""Records what the real ONNX Runtime says of seeded inputs, for crates/qualm-onnx/tests/agreement.rs:

    python3 -m venv target/onnxruntime
    target/onnxruntime/bin/pip install onnxruntime==1.32.0 numpy==2.4.6 onnx==1.23.2
    target/onnxruntime/bin/python tests/onnxruntime/record.py MODEL.onnx FEATURES LOGITS OUT.npz

Inputs are made by a formula that both sides know, so that only answers are stored."""

import sys

import numpy as np
import onnx
import onnxruntime

ROWS = 4


def seeded(shape, largest):
    """Numbers in [0, largest): Knuth's MMIX generator, upper 24 bits."""
    state, out = 1, np.empty(int(np.prod(shape)), np.float64)
    for at in range(out.size):
        state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
        out[at] = (state >> 40) / 2**24
    return (out * largest).astype(np.float32).reshape(shape)


def session(path, taps, optimised=True):
    model = onnx.load(path)
    present = {output.name for output in model.graph.output}
    for tap in taps:
        if tap not in present:
            model.graph.output.append(onnx.helper.make_tensor_value_info(tap, onnx.TensorProto.FLOAT, None))
    options = onnxruntime.SessionOptions()
    if not optimised:
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    return onnxruntime.InferenceSession(model.SerializeToString(), options, ["CPUExecutionProvider"])


if __name__ == "__main__":
    path, features, logits, out = sys.argv[1:]
    run = session(path, [features, logits])
    given = run.get_inputs()[0]
    whole = given.type == "tensor(int32)"
    shape = [ROWS, *given.shape[1:]]
    # Bytes for pixels and for Magika; what a normalised picture holds otherwise.
    largest = 256 if whole or "resnet8" in path else 2
    rows = seeded(shape, largest)
    rows = rows.astype(np.int32) if whole else rows - (0 if largest == 256 else 1)
    f, l = run.run([features, logits], {given.name: rows})
    np.savez(out, features=f.astype(np.float32), logits=l.astype(np.float32))
    print(out, f.shape, l.shape, f.std(), l.std())
