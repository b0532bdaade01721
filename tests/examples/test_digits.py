"""examples/digits in a few steps: the same bits on a second run and from a checkpoint; damaged files are refused."""

import gzip
import os
import pathlib
import struct

from support import DATA, ExampleTest, main

STEPS = 17  # in an epoch


class Digits(ExampleTest):
    program = os.environ["DIGITS"]

    def train(self, folder, *more):
        (self.folder / folder).mkdir(exist_ok=True)
        return DATA, "-o", folder, "--epochs", 2, *more

    def test_same_bits_again_and_resumed(self):
        self.run_well(*self.train("one"))
        self.run_well(*self.train("two"))
        one = self.contents("one")
        self.assertEqual(len(one), 6 + 2)  # tensors, a picture, a checkpoint
        self.assertEqual(one, self.contents("two"))
        stopped = self.run_program(*self.train("three", "--stop-after", STEPS + 5))
        self.assertEqual((stopped.returncode, list(self.contents("three"))), (1, ["checkpoint.npy.gz"]), stopped.stderr)
        self.run_well(*self.train("three", "--resume", "three/checkpoint.npy.gz"))
        self.assertEqual(one, self.contents("three"))
        self.weights_are_read(self.run_well(DATA, "--evaluate", "one"))

    def weights_are_read(self, told):
        self.assertIn("held out", told)
        path = self.folder / "one/conv2.w.npy"
        path.write_bytes(path.read_bytes()[:-1])
        self.refuse(DATA, "--evaluate", "one", words=["conv2.w.npy", "fewer"])
        path.write_bytes((self.folder / "one/conv1.w.npy").read_bytes())
        self.refuse(DATA, "--evaluate", "one", words=["conv2.w.npy", "shape"])
        path.unlink()
        self.refuse(DATA, "--evaluate", "one", words=["conv2.w.npy", "No such file"])

    def test_damaged_checkpoints(self):
        self.run_program(*self.train("x", "--stop-after", STEPS))
        path = self.folder / "x/checkpoint.npy.gz"
        good = path.read_bytes()
        resume = self.train("x", "--resume", "x/checkpoint.npy.gz")
        for damaged in (b"", good[:9], good[:len(good) // 2], good[:-1], good[:-8], good[:-8] + bytes(8),
                        good[:1000] + bytes([good[1000] ^ 1]) + good[1001:]):
            path.write_bytes(damaged)
            self.refuse(*resume, words=["checkpoint.npy.gz"])
        unpacked = gzip.decompress(good)
        header = unpacked.index(b"\n") + 1
        for at, value, word in ((0, -1.0, "step"), (0, 1e9, "step"), (0, 0.5, "step"), (1, 3.0, "3 epochs"),
                                (2, float("nan"), "not finite")):
            place = header + 4 * at
            path.write_bytes(gzip.compress(unpacked[:place] + struct.pack("<f", value) + unpacked[place + 4:]))
            self.refuse(*resume, words=["checkpoint.npy.gz", word])
        path.write_bytes(gzip.compress(unpacked + b"\0"))
        self.refuse(*resume, words=["more"])

    def test_bad_input(self):
        table = gzip.decompress(DATA.read_bytes())
        bad = pathlib.Path(self.folder / "bad.npy")
        bad.write_bytes(table[:-1] + b"\x0a")
        self.refuse("bad.npy", words=["row 1796, column 64 is 10", "at most 9"])
        bad.write_bytes(table.replace(b"(1797, 65)", b"(65, 1797)"))
        self.refuse("bad.npy", words=["1797 x 65"])
        self.refuse("none.npy", words=["none.npy", "No such file"])
        self.refuse(DATA, "--epochs", 201, words=["--epochs 201", "1 to 200"], code=2)
        self.refuse(DATA, "-o", "nowhere", words=["-o nowhere", "a folder that exists"], code=2)
        self.refuse(DATA, device="cpu", words=["expected an OpenCL device"])
        self.refuse(words=["digits are missing"], code=2)


if __name__ == "__main__":
    main()
