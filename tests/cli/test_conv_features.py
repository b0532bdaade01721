"""tessera conv: ranks, padding modes, transposed convolution, layouts and types, against reference.py."""

import reference
from support import DEVICE, CommandTest


class Features(CommandTest):
    def conv(self, x, w, *arguments, descr="<f4"):
        """The result for these tensors."""
        self.tensor("x.npy", x, descr)
        self.tensor("w.npy", w, descr)
        self.run_well("conv", "x.npy", "w.npy", "-o", "y.npy", *arguments)
        return self.read("y.npy", descr)


class Windows(Features):
    def test_ranks(self):
        x, w = reference.integers((2, 4, 9)), reference.integers((6, 2, 3))
        self.assertEqual(self.conv(x, w, "--pad", "1,2", "--stride", 2, "--groups", 2),
                         reference.conv(x, w, [2], [1], [1], [2], groups=2))
        x, w = reference.integers((1, 2, 4, 5, 6)), reference.integers((3, 2, 2, 3, 2))
        strided = ["--pad", "1,0,1", "--stride", "2,1,2", "--dilation", "1,2,1"]
        for arguments, stride, dilation, begin, end in self.some([
                (strided, [2, 1, 2], [1, 2, 1], [1, 0, 1], [1, 0, 1]),
                ([], [1] * 3, [1] * 3, [0] * 3, [0] * 3),
                (["--pad", "1,0,2,0,1,0"], [1] * 3, [1] * 3, [1, 0, 2], [0, 1, 0])]):
            self.assertEqual(self.conv(x, w, *arguments), reference.conv(x, w, stride, dilation, begin, end))

    def test_one_number_stands_for_the_axes_that_there_are(self):
        """A 2-D problem must not be padded or strided on an axis that it has not."""
        for shape in self.some(((1, 1, 3, 3), (1, 1, 3), (1, 1, 3, 3, 3))):
            self.array("x.npy", shape, [1] * 27)
            self.array("w.npy", (1,) * len(shape), [1])
            self.run_well("conv", "x.npy", "w.npy", "-o", "y.npy", "--pad", 1, "--stride", 2)
            self.assertEqual(self.read("y.npy")[0], (1, 1) + (3,) * (len(shape) - 2))

    def test_pad_modes(self):
        x, w = reference.integers((2, 2, 5, 4)), reference.integers((2, 2, 3, 2), seed=2)
        for mode in self.some(("reflect", "replicate", "circular", "zeros")):
            with self.subTest(mode=mode):
                self.assertEqual(self.conv(x, w, "--pad", "1,2,3,1", "--pad-mode", mode, "--stride", "1,2"),
                                 reference.conv(x, w, [1, 2], [1, 1], [1, 2], [3, 1], mode=mode))

    def test_pad_mode_with_auto_pad(self):
        x, w = reference.integers((2, 2, 5, 4)), reference.integers((2, 2, 3, 2), seed=2)
        self.assertEqual(self.conv(x, w, "--auto-pad", "same-upper", "--pad-mode", "replicate"),
                         reference.conv(x, w, [1, 1], [1, 1], [1, 0], [1, 1], mode="replicate"))

    def test_exact(self):
        """On integers the default may round; --exact gives the bits, and what rounds is refused with the reason."""
        x, w = reference.integers((1, 64, 30, 30)), reference.integers((64, 64, 3, 3), seed=3)
        expected = self.conv(x, w, "--pad", 1, "--algorithm", "reference")
        self.assertEqual(self.conv(x, w, "--pad", 1, "--exact"), expected)
        shape, values = self.conv(x, w, "--pad", 1)
        self.assertEqual(shape, expected[0])
        for value, exact in zip(values, expected[1]):
            self.assertLessEqual(abs(value - exact), 4e-6 * 9 * 64 * 4 * 4)
        done = self.command("conv", "x.npy", "w.npy", "-o", "y.npy", "--pad", 1, "--exact", "--explain", "--device", DEVICE)
        lines = [line for line in done.stderr.splitlines() if "winograd" in line]
        self.assertTrue(all("refuses" in line and "exact" in line for line in lines), done.stderr)
        self.assertTrue(lines or "rows" in done.stderr, done.stderr)

    def test_flip(self):
        x, w = reference.integers((1, 2, 5, 5)), reference.integers((2, 2, 3, 2), seed=3)
        self.assertEqual(self.conv(x, w, "--flip"), reference.conv(x, w, [1, 1], [1, 1], [0, 0], [0, 0], flip=True))

    def test_transposed(self):
        x, w = reference.integers((2, 4, 3, 4)), reference.integers((4, 3, 3, 2), seed=4)
        cases = [(["--stride", 2, "--output-padding", "1,0", "--pad", "1,0"], [2, 2], [1, 1], [1, 0], (6, 8), 1),
                 ([], [1, 1], [1, 1], [0, 0], (5, 5), 1), (["--stride", 2], [2, 2], [1, 1], [0, 0], (7, 8), 1),
                 (["--stride", "2,1", "--pad", "0,1,2,0"], [2, 1], [1, 1], [0, 1], (5, 4), 1),
                 (["--dilation", 2, "--groups", 2], [1, 1], [2, 2], [0, 0], (7, 6), 2),
                 (["--stride", 2, "--output-shape", "6,8"], [2, 2], [1, 1], [1, 0], (6, 8), 1),
                 (["--stride", 2, "--output-shape", "8"], [2, 2], [1, 1], [0, 0], (8, 8), 1)]
        for arguments, stride, dilation, begin, out, groups in self.some(cases):
            with self.subTest(arguments=arguments):
                self.assertEqual(self.conv(x, w, "--transposed", *arguments),
                                 reference.transposed(x, w, stride, dilation, begin, out, groups))

    def test_transposed_and_flipped(self):
        x, w = reference.integers((1, 2, 3, 4)), reference.integers((2, 3, 3, 2), seed=4)
        self.assertEqual(self.conv(x, w, "--transposed", "--flip"),
                         reference.transposed(x, w, [1, 1], [1, 1], [0, 0], (5, 5), flip=True))

    def test_transposed_of_other_ranks(self):
        for shape, filters, stride, out in self.some([((1, 2, 2, 3, 2), (2, 2, 2, 2, 3), 2, (4, 6, 5)),
                                                      ((1, 2, 5), (2, 3, 4), 3, (16,))]):
            x, w, rank = reference.integers(shape), reference.integers(filters), len(out)
            self.assertEqual(self.conv(x, w, "--transposed", "--stride", stride),
                             reference.transposed(x, w, [stride] * rank, [1] * rank, [0] * rank, out))

    def test_transposed_notation(self):
        self.tensor("x.npy", reference.integers((1, 2, 3, 3)))
        self.tensor("w.npy", reference.integers((2, 4, 2, 2)))
        run = self.run_json("conv", "x.npy", "w.npy", "-o", "y.npy", "--transposed", "--stride", 2)
        self.assertEqual(run["problem"], "convt:c2h3w3k4r2s2st2")
        self.assertEqual((run["x"], run["w"], run["y"]), ([1, 2, 3, 3], [2, 4, 2, 2], [1, 4, 6, 6]))


