"""Random problems, each made from a seed, its group's name and its number alone."""
import dataclasses
import math
import zlib

import numpy as np

import formulas
import memory

# How many problems of each group a run has: 2,000 together.
GROUPS = {"conv": 500, "pad-modes": 150, "transposed": 300, "epilogues": 250, "max": 250, "average": 200, "lp": 80,
          "adaptive": 60, "global": 40, "unpool": 70, "columns": 50, "reorder": 50}

# On an OpenCL device every shape of a fast algorithm is a build of its own, about a second of PoCL's compiler. Most
# problems therefore name the reference algorithm, which one build for each type and epilogue serves. One in OWN_CHOICE
# takes what the library chooses, with a shape out of OWN_SHAPES for each group, every other one in a layout of its
# choice too, for which a pooling has channels that fill blocks. On the CPU path nothing is compiled: there all take the
# library's choice.
OWN_CHOICE = 10
OWN_SHAPES = 10

# Type and epilogue are compiled in too: problems take them out of lists that are this long.
EPILOGUES_PER_TYPE = 16

RANKS = [1, 2, 3]
LARGEST = {"size": {1: 30, 2: 12, 3: 7}, "filter": {1: 9, 2: 5, 3: 3}}
ACTIVATIONS = ["none", "relu", "relu6", "leaky-relu", "prelu", "clip", "sigmoid", "tanh", "silu", "hard-sigmoid",
               "hard-swish", "gelu", "gelu-tanh", "elu", "softplus", "mish"]
# Of small integers these are exact in floats, whatever computes them.
EXACT = {"none", "relu", "relu6", "leaky-relu", "prelu", "clip", "hard-sigmoid"}


@dataclasses.dataclass
class Problem:
    """`window` and `options` have the names of operators.py, `layouts` tells how x, y and residual lie (else dense)."""

    group: str
    number: int
    seed: int
    op: str
    dtype: str
    x_shape: tuple
    window: dict = dataclasses.field(default_factory=dict)
    options: dict = dataclasses.field(default_factory=dict)
    layouts: dict = dataclasses.field(default_factory=dict)
    any_layout: bool = False
    algorithm: str = None

    @property
    def rank(self):
        return len(self.x_shape) - 2

    @property
    def sizes(self):
        return self.x_shape[2:]


def generator(*words):
    """Random numbers that depend on the words alone."""
    return np.random.default_rng([zlib.crc32(str(word).encode()) for word in words])


def chance(rng, share):
    return rng.random() < share


def pick(rng, values):
    return values[int(rng.integers(len(values)))]


def numbers(rng, count, low, high):
    return [int(value) for value in rng.integers(low, high + 1, count)]


def draw(seed, group, number, is_host):
    """The problem with this number. What the device is changes the algorithm and the shape."""
    own = is_host or number % OWN_CHOICE == 0
    shape = number if is_host or not own else number // OWN_CHOICE % OWN_SHAPES
    words = (seed, group, "own" if own and not is_host else "any", shape)
    problem = DRAW[group](generator(*words), group, number)
    problem.seed = seed
    problem.algorithm = None if own or problem.op not in ("conv", "pool") else "reference"
    if own and not is_host and shape % 2 == 0 and problem.op in ("conv", "pool"):
        problem.layouts, problem.any_layout = {}, True
        if problem.op == "pool":
            problem.x_shape = (problem.x_shape[0], 16, *problem.sizes)
    return problem


# ---- Windows --------------------------------------------------------------------------------------------------------


def draw_pads(rng, window, limits):
    """None, symmetric, or anything up to the limits."""
    rank = len(limits)
    how = pick(rng, ["none", "symmetric", "any", "any"])
    if how == "none":
        return [0] * 2 * rank
    begins = [int(rng.integers(0, limit + 1)) for limit in limits]
    ends = begins if how == "symmetric" else [int(rng.integers(0, limit + 1)) for limit in limits]
    return begins + ends


