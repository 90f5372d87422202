# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs the test classes of the main module and prints TAP: a line for each test method."""

import argparse
import atexit
import os
import signal
import sys
import tempfile
import time
import traceback
import unittest

from . import bundle, cgroups, host, leaks

TEST_SECONDS = 120



class TapResult(unittest.TestResult):
    def __init__(self, out, verbose):
        super().__init__()
        self.out, self.verbose, self.number, self.failed = out, verbose, 0, 0
        self.problems, self.reason, self.began = [], None, 0.0

    @staticmethod
    def name(test):
        return test.id().replace("__main__.", "")

    def say(self, text):
        self.out.write(text + "\n")
        self.out.flush()

    def startTest(self, test):
        super().startTest(test)
        self.problems, self.reason, self.began = [], None, time.monotonic()

    def stopTest(self, test):
        super().stopTest(test)
        if self.reason is None or self.problems:
            self.line(self.name(test), self.problems, "")
        else:
            self.line(self.name(test), [], f" # SKIP {self.reason}")

    def line(self, name, problems, directive):
        self.number += 1
        self.failed += bool(problems)
        self.say(f"{'not ok' if problems else 'ok'} {self.number} - {name}{directive}")
        for problem in problems:
            for line in problem.rstrip().splitlines():
                self.say(f"# {line}")
        if self.verbose:
            self.say(f"# {time.monotonic() - self.began:.3f} s")

    def note(self, error):
        kind, value, trace = error
        if issubclass(kind, AssertionError):
            where = [f for f in traceback.extract_tb(trace) if "unittest" not in f.filename]
            places = ", ".join(f"{os.path.basename(f.filename)}:{f.lineno}" for f in where[-3:])
            self.problems.append(f"{value}\nat {places}")
        else:
            self.problems.append("".join(traceback.format_exception(kind, value, trace)))

    def addError(self, test, err):
        super().addError(test, err)
        self.note(err)
        if not isinstance(test, unittest.TestCase):     # setUpClass or setUpModule
            self.line(str(test), self.problems, "")
            self.problems = []

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self.note(err)

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err is not None:
            self.problems.append(f"with {subtest._subDescription()}:")
            self.note(err)

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self.reason = reason.replace("\n", " ")
        if not isinstance(test, unittest.TestCase):
            self.line(str(test), [], f" # SKIP {self.reason}")

    def addExpectedFailure(self, test, err):
        super().addExpectedFailure(test, err)

    def addUnexpectedSuccess(self, test):
        super().addUnexpectedSuccess(test)
        self.problems.append("expected to fail, and didn't")


class Suite(unittest.TestSuite):
    """Gives each test its time."""

    def run(self, result, debug=False):
        def expire(_signal, _frame):
            raise AssertionError("the time of the test is over")

        signal.signal(signal.SIGALRM, expire)
        return super().run(result, debug)


def _tests(suite):
    for item in suite:
        if isinstance(item, unittest.TestSuite):
            yield from _tests(item)
        else:
            yield item


def _limit(test):
    """Wraps a test's run in an alarm."""
    seconds = getattr(test, "seconds", TEST_SECONDS) * host.patience()
    run = test.run

    def limited(result=None):
        signal.alarm(seconds)
        try:
            return run(result)
        finally:
            signal.alarm(0)

    test.run = limited
    return test


def _prepare():
    """A private mount namespace, orphans, a known umask and a known environment."""
    os.umask(0o022)
    for name in ("LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES", "NOTIFY_SOCKET"):
        os.environ.pop(name, None)
    if os.geteuid() == 0 and os.environ.get("OCIRT_TEST_PRIVATE") != "1":
        host.private_mounts()
        os.environ["OCIRT_TEST_PRIVATE"] = "1"
    leaks.adopt_orphans()
    tempfile.tempdir = None
    if not (os.environ.get("OCIRT_PROBE") or os.access(bundle.probe_path(), os.X_OK)):
        raise SystemExit("there is no probe")
    atexit.register(cgroups.remove)


def main():
    parser = argparse.ArgumentParser(description="Runs the tests of this file and prints TAP.")
    parser.add_argument("-k", metavar="PATTERN", action="append", help="only tests whose name contains this")
    parser.add_argument("-v", "--verbose", action="store_true", help="tell how long each test took")
    parser.add_argument("--list", action="store_true", help="print the names of the tests and do nothing")
    given = parser.parse_args()
    module = sys.modules["__main__"]
    tests = list(_tests(unittest.defaultTestLoader.loadTestsFromModule(module)))
    if given.k:
        tests = [t for t in tests if any(k.lower() in TapResult.name(t).lower() for k in given.k)]
    if given.list:
        for test in tests:
            print(TapResult.name(test))
        return
    _prepare()
    result = TapResult(sys.stdout, given.verbose)
    if not tests:
        result.say("1..0 # SKIP no test matches")
        return
    Suite(_limit(t) for t in tests).run(result)
    result.say(f"1..{result.number}")
    sys.stdout.flush()
    sys.exit(1 if result.failed else 0)
