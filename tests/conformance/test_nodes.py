"""ONNX's own tests of single nodes, and the models that were converted from PyTorch's tests."""
import pathlib
import warnings

import numpy as np
import onnx
import pytest
from onnx import numpy_helper
from onnx.backend.test.case.node import collect_testcases

import backend

# What onnx 1.23.2 has. A number that changes with the package is a change of what is tested.
NODE_TESTS = 88
CONVERTED_TESTS = 43

CONVERTED = pathlib.Path(onnx.__file__).parent / "backend" / "test" / "data" / "pytorch-converted"
CONVERTED_NAMES = ("test_Conv", "test_MaxPool", "test_AvgPool")


def _collect():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return [case for case in collect_testcases() if backend.is_ours(case.model)]


NODES = _collect()
MODELS = sorted(folder for folder in CONVERTED.iterdir() if folder.name.startswith(CONVERTED_NAMES))
ran = {"node": 0, "converted": 0}


def as_array(value):
    return numpy_helper.to_array(value) if isinstance(value, onnx.TensorProto) else np.asarray(value)


def load_array(path):
    return numpy_helper.to_array(onnx.load_tensor(str(path)))


def compare(outputs, expected, rtol, atol):
    """As onnx's own runner compares."""
    assert len(outputs) == len(expected)
    for output, wanted in zip(outputs, expected):
        assert output.shape == wanted.shape
        assert output.dtype == wanted.dtype
        np.testing.assert_allclose(output, wanted, rtol=rtol, atol=atol)


@pytest.mark.parametrize("case", NODES, ids=lambda case: case.name)
def test_node(device, case):
    """A node test of the package, with its own tolerance."""
    for inputs, expected in case.data_sets:
        outputs, nodes = backend.run(device, case.model, [as_array(value) for value in inputs])
        assert nodes > 0
        compare(outputs, [as_array(value) for value in expected], case.rtol, case.atol)
    ran["node"] += 1


@pytest.mark.parametrize("folder", MODELS, ids=lambda folder: folder.name)
def test_converted(device, folder):
    """A model converted from PyTorch, with onnx's tolerance for models."""
    model = onnx.load(folder / "model.onnx")
    for data in sorted(folder.glob("test_data_set_*")):
        inputs = [load_array(data / f"input_{i}.pb") for i in range(len(list(data.glob("input_*.pb"))))]
        expected = [load_array(data / f"output_{i}.pb") for i in range(len(list(data.glob("output_*.pb"))))]
        outputs, nodes = backend.run(device, model, inputs)
        assert nodes > 0
        compare(outputs, expected, rtol=1e-3, atol=1e-7)
    ran["converted"] += 1


def test_all_ran():
    assert (len(NODES), len(MODELS)) == (NODE_TESTS, CONVERTED_TESTS)
    assert ran == {"node": NODE_TESTS, "converted": CONVERTED_TESTS}