def draw_window(rng, rank, pad_limit, automatic=0.2):
    """A window and the sizes of an input that has room for it. pad_limit(extent) is the most that pads may be."""
    window = {"filter": numbers(rng, rank, 1, LARGEST["filter"][rank]),
              "stride": numbers(rng, rank, 1, 3) if chance(rng, 0.5) else [1] * rank,
              "dilation": numbers(rng, rank, 1, 3) if chance(rng, 0.4) else [1] * rank}
    extents = [formulas.extent(f, d) for f, d in zip(window["filter"], window["dilation"])]
    if chance(rng, automatic):
        window["auto_pad"] = pick(rng, ["same-upper", "same-lower", "valid"])
        pads = [0] * 2 * rank
    else:
        window["pads"] = pads = draw_pads(rng, window, [pad_limit(e) for e in extents])
    same = window.get("auto_pad", "valid") != "valid"
    sizes = [max(int(rng.integers(1, LARGEST["size"][rank] + 1)), 1 if same else e - pads[a] - pads[rank + a])
             for a, e in enumerate(extents)]
    return window, sizes


# ---- Memory ---------------------------------------------------------------------------------------------------------


def draw_layout(rng, rank, nhwc):
    """Dense, or a view: axes in another order, space around it, elements or rows left out."""
    layout = memory.dense(rank + 2, nhwc)
    if chance(rng, 0.7):
        return layout
    if chance(rng, 0.3):
        outer = layout.order[:-1]
        layout.order = [outer[i] for i in rng.permutation(len(outer))] + layout.order[-1:]
    layout.before, layout.after = numbers(rng, rank + 2, 0, 2), numbers(rng, rank + 2, 0, 2)
    layout.step = [1 if axis == layout.order[-1] or chance(rng, 0.7) else 2 for axis in range(rank + 2)]
    return layout


def draw_memory(rng, problem, names):
    """Layouts for x and what has y's; few differ between the two."""
    nhwc = chance(rng, 0.3)
    y_nhwc = nhwc if chance(rng, 0.9) else not nhwc
    for name in names:
        problem.layouts[name] = draw_layout(rng, problem.rank, nhwc if name == "x" else y_nhwc)
    problem.any_layout = all(layout.dense for layout in problem.layouts.values()) and chance(rng, 0.5)
    return problem


def draw_float(rng):
    return pick(rng, ["float32"] * 6 + ["float16", "float64"])


# ---- Convolution ----------------------------------------------------------------------------------------------------


def draw_channels(rng):
    """Input channels, output channels and groups: one group, several, or depthwise with a multiplier."""
    how = pick(rng, ["one", "one", "several", "depthwise"])
    if how == "one":
        return (*numbers(rng, 2, 1, 12), 1)
    if how == "several":
        groups = int(rng.integers(2, 5))
        return (*[groups * count for count in numbers(rng, 2, 1, 5)], groups)
    groups = int(rng.integers(2, 18))
    return groups, groups * int(rng.integers(1, 4)), groups


def conv_problem(rng, group, number, window, sizes, options):
    c, k, groups = draw_channels(rng)
    problem = Problem(group, number, 0, "conv", draw_float(rng), (int(rng.integers(1, 4)), c, *sizes), window,
                      {"k": k, "groups": groups, "flip": chance(rng, 0.1), "bias": chance(rng, 0.5), **options})
    names = ["x", "y"] + (["residual"] if options.get("residual") else [])
    return draw_memory(rng, problem, names)


def draw_conv(rng, group, number):
    window, sizes = draw_window(rng, pick(rng, [1, 2, 2, 3]), lambda extent: min(extent + 1, 6))
    return conv_problem(rng, group, number, window, sizes, {"activation": pick(rng, ["none", "relu"])})


