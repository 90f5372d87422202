# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the tests beside it share: calls of the program without a container, and TAP."""

import argparse
import os
import re
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(TOP, "tests", "lib"))

from ocitest import tap                                                          # noqa: E402

PROGRAM = os.environ.get("OCIRT") or os.path.join(
    os.environ.get("OCIRT_BUILD") or os.environ.get("BUILD") or TOP, "ocirt")
OPTION = re.compile(r"^  (?:-(\w), |    )--([\w-]+)(?: (\S+))?(?:\s\s.*)?$")


class CliTest(unittest.TestCase):
    """Each test has a directory and a state directory in it that does not exist yet."""

    maxDiff = 4000

    def setUp(self):
        if not os.access(PROGRAM, os.X_OK):
            self.skipTest(f"{PROGRAM} is not built")
        directory = tempfile.TemporaryDirectory(prefix="cli-")
        self.addCleanup(directory.cleanup)
        self.tmp = directory.name
        self.root = os.path.join(self.tmp, "state")

    def call(self, *words, **how):
        """The program with these words; rc, out and err."""
        how.setdefault("stdin", subprocess.DEVNULL)
        ran = subprocess.run([PROGRAM, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                             errors="surrogateescape", cwd=self.tmp, timeout=60, check=False, **how)
        ran.rc, ran.out, ran.err = ran.returncode, ran.stdout, ran.stderr
        return ran

    def ocirt(self, *words, **how):
        """The same with the state directory of the test."""
        return self.call("--root", self.root, *words, **how)

    def path(self, name):
        return os.path.join(self.tmp, name)

    def read(self, name):
        with open(self.path(name), encoding="utf-8") as file:
            return file.read()

    def assert_one_line(self, text):
        self.assertEqual(text.count("\n"), 1, f"not one line: {text!r}")
        self.assertTrue(text.endswith("\n"), repr(text))

    def assert_fails(self, ran, words, rc=1):
        """It failed with one line on standard error that contains WORDS, and printed nothing."""
        self.assertIn(words, ran.err)
        self.assertEqual((ran.rc, ran.out), (rc, ""), ran.err)
        self.assert_one_line(ran.err)
        self.assertTrue(ran.err.startswith("ocirt: "), ran.err)


def commands():
    """The names of all commands, as --help has them."""
    text = subprocess.run([PROGRAM, "--help"], capture_output=True, text=True, check=True).stdout
    return re.findall(r"^  ([a-z]+)", text.partition("Commands:\n")[2].partition("\n\n")[0], re.M)


def options_of(command):
    """[(letter or None, name, placeholder or None)] of a command, or of the program ("")."""
    words = [PROGRAM, command, "--help"] if command else [PROGRAM, "--help"]
    text = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    rows = text.partition("Options:\n")[2].partition("\n\n")[0].splitlines()
    return [match.groups() for match in map(OPTION.match, rows) if match]


def main():
    """As ocitest's main, but no root and no probe are needed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("-k", action="append")
    parser.add_argument("-v", "--verbose", action="store_true")
    given = parser.parse_args()
    found = list(tap._tests(unittest.defaultTestLoader.loadTestsFromModule(sys.modules["__main__"])))
    if given.k:
        found = [t for t in found if any(k.lower() in tap.TapResult.name(t).lower() for k in given.k)]
    result = tap.TapResult(sys.stdout, given.verbose)
    tap.Suite(tap._limit(t) for t in found).run(result)
    result.say(f"1..{result.number}" if found else "1..0 # SKIP no test matches")
    sys.exit(1 if result.failed else 0)
