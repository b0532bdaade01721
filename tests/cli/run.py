"""Runs the tests of one module of this folder: run.py test_conv. A run that executed no test is a failure."""

import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

suite = unittest.defaultTestLoader.loadTestsFromName(sys.argv[1])
result = unittest.TextTestRunner(stream=sys.stdout, verbosity=2).run(suite)
executed = result.testsRun - len(result.skipped)
print(f"{executed} tests executed, {len(result.failures) + len(result.errors)} failed, {len(result.skipped)} skipped")
sys.exit(0 if result.wasSuccessful() and executed > 0 else 1)
