# SPDX-License-Identifier: LGPL-2.1-or-later
"""Where errors go and what they look like: standard error, the log, a terminal."""

import datetime
import json
import os
import pty
import select
import socket
import subprocess

import cli

MISSING = "container does not exist"


class Errors(cli.CliTest):
    def test_one_line_on_standard_error(self):
        self.assert_fails(self.ocirt("start", "nobody"), MISSING)
        self.assert_fails(self.ocirt("kill", "nobody"), MISSING)
        self.assert_fails(self.ocirt("delete", "nobody"), MISSING)
        self.assert_fails(self.ocirt("state", "nobody"), MISSING)

    def test_delete_force_of_nothing_is_silent(self):
        ran = self.ocirt("delete", "--force", "nobody")
        self.assertEqual((ran.rc, ran.out, ran.err), (0, "", ""))

    def test_exec_in_nothing(self):
        self.assert_fails(self.ocirt("exec", "nobody", "true"), MISSING, 255)


class JsonLog(cli.CliTest):
    def entries(self):
        return [json.loads(line) for line in self.read("log").splitlines()]

    def test_one_object(self):
        ran = self.ocirt("--log", "log", "--log-format", "json", "start", "nobody")
        self.assert_fails(ran, MISSING)
        entry, = self.entries()
        self.assertEqual(entry["level"], "error")
        self.assertEqual(f"ocirt: {entry['msg']}\n", ran.err)
        self.assertRegex(entry["code"], r"^E_[A-Z_]+$")
        self.assertTrue(entry["time"].endswith("Z"))
        # containerd drops the whole log if it can't read a time
        when = datetime.datetime.fromisoformat(entry["time"].replace("Z", "+00:00"))
        self.assertEqual(when.utcoffset(), datetime.timedelta(0))

    def test_is_appended(self):
        for _ in range(3):
            self.ocirt("--log=log", "--log-format=json", "start", "nobody")
        self.assertEqual(len(self.entries()), 3)

    def test_mistakes_of_the_command_line(self):
        self.assert_fails(self.ocirt("--log", "log", "--log-format", "json", "frob"), "unknown command")
        self.assert_fails(self.ocirt("--log", "log", "--log-format", "json", "create"), "requires exactly")
        self.assert_fails(self.ocirt("--log", "log", "--log-format", "json", "create", "--x", "c"), "unknown option")
        self.assertEqual([e["code"] for e in self.entries()], ["E_USAGE"] * 3)
        self.assertIn("usage: ocirt create", self.entries()[1]["hint"])

    def test_bytes_that_are_no_text(self):
        self.ocirt("--log", "log", "--log-format", "json", b"\xff\n\x1b[31m\"\xc3\xa4")
        entry, = self.entries()
        self.assertEqual(entry["msg"], 'unknown command: \ufffd\n\x1b[31m"ä')

    def test_mistakes_of_the_configuration(self):
        with open(self.path("config.json"), "w", encoding="utf-8") as file:
            file.write('{\n  "ociVersion": "1.0.0",\n  "process": {\n    "cwd": 5\n  }\n}\n')
        ran = self.ocirt("--log", "log", "--log-format", "json", "check")
        self.assertEqual((ran.rc, ran.out), (1, ""))
        entries = self.entries()
        self.assertEqual([f"ocirt: {e['msg']}" for e in entries], ran.err.splitlines())
        at = [e for e in entries if e.get("property") == "process.cwd"]
        self.assertEqual([e["line"] for e in at], [4])

    def test_to_standard_error(self):
        ran = self.ocirt("--log-format", "json", "start", "nobody")
        self.assertEqual(ran.rc, 1)
        self.assert_one_line(ran.err)
        self.assertIn(MISSING, json.loads(ran.err)["msg"])

    def test_success_leaves_no_error(self):
        self.assertEqual(self.ocirt("--log", "log", "--log-format", "json", "list").rc, 0)
        self.assertEqual([e for e in self.entries() if e["level"] == "error"], [])


