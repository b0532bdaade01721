"""What ONNX Runtime says about a problem, and where it is not asked or not believed."""
import math

import numpy as np
import onnxruntime
from onnx import helper

import formulas

OPSET = 22
MODES = {"reflect": "reflect", "replicate": "edge", "circular": "wrap"}
ONNX_ACTIVATIONS = {"relu": "Relu", "sigmoid": "Sigmoid", "tanh": "Tanh", "hard-swish": "HardSwish",
                    "softplus": "Softplus", "mish": "Mish"}

onnxruntime.set_default_logger_severity(4)


def extents(problem):
    return [formulas.extent(f, d) for f, d in zip(problem.window["filter"], problem.window["dilation"])]


def why_not(problem):
    """None, or why ONNX Runtime does not decide this problem."""
    for applies, reason in REASONS:
        if applies(problem):
            return reason
    return None


def _is_same(problem):
    return problem.window.get("auto_pad") in ("same-upper", "same-lower")


def _knows_same(problem):
    """Whether it pads as ONNX says: not with a dilation, nor with a stride beyond the window."""
    window = problem.window
    return set(window["dilation"]) == {1} and all(s <= f for s, f in zip(window["stride"], window["filter"]))


def _pads_reach_window(problem):
    if problem.op != "pool" or "filter" not in problem.window:
        return False
    pads = formulas.resolved_pads(problem.sizes, problem.window)
    return any(pad >= f for pad, f in zip(pads, problem.window["filter"] * 2))


def _has_empty_window(problem):
    if problem.options.get("kind") != "max" or "filter" not in problem.window or not problem.dtype.startswith("float"):
        return False
    places = formulas.window_places(problem.sizes, problem.window, problem.options["ceil"])
    return any(not ((p >= 0) & (p < size)).any(axis=1).all() for p, size in zip(places, problem.sizes))


def _overhangs(problem):
    """Whether a transposed convolution's output ends a stride or more beyond its windows."""
    if not problem.options.get("transposed"):
        return False
    window = problem.window
    begins, outputs = formulas.transposed_pads(problem.sizes, window)
    ends = [s * (size - 1) + extent for s, size, extent in zip(window["stride"], problem.sizes, extents(problem))]
    return any(out + begin - end >= s for out, begin, end, s in zip(outputs, begins, ends, window["stride"])) or any(
        more >= s for more, s in zip(window["output_padding"], window["stride"]))


def _same_with_gaps(problem):
    window = problem.window
    return problem.options.get("transposed") and _is_same(problem) and any(
        s > extent for s, extent in zip(window["stride"], extents(problem)))


REASONS = [
    (lambda p: p.op in ("unfold", "reorder"), "ONNX has no such operator"),
    (_overhangs, "it wants output_padding below the stride; ONNX and PyTorch, below stride or dilation"),
    (_same_with_gaps, "its SAME does not give size * stride outputs where the stride is larger than the window"),
    (lambda p: p.op == "fold" and p.rank != 2 and set(p.window["dilation"]) != {1},
     "its Col2Im takes wrong places with a dilation on other than two axes; onnx.reference does not"),
    (lambda p: p.options.get("adaptive"), "ONNX has no adaptive pooling"),
    (lambda p: p.options.get("divisor"), "ONNX has no divisor"),
    (lambda p: p.options.get("special"), "NaN loses there, and the maximum of -infinity is the lowest finite number"),
    (_has_empty_window, "the maximum of no element is the lowest finite number there; PyTorch, -infinity"),
    (_pads_reach_window, "it wants pads below the window without its dilation; ONNX does not"),
]


# ---- Models ---------------------------------------------------------------------------------------------------------


class Graph:
    """A chain of nodes from `x` on, with its other inputs."""

    def __init__(self, **arrays):
        self.inputs, self.nodes, self.last = dict(arrays), [], "x"

    def add(self, op, *others, outputs=1, domain="", **attributes):
        """Appends a node that takes what came last, and arrays by their names."""
        names = [f"{op}{len(self.nodes)}_{i}" for i in range(outputs)]
        self.nodes.append(helper.make_node(op, [self.last, *others], names, domain=domain, **attributes))
        self.last = names[0]
        return names

    def run(self, outputs, opset=OPSET):
        """The arrays that these names have."""
        types = [helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(array.dtype), array.shape)
                 for name, array in self.inputs.items()]
        graph = helper.make_graph(self.nodes, "g", types, [helper.make_empty_tensor_value_info(n) for n in outputs])
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=10)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        # Each node is to compute what it says, not what a fusion makes of it.
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
        return onnxruntime.InferenceSession(model.SerializeToString(), options).run(outputs, self.inputs)


def window_attributes(problem):
    window = problem.window
    attributes = {"strides": window["stride"], "dilations": window["dilation"], "kernel_shape": window["filter"]}
    if _is_same(problem) and not problem.options.get("transposed") and not _knows_same(problem):
        attributes["pads"] = formulas.resolved_pads(problem.sizes, window)
    elif window.get("auto_pad"):
        attributes["auto_pad"] = window["auto_pad"].upper().replace("-", "_")
    elif window.get("pads"):
        attributes["pads"] = window["pads"]
    return attributes


