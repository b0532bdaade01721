"""ONNX's whole networks: convolutions and poolings in Tessera, all else in onnx.reference.

The package ships them without weights, as constants of one value, each with the output that it expects.
"""
import json
import math
import pathlib

import numpy as np
import onnx
import pytest
from onnx import numpy_helper
from onnx.reference.op_run import OpRun

import backend

DATA = pathlib.Path(onnx.__file__).parent / "backend" / "test" / "data"
NETWORKS = ("bvlc_alexnet", "densenet121", "inception_v1", "inception_v2", "resnet50", "shufflenet", "squeezenet",
            "vgg19", "zfnet512")
ran = []


class BatchNormalization(OpRun):
    """Inference, which one output means in opset 9. onnx.reference takes the batch's own mean and variance there."""

    op_domain = ""

    def _run(self, x, scale, bias, mean, var, epsilon=None, **_):
        per_channel = [v.reshape(-1, *[1] * (x.ndim - 2)) for v in (scale, bias, mean, var)]
        scale, bias, mean, var = per_channel
        return ((scale * (x - mean) / np.sqrt(var + np.float32(epsilon)) + bias).astype(x.dtype),)


class Softmax(OpRun):
    """Opset 9: over all axes from `axis` on, which is 1. onnx.reference takes the last alone, as from opset 13 on."""

    op_domain = ""

    def _run(self, x, **_):
        # What is passed for an attribute that is not there is the newest opset's default.
        axis = next((attribute.i for attribute in self.onnx_node.attribute if attribute.name == "axis"), 1)
        flat = x.reshape(math.prod(x.shape[:axis]), -1)
        powers = np.exp(flat - flat.max(axis=1, keepdims=True))
        return ((powers / powers.sum(axis=1, keepdims=True)).reshape(x.shape).astype(x.dtype),)


def feeds(model):
    """The inputs as onnx's runner makes them: 0 to 1 in even steps."""
    weights = {tensor.name for tensor in model.graph.initializer}
    for value in model.graph.input:
        if value.name not in weights:
            shape = [d.dim_value for d in value.type.tensor_type.shape.dim]
            count = math.prod(shape)
            yield value.name, (np.arange(count).reshape(shape) / count).astype(np.float32)


@pytest.mark.parametrize("name", NETWORKS)
def test_network(device, name):
    """A network against the output that ships with it, within onnx's tolerance for it."""
    model = onnx.load(DATA / "light" / f"light_{name}.onnx")
    tolerance = json.loads((DATA / "real" / f"test_{name}" / "data.json").read_text(encoding="utf-8"))
    expected = numpy_helper.to_array(onnx.load_tensor(str(DATA / "light" / f"light_{name}_output_0.pb")))
    outputs, nodes = backend.run(device, model, dict(feeds(model)), [BatchNormalization, Softmax])
    assert nodes == sum(node.op_type in backend.OPERATORS for node in model.graph.node)
    assert outputs[0].shape == expected.shape
    np.testing.assert_allclose(outputs[0], expected, rtol=tolerance["rtol"], atol=tolerance["atol"])
    ran.append(name)


def test_all_ran():
    shipped = {path.stem.removeprefix("light_") for path in (DATA / "light").glob("*.onnx")}
    assert set(NETWORKS) == shipped
    assert sorted(ran) == sorted(NETWORKS)
