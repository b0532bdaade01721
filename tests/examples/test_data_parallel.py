"""examples/data-parallel in a few steps: one device, two devices and two ranks give the same bits."""

import os
import shutil
import unittest

from support import DATA, ExampleTest, main

MPI = {"OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"}


@unittest.skipUnless(os.environ["DATA_PARALLEL"] and shutil.which("mpirun"), "MPI is not installed")
class DataParallel(ExampleTest):
    program = os.environ["DATA_PARALLEL"]

    def train(self, folder, *more, **how):
        (self.folder / folder).mkdir()
        self.run_well(DATA, "-o", folder, "--steps", 3, *more, environment=dict(MPI, **how.pop("environment", {})), **how)
        return self.contents(folder)

    def test_same_bits(self):
        one = self.train("one")
        self.assertEqual(len(one), 6)
        self.assertEqual(one, self.train("ranks", before=["mpirun", "-n", "2", "--oversubscribe"]))
        self.assertEqual(one, self.train("devices", "--second", 1, device="0",
                                         environment={"POCL_DEVICES": "pthread pthread"}))

    def test_bad_input(self):
        self.refuse(DATA, before=["mpirun", "-n", "3", "--oversubscribe"], environment=MPI,
                    words=["3 devices", "1, 2 or 4"])
        self.refuse("none.npy", environment=MPI, words=["none.npy"])
        self.refuse(DATA, "--steps", 0, words=["--steps 0"], code=2)
        self.refuse(DATA, "-o", "nowhere", words=["-o nowhere", "a folder that exists"], code=2)


if __name__ == "__main__":
    main()
