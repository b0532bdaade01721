"""Runs a problem in Tessera and compares the result with the rules and with ONNX Runtime."""
import math

import numpy as np

import formulas
import memory
import operators
import problems
import reference
import tessera

# Of functions that are not exact, relative and absolute: what rounding to the type and a few units of the last place in
# the function leave.
TOLERANCE = {"float32": (1e-5, 1e-6), "float16": (1e-3, 1e-6), "float64": (1e-11, 1e-11)}
# ONNX Runtime takes polynomials for some functions.
RUNTIME_TOLERANCE = (1e-4, 2e-6)


def is_exact(problem):
    if problem.op == "conv":
        return problem.options["activation"] in problems.EXACT
    return problem.options.get("kind") != "lp"


def _average(x, problem, places, pads):
    """Sums of integers are exact, and the division is rounded once: in float for halves too."""
    sums = formulas.windows(x.astype(np.float64), places, 0.0).sum(axis=-1)
    divisor = problem.options.get("divisor") or formulas.counts(places, problem.sizes, pads)
    wide = np.float64 if problem.dtype == "float64" else np.float32
    with np.errstate(invalid="ignore"):
        return np.where(np.asarray(divisor) == 0, wide(0), sums.astype(wide) / np.asarray(divisor, wide))


def _pool(problem, x):
    options, rank = problem.options, problem.rank
    pads = [0] * 2 * rank
    if options.get("whole"):
        places = [np.arange(size)[None] for size in problem.sizes]
    elif options.get("adaptive"):
        places = formulas.adaptive_places(problem.sizes, problem.window["output_size"])
    else:
        places = formulas.window_places(problem.sizes, problem.window, options["ceil"])
        if options["kind"] == "avg-include-pad":
            pads = formulas.resolved_pads(problem.sizes, problem.window)
    if options["kind"] == "max":
        y, positions = formulas.max_pool(x, places)
        counted = formulas.flat_positions(positions, x.shape, options.get("column_major", False))
        if not options.get("indices_flat"):
            planes = np.arange(x.shape[0] * x.shape[1]).reshape(*x.shape[:2], *[1] * rank)
            counted = np.where(counted < 0, -1, counted - planes * math.prod(problem.sizes))
        return {"y": y, "indices": counted} if options.get("indices") else {"y": y}
    if options["kind"] == "lp":
        powers = np.abs(formulas.windows(x.astype(np.float64), places, 0.0)) ** options["p"]
        return {"y": powers.sum(axis=-1) ** (1 / options["p"])}
    return {"y": _average(x, problem, places, pads)}


def _converted(x, to):
    if np.dtype(to).kind in "iu":
        limits = np.iinfo(to)
        return np.clip(np.rint(x.astype(np.float64)), limits.min, limits.max).astype(to)
    return x.astype(to)


def expected(problem, arrays):
    """The results that the rules give, by name, before they are rounded to the problem's type."""
    options, x = problem.options, arrays["x"]
    if problem.op == "pool":
        return _pool(problem, x)
    if problem.op == "unpool":
        return {"y": formulas.unpool(x, arrays["indices"], problem.sizes, options["indices_flat"])}
    if problem.op == "reorder":
        return {"y": _converted(x, options["to"])}
    wide = {name: array.astype(np.float64) for name, array in arrays.items()}
    if problem.op == "unfold":
        return {"y": formulas.unfold(wide["x"], problem.window)}
    if problem.op == "fold":
        return {"y": formulas.fold(wide["x"], problem.sizes, problem.window)}
    if options.get("transposed"):
        y = formulas.conv_transposed(wide["x"], wide["w"], problem.window, options["groups"], options["flip"])
    else:
        y = formulas.conv(wide["x"], wide["w"], problem.window, options["groups"], options.get("pad_mode", "zeros"),
                          options["flip"])
    return {"y": formulas.epilogue(y, wide, options["activation"], options.get("alpha", 0), options.get("beta", 0))}


def arrays_of(problem):
    """As problems.arrays_of(); an unpooling's are made by a pooling."""
    arrays = problems.arrays_of(problem)
    if problem.op == "unpool":
        pooled = _pool(problem, arrays["x"])
        return {"x": pooled["y"], "indices": pooled["indices"].astype(problem.options["indices"])}
    return arrays


# ---- In Tessera -----------------------------------------------------------------------------------------------------


def _laid(problem, name, array):
    return memory.place(array, problem.layouts.get(name))


