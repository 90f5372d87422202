#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A /proc, a /dev and a terminal that are not what they seem: S02, S04, S13, S14, S15."""

import json
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from ocitest import ConsoleSocket, main  # noqa: E402
from attack import Attack, add_mount  # noqa: E402

ATTRIBUTES = ("exec", "current", "keycreate", "fscreate", "sockcreate", "apparmor/exec", "apparmor/current")


def lsm_active():
    try:
        with open("/sys/kernel/security/lsm", encoding="ascii") as file:
            return any(name in file.read() for name in ("apparmor", "selinux"))
    except OSError:
        return False


class FakeProc(Attack):
    """S02 (CVE-2019-16884): a directory of the image or a volume as /proc."""

    def fake(self):
        root = os.path.join(self.tmp, "fakeproc")
        for who in ("self", "thread-self", "1"):
            for name in ATTRIBUTES:
                path = os.path.join(root, who, "attr", name)
                os.makedirs(os.path.dirname(path), exist_ok=True)
                open(path, "w", encoding="ascii").close()
            os.makedirs(os.path.join(root, who, "fd"))
        os.makedirs(os.path.join(root, "sys/kernel"))
        open(os.path.join(root, "sys/kernel/msgmax"), "w", encoding="ascii").close()
        return root

    def assert_untouched(self, root):
        for where, _, files in os.walk(root):
            for name in files:
                self.assertEqual(os.path.getsize(os.path.join(where, name)), 0, os.path.join(where, name))

    def test_label(self):
        """A label is never taken for set because a file took the bytes."""
        for key in ("apparmorProfile", "selinuxLabel"):
            root = self.fake() if not os.path.exists(os.path.join(self.tmp, "fakeproc")) else os.path.join(self.tmp, "fakeproc")
            config = self.config("report")
            config["mounts"] = [m for m in config["mounts"] if m["destination"] != "/proc"]
            add_mount(config, "/proc", "bind", root, ["bind"])
            config["process"][key] = "ocirt-test"
            with self.subTest(key=key):
                if not lsm_active():
                    self.refused(config, None, key.lower()[:8])
                else:
                    self.hostile(config)
                self.assert_untouched(root)

    def test_sysctl(self):
        """Written to the kernel, not to a file of a volume."""
        root = self.fake()
        config = self.config("read", "/proc/sys/kernel/msgmax")
        config["mounts"] = [m for m in config["mounts"] if m["destination"] != "/proc"]
        add_mount(config, "/proc", "bind", root, ["bind"])
        config["linux"]["sysctl"] = {"kernel.msgmax": "4711"}
        self.hostile(config)
        self.assert_untouched(root)

    def test_image_with_a_proc(self):
        """Without any mount on /proc: the image's own files."""
        config = self.config("report")
        config["mounts"] = [m for m in config["mounts"] if m["destination"] != "/proc"]
        config["linux"]["sysctl"] = {"kernel.msgmax": "4711"}
        container = self.contained(config, lambda made: made.put("/proc/sys/kernel/msgmax", ""))
        self.assertEqual(container.bundle.get("/proc/sys/kernel/msgmax"), "")


