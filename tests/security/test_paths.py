#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A root filesystem whose paths lead to the host: S03, S05, S11, S12, S17, S22 and S32, each from its mechanism."""

import os
import resource
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from ocitest import host, leaks, main  # noqa: E402
from ocitest.case import user_namespaces_work, with_user_namespace  # noqa: E402
from ocitest import needs  # noqa: E402
from attack import Attack, add_mount, climb  # noqa: E402


class MountTargets(Attack):
    """S03 (CVE-2019-18837), S32 (CVE-2026-87766, CVE-2020-5291): a component of the target is a link."""

    def try_target(self, destination, kind, link, name):
        config = self.config("report")
        if kind == "tmpfs":
            add_mount(config, destination, "tmpfs", "tmpfs")
        else:
            source = os.path.join(self.tmp, f"source-{kind}")
            if kind == "directory":
                os.makedirs(source, exist_ok=True)
            else:
                open(source, "w", encoding="ascii").close()
            add_mount(config, destination, "bind", source, ["bind"])
        before = leaks.mount_lines(self.runtime.view.mountinfo())
        self.hostile(config, lambda made: self.replace(made, name, link))
        left = {m for m in leaks.mount_lines(self.runtime.view.mountinfo()) - before if self.runtime.root + "/." not in m}
        self.assertEqual(left, set(), f"{destination}: a mount of the host")
        self.assertEqual(self.host.changes(), [], destination)

    def test_link_in_the_middle(self):
        for kind in ("tmpfs", "directory", "file"):
            for link in self.leads_out(self.host.path):
                for destination in ("/a/x", "/a/directory", "/a/new/new"):
                    with self.subTest(kind=kind, link=link, destination=destination):
                        self.try_target(destination, kind, link, "/a")

    def test_link_at_the_end(self):
        for kind in ("tmpfs", "directory", "file"):
            for link in self.leads_out(self.host.path) + self.leads_out(self.host.path + "/file"):
                with self.subTest(kind=kind, link=link):
                    self.try_target("/b", kind, link, "/b")

    def test_dots(self):
        """".." in a destination climbs no higher than the root."""
        for destination in ("/a/../b/x", "/../../../" + self.host.path, "/a/" + climb(self.host.path)):
            with self.subTest(destination=destination):
                self.try_target(destination, "tmpfs", "/etc", "/a")

    def test_dangling_and_circular(self):
        for link in ("/nowhere/at/all", "a", "../a", "loop/../a", "/" + "d/" * 400 + "x", "x" * 255):
            with self.subTest(link=link[:20]):
                self.try_target("/a/x", "tmpfs", link, "/a")

    def test_chain(self):
        """More links than the kernel follows."""
        config = self.config("report")
        add_mount(config, "/l0/x", "tmpfs", "tmpfs")

        def prepare(made):
            for n in range(50):
                os.symlink(f"l{n + 1}", made.file(f"/l{n}"))
            os.symlink(self.host.path, made.file("/l50"))
        self.hostile(config, prepare)


class Remounts(Attack):
    def test_link(self):
        """A remount changes the filesystem that config.json names, and not one that a link of the image leads to."""
        root = os.path.join(self.tmp, "filesystem")
        os.mkdir(root)
        host.mount("tmpfs", root, "tmpfs")
        self.addCleanup(host.umount, root)
        config = self.config("report")
        config["root"]["path"] = root
        add_mount(config, "/link", "tmpfs", "tmpfs", ["remount", "ro"])

        def prepare(made):
            subprocess.run(["cp", "-a", made.rootfs + "/.", root], check=True)
            os.symlink("/", os.path.join(root, "link"))
        self.refused(config, prepare, "mounts", "link")
        open(os.path.join(root, "still-writable"), "w", encoding="ascii").close()


