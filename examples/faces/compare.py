"""Runs the program and the package's own networks on a picture; fails where they differ.

    compare.py PROGRAM PICTURE --weights FOLDER [--device SEL] [--faces N] [--cache FOLDER]

All three stages must find the same boxes: scores may differ by 1e-4, boxes and landmarks by 1 pixel. --faces also tells
how many faces there are, above a score of 0.95.
"""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

import numpy as np

sys.dont_write_bytecode = True  # sources stay clean
from reference import STAGES, detect  # noqa: E402

SCORE_LIMIT, PIXEL_LIMIT = 1e-4, 1.0
SURE = 0.95  # a score from which on a face counts for --faces


def run_program(options):
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "found.json"
        command = [options.program, options.picture, "--weights", options.weights, "--json", str(path)]
        command += ["--threshold", str(options.threshold)]
        for name in ("device", "cache"):
            if getattr(options, name) is not None:
                command += [f"--{name}", getattr(options, name)]
        if subprocess.run(command, stdout=subprocess.DEVNULL).returncode != 0:
            sys.exit(f"{options.program} failed")
        return json.loads(path.read_text())


def numbers(found):
    return np.array(found["box"] + [value for point in found.get("landmarks", []) for value in point])


def compare(name, ours, theirs):
    """Pairs each box with the nearest of the package's; prints the largest differences; returns whether they agree."""
    if len(ours) != len(theirs):
        print(f"{name}: {len(ours)} boxes; the package has {len(theirs)}")
        return False
    score, pixels = 0.0, 0.0
    left = list(theirs)
    for one in ours:
        nearest = min(left, key=lambda other: np.abs(numbers(one) - numbers(other)).max())
        left.remove(nearest)
        score = max(score, abs(one["score"] - nearest["score"]))
        pixels = max(pixels, np.abs(numbers(one) - numbers(nearest)).max())
    print(f"{name}: {len(ours)} boxes, scores within {score:.2g}, boxes and landmarks within {pixels:.2g} pixels")
    return score <= SCORE_LIMIT and pixels <= PIXEL_LIMIT


def main():
    parser = argparse.ArgumentParser(description="Compares the program with the package's own networks.")
    parser.add_argument("program")
    parser.add_argument("picture")
    parser.add_argument("--weights", required=True, metavar="FOLDER")
    parser.add_argument("--device", metavar="SEL")
    parser.add_argument("--cache", metavar="FOLDER")
    parser.add_argument("--threshold", type=float, default=0.0, help="least score of a face; 0: all are compared")
    parser.add_argument("--faces", type=int, metavar="N", help=f"how many score more than {SURE}")
    options = parser.parse_args()

    ours, theirs = run_program(options), detect(options.picture, options.threshold)
    print(f"{options.picture} on {ours['device']}")
    agree = [compare(name, ours[name], theirs[name]) for name in STAGES]
    sure = sum(face["score"] > SURE for face in ours["faces"])
    print(f"{sure} above {SURE}")
    if options.faces is not None and sure != options.faces:
        print(f"expected {options.faces}")
        agree.append(False)
    if not all(agree):
        sys.exit("the program and the package differ")


if __name__ == "__main__":
    main()
