"""Random problems whose gradients Tessera and JAX compute, and how they compare. That by a residual is dv.

Every JAX program costs a tenth of a second to compile, so a few problems, which differ in numbers, type and memory,
share each: a *form*.
"""
import dataclasses

import numpy as np

import backward
import checks
import derivatives
import formulas
import problems
import tessera
from problems import chance, generator, pick

# How many problems of each group a run has: 1,000 together.
GROUPS = {"conv": 240, "pad-modes": 120, "transposed": 160, "epilogues": 160, "max": 120, "max-ties": 40, "average": 80,
          "lp": 40, "adaptive": 20, "global": 20}
PER_FORM = 10
# Of one form in so many the first problem takes what the library chooses, also on OpenCL devices: see problems.py.
OWN_CHOICE = 10
# The groups whose problems have several types, for each of which kernels are built.
TYPED = {"conv", "max"}

# The activations whose derivative Tessera takes from y too; the others want v.
FROM_Y = {"relu", "relu6", "clip", "leaky-relu", "sigmoid", "tanh", "hard-sigmoid", "elu", "softplus"}


# ---- Drawing --------------------------------------------------------------------------------------------------------


def _draw_form(seed, group, form):
    rng = generator(seed, "gradients", group, form)
    if group == "epilogues":
        chosen = form + (problems.EPILOGUES_PER_TYPE if form % 4 == 3 else 0)  # every fourth in another type than f32
        return problems.epilogue_problem(rng, group, form, chosen)
    problem = None
    while problem is None or (group == "max-ties" and set(problem.window["dilation"]) != {1}):
        problem = problems.DRAW[group.removesuffix("-ties")](rng, group, form)
    return problem


def _is_rounding(problem):
    """Whether results are rounded before they are summed: in halves that leaves no useful bound."""
    return not checks.is_exact(problem)


def draw(seed, group, number, is_host):
    form = number // PER_FORM
    problem = _draw_form(seed, group, form)
    problem.seed, problem.number = seed, number
    problem.options["residual"] = problem.options["special"] = False
    rng = generator(seed, "gradients", group, "memory", number)
    problem.layouts = {}
    problems.draw_memory(rng, problem, ["x", "y"])
    problem.any_layout = problem.any_layout and not problem.options.get("indices")  # a reorder takes no indices
    own = form % OWN_CHOICE == 0 and number % PER_FORM == 0
    if group != "epilogues":  # which bring theirs
        problem.dtype = problems.draw_float(rng) if group in TYPED and not own else "float32"
    if _is_rounding(problem) and problem.dtype == "float16":
        problem.dtype = "float32"
    own = own or is_host
    problem.algorithm = None if own else "reference"
    return problem


# ---- Arrays ---------------------------------------------------------------------------------------------------------


