# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every wait ends: a process that is stopped or can't die, a cgroup that does not empty, a pipe that nobody reads, a bus
that does not answer, files of an image that are endless."""

import ctypes
import os
import select
import signal
import socket
import sys

from ocitest import ContainerTest, cgroups, host, leaks, main, needs
from ocitest.runtime import wait_and_reap

SECONDS = 60                # longer than all deadlines together, on a busy machine
PTRACE_SEIZE, PTRACE_CONT = 0x4206, 7
PTRACE_O_TRACEEXIT = 0x40
WALL = 0x40000000


class StoppedProcess(ContainerTest):
    """The container's process is stopped by SIGSTOP, or frozen, while a command waits for it."""

    def begin(self, *words):
        process = self.runtime.popen(*words, stdout=-3, stderr=-1, text=True)
        self.addCleanup(process.stderr.close)
        return process

    def end(self, process, status=1):
        wait_and_reap(process, SECONDS)
        err = process.stderr.read()
        self.assertEqual(process.returncode, status, err)
        return err

    def delete(self, container):
        result = container.delete("--force", timeout=SECONDS)
        self.assertEqual((result.rc, result.err), (0, ""))
        leaks.reap()

    def test_start_is_ended_by_delete(self):
        container = self.container(self.config("wait-term"))
        self.assertOk(container.create())
        os.kill(container.pid, signal.SIGSTOP)
        starting = self.begin("start", container.id)
        self.assertFalse(select.select([starting.stderr], [], [], 0.3)[0])
        self.delete(container)
        self.assertEqual(len(self.end(starting).splitlines()), 1)

    def test_start_is_ended_by_kill(self):
        container = self.container(self.config("wait-term"))
        self.assertOk(container.create())
        os.kill(container.pid, signal.SIGSTOP)
        starting = self.begin("start", container.id)
        self.assertOk(container.kill("KILL"))
        self.assertEqual(len(self.end(starting).splitlines()), 1)

    def test_create_is_ended_by_delete(self):
        """A hook stops init, which has the rest of its work before it."""
        config = self.config("wait-term")
        told = os.path.join(self.tmp, "stopped")
        stop = ("import json, os, signal, sys; os.kill(json.load(sys.stdin)['pid'], signal.SIGSTOP); "
                f"open({told!r}, 'w').close()")
        config["hooks"] = {"createRuntime": [{"path": sys.executable, "args": ["python3", "-c", stop]}]}
        container = self.container(config)
        creating = self.begin("create", "--bundle", container.bundle.path, container.id)
        self.wait_for(lambda: os.path.exists(told), "the hook", SECONDS)
        self.assertIsNone(creating.poll())
        self.delete(container)
        self.assertEqual(len(self.end(creating).splitlines()), 1)

    def test_exec_is_ended_by_delete(self):
        container = self.running()
        executing = self.begin("exec", container.id, "/probe", "-o", "/begun", "wait-term")
        container.wait_file("begun", "wait-term")
        for pid in cgroups.read(self.path(container), "cgroup.procs").split():
            os.kill(int(pid), signal.SIGSTOP)
        self.delete(container)
        self.end(executing, 128 + signal.SIGKILL)

    @staticmethod
    def path(container):
        with open(f"/proc/{container.pid}/cgroup", encoding="ascii") as file:
            return next(line.strip().split(":", 2)[2] for line in file if line.startswith("0::"))

    def test_created_container_is_not_paused(self):
        container = self.container(self.config("wait-term"))
        self.assertOk(container.create())
        self.assertRefused(self.runtime("pause", container.id), "cannot pause", "created")
        self.assertOk(container.start())


def ptrace(request, pid, data=0):
    host.libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
    return host.libc.ptrace(request, pid, None, data)


class Undying(ContainerTest):
    seconds = 180

    def test_cgroup_that_does_not_empty(self):
        """A tracer holds the process at its end, as a disk that does not answer would: delete says so, and works later."""
        container = self.running()
        pid = container.pid
        if ptrace(PTRACE_SEIZE, pid, PTRACE_O_TRACEEXIT) < 0:
            self.skipTest("needs ptrace(2) of the container's process")
        result = container.delete("--force", timeout=SECONDS)
        if not os.path.exists(f"/proc/{pid}"):
            self.skipTest("needs a kernel that stops for PTRACE_O_TRACEEXIT after SIGKILL")
        self.assertRefused(result, "delete", str(pid))
        self.assertEqual(container.status, "running")
        os.waitpid(pid, WALL)
        ptrace(PTRACE_CONT, pid)
        os.waitpid(pid, WALL)
        leaks.reap()
        self.assertOk(container.delete("--force"))


