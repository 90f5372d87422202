# SPDX-License-Identifier: LGPL-2.1-or-later
"""Who refused a call (a seccomp filter, a missing capability, a user namespace, mounts over /proc) is named, with what to do."""

import os
import unittest

from ocitest import bundle, host, main
from ocitest.case import user_namespaces_work
from ocitest.refused import CALLS, ErrorTest, forbid

# Each call that init or stub makes, and what is said of its failure.
CODES = {
    "fsopen": "MOUNT", "fsconfig": "MOUNT", "fsmount": "MOUNT", "move_mount": "ROOTFS", "open_tree": "ROOTFS",
    "mount_setattr": "ROOTFS", "sethostname": "NAMESPACE", "setdomainname": "NAMESPACE", "mknodat": "DEVICE", "keyctl": "KEYRING",
    "setgroups": "USER", "pivot_root": "ROOTFS", "clone3": "NAMESPACE|PROCESS", "capset": "CAPABILITY",
    "openat2": "PROCESS|CGROUP|MOUNT",  # it depends on who makes the cgroup
}
BIND, RDONLY, NOSUID, NODEV, NOEXEC, REMOUNT = 4096, 1, 2, 4, 8, 32


def covering(*mounts):
    """For a child: a mount namespace in which these are made."""
    host.private_mounts()
    for words in mounts:
        host.mount(*words)


def become_root_of_a_user_namespace():
    """For a child that is root: all it has now is in that namespace, as in `unshare -Urm`."""
    uid, gid = os.geteuid(), os.getegid()
    host.unshare(host.CLONE_NEWUSER | host.CLONE_NEWNS)
    for name, text in (("setgroups", "deny"), ("uid_map", f"0 {uid} 1"), ("gid_map", f"0 {gid} 1")):
        with open(f"/proc/self/{name}", "w", encoding="ascii") as file:
            file.write(text)


class Filter(ErrorTest):
    @host.needs(CALLS, "the numbers of system calls of x86-64")
    def test_each_call(self):
        config = self.config()
        config["domainname"] = "example"
        config["process"]["user"] = {"uid": 0, "gid": 0, "additionalGids": [5]}
        for name, code in CODES.items():
            with self.subTest(call=name):
                record = self.of(config, prepare=lambda name=name: forbid(name))
                self.assertRegex(record["code"], f"^E_({code})$", record)
                self.assertIn("Operation not permitted", record["msg"])
                self.assertIn(f"a seccomp filter around the runtime refuses {name}(2)", record["hint"])

    @host.needs(CALLS, "the numbers of system calls of x86-64")
    def test_the_option_beside_it(self):
        record = self.of(self.config(), prepare=lambda: forbid("keyctl"))
        self.assertRegex(record["hint"], r"refuses keyctl\(2\).*--no-new-keyring")

    @host.needs(CALLS, "the numbers of system calls of x86-64")
    def test_a_filter_that_has_no_part_in_it(self):
        config = self.config()
        config["linux"]["sysctl"] = {"net.core.somaxconn": "sixty"}
        self.assertNotIn("seccomp", self.of(config, prepare=lambda: forbid("setdomainname"))["hint"])


class Capability(ErrorTest):
    def without(self, name, config=None, code="DEVICE"):
        number = host.CAPABILITIES.index(name)

        def prepare():
            host.prctl(24, number)  # PR_CAPBSET_DROP: gone at the next execve(2)

        record = self.of(config or self.config(), prepare=prepare)
        self.assertCode(record, code)
        self.assertIn(f"it takes {name}, which the runtime does not have", record["hint"])

    def test_mknod(self):
        self.without("CAP_MKNOD")

    def test_setgid(self):
        config = self.config()
        config["process"]["user"] = {"uid": 0, "gid": 0, "additionalGids": [5]}
        self.without("CAP_SETGID", config, "USER")

    def test_setuid(self):
        config = self.config()
        config["process"]["user"] = {"uid": 1000, "gid": 0}
        self.without("CAP_SETUID", config, "USER")


