"""What JAX says the gradients of a problem are: jax.vjp of what the problem computes, in double precision."""
import math

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

import formulas

jax.config.update("jax_enable_x64", True)
# A program runs a few times on some hundred numbers: compiling it is what takes time.
jax.config.update("jax_disable_most_optimizations", True)

MODES = {"reflect": "reflect", "replicate": "edge", "circular": "wrap"}
ACTIVATIONS = {
    "none": lambda v, a, b: v,
    "relu": lambda v, a, b: jax.nn.relu(v),
    "relu6": lambda v, a, b: jax.nn.relu6(v),
    "leaky-relu": lambda v, a, b: jax.nn.leaky_relu(v, a),
    "clip": lambda v, a, b: jnp.clip(v, a, b),
    "sigmoid": lambda v, a, b: jax.nn.sigmoid(v),
    "tanh": lambda v, a, b: jnp.tanh(v),
    "silu": lambda v, a, b: jax.nn.silu(v),
    "hard-sigmoid": lambda v, a, b: jnp.clip(a * v + b, 0, 1),
    "hard-swish": lambda v, a, b: jax.nn.hard_swish(v),
    "gelu": lambda v, a, b: jax.nn.gelu(v, approximate=False),
    "gelu-tanh": lambda v, a, b: jax.nn.gelu(v, approximate=True),
    "elu": lambda v, a, b: jax.nn.elu(v, a),
    "softplus": lambda v, a, b: jax.nn.softplus(v),
    "mish": lambda v, a, b: jax.nn.mish(v),
}

# Where an activation has a kink at which JAX takes another derivative than Tessera, which takes PyTorch's: JAX has
# half of it in min and max, and the right side's in leaky_relu. There dy is 0. With relu and elu they agree.
KINKS = {
    "relu6": lambda a, b: (0, 6),
    "clip": lambda a, b: (a, b),
    "leaky-relu": lambda a, b: (0,),
    "prelu": lambda a, b: (0,),
    "hard-sigmoid": lambda a, b: (-b / a, (1 - b) / a),
    "hard-swish": lambda a, b: (-3, 3),
}


# ---- Convolution ----------------------------------------------------------------------------------------------------


def _convolve(x, w, stride, dilation, pads, groups, spread=None):
    axes = "DHW"[-len(pads):]
    return lax.conv_general_dilated(x, w, stride, pads, lhs_dilation=spread, rhs_dilation=dilation,
                                    dimension_numbers=(f"NC{axes}", f"OI{axes}", f"NC{axes}"),
                                    feature_group_count=groups, precision="highest")


def _mirrored(w):
    return jnp.flip(w, axis=tuple(range(2, w.ndim)))


def _conv(problem, x, w):
    options, window, rank = problem.options, problem.window, problem.rank
    pads = formulas.resolved_pads(problem.sizes, window)
    pairs = list(zip(pads[:rank], pads[rank:]))
    if options.get("pad_mode", "zeros") != "zeros":
        x = jnp.pad(x, [(0, 0), (0, 0), *pairs], mode=MODES[options["pad_mode"]])
        pairs = [(0, 0)] * rank
    return _convolve(x, _mirrored(w) if options["flip"] else w, window["stride"], window["dilation"], pairs,
                     options["groups"])