def add_activation(graph, options):
    name, alpha, beta = options["activation"], options.get("alpha"), options.get("beta")
    if name in ONNX_ACTIVATIONS:
        graph.add(ONNX_ACTIVATIONS[name])
    elif name in ("clip", "relu6"):
        low, high = (alpha, beta) if name == "clip" else (0, 6)
        graph.inputs.update(low=np.array(low, np.float32), high=np.array(high, np.float32))
        graph.add("Clip", "low", "high")
    elif name == "silu":
        before = graph.last
        graph.add("Sigmoid")
        graph.add("Mul", before)
    elif name in ("gelu", "gelu-tanh"):
        graph.add("Gelu", approximate="tanh" if name == "gelu-tanh" else "none")
    elif name in ("leaky-relu", "elu"):
        graph.add({"leaky-relu": "LeakyRelu", "elu": "Elu"}[name], alpha=float(alpha))
    elif name == "hard-sigmoid":
        graph.add("HardSigmoid", alpha=float(alpha), beta=float(beta))
    elif name == "prelu":
        graph.add("PRelu", "slope")


def conv(problem, arrays):
    options, window = problem.options, problem.window
    arrays = {name: array.astype(np.float32) for name, array in arrays.items()}
    # The bias goes into the node where nothing comes between. As one of its own, Add would be refused behind a
    # ConvTranspose whose output is smaller than its input: there ONNX's shape inference stops half way.
    inner = ["w", "bias"] if "bias" in arrays and "scale" not in arrays else ["w"]
    for name in ("scale", "bias", "slope"):
        if name in arrays and name not in inner:
            arrays[name] = arrays[name].reshape(-1, *[1] * problem.rank)
    if options.get("flip"):
        arrays["w"] = np.ascontiguousarray(arrays["w"][(..., *[slice(None, None, -1)] * problem.rank)])
    graph = Graph(**arrays)
    attributes = window_attributes(problem)
    mode = options.get("pad_mode")
    if mode:
        pads = formulas.resolved_pads(problem.sizes, window)
        graph.inputs["padding"] = np.array([0, 0, *pads[:problem.rank], 0, 0, *pads[problem.rank:]], np.int64)
        graph.add("Pad", "padding", mode=MODES[mode])
        attributes.pop("auto_pad", None)
        attributes["pads"] = [0] * 2 * problem.rank
    if options.get("transposed"):
        attributes["output_padding"] = window["output_padding"]
        if window.get("output_size"):
            attributes["output_shape"] = window["output_size"]
    graph.add("ConvTranspose" if options.get("transposed") else "Conv", *inner, group=options["groups"], **attributes)
    for name, op in (("scale", "Mul"), ("bias", "Add"), ("residual", "Add")):
        if name in arrays and name not in inner:
            graph.add(op, name)
    add_activation(graph, options)
    return {"y": graph.run([graph.last])[0]}


def pool(problem, arrays):
    options = problem.options
    kind = options["kind"]
    x = arrays["x"] if kind == "max" and not options.get("whole") else arrays["x"].astype(np.float32)
    graph = Graph(x=x)
    if options.get("whole"):
        if kind == "lp":
            # It lacks the operator's latest version, which differs in types alone.
            graph.add("GlobalLpPool", p=options["p"])
            return {"y": graph.run([graph.last], opset=21)[0]}
        graph.add({"max": "GlobalMaxPool", "avg": "GlobalAveragePool"}[kind])
        return {"y": graph.run([graph.last])[0]}
    attributes = {**window_attributes(problem), "ceil_mode": int(options["ceil"])}
    if kind == "max":
        names = graph.add("MaxPool", outputs=2, storage_order=int(options.get("column_major", False)), **attributes)
        y, positions = graph.run(names)
        if not options.get("indices"):
            return {"y": y}
        if not options["indices_flat"]:
            planes = np.arange(x.shape[0] * x.shape[1]).reshape(*x.shape[:2], *[1] * problem.rank)
            positions = positions - planes * math.prod(problem.sizes)
        return {"y": y, "indices": positions}
    if kind == "lp":
        graph.add("LpPool", p=options["p"], **attributes)
    else:
        graph.add("AveragePool", count_include_pad=int(kind == "avg-include-pad"), **attributes)
    return {"y": graph.run([graph.last])[0]}


def unpool(problem, arrays):
    """Its indices are flat and lie all inside; a window that leads to the wanted size is all it needs of one."""
    positions = arrays["indices"].astype(np.int64)
    if not problem.options["indices_flat"]:
        planes = np.arange(positions.shape[0] * positions.shape[1])
        positions = positions + planes.reshape(*positions.shape[:2], *[1] * problem.rank) * math.prod(problem.sizes)
    window = [size - pooled + 1 for size, pooled in zip(problem.sizes, positions.shape[2:])]
    if (positions < 0).any() or min(window) < 1:
        return None
    graph = Graph(x=arrays["x"].astype(np.float32), indices=positions, shape=np.array(problem.x_shape, np.int64))
    graph.add("MaxUnpool", "indices", "shape", kernel_shape=window)
    return {"y": graph.run([graph.last])[0]}


def fold(problem, arrays):
    graph = Graph(x=arrays["x"].astype(np.float32), image=np.array(problem.sizes, np.int64),
                  block=np.array(problem.window["filter"], np.int64))
    attributes = window_attributes(problem)
    attributes.pop("kernel_shape")
    graph.add("Col2Im", "image", "block", **attributes)
    return {"y": graph.run([graph.last])[0]}


RUN = {"conv": conv, "pool": pool, "unpool": unpool, "fold": fold}


asked = {"yes": 0, "no": 0}


def run(problem, arrays):
    """Its results by name, or None where it is not asked."""
    results = None if why_not(problem) else RUN[problem.op](problem, arrays)
    asked["no" if results is None else "yes"] += 1
    return results
