"""Makes the models of this folder with the onnx package, which shares no code with qualm:
    pip install onnx==1.23.2 numpy && python make.py
Every model has the head W = [[1, 0, .5], [0, 1, .5]], b = [.1, -.1], written in another way."""

import numpy as np
import onnx
from onnx import TensorProto as T
from onnx import helper as h
from onnx import numpy_helper

W = np.array([[1, 0, 0.5], [0, 1, 0.5]], np.float32)
B = np.array([0.1, -0.1], np.float32)


def constant(name, values):
    return numpy_helper.from_array(np.asarray(values), name)


def typed(name, values, kind):
    """Numbers in the typed fields instead of raw bytes."""
    values = np.asarray(values)
    return h.make_tensor(name, kind, values.shape, values.flatten().tolist())


def save(name, nodes, constants, inputs=(), opset=13, out="y", shape=("n", 3), **more):
    graph = h.make_graph(
        nodes,
        "head",
        [h.make_tensor_value_info("x", T.FLOAT, shape), *inputs],
        [h.make_tensor_value_info(out, T.FLOAT, None)],
        constants,
    )
    model = h.make_model(graph, opset_imports=[h.make_opsetid("", opset)], ir_version=8, **more)
    onnx.save(model, f"{name}.onnx")
    return model


n = h.make_node

save("gemm", [n("Gemm", ["x", "w", "b"], ["y"], "fc", transB=1)], [constant("w", W), constant("b", B)])
save(
    "gemm_scaled",
    [n("Gemm", ["x", "w", "b"], ["y"], "fc", alpha=2.0, beta=0.5)],
    [typed("w", W.T / 2, T.FLOAT), constant("b", B * 2)],
)
save(
    "gemm_columns",
    [n("Gemm", ["x", "w", "b"], ["y"], "fc", transA=1, transB=1)],
    [constant("w", W), constant("b", B[None])],
    shape=(3, "n"),
)
save(
    "matmul_add",
    [
        n("Transpose", ["w"], ["wt"], "turn", perm=[1, 0]),
        n("MatMul", ["x", "wt"], ["xw"], "fc"),
        n("Add", ["b", "xw"], ["logits"], "bias"),
        n("Softmax", ["logits"], ["p"], axis=-1),
        n("Identity", ["p"], ["y"]),
    ],
    [constant("w", W), constant("b", B)],
)
save(
    "half",
    [
        n("Cast", ["wh"], ["w"], to=T.FLOAT),
        n("MatMul", ["x", "w"], ["xw"], "fc"),
        n("Constant", [], ["b"], value=typed("b", B, T.DOUBLE)),
        n("Add", ["xw", "b"], ["y"], "bias"),
    ],
    [typed("wh", W.T.astype(np.float16), T.FLOAT16)],
)
save(
    "conv",
    [
        n("Conv", ["x", "w", "b"], ["c"], "fc", kernel_shape=[1, 1]),
        n("Reshape", ["c", "shape"], ["y"]),
    ],
    [constant("w", W[:, :, None, None]), constant("b", B), constant("shape", np.array([0, -1]))],
    shape=("n", 3, 1, 1),
)
# Constants among the inputs, as files before version 4 have them, and fields that mean nothing here.
model = save(
    "old",
    [n("Gemm", ["x", "w", "b"], ["y"], "", transB=1)],
    [constant("w", W), constant("b", B)],
    inputs=[h.make_tensor_value_info("w", T.FLOAT, [2, 3]), h.make_tensor_value_info("b", T.FLOAT, [2])],
    opset=9,
    producer_name="made",
    doc_string="a model",
)
model.metadata_props.add(key="author", value="nobody")
onnx.save(model, "old.onnx")
# Softmax as tf2onnx writes what JAX computes.
axis = constant("axis", np.array([1]))
save(
    "spelled_out",
    [
        n("MatMul", ["x", "w"], ["xw"], "fc"),
        n("Add", ["xw", "b"], ["l"], "bias"),
        n("ReduceMax", ["l"], ["m"], axes=[1], keepdims=0),
        n("Reshape", ["m", "column"], ["m1"]),
        n("Sub", ["l", "m1"], ["s"]),
        n("Exp", ["s"], ["e"]),
        n("ReduceSum", ["e", "axis"], ["t"], keepdims=0),
        n("Reshape", ["t", "column"], ["t1"]),
        n("Div", ["e", "t1"], ["y"]),
    ],
    [constant("w", W.T), constant("b", B[None]), axis, constant("column", np.array([-1, 1]))],
)
# A branch with graphs of its own before the head.
branch = h.make_graph([n("Relu", ["x"], ["r"])], "then", [], [h.make_tensor_value_info("r", T.FLOAT, None)])
other = h.make_graph([n("Neg", ["x"], ["q"])], "else", [], [h.make_tensor_value_info("q", T.FLOAT, None)])
save(
    "branch",
    [
        n("If", ["yes"], ["f"], "if", then_branch=branch, else_branch=other),
        n("Gemm", ["f", "w", "b"], ["y"], "fc", transB=1),
    ],
    [constant("w", W), constant("b", B), constant("yes", np.array(True))],
)
# What is no head.
save("relu", [n("Gemm", ["x", "w", "b"], ["l"], "fc", transB=1), n("Relu", ["l"], ["y"], "relu")],
     [constant("w", W), constant("b", B)])
# A weight in another file.
model = save("outside", [n("Gemm", ["x", "w", "b"], ["y"], "fc", transB=1)], [constant("w", W), constant("b", B)])
onnx.save(model, "outside.onnx", save_as_external_data=True, location="outside.data", size_threshold=16)
