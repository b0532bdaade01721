"""ONNX's nodes on Tessera: the operators that it has run there, all others in onnx.reference."""
import numpy as np
from onnx.reference import ReferenceEvaluator
from onnx.reference.op_run import OpRun

import operators

OPERATORS = {"Conv", "ConvTranspose", "MaxPool", "AveragePool", "GlobalAveragePool", "GlobalMaxPool", "LpPool",
             "GlobalLpPool", "MaxUnpool", "Col2Im"}


def _window(strides, dilations, pads, auto_pad, rank):
    """The fields of a window as Tessera names them. Strides that a node leaves out are 1, not the window's size."""
    fields = {"stride": strides or [1] * rank, "dilation": dilations}
    if auto_pad in (None, "", "NOTSET"):
        fields["pads"] = pads
    else:
        fields["auto_pad"] = auto_pad.lower().replace("_", "-")
    return fields


def _present(w, kernel_shape):
    assert kernel_shape is None or list(kernel_shape) == list(w.shape[2:]), "kernel_shape differs from the weights"


class Runner:
    """Runs nodes on a device and counts them by operator."""

    def __init__(self, device):
        self.device = device
        self.count = {name: 0 for name in OPERATORS}

    def conv(self, x, w, b, auto_pad, dilations, group, kernel_shape, pads, strides):
        _present(w, kernel_shape)
        fields = _window(strides, dilations, pads, auto_pad, x.ndim - 2)
        return operators.conv(self.device, x, w, bias=b, groups=group or 1, **fields).view

    def conv_transpose(self, x, w, b, auto_pad, dilations, group, kernel_shape, output_padding, output_shape, pads,
                       strides):
        _present(w, kernel_shape)
        # With output_shape ONNX computes the pads, and what a node says of them does not count.
        fields = _window(strides, dilations, None if output_shape else pads, auto_pad, x.ndim - 2)
        return operators.conv(self.device, x, w, bias=b, groups=group or 1, transposed=True,
                              output_padding=output_padding, output_size=output_shape, **fields).view

    def pool(self, x, kind, kernel_shape, auto_pad, ceil_mode, dilations, pads, strides, **more):
        fields = _window(strides, dilations, pads, auto_pad, x.ndim - 2)
        return operators.pool(self.device, x, kind, filter=kernel_shape, ceil=ceil_mode, **fields, **more)

    def unpool(self, x, indices, size, kernel_shape, pads, strides):
        """Indices count within the size that follows from the window; a larger one gets zeros at the ends."""
        rank = x.ndim - 2
        pads, strides = pads or [0] * 2 * rank, strides or [1] * rank
        inner = [(x.shape[2 + i] - 1) * strides[i] + kernel_shape[i] - pads[i] - pads[rank + i] for i in range(rank)]
        y = operators.unpool(self.device, x, indices, inner, indices_flat=True).view
        if size is None:
            return y
        return np.pad(y, [(0, int(s) - n) for s, n in zip(size, y.shape)])

    def fold(self, columns, image_shape, block_shape, dilations, pads, strides):
        image, block = [int(n) for n in image_shape], [int(n) for n in block_shape]
        return operators.fold(self.device, columns, image, filter=block, stride=strides, dilation=dilations,
                              pads=pads).view


def operator_classes(runner):
    """Classes for onnx.reference, which finds the operator of each by its name."""

    class Operator(OpRun):
        op_domain = ""

        def _run(self, *inputs, **attributes):
            runner.count[type(self).__name__] += 1
            result = self.compute(*inputs, **attributes)
            return result if isinstance(result, tuple) else (np.ascontiguousarray(result),)

    class Conv(Operator):
        def compute(self, x, w, b=None, auto_pad=None, dilations=None, group=None, kernel_shape=None, pads=None,
                    strides=None):
            return runner.conv(x, w, b, auto_pad, dilations, group, kernel_shape, pads, strides)

    class ConvTranspose(Operator):
        def compute(self, x, w, b=None, auto_pad=None, dilations=None, group=None, kernel_shape=None,
                    output_padding=None, output_shape=None, pads=None, strides=None):
            return runner.conv_transpose(x, w, b, auto_pad, dilations, group, kernel_shape, output_padding,
                                         output_shape, pads, strides)

    class MaxPool(Operator):
        def compute(self, x, auto_pad=None, ceil_mode=None, dilations=None, kernel_shape=None, pads=None,
                    storage_order=None, strides=None):
            window = (kernel_shape, auto_pad, ceil_mode, dilations, pads, strides)
            if len(self.onnx_node.output) < 2:
                return runner.pool(x, "max", *window).view
            y, indices = runner.pool(x, "max", *window, indices="int64", indices_flat=True,
                                     column_major=bool(storage_order))
            return np.ascontiguousarray(y.view), np.ascontiguousarray(indices.view)

    class AveragePool(Operator):
        def compute(self, x, auto_pad=None, ceil_mode=None, count_include_pad=None, dilations=None,
                    kernel_shape=None, pads=None, strides=None):
            kind = "avg-include-pad" if count_include_pad else "avg"
            return runner.pool(x, kind, kernel_shape, auto_pad, ceil_mode, dilations, pads, strides).view

    class LpPool(Operator):
        def compute(self, x, auto_pad=None, ceil_mode=None, dilations=None, kernel_shape=None, p=2, pads=None,
                    strides=None):
            return runner.pool(x, "lp", kernel_shape, auto_pad, ceil_mode, dilations, pads, strides, p=p).view

    class GlobalMaxPool(Operator):
        def compute(self, x):
            return operators.pool(runner.device, x, "max", whole=True).view

    class GlobalAveragePool(Operator):
        def compute(self, x):
            return operators.pool(runner.device, x, "avg", whole=True).view

    class GlobalLpPool(Operator):
        def compute(self, x, p=2):
            return operators.pool(runner.device, x, "lp", whole=True, p=p).view

    class MaxUnpool(Operator):
        def compute(self, x, indices, size=None, kernel_shape=None, pads=None, strides=None):
            return runner.unpool(x, indices, size, kernel_shape, pads, strides)

    class Col2Im(Operator):
        def compute(self, columns, image_shape, block_shape, dilations=None, pads=None, strides=None):
            return runner.fold(columns, image_shape, block_shape, dilations, pads, strides)

    return [Conv, ConvTranspose, MaxPool, AveragePool, LpPool, GlobalMaxPool, GlobalAveragePool, GlobalLpPool,
            MaxUnpool, Col2Im]


def operators_of(nodes):
    """The types of nodes, also of those in their subgraphs."""
    for node in nodes:
        yield node.op_type
        for attribute in node.attribute:
            for graph in ([attribute.g] if attribute.HasField("g") else []) + list(attribute.graphs):
                yield from operators_of(graph.node)


def is_ours(model):
    """Whether a model contains an operator that Tessera has."""
    nodes = [*model.graph.node, *(node for function in model.functions for node in function.node)]
    return not OPERATORS.isdisjoint(operators_of(nodes))


def run(device, model, inputs, more_classes=()):
    """The model's outputs, and how many nodes Tessera ran. `inputs` go by name, or by position as a list."""
    runner = Runner(device)
    evaluator = ReferenceEvaluator(model, new_ops=[*operator_classes(runner), *more_classes])
    if not isinstance(inputs, dict):
        inputs = dict(zip(evaluator.input_names, inputs))
    outputs = evaluator.run(None, inputs)
    return outputs, sum(runner.count.values())
