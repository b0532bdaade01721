"""What the tests of the examples share: a folder for each test, and runs of the programs."""

import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

DEVICE = os.environ["TESSERA_TEST_DEVICE"]
DATA = pathlib.Path(__file__).parents[2] / "examples/data/digits.npy.gz"


class ExampleTest(unittest.TestCase):
    program = None  # of the examples in a test's environment

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="tessera-examples-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def run_program(self, *arguments, before=(), device=DEVICE, environment=None):
        command = [*before, self.program, *map(str, arguments), "--device", device]
        if "TESSERA_TEST_CACHE" in os.environ:
            command += ["--cache", os.environ["TESSERA_TEST_CACHE"]]
        return subprocess.run(command, cwd=self.folder, env=dict(os.environ, **(environment or {})),
                              capture_output=True, text=True, timeout=300)

    def run_well(self, *arguments, **more):
        done = self.run_program(*arguments, **more)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout

    def refuse(self, *arguments, words, code=1, **more):
        """It must refuse, in words that contain these, and leave no file behind that was not there."""
        before = self.contents()
        done = self.run_program(*arguments, **more)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        for word in words:
            self.assertIn(word, done.stderr)
        self.assertEqual(self.contents(), before, "a refused run changed files")

    def contents(self, below="."):
        folder = self.folder / below
        return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def main():
    """Runs the tests of the calling module. A run that executed no test is skipped or a failure."""
    result = unittest.main(exit=False, verbosity=2).result
    executed = result.testsRun - len(result.skipped)
    if result.wasSuccessful() and executed == 0 and result.skipped:
        sys.exit(77)
    sys.exit(0 if result.wasSuccessful() and executed > 0 else 1)