class TargetsOfTheDefaultMounts(Attack):
    """S05 (CVE-2023-27561, CVE-2023-28642): /proc or /sys is a link.  Others are followed inside the root."""

    def test_proc_and_sys(self):
        for name in ("/proc", "/sys"):
            for link in ["/bad", "bad", ".", "/", "/dev", *self.leads_out(self.host.path)]:
                with self.subTest(name=name, link=link):
                    self.refused(self.config("report"), lambda made: self.replace(made, name, link), name, "link")

    def test_proc_is_a_file(self):
        for name in ("/proc", "/sys"):
            with self.subTest(name=name):
                self.refused(self.config("report"),
                             lambda made: (os.rmdir(made.file(name)), made.put(name, "no directory")), name)

    def test_bound_proc_and_sys(self):
        """Also where the host's are bound, as by podman --pid=host in a user namespace."""
        for name in ("/proc", "/sys"):
            config = self.config("report")
            config["mounts"] = [m for m in config["mounts"] if m["destination"] != name]
            add_mount(config, name, "bind", name, ["rbind", "ro"])
            with self.subTest(name=name):
                self.refused(config, lambda made: self.replace(made, name, "/bad"), name, "link")

    def test_others(self):
        for name in ("/dev", "/dev/pts", "/dev/shm", "/dev/mqueue"):
            for link in self.leads_out(self.host.path) + ["/", ".", "/etc", "/proc"]:
                config = self.config("report")
                if name != "/dev":
                    config["mounts"] = [m for m in config["mounts"] if m["destination"] != "/dev"]
                with self.subTest(name=name, link=link):
                    self.hostile(config, lambda made: self.replace(made, name, link))
                    self.check_host()


class Devices(Attack):
    """S17 (CVE-2026-41579, CVE-2026-47766, CVE-2026-88264, CVE-2026-88265): nodes and links of /dev."""

    def without_tmpfs(self):
        config = self.config("report")
        config["mounts"] = [m for m in config["mounts"] if not m["destination"].startswith("/dev")]
        return config

    def test_dev_is_a_link(self):
        os.mkdir(self.host.path + "/dev")
        for tmpfs in (True, False):
            for link in self.leads_out(self.host.path) + self.leads_out("/dev"):
                config = self.config("report") if tmpfs else self.without_tmpfs()
                with self.subTest(tmpfs=tmpfs, link=link):
                    self.hostile(config, lambda made: self.replace(made, "/dev", link))
                    os.rmdir(self.host.path + "/dev")
                    self.check_host()
                    os.mkdir(self.host.path + "/dev")
        os.rmdir(self.host.path + "/dev")

    def test_names_in_dev(self):
        """Every name that the runtime makes in /dev is something else already, and leads out."""
        names = ("null", "zero", "full", "random", "urandom", "tty", "fd", "stdin", "stdout", "stderr", "ptmx", "core",
                 "console", "pts", "shm", "mqueue")
        for name in names:
            for link in (self.host.path + "/new", climb(self.host.path + "/file"), "/proc/sys/kernel/core_pattern"):
                with self.subTest(name=name, link=link):
                    self.hostile(self.without_tmpfs(), lambda made: self.replace(made, "/dev/" + name, link))
                    self.check_host()

    def test_wrong_kinds(self):
        for name in ("null", "fd", "ptmx", "console", "stdin"):
            for kind in ("file", "directory", "fifo", "kmsg"):
                def prepare(made, name=name, kind=kind):
                    path = made.file("/dev/" + name)
                    if kind == "file":
                        made.put("/dev/" + name)
                    elif kind == "directory":
                        os.mkdir(path)
                    elif kind == "fifo":
                        os.mkfifo(path)
                    else:
                        os.mknod(path, 0o20666, os.makedev(1, 11))
                with self.subTest(name=name, kind=kind):
                    container = self.hostile(self.without_tmpfs(), prepare)
                    self.assertFalse(container and name == "null", "another file instead of /dev/null was taken")

    def test_configured_devices(self):
        for path in ("/dev/../x", "/dev/a/b/c", "/x", "/link/x", "/link/directory/x"):
            config = self.config("report")
            config["linux"]["devices"] = [{"path": path, "type": "c", "major": 1, "minor": 3, "uid": 7, "gid": 7}]
            with self.subTest(path=path):
                self.hostile(config, lambda made: self.replace(made, "/link", climb(self.host.path)))
                self.check_host()

    @needs(user_namespaces_work(), "user namespaces")
    def test_bound_devices(self):
        """In a user namespace the nodes are bound."""
        for link in self.leads_out(self.host.path):
            config = with_user_namespace(self.config("report"))
            config["linux"]["devices"] = [{"path": "/dev/fuse", "type": "c", "major": 1, "minor": 3}]
            config["mounts"] = [m for m in config["mounts"] if not m["destination"].startswith("/dev")]

            def prepare(made):
                self.replace(made, "/dev", link)
                made.chown(100000, 100000)
            with self.subTest(link=link):
                self.hostile(config, prepare)
                self.check_host()


