"""The same network, data, batches and steps as the example's, in JAX, for time and accuracy side by side.

    jax_digits.py DATA [--epochs N] [--weights FOLDER]

--weights compares the final weights with those that the example wrote after as many epochs: rounding drives them apart
with the epochs, while losses and accuracy stay alike. Needs PyPI's jax.
"""

import argparse
import gzip
import math
import pathlib
import sys
import time

try:
    import jax
    import jax.numpy as jnp
    import numpy as np
except ImportError as missing:
    sys.exit(f"jax_digits.py: {missing.name} is not installed: pip install jax")

BATCH, HELD_OUT, SEED, SHIFTS = 80, 360, 2026, 9
RATE, MOMENTUM = 0.2, 0.9
TENSORS = {"conv1.w": (32, 1, 3, 3), "conv1.bias": (32,), "conv2.w": (64, 32, 3, 3), "conv2.bias": (64,),
           "dense.w": (10, 64, 2, 2), "dense.bias": (10,)}


class SplitMix64:
    """examples/common/random.c"""

    def __init__(self, seed):
        self.state = seed

    def next(self):
        self.state = (self.state + 0x9E3779B97F4A7C15) % 2**64
        mixed = self.state
        mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9 % 2**64
        mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB % 2**64
        return mixed ^ (mixed >> 31)

    def uniform(self):
        return np.float32((self.next() >> 40) - 2**23) / np.float32(2**23)


def begin():
    random, weights = SplitMix64(SEED), {}
    for name, shape in TENSORS.items():
        if name.endswith("bias"):
            weights[name] = np.zeros(shape, np.float32)
        else:
            bound = np.float32(math.sqrt(6.0 * shape[0] / math.prod(shape)))
            weights[name] = np.array([bound * random.uniform() for _ in range(math.prod(shape))]).reshape(shape)
    return {name: jnp.asarray(value) for name, value in weights.items()}


def order_of(epoch, count):
    """The images in the order of an epoch, and by how many rows and columns each is shifted."""
    random, order = SplitMix64(epoch), list(range(count))
    for i in range(count - 1, 0, -1):
        other = random.next() % (i + 1)
        order[i], order[other] = order[other], order[i]
    drawn = [random.next() % (2 * SHIFTS) for _ in order]
    shifts = np.array([shift if shift < SHIFTS else SHIFTS // 2 for shift in drawn])
    return np.array(order), np.stack([shifts // 3 - 1, shifts % 3 - 1], 1)


def shift_image(image, by):
    """Moves an image by up to one pixel each way; what comes in is 0."""
    wide = jnp.pad(image, ((0, 0), (1, 1), (1, 1)))
    return jax.lax.dynamic_slice(wide, (0, 1 - by[0], 1 - by[1]), image.shape)


def convolve(x, w, bias, pad):
    return jax.lax.conv_general_dilated(x, w, (1, 1), [(pad, pad)] * 2) + bias[:, None, None]


def halve(x, start, combine):
    return jax.lax.reduce_window(x, start, combine, (1, 1, 2, 2), (1, 1, 2, 2), "VALID")


def logits_of(weights, x):
    x = jax.nn.relu(convolve(x, weights["conv1.w"], weights["conv1.bias"], 1))
    x = halve(x, -jnp.inf, jax.lax.max)
    x = jax.nn.relu(convolve(x, weights["conv2.w"], weights["conv2.bias"], 1))
    x = halve(x, 0.0, jax.lax.add) / 4
    return convolve(x, weights["dense.w"], weights["dense.bias"], 0)[:, :, 0, 0]


def loss_of(weights, x, labels):
    chances = jax.nn.log_softmax(logits_of(weights, x))
    return -jnp.mean(jnp.take_along_axis(chances, labels[:, None], 1))


@jax.jit
def step(weights, momenta, images, labels, chosen, shifts, rate):
    x = jax.vmap(shift_image)(images[chosen], shifts)
    loss, gradient = jax.value_and_grad(loss_of)(weights, x, labels[chosen])
    momenta = jax.tree.map(lambda m, g: MOMENTUM * m + g, momenta, gradient)
    return jax.tree.map(lambda w, m: w - rate * m, weights, momenta), momenta, loss


@jax.jit
def score(weights, x, labels):
    return loss_of(weights, x, labels), jnp.sum(jnp.argmax(logits_of(weights, x), 1) == labels)


def main():
    parser = argparse.ArgumentParser(description="Trains the example's network in JAX.")
    parser.add_argument("data")
    parser.add_argument("--epochs", type=int, default=40)
    parser.add_argument("--weights", metavar="FOLDER")
    options = parser.parse_args()

    with gzip.open(options.data) as file:
        table = np.load(file)
    held = np.arange(len(table)) % 5 == 0
    images = jnp.asarray(table[:, :64].reshape(-1, 1, 8, 8) / 16, jnp.float32)
    labels = jnp.asarray(table[:, 64].astype(np.int32))
    train, test = (images[~held], labels[~held]), (images[held], labels[held])
    weights = begin()
    momenta = jax.tree.map(jnp.zeros_like, weights)
    per_epoch = len(train[0]) // BATCH
    start = time.monotonic()
    for epoch in range(options.epochs):
        (order, shifts), losses = order_of(epoch, len(train[0])), []
        for i in range(per_epoch):
            turn = math.pi * (epoch * per_epoch + i) / (options.epochs * per_epoch)
            rate = np.float32(RATE * (1 + math.cos(turn)) / 2)
            batch = slice(i * BATCH, (i + 1) * BATCH)
            weights, momenta, loss = step(weights, momenta, *train, order[batch], shifts[batch], rate)
            losses.append(loss)
        loss, hits = score(weights, *test)
        print(f"epoch {epoch + 1:3}  loss {np.mean(losses):.6f}  held out: loss {loss:.6f}, "
              f"{100 * hits / HELD_OUT:.2f} % right")
    print(f"{options.epochs * per_epoch} steps, {time.monotonic() - start:.1f} s")
    if options.weights:
        for name in TENSORS:
            ours = np.load(pathlib.Path(options.weights) / f"{name}.npy")
            print(f"{name}: weights differ by at most {np.abs(ours - weights[name]).max():.2g}")


if __name__ == "__main__":
    main()