class OtherLogs(cli.CliTest):
    def test_text(self):
        self.assert_fails(self.ocirt("--log", "log", "start", "nobody"), MISSING)
        self.assertRegex(self.read("log"), r'^time="\d{4}-\d\d-\d\dT[\d:.]+Z" level=error msg="[^"]*does not exist"\n$')

    def test_file_prefix(self):
        self.assert_fails(self.ocirt("--log", "file:" + self.path("l:og"), "start", "nobody"), MISSING)
        self.assertIn(MISSING, self.read("l:og"))

    def test_log_that_cannot_be_written(self):
        ran = self.ocirt("--log", "/nowhere/log", "start", "nobody")
        self.assert_fails(ran, "log /nowhere/log: No such file or directory")

    def test_journald(self):
        path = "/run/systemd/journal/socket"
        if os.path.exists(path) or os.geteuid() != 0:
            self.skipTest("needs root, and a machine without systemd's journal, to stand in for it")
        script = 'mount -t tmpfs none /run && mkdir -p /run/systemd/journal && exec "$@"'
        listener = ("import socket, subprocess, sys\n"
                    "s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)\n"
                    f"s.bind({path!r})\n"
                    "subprocess.run(sys.argv[1:], stderr=subprocess.DEVNULL)\n"
                    "s.settimeout(10)\n"
                    "print(s.recv(65536).decode(), end='')\n")
        ran = subprocess.run(["unshare", "-m", "--propagation", "private", "sh", "-c", script, "sh", "/usr/bin/python3",
                              "-c", listener, cli.PROGRAM, "--root", self.root, "--log", "journald:web1", "start", "no"],
                             capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(ran.returncode, 0, ran.stderr)
        lines = ran.stdout.splitlines()
        self.assertEqual(lines[:2], ["PRIORITY=3", "SYSLOG_IDENTIFIER=web1"])
        self.assertRegex(lines[2], f"^MESSAGE=.*{MISSING}$")

    def test_journald_that_is_not_there(self):
        if os.path.exists("/run/systemd/journal/socket"):
            self.skipTest("systemd's journal is there")
        ran = self.ocirt("--log", "journald:", "start", "nobody")
        self.assertIn("ocirt: warning: log journald:: ", ran.err)
        self.assertIn(MISSING, ran.err)


class Levels(cli.CliTest):
    def test_debug(self):
        ran = self.ocirt("--debug", "--criu", "/x", "list")
        self.assertEqual(ran.rc, 0)
        ran = self.ocirt("--debug", "--log", "log", "--log-format", "json", "--criu", "/x", "list")
        self.assertEqual((ran.rc, ran.err), (0, ""))
        messages = [json.loads(line) for line in self.read("log").splitlines()]
        self.assertIn("--criu is ignored", messages[0]["msg"])
        self.assertEqual(messages[0]["level"], "debug")

    def test_none_by_default(self):
        self.ocirt("--log", "log", "--criu", "/x", "list")
        self.assertEqual(self.read("log"), "")

    def test_log_that_becomes_unwritable(self):
        # /dev/full can be opened, and no record can be written: the error is told nevertheless
        ran = self.ocirt("--log", "/dev/full", "start", "nobody")
        self.assertEqual(ran.rc, 1)
        self.assertIn("ocirt: warning: log /dev/full: No space left on device\n", ran.err)
        self.assertIn(MISSING, ran.err)


class Terminal(cli.CliTest):
    def on_terminal(self, *words, **environment):
        """What is seen on a terminal that is the standard error."""
        master, slave = pty.openpty()
        self.addCleanup(os.close, master)
        env = {k: v for k, v in os.environ.items() if k != "NO_COLOR"}
        with subprocess.Popen([cli.PROGRAM, *words], stderr=slave, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                              env={**env, **environment}) as process:
            os.close(slave)
            process.wait(60)
        seen = b""
        while select.select([master], [], [], 0)[0]:
            try:
                seen += os.read(master, 65536)
            except OSError:
                break
        return seen.decode().replace("\r\n", "\n")

    def test_colour_and_hint(self):
        seen = self.on_terminal("create")
        self.assertEqual(seen, '\033[1;31mocirt:\033[0m "create" requires exactly 1 argument(s)\n'
                               "       usage: ocirt create [OPTION...] ID\n")

    def test_no_color(self):
        self.assertTrue(self.on_terminal("create", NO_COLOR="1").startswith('ocirt: "create"'))

    def test_control_characters_are_shown(self):
        seen = self.on_terminal("\033[2Jx", NO_COLOR="1")
        self.assertTrue(seen.startswith("ocirt: unknown command: \\x1b[2Jx\n"), repr(seen))


class Sockets(cli.CliTest):
    def test_syslog(self):
        if os.path.exists("/dev/log") or os.geteuid() != 0:
            self.skipTest("needs root, and a machine without syslog, to stand in for it")
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
            listener.bind("/dev/log")
            self.addCleanup(os.unlink, "/dev/log")
            listener.settimeout(10)
            self.assert_fails(self.ocirt("--log", "syslog:web1", "start", "nobody"), MISSING)
            message = listener.recv(65536).decode()
        self.assertRegex(message, rf"^<27>.*web1\[\d+\]: .*{MISSING}")


if __name__ == "__main__":
    cli.main()