@unittest.skipUnless(user_namespaces_work(), "needs user namespaces")
class UserNamespace(ErrorTest):
    def setUp(self):
        super().setUp()
        self.inside = self.config()
        bundle.set_namespace(self.inside, "user")
        for kind in ("uidMappings", "gidMappings"):
            self.inside["linux"][kind] = [{"containerID": 0, "hostID": 0, "size": 1000}]

    def refused(self, *words, config=None, prepare=None, code="MOUNT"):
        record = self.of(config or self.inside, prepare=prepare)
        self.assertCode(record, code)
        for word in words:
            self.assertIn(word, record["hint"])
        return record

    def bind(self, *options):
        """A configuration for a runtime that is root of a user namespace, with a bind mount of self.source."""
        self.source = os.path.join(self.tmp, "source")
        os.makedirs(os.path.join(self.source, "below"), exist_ok=True)
        config = self.config()
        del config["linux"]["resources"]
        for mount in config["mounts"]:
            mount["options"] = [o for o in mount.get("options", []) if not o.startswith("gid=")]
        config["mounts"].append({"destination": "/m", "type": "bind", "source": self.source, "options": ["bind", *options]})
        return config

    @host.needs(os.path.isdir("/proc/acpi"), "/proc/acpi")
    def test_masked_proc(self):
        self.refused("nothing covers parts of /proc, as /proc/acpi", "unmask=ALL", "bind /proc",
                     prepare=lambda: covering(("none", "/proc/acpi", "tmpfs")))

    def test_read_only_proc(self):
        self.refused("not read-only", "add ro",
                     prepare=lambda: covering(("none", "/proc", None, REMOUNT | BIND | RDONLY)))
        self.inside["mounts"][0]["options"] = ["ro"]
        self.assertEqual(self.inside["mounts"][0]["type"], "proc")
        container = self.container(self.inside)
        self.assertOk(container.run(prepare=lambda: covering(("none", "/proc", None, REMOUNT | BIND | RDONLY))))

    def test_masked_sys(self):
        self.refused("nothing covers parts of /sys, as /sys/firmware",
                     prepare=lambda: covering(("none", "/sys/firmware", "tmpfs")))

    def test_proc_of_another_pid_namespace(self):
        bundle.drop_namespace(self.inside, "pid")
        self.refused("add pid to linux.namespaces")

    def test_sysfs_of_another_network_namespace(self):
        bundle.drop_namespace(self.inside, "network")
        self.refused("add network to linux.namespaces")

    def test_filesystem(self):
        bundle.add_mount(self.inside, "/m", "ext4", "/dev/null")
        self.refused("lets a user namespace make no ext4")

    def test_chroot(self):
        def prepare():
            covering(("/", self.tmp, None, BIND))
            for name in ("/tmp", "/run", "/proc", "/sys", "/dev", "/sys/fs/cgroup", os.path.dirname(self.runtime.path)):
                if os.path.ismount(name):   # not recursively what this may be below
                    host.mount(name, self.tmp + name, None, BIND if name == "/tmp" else BIND | host.MS_REC)
            os.chroot(self.tmp)

        self.refused("in a chroot", prepare=prepare, code="NAMESPACE")

    def test_locked_options(self):
        def prepare():
            covering(("none", self.source, "tmpfs", NOSUID | NODEV | NOEXEC))
            become_root_of_a_user_namespace()

        config = self.bind("exec", "dev")
        self.refused(f"{self.source} is mounted nodev,noexec, which a user namespace can't take away: add nodev,noexec",
                     config=config, prepare=prepare)

    def test_what_a_mount_hides(self):
        def prepare():
            covering(("none", os.path.join(self.source, "below"), "tmpfs"))
            become_root_of_a_user_namespace()

        self.refused(f"must not uncover what {self.tmp}/source/below hides: write rbind", config=self.bind(), prepare=prepare)


if __name__ == "__main__":
    main()