def draw_pad_mode(rng, group, number):
    mode = pick(rng, ["reflect", "replicate", "circular"])
    window, sizes = draw_window(rng, pick(rng, [1, 2, 2, 3]), lambda extent: min(extent, 6))
    pads = formulas.resolved_pads(sizes, window)
    # Reflected padding is below the size, repeated padding at most the size.
    room = [max(pads[axis], pads[len(sizes) + axis]) + (mode == "reflect") for axis in range(len(sizes))]
    if "auto_pad" not in window:
        sizes = [max(size, least) for size, least in zip(sizes, room)]
    elif any(size < least for size, least in zip(sizes, room)):
        mode = "replicate"
    return conv_problem(rng, group, number, window, sizes, {"activation": "none", "pad_mode": mode})


def draw_transposed(rng, group, number):
    rank = pick(rng, [1, 2, 2, 3])
    window, _ = draw_window(rng, rank, lambda extent: 0, automatic=0.2)
    sizes = numbers(rng, rank, 1, {1: 15, 2: 7, 3: 4}[rank])
    largest = [max(s, d) - 1 for s, d in zip(window["stride"], window["dilation"])]
    window["output_padding"] = [int(rng.integers(0, most + 1)) for most in largest]
    if "auto_pad" in window:
        if window["auto_pad"] != "valid":
            window["output_padding"] = [0] * rank
        return conv_problem(rng, group, number, window, sizes, {"activation": "none", "transposed": True})
    covered = [s * (size - 1) + formulas.extent(f, d) for s, size, f, d in
               zip(window["stride"], sizes, window["filter"], window["dilation"])]
    if chance(rng, 0.3):
        window["output_size"] = [int(rng.integers(max(1, c - 4), c + most + 1)) for c, most in zip(covered, largest)]
        window["output_padding"] = [0] * rank
        del window["pads"]
    else:
        pads = draw_pads(rng, window, [min(c - 1, 4) for c in covered])
        window["pads"] = [pad if c - 1 - pads[axis] - pads[rank + axis] >= 0 else 0 for pad, (axis, c) in
                          zip(pads, list(enumerate(covered)) * 2)]
    return conv_problem(rng, group, number, window, sizes, {"activation": "none", "transposed": True})


def draw_epilogue(rng, group, number):
    return epilogue_problem(rng, group, number, int(rng.integers(2 * EPILOGUES_PER_TYPE)))


def epilogue_problem(rng, group, number, chosen):
    """The first EPILOGUES_PER_TYPE are in f32, as many others in the other types."""
    parts = generator("epilogue", chosen)
    activation = ACTIVATIONS[chosen % EPILOGUES_PER_TYPE]
    alpha, beta = {"leaky-relu": (0.25, 0), "hard-sigmoid": (0.25, 0.5), "elu": (0.75, 0), "clip": (-2, 3)}.get(
        activation, (0, 0))
    window, sizes = draw_window(rng, pick(rng, [1, 2, 2, 3]), lambda extent: min(extent, 4))
    options = {"activation": activation, "alpha": alpha, "beta": beta, "scale": chance(parts, 0.5),
               "residual": chance(parts, 0.5)}
    problem = conv_problem(rng, group, number, window, sizes, options)
    problem.options["bias"] = chance(parts, 0.7)
    problem.dtype = "float32" if chosen < EPILOGUES_PER_TYPE else pick(parts, ["float16", "float64"])
    return problem


# ---- Pooling --------------------------------------------------------------------------------------------------------


def pool_problem(rng, group, number, window, sizes, options, dtype=None):
    shape = (*numbers(rng, 1, 1, 3), *numbers(rng, 1, 1, 20), *sizes)
    problem = Problem(group, number, 0, "pool", dtype or draw_float(rng), shape, window, options)
    return draw_memory(rng, problem, ["x", "y"])


def draw_pool_window(rng):
    """Pads below the dilated window, and rounding up or down."""
    window, sizes = draw_window(rng, pick(rng, [1, 2, 2, 3]), lambda extent: min(extent - 1, 6))
    return window, sizes, "auto_pad" not in window and chance(rng, 0.4)


