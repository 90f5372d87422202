# SPDX-License-Identifier: LGPL-2.1-or-later
"""Calls the runtime under test, which the variable OCIRT names."""

import json
import os
import select
import subprocess
import tempfile
import time

from . import bundle, leaks, views


def runtime_path():
    return os.environ.get("OCIRT") or os.path.join(bundle.build_directory(), "ocirt")


class Result:
    """How a call went: rc (128+n for a signal), out and err (text)."""

    def __init__(self, argv, rc, out, err):
        self.argv, self.rc, self.out, self.err = argv, rc if rc >= 0 else 128 - rc, out, err

    def json(self):
        return json.loads(self.out)

    def lines(self):
        """The JSON objects of standard output, one a line; what isn't JSON is left out."""
        return json_lines(self.out)

    def __str__(self):
        return (f"{' '.join(self.argv)}\nexit status {self.rc}\n"
                f"stdout: {self.out[-2000:]}\nstderr: {self.err[-2000:]}")


def json_lines(text):
    objects = []
    for line in text.splitlines():
        line = line.strip()
        if line.startswith("{"):
            try:
                objects.append(json.loads(line))
            except ValueError:
                pass
    return objects


def wait_and_reap(process, timeout):
    """A pid namespace ends only when all its processes are reaped, and some of them may have come to us."""
    deadline = time.monotonic() + timeout
    pause = 1
    fd = os.pidfd_open(process.pid)
    try:
        while not select.select([fd], [], [], pause)[0]:
            leaks.reap()
            pause = 0.1
            if time.monotonic() > deadline:
                raise subprocess.TimeoutExpired(process.args, timeout)
    finally:
        os.close(fd)
    process.wait()
    leaks.started.discard(process.pid)      # the number will be used again


class Runtime:
    """A runtime with a state directory of its own.  Its calls take the words after the global options."""

    def __init__(self, root, view=None, options=()):
        self.path = runtime_path()
        self.root = root
        self.view = views.get(view)
        self.options = list(options)

    def argv(self, *args):
        manager = ["--systemd-cgroup"] if os.environ.get("OCIRT_TEST_MANAGER") == "systemd" else []
        return [self.path, "--root", self.root, *manager, *self.options, *args]

    def popen(self, *args, environment=None, prepare=None, **how):
        """Starts the runtime in the cgroup view.  prepare is called in the child, last."""

        def in_child():
            self.view.enter(how.get("cwd"))
            if prepare:
                prepare()

        env = dict(os.environ if environment is None else environment)
        env.pop("NOTIFY_SOCKET", None)
        child = in_child if prepare or self.view.fd is not None else None
        process = subprocess.Popen(self.argv(*args), env=env, preexec_fn=child, **how)
        leaks.started.add(process.pid)
        return process

    def __call__(self, *args, stdin=None, input=None, stdout=None, stderr=None, timeout=60, **how):
        """Runs it to its end.  Output goes to files: a container that lives on doesn't keep us waiting."""
        new = tempfile.TemporaryFile
        with new() as out, new() as err, new() as given:
            if input is not None:
                given.write(input if isinstance(input, bytes) else input.encode())
                given.seek(0)
                stdin = given
            process = self.popen(*args, stdin=stdin if stdin is not None else subprocess.DEVNULL,
                                 stdout=stdout or out, stderr=stderr or err, **how)
            try:
                wait_and_reap(process, timeout)
            except BaseException:
                process.kill()
                process.wait()
                err.seek(0)
                raise AssertionError(f"{' '.join(self.argv(*args))}: no end after {timeout} s: "
                                     + err.read().decode(errors="replace")[-2000:]) from None
            out.seek(0)
            err.seek(0)
            return Result(self.argv(*args), process.returncode, out.read().decode(errors="replace"),
                          err.read().decode(errors="replace"))
