# SPDX-License-Identifier: LGPL-2.1-or-later
"""No verb makes more system calls, and no start executes more instructions, than budgets.json allows.

Times can't be asserted on a machine that others use too; these numbers are the same in every run.  More than 10 % over
a budget fails.  OCIRT_BENCH_RECORD=1 writes what is measured as the new budgets: do it when there is a reason for
more, and when there is less.

The budgets of system calls are those of a kernel that numbers its processes (pidfs, Linux 6.9), with the state on a tmpfs.
Elsewhere commands that look for a process read its start time in a procfs that they make, and may do the calls for that.
"""

import collections
import json
import os
import re
import shutil
import subprocess
import tempfile
import unittest

from ocitest import ContainerTest, Runtime, has_program, main, needs
from ocitest.bundle import default_config
from ocitest.case import only_view
from ocitest.runtime import runtime_path

BUDGETS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "budgets.json")
RECORD = os.environ.get("OCIRT_BENCH_RECORD") == "1"
SLACK = 1.10
A_FEW = 3               # calls more or less: the kernel's and libc's version tell in small budgets
PROCFS_CALLS = 12       # to make one, to read a start time, and to close both
START_TIME_CALLS = 5    # of these, for one more process
LOOK_FOR_PROCESS = ("delete parent", "kill parent", "start parent", "state parent", "create parent", "run parent")
ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}     # libc looks at each variable when it starts
CALL = re.compile(r"^(\d+)\s+(\w+)\((.*)$")
END = re.compile(r"^(\d+)\s+\+\+\+ ")


def is_sanitized():
    with open(runtime_path(), "rb") as file:
        return b"__asan_init" in file.read()


def kind_of_build():
    """What the number of instructions before main depends on."""
    with open(runtime_path(), "rb") as file:
        whole = file.read()
    head = whole[:4096]
    pie = "pie" if head[16] == 3 else "no pie"          # e_type: ET_DYN
    linked = f"{'dynamic' if b'/ld-' in head else 'static'}, {pie}"
    # A static glibc asks for its tunables; on a host of glibc a static program that doesn't is of musl.
    libc = os.confstr("CS_GNU_LIBC_VERSION") if b"/ld-" in head or b"GLIBC_TUNABLES" in whole else "musl"
    return f"{os.uname().machine}, {libc}, {linked}"


def has_process_numbers(directory):
    """Does the runtime tell processes by their pidfds' inodes, if its state is in this directory?"""
    kind = subprocess.run(["stat", "-f", "-c", "%T", directory], capture_output=True, text=True, check=True).stdout.strip()
    inodes = set()
    for pid in (os.getpid(), os.getppid()):
        fd = os.pidfd_open(pid)
        inodes.add(os.fstat(fd).st_ino)
        os.close(fd)
    return kind in ("tmpfs", "ramfs") and len(inodes) == 2


class Budgets:
    """budgets.json: {"system calls": {"run parent": n, ...},
    "instructions": {kind of build: {"--version": n, ...}}}."""

    def __init__(self):
        with open(BUDGETS, encoding="ascii") as file:
            self.data = json.load(file)

    def record(self, table, values):
        self.data.setdefault(table, {}).update(values)
        with open(BUDGETS, "w", encoding="ascii") as file:
            json.dump(self.data, file, indent=1, sort_keys=True)
            file.write("\n")


class BudgetTest(ContainerTest):
    def setUp(self):
        if is_sanitized():
            self.skipTest("the runtime is built with a sanitizer")
        super().setUp()

    def compare(self, counted, budgets, slack=0, more=None):
        """more: {name: what it may be over the budget here}."""
        over = [f"{name}: {n}, the budget is {budgets[name]}" for name, n in counted.items()
                if n > max(budgets[name] * SLACK, budgets[name] + slack) + (more or {}).get(name, 0)]
        self.assertEqual(over, [], "over budget; OCIRT_BENCH_RECORD=1 records new ones")


class TracedRuntime(Runtime):
    """Its calls run under strace while prefix is set."""

    prefix = ()

    def argv(self, *args):
        return [*self.prefix, *super().argv(*args)]


