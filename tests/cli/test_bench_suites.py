"""tessera bench: suites of layers, peers, and what the summary makes of them. The CPU path is the peer that every
machine has."""

import json
import math

from support import CommandTest

CONV, DEPTHWISE, MAX = "conv:c3h8w8k4r3s3pd1", "conv:c4h8w8k4r3s3pd1g4", "max:c4h9w9r3s3st2"
HEADER = "network,layer,type,c,h,w,k,r,s,stride_h,stride_w,pad_h,pad_w,groups,count"
LAYERS = """one,first,conv,3,8,8,4,3,3,1,1,1,1,1,2
one,pool,max,4,9,9,,3,3,2,2,0,0,,1

two,"same, again",,3,8,8,4,3,3,1,1,1,1,1,3
two,depthwise,conv,4,8,8,4,3,3,1,1,1,1,4,1
"""
QUICK = ("--min-time", "0.002", "--no-plan-times", "--json", "-")


class Suites(CommandTest):
    def write(self, text, name="some.csv"):
        (self.folder / name).write_text(text)
        return name

    def bench(self, *arguments):
        return json.loads(self.run_well("bench", *arguments, *QUICK))

    def test_file(self):
        document = self.bench("--suite", self.write(HEADER + "\n" + LAYERS), "--layout", "nchw")
        results = {result["problem"]: result for result in document["results"]}
        self.assertEqual(list(results), [CONV, MAX, DEPTHWISE])
        self.assertEqual([result["count"] for result in results.values()], [5, 1, 1])
        self.assertEqual([result["class"] for result in results.values()], ["dense", "pooling", "depthwise"])
        self.assertEqual(results[CONV]["uses"], [{"network": "one", "layer": "first", "count": 2},
                                                 {"network": "two", "layer": "same, again", "count": 3}])
        for result in results.values():
            self.assertLessEqual(result["distance"], 1e-4)
            self.assertGreaterEqual(result["workspace_bytes"], 0)
        # A network is the sum of its convolutions.
        ms = {problem: result["median_ms"] for problem, result in results.items()}
        self.assertEqual({name: one["layers"] for name, one in document["networks"].items()}, {"one": 2, "two": 4})
        self.assertAlmostEqual(document["networks"]["one"]["ms"], 2 * ms[CONV])
        self.assertAlmostEqual(document["networks"]["two"]["ms"], 3 * ms[CONV] + ms[DEPTHWISE])

    def test_columns_in_another_order_and_batch(self):
        suite = self.write("s,r,unknown,k,w,h,c,n\r\n3,3,what,4,8,8,3,7\r\n")
        for arguments, problem in (((), "conv:n7c3h8w8k4r3s3"), (("--batch", "2"), "conv:n2c3h8w8k4r3s3")):
            document = self.bench("--suite", suite, *arguments)
            self.assertEqual([result["problem"] for result in document["results"]], [problem])
        document = self.bench("--problem", MAX + ",ceil", "--batch", "3")
        self.assertEqual(document["results"][0]["problem"], "max:n3c4h9w9r3s3st2,ceil")

    def test_summary(self):
        document = self.bench("--suite", self.write(HEADER + "\n" + LAYERS), "--vs", "cpu-path")
        results = document["results"]
        for result in results:
            self.assertEqual(list(result["peers"]), ["cpu-path"], result["refused"])
        summary = document["summary"]["cpu-path"]
        self.check_summary(summary, [(result, result["count"]) for result in results])
        by_class = {result["class"]: result for result in results}
        self.assertEqual(set(summary["classes"]), set(by_class))
        for name, figures in summary["classes"].items():
            self.check_summary(figures, [(by_class[name], by_class[name]["count"])])
        self.check_summary(summary["networks"]["one"], [(by_class["dense"], 2)])
        self.check_summary(summary["networks"]["two"], [(by_class["dense"], 3), (by_class["depthwise"], 1)])

    def check_summary(self, figures, weighted):
        """The figures against the layers that they are made of, each with its weight."""
        ratios = [result["peers"]["cpu-path"]["ratio"] for result, _ in weighted]
        counts = [count for _, count in weighted]
        self.assertEqual(figures["layers"], len(weighted))
        self.assertAlmostEqual(figures["geomean"], math.prod(ratios) ** (1 / len(ratios)))
        self.assertAlmostEqual(figures["geomean_weighted"], math.prod(
            ratio ** (count / sum(counts)) for ratio, count in zip(ratios, counts)))
        self.assertEqual(figures["worst"], min(ratios))
        self.assertEqual(figures["worst_problem"], weighted[ratios.index(min(ratios))][0]["problem"])
        self.assertEqual(figures["below_one"], sum(ratio < 1 for ratio in ratios))
        self.assertAlmostEqual(figures["network_ratio"], sum(
            count * result["peers"]["cpu-path"]["median_ms"] for result, count in weighted) / sum(
            count * result["median_ms"] for result, count in weighted))

    def test_absent_peers_are_named(self):
        done = self.command("bench", "--problem", CONV, "--vs", "onednn,clblast,onednn-plain", *QUICK, "--device", "cpu")
        self.assertEqual(done.returncode, 0, done.stderr)
        document = json.loads(done.stdout)
        # This build may have them all the same.
        for library, package in (("onednn", "libdnnl-dev"), ("clblast", "libclblast-dev")):
            if library in document["peer_versions"]:
                continue
            self.assertIn(package, document["absent_peers"][library])
            self.assertIn(f"{library} is absent: install {package}", done.stderr)
            self.assertEqual(document["results"][0]["peers"], {})

    def test_every_suite_is_read(self):
        """The suites are long, so that they are not run here: a mistake behind them is found after they were read."""
        for suite in ("alexnet", "vgg16", "resnet50", "resnet50-v1.5", "mobilenet-v1", "mobilenet-v2", "squeezenet",
                      "inception-v3", "unet", "pools", "all"):
            for batch in (1, 8):
                self.refuse("bench", "--suite", suite, "--batch", batch, "--problem", "nonsense", "--device", "cpu",
                            words=["nonsense"])

    def test_refused_files(self):
        good = HEADER + "\none,first,conv,3,8,8,4,3,3,1,1,1,1,1,2\n"
        for text, words in (
                ("", ["empty"]),
                (HEADER + "\n", ["no layer"]),
                (good.replace(",c,", ",channels,"), ["some.csv:1", "column c"]),
                (good.replace(",k,", ",c,"), ["some.csv:1", "column c twice"]),
                (good.replace(",4,3,3,", ",four,3,3,"), ["some.csv:2", "k is 'four'", "whole number from 1"]),
                (good.replace(",4,3,3,", ",-4,3,3,"), ["some.csv:2", "k is '-4'"]),
                (good.replace(",4,3,3,", ",4.5,3,3,"), ["some.csv:2", "k is '4.5'"]),
                (good.replace(",4,3,3,", ",99999999999999999999,3,3,"), ["some.csv:2", "k is '9"]),
                (good.replace(",4,3,3,", ",,3,3,"), ["some.csv:2", "k is missing"]),
                (good.replace(",3,8,8,", ",,8,8,"), ["some.csv:2", "c is ''"]),
                (good.replace(",2\n", ",0\n"), ["some.csv:2", "count is '0'"]),
                (good.replace("conv", "sum"), ["some.csv:2", "type is 'sum'"]),
                (good.replace(",1,2\n", "\n"), ["some.csv:2", "groups is missing"]),
                (good.replace(",1,2\n", ",2,2\n"), ["some.csv:2", "groups"]),
                (good.replace("first", '"first'), ["some.csv:2", "quote"]),
                (good.replace(",count\n", ",out_h\n").replace(",2\n", ",9\n"), ["some.csv:2", "out_h is 9", "has 8"]),
                (good + good.splitlines()[1].replace(",8,8,", ",1,1,").replace(",1,1,1,1,", ",1,1,0,0,"),
                 ["some.csv:3"])):
            self.refuse("bench", "--suite", self.write(text), "--device", "cpu", words=words)

    def test_refusals(self):
        for arguments, words in (
                ((), ["--suite", "--problem"]),
                (("--suite", "nonsense"), ["nonsense", "vgg16", ".csv"]),
                (("--suite", "absent.csv"), ["absent.csv"]),
                (("--suite", "vgg16", CONV), ["--problem"]),
                (("--problem", CONV, "--batch", "0"), ["batch", "1"]),
                (("--problem", CONV, "--vs", "nonsense"), ["nonsense"]),
                (("--problem", CONV, "--vs", "onednn,"), ["''"]),
                (("--problem", CONV, "--min-time", "0"), ["--min-time", "'0'"]),
                (("--problem", CONV, "--min-time", "nan"), ["--min-time"]),
                (("--problem", CONV, "--min-time", "1h"), ["'1h'", "3600"])):
            self.refuse("bench", *arguments, "--device", "cpu", words=words)
