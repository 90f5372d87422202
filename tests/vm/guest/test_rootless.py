#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Containers of an ordinary user: with his systemd manager, with a delegated cgroup, and with neither."""

import json
import os
import pwd
import signal
import time

from ocitest import bundle, host, main

from guesthost import STRANGER, UserTest, call, cgroup_of, read

MIB = 1 << 20


class SystemdUser(UserTest):
    """session: ocirt runs in the user manager's part of the tree; else outside, as in a login by ssh."""

    def check(self, session):
        path = self.user_bundle("wait-term", resources={"memory": {"limit": 40 * MIB}, "pids": {"limit": 20}})
        name = f"r{os.getpid()}"
        how = {"session": session}
        self.must("--systemd-cgroup", "create", "--bundle", path, name, **how)
        try:
            self.must("start", name)
            state = self.state(name)
            cgroup = cgroup_of(state["pid"])
            self.assertEqual(cgroup, f"/user.slice/user-1000.slice/user@1000.service/user.slice/ocirt-{name}.scope")
            self.assertEqual(read(cgroup, "memory.max"), str(40 * MIB))
            self.assertEqual(read(cgroup, "pids.max"), "20")
            self.assertEqual(read(cgroup, "cgroup.procs"), str(state["pid"]))
            self.assertIn("say", self.must("exec", name, "/probe", "say", "x", **how))
            self.must("update", "--memory", str(48 * MIB), name, **how)
            self.assertEqual(read(cgroup, "memory.max"), str(48 * MIB))
            self.must("pause", name, **how)
            self.assertEqual(self.state(name)["status"], "paused")
            self.must("resume", name, **how)
        finally:
            self.must("delete", "--force", name, **how)
        self.assertFalse(os.path.exists("/sys/fs/cgroup" + cgroup))

    def test_inside_of_the_user_manager(self):
        self.check(True)

    def test_outside_of_the_user_manager(self):
        self.check(False)

    def test_memory_limit_bites(self):
        path = self.user_bundle("mem", "64", resources={"memory": {"limit": 24 * MIB, "swap": 24 * MIB}})
        status, text = self.ocirt("--systemd-cgroup", "run", "--bundle", path, f"o{os.getpid()}")
        self.assertEqual(status, 128 + signal.SIGKILL, text)

    def test_no_manager(self):
        stranger = pwd.getpwnam(STRANGER)
        root = os.path.join(self.tmp, "stranger")
        os.mkdir(root)
        path = self.user_bundle("wait-term", user=stranger)
        call("chown", STRANGER, root)
        argv = self.argv(self.runtime.path, "--root", root, "--systemd-cgroup", "create", "--bundle", path, "s", user=stranger,
                         session=False)
        status, text = call(*[word for word in argv if not word.startswith("XDG_RUNTIME_DIR=")])
        self.assertEqual(status, 1, text)
        self.assertIn(f"no systemd user manager for uid {stranger.pw_uid} (XDG_RUNTIME_DIR unset)", text)
        self.assertEqual(os.listdir(root) if os.path.isdir(root) else [], [], "left after the refusal")

    def test_a_manager_that_does_not_answer(self):
        """The wait has an end, and the error says what it was for."""
        status, text = call("systemctl", "show", "user@1000.service", "-p", "MainPID", "--value")
        self.assertEqual(status, 0, text)
        manager = int(text)
        path = self.user_bundle("wait-term")
        os.kill(manager, signal.SIGSTOP)
        try:
            began = time.monotonic()
            status, text = self.ocirt("--systemd-cgroup", "create", "--bundle", path, "late", session=False)
        finally:
            os.kill(manager, signal.SIGCONT)
        self.assertEqual(status, 1, text)
        self.assertIn("systemd", text)
        self.assertIn("no answer", text)
        self.assertLess(time.monotonic() - began, 90)
        self.ocirt("delete", "--force", "late")


