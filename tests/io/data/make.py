#!/usr/bin/env python3
"""Writes the files of this folder with the software whose formats they are. Needs numpy, scipy, safetensors, onnx."""
import json
import pathlib

import numpy as np
import onnx
import safetensors.numpy
import scipy.io
from onnx import TensorProto, helper, numpy_helper

here = pathlib.Path(__file__).parent


def folder(name):
    path = here / name
    path.mkdir(exist_ok=True)
    return path


def safetensors_files():
    at = folder("safetensors")
    tensors = {
        "b": np.arange(6, dtype="<f4").reshape(2, 3),
        "a": np.array([1, -2], dtype="<i8"),
        "half": np.array([1.5, -2, 65504, 2**-24, np.inf], dtype="<f2"),
        "bytes": np.array([7, 8, 255], dtype="u1"),
        "scalar": np.array(3.25, dtype="<f8"),
        "empty": np.zeros((0, 4), dtype="<f4"),
        "flags": np.array([True, False]),
        "größe \"x\"": np.array([-1], dtype="<i4"),
    }
    (at / "kinds.safetensors").write_bytes(safetensors.numpy.save(tensors, {"format": "np"}))
    (at / "empty.safetensors").write_bytes(safetensors.numpy.save({}))
    sharded = folder("sharded")
    parts = {"model-00001-of-00002.safetensors": {"x": np.arange(4, dtype="<f4"), "unlisted": np.zeros(1, "<f4")},
             "model-00002-of-00002.safetensors": {"y": np.array([[5, 6]], dtype="<f4")}}
    for name, part in parts.items():
        (sharded / name).write_bytes(safetensors.numpy.save(part, {"format": "pt"}))
    index = {"metadata": {"total_size": 24}, "weight_map": {"x": "model-00001-of-00002.safetensors",
                                                            "y": "model-00002-of-00002.safetensors"}}
    (sharded / "model.safetensors.index.json").write_text(json.dumps(index, indent=2) + "\n")


def npy_files():
    at = folder("npy")
    np.save(at / "u1_3x4.npy", np.arange(12, dtype="u1").reshape(3, 4))
    np.save(at / "f4_fortran.npy", np.asfortranarray(np.arange(24, dtype="<f4").reshape(2, 3, 4)))
    np.save(at / "f8_scalar.npy", np.array(-0.5))
    np.save(at / "f2_vector.npy", np.array([1, 0.5, -3], dtype="<f2"))
    np.save(at / "i8_empty.npy", np.zeros((0, 7), dtype="<i8"))
    with open(at / "b1_version2.npy", "wb") as file:
        np.lib.format.write_array(file, np.array([[True], [False]]), version=(2, 0))
    npz = folder("npz")
    arrays = {"codes": np.arange(8, dtype="u1").reshape(2, 4), "x": np.linspace(0, 1, 40, dtype="<f4").reshape(5, 8),
              "ids": np.arange(-3, 300, dtype="<i8")}
    np.savez(npz / "stored.npz", **arrays)
    np.savez_compressed(npz / "deflated.npz", **arrays)


def mat_files():
    at = folder("mat5")
    cells = np.empty((2, 2), dtype=object)
    cells[0, 0], cells[1, 0], cells[0, 1], cells[1, 1] = "im1.jpg", "größe", "", "a b"
    mixed = np.empty((1, 2), dtype=object)
    mixed[0, 0], mixed[0, 1] = "text", np.arange(3.0)
    variables = {
        "doubles": np.arange(6, dtype="<f8").reshape(2, 3) / 4,
        "labels": np.array([[0, 1, 1], [1, 0, 0]], dtype="u1"),
        "single": np.arange(8, dtype="<f4").reshape(2, 2, 2),
        "long": np.array([[-1, 2**40]], dtype="<i8"),
        "none": np.zeros((0, 3)),
        "words": np.array(["abc", "xyz"]),
        "files": cells,
        "mixed": mixed,
        "record": {"a": 1},
        "waves": np.array([[1 + 2j]]),
    }
    scipy.io.savemat(at / "plain.mat", variables)
    scipy.io.savemat(at / "compressed.mat", variables, do_compression=True)


def onnx_files():
    at = folder("onnx")
    raw = lambda name, array: numpy_helper.from_array(array, name)
    w = np.arange(6, dtype="<f4").reshape(2, 3)
    constants = [
        raw("encoder.fc.bias", np.array([1, 2, 3], dtype="<f4")),
        raw("onnx::MatMul_17", w),
        raw("onnx::Add_18", np.array([[5, 6, 7]], dtype="<f4")),
        raw("23", np.arange(9, dtype="<f4").reshape(3, 3)),
        raw("onnx::Gemm_30", np.arange(6, dtype="<f4").reshape(2, 3) + 10),
        raw("half", np.array([1.5, -2], dtype="<f2")),
        raw("double", np.array([0.1], dtype="<f8")),
        helper.make_tensor("listed", TensorProto.FLOAT, [2, 2], [1, 2, 3, 4]),
        helper.make_tensor("listed_half", TensorProto.FLOAT16, [2], np.array([0.5, -4], dtype="<f2")),
        helper.make_tensor("listed_long", TensorProto.INT64, [3], [-1, 0, 2**40]),
        helper.make_tensor("listed_int", TensorProto.INT32, [2], [-7, 7]),
        helper.make_tensor("listed_double", TensorProto.DOUBLE, [1], [0.25]),
        helper.make_tensor("scalar", TensorProto.INT64, [], [4]),
    ]
    nodes = [
        helper.make_node("MatMul", ["x", "onnx::MatMul_17"], ["m"], name="/encoder/fc/MatMul"),
        helper.make_node("Add", ["encoder.fc.bias", "m"], ["a"], name="/encoder/fc/Add"),
        helper.make_node("Add", ["a", "onnx::Add_18"], ["b"], name="/encoder/Add_1"),
        helper.make_node("MatMul", ["b", "23"], ["c"], name="/encoder/proj/MatMul"),
        helper.make_node("MatMul", ["c", "23"], ["d"], name="/encoder/tied/MatMul"),
        helper.make_node("Gemm", ["d", "onnx::Gemm_30"], ["e"], name="/head/Gemm", transB=1),
        helper.make_node("Identity", ["encoder.fc.bias"], ["other.bias"], name="Identity_0"),
    ]
    graph = helper.make_graph(nodes, "g", [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 2])],
                              [helper.make_tensor_value_info("e", TensorProto.FLOAT, [1, 2])], constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], producer_name="make.py")
    (at / "constants.onnx").write_bytes(model.SerializeToString())
    text = helper.make_model(helper.make_graph([], "g", [], [], [helper.make_tensor("s", TensorProto.STRING, [1], [b"a"])]))
    (at / "string.onnx").write_bytes(text.SerializeToString())
    outside = raw("far", w)
    onnx.external_data_helper.set_external_data(outside, "weights.bin")
    outside.ClearField("raw_data")
    far = helper.make_model(helper.make_graph([], "g", [], [], [outside]))
    (at / "external.onnx").write_bytes(far.SerializeToString())


safetensors_files()
npy_files()
mat_files()
onnx_files()
