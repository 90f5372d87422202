#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Races, decided: at the N-th system call of the runtime, or of its child, a path that the container reaches through
a volume becomes a link that leads to the host (S04, S06, S11, S13, S14, S15, S17).

`swap` exchanges the two names while the process stands at that call.  "stay": from this call on the hostile name is
there (checked before, used after).  "blink": this one call sees it (checked and used, but looked up in between).  A
run of tests takes every K-th call; `make security-check` takes all.
"""

import collections
import os
import random
import signal
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from ocitest import leaks, main  # noqa: E402
from ocitest.report import parse_mountinfo  # noqa: E402
from attack import ALL, Attack, add_mount, climb, compile_program  # noqa: E402

STEP = 1 if ALL else 19
FIGURES = os.environ.get("OCIRT_SECURITY_FIGURES")      # a file to add one line for each sweep to


class Race(Attack):
    """A sweep: self.volume is the host's directory that is bound at /vol; names in it are exchanged."""

    seconds = 3600 if ALL else 240
    verb = "create"

    def setUp(self):
        super().setUp()
        self.swap = compile_program("swap")
        self.volume = os.path.join(self.tmp, "volume")
        os.mkdir(self.volume, 0o777)
        self.log = os.path.join(self.tmp, "log")
        self.counts = collections.Counter()

    def directory(self, name, *below):
        os.makedirs(os.path.join(self.volume, name, *below), exist_ok=True)

    def evil(self, name, target):
        """name.evil is a link to the target; it is to be exchanged with the name."""
        os.symlink(target, os.path.join(self.volume, name + ".evil"))
        return os.path.join(self.volume, name)

    def prepare(self, config):
        config["process"]["args"] = ["/probe", "report"]
        add_mount(config, "/vol", "bind", self.volume, ["rbind", "rw"])
        return config

    # -- one run ------------------------------------------------------------------------------------------

    def traced(self, container, process, call, path, blink):
        """Runs create or run under the tracer: (exit status, what it said)."""
        if os.path.exists(self.log):
            os.unlink(self.log)
        options = ["--bundle", container.bundle.path, *self.options(), container.id]
        argv = [self.swap, *(["-b"] if blink else []), "-x", "1" if self.verb == "create" else "2", "-l", self.log,
                str(process), str(call), path, path + ".evil", "--",
                *self.runtime.argv(self.verb, *options)]
        with open(container.out_path, "wb") as out, open(container.err_path, "wb") as err:
            tracer = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=out, stderr=err)
            leaks.started.add(tracer.pid)
            try:
                status = tracer.wait(60)
            except subprocess.TimeoutExpired:
                tracer.kill()
                tracer.wait()
                raise AssertionError(f"no end: process {process}, call {call}, {path}") from None
        return status, container.errors()

    def options(self):
        return []

    def logged(self):
        calls, swapped = {}, None
        with open(self.log, encoding="ascii") as file:
            for words in map(str.split, file):
                if words[0] == "calls":
                    calls[int(words[1])] = int(words[2])
                elif words[0] == "swapped":
                    swapped = int(words[1])
        return calls, swapped

    def put_back(self, path):
        """The names as they were: after "stay" they are exchanged."""
        if os.path.islink(path):
            os.rename(path, path + ".tmp")
            os.rename(path + ".evil", path)
            os.rename(path + ".tmp", path + ".evil")

    def one(self, container, process, call, path, blink):
        where = f"process {process}, call {call}, {'blink' if blink else 'stay'}"
        mounts = leaks.mount_lines(self.runtime.view.mountinfo())
        status, said = self.traced(container, process, call, path, blink)
        _, swapped = self.logged()
        if swapped is None:
            self.counts["missed"] += 1
        created = self.verb == "create" and status == 0
        if created:
            status, said = self.follow(container)
        if status == 0:
            self.counts["contained"] += 1
            self.check_inside(container, where)
        else:
            self.counts["refused"] += 1
            self.check_refusal(status, said, where)
        if created or os.path.exists(os.path.join(self.runtime.root, container.id)):
            self.assertOk(container.delete("--force"))
        self.put_back(path)
        self.assertEqual(self.host.changes(), [], where)
        new = {m for m in leaks.mount_lines(self.runtime.view.mountinfo()) - mounts if self.runtime.root + "/." not in m}
        self.assertEqual(new, set(), where)

    def follow(self, container):
        pid = container.pid
        with open(f"/proc/{pid}/mountinfo", encoding="utf-8") as file:
            container.table = parse_mountinfo(file.read())
        result = container.start()
        if result.rc == 0:
            container.wait_end(pid)
        return result.rc, result.err

    def check_refusal(self, status, said, where):
        self.assertEqual(status, 1, f"{where}: {said}")
        self.assertEqual(len([line for line in said.splitlines() if line.startswith("ocirt:")]), 1, f"{where}: {said}")

    # -- what must hold inside ----------------------------------------------------------------------------

    def check_inside(self, container, where):
        """The procfs is there once, masked and closed, under whatever name its mount point has by now."""
        table = container.table if self.verb == "create" else container.report().mounts
        procs = [m.point for m in table if m.fstype == "proc" and m.root == "/"]
        self.assertEqual(len(procs), 1, f"{where}: {table}")
        points = {m.point: m for m in table}
        self.check_more(table, where)
        for name in ("kcore", "keys", "timer_list"):
            if os.path.exists("/proc/" + name):
                self.assertIn(f"{procs[0]}/{name}", points, f"{where}: not masked")
                self.assertEqual(points[f"{procs[0]}/{name}"].root, "/null", where)
        for name in ("sys", "sysrq-trigger"):
            if os.path.exists("/proc/" + name):
                self.assertIn(f"{procs[0]}/{name}", points, f"{where}: not closed")
                self.assertIn("ro", points[f"{procs[0]}/{name}"].options, where)

    def check_more(self, table, where):
        pass

    # -- the sweep ----------------------------------------------------------------------------------------

    def sweep(self, config, path, prepare=None):
        container = self.container(config)
        if prepare:
            prepare(container.bundle)
        self.assertEqual(self.traced(container, 0, 0, path, False)[0], 0, container.errors())  # fills caches
        if self.verb == "create":
            self.assertOk(container.delete("--force"))
        for _ in range(5):
            status, said = self.traced(container, 0, 0, path, False)
            self.assertEqual(status, 0, said)
            if self.verb == "create":
                self.assertEqual(self.follow(container)[0], 0)
                self.check_inside(container, "nothing exchanged")
                self.assertOk(container.delete("--force"))
            calls, _ = self.logged()
            if len(calls) == 2:     # a third made the template of mounts, which is missing if something took it away
                break
        self.assertIn(1, calls, "the runtime made no child")
        points = [(p, n, blink) for p in (0, 1) for n in range(1, calls[p] + 1) for blink in (False, True)]
        if STEP > 1:
            points = points[random.Random(self.id()).randrange(STEP)::STEP]
        for process, call, blink in points:
            self.one(container, process, call, path, blink)
        self.note(calls)

    def note(self, calls):
        figures = dict(self.counts)
        if FIGURES:
            with open(FIGURES, "a", encoding="ascii") as file:
                file.write(f"{self._testMethodName.removeprefix('test_')} {calls[0]} {calls[1]} "
                           + " ".join(str(figures.get(k, 0)) for k in ("contained", "refused", "missed")) + "\n")
        decided = self.counts["contained"] + self.counts["refused"]
        self.assertGreater(decided, self.counts["missed"] * 4, f"too few races were decided: {figures}")