class Redirected(Attack):
    """S15 (CVE-2025-52881, CVE-2025-62596, CVE-2025-54867): other files of procfs mounted over those that are written."""

    def test_sysctl(self):
        for victim in ("/proc/sys/kernel/core_pattern", "/proc/sys/kernel/hostname", "/proc/self/sched"):
            config = self.config("read", "/proc/sys/kernel/msgmax")
            add_mount(config, "/proc/sys/kernel/msgmax", "bind", victim, ["bind"])
            config["linux"]["sysctl"] = {"kernel.msgmax": "4711"}
            config["linux"]["readonlyPaths"] = []
            with self.subTest(victim=victim):
                self.hostile(config)
                self.check_host()

    def test_sysctl_is_set_in_the_kernel(self):
        config = self.config("umount", "/proc/sys/kernel/msgmax", "--", "read", "/proc/sys/kernel/msgmax")
        for kind in ("bounding", "effective", "permitted"):
            config["process"]["capabilities"][kind] += ["CAP_SYS_ADMIN"]
        add_mount(config, "/proc/sys/kernel/msgmax", "bind", "/proc/sys/kernel/shmmax", ["bind"])
        config["linux"]["sysctl"] = {"kernel.msgmax": "4711"}
        config["linux"]["readonlyPaths"] = []
        container = self.contained(config)
        self.assertEqual([line["text"] for line in container.lines() if line["action"] == "read"], ["4711\n"])

    def test_sysctl_directory(self):
        """A tmpfs over a whole directory of /proc/sys."""
        config = self.config("list", "/proc/sys/kernel")
        add_mount(config, "/proc/sys/kernel", "tmpfs", "tmpfs")
        config["linux"]["sysctl"] = {"kernel.msgmax": "4711"}
        container = self.contained(config)
        self.assertEqual(container.lines()[-1]["names"], [])

    def test_label(self):
        for name in ("/proc/self/attr/exec", "/proc/thread-self/attr/exec", "/proc/self/attr", "/proc/self"):
            config = self.config("report")
            if name.endswith("exec"):
                add_mount(config, name, "bind", "/proc/self/sched", ["bind"])
            else:
                add_mount(config, name, "tmpfs", "tmpfs")
            config["process"]["apparmorProfile"] = "ocirt-test"
            with self.subTest(name=name):
                if not lsm_active():
                    self.refused(config, None, "apparmor")
                else:
                    self.hostile(config)


class Masks(Attack):
    """S13 (CVE-2025-31133, CVE-2025-62161): what covers a masked path comes from the host."""

    def check(self, container):
        report = container.report()
        for path in ("/proc/keys", "/proc/timer_list", "/proc/kcore"):
            if os.path.exists(path):
                mount = report.mount(path)
                self.assertEqual((mount.fstype, mount.root), ("devtmpfs", "/null"), path)

    def with_dev(self, *args):
        config = self.config(*args)
        config["mounts"] = [m for m in config["mounts"] if not m["destination"].startswith("/dev")]
        return config

    def test_null_is_something_else(self):
        def link(target):
            return lambda made: self.replace(made, "/dev/null", target)

        def file(made):
            made.put("/dev/null", "")

        for prepare in (link("/proc/sys/kernel/core_pattern"), link("/proc/sysrq-trigger"), link(self.host.path), file,
                        link("/dev/nowhere")):
            with self.subTest():
                container = self.hostile(self.with_dev("report"), prepare)
                if container:
                    container.wait_end(container.first)
                    self.check(container)
                self.check_host()

    def test_no_devices_at_all(self):
        config = self.with_dev("report")
        add_mount(config, "/dev", "tmpfs", "tmpfs", ["ro"])
        container = self.hostile(config)
        if container:
            container.wait_end(container.first)
            self.check(container)

    def test_odd_masked_paths(self):
        """Of links and of "..": masked is what they lead to inside."""
        config = self.config("read", "/etc/shadow", "--", "read", "/real")
        config["linux"]["maskedPaths"] += ["/dev/null", "/proc/../etc/shadow", "/link", "/vol/out"]

        def prepare(made):
            made.put("/etc/shadow", "secret")
            made.put("/real", "secret")
            self.replace(made, "/link", "/../real")
            self.replace(made, "/vol/out", self.host.path + "/file")
        container = self.contained(config, prepare)
        self.assertEqual([line.get("text") for line in container.lines()], ["", ""])

    def test_readonly_paths(self):
        config = self.config("write", "/data/file", "--", "write", "/real/file")
        config["linux"]["readonlyPaths"] += ["/data", "/link"]

        def prepare(made):
            os.makedirs(made.file("/data"))
            os.makedirs(made.file("/real"))
            self.replace(made, "/link", "/real")
        container = self.contained(config, prepare)
        self.assertEqual([line["errno"] for line in container.lines()], [30, 30])

    def test_masks_hold_against_the_container(self):
        """Without CAP_SYS_ADMIN they can't be taken away, and under another name there is nothing."""
        config = self.config("umount", "/proc/keys", "--", "read", "/proc/keys", "--",
                             "read", "/proc/self/root/proc/keys", "--", "write", "/proc/sys/kernel/core_pattern")
        lines = self.contained(config).lines()
        self.assertEqual(lines[0]["errno"], 1)
        self.assertEqual([lines[1].get("text"), lines[2].get("text")], ["", ""])
        self.assertNotEqual(lines[3]["errno"], 0)


