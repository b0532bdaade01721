"""Tessera's operators on numpy arrays or tensors in memory (memory.py).

Tensors have the axes N, C and one to three of space. A result is a memory.Tensor: `y_layout` tells how it lies, else
it is dense. Windows are given by lists with a number for each spatial axis, pads as in ONNX: begins, then ends.
"""
import math

import numpy as np

import memory
from tessera import (DTYPES, FFI, INDEX_DTYPES, LIB, as_tensor, check, constant, describe, layout_of, output_shape,
                     set_axes, set_strides, set_window)


def result_of(shape, dtype, like, y_layout):
    return memory.empty(shape, dtype, y_layout or memory.dense(len(shape), nhwc=like.layout.nhwc))


def _fill(problem, x, fields):
    """What convolution and pooling have in common."""
    problem.n, problem.c = x.view.shape[:2]
    set_axes(problem.size, x.view.shape[2:])
    problem.dtype = getattr(LIB, DTYPES[x.view.dtype.name])
    set_window(problem, fields)


def set_layouts(problem, x, y, any_layout):
    problem.x_layout = LIB.TSR_LAYOUT_ANY if any_layout else layout_of(x)
    problem.y_layout = LIB.TSR_LAYOUT_ANY if any_layout else layout_of(y)
    set_strides(problem.x_strides, x)
    set_strides(problem.y_strides, y)


def conv_problem(x, w, *, present=(), activation="none", alpha=0.0, beta=0.0, pad_mode="zeros", **fields):
    """A tsr_conv without its layouts. present: which of scale, bias and residual there are; fields: see conv()."""
    problem = FFI.new("tsr_conv *", LIB.tsr_conv_default())
    problem.transposed = bool(fields.pop("transposed", False))
    problem.flip = bool(fields.pop("flip", False))
    problem.groups = int(fields.pop("groups", 1))
    problem.k = int(w.shape[1]) * problem.groups if problem.transposed else int(w.shape[0])
    _fill(problem, x, {**fields, "filter": w.shape[2:]})
    problem.pad_mode = constant("TSR_PAD_", pad_mode)
    for name in present:
        setattr(problem, name, True)
    problem.activation = constant("TSR_ACTIVATION_", activation)
    problem.alpha, problem.beta = alpha, beta
    return problem


def conv(device, x, w, *, scale=None, bias=None, residual=None, slope=None, y_layout=None, any_layout=False,
         algorithm=None, **fields):
    """y = activation(scale * conv(x, w) + bias + residual). fields: activation, alpha, beta, pad_mode, transposed,
    flip, groups and the window."""
    x, residual = as_tensor(x), as_tensor(residual)
    given = {"scale": scale, "bias": bias, "residual": residual}
    problem = conv_problem(x, w, present=[name for name in given if given[name] is not None], **fields)
    y = result_of(output_shape(LIB.tsr_conv_output, problem, x.view.ndim - 2), x.view.dtype, x, y_layout)
    set_layouts(problem, x, y, any_layout)
    set_strides(problem.residual_strides, residual)
    plan = device.plan(LIB.tsr_conv_plan, problem, algorithm=algorithm)
    device.execute(plan, {"x": x, "residual": residual}, y,
                   others={"w": w, "scale": scale, "bias": bias, "slope": slope})
    return y


def pool_problem(x, kind, *, indices=None, indices_flat=False, column_major=False, ceil=False, adaptive=False,
                 whole=False, divisor=0, p=2, **fields):
    """A tsr_pool without its layouts; see pool()."""
    problem = FFI.new("tsr_pool *", LIB.tsr_pool_default())
    _fill(problem, x, dict(fields))
    problem.kind = constant("TSR_POOL_", kind)
    problem.ceil, problem.adaptive, problem.divisor, problem.p = bool(ceil), bool(adaptive), int(divisor), int(p)
    setattr(problem, "global", bool(whole))
    problem.indices_flat, problem.indices_column_major = bool(indices_flat), bool(column_major)
    if indices is not None:
        problem.indices = getattr(LIB, INDEX_DTYPES[np.dtype(indices).name])
    return problem


