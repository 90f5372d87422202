# SPDX-License-Identifier: LGPL-2.1-or-later
"""A command that meets a fault at any system call succeeds or says why not; it never hangs, weakens or leaves things."""

import os
import shutil
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from ocitest import Report, host, leaks, main                                     # noqa: E402
from ocitest.case import user_namespaces_work, with_user_namespace                # noqa: E402
from faults import SECONDS, FaultTest, settled                                    # noqa: E402


def is_namespace(path):
    """Is the file of a namespace bound there?"""
    with open("/proc/self/mountinfo", encoding="utf-8") as file:
        return any(line.split()[4] == path for line in file)


class Run(FaultTest):
    def was_running(self, result):
        """Then it was the wait or the removal that failed, and the container is left to `delete`."""
        return result.lines() or (self.faulty.told()["hit"] or "?")[0] == "poll"

    def ready(self):
        """Called before each run."""

    def sweep(self, side):
        subject = self.subject()
        for _ in range(2):         # the first one makes what is kept for all
            self.ready()
            plain = self.meet(None, lambda: subject.run(timeout=SECONDS))
            self.assertOk(plain)
        wanted = settled(Report(plain.lines()[0]))
        for fault in self.faults(side, self.faulty.told()[side]):
            self.ready()
            result = self.meet(fault, lambda: subject.run(timeout=SECONDS))
            if result:
                if self.judge(fault, result):
                    self.compare(fault, wanted, result.lines())
                if result.rc == 0 or not self.was_running(result):
                    self.nothing_left(fault, "run")
            self.clear(fault, subject.id)
        self.done()

    def test_runtime(self):
        self.sweep("parent")

    def test_child(self):
        self.sweep("child")


class RunFirst(Run):
    """The first container after boot makes the template of mounts and the seccomp program."""

    def ready(self):
        template = os.path.join(leaks.STATE_DIRECTORY, ".mounts")
        while is_namespace(template):
            host.umount(template)
        for name in os.listdir(self.runtime.root) if os.path.isdir(self.runtime.root) else ():
            if name.startswith("."):
                shutil.rmtree(os.path.join(self.runtime.root, name))


class RunInUserNamespace(Run):
    """Id maps are written, devices bound, namespaces unshared late."""

    def setUp(self):
        super().setUp()
        if not user_namespaces_work():
            self.skipTest("needs user namespaces")
        config = with_user_namespace(self.confined("report"))
        self.made.write(config)
        self.made.chown(100000, 100000)


class Create(FaultTest):
    """And the container that was created in spite of it is confined as it should be."""

    def create(self, subject):
        for path in (subject.out_path, subject.err_path):
            if os.path.exists(path):
                os.unlink(path)
        return subject.create(timeout=SECONDS)

    def sweep(self, side):
        subject, plain = self.subject(), self.subject(self.runtime)
        for _ in range(2):
            self.assertOk(self.meet(None, lambda: self.create(subject)))
            count = self.faulty.told()[side]
            self.assertOk(plain.start())
            plain.wait_line("report")
            wanted = settled(plain.report())
            self.assertOk(plain.delete("--force"))
            leaks.reap()
        for fault in self.faults(side, count):
            result = self.meet(fault, lambda: self.create(subject))
            if result and self.judge(fault, result):
                self.started(fault, plain, wanted)
            elif result:
                self.nothing_left(fault, "create")
            self.clear(fault, subject.id)
        self.done()

    def started(self, fault, plain, wanted):
        if fault.side == "child" and fault.kind == "KILL":
            return
        result = plain.start()
        if result.rc:
            # A fault of the child may come after create has ended: then start says it, in one line.
            if fault.side != "child" or result.rc != 1 or len(result.err.strip().splitlines()) != 1:
                self.blame(fault, f"created, and then: {result}")
            return
        plain.wait_line("report")
        self.compare(fault, wanted, plain.lines())

    def test_runtime(self):
        self.sweep("parent")

    def test_child(self):
        self.sweep("child")