@only_view("v2")
@needs(has_program("strace"), "strace")
class SystemCalls(BudgetTest):
    def setUp(self):
        super().setUp()
        if os.path.isdir("/dev/shm"):                  # a tmpfs, on nearly all machines
            self.runtime.root = tempfile.mkdtemp(prefix="t-", dir="/dev/shm")
            self.addCleanup(shutil.rmtree, self.runtime.root, ignore_errors=True)
        self.runtime = TracedRuntime(self.runtime.root, self.view)
        self.run_ok(self.config("exit", "0"))          # makes what only the first container of a boot makes

    def traced(self, call, *args, on=False):
        """The trace of one call; on: it goes on as long as the container, and the call doesn't wait for that."""
        trace = os.path.join(self.tmp, f"trace{len(os.listdir(self.tmp))}")
        self.runtime.prefix = ["strace", *["-D"] * on, "-f", "-q", "-s", "0", "-o", trace]
        try:
            self.assertOk(call(*args))
        finally:
            self.runtime.prefix = ()
        return trace

    @staticmethod
    def lines(trace):
        with open(trace, encoding="utf-8", errors="replace") as file:
            return file.readlines()

    def is_complete(self, trace):
        lines = self.lines(trace)
        started = {m.group(1) for m in map(CALL.match, lines) if m}
        return started == {m.group(1) for m in map(END.match, lines) if m}

    def count(self, trace):
        """{"parent": n, "init": n, "stub": n}: by what the process is at the time."""
        self.wait_for(lambda: self.is_complete(trace), "the end of the trace")
        counts, stages, threads = collections.Counter(), {}, 0
        for match in filter(None, map(CALL.match, self.lines(trace))):
            pid, name, rest = match.groups()
            if pid not in stages and threads:
                stages[pid] = "thread"
                threads -= 1
            threads += "CLONE_THREAD" in rest and "resumed" not in rest
            processes = sum(stage != "thread" for stage in stages.values())
            stage = stages.setdefault(pid, ("parent", "init", "stub")[min(processes, 2)])       # the stub has a child
            if stage != "program":
                counts["parent" if stage == "thread" else stage] += 1
            stages[pid] = self.next_stage(stage, name, rest)
        return counts

    @staticmethod
    def next_stage(stage, name, rest):
        if stage == "init" and name == "execveat" and " = -1" not in rest:
            return "stub"
        return "program" if stage == "stub" and name == "execve" and " = -1" not in rest else stage

    def lived(self):
        """Traces of all verbs in the life of a container."""
        container = self.container(self.config("wait-term"))
        traces = {"create": self.traced(container.create, on=True), "start": self.traced(container.start),
                  "state": self.traced(self.runtime, "state", container.id),
                  "exec": self.traced(self.runtime, "exec", container.id, "/probe", "exit", "0"),
                  "kill": self.traced(self.runtime, "kill", container.id, "KILL")}
        self.wait_for(lambda: container.status == "stopped", "the container stops")
        traces["delete"] = self.traced(self.runtime, "delete", container.id)
        run = self.container(self.config("exit", "0"))
        traces["run"] = self.traced(run.run)
        return traces

    def lists(self):
        """How many calls one more container costs in a list."""
        counts = []
        containers = [self.container(self.config("wait-term")) for _ in range(3)]
        for container in containers:
            self.assertOk(container.create())
            counts.append(self.count(self.traced(self.runtime, "list"))["parent"])
        for container in containers:
            self.assertOk(container.delete("--force"))
        return (counts[2] - counts[0]) // 2

    def all(self):
        counted = {f"{verb} {stage}": n for verb, trace in self.lived().items() for stage, n in self.count(trace).items()}
        counted["list, each container"] = self.lists()
        return counted

    def test_of_each_verb(self):
        """The least of three: now and then a call is interrupted, or what is made once a boot must be made again."""
        all_counted = [self.all() for _ in range(3)]
        counted, budgets = {name: min(c[name] for c in all_counted) for name in all_counted[0]}, Budgets()
        if RECORD:
            budgets.record("system calls", counted)
        self.assertEqual(set(counted), set(budgets.data["system calls"]), "other verbs or processes than recorded")
        more = {}
        if not has_process_numbers(self.runtime.root):
            more = {**dict.fromkeys(LOOK_FOR_PROCESS, PROCFS_CALLS), "list, each container": START_TIME_CALLS}
        self.compare(counted, budgets.data["system calls"], A_FEW, more)


@needs(has_program("valgrind"), "valgrind")
class Instructions(BudgetTest):
    def instructions(self, *words):
        with tempfile.TemporaryFile() as errors:
            subprocess.run(["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", runtime_path(), *words],
                           stdout=subprocess.DEVNULL, stderr=errors, check=True, env=ENVIRONMENT)
            errors.seek(0)
            return int(re.search(rb"refs:\s*([0-9,]+)", errors.read()).group(1).replace(b",", b""))

    def test_of_the_parent(self):
        made = self.bundle(default_config())
        counted = {"--version": self.instructions("--version"),
                   "check": self.instructions("check", "--bundle", made.path)}
        budgets, kind = Budgets(), kind_of_build()
        if RECORD:
            budgets.record("instructions", {kind: counted})
        if kind not in budgets.data["instructions"]:
            raise unittest.SkipTest(f"no budget is recorded for {kind}")
        self.compare(counted, budgets.data["instructions"][kind])


if __name__ == "__main__":
    main()
