# SPDX-License-Identifier: LGPL-2.1-or-later
"""ocirt run --rootfs names the option that is wrong: there is no config.json whose lines anybody has seen."""

import json
import os

from ocitest import ContainerTest, Report, cgroups, host, main
from ocitest.refused import CALLS, forbid


class Options(ContainerTest):
    def setUp(self):
        super().setUp()
        self.made = self.bundle()
        self.made.put("/etc/passwd", "root:x:0:0::/root:/bin/sh\nann:x:7:8::/home/ann:/bin/sh\nshort\nbad:x:-1:x::/:/\n")
        self.made.put("/etc/group", "root:x:0:\nann:x:8:ann\nwheel:x:10:root,ann\nanna:x:11:anna,joann\naudio:x:12:joe,ann\n")

    def run_rootfs(self, *words, args=("/probe",), **how):
        return self.runtime("run", "--rootfs", self.made.rootfs, *words, *args, **how)

    def error(self, *words, **how):
        """The record of the error, which has no place in a file."""
        log = os.path.join(self.tmp, "log")
        ran = self.runtime("--log", log, "--log-format", "json", "run", "--rootfs", self.made.rootfs, *words,
                           *how.pop("args", ("/probe",)), **how)
        self.assertNotEqual(ran.rc, 0, str(ran))
        with open(log, encoding="utf-8") as file:
            record = [json.loads(line) for line in file][-1]
        os.unlink(log)
        self.assertNotIn("config.json", record["msg"] + record.get("hint", ""))
        self.assertNotIn("line", record)
        return record

    def test_a_wrong_value_of_each(self):
        file = os.path.join(self.made.path, "file")
        with open(file, "w", encoding="utf-8"):
            pass
        for option, value, words in (
                ("--volume", "/none/such:/m", "bind /none/such: No such file or directory"),
                ("--volume", "/tmp:/m:bogus", 'a bind mount has no option "bogus"'),
                ("--volume", "/tmp:/etc/passwd", "bind /tmp on /etc/passwd"),
                ("--volume", f"{file}:/etc", f"bind {file} on /etc"),
                ("--volume", "/tmp:m", "expected SOURCE:DESTINATION"),
                ("--volume", "/tmp", "expected SOURCE:DESTINATION"),
                ("--tmpfs", "/t:size=lots", "Bad value for 'size'"),
                ("--tmpfs", "/t:bogus", "bogus"),
                ("--tmpfs", "t", "expected DESTINATION"),
                ("--env", "=x", "expected NAME=VALUE"),
                ("--cwd", "here", '"here" is not an absolute path'),
                ("--cwd", "/etc/passwd", "Not a directory"),
                ("--user", "bob", "there is no user bob in /etc/passwd of "),
                ("--user", "short", "there is no user short"),
                ("--user", "bad", "there is no user bad"),
                ("--user", "-1", "there is no user -1"),
                ("--user", "4294967295", "there is no user 4294967295"),
                ("--user", "ann:staff", "there is no group staff in /etc/group of "),
                ("--user", ":8", 'there is no user ""'),
                ("--hostname", "h" * 65, "longer than 64 characters"),
                ("--cap", "CAP_FLY", "there is no capability of that name")):
            with self.subTest(option=option, value=value):
                record = self.error(option, value)
                self.assertIn(f"{option} {value}: ", record["msg"])
                self.assertIn(words, record["msg"])

    def test_words_and_numbers(self):
        for option, value in (("memory", "lots"), ("memory", "0"), ("cpus", "many"), ("cpus", "0"), ("pids", "x"),
                              ("net", "bridge"), ("terminal", "maybe"), ("ids", "all"), ("seccomp", "strict")):
            with self.subTest(option=option, value=value):
                self.assertIn(f"invalid {option}: {value} (", self.error(f"--{option}", value)["msg"])

    def test_the_one_of_several(self):
        record = self.error("--tmpfs", "/a", "--volume", "/tmp:/b", "--tmpfs", "/c", "--volume", "/none/such:/d")
        self.assertIn("--volume /none/such:/d: ", record["msg"])
        record = self.error("--tmpfs", "/a", "--tmpfs", "/c:bogus", "--volume", "/tmp:/b")
        self.assertIn("--tmpfs /c:bogus: ", record["msg"])

    def test_root_filesystem(self):
        ran = self.runtime("run", "--rootfs", "/none/such", "true")
        self.assertIn("--rootfs /none/such: the root filesystem /none/such: No such file or directory", ran.err)

    def test_program(self):
        self.assertRegex(self.error(args=("none-such",))["msg"], r'^run run-\w+: exec: "none-such": executable file not found')
        self.assertRegex(self.error(args=("/etc/passwd",))["msg"], r'^run run-\w+: exec: "/etc/passwd": permission denied')

    @host.needs(cgroups.has_controller("memory"), "a memory controller")
    def test_memory_that_is_too_little(self):
        record = self.error("--memory", "64k")
        self.assertEqual(record["code"], "E_INIT_DIED")
        self.assertIn("--memory", record["hint"])

    @host.needs(CALLS, "the numbers of system calls of x86-64")
    def test_what_nobody_asked_for(self):
        record = self.error(prepare=lambda: forbid("fsopen"))
        self.assertRegex(record["msg"], r"^run run-\w+: mount proc on /proc: Operation not permitted$")
        self.assertIn("fsopen(2)", record["hint"])

    def user(self, given):
        report = Report(self.assertOk(self.run_rootfs("--user", given)).lines()[0])
        return [int(report.status[kind].split()[0]) for kind in ("Uid", "Gid")], report.status["Groups"].split()

    def test_users_by_name(self):
        self.assertEqual(self.user("ann"), ([7, 8], ["10", "12"]))
        self.assertEqual(self.user("ann:wheel"), ([7, 10], []))
        self.assertEqual(self.user("7:wheel"), ([7, 10], []))
        self.assertEqual(self.user("ann:99"), ([7, 99], []))
        self.assertEqual(self.user("7"), ([7, 0], []))

    def test_the_file_of_users_is_not_looked_for_outside(self):
        os.remove(self.made.file("/etc/passwd"))
        os.symlink("/../../../../../../etc/passwd", self.made.file("/etc/passwd"))
        self.assertIn("there is no user daemon", self.error("--user", "daemon")["msg"])
        os.remove(self.made.file("/etc/passwd"))
        os.mkfifo(self.made.file("/etc/passwd"))
        self.assertIn("there is no user ann", self.error("--user", "ann")["msg"])


if __name__ == "__main__":
    main()
