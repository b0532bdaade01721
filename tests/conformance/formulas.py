"""What problems compute, in numpy and 64-bit floats, as the rules say it; see the header and docs.

They decide where ONNX Runtime cannot be asked or is wrong (reference.py says where and why), and are themselves
compared with it everywhere else.
"""
import itertools
import math

import numpy as np


def extent(filter_size, dilation):
    return dilation * (filter_size - 1) + 1


def spread(total, upper):
    """Padding over an axis' ends: an odd element goes to the end, or else to the beginning."""
    begin = total // 2 if upper else total - total // 2
    return begin, total - begin


def same_pads(size, reach, stride, upper):
    """SAME gives ceil(size / stride) outputs; where the windows do not even reach the end nothing is padded."""
    wanted = (math.ceil(size / stride) - 1) * stride + reach - size
    return spread(max(wanted, 0), upper)


def resolved_pads(sizes, window):
    """ONNX's list of pads of a window that slides, with auto_pad resolved."""
    auto = window.get("auto_pad")
    if auto is None:
        return window["pads"]
    if auto == "valid":
        return [0] * 2 * len(sizes)
    pairs = [same_pads(size, extent(f, d), s, auto == "same-upper")
             for size, f, s, d in zip(sizes, window["filter"], window["stride"], window["dilation"])]
    return [begin for begin, _ in pairs] + [end for _, end in pairs]


def output_sizes(sizes, window, ceil=False):
    """With ceil the last window must begin inside the input or its begin padding."""
    pads = resolved_pads(sizes, window)
    outputs = []
    for axis, size in enumerate(sizes):
        stride, begin, end = window["stride"][axis], pads[axis], pads[len(sizes) + axis]
        room = size + begin + end - extent(window["filter"][axis], window["dilation"][axis])
        out = (room + (stride - 1 if ceil else 0)) // stride + 1
        if ceil and out > 1 and (out - 1) * stride >= size + begin:
            out -= 1
        outputs.append(out)
    return outputs


def looked_up(at, size, mode):
    """The element that a place on an axis shows: itself, or what the padding mode says; -1: zero."""
    at = np.asarray(at)
    inside = (at >= 0) & (at < size)
    beyond = {"zeros": -1, "reflect": np.where(at < 0, -at, 2 * (size - 1) - at),
              "replicate": np.clip(at, 0, size - 1), "circular": at % size}[mode]
    return np.where(inside, at, beyond)


def picked(x, places, fill):
    """x at the places of each spatial axis; -1 is `fill`."""
    for axis, index in reversed(list(enumerate(places))):  # an index with two axes moves those behind it
        shape = list(x.shape)
        shape[2 + axis] = 1
        x = np.take(np.concatenate([x, np.full(shape, fill, x.dtype)], axis=2 + axis), index, axis=2 + axis)
    return x


def taps(filter_sizes):
    return itertools.product(*[range(size) for size in filter_sizes])


