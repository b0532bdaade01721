"""Writes docs/performance.md: page.py PAGE COMMIT FILE.json...

The files are those of `tessera bench --json` as scripts/bench calls them: any-1 and any-8 (layouts free; one image, eight),
nchw-1 and nchw-8 (plain tensors), clblast, intel (through Intel's runtime), onednn-3 (another oneDNN); any-1 must be
there. The pictures go to a folder beside the page, called as it without its suffix. COMMIT is what was measured.
"""

import pathlib
import sys
import textwrap

import figures
import pictures

HEAD = """# Performance

{machine}

## How it is measured

- The layers are those of AlexNet, VGG-16, ResNet-50 (v1 and v1.5), MobileNet v1 and v2, SqueezeNet 1.0 and 1.1,
  Inception v3 and, with one image, U-Net, and the poolings of these networks and GoogLeNet: `bench/suites`, with sources.
  Equal layers are measured once and counted. Convolutions have no bias and no activation.
- Each layer's result is compared with the CPU path's before it is timed: of the last image, and of costly layers the
  last output channels. Peers' results are compared with ours; one that differs is left out.
- Ours, the peers, the peak and the copy take turns, a batch of runs each, in one process (ONNX Runtime in a child that
  works while the others wait). **Ratios are the peer's time by ours, above 1 where Tessera is faster**: medians over the
  rounds, so that a moment in which the machine was busy spoils a round of all. The same holds for shares of the peak and
  of the copy.
- Weights are packed and graphs made beforehand, on both sides. *Layouts free*: x and y lie as each library likes.
  *Plain*: x and y are NCHW arrays; `onednn-reorder` reorders them to its own layouts and back at every run,
  `onednn-plain` does not. `onednn` is oneDNN's own choice of an algorithm, `onednn-best` the fastest of that, its direct
  and its Winograd algorithm, layer by layer.
"""

SHARES = """Layers that stay in the cache exceed the copy, which does not. Winograd takes fewer operations than are counted, and may
exceed the peak; so may a layer that was measured while other work came and went.
"""

ROWS = (
    # class, comparison, file's layout, peer
    ("dense", "layouts free, against oneDNN's best", "any", "onednn-best"),
    ("dense", "layouts free, against oneDNN's choice", "any", "onednn"),
    ("dense", "layouts free, against its Winograd", "any", "onednn-winograd"),
    ("dense", "plain, against oneDNN with reorders", "nchw", "onednn-reorder"),
    ("dense", "plain, against oneDNN on plain tensors", "nchw", "onednn-plain"),
    ("dense", "plain, against ONNX Runtime", "nchw", "onnxruntime"),
    ("depthwise", "layouts free, against oneDNN", "any", "onednn"),
    ("depthwise", "plain, against oneDNN with reorders", "nchw", "onednn-reorder"),
    ("depthwise", "plain, against oneDNN on plain tensors", "nchw", "onednn-plain"),
    ("depthwise", "plain, against ONNX Runtime", "nchw", "onnxruntime"),
    ("pooling", "layouts free, against oneDNN", "any", "onednn"),
    ("pooling", "plain, against oneDNN on plain tensors", "nchw", "onednn-plain"),
    ("pooling", "plain, against ONNX Runtime", "nchw", "onnxruntime"),
)
BATCHES = ("1", "8")
NETWORKS = ("alexnet", "vgg16", "resnet50_v1", "resnet50_v1.5", "mobilenet_v1", "mobilenet_v2", "squeezenet1.0",
            "squeezenet1.1", "inception_v3", "unet_572")


def table(head, rows):
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def ratio_cells(group):
    """Geometric mean, the same weighted by count, the worst with its layer."""
    if group is None:
        return ["-", "-", "-"]
    return [f"{group['geomean']:.2f}", f"{group['geomean_weighted']:.2f}", f"{group['worst']:.2f}"]


def group_of(document, peer, kind, name):
    """The figures of a class or network against a peer; None where there are none."""
    summary = document["summary"].get(peer) if document else None
    return summary[kind].get(name) if summary else None


def class_table(documents):
    rows = []
    for name, what, layout, peer in ROWS:
        cells = [f"{name}, {what}"]
        for batch in BATCHES:
            cells += ratio_cells(group_of(documents.get(f"{layout}-{batch}"), peer, "classes", name))
        rows.append(cells)
    return table(["", "1 image: geomean", "by count", "worst", "8 images: geomean", "by count", "worst"], rows)


def share_table(documents):
    rows = []
    for name, unit in (("dense", "peak"), ("depthwise", "peak"), ("pooling", "copy")):
        files = [documents.get(f"{layout}-{batch}") for batch in BATCHES for layout in ("any", "nchw")]
        shares = [figures.median_share(figures.of_class(file, name)) if file else None for file in files]
        rows.append([f"{name}, percent of the {unit}", *("-" if share is None else f"{share:.0f}" for share in shares)])
    return table(["median over the layers", "1 image: layouts free", "plain", "8 images: layouts free", "plain"], rows)


