"""tessera pool: results that can be worked out by hand, and problems that cannot be."""

from support import CommandTest


class Golden(CommandTest):
    def pool(self, *arguments):
        self.run_well("pool", "x.npy", "-o", "y.npy", *arguments)
        return self.read("y.npy")

    def test_stride_is_the_window_by_default(self):
        self.array("x.npy", (1, 1, 4, 4), range(16))
        self.assertEqual(self.pool("--kind", "max", "--kernel", 2), ((1, 1, 2, 2), [5, 7, 13, 15]))
        self.assertEqual(self.pool("--kind", "avg", "--kernel", 2), ((1, 1, 2, 2), [2.5, 4.5, 10.5, 12.5]))

    def test_overlapping_windows(self):
        self.array("x.npy", (1, 1, 1, 5), [1, 5, 2, 4, 3])
        self.assertEqual(self.pool("--kind", "max", "--kernel", "1,3", "--stride", 1), ((1, 1, 1, 3), [5, 5, 4]))

    def test_window_and_stride_per_axis(self):
        self.array("x.npy", (1, 1, 3, 4), range(12))
        self.assertEqual(self.pool("--kind", "max", "--kernel", "1,2", "--stride", "2,1"),
                         ((1, 1, 2, 3), [1, 2, 3, 9, 10, 11]))

    def test_planes_are_separate(self):
        self.array("x.npy", (2, 2, 1, 2), [1, 2, 3, 4, 5, 6, 7, 8])
        self.assertEqual(self.pool("--kind", "max", "--kernel", "1,2"), ((2, 2, 1, 1), [2, 4, 6, 8]))

    def test_padding_of_a_maximum_is_minus_infinity(self):
        self.array("x.npy", (1, 1, 2, 2), [-1, -2, -3, -4])
        self.assertEqual(self.pool("--kind", "max", "--kernel", 3, "--stride", 1, "--pad", 1)[1], [-1] * 4)

    def test_both_divisors(self):
        self.array("x.npy", (1, 1, 2, 2), [4, 8, 12, 16])
        average = ["--kind", "avg", "--kernel", 2, "--stride", 2, "--pad", 1]
        self.assertEqual(self.pool(*average)[1], [4, 8, 12, 16])
        self.assertEqual(self.pool(*average, "--count-include-pad")[1], [1, 2, 3, 4])

    def test_pads_in_onnx_order(self):
        self.array("x.npy", (1, 1, 1, 2), [1, 2])
        pads = self.pool("--kind", "max", "--kernel", "1,2", "--stride", 1, "--pad", "0,1,0,0")
        self.assertEqual(pads, ((1, 1, 1, 2), [1, 2]))
        pads = self.pool("--kind", "max", "--kernel", "1,2", "--stride", 1, "--pad", "0,0,0,1")
        self.assertEqual(pads, ((1, 1, 1, 2), [2, 2]))

    def test_auto_pad(self):
        self.array("x.npy", (1, 1, 1, 3), [3, 1, 2])
        common = ["--kind", "max", "--kernel", "1,2", "--stride", 1, "--auto-pad"]
        self.assertEqual(self.pool(*common, "same-upper")[1], [3, 2, 2])
        self.assertEqual(self.pool(*common, "same-lower")[1], [3, 3, 2])
        self.assertEqual(self.pool(*common, "valid")[1], [3, 2])

    def test_nan_wins(self):
        self.array("x.npy", (1, 1, 1, 4), [1, float("nan"), 2, 3])
        values = self.pool("--kind", "max", "--kernel", "1,2")[1]
        self.assertTrue(values[0] != values[0] and values[1] == 3, values)

    def test_json_and_explain(self):
        self.array("x.npy", (1, 3, 8, 8), range(192))
        run = self.run_json("pool", "x.npy", "-o", "y.npy", "--kind", "max", "--kernel", 3, "--stride", 2)
        self.assertTrue(run["problem"].startswith("max:"), run)
        self.assertEqual((run["x"], run["y"]), ([1, 3, 8, 8], [1, 3, 3, 3]))
        self.explain("pool", "x.npy", "-o", "y.npy", "--kind", "avg", "--kernel", 2)


class Refusals(CommandTest):
    def test_problems(self):
        self.array("x.npy", (1, 1, 4, 4), range(16))
        (self.folder / "y.npy").write_bytes(b"old")

        def refuse(*arguments, words=()):
            self.refuse("pool", "x.npy", "-o", "y.npy", "--device", "cpu", *arguments, words=words)

        refuse("--kind", "max", "--kernel", 0, words=["0"])
        refuse("--kind", "max", "--kernel", -3, words=["-3"])
        refuse("--kind", "max", "--kernel", 5, words=["5", "4"])
        refuse("--kind", "max", "--kernel", 2, "--stride", 0, words=["stride", "0"])
        refuse("--kind", "max", "--kernel", 2, "--stride", -1, words=["stride", "-1"])
        refuse("--kind", "max", "--kernel", 2, "--pad", 2, words=["pad", "2"])
        refuse("--kind", "max", "--kernel", 2, "--pad", -1, words=["pad", "-1"])
        refuse("--kind", "max", "--kernel", 2, "--pad", 1, "--auto-pad", "valid", words=["pad"])
        refuse("--kind", "max", "--kernel", 2, "--count-include-pad", words=["--count-include-pad"])
        refuse("--kind", "sum", "--kernel", 2, words=["sum", "max or avg"])
        refuse("--kind", "max", words=["--kernel", "--adaptive", "--global"])
        refuse("--kernel", 2, words=["--kind"])
        refuse("--kind", "max", "--kernel", "2,2,2", words=["--kernel"])
        refuse("--kind", "max", "--kernel", 2, "--algorithm", "nonsense", words=["nonsense"])
        refuse("--kind", "max", "--kernel", 2**63 - 1)