def _conv_transposed(problem, x, w):
    """A convolution of what lies `stride` apart with the mirrored filter; its padding may be negative."""
    window, groups = problem.window, problem.options["groups"]
    begins, outputs = formulas.transposed_pads(problem.sizes, window)
    extents = [formulas.extent(f, d) for f, d in zip(window["filter"], window["dilation"])]
    pairs = [(e - 1 - begin, out - (s * (size - 1) + 1) + begin) for e, begin, out, s, size in
             zip(extents, begins, outputs, window["stride"], problem.sizes)]
    c, k = w.shape[0], w.shape[1]
    w = jnp.swapaxes(w.reshape(groups, c // groups, k, *w.shape[2:]), 1, 2)
    w = w.reshape(groups * k, *w.shape[2:])
    return _convolve(x, w if problem.options["flip"] else _mirrored(w), [1] * problem.rank, window["dilation"], pairs,
                     groups, spread=window["stride"])


def _activated(problem, arrays):
    options = problem.options
    v = (_conv_transposed if options.get("transposed") else _conv)(problem, arrays["x"], arrays["w"])
    for name, join in (("scale", jnp.multiply), ("bias", jnp.add)):
        if name in arrays:
            v = join(v, formulas.per_channel(arrays[name], v))
    v = v + arrays["v"]  # zeros, whose gradient is dv
    if options["activation"] == "prelu":
        return jnp.where(v < 0, formulas.per_channel(arrays["slope"], v) * v, v)
    alpha, beta = (np.float32(options.get(name, 0)) for name in ("alpha", "beta"))
    return ACTIVATIONS[options["activation"]](v, alpha, beta)


# ---- Pooling --------------------------------------------------------------------------------------------------------


def places_of(problem):
    """For each axis the places of every window."""
    if problem.options.get("whole"):
        return [np.arange(size)[None] for size in problem.sizes]
    if problem.options.get("adaptive"):
        return formulas.adaptive_places(problem.sizes, problem.window["output_size"])
    return formulas.window_places(problem.sizes, problem.window, problem.options["ceil"])


def _has_dense_windows(problem):
    return "filter" in problem.window and set(problem.window["dilation"]) == {1}


def _reduce_window(problem, x, start, reduce):
    """Over windows that need no look at each. What no window reaches at the end is cut off: JAX's gradient of a maximum
    knows no negative padding."""
    window, rank = problem.window, problem.rank
    pads = formulas.resolved_pads(problem.sizes, window)
    outputs = formulas.output_sizes(problem.sizes, window, problem.options["ceil"])
    ends = [(out - 1) * s + f - size - begin for out, s, f, size, begin in
            zip(outputs, window["stride"], window["filter"], problem.sizes, pads)]
    x = x[(..., *[slice(size + min(end, 0)) for size, end in zip(problem.sizes, ends)])]
    return lax.reduce_window(x, start, reduce, (1, 1, *window["filter"]), (1, 1, *window["stride"]),
                             [(0, 0), (0, 0), *[(begin, max(end, 0)) for begin, end in zip(pads[:rank], ends)]])


def _gathered(problem, x, fill):
    """Each window's elements on a last axis: for adaptive and global windows, and for dilated ones, of which JAX's
    maximum over windows has no gradient."""
    shape, rank = x.shape, problem.rank
    positions = np.arange(math.prod(problem.sizes)).reshape(1, 1, *problem.sizes)
    index = formulas.windows(positions, places_of(problem), -1)[0, 0]
    flat = jnp.concatenate([x.reshape(*shape[:2], -1), jnp.full((*shape[:2], 1), fill, x.dtype)], axis=2)
    return flat[:, :, index]


def _pool(problem, arrays):
    options, x = problem.options, arrays["x"]
    dense = _has_dense_windows(problem)
    if options["kind"] == "max":
        return _reduce_window(problem, x, -jnp.inf, lax.max) if dense else _gathered(problem, x, -jnp.inf).max(axis=-1)
    powers = jnp.abs(x) ** options["p"] if options["kind"] == "lp" else x
    sums = _reduce_window(problem, powers, 0.0, lax.add) if dense else _gathered(problem, powers, 0.0).sum(axis=-1)
    return sums ** (1 / options["p"]) if options["kind"] == "lp" else sums / divisors(problem)


def divisors(problem):
    """What an average divides by; 1 where that is nothing."""
    options, pads = problem.options, [0] * 2 * problem.rank
    if options["kind"] == "avg-include-pad":
        pads = formulas.resolved_pads(problem.sizes, problem.window)
    if options.get("divisor"):
        return np.float64(options["divisor"])
    return np.maximum(formulas.counts(places_of(problem), problem.sizes, pads), 1.0)


# ---- Gradients ------------------------------------------------------------------------------------------------------


def program(problem):
    """A function of the arrays and dy that gives the gradient by each array. Problems that differ in type, memory and
    numbers alone share it."""
    function = _activated if problem.op == "conv" else _pool
    return jax.jit(lambda arrays, dy: jax.vjp(lambda given: function(problem, given), arrays)[1](dy)[0])
