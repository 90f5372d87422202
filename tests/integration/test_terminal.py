# SPDX-License-Identifier: LGPL-2.1-or-later
"""process.terminal: --console-socket, and the foreground terminal of `run`."""

import json
import os
import subprocess
import time

from ocitest import ConsoleSocket, ContainerTest, PtyProcess, Report, main, needs
from ocitest.case import user_namespaces_work, with_user_namespace
from ocitest.terminal import set_size


class TerminalTest(ContainerTest):
    def terminal_config(self, *words, size=None):
        config = self.config(*words)
        config["process"]["terminal"] = True
        if size:
            config["process"]["consoleSize"] = {"height": size[0], "width": size[1]}
        return config

    def with_socket(self, config, command="create"):
        """Creates (or runs detached) with a console socket: (container, master, payload)."""
        console = ConsoleSocket(os.path.join(self.tmp, "console"))
        self.addCleanup(console.close)
        container = self.container(config)
        if command == "create":
            self.assertOk(container.create("--console-socket", console.path))
        else:
            self.assertOk(container.run_detached("--console-socket", console.path))
        master, payload = console.receive()
        self.addCleanup(master.close)
        return container, master, payload


def lines_of(data):
    found = []
    for line in data.decode(errors="replace").splitlines():
        if line.strip().startswith("{"):
            found.append(json.loads(line))
    return found


class Socket(TerminalTest):
    def report_of(self, config):
        container, master, _ = self.with_socket(config)
        self.assertOk(container.start())
        return Report(lines_of(master.read_all())[0])

    def test_one_descriptor_with_a_payload(self):
        container, master, payload = self.with_socket(self.terminal_config())
        self.assertTrue(0 < len(payload) < 256, payload)
        self.assertTrue(os.isatty(master.fd))
        self.assertOk(container.start())

    def test_standard_descriptors_are_the_terminal(self):
        report = self.report_of(self.terminal_config())
        self.assertEqual(report["tty"]["isatty"], [True] * 3)
        targets = {report["fds"][n]["target"] for n in ("0", "1", "2")}
        self.assertEqual(targets, {"/dev/pts/0"})

    def test_it_is_the_controlling_terminal(self):
        self.assertTrue(self.report_of(self.terminal_config())["tty"]["controlling"])

    def test_dev_console(self):
        report = self.report_of(self.terminal_config())
        console = report["dev"]["console"]
        self.assertEqual((console["type"], console["major"]), ("c", 136))
        self.assertEqual(report.mount("/dev/console").fstype, "devpts")

    def test_no_console_without_a_terminal(self):
        self.assertNotIn("console", self.report()["dev"])

    def test_owner_is_the_user(self):
        config = self.terminal_config("stat", "/dev/pts/0", "--", "open", "/dev/pts/0", "2")
        config["process"]["user"] = {"uid": 1000, "gid": 1000}
        container, master, _ = self.with_socket(config)
        self.assertOk(container.start())
        lines = lines_of(master.read_all())
        self.assertEqual((lines[0]["uid"], lines[1]["errno"]), (1000, 0))

    def test_size(self):
        tty = self.report_of(self.terminal_config(size=(43, 132)))["tty"]
        self.assertEqual((tty["rows"], tty["columns"]), (43, 132))

    def test_size_is_ignored_without_a_terminal(self):
        config = self.config()
        config["process"]["consoleSize"] = {"height": 43, "width": 132}
        self.assertEqual(self.report(config)["tty"]["isatty"], [False] * 3)

    def test_what_is_typed_arrives(self):
        container, master, _ = self.with_socket(self.terminal_config("echo-tty"))
        self.assertOk(container.start())
        master.expect(b"ready")
        master.write(b"typed\n")
        master.expect(b'"line":"typed\\u000a"')

    def test_interrupt_from_the_keyboard(self):
        container, master, _ = self.with_socket(self.terminal_config("trap", "2", "/signals"))
        self.assertOk(container.start())
        container.wait_file("/signals", "ready")
        master.write(b"\x03")
        self.wait_for(lambda: "2\n" in container.bundle.get("/signals"), "SIGINT")

    def test_resize_by_the_engine(self):
        container, master, _ = self.with_socket(self.terminal_config("winsize-wait"))
        self.assertOk(container.start())
        master.expect(b'"action":"winsize"')
        set_size(master.fd, 11, 22)
        self.assertIn(b'"rows":11,"columns":22', master.read_all())

    def test_end_of_file_at_the_end(self):
        container, master, _ = self.with_socket(self.terminal_config("say", "x"))
        self.assertOk(container.start())
        self.assertIn(b'"text":"x"', master.read_all())

    def test_a_lot_of_output(self):
        container, master, _ = self.with_socket(self.terminal_config("bytes", str(1 << 20)))
        self.assertOk(container.start())
        data = master.read_all().replace(b"\r\n", b"\n")
        self.assertEqual(len(data), 1 << 20)

    def test_run_detached(self):
        _, master, _ = self.with_socket(self.terminal_config("say", "x"), command="run")
        self.assertIn(b'"text":"x"', master.read_all())

    @needs(user_namespaces_work(), "user namespaces")
    def test_with_user_namespace(self):
        report = self.report_of(with_user_namespace(self.terminal_config()))
        self.assertEqual(report["fds"]["0"]["target"], "/dev/pts/0")

    def test_long_socket_path(self):
        """Longer than a socket address can hold: it is reached through a descriptor of its directory."""
        directory = os.path.join(self.tmp, "d" * 120)
        os.mkdir(directory)
        os.chdir(directory)
        self.addCleanup(os.chdir, "/")
        console = ConsoleSocket("console")
        self.addCleanup(console.close)
        container = self.container(self.terminal_config("say", "x"))
        self.assertOk(container.create("--console-socket", os.path.join(directory, "console")))
        master, _ = console.receive()
        self.addCleanup(master.close)
        self.assertOk(container.start())
        self.assertIn(b'"text":"x"', master.read_all())


