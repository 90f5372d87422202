#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Descriptors, working directories and hooks: S10 (CVE-2024-21626) and S31 (CVE-2025-23266)."""

import json
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from ocitest import ConsoleSocket, Report, main  # noqa: E402
from attack import ALL, Attack  # noqa: E402


def leak():
    """200 directories of the host as descriptors 3 to 202, which the runtime inherits."""
    fds = [os.open(path, os.O_RDONLY | os.O_DIRECTORY) for path in ("/", "/sys/fs/cgroup", "/etc", "/tmp")]
    spare = [os.dup2(fd, 300 + i, inheritable=False) for i, fd in enumerate(fds)]
    for n in range(3, 203):
        os.dup2(spare[n % 4], n, inheritable=True)


def host_descriptors(pid):
    """What a process has open: {fd: target} but for its standard descriptors."""
    where = f"/proc/{pid}/fd"
    return {int(n): os.readlink(os.path.join(where, n)) for n in os.listdir(where) if int(n) > 2}


class Leaks(Attack):
    seconds = 300

    def leaked(self, **how):
        return {"prepare": leak, "close_fds": False, **how}

    def test_program_has_three(self):
        self.assertEqual(sorted(self.report(self.config("report"), **self.leaked())["fds"]), ["0", "1", "2"])

    def test_exec_has_three(self):
        container = self.running()
        result = self.assertOk(self.runtime("exec", container.id, "/probe", **self.leaked()))
        self.assertEqual(sorted(Report(result.lines()[0])["fds"]), ["0", "1", "2"])

    def test_terminal(self):
        config = self.config("report")
        config["process"]["terminal"] = True
        container = self.container(config)
        socket = ConsoleSocket(os.path.join(self.tmp, "console"))
        self.addCleanup(socket.close)
        self.assertOk(container.create("--console-socket", socket.path, **self.leaked()))
        self.check_waiting(container.pid)
        reader, _ = socket.receive()
        self.addCleanup(reader.close)
        self.assertOk(container.start())
        self.assertIn(b'"fds":{"0"', reader.read_all())

    def check_waiting(self, pid):
        """A created container waits with its socket alone; with a label, with its private procfs too."""
        for fd, target in host_descriptors(pid).items():
            self.assertTrue(target.startswith("socket:"), f"{fd} -> {target}")
        self.assertIn(os.readlink(f"/proc/{pid}/cwd"), ("/",))

    def test_created_container(self):
        container = self.container(self.config("report"))
        self.assertOk(container.create(**self.leaked()))
        self.check_waiting(container.pid)
        self.assertLessEqual(len(host_descriptors(container.pid)), 1)

    def test_container_without_process(self):
        config = self.config()
        del config["process"]
        container = self.container(config)
        result = container.create(**self.leaked())
        if result.rc == 0:
            self.assertEqual(host_descriptors(container.pid), {})

    def test_working_directory(self):
        """cwd is a descriptor of the runtime, of any number."""
        numbers = range(0, 203) if ALL else [*range(0, 24), 50, 100, 202]
        for n in numbers:
            for suffix in ("", "/../../.."):
                config = self.config("report")
                config["process"]["cwd"] = f"/proc/self/fd/{n}{suffix}"
                with self.subTest(n=n, suffix=suffix):
                    result = self.container(config).run(**self.leaked())
                    self.assertRefused(result, "cwd")

    def test_working_directory_of_exec(self):
        container = self.running()
        for n in range(3, 203 if ALL else 20):
            for path in (f"/proc/self/fd/{n}", f"/proc/1/fd/{n}", f"/proc/self/fd/{n}/../.."):
                with self.subTest(path=path):
                    result = self.runtime("exec", "--cwd", path, container.id, "/probe", **self.leaked())
                    self.assertEqual(result.rc, 255, str(result))

    def test_working_directory_is_a_link(self):
        for n in (3, 7, 50):
            for link in (f"/proc/self/fd/{n}", "/proc/self/cwd", "/proc/1/cwd", "/proc/self/root/..", "/proc/thread-self/fd/7"):
                config = self.config("report")
                config["process"]["cwd"] = "/work"
                container = self.container(config)
                self.replace(container.bundle, "/work", link)
                with self.subTest(link=link):
                    result = container.run(**self.leaked())
                    if result.rc == 0:
                        self.assertEqual(Report(result.lines()[0])["cwd"], "/")
                    else:
                        self.assertRefused(result, "cwd")

    def test_program_is_a_descriptor(self):
        for n in (3, 5, 9, 100):
            config = self.config()
            config["process"]["args"] = [f"/proc/self/fd/{n}/bin/true"]
            with self.subTest(n=n):
                self.assertNotEqual(self.container(config).run(**self.leaked()).rc, 0)

    def test_root_is_the_containers(self):
        """The parent of the root is the root."""
        lines = self.act("stat", "/", "--", "stat", "/../..", "--", "readlink", "/proc/self/root")
        self.assertEqual({k: v for k, v in lines[0].items()}, lines[1])
        self.assertEqual(lines[2]["target"], "/")


