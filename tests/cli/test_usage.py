"""Options, arguments, help: what every command has alike."""

import re
import subprocess

from support import TESSERA, CommandTest

COMMANDS = ("devices", "conv", "pool", "filter", "bench", "version")


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
                   "device explain json", "pool": "kind kernel stride pad auto-pad count-include-pad algorithm device "
                   "explain json", "filter": "kernel pool pool-kernel pool-stride device",
                   "bench": "problem device layout algorithm json"}
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
        self.refuse("filter", "-o", "y.png", words=["PHOTO"])
        self.refuse("filter", "x.png", words=["-o"])
        self.refuse("bench", words=["--problem"])
        self.refuse("bench", "conv:c1w1k1", words=["--problem"])

    def test_missing_and_unwanted_values(self):
        self.refuse("conv", "x.npy", "w.npy", "-o", words=["missing value", "-o"])
        self.refuse("conv", "x.npy", "w.npy", "-o", "y.npy", "--stride", words=["missing value", "--stride"])
        self.refuse("conv", "x.npy", "w.npy", "-o", "y.npy", "--json=yes", words=["--json=yes", "no value"])

    def test_lists_of_numbers(self):
        common = ["conv", "x.npy", "w.npy", "-o", "y.npy"]
        for option in ("--stride", "--dilation"):
            for value in ("", "x", "1,", ",1", "1,1,1", "1,1,1,1", "1x1", "1.5", " 1", "+1", "1 ", "0x10", "--", "1;1"):
                self.refuse(*common, f"{option}={value}", words=[option, f"'{value}'"])
        for value in ("", "1,1,1", "1,1,1,1,1", "a", "1,1,1,", "9223372036854775808"):
            self.refuse(*common, f"--pad={value}", words=["--pad", f"'{value}'"])
        for value in ("", "1,1", "two", "1e3"):
            self.refuse(*common, f"--groups={value}", words=["--groups", f"'{value}'"])

    def test_words(self):
        common = ["conv", "x.npy", "w.npy", "-o", "y.npy"]
        self.refuse(*common, "--auto-pad", "same", words=["same-upper", "same-lower", "valid", "notset"])
        self.refuse(*common, "--activation", "tanh", words=["none or relu"])
        self.refuse(*common, "--layout", "nhwc", words=["nchw"])
        self.refuse("bench", "--problem", "conv:c1w1k1", "--layout", "nchw16c", words=["any or nchw"])

    def test_full_disk_behind_stdout(self):
        with open("/dev/full", "w") as full:
            done = subprocess.run([TESSERA, "version"], stdout=full, stderr=subprocess.PIPE, text=True, timeout=60)
        self.assertEqual(done.returncode, 2)
        self.assertTrue(re.search("standard output", done.stderr), done.stderr)
