"""What the command has to compute, as plainly as it can be said.

A tensor is a shape and its values in C order: N, C and any number of axes of space. Every list of numbers has one for
each of these axes."""

import itertools
import math
import random


def places(shape):
    """Every index of an array, in C order."""
    return itertools.product(*map(range, shape))


def at(tensor, place):
    shape, values = tensor
    position = 0
    for size, index in zip(shape, place):
        position = position * size + index
    return values[position]


def integers(shape, seed=1, low=-4, high=4):
    """A tensor of small numbers, with which floats are exact."""
    source = random.Random(seed)
    return tuple(shape), [source.randint(low, high) for _ in range(math.prod(shape))]


def look_up(index, size, mode):
    """Where an index leads; None in padding that is zero."""
    if 0 <= index < size:
        return index
    if mode == "reflect":
        return -index if index < 0 else 2 * (size - 1) - index
    if mode == "replicate":
        return 0 if index < 0 else size - 1
    return index % size if mode == "circular" else None


def conv_products(x_shape, w_shape, stride, dilation, begin, end, groups=1, mode="zeros", flip=False):
    """The shape of y, and of each product that is summed into it the places in y, x and w."""
    (n, c, *size), (k, group_c, *taps) = x_shape, w_shape
    out = [(size[i] + begin[i] + end[i] - dilation[i] * (taps[i] - 1) - 1) // stride[i] + 1 for i in range(len(size))]
    found = []
    for (image, channel, *place), (part, *tap) in itertools.product(places((n, k, *out)), places((group_c, *taps))):
        source = [look_up(place[i] * stride[i] + tap[i] * dilation[i] - begin[i], size[i], mode)
                  for i in range(len(size))]
        if None not in source:
            found.append(((image, channel, *place), (image, channel // (k // groups) * group_c + part, *source),
                          (channel, part, *mirrored(tap, taps, flip))))
    return (n, k, *out), found


def transposed_products(x_shape, w_shape, stride, dilation, begin, out, groups=1, flip=False):
    """The same: each element of x adds the filter, times itself, to y."""
    (n, c, *size), (_, group_k, *taps) = x_shape, w_shape
    found = []
    for (image, channel, *place), (part, *tap) in itertools.product(places(x_shape), places((group_k, *taps))):
        target = [place[i] * stride[i] + tap[i] * dilation[i] - begin[i] for i in range(len(size))]
        if all(0 <= target[i] < out[i] for i in range(len(size))):
            found.append(((image, channel // (c // groups) * group_k + part, *target), (image, channel, *place),
                          (channel, part, *mirrored(tap, taps, flip))))
    return (n, group_k * groups, *out), found


def mirrored(tap, taps, flip):
    return [taps[i] - 1 - tap[i] for i in range(len(tap))] if flip else tap


def sum_of(shape, terms):
    """An array to which each term, a place and a value, was added."""
    sums = {place: 0 for place in places(shape)}
    for place, value in terms:
        sums[place] += value
    return shape, list(sums.values())


def conv(x, w, *arguments, **options):
    shape, products = conv_products(x[0], w[0], *arguments, **options)
    return sum_of(shape, ((y_at, at(x, x_at) * at(w, w_at)) for y_at, x_at, w_at in products))


def transposed(x, w, *arguments, **options):
    shape, products = transposed_products(x[0], w[0], *arguments, **options)
    return sum_of(shape, ((y_at, at(x, x_at) * at(w, w_at)) for y_at, x_at, w_at in products))


def gradients(x, w, dy, products):
    """By x, by w, and by a bias."""
    return (sum_of(x[0], ((x_at, at(w, w_at) * at(dy, y_at)) for y_at, x_at, w_at in products)),
            sum_of(w[0], ((w_at, at(x, x_at) * at(dy, y_at)) for y_at, x_at, w_at in products)), by_channel(dy))


def by_channel(tensor):
    """The sum of each channel."""
    return sum_of(tensor[0][1:2], ((place[1:2], at(tensor, place)) for place in places(tensor[0])))


def pooled_size(size, kernel, stride, dilation, begin, end, ceil):
    room = size + begin + end - dilation * (kernel - 1) - 1
    out = (room + (stride - 1 if ceil else 0)) // stride + 1
    return out - 1 if ceil and (out - 1) * stride >= size + begin else out


def windows(x, kernel, stride, dilation, begin, end, ceil=False):
    """For each element of y, in order: the window's elements with their flat indices, and how many elements of it lie
    in the padded input. And y's shape."""
    n, c, *size = x[0]
    axes = range(len(size))
    out = [pooled_size(size[i], kernel[i], stride[i], dilation[i], begin[i], end[i], ceil) for i in axes]
    found = []
    for image, channel, *place in places((n, c, *out)):
        elements, padded = [], 0
        for tap in places(kernel):
            source = [place[i] * stride[i] + tap[i] * dilation[i] - begin[i] for i in axes]
            padded += all(source[i] < size[i] + end[i] for i in axes)
            if all(0 <= source[i] < size[i] for i in axes):
                elements.append((at(x, (image, channel, *source)), flat(source, size)))
        found.append((elements, padded))
    return (n, c, *out), found


def flat(place, size):
    position = 0
    for index, length in zip(place, size):
        position = position * length + index
    return position


def adaptive_windows(x, out):
    n, c, *size = x[0]
    found = []
    for image, channel, *place in places((n, c, *out)):
        ranges = [range(place[i] * size[i] // out[i], -(-(place[i] + 1) * size[i] // out[i])) for i in range(len(size))]
        elements = [(at(x, (image, channel, *source)), flat(source, size)) for source in itertools.product(*ranges)]
        found.append((elements, len(elements)))
    return (n, c, *out), found


def maximum(shape, found, least=-math.inf):
    """y and the indices."""
    best = [max(elements, key=lambda one: (one[0], -one[1]), default=(least, -1)) for elements, _ in found]
    return (shape, [value for value, _ in best]), (shape, [index for _, index in best])


def average(shape, found, include_pad=False, divisor=None):
    values = []
    for elements, padded in found:
        count = divisor or (padded if include_pad else len(elements))
        values.append(sum(value for value, _ in elements) / count if count else 0)
    return shape, values


def norm(shape, found, p):
    return shape, [sum(abs(value) ** p for value, _ in elements) ** (1 / p) for elements, _ in found]


def scatter(x_shape, dy, found, weigh):
    """The gradient of a pooling: what `weigh` says each of a window's elements has of its result's gradient."""
    plane = math.prod(x_shape[2:])
    values, each = [0] * math.prod(x_shape), math.prod(dy[0][2:])
    for i, (gradient, (elements, padded)) in enumerate(zip(dy[1], found)):
        for (_, index), weight in zip(elements, weigh(elements, padded)):
            values[i // each * plane + index] += weight * gradient
    return x_shape, values


def first_maximum(elements, _):
    """The first of equal ones."""
    best = max(elements, key=lambda one: (one[0], -one[1]), default=None)
    return [int(one is best) for one in elements]


def unpool(y, indices, size):
    n, c, *_ = y[0]
    values = [0] * (n * c * math.prod(size))
    each = math.prod(y[0][2:])
    for i, (value, index) in enumerate(zip(y[1], indices[1])):
        values[i // each * math.prod(size) + index] = value
    return (n, c, *size), values


def permute(tensor, order):
    shape = tuple(tensor[0][axis] for axis in order)
    values = []
    for place in places(shape):
        source = [0] * len(order)
        for axis, index in zip(order, place):
            source[axis] = index
        values.append(at(tensor, source))
    return shape, values


def channels_last(tensor):
    return permute(tensor, (0, *range(2, len(tensor[0])), 1))


def blocked(tensor, block):
    n, c, *size = tensor[0]
    shape = (n, -(-c // block), *size, block)
    values = [at(tensor, (image, outer * block + lane, *place)) if outer * block + lane < c else 0
              for image, outer, *place, lane in places(shape)]
    return shape, values
