"""The few parts of TensorFlow that the package `mtcnn` calls, in NumPy, so that its own code runs without TensorFlow.

Networks compute in double and give floats, so what the reference says is as exact as floats can be. Import this module
before `mtcnn`.
"""

import importlib.resources  # noqa: F401  mtcnn uses it without importing it
import sys
import types
from contextlib import nullcontext

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view


class Tensor(np.ndarray):
    """An array with the one method of a tensor that the package uses."""

    def numpy(self):
        return np.asarray(self)


def tensor(array):
    return np.ascontiguousarray(array, dtype=np.float32).view(Tensor)


class InvalidArgumentError(Exception):
    """What TensorFlow raises where no box is left, and the package takes for "no face"."""


# ---- Layers: arrays are n, height, width, channels ------------------------------------------------------------------


class Layer:
    weights = 0  # how many arrays set_weights() gives it

    def build(self, shape):
        pass

    def compute_output_shape(self, shape):
        return shape


def softmax(x):
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


class Conv2D(Layer):
    weights = 2

    def __init__(self, filters, kernel_size, strides, padding, activation, name):
        assert strides == (1, 1) and padding == "valid"
        self.size, self.activation = kernel_size, activation

    def __call__(self, x):
        kernel, bias = self.values  # rows, columns, channels in, channels out
        windows = sliding_window_view(x, self.size, axis=(1, 2))  # n, h, w, channels, rows, columns
        y = np.tensordot(windows, kernel.astype(np.float64), axes=((3, 4, 5), (2, 0, 1))) + bias
        return softmax(y) if self.activation == "softmax" else y


class Dense(Layer):
    weights = 2

    def __init__(self, units, activation, name):
        self.activation = activation

    def __call__(self, x):
        kernel, bias = self.values
        y = x @ kernel.astype(np.float64) + bias
        return softmax(y) if self.activation == "softmax" else y


class PReLU(Layer):
    weights = 1

    def __init__(self, name, shared_axes=None):
        pass

    def __call__(self, x):
        (slope,) = self.values
        return np.maximum(x, 0) + slope * np.minimum(x, 0)


class MaxPooling2D(Layer):
    def __init__(self, pool_size, strides, padding, name):
        self.size, self.stride, self.padding = pool_size, strides, padding

    def __call__(self, x):
        if self.padding == "same":
            pads = [(0, 0)]
            for length, size, stride in zip(x.shape[1:3], self.size, self.stride):
                total = max((-(-length // stride) - 1) * stride + size - length, 0)
                pads.append((total // 2, total - total // 2))
            x = np.pad(x, pads + [(0, 0)], constant_values=-np.inf)
        windows = sliding_window_view(x, self.size, axis=(1, 2))
        return windows[:, :: self.stride[0], :: self.stride[1]].max(axis=(4, 5))


class Permute(Layer):
    def __init__(self, dims, name):
        self.dims = dims  # counted from 1, without the batch

    def __call__(self, x):
        return x.transpose(0, *self.dims)


class Flatten(Layer):
    def __init__(self, name):
        pass

    def __call__(self, x):
        return x.reshape(len(x), -1)


class Model:
    def __init__(self, **kwargs):
        pass

    def build(self, shape=None):
        pass

    def set_weights(self, weights):
        """Hands the arrays to the layers in the order in which the model has made them."""
        left = list(weights)
        for layer in vars(self).values():
            layer.values, left = left[: layer.weights], left[layer.weights :]
        assert not left

    def __call__(self, x):
        if 0 in x.shape:
            raise InvalidArgumentError("an empty batch")
        return [tensor(y) for y in self.call(np.asarray(x, dtype=np.float64))]


# ---- Pictures -------------------------------------------------------------------------------------------------------


def area_weights(source, target):
    """Row i: how much of each old pixel the new pixel i covers, in parts of what it covers altogether."""
    edges = np.arange(target + 1, dtype=np.float64) * source / target
    pixel = np.arange(source)
    covered = np.minimum(edges[1:, None], pixel + 1) - np.maximum(edges[:-1, None], pixel)
    return np.maximum(covered, 0) * target / source


def resize(images, size, method):
    """A pixel of the result is the average over the area that it covers. TensorFlow cuts sizes to whole numbers."""
    assert method == "area"
    height, width = np.asarray(size).astype(np.int32)
    rows, columns = area_weights(images.shape[1], height), area_weights(images.shape[2], width)
    return tensor(np.einsum("yh,nhwc,xw->nyxc", rows, images.astype(np.float64), columns, optimize=True))


def crop_and_resize(images, boxes, box_indices, size):
    """Bilinear; a box's corners fall on the middles of the result's corner pixels; 0 outside the picture."""
    height, width = images.shape[1:3]
    result = np.zeros((len(boxes), *size, images.shape[3]))
    for crop, (y1, x1, y2, x2), index in zip(result, boxes.astype(np.float32).astype(np.float64), box_indices):
        y = (y1 + (y2 - y1) * np.arange(size[0]) / (size[0] - 1)) * (height - 1)
        x = (x1 + (x2 - x1) * np.arange(size[1]) / (size[1] - 1)) * (width - 1)
        inside = np.ix_((y >= 0) & (y <= height - 1), (x >= 0) & (x <= width - 1))
        y, x = y.clip(0, height - 1), x.clip(0, width - 1)
        top, left = np.floor(y).astype(int), np.floor(x).astype(int)
        bottom, right = np.ceil(y).astype(int), np.ceil(x).astype(int)
        down, across = (y - top)[:, None, None], (x - left)[None, :, None]
        image = images[index].astype(np.float64)
        above = image[np.ix_(top, left)] * (1 - across) + image[np.ix_(top, right)] * across
        below = image[np.ix_(bottom, left)] * (1 - across) + image[np.ix_(bottom, right)] * across
        crop[inside] = (above * (1 - down) + below * down)[inside]
    return tensor(result)


# ---- The modules, under the names that the package imports ----------------------------------------------------------


def module(name, **members):
    made = types.ModuleType(name)
    vars(made).update(members)
    sys.modules[name] = made
    return made


layers = (Conv2D, Dense, Flatten, MaxPooling2D, Permute, PReLU)
module(
    "tensorflow",
    keras=types.SimpleNamespace(Model=Model, layers=types.SimpleNamespace(**{one.__name__: one for one in layers})),
    image=types.SimpleNamespace(
        resize=resize, crop_and_resize=crop_and_resize, ResizeMethod=types.SimpleNamespace(AREA="area")
    ),
    errors=types.SimpleNamespace(InvalidArgumentError=InvalidArgumentError),
    device=lambda name: nullcontext(),
    is_tensor=lambda value: isinstance(value, Tensor),
    float16=np.float16,
    float32=np.float32,
)
for package in ("tensorflow.python", "tensorflow.python.framework"):
    module(package, __path__=[])
module("tensorflow.python.framework.errors_impl", NotFoundError=FileNotFoundError)
