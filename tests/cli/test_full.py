#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The static program executes the full one where a library is needed, and says what is missing where there is none.

In the full program's place here is a script that tells what it was given."""

import json
import os
import shutil
import subprocess
import unittest

import cli
from cli import PROGRAM

TELLER = """#!/bin/sh
echo "FULL $0"
for a; do echo "argument=$a"; done
echo "variable=$VARIABLE"
echo "input=$(cat)"
exit 7
"""


def is_static_with_full():
    """Static, and built with something that needs the full program."""
    try:
        parts = subprocess.run([PROGRAM, "version"], capture_output=True, text=True, check=True).stdout
        with open(PROGRAM, "rb") as file:
            return b"/ocirt/ocirt-full" in file.read() and "+SYSTEMD" in parts
    except (OSError, subprocess.CalledProcessError):
        return False


@unittest.skipUnless(is_static_with_full(), "the program is not static, or was built without systemd")
class Full(cli.CliTest):
    def setUp(self):
        super().setUp()
        self.program = shutil.copy(PROGRAM, self.path("ocirt"))
        self.full = self.path("ocirt-full")

    def place(self):
        with open(self.full, "w", encoding="utf-8") as file:
            file.write(TELLER)
        os.chmod(self.full, 0o755)

    def run_it(self, *words, given="", variable=""):
        return subprocess.run([self.program, "--root", self.root, *words], input=given, capture_output=True, text=True,
                              check=False, cwd=self.tmp, env={**os.environ, "VARIABLE": variable})

    def keep(self, container, manager):
        """The record of a container whose process has ended."""
        directory = os.path.join(self.root, container)
        os.makedirs(directory)
        state = {"ocirt": 1, "ociVersion": "1.3.0", "id": container, "bundle": self.tmp, "rootfs": self.tmp, 
                 "created": "2026-01-01T00:00:00Z", "owner": os.getuid(),
                 "cgroup": {"manager": manager, "path": f"/{container}", "scope": f"{container}.scope"}}
        with open(os.path.join(directory, "state.json"), "w", encoding="utf-8") as file:
            json.dump(state, file)

    def assert_full(self, ran, *words, given=""):
        expected = [f"argument={word}" for word in ("--root", self.root, *words)]
        self.assertEqual(ran.stdout.splitlines()[1:], [*expected, "variable=a b", f"input={given}"], ran.stderr)
        self.assertEqual(ran.stdout.splitlines()[0].split()[0], "FULL")
        self.assertEqual(ran.returncode, 7)

    def test_create_and_run_by_systemd(self):
        self.place()
        for command in ("create", "run"):
            for option in ("--systemd-cgroup", "--cgroup-manager=systemd"):
                words = (option, command, "--bundle", "", "x y")
                self.assert_full(self.run_it(*words, given="in", variable="a b"), *words, given="in")
        self.assertFalse(os.path.exists(self.root))

    def test_delete_and_update_of_a_container_by_systemd(self):
        self.place()
        self.keep("unit", "systemd")
        for words in (("delete", "unit"), ("delete", "--force", "unit"), ("update", "--pids-limit", "3", "unit")):
            self.assert_full(self.run_it(*words, variable="a b"), *words)
        self.assertTrue(os.path.exists(os.path.join(self.root, "unit/state.json")))

    def test_checkpoint_and_restore(self):
        if b"+CRIU" not in subprocess.run([PROGRAM, "version"], capture_output=True, check=True).stdout:
            self.skipTest("the program was built without CRIU")
        self.place()
        for command in ("checkpoint", "restore"):
            words = (command, "--image-path", "images", "x")
            self.assert_full(self.run_it(*words, variable="a b"), *words)

    def test_what_was_read_from_standard_input_is_there(self):
        self.place()
        self.keep("unit", "systemd")
        words = ("update", "--resources", "-", "unit")
        self.assert_full(self.run_it(*words, given='{"pids": {}}', variable="a b"), *words, given='{"pids": {}}')

    def test_others_stay(self):
        """Without systemd, and where a container of systemd's is only looked at."""
        self.place()
        self.keep("unit", "systemd")
        for words in (("state", "unit"), ("list",), ("--systemd-cgroup", "state", "unit"), ("kill", "unit"),
                      ("--systemd-cgroup", "start", "unit")):
            self.assertNotIn("FULL", self.run_it(*words).stdout, words)
        self.keep("files", "cgroupfs")
        self.assertNotIn("FULL", self.run_it("delete", "files").stdout)

    @unittest.skipUnless(os.getuid() == 0, "needs root to give a file away")
    def test_another_owner_s_is_not_executed(self):
        self.place()
        os.chown(self.full, 1234, 1234)
        self.assertNotIn("FULL", self.run_it("--systemd-cgroup", "run", "x").stdout)

    def test_a_link_is_not_followed(self):
        self.place()
        os.rename(self.full, self.path("elsewhere"))
        os.symlink("elsewhere", self.full)
        self.assertNotIn("FULL", self.run_it("--systemd-cgroup", "run", "x").stdout)

    def test_where_there_is_none(self):
        with open(PROGRAM, "rb") as file:
            text = file.read()
        end = text.index(b"/ocirt/ocirt-full")
        installed = text[text.rindex(b"\0", 0, end) + 1:end].decode() + "/ocirt/ocirt-full"
        if os.path.exists(installed):
            self.skipTest(f"{installed} is installed")
        ran = self.run_it("--systemd-cgroup", "run", "x")
        self.assertEqual(ran.returncode, 1)
        self.assertIn(f"ocirt: run x: for the systemd cgroup manager the program {installed} is needed: No such file or directory",
                      ran.stderr)
        self.assert_one_line(ran.stderr)


if __name__ == "__main__":
    cli.main()