def pool(device, x, kind, *, indices=None, y_layout=None, any_layout=False, algorithm=None, **fields):
    """kind: max, avg, avg-include-pad or lp; whole: global pooling. indices: None, int32 or int64; then y and them."""
    x = as_tensor(x)
    problem = pool_problem(x, kind, indices=indices, **fields)
    y = result_of(output_shape(LIB.tsr_pool_output, problem, x.view.ndim - 2), x.view.dtype, x, y_layout)
    set_layouts(problem, x, y, any_layout)
    positions = None if indices is None else memory.empty(y.view.shape, np.dtype(indices), y.layout)
    plan = device.plan(LIB.tsr_pool_plan, problem, algorithm=algorithm)
    device.execute(plan, {"x": x}, y, indices=positions)
    return y if positions is None else (y, positions)


def unpool(device, x, indices, size, *, indices_flat=False, nhwc=False):
    """y[indices[i]] = x[i]; size is y's space."""
    problem = FFI.new("tsr_unpool *", LIB.tsr_unpool_default())
    problem.n, problem.c = x.shape[:2]
    set_axes(problem.pooled, x.shape[2:])
    set_axes(problem.size, size)
    problem.indices = getattr(LIB, INDEX_DTYPES[indices.dtype.name])
    problem.indices_flat = bool(indices_flat)
    problem.dtype = getattr(LIB, DTYPES[x.dtype.name])
    problem.layout = LIB.TSR_LAYOUT_NHWC if nhwc else LIB.TSR_LAYOUT_NCHW
    layout = memory.dense(x.ndim, nhwc)
    y = memory.empty((*x.shape[:2], *size), x.dtype, layout)
    plan = device.plan(LIB.tsr_unpool_plan, problem)
    device.execute(plan, {"x": memory.place(x, layout)}, y, others={"indices": memory.place(indices, layout).storage})
    return y


def _unfolding(shape, dtype, fields):
    problem = FFI.new("tsr_unfold *", LIB.tsr_unfold_default())
    problem.n, problem.c = shape[:2]
    set_axes(problem.size, shape[2:])
    problem.dtype = getattr(LIB, DTYPES[np.dtype(dtype).name])
    set_window(problem, fields)
    return problem


def unfold(device, x, **fields):
    """The columns of an image: N, C * window, number of windows."""
    problem = _unfolding(x.shape, x.dtype, dict(fields))
    y = memory.empty(output_shape(LIB.tsr_unfold_output, problem, 1), x.dtype, memory.dense(3))
    device.execute(device.plan(LIB.tsr_unfold_plan, problem), {"x": as_tensor(x)}, y)
    return y


def fold(device, columns, size, **fields):
    """The image that columns add up to (ONNX Col2Im)."""
    channels = columns.shape[1] // math.prod(fields["filter"])
    shape = (columns.shape[0], channels, *size)
    y = memory.empty(shape, columns.dtype, memory.dense(len(shape)))
    plan = device.plan(LIB.tsr_fold_plan, _unfolding(shape, columns.dtype, dict(fields)))
    device.execute(plan, {"x": as_tensor(columns)}, y)
    return y


def reorder(device, x, dtype, layout, *, via=None):
    """x with another type and in another layout; `via` names one to pass through, such as nchw8c."""
    x = as_tensor(x)
    y = memory.empty(x.view.shape, dtype, layout)
    held, target = describe(x.view.shape, x.view.dtype, layout_of(x)), describe(y.view.shape, dtype, layout_of(y))
    set_strides(held.strides, x)
    set_strides(target.strides, y)
    handle = device.upload(x.storage).slice(x.offset)
    if via is not None:
        between = describe(x.view.shape, x.view.dtype, constant("TSR_LAYOUT_", via))
        middle = device.upload(np.zeros(bytes_of(between), np.uint8)).handle
        _copy(device, handle, held, middle, between)
        handle, held = middle, between
    out = device.upload(y.storage)
    _copy(device, handle, held, out.slice(y.offset), target)
    out.read(y.storage)
    return y


def bytes_of(tensor):
    size = FFI.new("uint64_t *")
    check(LIB.tsr_tensor_bytes(FFI.new("tsr_tensor *", tensor), size))
    return size[0]


def _copy(device, source, source_tensor, target, target_tensor):
    plan = device.plan(LIB.tsr_reorder_plan, FFI.new("tsr_tensor *", source_tensor),
                       FFI.new("tsr_tensor *", target_tensor))
    plan.run(x=source, y=target)
