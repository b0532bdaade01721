"""Draws a benchmark's figures: pictures.py FOLDER FILE.json...

For each file bars of what Tessera and its peers reach on the layers of some networks and on poolings, and all layers'
ratios in one curve for each peer; and a roofline. The pictures are named after the files.
"""

import math
import pathlib
import sys

import figures
from svg import COLOURS, FAINT, INK, Axis, Canvas, steps

# A picture is for a screen.
MAX_POOLS, MAX_PEERS = 24, 4
LEFT, RIGHT, TOP, BOTTOM = 230, 30, 70, 40


def colours_of(names):
    return dict(zip(names, COLOURS))


def peers_of(results):
    """Those that are worth a bar: a way that is the same code as another one is not, nor is the best of all ways."""
    names = dict.fromkeys(peer for result in results for peer in result["peers"])
    return [name for name in names if name not in ("onednn-direct", "onednn-best")][:MAX_PEERS]


def bars(path, title, results, network, unit):
    """A group of bars for each layer, one for ours and one for each peer."""
    peers = peers_of(results)
    names = [figures.OURS, *peers]
    colours = colours_of(names)
    group = 11 * len(names) + 10
    canvas = Canvas(900, TOP + group * len(results) + BOTTOM, title)
    canvas.legend(16, 50, colours.items())
    found = [figures.shares(result, peers) for result in results]
    marks = steps(max([100.0] + [share for one in found for share in one.values() if share is not None]))
    across = Axis(0, marks[-1], LEFT, canvas.width - RIGHT)
    bottom = canvas.height - BOTTOM
    for mark in marks:
        canvas.line([(across(mark), TOP - 6), (across(mark), bottom)], INK if mark == 100 else FAINT)
        canvas.text(across(mark), bottom + 16, f"{mark:g}", anchor="middle")
    canvas.text((LEFT + canvas.width - RIGHT) / 2, bottom + 32, unit, anchor="middle")
    for i, (result, one) in enumerate(zip(results, found)):
        y = TOP + group * i
        canvas.text(LEFT - 8, y + group / 2, figures.layer_name(result, network), anchor="end")
        for j, name in enumerate(names):
            if one[name] is None:
                continue
            canvas.rectangle(LEFT, y + 11 * j, across(one[name]) - LEFT, 10, colours[name],
                             f"{result['problem']} {name}: {one[name]:.1f} %")
    canvas.save(path)


def curves(path, title, document):
    """For each peer the ratios of all layers, from the worst to the best: below 1 the peer is faster."""
    least, most = 0.125, 32.0
    peers = peers_of(document["results"])
    colours = colours_of([figures.OURS, *peers])
    canvas = Canvas(900, 420, title)
    canvas.legend(16, 50, [(peer, colours[peer]) for peer in peers])
    across, up = Axis(0, 100, 60, 880), Axis(least, most, 370, TOP, logarithmic=True)
    mark = least
    while mark <= most:
        canvas.line([(60, up(mark)), (880, up(mark))], INK if mark == 1 else FAINT)
        canvas.text(54, up(mark) + 4, f"{mark:g}", anchor="end")
        mark *= 2
    for share in range(0, 101, 10):
        canvas.text(across(share), 388, f"{share}", anchor="middle")
    canvas.text(470, 408, "percent of the layers, the worst first", anchor="middle")
    for peer in peers:
        ratios = sorted(result["peers"][peer]["ratio"] for result in document["results"] if peer in result["peers"])
        last = max(len(ratios) - 1, 1)
        canvas.line([(across(100 * i / last), up(ratio)) for i, ratio in enumerate(ratios)], colours[peer], 2)
    canvas.save(path)


def roofline(path, title, document):
    """Convolutions between what the memory and what the arithmetic allow."""
    peak, copy = document["device"]["peak_gflops"], document["device"]["copy_gbps"]
    results = [result for result in document["results"] if result["class"] != "pooling"]
    algorithms = list(dict.fromkeys(result["algorithm"] for result in results))
    colours = colours_of(algorithms)
    canvas = Canvas(900, 460, title)
    canvas.legend(16, 50, colours.items())
    across = Axis(0.5, 1024, 60, 880, True)
    top = 2.0 ** math.ceil(math.log2(4 * peak))
    up = Axis(top / 512, top, 410, TOP, True)
    mark = 0.5
    while mark <= 1024:
        canvas.line([(across(mark), TOP), (across(mark), 410)], FAINT)
        canvas.text(across(mark), 428, f"{mark:g}", anchor="middle")
        mark *= 2
    mark = top
    while mark >= top / 512:
        canvas.line([(60, up(mark)), (880, up(mark))], FAINT)
        canvas.text(54, up(mark) + 4, f"{mark:g}", anchor="end")
        mark /= 2
    canvas.text(470, 448, "operations for each byte of x, y and w", anchor="middle")
    canvas.text(880, 50, f"GFLOP/s; peak {peak:.0f} GFLOP/s, copy {copy:.0f} GB/s", anchor="end")
    roof = [0.5 * 2 ** (i / 10) for i in range(111)]
    canvas.line([(across(x), up(min(peak, copy * x))) for x in roof], INK, 2)
    for result in results:
        # By shares, since the machine did not always give the same.
        reached = result["percent_of_peak"] / 100 * peak
        canvas.dot(across(result["operations"] / result["bytes"]), up(reached), colours[result["algorithm"]],
                   f"{result['problem']} {result['algorithm']}: {reached:.0f} GFLOP/s")
    canvas.save(path)


def draw(folder, name, document):
    """All pictures of one file; returns their names."""
    folder.mkdir(parents=True, exist_ok=True)
    made = []

    def path(kind):
        made.append(f"{name}-{kind}.svg")
        return folder / made[-1]

    setting = figures.setting(document)
    if peers_of(document["results"]):
        curves(path("ratios"), f"Each peer's time by Tessera's, all layers, {setting}", document)
    for network in ("vgg16", "resnet50_v1.5", "mobilenet_v2"):
        results = figures.of_network(document, network)
        if results:
            bars(path(network), f"{network}, {setting}", results, network, "percent of the peak")
    pools = figures.of_class(document, "pooling")
    if pools:
        largest = sorted(pools, key=lambda result: -result["bytes"])[:MAX_POOLS]
        title = f"The {len(largest)} largest poolings of {len(pools)}, {setting}"
        bars(path("pools"), title, largest, None, "percent of the copy")
    if figures.of_class(document, "dense"):
        roofline(path("roofline"), f"Convolutions under the roof of the machine, {setting}", document)
    return made


def main():
    folder = pathlib.Path(sys.argv[1])
    for file in sys.argv[2:]:
        for name in draw(folder, pathlib.Path(file).stem, figures.read(file)):
            print(folder / name)


if __name__ == "__main__":
    main()
