"""The package's own detector on a picture: what each of its three stages says.

    reference.py PICTURE [--threshold T] [--json FILE]

Everything but the networks' layers and the two ways to resize (numpy_tensorflow.py) is the package's own code.
"""

import argparse
import json
import sys

import numpy as np
from PIL import Image

sys.dont_write_bytecode = True  # sources stay clean
import numpy_tensorflow  # noqa: E402, F401  stands in for TensorFlow, before mtcnn asks for it
from mtcnn import MTCNN  # noqa: E402

STAGES = ("proposals", "refined", "faces")


def read_picture(path):
    """Height, width, colours, from 0 to 255. What is transparent turns white, as in the C program, whose libgd knows
    fewer shades of transparency: pictures to compare are opaque."""
    picture = Image.open(path).convert("RGBA")
    white = Image.new("RGBA", picture.size, "white")
    return np.asarray(Image.alpha_composite(white, picture).convert("RGB"), dtype=np.float32)


def record(box):
    """A row of the package's arrays: image, x1, y1, x2, y2, score, then the landmarks' five x and five y."""
    row = [float(value) for value in box]
    found = {"box": row[1:5], "score": row[5]}
    if len(row) == 16:
        found["landmarks"] = [[x, y] for x, y in zip(row[6:11], row[11:16])]
    return found


def detect(path, threshold=0.8):
    """What the stages give: {"proposals": [...], "refined": [...], "faces": [...]}, each by falling score."""
    detector = MTCNN()
    results = {name: [] for name in STAGES}

    def listen(name, stage):
        def call(**arguments):
            boxes = stage(**arguments)
            results[name] = [record(box) for box in boxes]
            return boxes

        return call

    detector._stages = [listen(name, stage) for name, stage in zip(STAGES, detector.stages)]
    faces = detector.detect_faces(read_picture(path), box_format="xyxy", output_type="numpy", threshold_onet=threshold)
    results["faces"] = [record(box) for box in faces]
    return results


def main():
    parser = argparse.ArgumentParser(description="The package's own detector on a picture.")
    parser.add_argument("picture")
    parser.add_argument("--threshold", type=float, default=0.8, help="least score of a face")
    parser.add_argument("--json", metavar="FILE", help="write what every stage gives")
    options = parser.parse_args()
    results = detect(options.picture, options.threshold)
    print(", ".join(f"{len(results[name])} {name}" for name in STAGES))
    for face in results["faces"]:
        print(f"{face['score']:.6f}", *(f"{value:.2f}" for value in face["box"]))
        print("        ", *(f"({x:.2f}, {y:.2f})" for x, y in face["landmarks"]))
    if options.json:
        with open(options.json, "w") as file:
            json.dump(results, file, indent=1)


if __name__ == "__main__":
    main()
