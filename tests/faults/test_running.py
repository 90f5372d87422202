# SPDX-License-Identifier: LGPL-2.1-or-later
"""Commands on a running container that meet a fault at any system call: they succeed or say why not, and the container
runs on as it was."""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from ocitest import Report, leaks, main                                           # noqa: E402
from faults import SECONDS, FaultTest, settled                                    # noqa: E402


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