def _distinct(rng, shape):
    """Integers around 0, no two of which are equal in a plane."""
    plane = int(np.prod(shape[2:]))
    planes = [rng.permutation(plane) - plane // 2 for _ in range(shape[0] * shape[1])]
    return np.array(planes).reshape(shape)


def _pool_arrays(problem, rng):
    kind, shape = problem.options["kind"], problem.x_shape
    dtype = np.dtype(problem.dtype)
    if kind == "lp":
        x = rng.integers(1, 10, shape) * rng.choice([-1, 1], shape)  # the norm has no derivative at 0
    elif kind == "max" and problem.group != "max-ties":
        x = _distinct(rng, shape)
    else:
        x = rng.integers(-3, 4, shape)
    arrays = {"x": x.astype(dtype)}
    results = checks.expected(problem, arrays)
    dy = rng.integers(-4, 5, results["y"].shape)
    if kind.startswith("avg"):
        dy = dy * derivatives.divisors(problem)  # so that the division is exact
    arrays["dy"] = dy.astype(dtype)
    if kind == "lp":
        arrays["y"] = results["y"].astype(dtype)
    if "indices" in results:
        arrays["indices"] = results["indices"].astype(problem.options["indices"])
    return arrays


def _without_activation(problem):
    return dataclasses.replace(problem, options={**problem.options, "activation": "none"})


def _conv_arrays(problem, rng, flags):
    """Those of the forward pass, y as the flags say, dy, and under "v" how far rounding to the type moved v."""
    options, dtype = problem.options, np.dtype(problem.dtype)
    arrays = problems.arrays_of(problem)
    exact = checks.expected(_without_activation(problem), arrays)["y"]
    v = exact.astype(dtype)
    wide = {name: array.astype(np.float64) for name, array in arrays.items() if name == "slope"}
    y = formulas.epilogue(v.astype(np.float64), wide, options["activation"], options.get("alpha", 0),
                          options.get("beta", 0))
    dy = rng.integers(-4, 5, v.shape)
    for kink in derivatives.KINKS.get(options["activation"], lambda a, b: ())(options.get("alpha", 0),
                                                                              options.get("beta", 0)):
        dy[v == dtype.type(kink)] = 0
    return {**arrays, "y": v if flags["from_v"] else y.astype(dtype), "dy": dy.astype(dtype),
            "v": v.astype(np.float64) - exact}


def _flags(problem, rng):
    """How the passes are asked, for which kernels are built: from v or y, and whether they add."""
    from_y = problem.options["activation"] in FROM_Y and (problem.group == "conv" or problem.number // PER_FORM % 2 > 0)
    adds = problem.group == "conv" and problem.dtype == "float32" and chance(rng, 0.3)
    return {"from_v": not from_y, "accumulate": adds}


def _starts(problem, arrays, rng, accumulate):
    """What the sums begin with: integers to add to, else what is to be overwritten."""
    names = ["w"] + [name for name in ("scale", "bias", "slope") if name in arrays]
    return {f"d{name}": rng.integers(-9, 10, arrays[name].shape).astype(problem.dtype) if accumulate
            else np.full(arrays[name].shape, np.nan, problem.dtype) for name in names}


# ---- Comparing ------------------------------------------------------------------------------------------------------


def _difference(problem, got, wanted):
    """Without activations that are not exact bits are compared; else what the forward pass is allowed, but relative to
    the largest element, because the terms of a sum may cancel each other."""
    tolerance = None
    if _is_rounding(problem):
        relative = checks.TOLERANCE[problem.dtype][0]
        tolerance = (relative, relative * float(np.abs(wanted).max()))
    return checks.difference(got, wanted.astype(got.dtype), tolerance)


class Comparison:
    """Problems against JAX. `programs` are its programs by group and form."""

    def __init__(self, device):
        self.device, self.programs = device, {}

    def _ask_jax(self, problem, arrays):
        form = (problem.group, problem.number // PER_FORM)
        if form not in self.programs:
            self.programs[form] = derivatives.program(problem)
        given = {name: arrays[name].astype(np.float64) for name in ("x", "w", "scale", "bias", "slope", "v")
                 if name in arrays}
        found = self.programs[form](given, arrays["dy"].astype(np.float64))
        return {f"d{name}": np.asarray(gradient) for name, gradient in found.items()}

    def failure(self, problem):
        """None, or what is wrong with a gradient."""
        rng = generator(problem.seed, "gradients", problem.group, "arrays", problem.number)
        try:
            if problem.op == "pool":
                arrays, start = _pool_arrays(problem, rng), {}
                results = backward.pool(self.device, problem, arrays)
            else:
                flags = _flags(problem, rng)
                arrays = _conv_arrays(problem, rng, flags)
                start = _starts(problem, arrays, rng, flags["accumulate"])
                results = backward.conv(self.device, problem, arrays, flags, start)
        except tessera.Error as error:
            return str(error)
        wanted = self._ask_jax(problem, arrays)
        for name, result in results.items():
            tensor = isinstance(result, np.ndarray)
            base = start[name].astype(np.float64) if name in start and flags["accumulate"] else 0
            found = _difference(problem, result if tensor else result.view, wanted[name] + base)
            if found:
                return f"{name}: {found}"
            if not tensor and not result.layout.dense and not result.surroundings_untouched():
                return f"{name}: something beside the view was written"
        return None
