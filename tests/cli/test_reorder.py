"""tessera reorder: layouts and types."""

import itertools
import struct

import reference
from support import CommandTest

BLOCKS = {"nchw4c": 4, "nchw8c": 8, "nchw16c": 16}


def convert(tensor, layout):
    if layout in BLOCKS:
        return reference.blocked(tensor, BLOCKS[layout])
    return reference.channels_last(tensor) if layout == "nhwc" else tensor


class Golden(CommandTest):
    def reorder(self, x, *arguments, descr="<f4", to_descr=None):
        self.tensor("x.npy", x, descr)
        self.run_well("reorder", "x.npy", "-o", "y.npy", *arguments)
        return self.read("y.npy", to_descr or descr)

    def test_by_hand(self):
        self.assertEqual(self.reorder(((1, 2, 3), [1, 2, 3, 4, 5, 6]), "--from", "nchw", "--to", "nhwc"),
                         ((1, 3, 2), [1, 4, 2, 5, 3, 6]))
        self.assertEqual(self.reorder(((1, 3, 2), [1, 4, 2, 5, 3, 6]), "--from", "nhwc", "--to", "nchw"),
                         ((1, 2, 3), [1, 2, 3, 4, 5, 6]))

    def test_explain(self):
        self.array("x.npy", (1, 2, 3), range(6))
        self.explain("reorder", "x.npy", "-o", "y.npy", "--from", "nchw", "--to", "nhwc")

    def test_all_pairs(self):
        tensor = reference.integers((2, 6, 3, 4))
        layouts = ("nchw8c", "nhwc", "nchw", "nchw4c", "nchw16c")
        for source, target in self.some(itertools.product(layouts, repeat=2), 3):
            with self.subTest(source=source, target=target):
                channels = ["--channels", 6] if source in BLOCKS else []
                found = self.reorder(convert(tensor, source), "--from", source, "--to", target, *channels)
                self.assertEqual(found, convert(tensor, target))

    def test_ranks(self):
        for shape in self.some(((1, 5, 2, 3, 4), (2, 3, 5))):
            tensor = reference.integers(shape)
            for target in self.some(("nchw4c", "nhwc")):
                there = self.reorder(tensor, "--from", "nchw", "--to", target)
                self.assertEqual(there, convert(tensor, target))
                channels = ["--channels", shape[1]] if target in BLOCKS else []
                self.assertEqual(self.reorder(there, "--from", target, "--to", "nchw", *channels), tensor)

    def test_to_half(self):
        """To the nearest, ties to even; what is too large becomes infinite."""
        values = [0.0, 1.0, -2.5, 1 + 2**-11, 1 + 3 * 2**-11, 2049.0, 65504.0, 65519.0, 6e-8, 1e-9, -1e-3, 1 / 3]
        expected = [struct.unpack("<e", struct.pack("<e", value))[0] for value in values]
        plain = ["--from", "nchw", "--to", "nchw", "--to-dtype", "f16"]
        self.assertEqual(self.reorder(((1, 1, 12), values), *plain, to_descr="<f2"), ((1, 1, 12), expected))
        self.assertEqual(self.reorder(((1, 1, 2), [1e6, -float("inf")]), *plain, to_descr="<f2")[1],
                         [float("inf"), -float("inf")])

    def test_types(self):
        tensor = reference.integers((1, 3, 2, 2), low=0, high=9)
        types = (("f16", "<f2"), ("u8", "|u1"), ("f32", "<f4"), ("i8", "|i1"), ("f64", "<f8"))
        for (source, descr), (target, to_descr) in self.some(itertools.product(types, repeat=2), 4):
            with self.subTest(source=source, target=target):
                found = self.reorder(tensor, "--from", "nchw", "--to", "nhwc", "--dtype", source, "--to-dtype", target,
                                     descr=descr, to_descr=to_descr)
                self.assertEqual(found, reference.channels_last(tensor))

    def test_to_integers(self):
        """To the nearest, ties to even, and to the nearest end of the range."""
        x = ((1, 1, 8), [0.5, 1.5, -0.5, -1.5, 300.0, -300.0, 127.5, float("nan")])
        plain = ["--from", "nchw", "--to", "nchw", "--to-dtype"]
        self.assertEqual(self.reorder(x, *plain, "i8", to_descr="|i1")[1], [0, 2, 0, -2, 127, -128, 127, 0])
        self.assertEqual(self.reorder(x, *plain, "u8", to_descr="|u1")[1], [0, 2, 0, 0, 255, 0, 128, 0])

    def test_json(self):
        self.array("x.npy", (1, 5, 2, 2), range(20))
        run = self.run_json("reorder", "x.npy", "-o", "y.npy", "--from", "nchw", "--to", "nchw4c", "--to-dtype", "f16")
        self.assertEqual((run["x"], run["y"]), ([1, 5, 2, 2], [1, 2, 2, 2, 4]))
        self.assertRegex(run["problem"], r"^reorder:\S+$")
        self.assertEqual((run["dtype"], run["y_dtype"]), ("f32", "f16"))
        self.assertEqual((run["x_layout"], run["y_layout"]), ("nchw", "nchw4c"))


class Refusals(CommandTest):
    def setUp(self):
        super().setUp()
        (self.folder / "y.npy").write_bytes(b"old")
        self.array("x.npy", (1, 2, 3, 4), range(24))

    def refuse_reorder(self, source, target, *arguments, words=(), x="x.npy"):
        self.refuse("reorder", x, "-o", "y.npy", "--device", "cpu", "--from", source, "--to", target, *arguments,
                    words=words)

    def test_channels(self):
        self.array("blocks.npy", (1, 2, 3, 4, 8), range(192))
        for value in (0, -1):
            self.refuse_reorder("nchw8c", "nchw", "--channels", value, words=["--channels", str(value), "1 or more"])
        for value in (8, 17, 2**63 - 1):
            self.refuse_reorder("nchw8c", "nchw", "--channels", value, x="blocks.npy",
                                words=["blocks.npy", "axis 1", "2", "--channels", str(value)])
        self.refuse_reorder("nchw4c", "nchw", "--channels", 8, x="blocks.npy", words=["axis 4", "8", "4"])
        self.refuse_reorder("nchw", "nhwc", "--channels", 2, words=["--channels", "2", "nchw"])
        self.refuse_reorder("nchw4c", "nchw", words=["--channels", "nchw4c"])

    def test_arrays(self):
        self.array("flat.npy", (4,), range(4))
        self.array("long.npy", (1, 1, 4), range(4), descr="<i8")
        self.refuse_reorder("nchw", "nhwc", x="flat.npy", words=["flat.npy", "1 axes", "4 (NCHW)"])
        self.refuse_reorder("nhwc", "nchw", x="flat.npy", words=["flat.npy", "1 axes", "4 (NHWC)"])
        self.refuse_reorder("nchw8c", "nchw", "--channels", 4, x="flat.npy", words=["flat.npy", "1 axes", "5 (NCHWB)"])
        self.refuse_reorder("nchw", "nhwc", x="long.npy", words=["long.npy", "<i8", "<f4"])
        self.refuse_reorder("nchw", "nhwc", "--dtype", "f64", words=["x.npy", "--dtype", "<f4", "<f8"])
        self.refuse_reorder("nchw", "nhwc", "--algorithm", "nonsense", words=["nonsense"])
