"""What the tests of the command share: a folder for each test, runs of the command, .npy and PNG files."""

import json
import math
import os
import pathlib
import struct
import subprocess
import tempfile
import unittest
import zlib

TESSERA = os.environ["TESSERA"]
DEVICE = os.environ.get("TESSERA_TEST_DEVICE", "cpu")

DONE, INPUT, DEVICE_FAILED = 0, 2, 3

# How the struct module calls the types of .npy files.
LETTERS = {"<f4": "f", "<f2": "e", "<f8": "d", "|i1": "b", "|u1": "B", "<i8": "q", "<i4": "i"}


class CommandTest(unittest.TestCase):
    """A test with a folder of its own, where the command runs and keeps its cache."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="tessera-cli-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def command(self, *arguments, environment=None):
        """Runs `tessera ARGUMENTS...` and returns what it left: returncode, stdout, stderr."""
        everything = dict(os.environ, XDG_CACHE_HOME=str(self.folder / "cache"), **(environment or {}))
        return subprocess.run([TESSERA, *map(str, arguments)], cwd=self.folder, env=everything, capture_output=True,
                              text=True, timeout=300)

    def run_well(self, *arguments):
        """Runs it on the device under test; it must end well. Returns its stdout."""
        done = self.command(*arguments, "--device", DEVICE)
        self.assertEqual(done.returncode, DONE, done.stderr)
        return done.stdout

    def refuse(self, *arguments, words=(), code=INPUT, environment=None):
        """Runs it; it must refuse with this code, in words that contain these, and leave the folder as it was."""
        before = self.contents()
        done = self.command(*arguments, environment=environment)
        self.assertEqual(done.returncode, code, f"{arguments}: {done.stderr}")
        self.assertTrue(done.stderr.startswith("tessera"), done.stderr)
        for word in words:
            self.assertIn(word, done.stderr)
        self.assertEqual(self.contents(), before, "a refused run changed files")
        return done.stderr

    def contents(self):
        """Every file outside of the cache, with its bytes."""
        return {path.name: path.read_bytes() for path in self.folder.iterdir() if path.is_file()}

    def array(self, name, shape, values, descr="<f4"):
        """Writes a .npy file; `values` may be longer than needed."""
        count = math.prod(shape)
        data = struct.pack(f"<{count}{LETTERS[descr]}", *[value for _, value in zip(range(count), values)])
        (self.folder / name).write_bytes(npy_bytes(shape, data, descr=descr))
        return name

    def tensor(self, name, tensor, descr="<f4"):
        """The same for a shape and its values (reference.py)."""
        return self.array(name, *tensor, descr=descr)

    def read(self, name, descr="<f4"):
        return read_npy(self.folder / name, descr)

    def device_has(self, what):
        """Whether the device under test has "fp16" or "fp64"."""
        if DEVICE == "cpu":
            return True
        selected = DEVICE.partition(":")[2].lower()
        for device in json.loads(self.command("devices", "--json").stdout)["devices"]:
            if selected in (device["platform"] + "\n" + device["name"]).lower():
                return device[what]
        return False

    def some(self, cases, count=1):
        """All cases on the CPU path. Elsewhere, where each takes seconds to build, the first: what they compute is
        tested for each algorithm, and here is tested that the command asks for it."""
        return list(cases) if DEVICE == "cpu" else list(cases)[:count]

    def explain(self, *arguments):
        """Runs it with --explain; exactly one algorithm must be chosen. Returns its stderr."""
        done = self.command(*arguments, "--explain", "--device", DEVICE)
        self.assertEqual((done.returncode, done.stdout), (DONE, ""), done.stderr)
        self.assertEqual(sum(line.startswith("  chosen") for line in done.stderr.splitlines()), 1, done.stderr)
        return done.stderr

    def run_json(self, *arguments):
        return json.loads(self.run_well(*arguments, "--json"))


def npy_bytes(shape, data, header=None, version=1, descr="<f4"):
    """A .npy file. Without `header` it is the one that belongs to the shape."""
    if header is None:
        sizes = "".join(f"{size}, " for size in shape)
        header = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': ({sizes}), }}"
    text = header.encode() + b"\n"
    length = struct.pack("<H" if version == 1 else "<I", len(text))
    return b"\x93NUMPY" + bytes([version, 0]) + length + text + data


def read_npy(path, descr="<f4"):
    """The shape and the values of a file that the command wrote, which must be as NumPy would write it."""
    content = path.read_bytes()
    assert content[:8] == b"\x93NUMPY\x01\x00", content[:8]
    (length,) = struct.unpack("<H", content[8:10])
    assert (10 + length) % 64 == 0, length
    assert content[9 + length:10 + length] == b"\n"
    header = eval(content[10:10 + length].decode(), {"__builtins__": {}})  # a dictionary of constants
    assert header["descr"] == descr and header["fortran_order"] is False, header
    letter, data = LETTERS[descr], content[10 + length:]
    return header["shape"], list(struct.unpack(f"<{len(data) // struct.calcsize(letter)}{letter}", data))


def write_png(path, width, height, pixel):
    """A PNG in colour; `pixel(x, y)` gives red, green and blue."""
    rows = b"".join(b"\0" + bytes(value for x in range(width) for value in pixel(x, y)) for y in range(height))
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
                     + png_chunk(b"IDAT", zlib.compress(rows)) + png_chunk(b"IEND", b""))


def png_chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def read_png(path):
    """Width, height and rows of a PNG of 8 bits and 3 colours, whose checksums must hold."""
    content = path.read_bytes()
    assert content[:8] == b"\x89PNG\r\n\x1a\n"
    position, packed, size = 8, b"", None
    while position < len(content):
        (length,) = struct.unpack(">I", content[position:position + 4])
        chunk = content[position + 4:position + 8 + length]
        (checksum,) = struct.unpack(">I", content[position + 8 + length:position + 12 + length])
        assert checksum == zlib.crc32(chunk)
        if chunk[:4] == b"IHDR":
            width, height, bits, colours = struct.unpack(">IIBB", chunk[4:14])
            assert (bits, colours) == (8, 2), (bits, colours)
            size = width, height
        elif chunk[:4] == b"IDAT":
            packed += chunk[4:]
        position += 12 + length
    return size[0], size[1], unfilter(zlib.decompress(packed), *size)


def unfilter(data, width, height):
    """Undoes PNG's row filters; 3 bytes a pixel."""
    stride, rows, above = 3 * width, [], bytes(3 * width)
    for y in range(height):
        kind, row = data[y * (stride + 1)], bytearray(data[y * (stride + 1) + 1:(y + 1) * (stride + 1)])
        for i in range(stride):
            left = row[i - 3] if i >= 3 else 0
            corner = above[i - 3] if i >= 3 else 0
            up = above[i]
            guess = left + up - corner
            nearest = min((abs(guess - left), 0, left), (abs(guess - up), 1, up), (abs(guess - corner), 2, corner))[2]
            row[i] = (row[i] + (0, left, up, (left + up) // 2, nearest)[kind]) & 255
        above = bytes(row)
        rows.append(above)
    return rows
