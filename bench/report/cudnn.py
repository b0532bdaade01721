#!/usr/bin/env python3
"""bench/report/cudnn.py JSON...: times the convolutions of `tessera bench --json` files in PyTorch on the same NVIDIA GPU,
by cuDNN in f32 without TF32 and with its own search for the best algorithm, and prints how the times compare.

It needs PyTorch with CUDA. A call from Python takes some 10 us, so that layers whose time in PyTorch is below 30 us are
left out of the means: there it is not cuDNN that is measured. Other passes and types, dilation, a third axis, and padding
that differs at the ends of an axis are left out.
"""
import json
import math
import re
import sys
from collections import defaultdict
from statistics import median

import torch

LEAST_MS = 0.03


def pair(text):
    numbers = [int(n) for n in text.split("x")]
    return numbers * 2 if len(numbers) == 1 else numbers


def convolution(result):
    """A call that does what the problem says, or None."""
    fields = dict(re.findall(r"([a-z]+)(\d+(?:x\d+)*)", result["problem"].split(":")[1]))
    n, c, h, w, k, r, s, groups = (int(fields.get(name, 1)) for name in "n c h w k r s g".split())
    stride, padding = pair(fields.get("st", "1")), pair(fields.get("pd", "0"))
    if (result["class"] not in ("dense", "depthwise") or len(padding) != 2 or result["pass"] != "forward"
            or result["dtype"] != "f32" or {"d", "t", "dl"} & set(fields)):
        return None
    order = torch.channels_last if result["layout"] == "nhwc" else torch.contiguous_format
    x, weights = (torch.rand(shape, device="cuda").contiguous(memory_format=order)
                  for shape in ((n, c, h, w), (k, c // groups, r, s)))
    return lambda: torch.nn.functional.conv2d(x, weights, stride=stride, padding=padding, groups=groups)


def milliseconds(call, warm_up=5, rounds=9, calls=10):
    for _ in range(warm_up):
        call()
    times = []
    for _ in range(rounds):
        begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        begin.record()
        for _ in range(calls):
            call()
        end.record()
        torch.cuda.synchronize()
        times.append(begin.elapsed_time(end) / calls)
    return median(times)


def report(path):
    with open(path, encoding="utf-8") as file:
        results = json.load(file)["results"]
    ratios, networks = defaultdict(list), defaultdict(lambda: [0.0, 0.0])
    for result in results:
        call = convolution(result)
        if call is None:
            continue
        theirs, ours = milliseconds(call), result["median_ms"]
        print(f"{result['problem']:<45} {ours:8.4f} ms, cuDNN {theirs:8.4f} ms, {theirs / ours:.2f}")
        if theirs >= LEAST_MS:
            ratios[result["class"]].append((theirs / ours, result["problem"]))
        for use in result["uses"]:
            networks[use["network"]][0] += ours * use["count"]
            networks[use["network"]][1] += theirs * use["count"]
    for kind, found in ratios.items():
        mean = math.exp(sum(math.log(ratio) for ratio, _ in found) / len(found))
        print(f"{kind}: {len(found)} layers, geomean {mean:.2f}, worst {min(found)[0]:.2f} at {min(found)[1]}")
    for network, (ours, theirs) in networks.items():
        print(f"{network}: {ours:.3f} ms, cuDNN {theirs:.3f} ms, {theirs / ours:.2f}")


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__.strip())
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
    torch.backends.cudnn.benchmark = True
    print(f"PyTorch {torch.__version__}, cuDNN {torch.backends.cudnn.version()}, {torch.cuda.get_device_name()}")
    for path in sys.argv[1:]:
        print(f"\n{path}")
        report(path)


main()