class DeafReaders(ContainerTest):
    def full_pipe(self):
        """The writing end of a pipe that is full, and that nobody reads."""
        reading, writing = os.pipe()
        self.addCleanup(os.close, reading)
        self.addCleanup(os.close, writing)
        os.set_blocking(writing, False)
        try:
            while True:
                os.write(writing, b"x" * 4096)
        except BlockingIOError:
            pass
        return writing

    def test_log_is_a_full_fifo(self):
        path = os.path.join(self.tmp, "log")
        os.mkfifo(path)
        reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        writer = os.open(path, os.O_WRONLY | os.O_NONBLOCK)
        self.addCleanup(os.close, reader)
        self.addCleanup(os.close, writer)
        try:
            while True:
                os.write(writer, b"x" * 4096)
        except BlockingIOError:
            pass
        result = self.logged(path)
        self.assertEqual(result.rc, 1)
        self.assertIn("does not exist", result.err)

    def test_log_is_a_fifo_without_a_reader(self):
        path = os.path.join(self.tmp, "log")
        os.mkfifo(path)
        self.assertRefused(self.logged(path), "log", "No such device")

    def logged(self, path):
        self.runtime.options = ["--log", path]
        result = self.runtime("state", "nobody", timeout=SECONDS)
        self.runtime.options = []
        return result

    def test_containers_output_is_a_full_pipe(self):
        """The runtime writes nothing there, so that nothing keeps it."""
        container = self.container(self.config("wait-term"))
        pipe = self.full_pipe()
        os.set_blocking(pipe, True)
        self.assertOk(container.create(stdout=pipe, timeout=SECONDS))
        self.assertOk(container.start(timeout=SECONDS))
        self.assertOk(container.kill("KILL"))
        self.assertOk(container.delete("--force", timeout=SECONDS))

    def test_console_socket_that_nobody_accepts(self):
        config = self.config("wait-term")
        config["process"]["terminal"] = True
        container = self.container(config)
        path = os.path.join(self.tmp, "console")
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(path)
            listener.listen(1)
            self.assertEqual(container.create("--console-socket", path, timeout=SECONDS).rc, 0)

    @host.needs(not os.path.exists("/run/systemd/private"), "a host without systemd, whose own socket comes before the bus")
    def test_bus_that_does_not_answer(self):
        path = os.path.join(self.tmp, "bus")
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(path)
            listener.listen(8)
            container = self.container(self.config("wait-term"))
            self.runtime.options = ["--systemd-cgroup"]
            environment = {**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": f"unix:path={path}"}
            result = self.runtime("create", "--bundle", container.bundle.path, container.id,
                                  environment=environment, timeout=SECONDS)
            self.runtime.options = []
            self.assertEqual(result.rc, 1, str(result))
            self.assertEqual(len(result.err.strip().splitlines()), 1, str(result))


class Images(ContainerTest):
    """What an image may put in the place of files that one would like to read."""

    def test_group_is_huge(self):
        container = self.container(self.config("report"))
        with open(container.bundle.put("etc/group"), "wb") as file:
            file.truncate(1 << 40)
        self.assertOk(container.run(timeout=SECONDS))

    def test_passwd_is_huge(self):
        config = self.config("report")
        config["process"]["env"] = ["PATH=/"]
        container = self.container(config)
        with open(container.bundle.put("etc/passwd"), "wb") as file:
            file.truncate(1 << 40)
        self.assertOk(container.run(timeout=SECONDS))

    def test_fifos(self):
        config = self.config("report")
        config["process"]["env"] = ["PATH=/"]
        container = self.container(config)
        for name in ("passwd", "group", "hosts"):
            os.mkfifo(container.bundle.file(f"etc/{name}"))
        self.assertOk(container.run(timeout=SECONDS))


@needs(cgroups.has_controller("memory"), "the memory controller")
class NoMemory(ContainerTest):
    """A limit of memory that is too low for the container's creation: it is said, and nothing is left."""

    def test_limits(self):
        told = 0
        for pages in (0, 1, 2, 4, 8, 16, 24, 32, 48, 64, 96, 128, 256):
            config = self.config("report")
            config["linux"]["resources"]["memory"] = {"limit": pages * host.page(), "swap": pages * host.page()}
            container = self.container(config)
            result = container.run(timeout=SECONDS)
            with self.subTest(pages=pages):
                if result.rc == 1:
                    self.assertRefused(result, "memory")
                    told += 1
                else:
                    self.assertIn(result.rc, (0, 137), str(result))
                self.assertEqual(self.before.left(self.runtime.root), [] if result.rc != 137 else
                                 self.before.left(self.runtime.root))
            container.delete("--force")
            leaks.reap()
        self.assertGreater(told, 0, "no limit was too low")


if __name__ == "__main__":
    main()
