"""Tessera from Python: the library loaded with cffi from its headers, nothing else.

Environment: TESSERA_LIBRARY is the shared library, TESSERA_HEADER its header, beside which lies tessera_training.h;
TESSERA_TEST_DEVICE the device's selector, `cpu` where it is not set; TESSERA_TEST_CACHE a folder for built programs; CC
the C compiler whose preprocessor expands the headers.
"""
import os
import pathlib
import re
import subprocess

import cffi
import numpy as np

import memory

HEADER = pathlib.Path(os.environ["TESSERA_HEADER"])
AXES = 3

# What the header takes from OpenCL's: handles that are never looked into, and a number.
OPENCL_TYPES = """
typedef struct _cl_context *cl_context; typedef struct _cl_device_id *cl_device_id;
typedef struct _cl_command_queue *cl_command_queue; typedef struct _cl_mem *cl_mem;
typedef struct _cl_event *cl_event; typedef uint32_t cl_uint;
"""

DTYPES = {"float32": "TSR_F32", "float16": "TSR_F16", "float64": "TSR_F64", "int8": "TSR_I8", "uint8": "TSR_U8"}
INDEX_DTYPES = {"int32": "TSR_INDICES_I32", "int64": "TSR_INDICES_I64"}


class Error(Exception):
    """A call that failed, with the library's own words."""


def declarations(header):
    """A header as cffi reads it: preprocessed, without what it includes."""
    text = re.sub(r"^\s*#\s*include.*$", "", header.read_text(encoding="utf-8"), flags=re.MULTILINE)
    command = [os.environ.get("CC", "cc"), "-E", "-P", "-DTSR_API=", "-xc", "-"]
    return subprocess.run(command, input=text, capture_output=True, text=True, check=True).stdout


def _load():
    ffi = cffi.FFI()
    ffi.cdef(OPENCL_TYPES + declarations(HEADER) + declarations(HEADER.with_name("tessera_training.h")))
    return ffi, ffi.dlopen(os.environ["TESSERA_LIBRARY"])


FFI, LIB = _load()


def check(status):
    if status != LIB.TSR_OK:
        words = FFI.string(LIB.tsr_error_message()).decode()
        raise Error(f"{FFI.string(LIB.tsr_status_text(status)).decode()}: {words}")


def constant(prefix, name):
    """constant("TSR_PAD_", "same-upper") is TSR_PAD_SAME_UPPER."""
    return getattr(LIB, prefix + name.upper().replace("-", "_"))


def set_axes(field, values):
    """Sets the innermost axes of a field that has one number for each; the others keep their defaults."""
    for axis, value in enumerate(values):
        field[AXES - len(values) + axis] = int(value)


def set_window(problem, fields):
    """Moves stride, pads and so on, lists with a number for each spatial axis, out of `fields` into a problem."""
    for name in ("filter", "stride", "dilation", "output_padding", "output_size"):
        values = fields.pop(name, None)
        if values is not None:
            set_axes(getattr(problem, name), values)
    pads = fields.pop("pads", None)
    if pads is not None:
        half = len(pads) // 2
        set_axes(problem.pad_begin, pads[:half])
        set_axes(problem.pad_end, pads[half:])
    auto_pad = fields.pop("auto_pad", None)
    if auto_pad is not None:
        problem.auto_pad = constant("TSR_PAD_", auto_pad)


def set_strides(strides, tensor):
    """Strides of a view; what is dense says nothing."""
    if tensor is None or tensor.layout.dense:
        return
    elements = tensor.strides()
    strides.n = elements[0]
    strides.c = 0 if tensor.layout.nhwc else elements[1]
    set_axes(strides.size, elements[2:])


def layout_of(tensor):
    return LIB.TSR_LAYOUT_NHWC if tensor.layout.nhwc else LIB.TSR_LAYOUT_NCHW


def describe(shape, dtype, layout):
    """A dense tsr_tensor."""
    tensor = LIB.tsr_tensor_default()
    tensor.dtype = getattr(LIB, DTYPES[np.dtype(dtype).name])
    tensor.layout = layout
    tensor.n, tensor.c = int(shape[0]), int(shape[1])
    set_axes(tensor.size, shape[2:])
    return tensor


def as_planes(flat, shape, layout):
    """What the memory of a dense tensor holds, with the axes N, C, spatial; spare lanes are left out."""
    n, c, *size = shape
    if layout == LIB.TSR_LAYOUT_NHWC:
        return np.moveaxis(flat.reshape(n, *size, c), -1, 1)
    block = {LIB.TSR_LAYOUT_NCHW4C: 4, LIB.TSR_LAYOUT_NCHW8C: 8, LIB.TSR_LAYOUT_NCHW16C: 16}.get(layout, 1)
    lanes = np.moveaxis(flat.reshape(n, -1, *size, block), -1, 2)
    return lanes.reshape(n, -1, *size)[:, :c]


def read(handle, array):
    """Copies from a tsr_buffer."""
    check(LIB.tsr_buffer_read(handle, 0, FFI.from_buffer(array, require_writable=True), array.nbytes))


class Buffer:
    """Device memory that lives as long as this object."""

    def __init__(self, device, size):
        out = FFI.new("tsr_buffer **")
        check(LIB.tsr_buffer_create(device.context, size, out))
        self.handle = FFI.gc(out[0], LIB.tsr_buffer_destroy)

    def write(self, array):
        check(LIB.tsr_buffer_write(self.handle, 0, FFI.from_buffer(array), array.nbytes))

    def read(self, array):
        read(self.handle, array)

    def slice(self, offset):
        """A buffer over everything from `offset` on; it keeps the memory alive by itself."""
        out = FFI.new("tsr_buffer **")
        size = LIB.tsr_buffer_bytes(self.handle) - offset
        check(LIB.tsr_buffer_slice(self.handle, offset, size, out))
        return FFI.gc(out[0], LIB.tsr_buffer_destroy)


