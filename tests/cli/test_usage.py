"""Options, arguments, help: what every command has alike."""

import re
import subprocess

from support import TESSERA, CommandTest

COMMANDS = ("devices", "conv", "conv-backward", "pool", "pool-backward", "unpool", "reorder", "filter", "bench", "tune",
            "version")


class Usage(CommandTest):
    def test_version(self):
        done = self.command("version")
        self.assertEqual(done.returncode, 0)
        self.assertRegex(done.stdout, r"^tessera \d+\.\d+\.\d+\n$")

    def test_help_of_each(self):
        for command in ((), *[(name,) for name in COMMANDS]):
            for option in ("--help", "-h"):
                done = self.command(*command, option)
                self.assertEqual((done.returncode, done.stderr), (0, ""), command)
                self.assertGreater(len(done.stdout), 80)
                self.assertLessEqual(max(map(len, done.stdout.splitlines())), 120)

    def test_help_names_every_option(self):
        """The issue's list of options, which scripts rely on."""
        options = {"devices": "json", "conv": "bias stride pad auto-pad dilation groups activation layout algorithm "
                   "device explain json residual scale pad-mode transposed output-padding output-shape flip dtype exact",
                   "pool": "kind kernel stride pad auto-pad count-include-pad algorithm device explain json ceil "
                   "dilation divisor p indices adaptive global layout dtype",
                   "conv-backward": "x w dx dw db dscale dslope dresidual bias stride pad auto-pad dilation groups "
                   "activation layout algorithm device explain json residual scale pad-mode transposed output-padding "
                   "output-shape flip dtype exact",
                   "pool-backward": "x output indices kind kernel stride pad auto-pad count-include-pad algorithm "
                   "device explain json ceil dilation divisor p adaptive global layout dtype",
                   "unpool": "output output-shape kernel stride pad layout dtype device explain json",
                   "reorder": "output from to channels dtype to-dtype device explain json",
                   "filter": "kernel pool pool-kernel pool-stride device",
                   "bench": "problem device layout algorithm json",
                   "tune": "suite problem list batch output budget device layout dtype plain"}
        for command, names in options.items():
            text = self.command(command, "--help").stdout
            for name in names.split():
                self.assertRegex(text, rf"--{name}\b", command)

    def test_no_command_and_unknown_ones(self):
        done = self.command()
        self.assertEqual(done.returncode, 2)
        self.assertIn("tessera conv", done.stderr)
        self.refuse("convolve", words=["convolve"])
        self.refuse("--version", words=["--version"])
        self.refuse("--help", "conv", words=["conv"])

    def test_unknown_options(self):
        for command in COMMANDS:
            for option in ("--nonsense", "--nonsense=1", "-Z"):
                self.refuse(command, option, words=["unknown option", option.split("=")[0]])

    def test_abbreviated_options(self):
        """What is an abbreviation today may mean two things when there are more options."""
        self.array("x.npy", (1, 1, 1, 1), [1])
        self.refuse("conv", "--he", words=["unknown option", "--he"])
        self.refuse("conv", "x.npy", "x.npy", "--outp", "y.npy", words=["unknown option", "--outp"])
        self.refuse("conv", "x.npy", "x.npy", "--outp=y.npy", words=["unknown option", "--outp"])
        self.refuse("devices", "--js", words=["unknown option", "--js"])

    def test_an_option_is_no_value(self):
        self.refuse("bench", "--problem", "conv:c1w1k1", "--json", "--device", "cpu", words=["missing value", "--json"])

    def test_bench_refuses_before_it_measures(self):
        self.refuse("bench", "--problem", "nope", words=["nope", "conv:", "max:", "avg:"])
        self.refuse("bench", "--problem", "conv:c1w1k1", "--json", "missing/b.json", words=["missing/b.json"])

    def test_spare_arguments(self):
        self.array("x.npy", (1, 1, 1, 1), [1])
        self.refuse("devices", "more", words=["more"])
        self.refuse("version", "more", words=["more"])
        self.refuse("conv", "x.npy", "x.npy", "more", "-o", "y.npy", words=["more"])
        self.refuse("pool", "x.npy", "more", "-o", "y.npy", "--kind", "max", "--kernel", 1, words=["more"])
        self.refuse("filter", "x.png", "more", "-o", "y.png", words=["more"])

    def test_missing_arguments(self):
        self.array("x.npy", (1, 1, 1, 1), [1])
        self.refuse("conv", words=["X.npy and W.npy"])
        self.refuse("conv", "x.npy", "-o", "y.npy", words=["X.npy and W.npy"])
        self.refuse("conv", "x.npy", "x.npy", words=["-o"])
        self.refuse("pool", "-o", "y.npy", words=["X.npy"])
        self.refuse("pool", "x.npy", "--kind", "max", "--kernel", 1, words=["-o"])
        self.refuse("pool", "x.npy", "--kind", "max", "-o", "y.npy", words=["--kernel"])
        self.refuse("conv-backward", "--x", "x.npy", "--w", "x.npy", "--dx", "y.npy", words=["DY.npy"])
        self.refuse("conv-backward", "x.npy", "--w", "x.npy", "--dx", "y.npy", words=["--x X.npy"])
        self.refuse("conv-backward", "x.npy", "--x", "x.npy", "--dx", "y.npy", words=["--w W.npy"])
        self.refuse("conv-backward", "x.npy", "--x", "x.npy", "--w", "x.npy", words=["--dx", "--dw", "--db"])
        pool_backward = ["pool-backward", "--kind", "max", "--kernel", 1]
        self.refuse(*pool_backward, "--x", "x.npy", "-o", "y.npy", words=["DY.npy"])
        self.refuse(*pool_backward, "x.npy", "-o", "y.npy", words=["--x X.npy"])
        self.refuse(*pool_backward, "x.npy", "--x", "x.npy", words=["-o DX.npy"])
        self.refuse(*pool_backward[:3], "x.npy", "--x", "x.npy", "-o", "y.npy", words=["--kernel"])
        self.refuse("unpool", "x.npy", "-o", "y.npy", words=["Y.npy and I.npy"])
        self.refuse("unpool", "x.npy", "x.npy", "--output-shape", 1, words=["-o"])
        self.refuse("unpool", "x.npy", "x.npy", "-o", "y.npy", words=["--output-shape", "--kernel"])
        self.refuse("reorder", "-o", "y.npy", words=["X.npy"])
        self.refuse("reorder", "x.npy", "--from", "nchw", "--to", "nhwc", words=["-o"])
        self.refuse("reorder", "x.npy", "-o", "y.npy", "--to", "nhwc", words=["--from"])
        self.refuse("reorder", "x.npy", "-o", "y.npy", "--from", "nchw", words=["--to"])
        self.refuse("reorder", "x.npy", "-o", "y.npy", "--from", "nchw8c", "--to", "nhwc", words=["--channels"])
        self.refuse("filter", "-o", "y.png", words=["PHOTO"])
        self.refuse("filter", "x.png", words=["-o"])
        self.refuse("filter", "x.png", "-o", "o.gif", words=["o.gif", ".png"])
        self.refuse("filter", "x.png", "-o", "png", words=["'png'", ".png"])
        self.refuse("bench", words=["--problem"])
        self.refuse("bench", "conv:c1w1k1", words=["--problem"])

    def test_repeated_options(self):
        common = ["conv", "x.npy", "w.npy", "-o", "y.npy"]
        self.refuse(*common, "--output", "z.npy", words=["given twice", "--output"])
        self.refuse(*common, "--json", "--json", words=["given twice", "--json"])
        self.refuse(*common, "--pad", 1, "--pad=1", words=["given twice", "--pad"])
        self.refuse("pool", "x.npy", "--kind", "max", "--kind", "avg", words=["given twice", "--kind"])
        self.refuse("conv-backward", "y.npy", "--x", "x.npy", "--x", "x.npy", words=["given twice", "--x"])
        self.refuse("pool-backward", "y.npy", "--x", "x.npy", "--x", "x.npy", words=["given twice", "--x"])
        self.refuse("unpool", "--device", "cpu", "--device", "opencl", words=["given twice", "--device"])
        self.refuse("reorder", "--from", "nchw", "--from", "nhwc", words=["given twice", "--from"])
        self.refuse("filter", "-o", "a.png", "-o", "b.png", words=["given twice", "--output"])
        self.refuse("bench", "--layout", "any", "--layout", "nchw", words=["given twice", "--layout"])

    def test_missing_and_unwanted_values(self):
        self.refuse("conv", "x.npy", "w.npy", "-o", words=["missing value", "-o"])
        self.refuse("conv", "x.npy", "w.npy", "-o", "y.npy", "--stride", words=["missing value", "--stride"])
        self.refuse("conv", "x.npy", "w.npy", "-o", "y.npy", "--json=yes", words=["--json=yes", "no value"])

    def test_lists_of_numbers(self):
        common = ["conv", "x.npy", "w.npy", "-o", "y.npy", "--transposed"]
        for option in ("--stride", "--dilation", "--output-padding", "--output-shape"):
            for value in ("", "x", "1,", ",1", "1,1,1,1", "1x1", "1.5", " 1", "+1", "1 ", "0x10", "--", "1;1", "1,,1"):
                self.refuse(*common, f"{option}={value}", words=[option, f"'{value}'"])
        for value in ("", "1,1,1,1,1", "1,1,1,1,1,1,1", "a", "1,1,1,", "9223372036854775808"):
            self.refuse(*common, f"--pad={value}", words=["--pad", f"'{value}'"])
        for value in ("", "1,1", "two", "1e3"):
            self.refuse(*common, f"--groups={value}", words=["--groups", f"'{value}'"])
        common = ["pool", "x.npy", "-o", "y.npy", "--kind", "avg", "--kernel", "1"]
        for option in ("--kernel", "--stride", "--dilation", "--adaptive"):
            for value in ("", "x", "1,", "1,1,1,1", "1.5", "9223372036854775808"):
                self.refuse(*common, f"{option}={value}", words=[option, f"'{value}'"])
        for option in ("--divisor", "--p"):
            for value in ("", "1,1", "two", "1e3", "1.5"):
                self.refuse(*common, f"{option}={value}", words=[option, f"'{value}'"])
        self.refuse("reorder", "x.npy", "-o", "y.npy", "--from", "nchw4c", "--to", "nchw", "--channels", "1,1",
                    words=["--channels", "'1,1'"])
        for option in ("--output-shape", "--kernel", "--stride"):
            self.refuse("unpool", "x.npy", "i.npy", "-o", "y.npy", option, "1,1,1,1", words=[option, "'1,1,1,1'"])

    def test_lists_that_do_not_fit_the_rank(self):
        """How many numbers make sense shows when X is read: for each of its axes of space one, pads also two."""
        for rank, wrong, wrong_pads in ((1, ("1,1", "1,1,1"), ("1,1,1", "1,1,1,1")),
                                        (2, ("1,1,1",), ("1,1,1", "1,1,1,1,1,1")), (3, ("1,1",), ("1,1", "1,1,1,1"))):
            self.array("x.npy", (1, 1) + (1,) * rank, [1])
            self.array("i.npy", (1, 1) + (1,) * rank, [0], descr="<i8")
            conv = ["conv", "x.npy", "x.npy", "-o", "y.npy", "--device", "cpu", "--transposed"]
            pool = ["pool", "x.npy", "-o", "y.npy", "--device", "cpu", "--kind", "max"]
            unpool = ["unpool", "x.npy", "i.npy", "-o", "y.npy", "--device", "cpu"]
            for value in wrong:
                for option in ("--stride", "--dilation", "--output-padding", "--output-shape"):
                    self.refuse(*conv, option, value, words=[option, f"'{value}'", str(rank)])
                for option in ("--kernel", "--adaptive"):
                    self.refuse(*pool, option, value, words=[option, f"'{value}'", str(rank)])
                for option in ("--stride", "--dilation"):
                    self.refuse(*pool, "--kernel", 1, option, value, words=[option, f"'{value}'", str(rank)])
                for option in ("--output-shape", "--kernel"):
                    self.refuse(*unpool, option, value, words=[option, f"'{value}'", str(rank)])
                self.refuse(*unpool, "--kernel", 1, "--stride", value, words=["--stride", f"'{value}'", str(rank)])
            for value in wrong_pads:
                self.refuse(*conv, "--pad", value, words=["--pad", f"'{value}'", str(2 * rank)])
                self.refuse(*pool, "--kernel", 1, "--pad", value, words=["--pad", f"'{value}'", str(2 * rank)])
                self.refuse(*unpool, "--kernel", 1, "--pad", value, words=["--pad", f"'{value}'", str(2 * rank)])

    def test_words(self):
        common = ["conv", "x.npy", "w.npy", "-o", "y.npy"]
        self.refuse(*common, "--auto-pad", "same", words=["same-upper", "same-lower", "valid", "notset"])
        self.refuse(*common, "--layout", "nchw16c", words=["--layout", "'nchw16c'", "nchw or nhwc or any"])
        self.refuse(*common, "--layout", "NHWC", words=["--layout", "'NHWC'"])
        self.refuse(*common, "--pad-mode", "mirror", words=["--pad-mode", "'mirror'", "zeros", "reflect", "replicate",
                                                            "circular"])
        self.refuse(*common, "--dtype", "f8", words=["--dtype", "'f8'", "f32", "f16", "f64"])
        self.refuse(*common, "--dtype", "i8", words=["--dtype", "'i8'", "f32", "f16", "f64"])
        pool = ["pool", "x.npy", "-o", "y.npy", "--kernel", 2]
        self.refuse(*pool, "--kind", "l2", words=["--kind", "'l2'", "max or avg or lp"])
        self.refuse(*pool, "--kind", "max", "--dtype", "i16", words=["--dtype", "'i16'", "f32", "u8"])
        self.refuse(*pool, "--kind", "max", "--layout", "hwc", words=["--layout", "'hwc'", "nhwc"])
        self.refuse("unpool", "x.npy", "i.npy", "-o", "y.npy", "--kernel", 2, "--layout", "any",
                    words=["--layout", "'any'", "nchw or nhwc"])
        for option in ("--from", "--to"):
            self.refuse("reorder", "x.npy", "-o", "y.npy", "--from", "nchw", "--to", "nchw", option, "any",
                        words=[option, "'any'", "nchw", "nchw16c", "nhwc"])
        for option in ("--dtype", "--to-dtype"):
            self.refuse("reorder", "x.npy", "-o", "y.npy", "--from", "nchw", "--to", "nchw", option, "i64",
                        words=[option, "'i64'", "f32", "u8"])
        self.refuse("bench", "--problem", "conv:c1w1k1", "--layout", "nchw16c",
                    words=["--layout", "'nchw16c'", "nchw or nhwc or any"])

    def test_activations(self):
        common = ["conv", "x.npy", "w.npy", "-o", "y.npy", "--activation"]
        for value in ("", "swish!", "Relu", "relu:1", "leaky-relu:x", "leaky-relu:", "leaky-relu:0.1:2", "elu:nan",
                      "elu:inf", "clip:6,0", "clip:1:2:3", "clip:a,b", "relu,tanh", "preluS.npy"):
            self.refuse(*common, value, words=["--activation", value])
        self.refuse(*common, "clip:6,0", words=["6", "0"])
        self.refuse(*common, "prelu", words=["--activation", "'prelu'", "prelu:S.npy"])
        self.refuse(*common, "prelu:", words=["--activation", "'prelu:'", "prelu:S.npy"])

    def test_full_disk_behind_stdout(self):
        with open("/dev/full", "w") as full:
            done = subprocess.run([TESSERA, "version"], stdout=full, stderr=subprocess.PIPE, text=True, timeout=60)
        self.assertEqual(done.returncode, 2)
        self.assertTrue(re.search("standard output", done.stderr), done.stderr)
