#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""ocirt doctor where there is systemd, cgroup v2 alone, AppArmor and CRIU: what it says of them is what they say."""

import json
import os
import pwd
import re
import shutil

from ocitest import main

from guesthost import STRANGER, UserTest, call, controllers, systemctl


class Doctor(UserTest):
    def setUp(self):
        super().setUp()
        systemctl("is-system-running", "--wait")

    def findings(self, argv, rc=0):
        status, text = call(*argv)
        self.assertEqual(status, rc, text)
        report = json.loads(text)
        self.assertEqual(report["able"], rc == 0)
        return {(f["area"], f["name"]): f for f in report["findings"]}

    def of_root(self):
        return self.findings([self.runtime.path, "doctor", "--format", "json"])

    def of_user(self, user=None, session=False, without=(), rc=0):
        argv = self.argv(self.runtime.path, "doctor", "--format", "json", user=user, session=session)
        return self.findings([word for word in argv if not word.startswith(tuple(without) or "\n")], rc)

    def assertFound(self, found, area, name, pattern, status="ok"):
        finding = found[area, name]
        self.assertEqual(finding["status"], status, finding)
        self.assertTrue(re.search(pattern, finding.get("found") or ""), finding)

    def version(self):
        """systemd's own word."""
        return re.escape(re.search(r"\(([^)]+)\)", call("systemctl", "--version")[1]).group(1))

    def criu(self):
        if not shutil.which("criu"):
            self.skipTest("needs criu")
        return re.escape(re.search(r"Version: ([\d.]+)", call("criu", "--version")[1]).group(1))

    def usable(self, found):
        return {name for (area, name), f in found.items() if area == "cgroups" and name in controllers() and f["status"] == "ok"}

    def test_systemd(self):
        self.assertFound(self.of_root(), "systemd", "manager", rf"^the system's manager answers: systemd {self.version()}$")

    def test_cgroups(self):
        found = self.of_root()
        self.assertFound(found, "cgroups", "layout", "^v2$")
        self.assertFound(found, "cgroups", "may make cgroups", r"^the caller is in /system\.slice/vm-agent\.service")
        told = {"memory", "cpu", "pids", "io", "cpuset"}
        self.assertEqual(self.usable(found), told & set(controllers()))
        for name in told - set(controllers()):
            self.assertFound(found, "cgroups", name, "", "missing")

    def test_security_modules(self):
        found = self.of_root()
        self.assertFound(found, "security modules", "AppArmor", "")
        self.assertFound(found, "security modules", "active", r"\bapparmor\b")
        self.assertFound(found, "security modules", "SELinux", "", "limited")

    def test_criu(self):
        self.assertFound(self.of_root(), "programs", "CRIU", rf"^/usr/sbin/criu, version {self.criu()}(\.0)?$")

    def test_criu_is_roots_alone(self):
        finding = self.of_user()["programs", "CRIU"]
        self.assertEqual(finding["status"], "limited")
        self.assertIn("root of the host alone", finding["remedy"])

    def test_user_with_a_manager(self):
        """Of the controllers those that user@.service has delegated, wherever in the tree the user is."""
        for session in (False, True):
            found = self.of_user(session=session)
            self.assertFound(found, "systemd", "manager", rf"^the user's manager answers: systemd {self.version()}$")
            self.assertEqual(self.usable(found), {"memory", "cpu", "pids", "io", "cpuset"} & set(controllers()))
            self.assertFound(found, "cgroups", "may make cgroups", "", "ok" if session else "limited")
            self.assertFound(found, "caller", "user", f"^{self.user.pw_uid}: ")
            self.assertFound(found, "caller", "newuidmap", "newuidmap$")
            self.assertFound(found, "caller", "subordinate users", "^65536$")
            self.assertFound(found, "caller", "subordinate groups", "^65536$")
            self.assertFound(found, "state", "directory", rf"^{self.run_directory}/ocirt, on tmpfs")
            self.assertFound(found, "namespaces", "user", "")

    def test_user_with_nothing(self):
        stranger = pwd.getpwnam(STRANGER)
        found = self.of_user(stranger, without=["XDG_RUNTIME_DIR="], rc=1)
        self.assertFound(found, "systemd", "manager", rf"no systemd user manager for uid {stranger.pw_uid}", "limited")
        self.assertIn("enable-linger", found["systemd", "manager"]["remedy"])
        self.assertEqual(self.usable(found), set())
        self.assertIn("once it can be reached", found["cgroups", "memory"]["remedy"])
        self.assertFound(found, "caller", "subordinate users", "^0$", "missing")
        self.assertIn("--add-subuids", found["caller", "subordinate users"]["remedy"])
        self.assertFound(found, "state", "directory", "no place to keep the state", "missing")
        self.assertTrue(found["state", "directory"]["needed"])
        self.assertIn("XDG_RUNTIME_DIR", found["state", "directory"]["remedy"])

    def test_without_systemd(self):
        found = self.findings(["unshare", "-m", "--propagation", "private", "sh", "-c",
                               'mount -t tmpfs none /run/systemd && exec "$@"', "sh", self.runtime.path, "doctor", "--format", "json"])
        self.assertFound(found, "systemd", "manager", "systemd does not run", "limited")

    def test_a_static_program_alone(self):
        """Without ocirt-full it can't talk to systemd, nor to CRIU, and says what is missing."""
        alone = os.path.join(self.tmp, "ocirt")
        shutil.copy(self.runtime.path, alone)
        if not re.search("statically linked|not a dynamic", call("ldd", alone)[1]):
            self.skipTest("needs a static program (configure --enable-static-program)")
        found = self.findings([alone, "doctor", "--format", "json"])
        for area, name in (("systemd", "manager"), ("programs", "CRIU")):
            self.assertFound(found, area, name, "ocirt-full", "limited")
            self.assertIn("ocirt-full", found[area, name]["remedy"])


if __name__ == "__main__":
    main()
