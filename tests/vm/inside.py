# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs tests inside a guest and tells their results here, as TAP.

The guest sees a copy of the tests and of the programs of the build tree, read-only; each run is
`tests/run -v` there, whose output is read line by line and numbered anew.
"""

import argparse
import os
import re
import shlex
import shutil
import signal
import stat
import subprocess
import sys
import tempfile

import machine as machines

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
TESTS = os.path.dirname(HERE)

PROGRAM = re.compile(r"^# program (\S+)")
TEST = re.compile(r"^(not )?ok\b\s*\d*\s*(?:- )?(.*)$")
END = re.compile(r"^(\d+) passed, (\d+) failed, (\d+) skipped$")
NO_BOOT = 125           # the status of run-guest then
PATIENCE = {"uml": 3, "qemu": 10}      # so many times slower than a machine of one's own


class Report:
    """TAP on standard output."""

    def __init__(self):
        self.number = self.failed = 0

    def say(self, text):
        print(text, flush=True)

    def test(self, good, name, notes=()):
        self.number += 1
        self.failed += not good
        self.say(f"{'' if good else 'not '}ok {self.number} - {name}")
        for note in notes:
            self.say(f"# {note}")

    def end(self):
        self.say(f"1..{self.number}")
        return 1 if self.failed else 0


class Reader:
    """Reads what tests/run -v prints.  At its end come the failures once more, some of which no line told of."""

    def __init__(self, report, label):
        self.report, self.label = report, label
        self.program, self.ended, self.late, self.failed = "", False, [], 0

    def line(self, text):
        program, test = PROGRAM.match(text), TEST.match(text)
        if program:
            self.program = program.group(1).removeprefix("vm/guest/")
        elif END.match(text):
            self.ended = True
            self.missing(int(END.match(text).group(2)))
        elif test:
            self.failed += bool(test.group(1)) and "# TODO" not in text
            self.report.test(not test.group(1), f"{self.label}{self.program}: {test.group(2)}")
        elif text.startswith("FAIL "):
            self.late.append((text[5:], []))
        elif self.late and text.startswith("     "):
            self.late[-1][1].append(text.strip())
        elif text.startswith("1..0"):
            self.report.test(True, f"{self.label}{self.program} # SKIP {text.partition('#')[2].strip().removeprefix('SKIP').strip()}")
        elif text.startswith("#"):
            self.report.say(text)

    def missing(self, failed):
        """A program that crashed, or left something behind."""
        for name, notes in self.late[-(failed - self.failed):] if failed > self.failed else []:
            self.report.test(False, self.label + name, notes)


def build_directory():
    return os.path.abspath(os.environ.get("BUILD") or os.environ.get("OCIRT_BUILD") or os.path.dirname(TESTS))


def is_program(path):
    return os.access(path, os.X_OK) and stat.S_ISREG(os.stat(path).st_mode)


def stage(directory):
    """Copies to directory/src the tests, to directory/build the programs: what the guest needs, readable for all."""
    build = build_directory()
    for name in ("tests", "contrib"):
        shutil.copytree(os.path.join(os.path.dirname(TESTS), name), os.path.join(directory, "src", name), symlinks=True,
                        ignore=shutil.ignore_patterns("__pycache__", "*.o", "*.lo", ".deps", ".libs", ".dirstamp", "build"))
    wanted = ["ocirt", "ocirt-full", "tests/probe/probe"]
    for where, _, names in os.walk(os.path.join(build, "tests")):
        wanted += [os.path.relpath(os.path.join(where, name), build) for name in names
                   if name.endswith("_test") and is_program(os.path.join(where, name))]
    for name in wanted:
        source = os.environ.get("OCIRT") if name == "ocirt" else os.environ.get("OCIRT_PROBE") if name.endswith("probe") else None
        source = source or os.path.join(build, name)
        if os.path.exists(source):
            target = os.path.join(directory, "build", name)
            os.makedirs(os.path.dirname(target), exist_ok=True)
            shutil.copy(source, target)
    subprocess.run(["chmod", "-R", "a+rX", directory], check=True)


def lines_of(stream):
    for line in stream:
        yield line.decode(errors="replace").rstrip("\n")


def run(machine, runs, seconds, suite="forky"):
    """runs: [(label, environment, [file below tests or group])].  The exit status of a test program."""
    need_guest(suite, machine)
    parser = argparse.ArgumentParser()
    parser.add_argument("-k", action="append", metavar="PATTERN")
    parser.add_argument("-v", action="count")
    given = parser.parse_args()
    report = Report()
    with tempfile.TemporaryDirectory(prefix="ocirt-vm-stage-") as directory:
        os.chmod(directory, 0o755)
        stage(directory)
        script = ["export BUILD=/build OCIRT=/build/ocirt OCIRT_PROBE=/build/tests/probe/probe PYTHONDONTWRITEBYTECODE=1 "
                  f"OCIRT_TEST_PATIENCE={PATIENCE[machine]} OCIRT_MANY=8", "cd /src"]
        for label, environment, what in runs:
            pattern = "".join(f" -k {shlex.quote(k)}" for k in given.k or ())
            script += [f"echo '# run {label}'",
                       " ".join([*(f"{k}={shlex.quote(v)}" for k, v in environment.items()), f"tests/run -v --seconds {seconds}", *what]) + pattern]
        argv = [os.path.join(HERE, "run-guest"), "--machine", machine, "--suite", suite, "--share", f"/src={directory}/src", "--share",
                f"/build={directory}/build", "--timeout", str(seconds), "\n".join(script)]
        if not follow(argv, runs, report):
            report.say("# the guest did not boot: once more")
            follow(argv, runs, report, True)
    return report.end()


def follow(argv, runs, report, last_try=False):
    """False: the guest did not boot, of which the report says nothing yet."""
    labels = iter(runs)
    reader = None
    last = []
    with subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda *_: process.terminate())   # it stops the machine, and then we end
        for line in lines_of(process.stdout):
            last = last[-30:] + [line]
            if line.startswith("# run "):
                if reader and not reader.ended:
                    report.test(False, f"{reader.label}(the whole)", ["ended before its summary"])
                reader = Reader(report, next(labels)[0])
            elif reader:
                reader.line(line)
            else:
                report.say(f"# {line}")
    if reader is None and process.returncode == NO_BOOT and not last_try:
        return False
    if reader is None or not reader.ended or next(labels, None):
        report.test(False, "the guest ran all of it", [f"exit status {process.returncode}", *last])
    return True


def skip(report, suite, why):
    report.say(f"1..0 # SKIP no guest of {suite}: {why}")
    sys.exit(0)


def need_guest(suite, machine):
    """Builds the guest if need be; skips all where this machine lacks something for it, which the skip names."""
    lacking = machines.lacking()
    if lacking:
        skip(Report(), suite, lacking)
    argv = [os.path.join(HERE, "build-guest"), suite, *(["--full"] if machine == "qemu" else [])]
    built = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                           errors="replace", check=False)
    if built.returncode == 0:
        return
    report, said = Report(), built.stdout.strip().splitlines() or [f"exit status {built.returncode}"]
    if built.returncode == 77:
        skip(report, suite, said[-1].partition(": ")[2] or said[-1])
    report.test(False, f"the guest of {suite} can be built", said[-30:])
    sys.exit(report.end())


def programs(group, without):
    """The scripts of a group, as paths below the top of the tree."""
    return sorted(f"tests/{group}/{name}" for name in os.listdir(os.path.join(TESTS, group))
                  if name.startswith("test_") and name.endswith(".py") and name not in without)
