# SPDX-License-Identifier: LGPL-2.1-or-later
"""`run` that meets a fault at any system call, of its own or of the container's process: it succeeds or says why not; it
never hangs, weakens or leaves things."""

import os
import shutil
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from ocitest import Report, host, leaks, main                                     # noqa: E402
from ocitest.case import user_namespaces_work, with_user_namespace                # noqa: E402
from faults import SECONDS, BothSides, FaultTest, settled                         # noqa: E402


def is_namespace(path):
    """Is the file of a namespace bound there?"""
    with open("/proc/self/mountinfo", encoding="utf-8") as file:
        return any(line.split()[4] == path for line in file)


class Run(BothSides, FaultTest):
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


if __name__ == "__main__":
    main()
