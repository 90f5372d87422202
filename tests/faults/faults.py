# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the tests beside it share: a runtime that meets a fault at one of its system calls, and what must hold then.

OCIRT_FAULT_STEP=N tries every N-th of all faults (1: all of them), from the OCIRT_FAULT_OFFSET-th on.
OCIRT_FAULT_FIGURES=FILE: each sweep adds what it found, and a line of JSON with its figures.
"""

import collections
import errno
import functools
import glob
import json
import os
import re
import subprocess
import tempfile

from ocitest import ContainerTest, Container, Report, Runtime, bundle, cgroups

HERE = os.path.dirname(os.path.abspath(__file__))
STEP = int(os.environ.get("OCIRT_FAULT_STEP") or 31)
OFFSET = int(os.environ.get("OCIRT_FAULT_OFFSET") or STEP // 2) % STEP
FIGURES = os.environ.get("OCIRT_FAULT_FIGURES")
FAULTS = ["KILL", "EINTR", "ENOMEM", "EPERM", "ENOSYS", "EMFILE", "ENOSPC"]
DEATHS = {128 + number for number in range(1, 65)}
SECONDS = 20            # no command may take longer, whatever befell it
WARNING = re.compile(r"^ocirt: warning: .+$")
ERROR = re.compile(r"^ocirt: (?!warning: ).+$")


@functools.lru_cache(None)
def tracer():
    """at_call of the build tree, or compiled here and now."""
    built = os.path.join(bundle.build_directory(), "tests/faults/at_call")
    if os.access(built, os.X_OK):
        return built
    program = os.path.join(tempfile.mkdtemp(prefix="ocirt-at-call-"), "at_call")
    subprocess.run([os.environ.get("CC", "cc"), "-std=c17", "-D_GNU_SOURCE", "-O1", "-o", program,
                    os.path.join(HERE, "at_call.c")], check=True)
    return program


@functools.lru_cache(None)
def call_names():
    """{number: name} of the system calls, as far as a header of this machine tells."""
    names = {}
    for path in glob.glob("/usr/include/*/asm/unistd_64.h"):
        with open(path, encoding="ascii") as file:
            names.update({int(n): name for name, n in re.findall(r"^#define __NR_(\w+) (\d+)$", file.read(), re.M)})
    return names


class Fault:
    """One fault: at call N of the runtime ("parent") or of the container's process ("child")."""

    def __init__(self, side, at, kind):
        self.side, self.at, self.kind = side, at, kind

    def words(self):
        how = ["--kill"] if self.kind == "KILL" else ["--errno", str(getattr(errno, self.kind))]
        return [f"--{self.side}", "--at", str(self.at), *how]

    def __str__(self):
        return f"{self.side} call {self.at} {self.kind}"


class Faulty(Runtime):
    """A runtime whose calls meet a fault."""

    def __init__(self, runtime, report):
        super().__init__(runtime.root, runtime.view.name, runtime.options)
        self.report, self.fault, self.attached = report, None, None

    def argv(self, *args):
        words = self.fault.words() if self.fault else []
        if self.attached:
            words += ["--attach", str(self.attached)]
        return [tracer(), *words, self.report, *super().argv(*args)]

    def told(self):
        """{"parent": calls, "child": calls, "hit": (name of the call, its first argument) or None, "in_stub": whether
        it was the stub's}"""
        told = {"hit": None, "in_stub": False}
        with open(self.report, encoding="ascii") as file:
            for line in file:
                name, *numbers = line.split()
                told[name] = int(numbers[0])
                if name == "hit":
                    told["hit"] = (call_names().get(int(numbers[0]), numbers[0]), int(numbers[1]))
                    told["in_stub"] = int(numbers[2]) > 0
        return told


def settled(report):
    """What of the probe's report is the container's confinement: the same for two containers of one configuration."""
    data = report.data
    host = {kind: os.readlink(f"/proc/self/ns/{kind}") for kind in data["namespaces"]}
    same = {name: data[name] for name in ("uid", "gid", "groups", "capabilities", "securebits", "no_new_privs", "umask",
                                          "rlimits", "hostname", "domainname", "env", "cwd", "affinity", "scheduler",
                                          "ioprio", "personality", "comm")}
    same["namespaces"] = {kind: name == host[kind] for kind, name in data["namespaces"].items()}
    same["mounts"] = [(m.root, m.point, sorted(m.options), [w.split(":")[0] for w in m.optional], m.fstype,
                       sorted(m.super_options)) for m in report.mounts]
    same["status"] = {k: v for k, v in report.status.items()
                      if re.match(r"Uid|Gid|Groups|Cap|NoNewPrivs|Seccomp|Umask|Sig(Blk|Ign|Cgt)", k)}
    same["limits"] = report.proc("limits")
    same["oom_score_adj"] = report.proc("oom_score_adj")
    same["cgroups"] = sorted(set(report.cgroups.values()))      # others may mount more hierarchies meanwhile
    same["fds"] = {number: (fd.get("flags"), fd.get("type")) for number, fd in data["fds"].items()}
    return same


def differences(wanted, found):
    return [f"{name}: {found.get(name)} instead of {wanted[name]}" for name in wanted if wanted[name] != found.get(name)]


