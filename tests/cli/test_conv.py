"""tessera conv: results that can be worked out by hand, and problems that cannot be."""

import os

from support import DEVICE, DEVICE_FAILED, CommandTest


class Golden(CommandTest):
    def test_one_output(self):
        self.array("x.npy", (1, 1, 2, 2), [1, 2, 3, 4])
        self.array("w.npy", (1, 1, 2, 2), [10, 20, 30, 40])
        self.run_well("conv", "x.npy", "w.npy", "-o", "y.npy")
        self.assertEqual(self.read("y.npy"), ((1, 1, 1, 1), [300.0]))

    def test_is_cross_correlation(self):
        self.array("x.npy", (1, 1, 1, 4), [1, 2, 3, 4])
        self.array("w.npy", (1, 1, 1, 2), [1, 10])
        self.run_well("conv", "x.npy", "w.npy", "-o", "y.npy")
        self.assertEqual(self.read("y.npy"), ((1, 1, 1, 3), [21.0, 32.0, 43.0]))

    def test_channels_and_batch(self):
        self.array("x.npy", (2, 2, 1, 2), [1, 2, 3, 4, 5, 6, 7, 8])
        self.array("w.npy", (3, 2, 1, 1), [1, 0, 0, 1, 1, 100])
        self.run_well("conv", "x.npy", "w.npy", "-o", "y.npy")
        self.assertEqual(self.read("y.npy"), ((2, 3, 1, 2), [1, 2, 3, 4, 301, 402, 5, 6, 7, 8, 705, 806]))

    def test_bias_and_relu(self):
        self.array("x.npy", (1, 1, 1, 3), [-5, 0, 5])
        self.array("w.npy", (2, 1, 1, 1), [1, -1])
        self.array("b.npy", (2,), [1, 2])
        self.run_well("conv", "x.npy", "w.npy", "--bias", "b.npy", "-o", "y.npy")
        self.assertEqual(self.read("y.npy")[1], [-4, 1, 6, 7, 2, -3])
        self.run_well("conv", "x.npy", "w.npy", "--bias", "b.npy", "--activation", "relu", "-o", "y.npy")
        self.assertEqual(self.read("y.npy")[1], [0, 1, 6, 7, 2, 0])

    def test_groups(self):
        self.array("x.npy", (1, 4, 1, 1), [1, 2, 3, 4])
        self.array("w.npy", (2, 2, 1, 1), [1, 10, 1, 10])
        self.run_well("conv", "x.npy", "w.npy", "--groups", 2, "-o", "y.npy")
        self.assertEqual(self.read("y.npy"), ((1, 2, 1, 1), [21.0, 43.0]))

    def test_stride_and_dilation_per_axis(self):
        self.array("x.npy", (1, 1, 3, 5), range(15))
        self.array("w.npy", (1, 1, 1, 2), [1, 100])
        self.run_well("conv", "x.npy", "w.npy", "--stride", "2,1", "--dilation", "1,3", "-o", "y.npy")
        self.assertEqual(self.read("y.npy"), ((1, 1, 2, 2), [300, 401, 1310, 1411]))

    def test_pads_in_onnx_order(self):
        self.array("x.npy", (1, 1, 1, 1), [7])
        self.array("w.npy", (1, 1, 1, 1), [1])
        cases = {"1": (3, 3, 4), "1,0": (3, 1, 1), "1,2,0,3": (2, 6, 8)}  # height, width, where the 7 lies
        for pad, (height, width, place) in cases.items():
            with self.subTest(pad=pad):
                self.run_well("conv", "x.npy", "w.npy", "--pad", pad, "-o", "y.npy")
                expected = [0.0] * (height * width)
                expected[place] = 7.0
                self.assertEqual(self.read("y.npy"), ((1, 1, height, width), expected))

    def test_auto_pad(self):
        self.array("x.npy", (1, 1, 1, 4), [1, 2, 3, 4])
        self.array("w.npy", (1, 1, 1, 2), [1, 10])
        for how, expected in {"same-upper": [21, 32, 43, 4], "same-lower": [10, 21, 32, 43],
                              "valid": [21, 32, 43], "notset": [21, 32, 43]}.items():
            with self.subTest(how=how):
                self.run_well("conv", "x.npy", "w.npy", "--auto-pad", how, "-o", "y.npy")
                self.assertEqual(self.read("y.npy")[1], expected)

    def test_nan_and_infinity_are_data(self):
        self.array("x.npy", (1, 1, 1, 3), [float("nan"), float("inf"), 1])
        self.array("w.npy", (1, 1, 1, 1), [2])
        self.run_well("conv", "x.npy", "w.npy", "-o", "y.npy")
        values = self.read("y.npy")[1]
        self.assertTrue(values[0] != values[0] and values[1:] == [float("inf"), 2.0], values)

    def test_named_algorithm_and_layout(self):
        self.array("x.npy", (1, 1, 1, 2), [1, 2])
        self.array("w.npy", (1, 1, 1, 1), [3])
        run = self.run_json("conv", "x.npy", "w.npy", "--algorithm", "reference", "--layout", "nchw", "-o", "y.npy")
        self.assertEqual(run["algorithm"], "reference")
        self.assertEqual(self.read("y.npy")[1], [3, 6])

    def test_json(self):
        self.array("x.npy", (1, 3, 8, 9), [1] * 216)
        self.array("w.npy", (4, 3, 3, 3), [1] * 108)
        run = self.run_json("conv", "x.npy", "w.npy", "--pad", 1, "-o", "y.npy")
        self.assertEqual(run["problem"], "conv:c3h8w9k4r3s3pd1")
        self.assertEqual((run["x"], run["w"], run["y"]), ([1, 3, 8, 9], [4, 3, 3, 3], [1, 4, 8, 9]))
        self.assertEqual(set(run["device"]), {"name", "platform", "driver", "kind"})
        self.assertGreaterEqual(run["workspace_bytes"], 0)
        self.assertTrue(run["algorithm"])

    def test_explain(self):
        self.array("x.npy", (1, 1, 1, 2), [1, 2])
        self.array("w.npy", (1, 1, 1, 1), [3])
        told = self.explain("conv", "x.npy", "w.npy", "-o", "y.npy")
        self.assertIn("conv:w2k1", told.replace("c1", "").replace("h1", ""))
        self.assertIn("reference", told)

    def test_explain_tells_what_is_not_considered(self):
        """The kernels for GPUs are named on a CPU, where they run when they are forced."""
        self.array("x.npy", (1, 4, 8, 8), range(256))
        self.array("w.npy", (4, 4, 3, 3), range(144))
        common = ["conv", "x.npy", "w.npy", "-o", "y.npy"]
        if "implicit_gemm" not in self.explain(*common):
            self.skipTest("the CPU path has no other family")
        told = {line.split()[1]: line for line in self.explain(*common).splitlines()[1:]}
        self.assertIn("not considered unless named", told["implicit_gemm"])
        self.assertNotIn("not considered", told["reference"])
        self.assertIn("chosen   implicit_gemm", self.explain(*common, "--algorithm", "implicit_gemm"))

    def test_output_replaces_an_old_file_and_keeps_its_mode(self):
        self.array("x.npy", (1, 1, 1, 1), [1])
        old = self.folder / "y.npy"
        old.write_bytes(b"old")
        old.chmod(0o640)
        self.run_well("conv", "x.npy", "x.npy", "-o", "y.npy")
        self.assertEqual(self.read("y.npy")[1], [1])
        self.assertEqual(old.stat().st_mode & 0o777, 0o640)
        self.assertEqual(sorted(path.name for path in self.folder.iterdir() if path.is_file()), ["x.npy", "y.npy"])

    def test_output_through_a_link(self):
        self.array("x.npy", (1, 1, 1, 1), [1])
        (self.folder / "target.npy").write_bytes(b"old")
        (self.folder / "link.npy").symlink_to("target.npy")
        self.run_well("conv", "x.npy", "x.npy", "-o", "link.npy")
        self.assertTrue((self.folder / "link.npy").is_symlink())
        self.assertEqual(self.read("target.npy")[1], [1])


