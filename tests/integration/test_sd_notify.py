# SPDX-License-Identifier: LGPL-2.1-or-later
"""$NOTIFY_SOCKET: the service manager hears that a container is ready, and nothing else that it says."""

import array
import os
import signal
import socket
import threading

from ocitest import ContainerTest, add_mount, main
from ocitest.case import with_user_namespace


class Manager:
    """A service manager: what it is told, message by message.  BARRIER=1 is answered by dropping the descriptor."""

    def __init__(self, address):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind("\0" + address[1:] if address.startswith("@") else address)
        self.messages, self.descriptors = [], 0
        self.told = threading.Condition()
        self.thread = threading.Thread(target=self.read, daemon=True)
        self.thread.start()

    def read(self):
        while True:
            try:
                data, ancillary, _, _ = self.socket.recvmsg(8192, 1024)
            except OSError:
                return
            for _, _, bytes_ in ancillary:
                fds = array.array("i", bytes_[:len(bytes_) // 4 * 4])
                for fd in fds:
                    os.close(fd)
                self.descriptors += len(fds) if data != b"BARRIER=1" else 0
            if data == b"end":
                return
            with self.told:
                self.messages.append(data.decode(errors="replace"))
                self.told.notify_all()

    def lines(self):
        """All lines but barriers, in their order."""
        with self.told:
            return [line for message in self.messages if message != "BARRIER=1" for line in message.splitlines()]

    def wait(self, condition, seconds=30):
        with self.told:
            return self.told.wait_for(lambda: condition([line for m in self.messages for line in m.splitlines()]), seconds)

    def close(self):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
            sender.sendto(b"end", self.socket.getsockname())
        self.thread.join()
        self.socket.close()


class NotifyTest(ContainerTest):
    def setUp(self):
        super().setUp()
        self.address = os.path.join(self.tmp, "manager.sock")
        self.manager = self.new_manager(self.address)

    def new_manager(self, address):
        manager = Manager(address)
        self.addCleanup(manager.close)
        return manager

    def call(self, *args, address=None, **how):
        """The runtime with $NOTIFY_SOCKET."""
        runtime, variable = self.runtime, f"NOTIFY_SOCKET={address or self.address}"
        argv = runtime.argv
        runtime.argv = lambda *words: ["/usr/bin/env", variable, *argv(*words)]
        try:
            return runtime(*args, **how)
        finally:
            del runtime.argv

    def popen(self, *args, **how):
        runtime, argv = self.runtime, self.runtime.argv
        runtime.argv = lambda *words: ["/usr/bin/env", f"NOTIFY_SOCKET={self.address}", *argv(*words)]
        try:
            process = runtime.popen(*args, **how)
        finally:
            del runtime.argv
        self.addCleanup(self.end, process)
        return process

    @staticmethod
    def end(process):
        process.kill()
        process.wait()

    def created(self, *words, config=None):
        container = self.container(config or self.config(*words))
        with open(container.out_path, "ab") as out:
            self.assertOk(self.call("create", "--bundle", container.bundle.path, container.id, stdout=out))
        return container


READY = ("notify", "READY=1", "--", "wait-term")


class Start(NotifyTest):
    def test_ready(self):
        container = self.created(*READY)
        self.assertEqual(self.manager.lines(), [])
        self.assertOk(self.call("start", container.id))
        self.assertEqual(self.manager.lines(), ["READY=1", f"MAINPID={container.pid}"])
        self.assertIn("BARRIER=1", self.manager.messages, "it ended before the manager knew who spoke")
        self.assertEqual(container.status, "running")
        self.assertOk(container.delete("--force"))

    def test_the_managers_socket_is_not_in_the_container(self):
        config = self.config("stat", "/run/notify/notify.sock", "--", "stat", "/run/notify", "--", "write", "/run/notify/x", "y",
                             "--", "notify", "READY=1", "--", "wait-term")
        container = self.created(config=config)
        self.assertOk(self.call("start", container.id))
        lines = container.lines()
        self.assertEqual(lines[0]["errno"], 0)
        self.assertNotEqual(lines[0]["ino"], os.stat(self.address).st_ino)
        self.assertErrno(lines[2], 30, "the directory can be written to")

    def test_what_is_not_passed_on(self):
        words = ["notify", "MAINPID=1", "--", "notify", "WATCHDOG=1", "--", "notify", "WATCHDOG_USEC=1", "--",
                 "notify", "FDSTORE=1", "FDNAME=x", "--", "notify-fd", "FDSTORE=1\n", "--", "notify", "STOPPING=1", "--",
                 "notify", "RELOADING=1", "--", "notify", "ERRNO=5", "EXIT_STATUS=7", "--", "notify", "READY=2", "XREADY=1",
                 "READY=11", "--", "notify", "STATUS=\x1b[2Jgone", "--", "notify", "READY=1", "X" * 4100, "--",
                 "notify", "STATUS=half way", "--", "notify-barrier", "--",
                 "notify", "MAINPID=1", "READY=1", "WATCHDOG=trigger", "NOTIFYACCESS=all", "STATUS=\u00e9\u00df done", "--", "wait-term"]
        container = self.created(*words)
        self.assertOk(self.call("start", container.id))
        self.assertEqual(self.manager.lines(), ["STATUS=half way", "READY=1", "STATUS=\u00e9\u00df done",
                                                f"MAINPID={container.pid}"])
        self.assertEqual(self.manager.descriptors, 0)
        for line in container.lines():
            self.assertErrno(line, 0)

    def test_an_end_without_ready(self):
        container = self.created("say", "x")
        self.assertOk(self.call("start", container.id))
        self.assertEqual(self.manager.lines(), [])

    def test_the_last_words(self):
        container = self.created("notify", "READY=1")
        self.assertOk(self.call("start", container.id))
        self.assertEqual(self.manager.lines()[0], "READY=1")

    def test_others_can_work_while_it_waits(self):
        container = self.created("wait-term")
        waiting = self.popen("start", container.id)
        self.wait_for(lambda: container.status == "running", "it runs")
        self.assertIsNone(waiting.poll())
        self.assertOk(container.exec("ID", "/probe", "say", "x"))
        self.assertOk(container.kill("KILL"))
        self.assertEqual(waiting.wait(30), 0)
        self.assertOk(container.delete())
        self.assertEqual(self.manager.lines(), [])

    def test_a_start_that_is_killed_leaves_a_container(self):
        container = self.created("wait-term")
        waiting = self.popen("start", container.id)
        self.wait_for(lambda: container.status == "running", "it runs")
        waiting.send_signal(signal.SIGKILL)
        waiting.wait(30)
        self.assertEqual(container.status, "running")
        self.assertOk(container.delete("--force"))

    def test_start_without_the_variable(self):
        """It is start's caller who wants to know; the container gets an error from sd_notify(3)."""
        container = self.created(*READY)
        self.assertOk(container.start())
        self.wait_for(container.lines, "it has tried")
        self.assertErrno(container.lines()[0], 2)

    def test_create_without_the_variable(self):
        container = self.container(self.config("wait-term"))
        self.assertOk(container.create())
        self.assertOk(self.call("start", container.id))
        self.assertEqual(self.manager.messages, [])

    def test_no_manager(self):
        container = self.created(*READY)
        result = self.call("start", container.id, address=os.path.join(self.tmp, "nobody"))
        self.assertRefused(result, "NOTIFY_SOCKET", "nobody")
        self.assertEqual(container.status, "created", "started although its manager can't be told")
        self.assertOk(self.call("start", container.id))

    def test_an_abstract_name(self):
        address = f"@ocirt-test-{os.getpid()}"
        manager = self.new_manager(address)
        container = self.container(self.config(*READY))
        with open(container.out_path, "ab") as out:
            self.assertOk(self.call("create", "--bundle", container.bundle.path, container.id, stdout=out, address=address))
        self.assertOk(self.call("start", container.id, address=address))
        self.assertEqual(manager.lines()[0], "READY=1")

    def test_a_user_of_a_user_namespace(self):
        config = with_user_namespace(self.config(*READY))
        add_mount(config, "/run", "tmpfs", "tmpfs")
        config["process"]["user"] = {"uid": 1000, "gid": 1000}
        container = self.created(config=config)
        self.assertOk(self.call("start", container.id))
        self.assertEqual(self.manager.lines()[0], "READY=1")

    def test_whatever_the_umask(self):
        config = self.config(*READY)
        config["process"]["user"] = {"uid": 1000, "gid": 1000}
        container = self.container(config)
        with open(container.out_path, "ab") as out:
            self.assertOk(self.call("create", "--bundle", container.bundle.path, container.id, stdout=out,
                                    prepare=lambda: os.umask(0o777) and None))
        self.assertOk(self.call("start", container.id, prepare=lambda: os.umask(0o777) and None))
        self.assertEqual(self.manager.lines()[0], "READY=1")


class Run(NotifyTest):
    def test_in_the_foreground(self):
        """The runtime stays the service's main process."""
        container = self.container(self.config(*READY))
        process = self.popen("run", "--bundle", container.bundle.path, container.id)
        self.assertTrue(self.manager.wait(lambda lines: "READY=1" in lines))
        self.assertIsNone(process.poll())
        self.assertOk(container.kill("KILL"))
        process.wait(30)
        self.assertEqual(self.manager.lines(), ["READY=1"])

    def test_the_last_words(self):
        container = self.container(self.config("notify", "MAINPID=1", "--", "notify", "READY=1"))
        self.assertOk(self.call("run", "--bundle", container.bundle.path, container.id))
        self.assertTrue(self.manager.wait(lambda lines: "READY=1" in lines))
        self.assertEqual(self.manager.lines(), ["READY=1"])

    def test_detached(self):
        container = self.container(self.config(*READY))
        with open(container.out_path, "ab") as out:
            self.assertOk(self.call("run", "--detach", "--bundle", container.bundle.path, container.id, stdout=out))
        self.assertEqual(self.manager.lines(), ["READY=1", f"MAINPID={container.pid}"])
        self.assertOk(container.delete("--force"))

    def test_detached_and_never_ready(self):
        container = self.container(self.config("exit", "3"))
        with open(container.out_path, "ab") as out:
            self.assertOk(self.call("run", "--detach", "--bundle", container.bundle.path, container.id, stdout=out))
        self.assertEqual(self.manager.lines(), [])
        self.assertOk(container.delete("--force"))

    def test_no_manager(self):
        container = self.container(self.config(*READY))
        result = self.call("run", "--bundle", container.bundle.path, container.id, address="/nobody/there")
        self.assertRefused(result, "NOTIFY_SOCKET", "/nobody/there")
        self.assertIsNone(container.state())


class Bounds(NotifyTest):
    def test_a_manager_that_is_stuck(self):
        """It takes no message, so that the container can't be told to be ready: that is a warning, in bounded time."""
        path = os.path.join(self.tmp, "stuck.sock")
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as stuck, \
                socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as filler:
            stuck.bind(path)
            filler.setblocking(False)
            try:
                while True:
                    filler.sendto(b"x", path)
            except BlockingIOError:
                pass
            container = self.container(self.config(*READY))
            with open(container.out_path, "ab") as out:
                self.assertOk(self.call("create", "--bundle", container.bundle.path, container.id, stdout=out, address=path))
            result = self.assertOk(self.call("start", container.id, address=path))
        self.assertIn("does not take", result.err)
        self.assertEqual(container.status, "running")

    def test_a_flood(self):
        """Whoever says nothing but nonsense, and much of it, keeps nobody from ending the container."""
        words = []
        for _ in range(200):
            words += ["notify", "STATUS=\x01", "--"]
        container = self.created(*words, "notify", "READY=1", "--", "wait-term")
        self.assertOk(self.call("start", container.id))
        self.assertEqual(self.manager.lines()[0], "READY=1")


if __name__ == "__main__":
    main()