class Create(Race):
    def test_mount_target(self):
        """A tmpfs on a directory of the volume."""
        self.directory("target")
        config = self.prepare(self.config())
        add_mount(config, "/vol/target", "tmpfs", "tmpfs")
        self.sweep(config, self.evil("target", self.host.path))

    def test_mount_target_of_mount2(self):
        """The same for what fsconfig(2) can't say; the mount that was made is the one that gets the attributes."""
        self.directory("target")
        config = self.prepare(self.config())
        add_mount(config, "/vol/target", "tmpfs", "two", ["silent", "rnoexec"])
        self.check_more = lambda table, where: self.assertEqual(
            [("noexec" in m.options) for m in table if m.source == "two"], [True], f"{where}: {table}")
        self.sweep(config, self.evil("target", "/dev"))

    def test_mount_target_parent(self):
        """Directories that are missing are made below one that becomes a link (CVE-2024-45310)."""
        self.directory("parent")
        config = self.prepare(self.config())
        add_mount(config, "/vol/parent/a/b", "tmpfs", "tmpfs")
        self.sweep(config, self.evil("parent", climb(self.host.path)))

    def test_file_target(self):
        """A file is bound on a file."""
        open(os.path.join(self.volume, "file"), "w", encoding="ascii").close()
        source = os.path.join(self.tmp, "source")
        open(source, "w", encoding="ascii").close()
        config = self.prepare(self.config())
        add_mount(config, "/vol/file", "bind", source, ["bind"])
        self.sweep(config, self.evil("file", self.host.path + "/file"))

    def test_working_directory(self):
        self.directory("cwd")
        config = self.prepare(self.config())
        config["process"]["cwd"] = "/vol/cwd"
        self.sweep(config, self.evil("cwd", climb(self.host.path)))

    def test_device_directory(self):
        """Nodes are made in a directory of the volume (CVE-2026-41579)."""
        self.directory("dev")
        config = self.prepare(self.config())
        config["linux"]["devices"] = [{"path": "/vol/dev/a", "type": "c", "major": 1, "minor": 3, "uid": 5, "gid": 6},
                                      {"path": "/vol/dev/b/c", "type": "c", "major": 1, "minor": 5}]
        for name in ("a", "b"):
            self.assertFalse(os.path.exists(os.path.join(self.volume, "dev", name)))
        self.sweep(config, self.evil("dev", self.host.path))

    def test_whole_dev(self):
        """/dev itself comes from a volume (CVE-2025-31133, CVE-2025-52565)."""
        self.directory("dev", "pts")
        config = self.prepare(self.config())
        config["mounts"] = [m for m in config["mounts"] if not m["destination"].startswith("/dev")]
        add_mount(config, "/dev", "bind", os.path.join(self.volume, "dev"), ["rbind", "rw"])
        add_mount(config, "/dev/pts", "devpts", "devpts", ["newinstance", "ptmxmode=0666"])
        self.volume = os.path.join(self.volume, "dev")
        self.sweep(config, self.evil("pts", self.host.path))

    def test_null(self):
        """What masks files is not the container's /dev/null (CVE-2025-31133)."""
        self.directory("dev")
        config = self.prepare(self.config())
        config["mounts"] = [m for m in config["mounts"] if not m["destination"].startswith("/dev")]
        add_mount(config, "/dev", "bind", os.path.join(self.volume, "dev"), ["rbind", "rw"])
        self.volume = os.path.join(self.volume, "dev")
        path = os.path.join(self.volume, "null")
        os.mknod(path, 0o20666, os.makedev(1, 3))
        self.sweep(config, self.evil("null", "/proc/sys/kernel/core_pattern"))

    def test_proc(self):
        """The mount point of /proc becomes a link (CVE-2019-19921, CVE-2023-28642)."""
        config = self.prepare(self.config())
        container = self.bundle()
        self.volume = container.rootfs
        os.symlink("/vol/proc", os.path.join(self.volume, "proc.evil"))
        config["root"]["path"] = container.rootfs
        self.sweep(config, os.path.join(self.volume, "proc"))


class Run(Race):
    """With the stub's calls: the program is about to be executed."""

    verb = "run"

    def check_refusal(self, status, said, where):
        """127 without a word is the status of the program: the sealed stub, which knows nobody to obey."""
        if status != 127 or said:
            super().check_refusal(status, said, where)

    def test_working_directory_at_start(self):
        self.directory("cwd")
        config = self.prepare(self.config())
        config["process"]["cwd"] = "/vol/cwd"
        self.sweep(config, self.evil("cwd", "/proc/self/fd/3"))

    def test_program(self):
        """The program becomes the runtime itself, as it may seem (CVE-2019-5736)."""
        self.directory("bin")
        config = self.prepare(self.config())
        config["process"]["args"] = ["/vol/bin/probe", "report"]
        program = os.path.join(self.volume, "bin/probe")

        def copy(made):
            os.link(made.file("/probe"), program)
        self.sweep(config, self.evil("bin/probe", "/proc/self/exe"), copy)


if __name__ == "__main__":
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    main()