class Refusals(CommandTest):
    """An old output file is in the folder each time: it must stay as it is."""

    def setUp(self):
        super().setUp()
        (self.folder / "y.npy").write_bytes(b"old")
        self.array("x.npy", (1, 4, 5, 5), [1] * 100)
        self.array("w.npy", (6, 4, 3, 3), [1] * 216)
        self.array("b.npy", (5,), [1] * 5)

    def refuse_conv(self, *arguments, words=(), x="x.npy", w="w.npy"):
        self.refuse("conv", x, w, "-o", "y.npy", "--device", "cpu", *arguments, words=words)

    def test_problems(self):
        self.array("w3.npy", (6, 3, 3, 3), [1] * 162)
        self.array("w2.npy", (6, 2, 3, 3), [1] * 108)
        self.array("big.npy", (1, 4, 6, 3), [1] * 72)
        self.refuse_conv("--stride", 0, words=["stride", "0"])
        self.refuse_conv("--stride", -1, words=["stride", "-1"])
        self.refuse_conv("--dilation", 0, words=["dilation", "0"])
        self.refuse_conv("--pad", -1, words=["pad", "-1"])
        self.refuse_conv("--groups", 0, words=["groups", "0"])
        self.refuse_conv("--groups", -2, words=["groups", "-2"])
        self.refuse_conv("--groups", 3, words=["groups", "3"])
        self.refuse_conv("--groups", 4, words=["groups", "4"])
        self.refuse_conv("--dilation", 3, words=["7", "5"])
        self.refuse_conv("--auto-pad", "valid", "--pad", 1, words=["pad"])
        self.refuse_conv("--bias", "b.npy", words=["--bias", "5", "6"])
        self.refuse_conv(w="w3.npy", words=["3", "4"])
        self.refuse_conv(w="w2.npy", words=["2", "4"])
        self.refuse_conv(w="big.npy", words=["6", "5"])

    def test_overflow(self):
        for option in ("--pad", "--stride", "--dilation"):
            for value in (2**63 - 1, 2**40):
                self.refuse_conv(option, value, words=[option[2:], str(value)])
            self.refuse_conv(option, 2**63, words=[option, str(2**63)])
        self.refuse_conv("--pad", 2**31 - 1)  # allowed for a side, but the output would have 2**66 elements

    def test_unknown_algorithm(self):
        self.refuse_conv("--algorithm", "nonsense", words=["nonsense"])

    def test_missing_files(self):
        self.refuse_conv(x="missing.npy", words=["missing.npy"])
        self.refuse_conv("--bias", "missing.npy", words=["missing.npy"])

    def test_output_that_cannot_be(self):
        (self.folder / "folder").mkdir()
        for output in ("nowhere/y.npy", "folder", "/dev/null"):
            self.refuse("conv", "x.npy", "w.npy", "-o", output, "--device", "cpu", words=[output])

    def test_devices(self):
        for device in ("opencl:no such device", "99"):
            self.refuse("conv", "x.npy", "w.npy", "-o", "y.npy", "--device", device, code=DEVICE_FAILED)
        for device in ("banana", "", "-1", "1x", "CPU", "cpu:0"):
            self.refuse("conv", "x.npy", "w.npy", "-o", "y.npy", "--device", device, words=["--device", f"'{device}'"])

    def test_without_opencl(self):
        empty = self.folder / "vendors"
        empty.mkdir()
        alone = {"OCL_ICD_VENDORS": str(empty)}
        self.refuse("conv", "x.npy", "w.npy", "-o", "y.npy", words=["--device cpu"], code=DEVICE_FAILED,
                    environment=alone)
        done = self.command("conv", "x.npy", "w.npy", "-o", "z.npy", "--device", "cpu", environment=alone)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.read("z.npy"), ((1, 6, 3, 3), [36.0] * 54))

    def test_log_level(self):
        self.refuse("conv", "x.npy", "w.npy", "-o", "y.npy", "--device", "cpu", words=["TESSERA_LOG"],
                    environment={"TESSERA_LOG": "loud"})
        done = self.command("conv", "x.npy", "w.npy", "-o", "z.npy", "--device", "cpu",
                            environment={"TESSERA_LOG": "debug"})
        self.assertIn("[debug] ", done.stderr)

    def test_cache_that_cannot_be_written_is_no_error(self):
        (self.folder / "cache").write_bytes(b"in the way")
        done = self.command("conv", "x.npy", "w.npy", "-o", "z.npy", "--device", DEVICE)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertTrue(os.path.exists(self.folder / "z.npy"))
