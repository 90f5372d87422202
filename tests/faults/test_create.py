# SPDX-License-Identifier: LGPL-2.1-or-later
"""`create`, `start` and `delete` that meet a fault at any system call, of their own or of the container's process: they
succeed or say why not; they never hang, weaken or leave things."""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from ocitest import leaks, main                                                   # noqa: E402
from faults import ERROR, SECONDS, BothSides, FaultTest, settled                  # noqa: E402


class Create(BothSides, FaultTest):
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
        in_stub = self.faulty.told()["in_stub"]
        result = plain.start()
        if result.rc:
            # The stub is executed when create has ended, or is about to: what it meets is told by start, in one line.
            if not in_stub or result.rc != 1 or not ERROR.fullmatch(result.err.strip()):
                self.blame(fault, f"created, and then: {result}")
            return
        plain.wait_line("report")
        self.compare(fault, wanted, plain.lines())


class Start(BothSides, FaultTest):
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


if __name__ == "__main__":
    main()
