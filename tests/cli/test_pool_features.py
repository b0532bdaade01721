"""tessera pool: ranks, norms, rounding up, dilation, indices, adaptive windows, layouts, types against reference.py."""

import reference
from support import CommandTest


class Features(CommandTest):
    def pool(self, x, *arguments, descr="<f4"):
        self.tensor("x.npy", x, descr)
        self.run_well("pool", "x.npy", "-o", "y.npy", *arguments)
        return self.read("y.npy", descr)


class Windows(Features):
    def test_ranks(self):
        x = reference.integers((2, 3, 9))
        windows = reference.windows(x, [3], [2], [1], [1], [0])
        self.assertEqual(self.pool(x, "--kind", "max", "--kernel", 3, "--stride", 2, "--pad", "1,0"),
                         reference.maximum(*windows)[0])
        x = reference.integers((1, 2, 4, 5, 6))
        windows = reference.windows(x, [2, 1, 2], [2, 1, 2], [1] * 3, [1, 0, 0], [0, 0, 1])
        arguments = ["--kernel", "2,1,2", "--pad", "1,0,0,0,0,1"]
        self.assertEqual(self.pool(x, "--kind", "max", *arguments), reference.maximum(*windows)[0])
        self.assertEqual(self.pool(x, "--kind", "avg", *arguments), reference.average(*windows))
        self.assertEqual(self.pool(x, "--kind", "avg", *arguments, "--count-include-pad"),
                         reference.average(*windows, include_pad=True))

    def test_ceil(self):
        """The last window must begin inside X or the padding before it, and its overhang counts nowhere."""
        for size, kernel, stride, begin, end in self.some([(7, 4, 4, 1, 2), (5, 2, 2, 0, 0), (6, 3, 2, 0, 0),
                                                           (4, 2, 3, 0, 1), (3, 2, 4, 1, 1), (2, 3, 2, 0, 0)]):
            with self.subTest(size=size, kernel=kernel, stride=stride):
                x = reference.integers((1, 2, size, size))
                two = [[value] * 2 for value in (kernel, stride, 1, begin, end)]
                windows = reference.windows(x, *two, ceil=True)
                arguments = ["--kernel", kernel, "--stride", stride, "--pad", f"{begin},{begin},{end},{end}", "--ceil"]
                self.assertEqual(self.pool(x, "--kind", "max", *arguments), reference.maximum(*windows)[0])
                for more, include_pad in (([], False), (["--count-include-pad"], True)):
                    shape, values = self.pool(x, "--kind", "avg", *arguments, *more)
                    expected_shape, expected = reference.average(*windows, include_pad=include_pad)
                    self.assertEqual(shape, expected_shape)
                    for found, wanted in zip(values, expected):
                        self.assertAlmostEqual(found, wanted, delta=1e-6)

    def test_dilation(self):
        x = reference.integers((1, 2, 7, 8))
        windows = reference.windows(x, [2, 3], [1, 2], [3, 2], [1, 2], [1, 2])
        arguments = ["--kernel", "2,3", "--stride", "1,2", "--dilation", "3,2", "--pad", "1,2"]
        self.assertEqual(self.pool(x, "--kind", "max", *arguments), reference.maximum(*windows)[0])
        sums = reference.average(*windows, divisor=1)
        self.assertEqual(self.pool(x, "--kind", "avg", *arguments, "--divisor", 1), sums)

    def test_divisor(self):
        x = reference.integers((1, 1, 5, 5))
        windows = reference.windows(x, [3, 3], [1, 1], [1, 1], [1, 1], [1, 1])
        arguments = ["--kind", "avg", "--kernel", 3, "--stride", 1, "--pad", 1]
        for divisor in self.some((8, 1, 2)):
            self.assertEqual(self.pool(x, *arguments, "--divisor", divisor),
                             reference.average(*windows, divisor=divisor))

    def test_norms(self):
        x = reference.integers((1, 2, 5, 6))
        windows = reference.windows(x, [3, 2], [2, 1], [1, 1], [1, 0], [1, 0])
        for arguments, p in self.some(((["--p", 3], 3), ([], 2), (["--p", 1], 1))):
            with self.subTest(p=p):
                shape, values = self.pool(x, "--kind", "lp", "--kernel", "3,2", "--stride", "2,1", "--pad", "1,0",
                                          *arguments)
                expected_shape, expected = reference.norm(*windows, p)
                self.assertEqual(shape, expected_shape)
                for found, wanted in zip(values, expected):
                    self.assertAlmostEqual(found, wanted, delta=1e-5)
        self.assertEqual(self.pool(((1, 1, 2), [3, -4]), "--kind", "lp", "--kernel", 2)[1], [5])

    def test_adaptive_and_global(self):
        x = reference.integers((2, 2, 7, 10))
        for out in self.some(((3, 4), (1, 1), (7, 10), (2, 10), (9, 12))):
            with self.subTest(out=out):
                windows = reference.adaptive_windows(x, out)
                text = ",".join(map(str, out))
                self.assertEqual(self.pool(x, "--kind", "max", "--adaptive", text), reference.maximum(*windows)[0])
                self.assertEqual(self.pool(x, "--kind", "avg", "--adaptive", text, "--divisor", 1),
                                 reference.average(*windows, divisor=1))
        x = reference.integers((1, 3, 4, 4))
        self.assertEqual(self.pool(x, "--kind", "avg", "--adaptive", 2),
                         reference.average(*reference.adaptive_windows(x, (2, 2))))
        whole = reference.adaptive_windows(x, (1, 1))
        self.assertEqual(self.pool(x, "--kind", "max", "--global"), reference.maximum(*whole)[0])
        self.assertEqual(self.pool(x, "--kind", "avg", "--global"), reference.average(*whole))
        self.assertEqual(self.pool(reference.integers((1, 1, 6)), "--kind", "max", "--adaptive", 3)[0], (1, 1, 3))
        self.assertEqual(self.pool(reference.integers((1, 1, 6, 4, 2)), "--kind", "max", "--adaptive", "3,2,1")[0],
                         (1, 1, 3, 2, 1))


