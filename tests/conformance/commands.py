"""A failing problem as a `tessera` command, with its arrays in files."""
import shlex

import numpy as np

WITH_NUMBERS = {"leaky-relu": ("alpha",), "elu": ("alpha",), "clip": ("alpha", "beta"),
                "hard-sigmoid": ("alpha", "beta")}
DTYPES = {"float32": "f32", "float16": "f16", "float64": "f64"}


def listed(values):
    return ",".join(str(value) for value in values)


def window_options(window):
    """Stride, pads and so on, those that are given."""
    names = {"stride": "--stride", "dilation": "--dilation", "pads": "--pad", "output_padding": "--output-padding",
             "output_size": "--output-shape"}
    options = [part for name, option in names.items() if window.get(name) for part in (option, listed(window[name]))]
    return options + (["--auto-pad", window["auto_pad"]] if window.get("auto_pad") else [])


def is_nhwc(problem):
    return any(layout.nhwc for layout in problem.layouts.values()) or bool(problem.options.get("nhwc"))


def common_options(problem, device):
    options = ["--device", device.selector]
    if problem.dtype in DTYPES:
        options += ["--dtype", DTYPES[problem.dtype]]
    if problem.algorithm:
        options += ["--algorithm", problem.algorithm]
    layout = "nhwc" if is_nhwc(problem) else "any" if problem.any_layout else "nchw"
    return options + ["--layout", layout]


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


def command_words(problem, files):
    if problem.op == "conv":
        return conv_command(problem, files)
    if problem.op == "pool":
        return pool_command(problem, files)
    if problem.op == "unpool":
        return ["unpool", files["x"], files["indices"], "-o", files["y"], "--size", listed(problem.sizes)]
    if problem.op == "reorder":
        x, y = (("nhwc" if name in problem.layouts and problem.layouts[name].nhwc else "nchw") for name in ("x", "y"))
        return ["reorder", files["x"], "-o", files["y"], "--from", x, "--to", y]
    return None


def save(problem, device, arrays, wanted, folder):
    """Writes the arrays and what was wanted; the line that runs the problem, with what a line cannot say behind it."""
    folder.mkdir(parents=True, exist_ok=True)
    files = {name: str(folder / f"{name}.npy") for name in [*arrays, "y", "indices"]}
    nhwc = is_nhwc(problem)
    for name, array in {**arrays, **{f"wanted_{name}": array for name, array in wanted.items()}}.items():
        spatial = array.ndim == problem.rank + 2 and name not in ("w", "scale", "bias", "slope")
        stored = np.moveaxis(array, 1, -1) if nhwc and spatial else array
        np.save(folder / f"{name}.npy", np.ascontiguousarray(stored))
    words = command_words(problem, files)
    if words is None:
        return f"(no command does this; the arrays are in {folder})"
    notes = [f"{name} is a view: {layout}" for name, layout in problem.layouts.items() if not layout.dense]
    if len({layout.nhwc for layout in problem.layouts.values()}) > 1 and problem.op != "reorder":
        notes.append("x and y differ in their layouts")
    line = shlex.join(["tessera", *words, *(common_options(problem, device) if problem.op in ("conv", "pool") else [])])
    return line + "".join(f"  # {note}" for note in notes)
