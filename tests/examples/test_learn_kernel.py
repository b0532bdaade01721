"""examples/learn-kernel on a small picture: it learns the kernels, and refuses what it cannot read."""

import os
import random
import struct
import zlib

from support import ExampleTest, main


def write_png(path, side, pixel):
    """A grey PNG."""
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = b"".join(b"\0" + bytes(pixel(x, y) for x in range(side)) for y in range(side))
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0))
                     + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def texture(x, y):
    """Blots of random greys, of two sizes, as a photograph has them."""
    return (random.Random(x // 8 * 1000 + y // 8).randrange(160)
            + random.Random(x // 3 * 1000 + y // 3 + 1000000).randrange(96))


class LearnKernel(ExampleTest):
    program = os.environ["LEARN_KERNEL"]

    def setUp(self):
        super().setUp()
        write_png(self.folder / "photo.png", 96, texture)

    def test_learns(self):
        told = self.run_well("photo.png", "-o", "strip.png")
        self.assertEqual(told.count("relative error"), 2)
        self.assertEqual((self.folder / "strip.png").read_bytes()[:8], b"\x89PNG\r\n\x1a\n")

    def test_too_few_steps(self):
        self.refuse("photo.png", "-o", "strip.png", "--steps", 1, words=["off by", "less than 1e-03"])

    def test_bad_input(self):
        (self.folder / "damaged.png").write_bytes((self.folder / "photo.png").read_bytes()[:60])
        write_png(self.folder / "tiny.png", 30, texture)
        self.refuse("none.png", words=["none.png", "No such file"])
        self.refuse("damaged.png", words=["damaged.png", "not a PNG"])
        self.refuse("tiny.png", words=["30 x 30", "32 x 32"])
        self.refuse("photo.png", "--steps", 0, words=["--steps 0", "1 to"], code=2)
        self.refuse("photo.png", "--colour", 0, words=["--colour"], code=2)
        self.refuse(words=["photograph is missing"], code=2)


if __name__ == "__main__":
    main()
