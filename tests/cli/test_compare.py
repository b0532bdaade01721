"""scripts/compare: its verdicts on made-up figures."""

import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

COMPARE = pathlib.Path(__file__).parents[2] / "scripts" / "compare"


def document(*results, device="a device"):
    """Made-up results: problem, share in percent, how far it may be away, and the ratio of a peer or None."""
    return {"device": {"name": device}, "results": [
        {"problem": problem, "layout": "any", "dtype": "f32", "views": False, "algorithm": "direct",
         "gflops": 0.0 if problem.startswith("max:") else 1.0, "percent_of_peak": share, "percent_of_copy": share,
         "share_range": [share - away, share + away], "peers": {"onednn": {"ratio": ratio}} if ratio else {}}
        for problem, share, away, ratio in results]}


class Compare(unittest.TestCase):
    def compare(self, old, new):
        with tempfile.TemporaryDirectory() as folder:
            paths = [pathlib.Path(folder, name) for name in ("old.json", "new.json")]
            for path, content in zip(paths, (old, new)):
                path.write_text(content if isinstance(content, str) else json.dumps(content))
            return subprocess.run([sys.executable, COMPARE, *paths], capture_output=True, text=True, timeout=60)

    def check(self, old, new, code, words, problem="conv:c3h8w8k4"):
        """Each is a share, how far it may be away, and the ratio of a peer."""
        done = self.compare(document((problem, *old)), document((problem, *new)))
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        self.assertIn(words, done.stdout)

    def test_verdicts(self):
        self.check((80, 1, None), (60, 1, None), 1, "SLOWER  0.75 x")
        self.check((60, 1, None), (80, 1, None), 0, "faster  1.33 x")
        self.check((80, 1, None), (60, 1, None), 1, "1 slower", problem="max:c3h8w8r2s2")
        self.check((80, 1, None), (74, 1, None), 0, "0 faster, 0 slower, 1 noise")  # below 10 %
        self.check((80, 12, None), (60, 12, None), 0, "1 noise")  # 68 to 92 meets 48 to 72
        self.check((60, 12, None), (80, 12, None), 0, "1 noise")

    def test_peers_are_witnesses(self):
        self.check((80, 1, 1.0), (60, 1, 0.75), 1, "SLOWER")
        self.check((80, 1, 1.0), (60, 1, 1.0), 0, "1 noise")  # the peer became slower too
        self.check((60, 1, 1.0), (80, 1, 1.3), 0, "faster")
        self.check((60, 1, 1.0), (80, 1, 0.9), 0, "1 noise")
        self.check((80, 1, 1.0), (60, 1, None), 1, "SLOWER")  # a peer in one file alone says nothing

    def test_several_layers(self):
        old = document(("conv:c3h8w8k4", 50.0, 0, None), ("conv:c3h8w8k8", 50.0, 0, None), ("conv:c3h8w8k16", 50.0, 0, None))
        new = document(("conv:c3h8w8k4", 100.0, 0, None), ("conv:c3h8w8k8", 25.0, 0, None), ("conv:c3h8w8k32", 50.0, 0, None))
        done = self.compare(old, new)
        self.assertEqual(done.returncode, 1)
        self.assertIn("2 layers: 1 faster, 1 slower, 0 noise; geomean 1.000 x; 2 in one file alone", done.stdout)

    def test_refusals(self):
        good = document(("conv:c3h8w8k4", 50.0, 0, None))
        for old, new, word in ((good, "nonsense", "new.json"), (good, {}, "new.json"),
                               (good, document(("conv:c3h8w8k8", 50.0, 0, None)), "no layer"),
                               (good, document(("conv:c3h8w8k4", 0.0, 0, None)), "no share"),
                               (good, document(("conv:c3h8w8k4", 50.0, 0, None), device="another"), "another")):
            done = self.compare(old, new)
            self.assertEqual(done.returncode, 2, done.stdout)
            self.assertIn(word, done.stderr)