class Hooks(Attack):
    """S31: a hook is a process of the host; nothing of the image's environment is in it."""

    def hooked(self, kind, environment=None, leaked=True):
        out = os.path.join(self.tmp, "out-" + kind)
        script = os.path.join(self.tmp, "hook-" + kind)
        with open(script, "w", encoding="ascii") as file:
            file.write(f"#!/bin/sh\nexec 9>{out}\n/usr/bin/env >&9\necho cwd=$(pwd) >&9\n"
                       "for f in /proc/self/fd/*; do echo fd=${f##*/}; done >&9 2>/dev/null\n")
        os.chmod(script, 0o755)
        config = self.config("report")
        config["process"]["env"] = ["PATH=/evil", "LD_PRELOAD=./x.so", "LD_AUDIT=/x.so", "HOME=/evil", "IMAGE=1"]
        config["hooks"] = {kind: [{"path": script, **({"env": environment} if environment is not None else {})}]}
        container = self.container(config)
        container.bundle.put("/x.so", "no library")
        self.assertOk(container.run(**({"prepare": leak, "close_fds": False} if leaked else {})))
        with open(out, encoding="utf-8") as file:
            return container, [line.strip() for line in file]

    def test_kinds(self):
        for kind in ("prestart", "createRuntime", "createContainer", "poststart", "poststop"):
            for environment in (None, [], ["ONLY=this", "PATH=/usr/bin:/bin"]):
                with self.subTest(kind=kind, environment=environment):
                    container, lines = self.hooked(kind, environment)
                    names = {line.split("=", 1)[0] for line in lines}
                    self.assertFalse(names & {"LD_PRELOAD", "LD_AUDIT", "IMAGE", "HOME", "OCIRT"}, lines)
                    self.assertNotIn("PATH=/evil", lines)
                    if environment:
                        self.assertIn("ONLY=this", lines)
                    cwd = next(line for line in lines if line.startswith("cwd="))
                    self.assertNotIn("rootfs", cwd)
                    fds = {int(line[3:]) for line in lines if line.startswith("fd=")}
                    self.assertFalse(fds & {*range(4, 9), *range(13, 400)}, "more than what the shell opened itself")

    def test_start_container(self):
        """In the container, as its path there; still not with the image's environment."""
        config = self.config("report")
        config["process"]["env"] = ["PATH=/", "LD_PRELOAD=./x.so"]
        config["hooks"] = {"startContainer": [{"path": "/probe", "args": ["probe", "-o", "/out", "report"]}]}
        container = self.container(config)
        self.assertOk(container.run(prepare=leak, close_fds=False))
        report = Report(json.loads(container.bundle.get("/out").splitlines()[0]))
        self.assertNotIn("LD_PRELOAD", report.env)
        self.assertEqual({n: fd["target"] for n, fd in report["fds"].items() if int(n) > 2}, {"3": "/out"})


if __name__ == "__main__":
    main()