class Indices(Features):
    def pool_both(self, x, *arguments, descr="<f4"):
        y = self.pool(x, "--kind", "max", "--indices", "i.npy", *arguments, descr=descr)
        return y, self.read("i.npy", "<i8")

    def test_ties_and_ranks(self):
        """Of equal elements the first is taken; the index counts inside the plane."""
        self.assertEqual(self.pool_both(((1, 2, 4), [1, 1, 0, 2, 5, 6, 6, 6]), "--kernel", 2),
                         (((1, 2, 2), [1, 2, 6, 6]), ((1, 2, 2), [0, 3, 1, 2])))
        for shape in self.some(((2, 3, 5, 6), (2, 3, 7), (1, 2, 3, 4, 5))):
            x, rank = reference.integers(shape, low=-2, high=2), len(shape) - 2
            windows = reference.windows(x, [2] * rank, [1] * rank, [1] * rank, [1] * rank, [1] * rank)
            self.assertEqual(self.pool_both(x, "--kernel", 2, "--stride", 1, "--pad", 1), reference.maximum(*windows))

    def test_ceil_dilation_adaptive_global(self):
        x = reference.integers((1, 2, 6, 7))
        windows = reference.windows(x, [2, 2], [2, 2], [2, 3], [0, 0], [0, 0], ceil=True)
        self.assertEqual(self.pool_both(x, "--kernel", 2, "--stride", 2, "--dilation", "2,3", "--ceil"),
                         reference.maximum(*windows))
        self.assertEqual(self.pool_both(x, "--adaptive", "3,4"),
                         reference.maximum(*reference.adaptive_windows(x, (3, 4))))
        self.assertEqual(self.pool_both(x, "--global"), reference.maximum(*reference.adaptive_windows(x, (1, 1))))

    def test_windows_without_an_element(self):
        """Both taps of the first window are padding."""
        x = ((1, 1, 3), [1, 2, 3])
        windows = reference.windows(x, [2], [1], [2], [2], [2])
        self.assertEqual(self.pool_both(x, "--kernel", 2, "--stride", 1, "--dilation", 2, "--pad", 2),
                         reference.maximum(*windows))

    def test_nan(self):
        """The first NaN of a window is its maximum, whatever comes before and behind."""
        nan = float("nan")
        (shape, y), indices = self.pool_both(((1, 2, 4), [nan, 1, nan, 2, 3, nan, 4, nan]), "--kernel", 4)
        self.assertEqual((shape, indices), ((1, 2, 1), ((1, 2, 1), [0, 1])))
        self.assertTrue(all(value != value for value in y), y)

    def test_layouts(self):
        x = reference.integers((2, 3, 5, 4))
        y, indices = reference.maximum(*reference.windows(x, [2, 2], [2, 2], [1, 1], [1, 0], [0, 0]))
        arguments = ["--kernel", 2, "--pad", "1,0,0,0"]
        self.assertEqual(self.pool_both(reference.channels_last(x), *arguments, "--layout", "nhwc"),
                         (reference.channels_last(y), reference.channels_last(indices)))
        self.assertEqual(self.pool_both(x, *arguments, "--layout", "any"), (y, indices))

    def test_types(self):
        x = reference.integers((1, 2, 5, 5), low=0, high=9)
        expected = reference.maximum(*reference.windows(x, [2, 2], [2, 2], [1, 1], [0, 0], [0, 0]))
        for descr in self.some(("<f2", "|i1", "|u1", "<f8"), 2):
            with self.subTest(descr=descr):
                self.assertEqual(self.pool_both(x, "--kernel", 2, descr=descr), expected)

    def test_both_files_or_none(self):
        self.array("x.npy", (1, 1, 4), range(4))
        (self.folder / "y.npy").write_bytes(b"old y")
        (self.folder / "folder").mkdir()
        common = ["pool", "x.npy", "--kind", "max", "--kernel", 2, "--device", "cpu"]
        for indices in ("nowhere/i.npy", "folder", "/dev/null"):
            self.refuse(*common, "-o", "y.npy", "--indices", indices, words=[indices])
            self.refuse(*common, "-o", indices, "--indices", "y.npy", words=[indices])
        for same in ("y.npy", "./y.npy", f"{self.folder}/y.npy", "folder/../y.npy"):
            self.refuse(*common, "-o", "y.npy", "--indices", same, words=["y.npy", "one file"])
        for one, other in (("new.npy", "./new.npy"), (f"{self.folder}/new.npy", "new.npy")):
            self.refuse(*common, "-o", one, "--indices", other, words=["new.npy", "one file"])
        done = self.command(*common, "-o", "folder/y.npy", "--indices", "y.npy")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.read("y.npy", "<i8")[1], [1, 3])


