"""What `tessera bench --json` wrote, in the terms of the page and its pictures."""

import json
import re
import statistics

OURS = "tessera"


def read(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def of_network(document, network):
    """The results of a network's convolutions, in its order."""
    return [result for result in document["results"]
            if result["class"] != "pooling" and any(use["network"] == network for use in result["uses"])]


def of_class(document, name):
    return [result for result in document["results"] if result["class"] == name]


def setting(document):
    """What all results of a document have: the layout and the batch."""
    first = document["results"][0]
    batch = re.search(r":(?:.*?[0-9])?n([0-9]+)", first["problem"])
    images = int(batch[1]) if batch else 1
    layout = "layouts free" if first["layout"] == "any" else first["layout"].upper()
    return f"{layout}, {images} image" + ("s" if images > 1 else "")


def layer_name(result, network=None):
    """The layer's problem, shorter by what all have."""
    text = result["problem"].removeprefix("conv:")
    times = sum(use["count"] for use in result["uses"] if use["network"] == network)
    return text + (f"  x{times}" if times > 1 else "")


def shares(result, peers):
    """What ours and each peer reach of the peak, of the copy for pooling, in percent; None where a peer lacks it.
    Shares and ratios are medians over the same rounds, so a peer's share follows from its ratio."""
    ours = result["percent_of_copy" if result["class"] == "pooling" else "percent_of_peak"]
    found = {OURS: ours}
    for peer in peers:
        figures = result["peers"].get(peer)
        found[peer] = ours / figures["ratio"] if figures else None
    return found


def median_share(results):
    return statistics.median(shares(result, ())[OURS] for result in results) if results else None
