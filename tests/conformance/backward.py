"""Tessera's backward passes on the arrays of a random problem."""
import numpy as np

import memory
import operators
from tessera import FFI, LIB, Buffer, describe, layout_of, read


def _planned(plan, name):
    return plan.info.x if name in ("x", "dx") else plan.info.y


class Run:
    """One run of a pass: what it is given, and what it writes."""

    def __init__(self, device, plan):
        self.device, self.plan = device, plan
        self.handles, self.kept, self.written = {}, [], []

    def give(self, name, tensor):
        """A tensor in memory, reordered where the plan chose another layout."""
        self.give_as_is(name, tensor)
        held = describe(tensor.view.shape, tensor.view.dtype, layout_of(tensor))
        self.handles[name] = self.device.relaid(self.handles[name], held, _planned(self.plan, name))

    def give_as_is(self, name, tensor):
        self.kept.append(self.device.upload(tensor.storage))
        self.handles[name] = self.kept[-1].slice(tensor.offset)

    def give_numbers(self, **arrays):
        for name, array in arrays.items():
            self.kept.append(self.device.upload(np.ascontiguousarray(array)))
            self.handles[name] = self.kept[-1].handle

    def take(self, name, tensor):
        """A tensor that the pass writes: into its own memory where the plan has its layout, else reordered at last."""
        planned = _planned(self.plan, name)
        if planned.layout == layout_of(tensor):
            buffer = self.device.upload(tensor.storage)
            self.handles[name] = buffer.slice(tensor.offset)
            self.written.append(lambda: buffer.read(tensor.storage))
            return
        buffer = Buffer(self.device, operators.bytes_of(planned))
        held = describe(tensor.view.shape, tensor.view.dtype, layout_of(tensor))
        self.handles[name] = buffer.handle
        self.written.append(lambda: read(self.device.relaid(buffer.handle, planned, held), tensor.storage))

    def take_numbers(self, **arrays):
        """Arrays that the pass writes, or adds to."""
        for name, array in arrays.items():
            buffer = self.device.upload(array)
            self.handles[name] = buffer.handle
            self.written.append(lambda buffer=buffer, array=array: buffer.read(array))

    def run(self):
        self.plan.run(**self.handles)
        for read in self.written:
            read()


def _empty_like(tensor):
    return memory.empty(tensor.view.shape, tensor.view.dtype, tensor.layout)


def conv(device, problem, arrays, flags, start):
    """The gradients of a convolution, by name: memory.Tensor of dx and dv, arrays of the rest. `arrays` has x, w, dy,
    what comes behind, and where there is an activation y, which is v where flags say from_v. `start` is what the sums
    are added to where flags say accumulate."""
    options = problem.options
    x, dy = (memory.place(arrays[name], problem.layouts.get(as_name)) for name, as_name in (("x", "x"), ("dy", "y")))
    forward = operators.conv_problem(
        x, arrays["w"], present=[name for name in ("scale", "bias") if name in arrays],
        **{name: value for name, value in problem.window.items() if name != "filter"},
        **{name: options[name] for name in ("groups", "flip", "activation", "alpha", "beta", "pad_mode", "transposed")
           if name in options})
    operators.set_layouts(forward, x, dy, problem.any_layout)
    backward = FFI.new("tsr_conv_backward *", LIB.tsr_conv_backward_default())
    backward.forward = forward[0]
    backward.accumulate, backward.from_v = flags["accumulate"], flags["from_v"]
    results = {name: values.copy() for name, values in start.items()}
    active = options["activation"] != "none"
    early = {name for name in ("dbias", "dslope") if name in results and active}

    def begin(make, names):
        for name in ("dbias", "dscale", "dslope"):
            setattr(backward, name, name in names)
        run = Run(device, device.plan(make, backward, algorithm=problem.algorithm))
        run.take_numbers(**{name: results[name] for name in names})
        return run

    dv = dy
    if active:
        run = begin(LIB.tsr_conv_backward_activation_plan, early)
        dv = results["dv"] = _empty_like(dy)
        run.give("dy", dy)
        run.give("y", memory.place(arrays["y"], dy.layout))
        run.give_numbers(**{name: arrays[name] for name in ("slope",) if name in arrays})
        run.take("dv", dv)
        run.run()
    run = begin(LIB.tsr_conv_backward_data_plan, set())
    numbers = {name: arrays[name] for name in ("w", "scale") if name in arrays}
    results["dx"] = _empty_like(x)
    run.give("dv", dv)
    run.give_numbers(**numbers)
    run.take("dx", results["dx"])
    run.run()
    run = begin(LIB.tsr_conv_backward_weights_plan, set(start) - early)
    run.give("x", x)
    run.give("dv", dv)
    run.give_numbers(**numbers)
    run.run()
    return results


def pool(device, problem, arrays):
    """dx of a pooling, from the indices of a forward pass where the problem has some."""
    options = {name: value for name, value in problem.options.items() if name not in ("kind", "special")}
    x, dy = (memory.place(arrays[name], problem.layouts.get(as_name)) for name, as_name in (("x", "x"), ("dy", "y")))
    forward = operators.pool_problem(x, problem.options["kind"], **options, **problem.window)
    operators.set_layouts(forward, x, dy, problem.any_layout)
    run = Run(device, device.plan(LIB.tsr_pool_backward_plan, forward, algorithm=problem.algorithm))
    run.give("x", x)
    run.give("dy", dy)
    if "y" in arrays:
        run.give("y", memory.place(arrays["y"], dy.layout))
    if "indices" in arrays:
        run.give_as_is("indices", memory.place(arrays["indices"], dy.layout))
    dx = _empty_like(x)
    run.take("dx", dx)
    run.run()
    return {"dx": dx}
