"""tessera pool-backward: gradients of each kind against reference.py, and indices that lead nowhere."""

import reference
from support import CommandTest


class Gradients(CommandTest):
    def backward(self, x, dy, *arguments, descr="<f4"):
        self.tensor("x.npy", x, descr)
        self.tensor("dy.npy", dy, descr)
        self.run_well("pool-backward", "dy.npy", "--x", "x.npy", "-o", "dx.npy", *arguments)
        return self.read("dx.npy", descr)

    def check(self, x, windows, weigh, *arguments):
        shape, found = windows
        dy = reference.integers(shape, seed=3)
        self.assertEqual(self.backward(x, dy, *arguments), reference.scatter(x[0], dy, found, weigh))


class Golden(Gradients):
    def test_by_hand(self):
        x, dy = ((1, 1, 5), [1, 5, 2, 4, 3]), ((1, 1, 3), [1, 10, 100])
        window = ["--kernel", 3, "--stride", 1]
        self.assertEqual(self.backward(x, dy, "--kind", "max", *window), ((1, 1, 5), [0, 11, 0, 100, 0]))
        self.assertEqual(self.backward(x, dy, "--kind", "avg", *window, "--divisor", 1),
                         ((1, 1, 5), [1, 11, 111, 110, 100]))
        self.assertEqual(self.backward(((1, 1, 2), [3, -4]), ((1, 1, 1), [10]), "--kind", "lp", "--kernel", 2),
                         ((1, 1, 2), [6, -8]))

    def test_of_equal_elements_the_first(self):
        self.assertEqual(self.backward(((1, 1, 4), [2, 2, 1, 1]), ((1, 1, 2), [3, 4]), "--kind", "max", "--kernel", 2),
                         ((1, 1, 4), [3, 0, 4, 0]))

    def test_json_and_explain(self):
        x, dy = reference.integers((1, 3, 8, 8)), reference.integers((1, 3, 3, 3))
        self.backward(x, dy, "--kind", "max", "--kernel", 3, "--stride", 2)
        common = ["pool-backward", "dy.npy", "--x", "x.npy", "-o", "dx.npy", "--kind", "max", "--kernel", 3, "--stride",
                  2]
        run = self.run_json(*common, "--algorithm", "reference")
        self.assertEqual((run["x"], run["y"], run["algorithm"]), ([1, 3, 8, 8], [1, 3, 3, 3], "reference"))
        self.assertEqual(run["problem"], "max:c3h8w8r3s3st2")
        self.assertIn("backward of max:", self.explain(*common))


class Windows(Gradients):
    def test_maxima(self):
        """Found again, and by the indices that a pooling wrote."""
        for shape, kernel, more, ceil in self.some([((2, 3, 5, 6), [2, 3], ["--pad", 1], False),
                                                    ((2, 3, 9), [3], ["--pad", 1, "--ceil"], True),
                                                    ((1, 2, 3, 4, 5), [2, 2, 2], ["--pad", 1], False)]):
            x, rank = reference.integers(shape, low=-2, high=2), len(shape) - 2
            window = ["--kind", "max", "--kernel", ",".join(map(str, kernel)), "--stride", 2, *more]
            windows = reference.windows(x, kernel, [2] * rank, [1] * rank, [1] * rank, [1] * rank, ceil)
            self.check(x, windows, reference.first_maximum, *window)
            self.run_well("pool", "x.npy", "-o", "y.npy", "--indices", "i.npy", *window)
            self.check(x, windows, reference.first_maximum, *window, "--indices", "i.npy")

    def test_windows_without_an_element(self):
        """Their index is -1, and their gradient goes nowhere."""
        x = ((1, 2, 1), [1, 2])
        window = ["--kind", "max", "--kernel", 2, "--stride", 1, "--dilation", 2, "--pad", 2]
        self.tensor("x.npy", x)
        self.run_well("pool", "x.npy", "-o", "y.npy", "--indices", "i.npy", *window)
        self.assertIn(-1, self.read("i.npy", "<i8")[1])
        self.check(x, reference.windows(x, [2], [1], [2], [2], [2]), reference.first_maximum, *window, "--indices",
                   "i.npy")

    def test_averages(self):
        """Divisors are powers of two, so that gradients are exact."""
        x = reference.integers((2, 2, 6, 6))
        padded = reference.windows(x, [2, 2], [2, 2], [1, 1], [1, 1], [1, 1])
        for more, weigh in self.some([
                ([], lambda elements, padded: [1 / len(elements)] * len(elements)),
                (["--count-include-pad"], lambda elements, padded: [1 / padded] * len(elements)),
                (["--divisor", 8], lambda elements, padded: [1 / 8] * len(elements))]):
            self.check(x, padded, weigh, "--kind", "avg", "--kernel", 2, "--pad", 1, *more)

    def test_norms(self):
        """p = 1: the sign. And a window of zeros has no gradient."""
        x = reference.integers((1, 2, 5, 6), low=-1, high=1)
        windows = reference.windows(x, [3, 2], [2, 1], [1, 1], [1, 0], [1, 0])
        self.check(x, windows, lambda elements, _: [(value > 0) - (value < 0) for value, _ in elements], "--kind", "lp",
                   "--p", 1, "--kernel", "3,2", "--stride", "2,1", "--pad", "1,0")

    def test_adaptive_and_global(self):
        x = reference.integers((2, 2, 7, 10))
        for arguments, out in self.some([(["--adaptive", "3,4"], (3, 4)), (["--global"], (1, 1))]):
            windows = reference.adaptive_windows(x, out)
            self.check(x, windows, reference.first_maximum, "--kind", "max", *arguments)
            self.check(x, windows, lambda elements, _: [1] * len(elements), "--kind", "avg", "--divisor", 1, *arguments)