def draw_max(rng, group, number):
    window, sizes, ceil = draw_pool_window(rng)
    options = {"kind": "max", "ceil": ceil, "special": chance(rng, 0.1)}
    if chance(rng, 0.5):
        options.update(indices=pick(rng, ["int32", "int64"]), indices_flat=chance(rng, 0.5),
                       column_major=chance(rng, 0.3))
    return pool_problem(rng, group, number, window, sizes, options,
                        pick(rng, ["float32"] * 4 + ["float16", "float64", "int8", "uint8"]))


def draw_average(rng, group, number):
    window, sizes, ceil = draw_pool_window(rng)
    options = {"kind": pick(rng, ["avg", "avg-include-pad"]), "ceil": ceil}
    if chance(rng, 0.2):
        options["divisor"] = int(rng.integers(1, 12))
    return pool_problem(rng, group, number, window, sizes, options)


def draw_lp(rng, group, number):
    window, sizes, ceil = draw_pool_window(rng)
    return pool_problem(rng, group, number, window, sizes, {"kind": "lp", "ceil": ceil, "p": pick(rng, [1, 2, 3])})


def draw_adaptive(rng, group, number):
    rank = pick(rng, RANKS)
    sizes = numbers(rng, rank, 1, LARGEST["size"][rank])
    options = {"kind": pick(rng, ["max", "avg", "lp"]), "adaptive": True, "p": 2}
    if options["kind"] == "max" and chance(rng, 0.5):
        options["indices"] = "int64"
    return pool_problem(rng, group, number, {"output_size": numbers(rng, rank, 1, LARGEST["size"][rank])}, sizes,
                        options)


def draw_global(rng, group, number):
    rank = pick(rng, RANKS)
    options = {"kind": pick(rng, ["max", "avg", "lp"]), "whole": True, "p": pick(rng, [1, 2, 3])}
    return pool_problem(rng, group, number, {}, numbers(rng, rank, 1, LARGEST["size"][rank]), options)


# ---- The others -----------------------------------------------------------------------------------------------------


def draw_unpool(rng, group, number):
    """x_shape is the shape of the tensor that is pooled first, and comes back."""
    window, sizes, ceil = draw_pool_window(rng)
    shape = (*numbers(rng, 1, 1, 3), *numbers(rng, 1, 1, 9), *sizes)
    options = {"kind": "max", "ceil": ceil, "indices": pick(rng, ["int32", "int64"]),
               "indices_flat": chance(rng, 0.5), "nhwc": chance(rng, 0.3)}
    dtype = pick(rng, ["float32"] * 4 + ["float16", "float64", "int8", "uint8"])
    return Problem(group, number, 0, "unpool", dtype, shape, window, options)


def draw_columns(rng, group, number):
    """x_shape is the image's, also where columns are folded into it."""
    window, sizes = draw_window(rng, pick(rng, RANKS), lambda extent: min(extent, 4), automatic=0)
    return Problem(group, number, 0, pick(rng, ["fold", "unfold"]), draw_float(rng),
                   (*numbers(rng, 1, 1, 3), *numbers(rng, 1, 1, 5), *sizes), window)


def draw_reorder(rng, group, number):
    rank = pick(rng, RANKS)
    shape = (*numbers(rng, 1, 1, 3), *numbers(rng, 1, 1, 20), *numbers(rng, rank, 1, LARGEST["size"][rank]))
    dtype, to = pick(rng, [("float32", "float32"), ("float32", "float16"), ("float16", "float32"),
                           ("float64", "float32"), ("float32", "int8"), ("uint8", "float32"), ("uint8", "uint8")])
    problem = Problem(group, number, 0, "reorder", dtype, shape, {},
                      {"to": to, "via": pick(rng, [None, "nchw4c", "nchw8c", "nchw16c"])})
    for name in ("x", "y"):
        problem.layouts[name] = draw_layout(rng, rank, chance(rng, 0.4))
    return problem


