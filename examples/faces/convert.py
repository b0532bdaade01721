"""Converts the weights of the package `mtcnn` to .npy files in the order that Tessera reads.

    convert.py FOLDER

For each network FOLDER gets NETWORK.LAYER.w.npy, .bias.npy and, where a PReLU follows, .slope.npy:

  - a convolution's weights go from rows, columns, channels in, channels out to out, in, rows, columns;
  - a dense layer becomes a convolution whose filter is the whole plane. The package permutes the plane before it
    flattens it, so the rows of its matrix are counted by column, row, channel;
  - the last layers of a network, which all read the same tensor, become one layer, `head`: box, landmarks, two classes.
"""

import importlib.util
import pathlib
import sys

import joblib
import numpy as np

# The layers in the package's order; all but the heads have a PReLU behind them.
LAYERS = {
    "pnet": (["conv1", "conv2", "conv3"], 2),
    "rnet": (["conv1", "conv2", "conv3", "fc4"], 2),
    "onet": (["conv1", "conv2", "conv3", "conv4", "fc5"], 3),
}


def as_convolution(weights, channels_in):
    if weights.ndim == 4:
        return weights.transpose(3, 2, 0, 1)
    side = round((weights.shape[0] / channels_in) ** 0.5)
    return weights.reshape(side, side, channels_in, -1).transpose(3, 2, 1, 0)


def convert(arrays, names, heads):
    """Yields the name and the array of each file of a network."""
    left = list(arrays)
    channels = 3
    for name in names:
        weights, bias, slope = left[:3]
        del left[:3]
        weights = as_convolution(weights, channels)
        channels = weights.shape[0]
        yield f"{name}.w", weights
        yield f"{name}.bias", bias
        yield f"{name}.slope", slope.reshape(channels)
    if len(left) != 2 * heads:
        raise ValueError(f"{len(left)} arrays are left for {heads} heads; expected {2 * heads}")
    yield "head.w", np.concatenate([as_convolution(weights, channels) for weights in left[0::2]])
    yield "head.bias", np.concatenate(left[1::2])


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: convert.py FOLDER")
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    # Looking the package up does not import it, which would ask for TensorFlow.
    package = importlib.util.find_spec("mtcnn")
    if package is None:
        sys.exit("convert.py: the package mtcnn is not installed here")
    assets = pathlib.Path(package.submodule_search_locations[0]) / "assets" / "weights"
    count = 0
    for network, (names, heads) in LAYERS.items():
        for name, array in convert(joblib.load(assets / f"{network}.lz4"), names, heads):
            np.save(folder / f"{network}.{name}.npy", np.ascontiguousarray(array, dtype="<f4"))
            count += 1
    print(f"{count} arrays in {folder}")


if __name__ == "__main__":
    main()