class Console(Attack):
    """S14 (CVE-2025-52565): the terminal comes from the master, and /dev/console is where it was looked up."""

    def attack(self, prepare, devpts=True):
        config = self.config("report")
        config["process"]["terminal"] = True
        config["mounts"] = [m for m in config["mounts"] if m["destination"] not in ("/dev", "/dev/pts", "/dev/shm", "/dev/mqueue")]
        if devpts:
            add_mount(config, "/dev/pts", "devpts", "devpts", ["newinstance", "ptmxmode=0666", "mode=0620"])
        container = self.container(config)
        prepare(container.bundle)
        socket = ConsoleSocket(os.path.join(self.tmp, f"console{self._containers}"))
        try:
            result = container.create("--console-socket", socket.path)
            if result.rc:
                self.assertRefused(result)
                return None
            reader, _ = socket.receive()
            self.assertOk(container.start())
            text = reader.read_all()
            reader.close()
            return text
        finally:
            socket.close()

    def test_console_is_a_link(self):
        for target in ("/proc/sysrq-trigger", "/proc/sys/kernel/core_pattern", self.host.path + "/file", "/dev/pts/0", "."):
            with self.subTest(target=target):
                text = self.attack(lambda made: self.replace(made, "/dev/console", target))
                if text is not None:       # covered is the link itself, and not what it leads to
                    console = json.loads(text)["dev"]["console"]
                    self.assertEqual((console["type"], console["major"]), ("c", 136))
                self.check_host()

    def test_console_is_something_else(self):
        for kind in ("file", "directory", "device"):
            def prepare(made, kind=kind):
                if kind == "file":
                    made.put("/dev/console", "")
                elif kind == "directory":
                    os.mkdir(made.file("/dev/console"))
                else:
                    os.mknod(made.file("/dev/console"), 0o20666, os.makedev(1, 11))
            with self.subTest(kind=kind):
                self.attack(prepare)

    def test_ptmx_of_the_image(self):
        """Without a devpts, /dev/pts/ptmx is the image's: a fifo or a device is not even opened."""
        for kind in ("fifo", "kmsg", "ptmx", "link"):
            def prepare(made, kind=kind):
                os.makedirs(made.file("/dev/pts"), exist_ok=True)
                path = made.file("/dev/pts/ptmx")
                if kind == "fifo":
                    os.mkfifo(path)
                elif kind == "kmsg":
                    os.mknod(path, 0o20666, os.makedev(1, 11))
                elif kind == "ptmx":
                    os.mknod(path, 0o20666, os.makedev(5, 2))
                else:
                    os.symlink("/dev/ptmx", path)
            with self.subTest(kind=kind):
                self.assertIsNone(self.attack(prepare, devpts=False))


class SharedVolume(Attack):
    """S04 (CVE-2019-19921): /proc leads into a volume that somebody else writes to.  The races are in test_races.py."""

    def test_proc_in_a_volume(self):
        volume = os.path.join(self.tmp, "volume")
        os.makedirs(volume + "/p")
        config = self.config("report")
        config["mounts"].insert(0, {"destination": "/vol", "type": "bind", "source": volume, "options": ["rbind"]})
        self.refused(config, lambda made: self.replace(made, "/proc", "/vol/p"), "/proc", "link")


if __name__ == "__main__":
    main()