class FaultTest(ContainerTest):
    """One bundle, one id; each try begins and ends with nothing there."""

    seconds = 36000 if STEP < 20 else 600

    def setUp(self):
        super().setUp()
        self.faulty = Faulty(self.runtime, os.path.join(self.tmp, "report"))
        self.made = self.bundle(self.confined("report"))
        self.wrong, self.tried, self.counts = [], 0, collections.Counter()
        self.addCleanup(self.runtime, "delete", "--force", "subject")

    def confined(self, *args):
        """A configuration with something of everything that confines."""
        config = self.config(*args)
        config["process"].update({"user": {"uid": 1000, "gid": 1001, "additionalGids": [5, 6], "umask": 0o27},
                                  "oomScoreAdj": 300})
        config["process"]["capabilities"] = {
            kind: ["CAP_KILL", "CAP_NET_BIND_SERVICE"]
            for kind in ("bounding", "effective", "permitted", "inheritable", "ambient")}
        config["root"]["readonly"] = True
        bundle.add_mount(config, "/run", "tmpfs", "tmpfs", ["ro", "nosuid", "nodev"])
        bundle.add_mount(config, "/mnt", "bind", "rootfs/etc", ["rbind", "ro", "noexec"])
        config["linux"]["sysctl"] = {"net.ipv4.ping_group_range": "0 5"}
        config["linux"]["resources"]["pids"] = {"limit": 50}
        config["linux"]["seccomp"] = {
            "defaultAction": "SCMP_ACT_ALLOW",
            "syscalls": [{"names": ["mount", "umount2", "bpf"], "action": "SCMP_ACT_ERRNO", "errnoRet": 1}]}
        return config

    # -- a try --------------------------------------------------------------------------------------------

    def faults(self, side, count):
        """Every STEP-th of all faults of all calls; the first is one of the first few."""
        self.counts["calls"] = count
        everything = [Fault(side, at, kind) for at in range(1, count + 1) for kind in FAULTS]
        return everything[OFFSET::STEP]

    def blame(self, fault, *faults):
        hit = self.faulty.told()["hit"] if os.path.exists(self.faulty.report) else None
        found = [f"{fault} ({hit[0] if hit else 'never reached'}): {text}" for text in faults]
        self.wrong += found
        self.note(*(f"{self.id()}: {text}" for text in found))

    @staticmethod
    def note(*lines):
        """For those who sweep for hours."""
        if FIGURES and lines:
            with open(FIGURES, "a", encoding="utf-8") as file:
                file.write("\n".join(lines) + "\n")

    def meet(self, fault, call):
        """Calls the runtime with the fault; its result, or None if it did not end."""
        self.tried += 1
        self.faulty.fault = fault
        if os.path.exists(self.faulty.report):
            os.unlink(self.faulty.report)
        try:
            return call()
        except AssertionError as hangs:
            self.before.kill_left()
            self.blame(fault, str(hangs))
            return None
        finally:
            self.faulty.fault = None

    def judge(self, fault, result):
        """Success, or one clear line.  True if it was a success."""
        good = self.look_at(fault, result)
        self.counts["success" if good else "refused"] += 1
        return good

    def look_at(self, fault, result):
        lines = result.err.strip().splitlines()
        errors = [line for line in lines if ERROR.match(line)]
        strange = [line for line in lines if not ERROR.match(line) and not WARNING.match(line)]
        hit = self.faulty.told()["hit"]
        if fault.side == "parent" and fault.kind == "KILL" and hit:
            if result.rc != 137:
                self.blame(fault, f"it was killed, and ended with {result.rc}")
            return False
        if hit and fault.side == "parent" and hit in (("write", 2), ("writev", 2)):
            return False            # what can't be written can't be read
        if strange or len(errors) > 1:
            self.blame(fault, f"exit status {result.rc}, not one line: {result.err!r}")
        elif result.rc in DEATHS and not (fault.kind == "KILL" and result.rc == 137):
            self.blame(fault, f"exit status {result.rc}: {result.err!r}")
        elif result.rc and not errors and not (fault.side == "child" and fault.kind == "KILL"):
            self.blame(fault, f"exit status {result.rc} without a word")
        elif not result.rc and errors:
            self.blame(fault, f"a success with an error: {result.err!r}")
        return result.rc == 0

    def clear(self, fault, name):
        """delete --force succeeds without a word, and nothing is left."""
        try:
            result = self.runtime("delete", "--force", name, timeout=SECONDS)
            if result.rc or result.err:
                self.blame(fault, f"delete --force: {result.rc} {result.err!r}")
        except AssertionError as hangs:
            self.blame(fault, str(hangs))
        self.left(fault, "delete --force")

    def nothing_left(self, fault, why):
        """What failed, or deleted, leaves nothing even before delete --force."""
        if not (fault.kind == "KILL" and fault.side == "parent"):
            self.left(fault, why)

    def left(self, fault, why):
        """Is anything left?  It is removed, so that the next try begins as this one did."""
        left = self.before.left(self.runtime.root)
        if not left:
            return
        groups = [sentence for sentence in left if sentence.startswith("cgroup ")]
        others = [sentence for sentence in left if sentence not in groups]
        self.blame(fault, *(f"{why} left {sentence}" for sentence in others + groups[:1]))
        self.before.kill_left()
        if groups:
            cgroups.remove()

    def compare(self, fault, wanted, lines):
        reports = [Report(line) for line in lines if line["action"] == "report"]
        if len(reports) != 1:
            self.blame(fault, f"a success without the program's output: {lines}")
        else:
            self.blame(fault, *differences(wanted, settled(reports[0])))

    def done(self):
        self.note(json.dumps({"sweep": self.id().replace("__main__.", ""), "faults": self.tried, **self.counts,
                              "wrong": len(self.wrong)}))
        self.assertGreater(self.tried, 0, "no fault was tried")
        self.assertEqual(self.wrong, [], f"{len(self.wrong)} of {self.tried}:\n" + "\n".join(self.wrong))

    def subject(self, runtime=None, made=None):
        return Container(runtime or self.faulty, made or self.made, "subject")


class BothSides:
    """For a sweep that tells sides apart: the runtime's calls, and those of the container's process."""

    def test_runtime(self):
        self.sweep("parent")

    def test_child(self):
        self.sweep("child")
