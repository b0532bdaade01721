"""tessera tune: the file that it keeps. How fast anything is, is no test's business."""

import os
import signal
import subprocess
import time

from support import DEVICE, DONE, INPUT, TESSERA, CommandTest

MAX, AVG, CONV = "max:c4h9w9r3s3st2", "avg:c4h9w9r2s2", "conv:c3h8w8k4"


def records(text):
    """The lines of a file of tuning data, as lists of fields."""
    assert text.startswith("#") and text.endswith("\n"), text
    return [line.split("\t") for line in text.splitlines() if not line.startswith("#")]


class Tune(CommandTest):
    def read_records(self, name="tuned.txt"):
        return records((self.folder / name).read_text())

    def test_records_and_regret(self):
        (self.folder / "list.txt").write_text(f"# problems\n\n{AVG}\n")
        told = self.run_well("tune", "--problem", MAX, "--list", "list.txt", "-o", "tuned.txt")
        self.assertIn("regret of the choice without tuning over 2 problems", told)
        found = [record for record in self.read_records() if record[-1] != "broken"]
        self.assertEqual(sorted(record[2] for record in found), sorted([MAX, AVG]))
        for record in found:
            self.assertEqual(len(record), 10)
            self.assertEqual(record[3:5], ["any>any", "plain"])
            self.assertLessEqual(int(record[7]), int(record[8]))
            tried, legal = map(int, record[9].split("/"))
            self.assertEqual(tried, legal)
        self.assertEqual([path.name for path in self.folder.iterdir() if path.is_file()].count("tuned.txt"), 1)
        self.assertFalse([path for path in self.folder.iterdir() if path.name.endswith(".tmp")])

    def test_suites(self):
        (self.folder / "mine.csv").write_text("type,c,h,w,r,s,stride_h,stride_w\n"
                                              "max,4,9,9,3,3,2,2\navg,4,9,9,2,2,2,2\nmax,4,9,9,3,3,2,2\n")
        told = self.run_well("tune", "--suite", "mine.csv", "--batch", 2, "--problem", MAX, "-o", "tuned.txt")
        # Equal ones are measured once: what the suite names twice, and the problem by itself.
        self.assertIn("over 2 problems", told)
        found = {record[2] for record in self.read_records() if record[-1] != "broken"}
        self.assertEqual(found, {"max:n2c4h9w9r3s3st2", "avg:n2c4h9w9r2s2"})

    def test_resumes_and_keeps(self):
        self.run_well("tune", "--problem", MAX, "-o", "tuned.txt", "--layout", "nchw")
        foreign = "other device\t1\tconv:c1h1w1k1\tany>any\tpacked\tfancy\tq1\t5\t6\t2/2\n"
        path = self.folder / "tuned.txt"
        path.write_text(path.read_text() + foreign)
        self.run_well("tune", "--problem", MAX, "-o", "tuned.txt", "--layout", "nchw")
        before = self.read_records()
        self.assertEqual(len([record for record in before if record[0] == "other device"]), 1)
        self.run_well("tune", "--problem", MAX, AVG, "-o", "tuned.txt", "--layout", "nchw")
        after = self.read_records()
        for record in before:  # to the nanosecond: nothing was measured again
            self.assertIn(record, after)
        self.assertIn(AVG, [record[2] for record in after])

    def test_a_stale_file_is_measured_anew(self):
        self.run_well("tune", "--problem", MAX, "-o", "tuned.txt")
        path = self.folder / "tuned.txt"
        stale = [record[:5] + ["gone", "q1", "1", "1", "1/1"] for record in self.read_records() if len(record) == 10]
        path.write_text("\n".join("\t".join(record) for record in stale) + "\nnonsense\n")
        done = self.command("tune", "--problem", MAX, "-o", "tuned.txt", "--device", DEVICE)
        self.assertEqual(done.returncode, DONE, done.stderr)
        self.assertIn("tuned.txt:2 is skipped", done.stderr)
        self.assertNotIn("gone", [record[5] for record in self.read_records()])

    def test_no_budget_measures_nothing(self):
        done = self.command("tune", "--problem", CONV, "-o", "tuned.txt", "--budget", "0", "--device", DEVICE)
        self.assertEqual((done.returncode, done.stdout), (DONE, ""), done.stderr)
        self.assertIn("0 of 1 problems were begun in the budget of 0 s", done.stderr)
        self.assertEqual(self.read_records(), [])

    def test_a_killed_run_leaves_a_whole_file(self):
        problems = [f"max:c{c}h9w9r3s3st2" for c in range(1, 40)]
        path = self.folder / "tuned.txt"
        everything = dict(os.environ, XDG_CACHE_HOME=str(self.folder / "cache"))
        running = subprocess.Popen([TESSERA, "tune", "--problem", *problems, "-o", "tuned.txt", "--device", DEVICE],
                                   cwd=self.folder, env=everything, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)
        patience = time.monotonic() + 200
        while not path.exists() or len(records(path.read_text())) < 2:
            self.assertIsNone(running.poll(), "it ended before it was killed")
            self.assertLess(time.monotonic(), patience)
            time.sleep(0.01)
        running.send_signal(signal.SIGKILL)
        running.wait()
        left = self.read_records()
        self.assertTrue(2 <= len(left) < len(problems), len(left))
        self.run_well("tune", "--problem", left[0][2], "-o", "tuned.txt")
        self.assertEqual(self.read_records(), left)

    def test_other_commands_follow_it(self):
        self.array("x.npy", (1, 4, 9, 9), range(4 * 81))
        command = ("pool", "x.npy", "-o", "y.npy", "--kind", "max", "--kernel", "3", "--stride", "2", "--device", DEVICE)
        self.assertEqual(self.command(*command).returncode, DONE)
        plain = self.read("y.npy")
        self.run_well("tune", "--problem", MAX, "-o", "tuned.txt", "--layout", "nchw")
        done = self.command(*command, environment={"TESSERA_TUNING": "tuned.txt"})
        self.assertEqual(done.returncode, DONE, done.stderr)
        self.assertEqual(self.read("y.npy"), plain)
        self.refuse(*command, words=["TESSERA_TUNING", "missing.txt"], environment={"TESSERA_TUNING": "missing.txt"})

    def test_refusals(self):
        self.refuse("tune", "--problem", MAX, words=["-o"])
        self.refuse("tune", "-o", "tuned.txt", words=["--suite", "--problem", "--list"])
        self.refuse("tune", "--suite", "lenet", "-o", "tuned.txt", words=["--suite", "lenet", "vgg16"])
        self.refuse("tune", "--suite", "pools", "--batch", 0, "-o", "tuned.txt", words=["--batch", "0"])
        self.refuse("tune", "--problem", MAX, "nonsense", "-o", "tuned.txt", words=["nonsense"])
        self.refuse("tune", "--list", "missing.txt", "-o", "tuned.txt", words=["missing.txt"])
        self.refuse("tune", "--problem", MAX, "-o", "tuned.txt", "--budget", "-1", words=["--budget", "-1"])
        self.refuse("tune", "--problem", MAX, "-o", "tuned.txt", "--budget", "soon", words=["--budget", "soon"])
        for output in ("missing/tuned.txt", "/dev/null", "."):
            self.refuse("tune", "--problem", MAX, "-o", output, "--device", DEVICE, words=["-o", output], code=INPUT)
        (self.folder / "long.txt").write_text("c" * 5000 + "\n")
        self.refuse("tune", "--list", "long.txt", "-o", "tuned.txt", words=["long.txt", "1022"])
