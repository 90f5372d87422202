# SPDX-License-Identifier: LGPL-2.1-or-later
"""ocirt doctor: what it finds on this host, and that it leaves no trace."""

import json
import os
import pty
import subprocess
import unittest

import cli

STATES = {"ok", "limited", "missing"}


class Doctor(cli.CliTest):
    def findings(self, *words, **how):
        ran = self.call(*words, "doctor", "--format", "json", **how)
        self.assertEqual(ran.err, "")
        report = json.loads(ran.out)
        self.assertEqual(ran.rc, 0 if report["able"] else 1)
        self.assertEqual(set(report), {"able", "findings"})
        return report["able"], {(f["area"], f["name"]): f for f in report["findings"]}

    def test_what_each_finding_has(self):
        able, found = self.findings()
        self.assertEqual(able, not any(f["status"] == "missing" and f.get("needed") for f in found.values()))
        for key, f in found.items():
            with self.subTest(finding=key):
                self.assertIn(f["status"], STATES)
                for name in ("costs", "remedy"):
                    self.assertEqual(bool(f.get(name)), f["status"] != "ok")

    def test_what_is_true_of_this_host(self):
        _, found = self.findings()
        self.assertIn(os.uname().release, found["kernel", "version"]["found"])
        for name in ("openat2", "clone3", "mount_setattr", "pidfd_open"):
            self.assertEqual(found["kernel", name]["status"], "ok")
        for name, entry in (("pid", "pid"), ("network", "net"), ("time", "time")):
            there = os.path.lexists(f"/proc/self/ns/{entry}")
            self.assertEqual(found["namespaces", name]["status"], "ok" if there else "missing")
        with open("/proc/sys/kernel/pid_max", encoding="utf-8") as file:
            self.assertIn(file.read().strip(), found["limits of the host", "process ids"]["found"])

    def test_text_says_the_same(self):
        able, found = self.findings()
        ran = self.call("doctor")
        self.assertEqual((ran.rc, ran.err), (0 if able else 1, ""))
        lines = ran.out.splitlines()
        self.assertNotIn("\033", ran.out)
        self.assertLessEqual(max(len(line) for line in lines), 130)
        shown = [line.split(None, 1) for line in lines if line[:2] == "  " and line[2] != " "]
        self.assertEqual([word for word, _ in shown], [f["status"] for f in found.values()])
        self.assertEqual(lines[-1].endswith("can run containers here."), able)

    def test_nothing_is_made(self):
        able, found = self.findings("--root", self.root)
        self.assertFalse(os.path.exists(self.root))
        self.assertIn(self.root, found["state", "directory"]["found"])
        self.assertTrue(able or found["state", "directory"]["status"] != "missing")

    def test_a_state_directory_that_can_not_be(self):
        for path in ("/proc/self/status/ocirt", "/dev/null"):
            able, found = self.findings("--root", path)
            self.assertFalse(able)
            self.assertEqual(found["state", "directory"]["status"], "missing")

    @unittest.skipIf(os.geteuid() != 0, "needs root")
    def test_without_capabilities(self):
        ran = subprocess.run(["setpriv", "--bounding-set", "-sys_admin", "--inh-caps", "-sys_admin", cli.PROGRAM,
                              "doctor", "-f", "json"], capture_output=True, text=True, check=False)
        found = {(f["area"], f["name"]): f for f in json.loads(ran.stdout)["findings"]}
        self.assertEqual((ran.returncode, found["caller", "CAP_SYS_ADMIN"]["status"]), (1, "missing"))

    @unittest.skipIf(os.geteuid() != 0, "needs root")
    def test_a_host_without_cgroups(self):
        ran = subprocess.run(["unshare", "--mount", "sh", "-c",
                              'umount -R -l /sys/fs/cgroup; mount -t tmpfs none /sys/fs/cgroup && exec "$0" doctor -f json',
                              cli.PROGRAM], capture_output=True, text=True, check=False)
        found = {(f["area"], f["name"]): f for f in json.loads(ran.stdout)["findings"]}
        self.assertEqual(found["cgroups", "layout"]["status"], "missing")

    @unittest.skipIf(os.geteuid() != 0, "needs root")
    def test_a_user(self):
        ran = subprocess.run(["setpriv", "--reuid", "54321", "--regid", "54321", "--clear-groups", cli.PROGRAM, "--root",
                              self.root, "doctor", "-f", "json"], capture_output=True, text=True, check=False)
        found = {(f["area"], f["name"]): f for f in json.loads(ran.stdout)["findings"]}
        self.assertIn("54321", found["caller", "user"]["found"])
        self.assertEqual(found["caller", "subordinate users"]["status"], "missing")
        self.assertTrue(found["namespaces", "user"]["needed"])

    def test_colours_on_a_terminal_only(self):
        def on_a_terminal(**variables):
            master, slave = pty.openpty()
            process = subprocess.Popen([cli.PROGRAM, "doctor"], stdin=slave, stdout=slave, stderr=slave,
                                       env={"PATH": os.environ["PATH"], **variables})
            os.close(slave)
            text = b""
            try:
                while True:
                    piece = os.read(master, 4096)
                    if not piece:
                        break
                    text += piece
            except OSError:
                pass
            os.close(master)
            process.wait(timeout=60)
            return text

        self.assertIn(b"\033[", on_a_terminal(TERM="xterm"))
        self.assertNotIn(b"\033[", on_a_terminal(TERM="xterm", NO_COLOR="1"))
        self.assertNotIn(b"\033[", on_a_terminal(TERM="dumb"))
        self.assertIn(b"\033[", on_a_terminal(TERM="xterm", NO_COLOR=""))


if __name__ == "__main__":
    cli.main()
