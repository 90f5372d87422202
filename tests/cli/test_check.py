# SPDX-License-Identifier: LGPL-2.1-or-later
"""ocirt check and plan: all mistakes at once, for people and for programs."""

import json
import os

from cli import CliTest, main


class Check(CliTest):
    def setUp(self):
        super().setUp()
        os.mkdir(os.path.join(self.tmp, "b"))
        self.ocirt("spec", "--bundle", "b")
        self.file = os.path.join(self.tmp, "b/config.json")
        with open(self.file, encoding="utf-8") as file:
            self.config = json.load(file)

    def write(self):
        with open(self.file, "w", encoding="utf-8") as file:
            json.dump(self.config, file, indent=1)

    def spoil(self):
        self.config["process"]["cwd"] = "here"
        self.config["process"]["rlimits"] = [{"type": "RLIMIT_NOFILES", "soft": 1, "hard": 2}]
        self.config["hostnam"] = "x"
        self.config["vendorThing"] = 1
        self.config["linux"]["namespaces"].append({"type": "pid"})
        self.write()

    def test_no_mistake(self):
        for words in (["b"], ["--bundle", "b"], ["--format", "text", "b"]):
            ran = self.ocirt("check", *words)
            self.assertEqual((ran.rc, ran.out, ran.err), (0, "", ""), words)
        ran = self.ocirt("check", "--format", "json", "b")
        self.assertEqual((ran.rc, json.loads(ran.out), ran.err), (0, [], ""))

    def test_text(self):
        self.spoil()
        ran = self.ocirt("check", "b")
        self.assertEqual((ran.rc, ran.out), (1, ""))
        lines = ran.err.splitlines()
        self.assertEqual(sum("warning: " not in line for line in lines), 4, ran.err)
        for words in ("hostnam: unknown property; did you mean hostname?", "warning: config.json:", "vendorThing: unknown property",
                      'process.cwd: "here" is not an absolute path', 'process.rlimits[0].type: unknown resource "RLIMIT_NOFILES"',
                      'a second namespace of type "pid"'):
            self.assertTrue(any(words in line for line in lines), words)

    def test_json(self):
        self.spoil()
        ran = self.ocirt("check", "--format", "json", "b")
        self.assertEqual(ran.rc, 1)
        found = {mistake["property"]: mistake for mistake in json.loads(ran.out)}
        with open(self.file, encoding="utf-8") as file:
            lines = file.read().splitlines()
        self.assertEqual(len(found), 4)
        self.assertEqual(found["process.cwd"]["code"], "E_CWD")
        self.assertEqual(found["hostnam"]["code"], "E_CONFIG_VALUE")
        for property in ("process.cwd", "hostnam", "process.rlimits[0].type"):
            name = property.rpartition(".")[2]
            self.assertIn(f'"{name}"', lines[found[property]["line"] - 1])
        self.assertIn("RLIMIT_NOFILE", found["process.rlimits[0].type"]["hint"])

    def test_no_bundle(self):
        ran = self.ocirt("check", "--format", "json", "none")
        self.assertEqual((ran.rc, [m["code"] for m in json.loads(ran.out)]), (1, ["E_BUNDLE"]))
        ran = self.ocirt("check", "--bundle", "b", "b")
        self.assertEqual(ran.rc, 1)
        self.assertIn("the bundle is given twice", ran.err)

    def test_plan(self):
        text = self.ocirt("plan", "b").out.splitlines()
        steps = json.loads(self.ocirt("plan", "--format", "json", "b").out)
        self.assertEqual([" ".join(line.split()) for line in text],
                         [" ".join(f"{step['step']} {step['what']}".split()) for step in steps])
        self.assertEqual(self.ocirt("plan", "--bundle", "b").out.splitlines(), text)


if __name__ == "__main__":
    main()
