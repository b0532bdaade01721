"""scripts/compare: its verdicts on made-up figures."""

import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

COMPARE = pathlib.Path(__file__).parents[2] / "scripts" / "compare"


def document(*results, device="a device"):
    return {"device": {"name": device}, "results": [
        {"problem": problem, "layout": "any", "dtype": "f32", "views": False, "algorithm": "direct",
         "gflops": 0.0 if problem.startswith("max:") else 1.0, "percent_of_peak": share, "percent_of_copy": 2 * share,
         "share_error": error} for problem, share, error in results]}


class Compare(unittest.TestCase):
    def compare(self, old, new):
        with tempfile.TemporaryDirectory() as folder:
            paths = [pathlib.Path(folder, name) for name in ("old.json", "new.json")]
            for path, content in zip(paths, (old, new)):
                path.write_text(content if isinstance(content, str) else json.dumps(content))
            return subprocess.run([sys.executable, COMPARE, *paths], capture_output=True, text=True, timeout=60)

    def check(self, old_share, old_error, new_share, new_error, code, words, problem="conv:c3h8w8k4"):
        done = self.compare(document((problem, old_share, old_error)), document((problem, new_share, new_error)))
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        self.assertIn(words, done.stdout)

    def test_verdicts(self):
        self.check(80.0, 0.01, 60.0, 0.01, 1, "SLOWER  0.75 x")
        self.check(60.0, 0.01, 80.0, 0.01, 0, "faster  1.33 x")
        self.check(80.0, 0.01, 76.0, 0.01, 0, "0 faster, 0 slower, 1 noise")  # below 10 %
        self.check(80.0, 0.10, 60.0, 0.10, 0, "1 noise")  # three errors are 42 %
        self.check(60.0, 0.10, 80.0, 0.10, 0, "1 noise")
        self.check(80.0, 0.01, 60.0, 0.01, 1, "1 slower", problem="max:c3h8w8r2s2")

    def test_several_layers(self):
        old = document(("conv:c3h8w8k4", 50.0, 0.0), ("conv:c3h8w8k8", 50.0, 0.0), ("conv:c3h8w8k16", 50.0, 0.0))
        new = document(("conv:c3h8w8k4", 100.0, 0.0), ("conv:c3h8w8k8", 25.0, 0.0), ("conv:c3h8w8k32", 50.0, 0.0))
        done = self.compare(old, new)
        self.assertEqual(done.returncode, 1)
        self.assertIn("2 layers: 1 faster, 1 slower, 0 noise; geomean 1.000 x; 2 in one file alone", done.stdout)

    def test_refusals(self):
        good = document(("conv:c3h8w8k4", 50.0, 0.0))
        for old, new, word in ((good, "nonsense", "new.json"), (good, {}, "new.json"),
                               (good, document(("conv:c3h8w8k8", 50.0, 0.0)), "no layer"),
                               (good, document(("conv:c3h8w8k4", 0.0, 0.0)), "no share"),
                               (good, document(("conv:c3h8w8k4", 50.0, 0.0), device="another"), "another")):
            done = self.compare(old, new)
            self.assertEqual(done.returncode, 2, done.stdout)
            self.assertIn(word, done.stderr)
