"""tessera filter: pictures in, pictures out. And the demo, which is made of the same parts."""

import os
import subprocess
import unittest

from support import DEVICE, CommandTest, read_png, write_png

NAMES = ("sobel-x", "sobel-y", "laplacian", "gaussian", "sharpen", "emboss")


class Filter(CommandTest):
    def setUp(self):
        super().setUp()
        # Dark on the left, bright on the right.
        write_png(self.folder / "photo.png", 24, 16, lambda x, y: (40, 40, 40) if x < 12 else (200, 200, 200))

    def filter(self, *arguments):
        self.run_well("filter", "photo.png", "-o", "out.png", *arguments)
        return read_png(self.folder / "out.png")

    def test_each_filter_keeps_the_size(self):
        for name in NAMES:
            with self.subTest(name=name):
                self.assertEqual(self.filter("--kernel", name)[:2], (24, 16))

    def test_an_edge_is_found(self):
        rows = self.filter("--kernel", "sobel-x")[2]
        middle = rows[8]
        self.assertEqual(middle[3 * 6], 0)
        self.assertGreater(middle[3 * 11], 100)
        flat = self.filter("--kernel", "sobel-y")[2][8]
        self.assertEqual(max(flat[6:60]), 0)

    def test_brightness_is_kept(self):
        middle = self.filter("--kernel", "gaussian")[2][8]
        self.assertEqual((middle[3 * 6], middle[3 * 18]), (40, 200))
        self.assertTrue(40 < middle[3 * 11] < middle[3 * 12] < 200)

    def test_relief_stands_on_grey(self):
        self.assertEqual(self.filter("--kernel", "emboss")[2][8][3 * 6], 128)

    def test_own_filters(self):
        self.array("same.npy", (3, 3), [0, 0, 0, 0, 1, 0, 0, 0, 0])
        self.assertEqual(self.filter("--kernel", "same.npy")[2][8][3 * 18], 200)
        self.array("red.npy", (1, 3, 1, 1), [1, 0, 0])
        write_png(self.folder / "photo.png", 5, 4, lambda x, y: (10 * x, 255, 255))
        width, height, rows = self.filter("--kernel", "red.npy")
        self.assertEqual((width, height, list(rows[2][::3])), (5, 4, [0, 10, 20, 30, 40]))

    def test_contact_sheets(self):
        for arguments in ((), ("--kernel", "sobel-x", "--kernel", "emboss"),
                          ("--kernel", "gaussian", "--pool", "max", "--pool-kernel", 3, "--pool-stride", 2),
                          ("--kernel", "gaussian", "--pool", "avg", "--pool-kernel", "2,4")):
            with self.subTest(arguments=arguments):
                width, height, _ = self.filter(*arguments)
                self.assertTrue(width > 24 and height > 16, (width, height))
        self.array("two.npy", (2, 1, 1, 1), [1, 2])
        self.assertGreater(self.filter("--kernel", "two.npy")[0], 2 * 24)

    def test_refusals(self):
        (self.folder / "out.png").write_bytes(b"old")
        (self.folder / "text.png").write_text("no picture at all")
        good = (self.folder / "photo.png").read_bytes()
        (self.folder / "short.png").write_bytes(good[:len(good) // 2])
        (self.folder / "head.png").write_bytes(good[:12])
        (self.folder / "huge.png").write_bytes(good[:16] + b"\x7f\xff\xff\xff" * 2 + good[24:])
        (self.folder / "short.jpg").write_bytes(b"\xff\xd8\xff\xe0\0\x10JFIF\0")
        self.array("odd.npy", (1, 2, 3, 3), [1] * 18)
        self.array("flat.npy", (9,), [1] * 9)

        def refuse(photo, *arguments, words=()):
            self.refuse("filter", photo, "-o", "out.png", "--device", "cpu", *arguments, words=words)

        for photo in ("text.png", "short.png", "head.png", "huge.png", "short.jpg", "missing.png", "."):
            refuse(photo, words=[photo])
        refuse("photo.png", "--kernel", "nonsense", words=["nonsense"])
        refuse("photo.png", "--kernel", "missing.npy", words=["missing.npy"])
        refuse("photo.png", "--kernel", "odd.npy", words=["odd.npy", "2"])
        refuse("photo.png", "--kernel", "flat.npy", words=["flat.npy"])
        refuse("photo.png", "--pool", "sum", words=["max or avg"])
        refuse("photo.png", "--pool-kernel", 2, words=["--pool"])
        refuse("photo.png", "--pool", "max", "--pool-kernel", 100, words=["100"])
        refuse("photo.png", "--pool", "max", "--pool-kernel", 0, words=["0"])
        refuse("photo.png", "--pool", "max", "--pool-stride", 0, words=["--pool-stride"])


class Demo(CommandTest):
    def demo(self, *arguments):
        return subprocess.run([os.environ["TESSERA_DEMO"], *arguments], cwd=self.folder, capture_output=True, text=True,
                              timeout=300)

    @unittest.skipUnless("TESSERA_DEMO" in os.environ, "TESSERA_DEMO does not name the program")
    def test_usage(self):
        self.assertEqual(self.demo("--help").returncode, 0)
        for arguments in ((), ("one.png",), ("a.png", "b.png", "c.png"), ("--nonsense",)):
            self.assertEqual(self.demo(*arguments).returncode, 2)
        done = self.demo("missing.png", "out.png", "--device", DEVICE)
        self.assertEqual(done.returncode, 2)
        self.assertIn("missing.png", done.stderr)
        self.assertEqual(self.contents(), {})