def network_table(documents):
    rows = []
    for network in NETWORKS:
        cells = [network]
        for batch in BATCHES:
            document = documents.get(f"any-{batch}")
            ours = document["networks"].get(network) if document else None
            cells.append(f"{ours['ms']:.1f}" if ours else "-")
            for peer in ("onednn", "onednn-best"):
                group = group_of(document, peer, "networks", network)
                cells.append(f"{group['network_ratio']:.2f}" if group else "-")
        rows.append(cells)
    head = ["convolutions of", "1 image: ms", "oneDNN's choice", "oneDNN's best", "8 images: ms", "oneDNN's choice",
            "oneDNN's best"]
    return table(head, rows)


def clblast_line(document):
    group = group_of(document, "clblast", "classes", "dense")
    if group is None:
        return ""
    return (f"CLBlast's convolution on the same device, ResNet-50 v1.5, plain tensors, one image: {group['geomean']:.1f} "
            f"(worst {group['worst']:.1f}).\n")


def convolutions_line(document, what):
    """The convolutions in other company, layouts free, one image."""
    dense, depthwise = (group_of(document, "onednn", "classes", name) for name in ("dense", "depthwise"))
    if dense is None or depthwise is None:
        return ""
    versions = {"driver": document["device"]["driver"], "onednn": document["peer_versions"]["onednn"]}
    return "\n".join(textwrap.wrap(
        f"{what.format(**versions)}, layouts free, one image: dense {dense['geomean']:.2f} (worst {dense['worst']:.2f}), "
        f"depthwise {depthwise['geomean']:.2f}.", 120)) + "\n"


def below_table(document, peer):
    """The layers that are slower than the peer, the worst first."""
    results = [result for result in document["results"] if result["peers"].get(peer, {"ratio": 1})["ratio"] < 1]
    results.sort(key=lambda result: result["peers"][peer]["ratio"])
    rows = [[f"`{result['problem']}`", result["algorithm"], f"{result['peers'][peer]['ratio']:.2f}"]
            for result in results]
    return table(["layer", "algorithm", "ratio"], rows) if rows else "None.\n"


def head(documents, commit):
    document = documents["any-1"]
    device = document["device"]
    mine = [one for one in documents.values() if one["device"]["platform"] == document["device"]["platform"]]
    peaks = [one["device"]["peak_gflops"] for one in mine]
    copies = [one["device"]["copy_gbps"] for one in mine]
    versions = {name: version for key, one in documents.items() if key != "onednn-3"
                for name, version in one["peer_versions"].items()}
    names = {"onednn": "oneDNN", "onnxruntime": "ONNX Runtime", "clblast": "CLBlast"}
    machine = (
        f"`scripts/bench` measured this and wrote this page. Device: {device['name']}, {device['platform']} "
        f"{device['driver']}, {device['compute_units']} compute units. {document['date'][:10]}, commit "
        f"{commit}. Peers, with as many threads: "
        + ", ".join(f"{names.get(name, name)} {version}" for name, version in versions.items())
        + f". While it ran the machine gave {min(peaks):.0f} to {max(peaks):.0f} GFLOP/s (multiply-adds on registers) and "
        f"{min(copies):.0f} to {max(copies):.0f} GB/s (copy of 64 MiB, both ways counted): medians of each file's layers.")
    return HEAD.format(machine="\n".join(textwrap.wrap(machine, 120, break_on_hyphens=False)))


def write(page, commit, documents):
    folder = page.with_suffix("")
    for old in folder.glob("*.svg"):
        old.unlink()
    drawn = [name for layout in ("any", "nchw") if f"{layout}-1" in documents
             for name in pictures.draw(folder, layout, documents[f"{layout}-1"])]

    def show(name, text):
        return f"![{text}]({folder.name}/{name}.svg)\n" if f"{name}.svg" in drawn else ""

    parts = [head(documents, commit), "## Against others\n", class_table(documents),
             clblast_line(documents.get("clblast")),
             convolutions_line(documents.get("intel"), "Through Intel's runtime ({driver}) against oneDNN's choice"),
             convolutions_line(documents.get("onednn-3"),
                               "PoCL against the choice of oneDNN {onednn}, on SYCL and Intel's runtime"),
             show("any-ratios", "Ratios of all layers, layouts free"),
             show("nchw-ratios", "Ratios of all layers, plain tensors"),
             "## Whole networks\n", "The sum of the convolutions, each as often as the network has it; layouts free.\n",
             network_table(documents), "## Of what the machine can do\n", SHARES, share_table(documents),
             show("any-roofline", "Roofline")]
    for network in ("vgg16", "resnet50_v1.5", "mobilenet_v2"):
        parts += [show(f"any-{network}", f"{network}, layouts free"),
                  show(f"nchw-{network}", f"{network}, plain tensors")]
    parts += [show("any-pools", "Pooling, layouts free"), show("nchw-pools", "Pooling, plain tensors"),
              "## Slower than oneDNN's own choice\n", "One image, layouts free.\n",
              below_table(documents["any-1"], "onednn")]
    page.write_text("\n".join(part for part in parts if part), encoding="utf-8")


def main():
    page, commit, *files = sys.argv[1:]
    write(pathlib.Path(page), commit, {file.stem: figures.read(file) for file in map(pathlib.Path, files)})


main()
