"""ONNX Runtime as a peer of the benchmark: runs one layer at a time for bench/peers/onnxruntime.c, which holds the other
ends of stdin and stdout. It works only between a command and its answer, so that it disturbs nobody's figures.

A command is a JSON object in one line: {"do": "open", ...the layer...}, {"do": "run", "count"}, {"do": "read"}, {"do":
"close"}. The answer is one line: "ok", or "refused" and the reason. The first line is the version, without a command.
Tensors are files of floats in the folder that is named as the only argument: x, w, y.
"""

import json
import pathlib
import sys

import numpy
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

FOLDER = pathlib.Path(sys.argv[1])
POOLS = {"max": "MaxPool", "avg": "AveragePool", "avgpad": "AveragePool"}


def make_model(layer):
    """A model of one node. Weights are constants of it, so that they are packed when it is loaded."""
    windows = {"kernel_shape": layer["filter"], "strides": layer["stride"], "dilations": layer["dilation"],
               "pads": layer["pad_begin"] + layer["pad_end"]}
    constants = []
    if layer["kind"] == "conv":
        shape = [layer["k"], layer["c"] // layer["groups"], *layer["filter"]]
        w = numpy.fromfile(FOLDER / "w", dtype=numpy.float32).reshape(shape)
        constants.append(numpy_helper.from_array(w, "w"))
        node = helper.make_node("Conv", ["x", "w"], ["y"], group=layer["groups"], **windows)
    elif layer["kind"] == "avgpad":
        node = helper.make_node("AveragePool", ["x"], ["y"], count_include_pad=1, **windows)
    else:
        node = helper.make_node(POOLS[layer["kind"]], ["x"], ["y"], **windows)
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [layer["n"], channels, *layer[size]])
            for name, channels, size in (("x", layer["c"], "in"), ("y", layer["k"], "out"))]
    graph = helper.make_graph([node], "layer", ends[:1], ends[1:], constants)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 19)], ir_version=9)


class Layer:
    def __init__(self, layer):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = layer["threads"]
        options.inter_op_num_threads = 1
        # Threads that wait for work by spinning would take the cores from whoever is measured next.
        options.add_session_config_entry("session.force_spinning_stop", "1")
        options.log_severity_level = 4
        model = make_model(layer).SerializeToString()
        self.session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        x = numpy.fromfile(FOLDER / "x", dtype=numpy.float32).reshape([layer["n"], layer["c"], *layer["in"]])
        self.x = onnxruntime.OrtValue.ortvalue_from_numpy(x)
        self.y = onnxruntime.OrtValue.ortvalue_from_shape_and_type([layer["n"], layer["k"], *layer["out"]],
                                                                   numpy.float32)
        self.binding = self.session.io_binding()
        self.binding.bind_ortvalue_input("x", self.x)
        self.binding.bind_ortvalue_output("y", self.y)

    def run(self, count):
        for _ in range(count):
            self.session.run_with_iobinding(self.binding)

    def read(self):
        self.y.numpy().tofile(FOLDER / "y")


def answer(text):
    print(text, flush=True)


def serve():
    layer = None
    for line in sys.stdin:
        command = json.loads(line)
        try:
            if command["do"] == "open":
                layer = Layer(command)
            elif command["do"] == "run":
                layer.run(command["count"])
            elif command["do"] == "read":
                layer.read()
            elif command["do"] == "close":
                layer = None
            answer("ok")
        except Exception as problem:  # whatever it is, the benchmark goes on without this peer
            answer("refused " + " ".join(str(problem).split()))


answer(f"{onnxruntime.__version__}")
serve()