class Cgroupfs(UserTest):
    def delegated(self, *words):
        """In a service of the user's with a delegated cgroup, itself in a cgroup below."""
        script = 'own=/sys/fs/cgroup$(cut -d: -f3 /proc/self/cgroup); mkdir $own/self && echo 0 >$own/self/cgroup.procs && exec "$@"'
        return call(*self.argv("systemd-run", "--user", "--wait", "--pipe", "--quiet", "-p", "Delegate=yes", "sh", "-c", script, "sh",
                               self.runtime.path, "--root", self.root, *words, session=False))

    def test_with_a_delegated_cgroup(self):
        path = self.user_bundle("read", "/proc/self/cgroup", resources={"memory": {"limit": 24 * MIB, "swap": 24 * MIB}})
        status, text = self.delegated("run", "--bundle", path, f"d{os.getpid()}")
        self.assertEqual(status, 0, text)
        path = self.user_bundle("mem", "64", resources={"memory": {"limit": 24 * MIB, "swap": 24 * MIB}})
        status, text = self.delegated("run", "--bundle", path, f"e{os.getpid()}")
        self.assertEqual(status, 128 + signal.SIGKILL, text)

    def test_without_delegation_and_limits(self):
        path = self.user_bundle("say", "x")
        self.assertIn("say", self.must("run", "--bundle", path, f"n{os.getpid()}", session=False))

    def test_a_writable_mount_of_cgroups_without_delegation(self):
        """podman run --privileged"""
        path = self.user_bundle("read", "/sys/fs/cgroup/cgroup.type")
        with open(f"{path}/config.json", encoding="utf-8") as file:
            config = json.load(file)
        bundle.add_mount(config, "/sys/fs/cgroup", "cgroup", "cgroup", ["rw", "nosuid", "noexec", "nodev"])
        with open(f"{path}/config.json", "w", encoding="utf-8") as file:
            json.dump(config, file)
        self.assertIn('"errno":0', self.must("run", "--bundle", path, f"n{os.getpid()}", session=False))

    def test_the_option_rootless(self):
        """What can't be had for lack of rights is left out, unless the caller says that there is no such lack."""
        for word, rc in (("true", 0), ("auto", 0), ("false", 1)):
            path = self.user_bundle("say", "x")
            status, text = self.ocirt("--rootless", word, "run", "--bundle", path, f"o{os.getpid()}", session=False)
            self.assertEqual(status, rc, f"{word}: {text}")
            if rc:
                self.assertIn("--rootless=false needs root", text)

    def test_without_subordinate_ids_and_session(self):
        """The least that there is: one id, no cgroup, no directory of the session."""
        stranger = pwd.getpwnam(STRANGER)
        root = os.path.join(self.tmp, "root")
        os.mkdir(root)
        os.chown(root, stranger.pw_uid, stranger.pw_gid)
        path = self.user_bundle("read", "/proc/self/uid_map", user=stranger)

        def ocirt(*words):
            argv = self.argv(self.runtime.path, "--root", root, *words, user=stranger, session=False)
            return call(*[word for word in argv if not word.startswith("XDG_RUNTIME_DIR=")])

        status, text = ocirt("run", "--bundle", path, "s")
        self.assertEqual(status, 0, text)
        self.assertIn(f"0       {stranger.pw_uid}          1", text)
        path = self.user_bundle("wait-term", user=stranger)
        for words in (("create", "--bundle", path, "t"), ("start", "t"), ("exec", "t", "/probe", "say", "x"), ("delete", "--force", "t")):
            status, text = ocirt(*words)
            self.assertEqual(status, 0, f"{words}: {text}")

    def test_a_limit_without_delegation_is_refused(self):
        path = self.user_bundle("say", "x", resources={"memory": {"limit": 40 * MIB}})
        status, text = self.ocirt("run", "--bundle", path, f"n{os.getpid()}", session=False)
        self.assertEqual(status, 1, text)
        self.assertIn("cgroup", text)


class InAContainer(UserTest):
    """A container in a container of the user's: the runtime is root of a user namespace there, as in rootless Podman."""

    def outer(self, *inner_words, user_namespace=False):
        inner = bundle.default_config(*inner_words)
        bundle.drop_namespace(inner, "network")
        bundle.drop_namespace(inner, "cgroup")
        inner["linux"].update(resources={}, maskedPaths=[], readonlyPaths=[])
        inner["mounts"] = [m for m in inner["mounts"] if m["type"] != "sysfs"]
        if user_namespace:
            bundle.set_namespace(inner, "user")
            for kind in ("uidMappings", "gidMappings"):
                inner["linux"][kind] = [{"containerID": 0, "hostID": 1000, "size": 1000}]
        made = self.bundle(inner)
        if user_namespace:  # 1000 there is this outside
            made.chown(100999, 100999)
        path = self.user_bundle("pause")
        if not user_namespace:
            call("chown", "-R", f"{self.user.pw_uid}:{self.user.pw_gid}", made.path)
        with open(f"{path}/config.json", encoding="utf-8") as file:
            config = json.load(file)
        config["process"]["args"] = ["/bin/sh", "-c", f"{self.runtime.path} --root /run/o run --bundle /inner x"]
        config["process"]["noNewPrivileges"] = False
        for kind in ("bounding", "effective", "permitted"):
            config["process"]["capabilities"][kind] = host.CAPABILITIES[:]
        config["linux"].update(maskedPaths=[], readonlyPaths=[])
        for name in ("usr", "bin", "lib", "lib64", "build"):
            bundle.add_mount(config, f"/{name}", "bind", f"/{name}", ["rbind", "ro"])
        bundle.add_mount(config, "/run", "tmpfs", "tmpfs", ["nosuid", "nodev", "mode=755"])
        bundle.add_mount(config, "/inner", "bind", made.path, ["bind"])
        with open(f"{path}/config.json", "w", encoding="utf-8") as file:
            json.dump(config, file)
        return self.must("run", "--bundle", path, f"i{os.getpid()}", session=False)

    def test_run(self):
        self.assertIn('"say"', self.outer("say", "x"))

    def test_with_a_user_namespace_of_its_own(self):
        self.assertIn("0       1000       1000", self.outer("read", "/proc/self/uid_map", user_namespace=True))


if __name__ == "__main__":
    main()