class Epilogue(Features):
    def setUp(self):
        super().setUp()
        self.x, self.w = reference.integers((1, 2, 3, 3)), reference.integers((4, 2, 1, 1), seed=5)
        self.plain = reference.conv(self.x, self.w, [1, 1], [1, 1], [0, 0], [0, 0])
        self.slope = [2, -1, 3, 0.5]
        self.array("slope.npy", (4,), self.slope)

    def test_order(self):
        """activation(scale * conv + bias + residual)."""
        scale, bias, residual = [2, -1, 0, 3], [1, 2, 3, -4], reference.integers((1, 4, 3, 3), seed=6)
        self.array("a.npy", (4,), scale)
        self.array("b.npy", (4,), bias)
        self.tensor("r.npy", residual)
        expected = [scale[i // 9] * v + bias[i // 9] + r for i, (v, r) in enumerate(zip(self.plain[1], residual[1]))]
        options = ["--scale", "a.npy", "--bias", "b.npy", "--residual", "r.npy"]
        for arguments, values in self.some([
                (options + ["--activation", "relu6"], [min(max(v, 0), 6) for v in expected]), (options, expected),
                (options[:2], [scale[i // 9] * v for i, v in enumerate(self.plain[1])]),
                (options[4:], [v + r for v, r in zip(self.plain[1], residual[1])])]):
            self.assertEqual(self.conv(self.x, self.w, *arguments)[1], values)

    def test_exact_activations(self):
        exact = {"clip:-2,3": lambda v: min(max(v, -2), 3), "none": lambda v: v, "relu": lambda v: max(v, 0),
                 "relu6": lambda v: min(max(v, 0), 6), "leaky-relu:0.25": lambda v: v / 4 if v < 0 else v,
                 "clip:-2:3": lambda v: min(max(v, -2), 3),
                 "hard-sigmoid:0.25:0.5": lambda v: min(max(v / 4 + 0.5, 0), 1)}
        for word, function in self.some(exact.items()):
            with self.subTest(word=word):
                self.assertEqual(self.conv(self.x, self.w, "--activation", word)[1], [*map(function, self.plain[1])])
        self.assertEqual(self.conv(self.x, self.w, "--activation", "prelu:slope.npy")[1],
                         [self.slope[i // 9] * v if v < 0 else v for i, v in enumerate(self.plain[1])])

    def test_curved_activations(self):
        from math import erf, exp, expm1, log1p, pi, sqrt, tanh

        curved = {"elu:0.5": lambda v: expm1(v) / 2 if v < 0 else v, "tanh": tanh,
                  "sigmoid": lambda v: 1 / (1 + exp(-v)), "silu": lambda v: v / (1 + exp(-v)),
                  "hard-sigmoid": lambda v: min(max(v / 6 + 0.5, 0), 1),
                  "hard-swish": lambda v: v * min(max(v / 6 + 0.5, 0), 1),
                  "gelu": lambda v: v / 2 * (1 + erf(v / sqrt(2))), "leaky-relu": lambda v: v * 0.01 if v < 0 else v,
                  "gelu-tanh": lambda v: v / 2 * (1 + tanh(sqrt(2 / pi) * (v + 0.044715 * v**3))),
                  "elu": lambda v: expm1(v) if v < 0 else v,
                  "softplus": lambda v: log1p(exp(v)), "mish": lambda v: v * tanh(log1p(exp(v)))}
        for word, function in self.some(curved.items()):
            with self.subTest(word=word):
                found = self.conv(self.x, self.w, "--activation", word)[1]
                for value, plain in zip(found, self.plain[1]):
                    self.assertAlmostEqual(value, function(plain), delta=2e-6 * max(1, abs(plain)))


class LayoutsAndTypes(Features):
    def test_channels_last(self):
        """X, Y and the residual are N,H,W,C; the weights stay as they are."""
        for rank in self.some((2, 1, 3)):
            x, w = reference.integers((2, 3) + (4,) * rank), reference.integers((5, 3) + (2,) * rank)
            y = reference.conv(x, w, [1] * rank, [1] * rank, [1] * rank, [1] * rank)
            residual = reference.integers(y[0], seed=7)
            self.tensor("r.npy", reference.channels_last(residual))
            found = self.conv(reference.channels_last(x), w, "--layout", "nhwc", "--pad", 1, "--residual", "r.npy")
            expected = y[0], [a + b for a, b in zip(y[1], residual[1])]
            self.assertEqual(found, reference.channels_last(expected))
        run = self.run_json("conv", "x.npy", "w.npy", "-o", "y.npy", "--layout", "nhwc")
        space = run["x"][1:-1]
        self.assertEqual((run["x"], run["y"]), ([2, *space, 3], [2, *[size - 1 for size in space], 5]))
        self.assertEqual((run["x_layout"], run["y_layout"]), ("nhwc", "nhwc"))

    def test_channels_last_transposed(self):
        x, w = reference.integers((1, 3, 3, 4)), reference.integers((3, 2, 2, 3))
        self.assertEqual(self.conv(reference.channels_last(x), w, "--layout", "nhwc", "--transposed", "--stride", 2),
                         reference.channels_last(reference.transposed(x, w, [2, 2], [1, 1], [0, 0], (6, 9))))

    def test_any_layout(self):
        """Files are as for nchw; the device may see what it likes."""
        for shape, filters in self.some([((1, 16, 6, 7), (16, 16, 3, 3)), ((2, 5, 4, 4), (3, 5, 1, 1)),
                                         ((1, 2, 9), (2, 2, 3)), ((1, 2, 3, 3, 3), (2, 2, 2, 2, 2))], 2):
            x, w = reference.integers(shape), reference.integers(filters)
            none, one = [0] * (len(shape) - 2), [1] * (len(shape) - 2)
            y = reference.conv(x, w, one, one, none, none)
            residual = reference.integers(y[0], seed=8)
            self.tensor("r.npy", residual)
            found = self.conv(x, w, "--layout", "any", "--residual", "r.npy")
            self.assertEqual(found, (y[0], [a + b for a, b in zip(y[1], residual[1])]))

    def test_types(self):
        x, w = reference.integers((1, 3, 4, 4)), reference.integers((2, 3, 2, 2))
        y = reference.conv(x, w, [1, 1], [1, 1], [0, 0], [0, 0])
        residual = reference.integers(y[0], seed=9)
        expected = y[0], [max(2 * v + 1 + r, 0) for v, r in zip(y[1], residual[1])]
        for word, descr in self.some((("f16", "<f2"), ("f64", "<f8"), ("f32", "<f4")), 2):
            if word == "f64" and not self.device_has("fp64"):
                continue
            with self.subTest(word=word):
                self.array("a.npy", (2,), [2, 2], descr)
                self.array("b.npy", (2,), [1, 1], descr)
                self.tensor("r.npy", residual, descr)
                arguments = ["--scale", "a.npy", "--bias", "b.npy", "--residual", "r.npy", "--activation", "relu"]
                for more in self.some((["--layout", "any"], ["--dtype", word], [])):
                    self.assertEqual(self.conv(x, w, *arguments, *more, descr=descr), expected)
                run = self.run_json("conv", "x.npy", "w.npy", "-o", "y.npy", *arguments, *more)
                self.assertEqual(run["dtype"], word)
                self.assertEqual(run["problem"].endswith(word), word != "f32")

    def test_double_precision_is_not_single(self):
        if not self.device_has("fp64"):
            self.skipTest("the device has no fp64")
        x, w = ((1, 1, 2), [2.0**40, 1.0]), ((1, 1, 2), [1.0, 1.0])
        self.assertEqual(self.conv(x, w, descr="<f8"), ((1, 1, 1), [2.0**40 + 1]))


class Refusals(CommandTest):
    """An old output file is in the folder each time: it must stay as it is."""

    def setUp(self):
        super().setUp()
        (self.folder / "y.npy").write_bytes(b"old")
        self.array("x.npy", (1, 4, 5, 6), [1] * 120)
        self.array("w.npy", (4, 4, 3, 3), [1] * 144)
        self.array("five.npy", (5,), [1] * 5)

    def refuse_conv(self, *arguments, words=(), x="x.npy", w="w.npy"):
        self.refuse("conv", x, w, "-o", "y.npy", "--device", "cpu", *arguments, words=words)

    def test_epilogue(self):
        for option in ("--scale", "--bias"):
            self.refuse_conv(option, "five.npy", words=[option, "5", "4"])
            self.refuse_conv(option, "missing.npy", words=["missing.npy"])
            self.refuse_conv(option, "x.npy", words=["x.npy", "4 axes", "1 (K)"])
        self.refuse_conv("--activation", "prelu:five.npy", words=["--activation", "prelu", "5", "4"])
        self.refuse_conv("--activation", "prelu:missing.npy", words=["missing.npy"])
        self.refuse_conv("--residual", "missing.npy", words=["missing.npy"])
        self.refuse_conv("--residual", "five.npy", words=["five.npy", "1 axes", "4 (NCHW)"])
        for axis, shape in enumerate(((2, 4, 3, 4), (1, 3, 3, 4), (1, 4, 5, 4), (1, 4, 3, 6))):
            self.array("r.npy", shape, [1] * 200)
            self.refuse_conv("--residual", "r.npy", words=["--residual", f"axis {axis}", str(shape[axis]), "NCHW"[axis],
                                                           str((1, 4, 3, 4)[axis])])
        self.array("r.npy", (1, 4, 3, 4), [1] * 48)
        self.refuse_conv("--residual", "r.npy", "--layout", "nhwc", w="x.npy")

    def test_padding(self):
        self.refuse_conv("--pad", 5, "--pad-mode", "reflect", words=["pad", "5", "reflect", "4"])
        self.refuse_conv("--pad", "0,7", "--pad-mode", "circular", words=["pad", "7", "circular", "6"])
        self.refuse_conv("--pad", "1,1,1,-1", words=["--pad", "-1", "0 or more"])
        self.refuse_conv("--stride", "1,0", words=["--stride", "1,0", "1 or more"])
        self.refuse_conv("--dilation", "0,1", words=["--dilation", "0,1", "1 or more"])

    def test_transposed(self):
        for option in ("--output-padding", "--output-shape"):
            self.refuse_conv(option, 3, words=[option, "3", "--transposed"])
        transposed = ["--transposed"]
        for mode in ("reflect", "replicate", "circular"):
            self.refuse_conv(*transposed, "--pad-mode", mode, words=["--pad-mode", mode, "zeros", "--transposed"])
        self.refuse_conv(*transposed, "--output-padding", 1, words=["output_padding", "1", "0"])
        self.refuse_conv(*transposed, "--output-padding", "-1", words=["--output-padding", "-1", "0 or more"])
        self.refuse_conv(*transposed, "--stride", 2, "--output-padding", "0,2", words=["output_padding[W]", "2", "1"])
        self.refuse_conv(*transposed, "--output-shape", 0, words=["--output-shape", "0", "1 or more"])
        self.refuse_conv(*transposed, "--output-shape", 100, words=["output_size", "100"])
        self.refuse_conv(*transposed, "--output-shape", 7, "--pad", 1, words=["pad", "1", "output_size"])
        self.refuse_conv(*transposed, "--pad", 10, words=["pad", "10"])
        self.array("w3.npy", (3, 2, 3, 3), [1] * 54)
        self.refuse_conv(*transposed, w="w3.npy", words=["3", "axis 0", "4"])
        self.refuse_conv(*transposed, "--groups", 3, words=["groups", "3"])
        self.refuse_conv(*transposed, "--groups", 2**62, words=["--groups", str(2**62)])
        for value in (2**63 - 1, 2**40):
            self.refuse_conv(*transposed, "--output-padding", value, words=["output_padding", str(value)])
            self.refuse_conv(*transposed, "--output-shape", value, words=["output_size", str(value)])

    def test_ranks(self):
        self.array("x1.npy", (1, 4, 9), [1] * 36)
        self.array("w1.npy", (4, 4, 3), [1] * 48)
        self.refuse_conv(x="x1.npy", words=["w.npy", "4 axes", "3 (KCS)", "x1.npy"])
        self.refuse_conv(w="w1.npy", words=["w1.npy", "3 axes", "4 (KCRS)", "x.npy"])
        self.refuse_conv("--transposed", w="w1.npy", words=["w1.npy", "3 axes", "4 (CKRS)"])

    def test_layouts(self):
        """As N,H,W,C the array has 6 channels."""
        self.refuse_conv("--layout", "nhwc", words=["W has 4", "X has 6", "6"])
        self.array("x0.npy", (1, 2, 0, 3), [])
        self.refuse_conv("--layout", "nhwc", x="x0.npy", words=["x0.npy", "axis 2 (W)"])

    def test_types(self):
        self.refuse_conv("--dtype", "f64", words=["x.npy", "<f4", "<f8", "f64", "--dtype"])
        self.array("bytes.npy", (1, 4, 5, 6), [1] * 120, descr="|u1")
        self.refuse_conv(x="bytes.npy", words=["bytes.npy", "|u1", "<f4"])
        self.array("half.npy", (4, 4, 3, 3), [1] * 144, descr="<f2")
        self.refuse_conv(w="half.npy", words=["half.npy", "<f2", "<f4", "x.npy"])


