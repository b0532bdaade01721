"""tessera conv-backward: every gradient against reference.py, and what has none."""

import reference
from support import CommandTest

GRADIENTS = ["--dx", "dx.npy", "--dw", "dw.npy", "--db", "db.npy"]


class Gradients(CommandTest):
    def backward(self, x, w, dy, *arguments, descr="<f4"):
        """The gradients by x, w and a bias."""
        self.tensor("x.npy", x, descr)
        self.tensor("w.npy", w, descr)
        self.tensor("dy.npy", dy, descr)
        self.run_well("conv-backward", "dy.npy", "--x", "x.npy", "--w", "w.npy", *GRADIENTS, *arguments)
        return tuple(self.read(name, descr) for name in ("dx.npy", "dw.npy", "db.npy"))


class Golden(Gradients):
    def setUp(self):
        super().setUp()
        self.one = ((1, 1, 4), [1, 2, 3, 4]), ((1, 1, 2), [1, 10]), ((1, 1, 3), [1, 0, 2])

    def test_by_hand(self):
        self.assertEqual(self.backward(*self.one),
                         (((1, 1, 4), [1, 10, 2, 20]), ((1, 1, 2), [7, 10]), ((1,), [3])))

    def test_each_alone(self):
        """What is not asked for is not written."""
        together = dict(zip(("dx", "dw", "db"), self.backward(*self.one)))
        for name in together:
            (self.folder / f"{name}.npy").unlink()
        common = ["conv-backward", "dy.npy", "--x", "x.npy", "--w", "w.npy"]
        for name, expected in together.items():
            self.run_well(*common, f"--{name}", "alone.npy")
            self.assertEqual(self.read("alone.npy"), expected)
        self.assertEqual(set(self.contents()), {"x.npy", "w.npy", "dy.npy", "alone.npy"})

    def test_explain(self):
        """A list for each pass that is needed."""
        self.backward(*self.one)
        self.array("b.npy", (1,), [0])
        common = ["conv-backward", "dy.npy", "--x", "x.npy", "--w", "w.npy"]
        self.assertIn("backward-weights of conv:", self.explain(*common, "--dw", "dw.npy"))
        self.assertIn("backward-data of conv:", self.explain(*common, "--dx", "dx.npy"))
        self.assertIn("backward-activation of conv:", self.explain(*common, "--db", "db.npy"))
        told = self.command(*common, *GRADIENTS, "--activation", "relu", "--bias", "b.npy", "--explain", "--device",
                            "cpu").stderr
        self.assertEqual([line.split()[0] for line in told.splitlines() if " of conv:" in line],
                         ["backward-activation", "backward-data", "backward-weights"])

    def test_json(self):
        self.backward(*self.one)
        run = self.run_json("conv-backward", "dy.npy", "--x", "x.npy", "--w", "w.npy", "--dx", "dx.npy", "--dw",
                            "dw.npy", "--activation", "relu", "--algorithm", "reference")
        self.assertEqual((run["x"], run["w"], run["y"], run["dtype"]), ([1, 1, 4], [1, 1, 2], [1, 1, 3], "f32"))
        self.assertEqual(run["problem"], "conv:c1w4k1s2,relu")
        self.assertEqual([each["pass"] for each in run["passes"]],
                         ["forward", "backward-activation", "backward-data", "backward-weights"])
        self.assertEqual({each["algorithm"] for each in run["passes"][1:]}, {"reference"})


class Windows(Gradients):
    def check(self, x_shape, w_shape, arguments, *window, transposed=False, **options):
        x, w = reference.integers(x_shape, seed=1), reference.integers(w_shape, seed=2)
        products_of = reference.transposed_products if transposed else reference.conv_products
        y_shape, products = products_of(x_shape, w_shape, *window, **options)
        dy = reference.integers(y_shape, seed=3)
        with self.subTest(arguments=arguments):
            self.assertEqual(self.backward(x, w, dy, *arguments), reference.gradients(x, w, dy, products))

    def test_ranks(self):
        for x, w, arguments, window in self.some([
                ((1, 2, 4, 5, 6), (3, 2, 2, 3, 2), ["--pad", "1,0,1", "--stride", "2,1,2", "--dilation", "1,2,1"],
                 ([2, 1, 2], [1, 2, 1], [1, 0, 1], [1, 0, 1])),
                ((2, 2, 9), (6, 2, 3), ["--pad", "1,2", "--stride", 2], ([2], [1], [1], [2])),
                ((2, 3, 5, 5), (2, 3, 3, 3), [], ([1, 1], [1, 1], [0, 0], [0, 0]))]):
            self.check(x, w, arguments, *window)

    def test_groups_and_flip(self):
        self.check((2, 4, 5, 4), (6, 2, 3, 2), ["--groups", 2, "--flip"], [1, 1], [1, 1], [0, 0], [0, 0], groups=2,
                   flip=True)

    def test_pad_modes(self):
        for mode in self.some(("reflect", "replicate", "circular", "zeros")):
            self.check((2, 2, 5, 4), (2, 2, 3, 2), ["--pad", "1,2,3,1", "--pad-mode", mode, "--stride", "1,2"], [1, 2],
                       [1, 1], [1, 2], [3, 1], mode=mode)

    def test_auto_pad(self):
        self.check((1, 2, 5, 4), (2, 2, 3, 2), ["--auto-pad", "same-upper"], [1, 1], [1, 1], [1, 0], [1, 1])

    def test_transposed(self):
        for arguments, window, groups in self.some([
                (["--stride", 2, "--output-padding", "1,0", "--pad", "1,0"], ([2, 2], [1, 1], [1, 0], (6, 8)), 1),
                (["--dilation", 2, "--groups", 2], ([1, 1], [2, 2], [0, 0], (7, 6)), 2),
                (["--stride", 2, "--output-shape", "6,8"], ([2, 2], [1, 1], [1, 0], (6, 8)), 1)]):
            self.check((2, 4, 3, 4), (4, 3, 3, 2), ["--transposed", *arguments], *window, transposed=True,
                       groups=groups)


