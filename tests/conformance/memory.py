"""Tensors as they lie in memory: dense or as views into something larger, in NCHW or NHWC."""
import dataclasses

import numpy as np

# What surrounds a view, to see that nothing is read or written there: as floats NaN, else a number.
INTEGER_MARK = 77

# Spare elements at the front of a storage, for a view to begin at a multiple of 8 bytes.
LEAD = 8


@dataclasses.dataclass
class Layout:
    """How a tensor is stored: the order of its axes (N, C, spatial: 0, 1, 2...), outermost first, and for each axis,
    in the tensor's own order, what lies before and after it and how many places one element is from the next."""

    order: list
    before: list
    after: list
    step: list

    @property
    def nhwc(self):
        return self.order[-1] == 1

    @property
    def dense(self):
        rank = len(self.order)
        plain = [0, *range(2, rank), 1] if self.nhwc else list(range(rank))
        return self.order == plain and not any(self.before + self.after) and set(self.step) == {1}


def dense(rank, nhwc=False):
    """The layout of a tensor that has `rank` axes and nothing between its elements."""
    order = [0, *range(2, rank), 1] if nhwc else list(range(rank))
    return Layout(order, [0] * rank, [0] * rank, [1] * rank)


def mark(dtype):
    return np.nan if np.issubdtype(dtype, np.floating) else INTEGER_MARK


@dataclasses.dataclass
class Tensor:
    """`view` has the axes N, C, spatial and lies within the flat array `storage`."""

    storage: np.ndarray
    view: np.ndarray
    layout: Layout

    @property
    def offset(self):
        """Bytes from the storage's beginning to the view's."""
        return self.view.__array_interface__["data"][0] - self.storage.__array_interface__["data"][0]

    def strides(self):
        """Elements from one to the next along each axis; of axes with one element too."""
        strides = [s // self.view.itemsize for s in self.view.strides]
        return [1 if axis == self.layout.order[-1] else s for axis, s in enumerate(strides)]

    def surroundings_untouched(self):
        """Whether everything outside of the view still holds the mark."""
        rest = self.storage.copy()
        position = np.arange(rest.size)
        inside = Tensor(position, _within(position, self.view.shape, self.layout, self._lead()), self.layout).view
        rest[inside.ravel()] = mark(rest.dtype)
        marked = np.isnan(rest) if np.issubdtype(rest.dtype, np.floating) else rest == INTEGER_MARK
        return bool(marked.all())

    def _lead(self):
        return self.storage.size - int(np.prod(_storage_shape(self.view.shape, self.layout)))


def _storage_shape(shape, layout):
    extents = [layout.before[a] + (shape[a] - 1) * layout.step[a] + 1 + layout.after[a] for a in range(len(shape))]
    return [extents[axis] for axis in layout.order]


def _within(flat, shape, layout, lead):
    """The view that `layout` describes, of a flat array."""
    whole = flat[lead:].reshape(_storage_shape(shape, layout)).transpose(np.argsort(layout.order))
    return whole[tuple(slice(layout.before[a], layout.before[a] + (shape[a] - 1) * layout.step[a] + 1, layout.step[a])
                       for a in range(len(shape)))]


def empty(shape, dtype, layout):
    """A tensor without values, everything marked."""
    size = int(np.prod(_storage_shape(shape, layout)))
    lead = 0
    while True:
        flat = np.full(lead + size, mark(dtype), dtype)
        tensor = Tensor(flat, _within(flat, shape, layout, lead), layout)
        if tensor.offset % 8 == 0 or layout.dense:
            return tensor
        lead += 1
        assert lead <= LEAD


def place(array, layout=None):
    """The array, stored as the layout says; dense NCHW without one."""
    layout = layout or dense(array.ndim)
    tensor = empty(array.shape, array.dtype, layout)
    tensor.view[...] = array
    return tensor
