"""tessera unpool: maxima back where they came from, and indices that lead nowhere."""

import reference
from support import CommandTest


class Golden(CommandTest):
    def unpool(self, y, indices, *arguments, descr="<f4"):
        self.tensor("y.npy", y, descr)
        self.tensor("i.npy", indices, "<i8")
        self.run_well("unpool", "y.npy", "i.npy", "-o", "x.npy", *arguments)
        return self.read("x.npy", descr)

    def test_by_hand(self):
        y, indices = ((1, 2, 2), [5, 6, 7, 8]), ((1, 2, 2), [3, 0, 1, 2])
        self.assertEqual(self.unpool(y, indices, "--output-shape", 4), ((1, 2, 4), [6, 0, 0, 5, 0, 7, 8, 0]))
        self.assertEqual(self.unpool(y, indices, "--kernel", 2), ((1, 2, 4), [6, 0, 0, 5, 0, 7, 8, 0]))

    def test_the_last_of_several_stays(self):
        self.assertEqual(self.unpool(((1, 1, 3), [1, 2, 3]), ((1, 1, 3), [1, 1, 0]), "--output-shape", 2)[1], [3, 2])

    def test_sizes_of_onnx(self):
        """(size - 1) * stride - pads + kernel, as MaxUnpool has it."""
        y, indices = ((1, 1, 2, 3), [1, 2, 3, 4, 5, 6]), ((1, 1, 2, 3), [0, 1, 2, 3, 4, 5])
        for arguments, size in ((["--kernel", 2], (4, 6)), (["--kernel", "3,2", "--stride", "2,1"], (5, 4)),
                                (["--kernel", 3, "--stride", 2, "--pad", 1], (3, 5)),
                                (["--kernel", 3, "--stride", 2, "--pad", "1,0"], (3, 7)),
                                (["--kernel", 3, "--stride", 2, "--pad", "0,1,0,2"], (5, 4))):
            with self.subTest(arguments=arguments):
                self.assertEqual(self.unpool(y, indices, *arguments), reference.unpool(y, indices, size))

    def test_reverses_pool(self):
        for shape in self.some(((2, 3, 6, 8), (2, 3, 8), (1, 2, 4, 6, 4))):
            for layout in ("nchw", "nhwc"):
                with self.subTest(shape=shape, layout=layout):
                    x, rank = reference.integers(shape), len(shape) - 2
                    y, indices = reference.maximum(*reference.windows(x, *[[n] * rank for n in (2, 2, 1, 0, 0)]))
                    expected = reference.unpool(y, indices, shape[2:])
                    if layout == "nhwc":
                        x, expected = reference.channels_last(x), reference.channels_last(expected)
                    self.tensor("x.npy", x)
                    self.run_well("pool", "x.npy", "-o", "y.npy", "--indices", "i.npy", "--kind", "max", "--kernel", 2,
                                  "--layout", layout)
                    self.run_well("unpool", "y.npy", "i.npy", "-o", "z.npy", "--kernel", 2, "--layout", layout)
                    self.assertEqual(self.read("z.npy"), expected)

    def test_types(self):
        y, indices = ((1, 1, 3), [1, 2, 3]), ((1, 1, 3), [4, 0, 2])
        for word, descr in (("f16", "<f2"), ("f64", "<f8")):
            if word == "f16" or self.device_has("fp64"):
                self.assertEqual(self.unpool(y, indices, "--output-shape", 5, "--dtype", word, descr=descr),
                                 ((1, 1, 5), [2, 0, 3, 0, 1]))

    def test_explain(self):
        self.array("y.npy", (1, 1, 2), [1, 2])
        self.array("i.npy", (1, 1, 2), [0, 1], descr="<i8")
        self.explain("unpool", "y.npy", "i.npy", "-o", "x.npy", "--kernel", 2)

    def test_json(self):
        self.array("y.npy", (1, 2, 2, 2), range(8))
        self.array("i.npy", (1, 2, 2, 2), range(8), descr="<i8")
        run = self.run_json("unpool", "y.npy", "i.npy", "-o", "x.npy", "--output-shape", "3,4")
        self.assertEqual((run["x"], run["y"], run["dtype"]), ([1, 2, 3, 4], [1, 2, 2, 2], "f32"))
        self.assertEqual(set(run["device"]), {"name", "platform", "driver", "kind"})
        self.assertRegex(run["problem"], r"^unpool:\S+$")
        self.assertTrue(run["algorithm"])


