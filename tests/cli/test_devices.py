"""tessera devices: with OpenCL and without."""

import json

from support import DEVICE, CommandTest


class Devices(CommandTest):
    def devices(self, environment=None):
        done = self.command("devices", "--json", environment=environment)
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)["devices"]

    def test_list_for_people(self):
        done = self.command("devices")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertTrue(done.stdout.splitlines()[-1].startswith("cpu "), done.stdout)

    def test_json(self):
        devices = self.devices()
        for number, device in enumerate(devices[:-1]):
            self.assertEqual(device["number"], number)
            self.assertIn(device["kind"], ("gpu", "accelerator", "cpu"))
            self.assertGreater(device["compute_units"], 0)
            self.assertGreater(device["max_alloc_bytes"], 0)
            self.assertGreater(len(device["extensions"]), 0)
            self.assertGreaterEqual(device["max_image_texels"], 0)
        self.assertEqual(devices[-1]["kind"], "host")
        self.assertIsNone(devices[-1]["max_image_texels"])
        self.assertNotIn("number", devices[-1])

    def test_each_can_be_named(self):
        """By number, by a part of its name in any case, and the one under test by its selector."""
        self.array("x.npy", (1, 1, 1, 1), [1])
        selectors = [DEVICE]
        for device in self.devices()[:-1]:
            selectors += [str(device["number"]), "opencl:" + device["name"].upper()[:12]]
        for selector in selectors:
            done = self.command("conv", "x.npy", "x.npy", "-o", "y.npy", "--device", selector, "--json")
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(json.loads(done.stdout)["device"]["kind"] == "host", selector == "cpu")

    def test_without_opencl(self):
        empty = self.folder / "vendors"
        empty.mkdir()
        self.assertEqual([device["kind"] for device in self.devices({"OCL_ICD_VENDORS": str(empty)})], ["host"])
