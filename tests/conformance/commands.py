"""A failing problem as a `tessera` command, with its arrays in files."""
import shlex

import numpy as np

WITH_NUMBERS = {"leaky-relu": ("alpha",), "elu": ("alpha",), "clip": ("alpha", "beta"),
                "hard-sigmoid": ("alpha", "beta")}
DTYPES = {"float32": "f32", "float16": "f16", "float64": "f64", "int8": "i8", "uint8": "u8"}


def listed(values):
    return ",".join(str(value) for value in values)


def window_options(window):
    """Stride, pads and so on, those that are given."""
    names = {"stride": "--stride", "dilation": "--dilation", "pads": "--pad", "output_padding": "--output-padding",
             "output_size": "--output-shape"}
    options = [part for name, option in names.items() if window.get(name) for part in (option, listed(window[name]))]
    return options + (["--auto-pad", window["auto_pad"]] if window.get("auto_pad") else [])


def is_nhwc(problem, name="y"):
    return bool(problem.options.get("nhwc")) or (name in problem.layouts and problem.layouts[name].nhwc)


def common_options(problem, device):
    options = ["--device", device.selector]
    if problem.algorithm:
        options += ["--algorithm", problem.algorithm]
    return options + ["--layout", "nhwc" if is_nhwc(problem) else "any" if problem.any_layout else "nchw"]


def conv_command(problem, files):
    options = problem.options
    words = ["conv", files["x"], files["w"], "-o", files["y"]]
    for name in ("bias", "scale", "residual"):
        if name in files:
            words += [f"--{name}", files[name]]
    activation = options["activation"]
    if activation == "prelu":
        activation += ":" + files["slope"]
    elif activation in WITH_NUMBERS:
        activation += ":" + listed(options[name] for name in WITH_NUMBERS[activation])
    words += ["--activation", activation, "--groups", str(options["groups"])]
    words += ["--pad-mode", options["pad_mode"]] if options.get("pad_mode") else []
    words += [f"--{name}" for name in ("transposed", "flip") if options.get(name)]
    return words + window_options(problem.window)


def pool_command(problem, files):
    options, window = problem.options, dict(problem.window)
    words = ["pool", files["x"], "-o", files["y"], "--kind", options["kind"].split("-")[0]]
    words += ["--count-include-pad"] if options["kind"] == "avg-include-pad" else []
    if options.get("adaptive"):
        words += ["--adaptive", listed(window.pop("output_size"))]
    elif options.get("whole"):
        words += ["--global"]
    else:
        words += ["--kernel", listed(window["filter"])]
    words += ["--ceil"] if options.get("ceil") else []
    words += ["--divisor", str(options["divisor"])] if options.get("divisor") else []
    words += ["--p", str(options["p"])] if options["kind"] == "lp" else []
    words += ["--indices", files["indices"]] if options.get("indices") else []
    return words + window_options(window)


def reorder_commands(problem, files, device):
    """One command, or two where a problem passes through a layout between."""
    x, y = ("nhwc" if is_nhwc(problem, name) else "nchw" for name in ("x", "y"))
    via, last = problem.options["via"], ["--to-dtype", DTYPES[problem.options["to"]], "--device", device.selector]
    if via is None:
        return [["reorder", files["x"], "-o", files["y"], "--from", x, "--to", y, *last]]
    return [["reorder", files["x"], "-o", files["between"], "--from", x, "--to", via, "--device", device.selector],
            ["reorder", files["between"], "-o", files["y"], "--from", via, "--channels", str(problem.x_shape[1]),
             "--to", y, *last]]


def commands_of(problem, files, device):
    """The words of each command, none where the command has no such operator."""
    if problem.op == "conv":
        return [conv_command(problem, files) + common_options(problem, device)]
    if problem.op == "pool":
        return [pool_command(problem, files) + common_options(problem, device)]
    if problem.op == "unpool":
        return [["unpool", files["x"], files["indices"], "-o", files["y"], "--output-shape", listed(problem.sizes),
                 *common_options(problem, device)]]
    return reorder_commands(problem, files, device) if problem.op == "reorder" else []


def unsaid(problem):
    """What a command cannot say of a problem: it runs without that."""
    notes = [f"{name} is a view: {layout}" for name, layout in problem.layouts.items() if not layout.dense]
    if len({layout.nhwc for layout in problem.layouts.values()}) > 1 and problem.op != "reorder":
        notes.append("x and y differ in their layouts")
    if problem.options.get("indices") == "int32":
        notes.append("indices are int32")
    return notes + [f"indices are {name.removeprefix('indices_')}" for name in ("indices_flat", "column_major")
                    if problem.options.get(name)]


def as_command_counts(problem, arrays):
    """Arrays with positions as the command has them: int64, in the plane, row-major. A problem that wants others gets
    them from a shape and these."""
    if "indices" not in arrays:
        return arrays
    indices, (n, c) = arrays["indices"].astype(np.int64), problem.x_shape[:2]
    if problem.options.get("indices_flat"):
        planes = np.arange(n * c).reshape(n, c, *[1] * problem.rank) * int(np.prod(problem.sizes))
        indices = np.where(indices < 0, -1, indices - planes)
    if problem.options.get("column_major"):
        coordinates = np.unravel_index(np.maximum(indices, 0), problem.sizes[::-1])
        indices = np.where(indices < 0, -1, np.ravel_multi_index(coordinates[::-1], problem.sizes))
    return {**arrays, "indices": indices}


def is_stored_nhwc(problem, name, array):
    spatial = array.ndim == problem.rank + 2 and name != "w"
    return spatial and is_nhwc(problem, "x" if name == "x" and problem.op == "reorder" else "y")


def store(problem, name, array, path):
    nhwc = is_stored_nhwc(problem, name, array)
    np.save(path, np.ascontiguousarray(np.moveaxis(array, 1, -1) if nhwc else array))


def load(problem, name, folder):
    array = np.load(folder / f"{name}.npy")
    return np.moveaxis(array, -1, 1) if is_stored_nhwc(problem, name, array) else array


def save(problem, device, arrays, wanted, folder):
    """Writes the arrays and what is wanted, and returns the line that runs the problem, with what a line cannot say
    behind it."""
    folder.mkdir(parents=True, exist_ok=True)
    files = {name: str(folder / f"{name}.npy") for name in [*arrays, "y", "indices", "between"]}
    for name, array in as_command_counts(problem, arrays).items():
        store(problem, name, array, files[name])
    for name, array in as_command_counts(problem, wanted).items():
        store(problem, name, array, folder / f"wanted_{name}.npy")
    lines = [shlex.join(["tessera", *words]) for words in commands_of(problem, files, device)]
    if not lines:
        return f"(no command does this; the arrays are in {folder})"
    return " && ".join(lines) + "".join(f"  # {note}" for note in unsaid(problem))
