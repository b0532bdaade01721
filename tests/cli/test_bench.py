"""tessera bench: the form of what it reports. How fast anything is, is no test's business."""

import json
import pathlib
import tempfile

from support import DEVICE, INPUT, CommandTest

DEVICE_KEYS = {"name", "platform", "driver", "kind", "peak_gflops", "copy_gbps"}
RESULT_KEYS = {"problem", "layout", "algorithm", "median_ms", "min_ms", "p95_ms", "gflops", "gbps", "percent_of_peak",
               "percent_of_copy", "plan_ms", "warm_plan_ms"}
CONV, MAX = "conv:c3h8w8k4r3s3pd1", "max:c4h9w9r3s3st2"


class Bench(CommandTest):
    def check(self, document, problems, layout):
        self.assertLessEqual(DEVICE_KEYS, set(document["device"]))
        self.assertEqual([result["problem"] for result in document["results"]], problems)
        for result in document["results"]:
            self.assertLessEqual(RESULT_KEYS, set(result))
            self.assertEqual(result["layout"], layout)
            for key in RESULT_KEYS - {"problem", "layout", "algorithm"}:
                self.assertIsInstance(result[key], (int, float), key)
            self.assertTrue(0 < result["min_ms"] <= result["median_ms"] <= result["p95_ms"], result)
            self.assertGreater(result["gbps"], 0)
            is_conv = result["problem"].startswith("conv:")
            self.assertEqual(result["gflops"] > 0, is_conv)
            self.assertEqual(result["percent_of_peak"] > 0, is_conv)
        self.assertGreater(document["device"]["peak_gflops"], 0)
        self.assertGreater(document["device"]["copy_gbps"], 0)

    def test_both_ways_to_name_problems(self):
        table = self.run_well("bench", "--problem", CONV, MAX, "--json", "out.json")
        self.assertTrue(CONV in table and MAX in table and "peak" in table, table)
        self.check(json.loads((self.folder / "out.json").read_text()), [CONV, MAX], "any")
        document = self.run_well("bench", "--problem", MAX, "--problem", CONV, "--layout", "nchw", "--json", "-")
        self.check(json.loads(document), [MAX, CONV], "nchw")

    def test_named_algorithm(self):
        document = json.loads(self.run_well("bench", "--problem", CONV + ",bias,relu", "--algorithm", "reference",
                                            "--json", "-"))
        self.assertEqual([result["algorithm"] for result in document["results"]], ["reference"])

    def test_passes_over_what_the_named_algorithm_refuses(self):
        taken, refused = "conv:c3h8w8k3r3s3pd1g3", CONV + ",f64"
        named = ["--algorithm", "rows" if DEVICE == "cpu" else "depthwise_rows", "--device", DEVICE]
        done = self.command("bench", "--problem", refused, taken, *named, "--json", "-")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn(named[1] + ": ", done.stderr)
        self.assertIn(f"refused by {named[1]}: 1 of 2 problems", done.stderr)  # The table: JSON has stdout.
        document = json.loads(done.stdout)
        self.assertEqual(document["refused"], [refused])
        self.check(document, [taken], "any")
        done = self.command("bench", "--problem", refused, *named, "--json", "none.json")
        self.assertEqual(done.returncode, INPUT)
        self.assertIn(f"no algorithm for {refused}: {named[1]}: ", done.stderr)
        self.assertFalse((self.folder / "none.json").exists())

    def test_plans_may_go_untimed(self):
        document = json.loads(self.run_well("bench", "--problem", CONV, "--no-plan-times", "--json", "-"))
        self.assertEqual([(result["plan_ms"], result["warm_plan_ms"]) for result in document["results"]],
                         [(None, None)])

    def test_backward_passes(self):
        for one, problems in (("backward-data", [CONV, MAX]), ("backward-weights", [CONV])):
            document = json.loads(self.run_well("bench", "--problem", *problems, "--pass", one, "--json", "-"))
            self.assertEqual([result["pass"] for result in document["results"]], [one] * len(problems))
            self.assertEqual([result["distance"] for result in document["results"]], [0] * len(problems))
        for one, problem, word in (("backward-weights", MAX, "no weights"), ("backward-data", CONV + ",bias", "bias"),
                                   ("backward-data", MAX + ",indices", "indices"),
                                   ("backward-weights", CONV + ",f16", "f32"), ("sideways", CONV, "sideways")):
            self.refuse("bench", "--problem", problem, "--pass", one, "--device", "cpu", words=[word])

    def test_leaves_nothing_behind(self):
        with tempfile.TemporaryDirectory() as temporary:
            done = self.command("bench", "--problem", CONV, "--device", DEVICE, environment={"TMPDIR": temporary})
            self.assertEqual(done.returncode, 0, done.stderr)
            left = [str(path) for path in pathlib.Path(temporary).iterdir() if path.name.startswith("tessera-")]
            self.assertEqual(left, [])

    def test_refusals(self):
        for problem in ("", "conv", "conv:", "conv:c3", "conv:c3h8w8k4r3s3pd", "conv:c3h8w8k4q3", "sum:c3h8w8r2s2",
                        "conv:c3h2w2k4r3s3", "conv:c3h8w8k4g2", "max:c3h8w8r2s2pd2", "conv:c0h8w8k4", "nonsense"):
            self.refuse("bench", "--problem", problem, "--device", "cpu", "--json", "out.json")
        self.refuse("bench", "--problem", CONV, "nonsense", "--device", "cpu", words=["nonsense"])
        self.refuse("bench", "--problem", CONV, "--algorithm", "nonsense", "--device", "cpu", words=["nonsense"])
