"""Damaged and foreign .npy files: each is refused before anything is computed or written."""

import struct

from support import CommandTest, npy_bytes


class Npy(CommandTest):
    def setUp(self):
        super().setUp()
        self.array("w.npy", (1, 1, 1, 1), [2])
        (self.folder / "y.npy").write_bytes(b"old")
        self.data = struct.pack("<4f", 1, 2, 3, 4)

    def refuse_file(self, content, *words):
        (self.folder / "x.npy").write_bytes(content)
        self.refuse("conv", "x.npy", "w.npy", "-o", "y.npy", "--device", "cpu", words=["x.npy", *words])

    def refuse_header(self, header, *words):
        self.refuse_file(npy_bytes(None, self.data, header), *words)

    def accept(self, content):
        (self.folder / "x.npy").write_bytes(content)
        done = self.command("conv", "x.npy", "w.npy", "-o", "z.npy", "--device", "cpu")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.read("z.npy"), ((1, 1, 2, 2), [2, 4, 6, 8]))

    def test_versions_1_to_3(self):
        for version in (1, 2, 3):
            self.accept(npy_bytes((1, 1, 2, 2), self.data, version=version))
        good = npy_bytes((1, 1, 2, 2), self.data)
        for version in (b"\x00\x00", b"\x04\x00", b"\x01\x01", b"\xff\xff"):
            self.refuse_file(good[:6] + version + good[8:], "version")

    def test_spellings_of_a_header(self):
        self.accept(npy_bytes(None, self.data, "{'shape':(1,1,2,2),'fortran_order':False,'descr':'<f4'}"))
        self.accept(npy_bytes(None, self.data, '{"descr": "<f4", "fortran_order": False, "shape": (1, 1, 2, 2)}'))
        self.accept(npy_bytes(None, self.data, "{'descr': '<f4', 'fortran_order': False, 'shape': (1L, 1L, 2L, 2L), }"))

    def test_magic(self):
        good = npy_bytes((1, 1, 2, 2), self.data)
        self.refuse_file(b"", "ends")
        self.refuse_file(b"\x93NUM", "ends")
        self.refuse_file(b"\x94" + good[1:], "magic")
        self.refuse_file(b"PK\x03\x04 this is a .npz file, which is a ZIP", "magic")

    def test_every_truncation(self):
        good = npy_bytes((1, 1, 2, 2), self.data)
        for length in range(len(good)):
            self.refuse_file(good[:length])

    def test_header_longer_than_the_file(self):
        good = npy_bytes((1, 1, 2, 2), self.data)
        self.refuse_file(good[:8] + b"\xff\xff" + good[10:], "65535")
        second = npy_bytes((1, 1, 2, 2), self.data, version=2)
        self.refuse_file(second[:8] + b"\xff\xff\xff\xff" + second[12:], "4294967295")
        self.refuse_file(second[:8] + struct.pack("<I", 70000) + b" " * 80000, "70000")

    def test_oversize(self):
        self.refuse_file(npy_bytes((1, 1, 2, 2), self.data + b"\0"), "16", "17")
        self.refuse_file(npy_bytes((1, 1, 2, 2), self.data * 2), "16", "32")

    def test_types(self):
        for descr in ("'>f4'", "'<i4'", "'|u1'", "'|i1'", "'<i8'", "'<u2'", "'|b1'", "'<c8'", "'|O'", "'<f16'"):
            self.refuse_header(f"{{'descr': {descr}, 'fortran_order': False, 'shape': (1, 1, 2, 2), }}", "<f4", "<f2",
                               "<f8", descr.strip("'"))
        self.refuse_header("{'descr': [('a', '<f4'), ('b', '<f4', (2,))], 'fortran_order': False, "
                           "'shape': (1, 1, 2, 2), }", "<f4", "structure")

    def test_size_of_each_type(self):
        for descr, bytes_needed in (("<f8", 32), ("<f2", 8)):
            self.refuse_header(f"{{'descr': '{descr}', 'fortran_order': False, 'shape': (1, 1, 2, 2), }}",
                               f"needs {bytes_needed} bytes", "16")

    def test_all_arrays_have_one_type(self):
        """The first array's type decides; messages name both files and both types."""
        self.array("x.npy", (1, 1, 2, 2), [1] * 4, descr="<f2")
        common = ["conv", "x.npy", "w.npy", "-o", "y.npy", "--device", "cpu"]
        self.refuse(*common, words=["w.npy", "<f4", "<f2", "x.npy"])
        self.array("w.npy", (1, 1, 1, 1), [1], descr="<f2")
        for option in ("--bias", "--scale"):
            self.array("b.npy", (1,), [1])
            self.refuse(*common, option, "b.npy", words=["b.npy", "<f4", "<f2", "x.npy"])
        self.refuse(*common, "--activation", "prelu:b.npy", words=["b.npy", "<f4", "<f2", "x.npy"])
        self.array("r.npy", (1, 1, 2, 2), [1] * 4)
        self.refuse(*common, "--residual", "r.npy", words=["r.npy", "<f4", "<f2", "x.npy"])
        self.refuse(*common, "--dtype", "f32", words=["x.npy", "--dtype", "<f2", "<f4"])

    def test_order(self):
        self.refuse_header("{'descr': '<f4', 'fortran_order': True, 'shape': (1, 1, 2, 2), }", "Fortran")

    def test_shapes(self):
        for shape, *words in (("(4,)", "1 axes", "3 (NCW), 4 (NCHW) or 5 (NCDHW)"), ("()", "0 axes"),
                              ("(2, 2)", "2 axes"), ("(1, 1, 1, 1, 2, 2)", "6 axes"),
                              ("(1, 2, 2)", "w.npy", "4 axes", "3 (KCS)"),
                              ("(1, 1, 1, 2, 2)", "w.npy", "4 axes", "5 (KCTRS)"), ("(0, 1, 2, 2)", "axis 0 (N)"),
                              ("(1, 0, 2, 2)", "axis 1 (C)"), ("(1, 1, 0, 2)", "axis 2 (H)"),
                              ("(1, 1, 2, 0)", "axis 3 (W)"), ("(-1, 1, 2, 2)",), ("(1, 1, 2, 2.0)",),
                              ("(1, 4, )", "2 axes"), ("[1, 1, 2, 2]", "tuple"), ("(1, 1, 2, 2",), ("4",), ("(4)",)):
            self.refuse_header(f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}", *words)
        self.refuse_header("{'descr': '<f4', 'fortran_order': False, 'shape': (" + "1, " * 40 + "), }", "32")

    def test_sizes_that_overflow(self):
        for shape, *words in (("(4294967296, 4294967296, 1, 1)", "overflow"),
                              ("(9223372036854775807, 9223372036854775807, 2, 2)", "overflow"),
                              ("(9223372036854775808, 1, 1, 1)", "63"), (f"({'9' * 400}, 1, 1, 1)", "63"),
                              ("(4611686018427387904, 1, 1, 1)", "overflow"),
                              ("(1099511627776, 1, 1, 1)", "4398046511104")):
            self.refuse_header(f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}", *words)

    def test_dictionaries(self):
        for header in ("", "None", "{", "{}", "{'descr'}", "{'descr': '<f4'}", "{'descr': <f4}",
                       "{'descr': '<f4', 'fortran_order': False}", "{'descr': '<f4', 'shape': (1, 1, 2, 2)}",
                       "{'fortran_order': False, 'shape': (1, 1, 2, 2)}",
                       "{'descr': '<f4', 'fortran_order': Maybe, 'shape': (1, 1, 2, 2)}",
                       "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 1, 2, 2), 'more': 1}",
                       "{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (1, 1, 2, 2)}",
                       "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 1, 2, 2)} + 1",
                       "{'descr': '<f4' 'fortran_order': False, 'shape': (1, 1, 2, 2)}",
                       "{'descr': '<f4, 'fortran_order': False, 'shape': (1, 1, 2, 2)}",
                       "{'descr': [[[, 'fortran_order': False, 'shape': (1, 1, 2, 2)}",
                       "{'" + "x" * 500 + "': 1}", "{'descr': '" + "f" * 500 + "'}", "\0\0\0"):
            self.refuse_header(header)

    def test_every_byte_flipped(self):
        """A flipped byte is refused, or gives a run that the damage left possible; it never crashes."""
        good = npy_bytes((1, 1, 2, 2), self.data)
        for place in range(0, len(good) - len(self.data)):
            content = bytearray(good)
            content[place] ^= 0x55
            (self.folder / "x.npy").write_bytes(content)
            done = self.command("conv", "x.npy", "w.npy", "-o", "y.npy", "--device", "cpu")
            self.assertIn(done.returncode, (0, 2), f"byte {place}: {done.stderr}")

    def test_weights_and_bias_have_their_axes(self):
        self.array("x.npy", (1, 1, 2, 2), [1] * 4)
        self.array("flat.npy", (4,), [1] * 4)
        self.refuse("conv", "x.npy", "flat.npy", "-o", "y.npy", "--device", "cpu", words=["flat.npy", "KCRS"])
        self.refuse("conv", "x.npy", "w.npy", "--bias", "w.npy", "-o", "y.npy", "--device", "cpu", words=["w.npy"])

    def test_what_is_no_file(self):
        (self.folder / "folder").mkdir()
        for path in ("folder", "/dev/zero"):
            self.refuse("conv", path, "w.npy", "-o", "y.npy", "--device", "cpu", words=[path])