def conv(x, w, window, groups, pad_mode, flip):
    pads, outputs = resolved_pads(x.shape[2:], window), output_sizes(x.shape[2:], window)
    n, k = x.shape[0], w.shape[0]
    y = np.zeros((n, groups, k // groups, *outputs))
    weights = w.reshape(groups, k // groups, *w.shape[1:])
    for tap in taps(window["filter"]):
        places = [looked_up(np.arange(out) * stride + t * dilation - pad, size, pad_mode) for out, stride, t, dilation,
                  pad, size in zip(outputs, window["stride"], tap, window["dilation"], pads, x.shape[2:])]
        seen = picked(x, places, 0.0).reshape(n, groups, -1, *outputs)
        at = tuple(size - 1 - t for size, t in zip(window["filter"], tap)) if flip else tap
        y += np.einsum("ngc...,gkc->ngk...", seen, weights[(..., *at)])
    return y.reshape(n, k, *outputs)


def transposed_pads(sizes, window):
    """Begin padding and the output's size on each axis: the size that is asked for makes the pads, or more outputs."""
    rank, begins, outputs = len(sizes), [], []
    auto = window.get("auto_pad")
    for axis, size in enumerate(sizes):
        stride, more = window["stride"][axis], window["output_padding"][axis]
        covered = stride * (size - 1) + extent(window["filter"][axis], window["dilation"][axis]) + more
        asked = window["output_size"][axis] if window.get("output_size") else 0
        if not asked and auto in ("same-upper", "same-lower"):
            asked = size * stride
        pads = window.get("pads", [0] * 2 * rank)
        begin, end = spread(max(covered - asked, 0), auto == "same-upper") if asked else (pads[axis], pads[rank + axis])
        begins.append(begin)
        outputs.append(asked or covered - begin - end)
    return begins, outputs


def conv_transposed(x, w, window, groups, flip):
    begins, outputs = transposed_pads(x.shape[2:], window)
    n, k = x.shape[0], w.shape[1] * groups
    reach = [stride * (size - 1) + extent(f, d) for stride, size, f, d in
             zip(window["stride"], x.shape[2:], window["filter"], window["dilation"])]
    whole = np.zeros((n, groups, k // groups, *[max(r, b + o) for r, b, o in zip(reach, begins, outputs)]))
    grouped = x.reshape(n, groups, -1, *x.shape[2:])
    weights = w.reshape(groups, -1, *w.shape[1:])
    for tap in taps(window["filter"]):
        target = tuple(slice(t * d, t * d + s * (size - 1) + 1, s) for t, d, s, size in
                       zip(tap, window["dilation"], window["stride"], x.shape[2:]))
        at = tuple(size - 1 - t for size, t in zip(window["filter"], tap)) if flip else tap
        whole[(..., *target)] += np.einsum("ngc...,gck->ngk...", grouped, weights[(..., *at)])
    cut = tuple(slice(begin, begin + out) for begin, out in zip(begins, outputs))
    return whole[(..., *cut)].reshape(n, k, *outputs)


def per_channel(values, like):
    return values.reshape(-1, *[1] * (like.ndim - 2))


_erf = np.vectorize(math.erf, otypes=[np.float64])

ACTIVATIONS = {
    "none": lambda v, a, b: v,
    "relu": lambda v, a, b: np.maximum(v, 0),
    "relu6": lambda v, a, b: np.clip(v, 0, 6),
    "leaky-relu": lambda v, a, b: np.where(v < 0, a * v, v),
    "clip": np.clip,
    "sigmoid": lambda v, a, b: 1 / (1 + np.exp(-v)),
    "tanh": lambda v, a, b: np.tanh(v),
    "silu": lambda v, a, b: v / (1 + np.exp(-v)),
    "hard-sigmoid": lambda v, a, b: np.clip(a * v + b, 0, 1),
    "hard-swish": lambda v, a, b: v * np.clip(v / 6 + 0.5, 0, 1),
    "gelu": lambda v, a, b: v / 2 * (1 + _erf(v / math.sqrt(2))),
    "gelu-tanh": lambda v, a, b: v / 2 * (1 + np.tanh(math.sqrt(2 / math.pi) * (v + 0.044715 * v**3))),
    "elu": lambda v, a, b: np.where(v < 0, a * np.expm1(np.minimum(v, 0)), v),
    "softplus": lambda v, a, b: np.logaddexp(0, v),
    "mish": lambda v, a, b: v * np.tanh(np.logaddexp(0, v)),
}


def epilogue(v, arrays, activation, alpha, beta):
    """activation(scale * v + bias + residual); prelu's slopes are by channel."""
    if "scale" in arrays:
        v = v * per_channel(arrays["scale"], v)
    if "bias" in arrays:
        v = v + per_channel(arrays["bias"], v)
    if "residual" in arrays:
        v = v + arrays["residual"]
    if activation == "prelu":
        return np.where(v < 0, per_channel(arrays["slope"], v) * v, v)
    with np.errstate(over="ignore"):
        return ACTIVATIONS[activation](v, np.float64(np.float32(alpha)), np.float64(np.float32(beta)))


# ---- Pooling --------------------------------------------------------------------------------------------------------


def window_places(sizes, window, ceil):
    """For each axis the places of every window, as arrays of outputs by elements."""
    pads = resolved_pads(sizes, window)
    return [np.arange(out)[:, None] * stride - pad + np.arange(f) * dilation for out, stride, pad, f, dilation in
            zip(output_sizes(sizes, window, ceil), window["stride"], pads, window["filter"], window["dilation"])]


def adaptive_places(sizes, outputs):
    """Window i covers floor(i * size / out) to ceil((i + 1) * size / out); what is not used is -1."""
    places = []
    for size, out in zip(sizes, outputs):
        begins = [i * size // out for i in range(out)]
        ends = [-(-(i + 1) * size // out) for i in range(out)]
        longest = max(end - begin for begin, end in zip(begins, ends))
        places.append(np.array([[at if at < end else -1 for at in range(begin, begin + longest)]
                                for begin, end in zip(begins, ends)]))
    return places


def windows(x, places, fill):
    """x with each window's elements, in scan order, on a last axis."""
    rank = len(places)
    seen = picked(x, [looked_up(p, size, "zeros") for p, size in zip(places, x.shape[2:])], fill)
    # The axes are now N, C, outputs and elements of the first axis, of the second, ...
    order = [0, 1, *range(2, 2 + 2 * rank, 2), *range(3, 2 + 2 * rank, 2)]
    seen = seen.transpose(order)
    return seen.reshape(*seen.shape[:2 + rank], -1)


def max_pool(x, places):
    """The maxima, a NaN above all, and their positions within the plane: the first in scan order, -1 for none."""
    seen = windows(x, places, np.iinfo(x.dtype).min if np.issubdtype(x.dtype, np.integer) else -np.inf)
    plane = np.arange(math.prod(x.shape[2:])).reshape(1, 1, *x.shape[2:])
    positions = np.broadcast_to(windows(plane, places, -1), seen.shape)
    # Padding comes last, so that of equal elements one of the input is taken.
    order = np.argsort(positions < 0, axis=-1, kind="stable")
    first = np.argmax(np.take_along_axis(seen, order, -1), axis=-1)[..., None]
    chosen = np.take_along_axis(order, first, -1)
    return np.take_along_axis(seen, chosen, -1)[..., 0], np.take_along_axis(positions, chosen, -1)[..., 0]


def flat_positions(positions, shape, column_major):
    """Positions within the plane as ONNX counts them: over N, C and space, the plane row- or column-major."""
    rank = len(shape) - 2
    if column_major:
        coordinates = np.unravel_index(np.maximum(positions, 0), shape[2:])
        # ONNX counts the outermost axis of the plane fastest.
        within = np.ravel_multi_index(coordinates[::-1], shape[2:][::-1])
    else:
        within = positions
    planes = np.arange(shape[0] * shape[1]).reshape(shape[0], shape[1], *[1] * rank)
    return np.where(positions < 0, -1, planes * math.prod(shape[2:]) + within)


def counts(places, sizes, pads):
    """How many elements of each window lie inside the input, grown by pads."""
    rank = len(sizes)
    inside = [((p >= -pads[axis]) & (p < sizes[axis] + pads[rank + axis])).sum(axis=1) for axis, p in enumerate(places)]
    return math.prod(np.ix_(*inside))


def unpool(x, indices, size, flat):
    """y[indices[i]] = x[i]; later ones stay, what lies outside of its plane is passed over."""
    planes, plane = x.shape[0] * x.shape[1], math.prod(size)
    y = np.zeros((planes, plane), x.dtype)
    for row, (values, places) in enumerate(zip(x.reshape(planes, -1), indices.reshape(planes, -1))):
        places = places - (row * plane if flat else 0)
        for value, place in zip(values, places):
            if 0 <= place < plane:
                y[row, place] = value
    return y.reshape(*x.shape[:2], *size)


def unfold(x, window):
    """Columns: a row for each channel and element of the window, a column for each window."""
    places = [looked_up(p, size, "zeros") for p, size in zip(window_places(x.shape[2:], window, False), x.shape[2:])]
    rank = len(places)
    seen = picked(x, places, 0.0)
    order = [0, 1, *range(3, 2 + 2 * rank, 2), *range(2, 2 + 2 * rank, 2)]
    outputs = math.prod(p.shape[0] for p in places)
    return seen.transpose(order).reshape(x.shape[0], -1, outputs)


def fold(columns, sizes, window):
    """The sum of columns in the places that unfold takes them from."""
    channels = columns.shape[1] // math.prod(window["filter"])
    places = unfold(np.arange(1, channels * math.prod(sizes) + 1.0).reshape(1, channels, *sizes), window)[0]
    y = np.zeros((columns.shape[0], channels * math.prod(sizes) + 1))
    for row in range(columns.shape[0]):
        np.add.at(y[row], places.astype(np.int64).ravel(), columns[row].ravel())
    return y[:, 1:].reshape(columns.shape[0], channels, *sizes)