class Plan:
    """A plan with what it says of itself."""

    def __init__(self, make, *args):
        out = FFI.new("tsr_plan **")
        check(make(*args, out))
        self.handle = FFI.gc(out[0], LIB.tsr_plan_destroy)
        self.info = FFI.new("tsr_plan_info *")
        check(LIB.tsr_plan_describe(self.handle, self.info))
        self.algorithm = FFI.string(self.info.algorithm).decode()

    def run(self, **handles):
        args = FFI.new("tsr_args *")
        for name, handle in handles.items():
            if handle is not None:
                setattr(args, name, handle)
        check(LIB.tsr_plan_run(self.handle, args))


class Device:
    """A context and what can be asked of it. `algorithms` counts the runs of each."""

    def __init__(self, selector=None, cache=None):
        options = FFI.new("tsr_context_options *", LIB.tsr_context_options_default())
        folder = FFI.new("char[]", cache.encode()) if cache else FFI.NULL
        options.cache_folder = folder
        out = FFI.new("tsr_context **")
        check(LIB.tsr_context_create((selector or "cpu").encode(), options, out))
        self.context = FFI.gc(out[0], LIB.tsr_context_destroy)
        self.selector = selector or "cpu"
        self.name = FFI.string(LIB.tsr_context_device(self.context).name).decode()
        self.kind = LIB.tsr_context_device(self.context).kind
        self.algorithms = {}

    @property
    def is_host(self):
        return self.kind == LIB.TSR_DEVICE_HOST

    @property
    def is_cpu(self):
        return self.kind == LIB.TSR_DEVICE_CPU

    def upload(self, array):
        buffer = Buffer(self, array.nbytes)
        buffer.write(array)
        return buffer

    def plan(self, make, *args, algorithm=None):
        options = FFI.new("tsr_plan_options *", LIB.tsr_plan_options_default())
        name = FFI.new("char[]", algorithm.encode()) if algorithm else FFI.NULL
        options.algorithm = name
        plan = Plan(make, self.context, *args, options)
        self.algorithms[plan.algorithm] = self.algorithms.get(plan.algorithm, 0) + 1
        return plan

    def relaid(self, handle, source, target):
        """A buffer with the same tensor as `target` describes it; `handle` itself where that is no other way."""
        if source.layout == target.layout and source.dtype == target.dtype:
            return handle
        size = FFI.new("uint64_t *")
        check(LIB.tsr_tensor_bytes(FFI.new("tsr_tensor *", target), size))
        out = Buffer(self, size[0])
        plan = Plan(LIB.tsr_reorder_plan, self.context, FFI.new("tsr_tensor *", source),
                    FFI.new("tsr_tensor *", target), FFI.NULL)
        plan.run(x=handle, y=out.handle)
        return out.handle

    def execute(self, plan, inputs, y, indices=None, others=None):
        """Runs a plan on tensors in memory. `inputs` are x and residual, `others` arrays by the names of arguments."""
        handles, kept = {}, []
        for name, tensor in inputs.items():
            if tensor is None:
                continue
            kept.append(self.upload(tensor.storage))
            wanted = plan.info.x if name == "x" else plan.info.y
            held = describe(tensor.view.shape, tensor.view.dtype, layout_of(tensor))
            handles[name] = self.relaid(kept[-1].slice(tensor.offset), held, wanted)
        for name, array in (others or {}).items():
            if array is not None:
                kept.append(self.upload(np.ascontiguousarray(array)))
                handles[name] = kept[-1].handle
        if plan.info.y.layout != layout_of(y):
            self._run_elsewhere(plan, handles, y, indices)
            return
        targets = {"y": y} if indices is None else {"y": y, "indices": indices}
        buffers = {name: self.upload(tensor.storage) for name, tensor in targets.items()}
        handles.update({name: buffer.slice(targets[name].offset) for name, buffer in buffers.items()})
        plan.run(**handles)
        for name, tensor in targets.items():
            buffers[name].read(tensor.storage)

    def _run_elsewhere(self, plan, handles, y, indices):
        """Runs a plan that chose another layout than y's, dense both, and reorders what comes out."""
        handles["y"] = Buffer(self, plan.info.y_bytes).handle
        if indices is not None:
            positions = Buffer(self, plan.info.indices_bytes)
            handles["indices"] = positions.handle
        plan.run(**handles)
        out = self.relaid(handles["y"], plan.info.y, describe(y.view.shape, y.view.dtype, layout_of(y)))
        read(out, y.storage)
        if indices is not None:
            flat = np.empty(plan.info.indices_bytes // indices.view.itemsize, indices.view.dtype)
            positions.read(flat)
            indices.view[...] = as_planes(flat, indices.view.shape, plan.info.y.layout)


def output_shape(ask, problem, rank):
    """N, C and the spatial sizes that the library says a result has."""
    tensor = FFI.new("tsr_tensor *")
    check(ask(problem, tensor))
    return (tensor.n, tensor.c, *list(tensor.size)[AXES - rank:])


def as_tensor(value):
    return value if value is None or isinstance(value, memory.Tensor) else memory.place(np.ascontiguousarray(value))