DRAW = {"conv": draw_conv, "pad-modes": draw_pad_mode, "transposed": draw_transposed, "epilogues": draw_epilogue,
        "max": draw_max, "average": draw_average, "lp": draw_lp, "adaptive": draw_adaptive, "global": draw_global,
        "unpool": draw_unpool, "columns": draw_columns, "reorder": draw_reorder}


# ---- Arrays and smaller problems ------------------------------------------------------------------------------------


def arrays_of(problem):
    """The arrays of a problem: small integers, times powers of two where a function of them is to be interesting."""
    rng = generator(problem.seed, problem.group, "arrays", problem.number)
    dtype = np.dtype(problem.dtype)

    def integers(shape, low=-4, high=4):
        return rng.integers(low, high + 1, shape).astype(dtype)

    options = problem.options
    if problem.op == "fold":
        windows = math.prod(formulas.output_sizes(problem.sizes, problem.window))
        rows = problem.x_shape[1] * math.prod(problem.window["filter"])
        return {"x": integers((problem.x_shape[0], rows, windows))}
    low, high = (0, 200) if dtype == np.uint8 else (-100, 100) if dtype == np.int8 else (-9, 9)
    if problem.op != "conv":
        arrays = {"x": integers(problem.x_shape, low, high)}
        if options.get("special") and dtype.kind == "f":
            arrays["x"][rng.random(problem.x_shape) < 0.05] = np.nan
            arrays["x"][rng.random(problem.x_shape) < 0.3] = -np.inf
        return arrays
    c, k, groups = problem.x_shape[1], options["k"], options["groups"]
    filters = problem.window["filter"]
    shape = (c, k // groups, *filters) if options.get("transposed") else (k, c // groups, *filters)
    shrink = dtype.type(1 if options["activation"] in ("none", "relu") else 0.125)
    arrays = {"x": integers(problem.x_shape), "w": integers(shape) * shrink}
    if options.get("bias"):
        arrays["bias"] = integers(k)
    if options.get("scale"):
        arrays["scale"] = rng.choice(np.array([-1, 0.25, 0.5, 1, 2], dtype), k)
    if options["activation"] == "prelu":
        arrays["slope"] = rng.choice(np.array([-0.5, 0.25, 0.5], dtype), k)
    if options.get("residual"):
        sizes = (formulas.transposed_pads(problem.sizes, problem.window)[1] if options.get("transposed")
                 else formulas.output_sizes(problem.sizes, problem.window))
        arrays["residual"] = integers((problem.x_shape[0], k, *sizes))
    return arrays


def simpler(problem):
    """Problems that are a step simpler: one that still fails is the better report."""
    def with_options(**changes):
        return dataclasses.replace(problem, options={**problem.options, **changes})

    if problem.layouts and not all(layout == memory.dense(problem.rank + 2) for layout in problem.layouts.values()):
        yield dataclasses.replace(problem, layouts={})
    if problem.any_layout:
        yield dataclasses.replace(problem, any_layout=False)
    if problem.x_shape[0] > 1:
        yield dataclasses.replace(problem, x_shape=(1, *problem.x_shape[1:]))
    if problem.op in ("pool", "unpool", "reorder") and problem.x_shape[1] > 1:
        yield dataclasses.replace(problem, x_shape=(problem.x_shape[0], 1, *problem.sizes))
    if problem.dtype != "float32" and problem.op != "reorder":
        yield dataclasses.replace(problem, dtype="float32")
    for name in ("bias", "scale", "residual", "flip", "special", "column_major"):
        if problem.options.get(name):
            yield with_options(**{name: False})
    if problem.options.get("indices_flat"):
        yield with_options(indices_flat=False)
    if problem.options.get("indices") == "int32":
        yield with_options(indices="int64")
    if problem.options.get("activation", "none") != "none":
        yield with_options(activation="none")