class Refusals(CommandTest):
    def setUp(self):
        super().setUp()
        (self.folder / "x.npy").write_bytes(b"old")
        self.array("y.npy", (1, 2, 2, 3), range(12))
        self.array("i.npy", (1, 2, 2, 3), range(12), descr="<i8")

    def refuse_unpool(self, *arguments, words=(), y="y.npy", i="i.npy"):
        self.refuse("unpool", y, i, "-o", "x.npy", "--device", "cpu", *arguments, words=words)

    def test_indices_outside(self):
        for value in (12, -1, 2**63 - 1, -2**63):
            self.array("i.npy", (1, 2, 2, 3), [0] * 8 + [value] + [0] * 3, descr="<i8")
            self.refuse_unpool("--output-shape", "3,4", words=["i.npy", "[0,1,0,2]", str(value), "0 to 11"])
        self.array("i.npy", (1, 2, 2, 3), range(12), descr="<i8")
        self.refuse_unpool("--output-shape", "1,11", words=["[0,1,1,2]", "11", "0 to 10"])
        self.refuse_unpool("--output-shape", "1,11", "--layout", "nhwc", words=["[0,1,1,2]", "11", "0 to 10"])

    def test_arrays(self):
        self.array("short.npy", (1, 2, 2, 2), range(8), descr="<i8")
        self.array("flat.npy", (12,), range(12), descr="<i8")
        self.array("i4.npy", (1, 2, 2, 3), range(12), descr="<i4")
        shape = ["--output-shape", 9]
        self.refuse_unpool(*shape, i="short.npy", words=["short.npy", "axis 3 (W)", "2", "3", "y.npy"])
        self.refuse_unpool(*shape, "--layout", "nhwc", i="short.npy", words=["short.npy", "axis 3 (C)"])
        self.refuse_unpool(*shape, i="flat.npy", words=["flat.npy", "1 axes", "4 (NCHW)"])
        self.refuse_unpool(*shape, i="i4.npy", words=["i4.npy", "<i4", "<i8"])
        self.refuse_unpool(*shape, i="y.npy", words=["y.npy", "<f4", "<i8"])
        self.refuse_unpool(*shape, i="missing.npy", words=["missing.npy"])
        self.refuse_unpool(*shape, y="missing.npy", words=["missing.npy"])
        self.refuse_unpool(*shape, y="i.npy", words=["i.npy", "<i8", "<f4"])
        self.refuse_unpool(*shape, "--dtype", "f64", words=["y.npy", "--dtype", "<f4", "<f8"])

    def test_sizes(self):
        for value in (0, -1):
            self.refuse_unpool("--output-shape", value, words=["--output-shape", str(value), "1 or more"])
            self.refuse_unpool("--kernel", value, words=["--kernel", str(value), "1 or more"])
            self.refuse_unpool("--kernel", 2, "--stride", value, words=["--stride", str(value), "1 or more"])
        self.refuse_unpool("--kernel", 2, "--pad", -1, words=["--pad", "-1", "0 or more"])
        self.refuse_unpool("--kernel", 2, "--pad", 2, words=["--pad", "4"])
        for other in (["--kernel", 2], ["--stride", 2], ["--pad", 0]):
            self.refuse_unpool("--output-shape", 9, *other, words=["--output-shape", other[0]])
        self.refuse_unpool("--stride", 2, words=["--output-shape", "--kernel"])
        for option in ("--stride", "--pad", "--kernel"):
            self.refuse_unpool("--kernel", 2, option, 2**63 - 1)
        self.refuse_unpool("--output-shape", 2**62, words=[str(2**62)])
        self.refuse_unpool("--output-shape", f"1,{2**60}", words=[str(2**60)])

    def test_outputs(self):
        self.refuse("unpool", "y.npy", "i.npy", "-o", "nowhere/x.npy", "--output-shape", 9, "--device", "cpu",
                    words=["nowhere/x.npy"])
        self.refuse_unpool("--output-shape", 9, "--algorithm", "nonsense", words=["nonsense"])