class Start(FaultTest):
    def start(self, fault, plain, subject):
        for path in (subject.out_path, subject.err_path):
            if os.path.exists(path):
                os.unlink(path)
        self.assertOk(plain.create())
        self.faulty.attached = plain.pid
        result = self.meet(fault, lambda: subject.start(timeout=SECONDS))
        self.faulty.attached = None
        return result

    def sweep(self, side):
        subject, plain = self.subject(), self.subject(self.runtime)
        for _ in range(2):
            self.assertOk(self.start(None, plain, subject))
            count = self.faulty.told()[side]
            plain.wait_line("report")
            wanted = settled(plain.report())
            self.assertOk(plain.delete("--force"))
            leaks.reap()
        for fault in self.faults(side, count):
            result = self.start(fault, plain, subject)
            if result and self.judge(fault, result) and not (side == "child" and fault.kind == "KILL"):
                plain.wait_line("report")
                self.compare(fault, wanted, plain.lines())
            self.clear(fault, subject.id)
        self.done()

    def test_runtime(self):
        self.sweep("parent")

    def test_child(self):
        self.sweep("child")


class Delete(FaultTest):
    def sweep(self, start, *options):
        subject, plain = self.subject(), self.subject(self.runtime)

        def ready():
            self.assertOk(plain.create())
            if start:
                pid = plain.pid
                self.assertOk(plain.start())
                plain.wait_end(pid)

        ready()
        self.assertOk(self.meet(None, lambda: subject.delete(*options, timeout=SECONDS)))
        for fault in self.faults("parent", self.faulty.told()["parent"]):
            ready()
            result = self.meet(fault, lambda: subject.delete(*options, timeout=SECONDS))
            if result and self.judge(fault, result):
                self.nothing_left(fault, "delete")
            self.clear(fault, subject.id)
        self.done()

    def test_created(self):
        self.sweep(False)

    def test_stopped(self):
        self.sweep(True)

    def test_force(self):
        self.sweep(False, "--force")


class Running(FaultTest):
    """Commands on a running container: it goes on as if nothing had been, so that the next fault finds it."""

    def setUp(self):
        super().setUp()
        self.made.write(self.confined("wait-term"))
        self.plain, self.hit_one = self.subject(self.runtime), self.subject()

    def ready(self):
        state = self.plain.state()
        if state is None or state["status"] != "running":
            self.clear(None, self.plain.id)
            self.assertOk(self.plain.create())
            self.assertOk(self.plain.start())
            self.pids = set(leaks.descendants())

    def sweep(self, side, call, judge=None):
        self.ready()
        for _ in range(2):
            plain = self.meet(None, lambda: call(self.hit_one))
            self.assertOk(plain)
        for fault in self.faults(side, self.faulty.told()[side]):
            self.ready()
            result = self.meet(fault, lambda: call(self.hit_one))
            if result and self.judge(fault, result) and judge:
                judge(fault, plain, result)
            self.still_there(fault)
        self.clear(None, self.plain.id)
        self.done()

    def still_there(self, fault):
        """The container runs, and nothing else was left in it."""
        status = self.plain.status
        if status == "paused":      # `pause` was killed behind its work
            self.assertOk(self.runtime("resume", self.plain.id))
            status = self.plain.status
        if status != "running":
            self.blame(fault, f"the container is {status}")
            self.clear(fault, self.plain.id)
            return
        def more():
            leaks.reap()
            return {pid: name for pid, (name, state) in leaks.descendants().items()
                    if pid not in self.pids and state != "Z"}
        if more():
            try:
                self.wait_for(lambda: not more(), "the end of what exec began", 2)
            except AssertionError:
                self.blame(fault, *(f"left: process {pid} ({name})" for pid, name in more().items()))
                self.before.kill_left()

    def test_kill(self):
        self.sweep("parent", lambda subject: subject.kill("CONT", timeout=SECONDS))

    def test_update(self):
        self.sweep("parent", lambda subject: subject.runtime("update", "--pids-limit", "40", subject.id,
                                                             timeout=SECONDS))

    def test_pause(self):
        def both(subject):
            result = subject.runtime("pause", subject.id, timeout=SECONDS)
            if result.rc == 0:
                self.assertOk(self.runtime("resume", subject.id))
            return result
        self.sweep("parent", both)

    def compared(self, fault, plain, result):
        if not (fault.side == "child" and fault.kind == "KILL"):
            self.compare(fault, settled(Report(plain.lines()[0])), result.lines())

    def exec(self, subject):
        return subject.exec("ID", "/probe", "report", timeout=SECONDS)

    def test_exec_runtime(self):
        self.sweep("parent", self.exec, self.compared)

    def test_exec_child(self):
        self.sweep("child", self.exec, self.compared)


if __name__ == "__main__":
    main()