class FilesOfTheRuntime(Attack):
    """S12 (CVE-2025-24965): all that the runtime writes into a root filesystem is a link that leads out.

    ocirt has no virtual machine handlers, and so no file like .krun_config.json; it makes mount points, devices, the
    links of /dev and the working directory.  Programs of the image are never executed outside of the container.
    """

    def test_every_name(self):
        for name in ("/.krun_config.json", "/run/.containerenv", "/etc/hostname", "/etc/hosts", "/etc/resolv.conf",
                     "/etc/mtab", "/run/notify", "/tmp", "/root", "/etc/passwd", "/etc/group"):
            for link in (self.host.path + "/file", climb(self.host.path) + "/new"):
                with self.subTest(name=name, link=link):
                    self.hostile(self.config("report"), lambda made: self.replace(made, name, link))
                    self.check_host()

    def test_working_directory(self):
        """A missing one is made: inside."""
        for link in self.leads_out(self.host.path):
            config = self.config("report")
            config["process"]["cwd"] = "/work/new/new"
            with self.subTest(link=link):
                self.hostile(config, lambda made: self.replace(made, "/work", link))
                self.check_host()

    def test_helpers_are_not_the_images(self):
        """The image has its own newuidmap, criu and sh, and process.env a PATH that finds them."""
        config = self.config("report")
        config["process"]["env"] = ["PATH=/bin:/usr/bin", "LD_PRELOAD=/bin/evil.so"]
        marker = self.host.path + "/executed"

        def prepare(made):
            for name in ("sh", "newuidmap", "newgidmap", "criu", "passt", "systemctl"):
                made.put("/bin/" + name, f"#!/bin/sh\necho > {marker}\n", 0o755)
        self.contained(config, prepare)


class Passwd(Attack):
    """S22: /etc/passwd is no text file.  HOME falls back to "/", at once, with little memory."""

    def home(self, prepare):
        began = time.monotonic()
        container = self.contained(self.config("report"), prepare)
        self.assertLess(time.monotonic() - began, 20)
        return container.report().env["HOME"]

    def test_kinds(self):
        def fifo(made):
            os.mkfifo(made.file("/etc/passwd"))

        def zero(made):
            os.mknod(made.file("/etc/passwd"), 0o20666, os.makedev(1, 5))

        def sparse(made):
            with open(made.file("/etc/passwd"), "wb") as file:
                file.truncate(10 << 30)

        def environ(made):
            self.replace(made, "/etc/passwd", "/proc/1/environ")

        def directory(made):
            os.mkdir(made.file("/etc/passwd"))

        def long_line(made):
            made.put("/etc/passwd", "x" * (4 << 20))

        def empty_fields(made):
            made.put("/etc/passwd", "::::::\n:::::/evil:\nroot:x::0::/evil:\nx:x:-0:0::/evil:\nx:x: 0:0::/evil:\n")
        for prepare in (fifo, zero, sparse, environ, directory, long_line, empty_fields):
            with self.subTest(kind=prepare.__name__):
                self.assertEqual(self.home(prepare), "/")

    def test_leads_out(self):
        with open(self.host.path + "/file", "w", encoding="ascii") as file:
            file.write("root:x:0:0::/of-the-host:/bin/sh\n")
        self.host.before = {**self.host.before}
        from ocitest.markers import checksum
        self.host.before = checksum(self.host.path)
        for link in self.leads_out(self.host.path + "/file"):
            with self.subTest(link=link):
                self.assertEqual(self.home(lambda made: self.replace(made, "/etc/passwd", link)), "/")


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    main()