class LayoutsAndTypes(Gradients):
    def setUp(self):
        super().setUp()
        self.x = reference.integers((2, 3, 6, 5), low=-2, high=2)
        shape, found = reference.windows(self.x, [2, 2], [1, 1], [1, 1], [0, 0], [0, 0])
        self.dy = reference.integers(shape, seed=3)
        self.expected = reference.scatter(self.x[0], self.dy, found, reference.first_maximum)
        self.arguments = ["--kind", "max", "--kernel", 2, "--stride", 1]

    def test_layouts(self):
        last = reference.channels_last
        self.assertEqual(self.backward(last(self.x), last(self.dy), *self.arguments, "--layout", "nhwc"),
                         last(self.expected))
        self.run_well("pool", "x.npy", "-o", "y.npy", "--indices", "i.npy", *self.arguments, "--layout", "nhwc")
        self.assertEqual(self.backward(last(self.x), last(self.dy), *self.arguments, "--layout", "nhwc", "--indices",
                                       "i.npy"), last(self.expected))
        self.assertEqual(self.backward(self.x, self.dy, *self.arguments, "--layout", "any"), self.expected)

    def test_types(self):
        for word, descr in (("f16", "<f2"), ("f64", "<f8")):
            if word == "f16" or self.device_has("fp64"):
                self.assertEqual(self.backward(self.x, self.dy, *self.arguments, "--dtype", word, descr=descr),
                                 self.expected)


class Refusals(CommandTest):
    """An old output file is in the folder each time: it must stay as it is."""

    def setUp(self):
        super().setUp()
        (self.folder / "dx.npy").write_bytes(b"old")
        self.array("x.npy", (1, 2, 4, 6), range(48))
        self.array("dy.npy", (1, 2, 2, 3), range(12))
        self.array("i.npy", (1, 2, 2, 3), range(12), descr="<i8")

    def refuse_backward(self, *arguments, words=(), dy="dy.npy", x="x.npy", kind="max"):
        self.refuse("pool-backward", dy, "--x", x, "-o", "dx.npy", "--device", "cpu", "--kind", kind, "--kernel", 2,
                    *arguments, words=words)

    def test_indices_outside(self):
        for value in (24, -2, 2**63 - 1, -2**63):
            self.array("i.npy", (1, 2, 2, 3), [0] * 8 + [value] + [0] * 3, descr="<i8")
            self.refuse_backward("--indices", "i.npy", words=["i.npy", "[0,1,0,2]", str(value), "-1 to 23"])

    def test_indices(self):
        self.array("short.npy", (1, 2, 2, 2), range(8), descr="<i8")
        self.refuse_backward("--indices", "short.npy", words=["short.npy", "axis 3 (W)", "2", "3", "dy.npy"])
        self.refuse_backward("--indices", "dy.npy", words=["dy.npy", "<f4", "<i8", "as indices into"])
        self.refuse_backward("--indices", "missing.npy", words=["missing.npy"])
        for kind in ("avg", "lp"):
            self.refuse_backward("--indices", "i.npy", kind=kind, words=["--indices", kind, "max"])

    def test_arrays(self):
        for axis, shape in enumerate(((2, 2, 2, 3), (1, 3, 2, 3), (1, 2, 1, 3), (1, 2, 2, 4))):
            self.array("wrong.npy", shape, [1] * 24)
            self.refuse_backward(dy="wrong.npy", words=["DY", f"axis {axis}", str(shape[axis]), "NCHW"[axis],
                                                        str((1, 2, 2, 3)[axis])])
        self.refuse_backward(dy="missing.npy", words=["missing.npy"])
        self.refuse_backward(x="missing.npy", words=["missing.npy"])
        self.array("flat.npy", (12,), range(12))
        self.refuse_backward(dy="flat.npy", words=["flat.npy", "1 axes", "4 (NCHW)"])
        self.array("half.npy", (1, 2, 2, 3), range(12), descr="<f2")
        self.refuse_backward(dy="half.npy", words=["half.npy", "<f2", "<f4", "x.npy"])
        self.array("bytes.npy", (1, 2, 4, 6), range(48), descr="|u1")
        self.refuse_backward(x="bytes.npy", words=["bytes.npy", "|u1", "<f4"])
        self.refuse_backward("--dtype", "u8", words=["--dtype", "'u8'", "f32", "f64"])

    def test_options(self):
        """Those of pool are checked as pool checks them."""
        self.refuse_backward("--stride", 0, words=["--stride", "0", "1 or more"])
        self.refuse_backward("--pad", 2, words=["pad", "2"])
        self.refuse_backward("--global", words=["--global", "--kernel"])
        self.refuse_backward("--divisor", 2, words=["--divisor", "max", "avg"])
        self.refuse_backward("--algorithm", "nonsense", words=["nonsense"])
        self.refuse("pool-backward", "dy.npy", "--x", "x.npy", "-o", "nowhere/dx.npy", "--kind", "max", "--kernel", 2,
                    "--device", "cpu", words=["nowhere/dx.npy"])