class Refused(TerminalTest):
    def test_create_with_a_terminal_but_no_socket(self):
        self.refuse(self.terminal_config(), "console-socket")

    def test_socket_without_a_terminal(self):
        console = ConsoleSocket(os.path.join(self.tmp, "console"))
        self.addCleanup(console.close)
        container = self.container(self.config())
        self.assertRefused(container.create("--console-socket", console.path), "terminal")

    def test_nobody_listens(self):
        container = self.container(self.terminal_config())
        path = os.path.join(self.tmp, "nobody")
        self.assertRefused(container.create("--console-socket", path), path)

    def test_detached_run_without_a_socket(self):
        container = self.container(self.terminal_config())
        self.assertRefused(container.run_detached(), "console-socket")


class Foreground(TerminalTest):
    """`run` in a terminal: it copies between that and the container's."""

    def run_in_terminal(self, config, **size):
        container = self.container(config)
        process = PtyProcess(self.runtime, "run", "--bundle", container.bundle.path, container.id, **size)
        self.addCleanup(process.close)
        return process

    def test_output_and_status(self):
        process = self.run_in_terminal(self.terminal_config("say", "x", "--", "exit", "7"))
        self.assertIn(b'"text":"x"', process.read_all())
        self.assertEqual(process.wait(), 7)

    def test_terminal_has_the_size_of_ours(self):
        process = self.run_in_terminal(self.terminal_config("winsize"), rows=33, columns=111)
        self.assertIn(b'"rows":33,"columns":111', process.read_all())
        self.assertEqual(process.wait(), 0)

    def test_resize(self):
        process = self.run_in_terminal(self.terminal_config("winsize-wait"))
        process.expect(b'"action":"winsize"')
        process.expect(b"}")
        process.resize(50, 160)
        self.assertIn(b'"rows":50,"columns":160', process.read_all())
        self.assertEqual(process.wait(), 0)

    def test_typing(self):
        process = self.run_in_terminal(self.terminal_config("echo-tty"))
        process.expect(b"ready")
        process.write(b"typed\r")
        process.expect(b'"line":"typed\\u000a"')
        process.read_all()
        self.assertEqual(process.wait(), 0)

    def test_interrupt_goes_to_the_container(self):
        config = self.terminal_config("trap", "2", "/signals")
        container = self.container(config)
        process = PtyProcess(self.runtime, "run", "--bundle", container.bundle.path, container.id)
        self.addCleanup(process.close)
        container.wait_file("/signals", "ready")
        process.write(b"\x03")
        self.wait_for(lambda: "2\n" in container.bundle.get("/signals"), "SIGINT")
        self.assertIsNone(process.process.poll())
        self.assertOk(container.kill("KILL"))
        process.read_all()
        self.assertEqual(process.wait(), 137)

    def test_no_output_is_lost(self):
        """1 MiB, read as fast as it comes, and the container's end right after it."""
        process = self.run_in_terminal(self.terminal_config("bytes", str(1 << 20)))
        data = process.read_all().replace(b"\r", b"")
        self.assertEqual(len(data), 1 << 20)
        self.assertEqual(data.splitlines()[-1], b"%063d" % ((1 << 14) - 1))
        self.assertEqual(process.wait(), 0)

    def test_no_output_is_lost_to_a_slow_reader(self):
        process = self.run_in_terminal(self.terminal_config("bytes", str(1 << 18)))
        time.sleep(0.3)     # the container is long done, or blocked
        self.assertEqual(len(process.read_all().replace(b"\r", b"")), 1 << 18)

    def test_our_terminal_is_as_before(self):
        process = self.run_in_terminal(self.terminal_config("say", "x"))
        process.expect(b'"text":"x"')
        self.assertEqual(process.wait(), 0)
        self.assertEqual(process.settings(), process.slave_before)

    def test_without_terminal_of_ours(self):
        """Standard input is no terminal: the container has one nevertheless, and output comes through."""
        container = self.container(self.terminal_config("report"))
        result = self.runtime("run", "--bundle", container.bundle.path, container.id)
        if result.rc == 0:
            self.assertEqual(Report(lines_of(result.out.encode())[0])["tty"]["isatty"], [True] * 3)
        else:
            self.assertIn("terminal", result.err)

    def test_pipes_without_terminal(self):
        container = self.container(self.config("cat"))
        data = os.urandom(300000).hex()
        result = self.assertOk(container.run(input=data))
        self.assertEqual(result.out, data)

    def test_no_terminal_passes_ours_through(self):
        """Without process.terminal the descriptors are the runtime's own."""
        container = self.container(self.config("-o", "/out", "report"))
        process = PtyProcess(self.runtime, "run", "--bundle", container.bundle.path, container.id)
        self.addCleanup(process.close)
        process.read_all()
        report = json.loads(container.bundle.get("/out"))
        self.assertEqual(report["tty"]["isatty"][0], True)

    def test_signals_are_forwarded(self):
        container = self.container(self.config("trap", "1,10,12,15", "/signals"))
        process = self.runtime.popen("run", "--bundle", container.bundle.path, container.id,
                                     stdin=subprocess.DEVNULL,
                                     stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        container.wait_file("/signals", "ready")
        for number in (1, 10, 12, 15):
            process.send_signal(number)
            self.wait_for(lambda n=number: f"{n}\n" in container.bundle.get("/signals"), f"signal {number}")
        self.assertOk(container.kill("KILL"))
        self.assertEqual(process.wait(30), 137)


if __name__ == "__main__":
    main()