class LayoutsAndTypes(Features):
    def test_channels_last(self):
        for rank in self.some((2, 1, 3)):
            x = reference.integers((2, 3) + (5,) * rank)
            windows = reference.windows(x, [2] * rank, [2] * rank, [1] * rank, [1] * rank, [1] * rank)
            for kind, expected in (("max", reference.maximum(*windows)[0]), ("avg", reference.average(*windows))):
                self.assertEqual(self.pool(reference.channels_last(x), "--kind", kind, "--kernel", 2, "--pad", 1,
                                           "--layout", "nhwc"), reference.channels_last(expected))
        run = self.run_json("pool", "x.npy", "-o", "y.npy", "--kind", "max", "--kernel", 2, "--layout", "nhwc")
        space = run["x"][1:-1]
        self.assertEqual((run["x"], run["y"], run["x_layout"]), ([2, *space, 3], [2, *[2 for _ in space], 3], "nhwc"))

    def test_any_layout(self):
        for shape in self.some(((1, 16, 8, 8), (2, 3, 5, 5), (1, 2, 6), (1, 5, 4, 4, 4)), 2):
            x, rank = reference.integers(shape), len(shape) - 2
            windows = reference.windows(x, [2] * rank, [2] * rank, [1] * rank, [0] * rank, [0] * rank)
            self.assertEqual(self.pool(x, "--kind", "max", "--kernel", 2, "--layout", "any"),
                             reference.maximum(*windows)[0])
            self.assertEqual(self.pool(x, "--kind", "avg", "--kernel", 2, "--layout", "any"),
                             reference.average(*windows))

    def test_floats(self):
        x = reference.integers((1, 2, 6, 6))
        windows = reference.windows(x, [2, 2], [2, 2], [1, 1], [0, 0], [0, 0])
        for word, descr in self.some((("f16", "<f2"), ("f64", "<f8"), ("f32", "<f4")), 2):
            if word == "f64" and not self.device_has("fp64"):
                continue
            for kind, expected in self.some([("avg", reference.average(*windows)), ("lp", reference.norm(*windows, 1)),
                                             ("max", reference.maximum(*windows)[0])]):
                more = ["--p", 1] if kind == "lp" else []
                for dtype in self.some((["--dtype", word], [])):
                    self.assertEqual(self.pool(x, "--kind", kind, "--kernel", 2, *more, *dtype, descr=descr), expected)

    def test_bytes(self):
        """Maxima of integers: padding is the type's least where nothing else is in the window."""
        for word, descr, low, high in (("i8", "|i1", -128, 127), ("u8", "|u1", 0, 255)):
            x = reference.integers((2, 3, 6, 6), low=low, high=high)
            windows = reference.windows(x, [3, 3], [2, 2], [1, 1], [1, 1], [1, 1])
            arguments = ["--kind", "max", "--kernel", 3, "--stride", 2, "--pad", 1]
            expected = reference.maximum(*windows, least=low)[0]
            self.assertEqual(self.pool(x, *arguments, descr=descr), expected)
            self.assertEqual(self.pool(x, *arguments, "--dtype", word, descr=descr), expected)
            self.assertEqual(self.pool(reference.channels_last(x), *arguments, "--layout", "nhwc", descr=descr),
                             reference.channels_last(expected))
        self.assertEqual(self.run_json("pool", "x.npy", "-o", "y.npy", "--kind", "max", "--kernel", 1)["dtype"], "u8")