class Epilogue(Gradients):
    """v = scale * conv + bias + residual, and an activation of it."""

    def setUp(self):
        super().setUp()
        self.x, self.w = reference.integers((2, 2, 4, 3), seed=1), reference.integers((3, 2, 2, 2), seed=2)
        self.shape, self.products = reference.conv_products(self.x[0], self.w[0], [1, 1], [1, 1], [0, 0], [0, 0])
        self.dy, self.residual = reference.integers(self.shape, seed=3), reference.integers(self.shape, seed=4)
        self.scale, self.bias, self.slope = [2, -1, 0.5], [1, -2, 3], [0.5, 2, -1]
        self.array("a.npy", (3,), self.scale)
        self.array("b.npy", (3,), self.bias)
        self.array("s.npy", (3,), self.slope)
        self.tensor("r.npy", self.residual)
        self.everything = ["--scale", "a.npy", "--bias", "b.npy", "--residual", "r.npy"]

    def per_channel(self, numbers, values):
        return [numbers[i // 6 % 3] * value for i, value in enumerate(values)]

    def forward(self):
        """conv, and v."""
        conv = reference.conv(self.x, self.w, [1, 1], [1, 1], [0, 0], [0, 0])[1]
        return conv, [scaled + self.bias[i // 6 % 3] + self.residual[1][i]
                      for i, scaled in enumerate(self.per_channel(self.scale, conv))]

    def check(self, word, derivative, *arguments):
        """Every gradient, for dv = dy * derivative(v, channel)."""
        conv, v = self.forward()
        dv = [gradient * derivative(value, i // 6 % 3) for i, (gradient, value) in enumerate(zip(self.dy[1], v))]
        scaled = self.shape, self.per_channel(self.scale, dv)
        dx, dw, _ = reference.gradients(self.x, self.w, scaled, self.products)
        sums = reference.by_channel((self.shape, dv))
        found = self.backward(self.x, self.w, self.dy, *self.everything, "--activation", word, "--dscale", "da.npy",
                              "--dresidual", "dr.npy", *arguments)
        self.assertEqual(found, (dx, dw, sums))
        self.assertEqual(self.read("dr.npy"), (self.shape, dv))
        self.assertEqual(self.read("da.npy"), reference.by_channel((self.shape, [a * b for a, b in zip(dv, conv)])))

    def test_exact_activations(self):
        exact = {"relu": lambda v, _: v > 0, "relu6": lambda v, _: 0 < v < 6, "none": lambda v, _: 1,
                 "clip:-2,3": lambda v, _: -2 < v < 3, "leaky-relu:0.25": lambda v, _: 1 if v > 0 else 0.25}
        for word, derivative in self.some(exact.items()):
            with self.subTest(word=word):
                self.check(word, derivative)

    def test_slopes(self):
        self.check("prelu:s.npy", lambda v, channel: 1 if v > 0 else self.slope[channel], "--dslope", "ds.npy")
        _, v = self.forward()
        self.assertEqual(self.read("ds.npy"), reference.by_channel((self.shape, [
            gradient * min(value, 0) for gradient, value in zip(self.dy[1], v)])))

    def test_curved_activation(self):
        from math import exp

        _, v = self.forward()
        self.backward(self.x, self.w, self.dy, *self.everything, "--activation", "silu", "--dresidual", "dr.npy")
        for found, gradient, value in zip(self.read("dr.npy")[1], self.dy[1], v):
            s = 1 / (1 + exp(-value))
            self.assertAlmostEqual(found, gradient * s * (1 + value * (1 - s)), delta=2e-6 * max(1, abs(value)))


class LayoutsAndTypes(Gradients):
    def setUp(self):
        super().setUp()
        self.x, self.w = reference.integers((2, 3, 4, 5), seed=1), reference.integers((4, 3, 2, 2), seed=2)
        self.bias = [1, -2, 0, 3]
        shape, products = reference.conv_products(self.x[0], self.w[0], [1, 1], [1, 1], [0, 0], [0, 0])
        self.dy, y = reference.integers(shape, seed=3), reference.conv(self.x, self.w, [1, 1], [1, 1], [0, 0], [0, 0])
        masked = shape, [gradient * (v + self.bias[i // 12 % 4] > 0)
                         for i, (gradient, v) in enumerate(zip(self.dy[1], y[1]))]
        self.expected = reference.gradients(self.x, self.w, masked, products)
        self.options = ["--activation", "relu", "--bias", "b.npy"]

    def test_channels_last(self):
        self.array("b.npy", (4,), self.bias)
        dx, dw, db = self.backward(reference.channels_last(self.x), self.w, reference.channels_last(self.dy),
                                   *self.options, "--layout", "nhwc")
        self.assertEqual((dx, dw, db), (reference.channels_last(self.expected[0]), *self.expected[1:]))

    def test_any_layout(self):
        self.array("b.npy", (4,), self.bias)
        self.assertEqual(self.backward(self.x, self.w, self.dy, *self.options, "--layout", "any"), self.expected)

    def test_types(self):
        for word, descr in self.some((("f16", "<f2"), ("f64", "<f8"))):
            if word == "f16" or self.device_has("fp64"):
                self.array("b.npy", (4,), self.bias, descr)
                self.assertEqual(self.backward(self.x, self.w, self.dy, *self.options, "--dtype", word, descr=descr),
                                 self.expected)


class Refusals(CommandTest):
    """Old output files are in the folder each time: they must stay as they are."""

    def setUp(self):
        super().setUp()
        for name in ("dx.npy", "dw.npy", "db.npy"):
            (self.folder / name).write_bytes(b"old")
        self.array("x.npy", (1, 4, 5, 6), [1] * 120)
        self.array("w.npy", (2, 4, 3, 3), [1] * 72)
        self.array("dy.npy", (1, 2, 3, 4), [1] * 24)
        self.array("two.npy", (2,), [1] * 2)
        self.array("five.npy", (5,), [1] * 5)

    def refuse_backward(self, *arguments, words=(), dy="dy.npy", x="x.npy", w="w.npy", outputs=GRADIENTS):
        self.refuse("conv-backward", dy, "--x", x, "--w", w, "--device", "cpu", *outputs, *arguments, words=words)

    def test_gradients_of_what_is_not_there(self):
        self.refuse_backward(outputs=[], words=["--dx", "--dw", "--db"])
        self.refuse_backward("--dscale", "new.npy", words=["--dscale", "--scale"])
        self.refuse_backward("--dslope", "new.npy", "--activation", "relu", "--bias", "two.npy",
                             words=["--dslope", "prelu:S.npy"])
        self.refuse_backward("--dresidual", "new.npy", words=["--dresidual", "--residual"])
        self.refuse_backward("--activation", "relu", words=["--db", "--bias", "--activation"])

    def test_shapes(self):
        for axis, shape in enumerate(((2, 2, 3, 4), (1, 3, 3, 4), (1, 2, 5, 4), (1, 2, 3, 6))):
            self.array("wrong.npy", shape, [1] * 200)
            self.refuse_backward(dy="wrong.npy", words=["DY", f"axis {axis}", str(shape[axis]), "NCHW"[axis],
                                                        str((1, 2, 3, 4)[axis])])
        self.refuse_backward("--stride", 2, words=["DY", "axis 2 (H)", "3", "2"])
        self.refuse_backward(dy="two.npy", words=["two.npy", "1 axes", "4 (NCHW)"])
        self.refuse_backward("--scale", "five.npy", words=["--scale", "5", "2"])
        self.refuse_backward("--layout", "nhwc", words=["W has 4", "X has 6"])

    def test_arrays(self):
        self.refuse_backward(dy="missing.npy", words=["missing.npy"])
        self.refuse_backward(x="missing.npy", words=["missing.npy"])
        self.refuse_backward(w="missing.npy", words=["missing.npy"])
        self.array("half.npy", (1, 2, 3, 4), [1] * 24, descr="<f2")
        self.refuse_backward(dy="half.npy", words=["half.npy", "<f2", "<f4", "x.npy"])
        self.refuse_backward("--dtype", "f64", words=["x.npy", "--dtype", "<f8"])

    def test_options(self):
        """Those of conv are checked as conv checks them."""
        self.refuse_backward("--stride", 0, words=["--stride", "0", "1 or more"])
        self.refuse_backward("--output-padding", 1, words=["--output-padding", "--transposed"])
        self.refuse_backward("--activation", "swish!", words=["--activation", "swish!"])
        self.refuse_backward("--algorithm", "nonsense", words=["nonsense"])
        self.refuse_backward("--dilation", 3, words=["7", "5"])

    def test_all_files_or_none(self):
        (self.folder / "folder").mkdir()
        for output in ("nowhere/d.npy", "folder", "/dev/null"):
            for option in ("--dx", "--dw", "--db"):
                outputs = [output if GRADIENTS[i - 1] == option else word for i, word in enumerate(GRADIENTS)]
                self.refuse_backward(outputs=outputs, words=[output])
        self.refuse_backward(outputs=["--dx", "dx.npy", "--db", "./dx.npy"], words=["dx.npy", "one file"])
        self.refuse_backward(outputs=["--dw", "new.npy", "--dx", "dx.npy", "--db", "new.npy"],
                             words=["new.npy", "one file"])