def _run_conv(device, problem, arrays):
    options = {name: problem.options[name] for name in ("groups", "flip", "activation", "alpha", "beta", "pad_mode",
                                                        "transposed") if name in problem.options}
    window = {name: value for name, value in problem.window.items() if name != "filter"}
    more = {name: arrays[name] for name in ("scale", "bias", "slope") if name in arrays}
    if "residual" in arrays:
        more["residual"] = _laid(problem, "residual", arrays["residual"])
    return {"y": operators.conv(device, _laid(problem, "x", arrays["x"]), arrays["w"], **options, **window, **more,
                                y_layout=problem.layouts.get("y"), any_layout=problem.any_layout,
                                algorithm=problem.algorithm)}


def _run_pool(device, problem, arrays):
    options = {name: value for name, value in problem.options.items() if name not in ("kind", "special")}
    result = operators.pool(device, _laid(problem, "x", arrays["x"]), problem.options["kind"], **options,
                            **problem.window, y_layout=problem.layouts.get("y"), any_layout=problem.any_layout,
                            algorithm=problem.algorithm)
    return {"y": result[0], "indices": result[1]} if isinstance(result, tuple) else {"y": result}


def _run_unpool(device, problem, arrays):
    options = {name: problem.options[name] for name in ("indices_flat", "nhwc")}
    return {"y": operators.unpool(device, arrays["x"], arrays["indices"], problem.sizes, **options)}


def _run_reorder(device, problem, arrays):
    layout = problem.layouts.get("y") or memory.dense(problem.rank + 2)
    return {"y": operators.reorder(device, _laid(problem, "x", arrays["x"]), problem.options["to"], layout,
                                   via=problem.options["via"])}


RUN = {
    "conv": _run_conv, "pool": _run_pool, "unpool": _run_unpool, "reorder": _run_reorder,
    "unfold": lambda device, problem, arrays: {"y": operators.unfold(device, arrays["x"], **problem.window)},
    "fold": lambda device, problem, arrays: {"y": operators.fold(device, arrays["x"], problem.sizes,
                                                                 **problem.window)},
}


# ---- Comparing ------------------------------------------------------------------------------------------------------


def difference(got, wanted, tolerance):
    """None, or where and how much two arrays differ. Without a tolerance they have to be equal; a NaN equals a NaN."""
    if got.shape != wanted.shape:
        return f"its shape is {got.shape}, not {wanted.shape}"
    if tolerance is None:
        same = (got == wanted) | ((got != got) & (wanted != wanted))
    else:
        same = np.isclose(got, wanted, *tolerance, equal_nan=True)
    if same.all():
        return None
    at = tuple(int(i) for i in np.argwhere(~same)[0])
    return f"{(~same).sum()} of {same.size} elements differ; at {at} it is {got[at]!r}, not {wanted[at]!r}"


def result_failure(problem, name, got, wanted):
    """None, or how one of Tessera's results differs from the rules' before they are rounded to its type."""
    tolerance = None if name == "indices" or is_exact(problem) else TOLERANCE[problem.dtype]
    with np.errstate(over="ignore", invalid="ignore"):
        found = difference(got, wanted.astype(got.dtype), tolerance)
    return found and f"{name}: {found}"


def runtime_failure(problem, arrays, wanted):
    """None, or how ONNX Runtime differs from the rules."""
    try:
        results = reference.run(problem, arrays)
    except Exception as error:  # its exceptions have no type in common
        return f"ONNX Runtime fails: {error}"
    # It divides in other ways, of which some round twice.
    loose = not is_exact(problem) or problem.options.get("kind") in ("avg", "avg-include-pad")
    for name, result in (results or {}).items():
        found = difference(result.astype(wanted[name].dtype), wanted[name], RUNTIME_TOLERANCE if loose else None)
        if found:
            return f"ONNX Runtime's {name} is not what the rules say: {found}"
    return None


def failure(device, problem):
    """None, or what is wrong with the result."""
    arrays = arrays_of(problem)
    wanted = expected(problem, arrays)
    found = runtime_failure(problem, arrays, wanted)
    if found:
        return found
    try:
        results = RUN[problem.op](device, problem, arrays)
    except tessera.Error as error:
        return str(error)
    for name, tensor in results.items():
        found = result_failure(problem, name, tensor.view, wanted[name])
        if found:
            return found
        if not tensor.layout.dense and not tensor.surroundings_untouched():
            return f"{name}: something beside the view was written"
    return None


def shrunk(device, problem, text):
    """The simplest problem that still fails, one step at a time, and how it fails."""
    for candidate in problems.simpler(problem):
        found = failure(device, candidate)
        if found:
            return shrunk(device, candidate, found)
    return problem, text