class Refusals(CommandTest):
    def setUp(self):
        super().setUp()
        self.array("x.npy", (1, 2, 4, 4), range(32))
        self.array("bytes.npy", (1, 2, 4, 4), range(32), descr="|u1")
        (self.folder / "y.npy").write_bytes(b"old")
        (self.folder / "i.npy").write_bytes(b"old too")

    def refuse_pool(self, *arguments, words=(), x="x.npy"):
        self.refuse("pool", x, "-o", "y.npy", "--device", "cpu", *arguments, words=words)

    def test_options_of_one_kind(self):
        for kind in ("max", "lp"):
            self.refuse_pool("--kind", kind, "--kernel", 2, "--divisor", 2, words=["--divisor", kind, "avg"])
            self.refuse_pool("--kind", kind, "--kernel", 2, "--count-include-pad", words=["--count-include-pad", kind])
        for kind in ("max", "avg"):
            self.refuse_pool("--kind", kind, "--kernel", 2, "--p", 2, words=["--p", kind, "lp"])
        for kind in ("avg", "lp"):
            self.refuse_pool("--kind", kind, "--kernel", 2, "--indices", "i.npy", words=["--indices", kind, "max"])

    def test_numbers(self):
        for value in (0, -1):
            self.refuse_pool("--kind", "avg", "--kernel", 2, "--divisor", value, words=["--divisor", str(value), "1"])
            self.refuse_pool("--kind", "lp", "--kernel", 2, "--p", value, words=["--p", str(value), "1"])
            self.refuse_pool("--kind", "max", "--adaptive", value, words=["--adaptive", str(value), "1"])
            self.refuse_pool("--kind", "max", "--kernel", 2, "--dilation", value, words=["--dilation", str(value), "1"])
        self.refuse_pool("--kind", "lp", "--kernel", 2, "--p", 2**40, words=["p is", str(2**40)])
        self.refuse_pool("--kind", "avg", "--kernel", 2, "--divisor", 2**40, words=["divisor", str(2**40)])
        self.refuse_pool("--kind", "max", "--kernel", 2, "--dilation", 4, words=["dilation", "4", "5"])
        for value in (2**63 - 1, 2**40):
            self.refuse_pool("--kind", "max", "--kernel", 2, "--dilation", value, words=["dilation", str(value)])
        self.refuse_pool("--kind", "max", "--adaptive", 2**63 - 1, words=["output_size", str(2**63 - 1)])
        self.refuse_pool("--kind", "max", "--adaptive", 2**40)
        self.refuse_pool("--kind", "max", "--kernel", 2, "--pad", "0,2", "--ceil", words=["pad", "2"])

    def test_windows_exclude_each_other(self):
        for other in (["--kernel", 2], ["--stride", 2], ["--pad", 1], ["--dilation", 1], ["--ceil"],
                      ["--auto-pad", "valid"]):
            self.refuse_pool("--kind", "max", "--adaptive", 2, *other, words=["--adaptive", other[0]])
            self.refuse_pool("--kind", "max", "--global", *other, words=["--global", other[0]])
        self.refuse_pool("--kind", "max", "--adaptive", 2, "--global", words=["--adaptive", "--global"])
        self.refuse_pool("--kind", "max", "--global=yes", words=["--global=yes", "no value"])

    def test_types(self):
        for kind in ("avg", "lp"):
            self.refuse_pool("--kind", kind, "--kernel", 2, x="bytes.npy", words=["bytes.npy", "|u1", "<f4"])
            self.refuse_pool("--kind", kind, "--kernel", 2, "--dtype", "u8", x="bytes.npy",
                             words=["--dtype", "u8", kind])
        self.refuse_pool("--kind", "max", "--kernel", 2, "--dtype", "i8", x="bytes.npy",
                         words=["--dtype", "|u1", "|i1"])
        self.refuse_pool("--kind", "max", "--kernel", 2, "--dtype", "f16", words=["--dtype", "<f4", "<f2"])
        self.array("long.npy", (1, 1, 2), [1, 2], descr="<i8")
        self.refuse_pool("--kind", "max", "--kernel", 2, x="long.npy", words=["<i8", "<f4"])

    def test_layouts(self):
        """As N,H,W,C the plane is 2 x 4."""
        self.refuse_pool("--kind", "max", "--kernel", 3, "--layout", "nhwc", words=["3", "2"])


