# SPDX-License-Identifier: LGPL-2.1-or-later
"""One container: its bundle, its id, and the runtime's commands on it."""

import json
import os
import select
import time

from . import leaks
from .report import Report
from .runtime import json_lines


class Container:
    def __init__(self, runtime, bundle, name):
        self.runtime, self.bundle, self.id = runtime, bundle, name
        self.out_path = os.path.join(bundle.path, "stdout")
        self.err_path = os.path.join(bundle.path, "stderr")

    # -- commands: each gives a Result --------------------------------------------------------------------

    def create(self, *options, **how):
        """Standard output of the container goes to a file: see out().  What the runtime says is in err."""
        with open(self.out_path, "ab") as out, open(self.err_path, "ab") as err:
            result = self.runtime("create", "--bundle", self.bundle.path, *options, self.id,
                                  **{"stdout": out, "stderr": err, **how})
        result.err = result.err or self.errors()
        return result

    def run(self, *options, **how):
        return self.runtime("run", "--bundle", self.bundle.path, *options, self.id, **how)

    def run_detached(self, *options, **how):
        with open(self.out_path, "ab") as out, open(self.err_path, "ab") as err:
            result = self.runtime("run", "--detach", "--bundle", self.bundle.path, *options, self.id,
                                  **{"stdout": out, "stderr": err, **how})
        result.err = result.err or self.errors()
        return result

    def start(self, **how):
        return self.runtime("start", self.id, **how)

    def kill(self, *args, **how):
        return self.runtime("kill", self.id, *(str(a) for a in args), **how)

    def delete(self, *options, **how):
        return self.runtime("delete", *options, self.id, **how)

    def exec(self, *args, **how):
        """The options, then the command; the container's id is put between by the caller's "ID"."""
        return self.runtime("exec", *(self.id if a == "ID" else a for a in args), **how)

    # -- what is to be seen from outside ------------------------------------------------------------------

    def state(self):
        """The state as a dict, or None if there is no such container."""
        result = self.runtime("state", self.id)
        return json.loads(result.out) if result.rc == 0 else None

    @property
    def status(self):
        leaks.reap()
        state = self.state()
        return state["status"] if state else None

    @property
    def pid(self):
        return self.state()["pid"]

    def out(self):
        with open(self.out_path, encoding="utf-8", errors="replace") as file:
            return file.read()

    def errors(self):
        with open(self.err_path, encoding="utf-8", errors="replace") as file:
            return file.read()

    def lines(self):
        return json_lines(self.out())

    def report(self):
        for line in self.lines():
            if line["action"] == "report":
                return Report(line)
        raise AssertionError(f"no report in the output: {self.out()!r}; stderr: {self.errors()!r}")

    def wait_line(self, action, timeout=30):
        """Waits for the probe's line of an action."""
        return wait_for(lambda: next((line for line in self.lines() if line["action"] == action), None),
                        f"the line of {action}", timeout)

    def wait_file(self, name, text, timeout=30):
        """Waits until a file of the root filesystem has the text in it."""
        wait_for(lambda: self.bundle.has(name) and text in self.bundle.get(name), f"{text} in {name}",
                 timeout)

    def wait_end(self, pid, timeout=30):
        """Waits until the process has ended, whoever its parent is."""
        try:
            fd = os.pidfd_open(pid)
        except ProcessLookupError:
            return
        try:
            if not select.select([fd], [], [], timeout)[0]:
                raise AssertionError(f"process {pid} has not ended after {timeout} s")
        finally:
            os.close(fd)
            leaks.reap()


def wait_for(condition, what, timeout=30):
    """Polls until the condition gives something true, and returns it."""
    deadline = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {timeout} s in vain for {what}")
        time.sleep(0.01)
