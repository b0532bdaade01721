"""Converts the handwritten digits inside the package `scikit-learn` to the array that the example reads.

    convert.py WHEEL OUT.npy.gz        where WHEEL comes from: pip download --no-deps scikit-learn

OUT is an array of bytes, 1797 x 65: a row has the 8 x 8 pixels of an image, 0 to 16, and then the digit. It is packed
by gzip, without a date, so that the same file comes of it every time.
"""

import gzip
import pathlib
import sys
import zipfile

IMAGES, COLUMNS = 1797, 65


def main():
    if len(sys.argv) != 3:
        sys.exit("usage: convert.py WHEEL OUT.npy.gz")
    with zipfile.ZipFile(sys.argv[1]) as wheel:
        table = gzip.decompress(wheel.read("sklearn/datasets/data/digits.csv.gz")).decode()
    rows = [[int(float(number)) for number in line.split(",")] for line in table.split()]
    if len(rows) != IMAGES or any(len(row) != COLUMNS for row in rows):
        sys.exit(f"{sys.argv[1]}: expected {IMAGES} rows of {COLUMNS} numbers")
    header = f"{{'descr': '|u1', 'fortran_order': False, 'shape': ({IMAGES}, {COLUMNS}), }}"
    header += " " * (-(10 + len(header) + 1) % 64) + "\n"
    array = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode() + bytes(sum(rows, []))
    pathlib.Path(sys.argv[2]).write_bytes(gzip.compress(array, 9, mtime=0))


if __name__ == "__main__":
    main()
