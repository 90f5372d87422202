# SPDX-License-Identifier: LGPL-2.1-or-later
"""root and rootfsPropagation, and how the root becomes the root."""

import errno
import os
import subprocess

from ocitest import ContainerTest, host, main


class Readonly(ContainerTest):
    def test_readonly(self):
        config = self.config()
        config["root"]["readonly"] = True
        lines = self.act("write", "/new", "--", "mkdir", "/etc/new", "--", "write", "/dev/shm/new",
                         config=config)
        self.assertErrno(lines[0], errno.EROFS)
        self.assertErrno(lines[1], errno.EROFS)
        self.assertErrno(lines[2], 0)

    def test_readonly_shows(self):
        config = self.config()
        config["root"]["readonly"] = True
        self.assertIn("ro", self.report(config).mount("/").options)

    def test_writable(self):
        container = self.run_ok(self.config("write", "/new", "text"))
        self.assertEqual(container.bundle.get("/new"), "text")

    def test_targets_of_mounts_are_made_nevertheless(self):
        config = self.config()
        config["root"]["readonly"] = True
        config["mounts"].append({"destination": "/made", "type": "tmpfs", "source": "tmpfs"})
        self.assertErrno(self.act("write", "/made/x", config=config)[0], 0)

    def test_the_host_can_still_write(self):
        config = self.config("wait-term")
        config["root"]["readonly"] = True
        container = self.running(config)
        container.bundle.put("/new", "text")


class Path(ContainerTest):
    def test_absolute(self):
        config = self.config()
        container = self.container(config)
        config["root"]["path"] = container.bundle.rootfs
        container.bundle.write(config)
        self.assertOk(container.run())

    def test_other_name(self):
        config = self.config()
        config["root"]["path"] = "a/b"
        container = self.container(config)
        os.mkdir(os.path.join(container.bundle.path, "a"))
        os.rename(container.bundle.rootfs, os.path.join(container.bundle.path, "a/b"))
        self.assertOk(container.run())

    def test_symlink(self):
        config = self.config()
        config["root"]["path"] = "link"
        container = self.container(config)
        os.symlink("rootfs", os.path.join(container.bundle.path, "link"))
        self.assertOk(container.run())

    def test_bundle_is_the_working_directory(self):
        container = self.container(self.config())
        self.assertOk(self.runtime("run", container.id, cwd=container.bundle.path))

    def test_relative_bundle(self):
        container = self.container(self.config())
        name = os.path.basename(container.bundle.path)
        self.assertOk(self.runtime("run", "--bundle", name, container.id, cwd=self.tmp))

    def test_bundle_with_spaces(self):
        made = self.bundle(self.config())
        os.rename(made.path, made.path + " with spaces")
        made.path += " with spaces"
        made.rootfs = os.path.join(made.path, "rootfs")
        self.assertOk(self.container(made=made).run())

    def test_missing(self):
        config = self.config()
        config["root"]["path"] = "nowhere"
        self.refuse(config, "nowhere", "no such file or directory")

    def test_file(self):
        config = self.config()
        config["root"]["path"] = "config.json"
        self.refuse(config, "config.json", "not a directory")

    def test_absent(self):
        config = self.config()
        del config["root"]
        self.refuse(config, "root")

    def test_empty(self):
        config = self.config()
        config["root"]["path"] = ""
        self.refuse(config, "root.path")

    def test_a_mount_point_as_root(self):
        container = self.container(self.config())
        host.mount(container.bundle.rootfs, container.bundle.rootfs, None, host.MS_BIND)
        self.addCleanup(host.umount, container.bundle.rootfs)
        self.assertOk(container.run())

    def test_mounts_below_the_root_are_in_the_container(self):
        container = self.container(self.config("read", "/mnt/file"))
        at = container.bundle.file("/mnt")
        host.mount("tmpfs", at, "tmpfs")
        self.addCleanup(host.umount, at)
        container.bundle.put("/mnt/file", "text")
        self.assertEqual(self.assertOk(container.run()).lines()[0]["text"], "text")


class Propagation(ContainerTest):
    def optional(self, word, *options):
        config = self.config()
        if word:
            config["linux"]["rootfsPropagation"] = word
        return {w.split(":")[0] for w in self.report(config, *options).mount("/").optional}

    def test_shared(self):
        self.assertIn("shared", self.optional("shared"))

    def test_private(self):
        self.assertEqual(self.optional("private"), set())

    def test_slave(self):
        self.assertNotIn("shared", self.optional("slave"))

    def test_unbindable(self):
        self.assertEqual(self.optional("unbindable"), {"unbindable"})

    def test_default_spreads_nothing(self):
        self.assertNotIn("shared", self.optional(None))

    def test_recursive_words(self):
        for word in ("rprivate", "rslave"):
            with self.subTest(word=word):
                self.assertNotIn("shared", self.optional(word))

    def test_unknown(self):
        config = self.config()
        config["linux"]["rootfsPropagation"] = "none"
        self.refuse(config, "rootfsPropagation", "none")

    def test_nothing_spreads_to_a_shared_host(self):
        """Even where the host's mounts are shared, as systemd makes them, none of the container's appear."""
        container = self.container(self.config("wait-term"))
        at = container.bundle.path
        host.mount(at, at, None, host.MS_BIND)
        self.addCleanup(host.umount, at)
        subprocess.run(["mount", "--make-rshared", at], check=True)
        before = host_mounts()
        self.assertOk(container.create())
        self.assertOk(container.start())
        self.assertEqual(host_mounts(), before)


def host_mounts():
    with open("/proc/self/mountinfo", encoding="utf-8") as file:
        return sorted(line.split()[4] for line in file)


class Pivot(ContainerTest):
    def test_old_root_is_gone(self):
        points = [m.point for m in self.report().mounts]
        self.assertEqual(points[0], "/")
        self.assertFalse([p for p in points if p.startswith("/tmp/") or p.startswith(self.tmp)])

    def test_no_pivot(self):
        self.assertEqual(self.report(None, "--no-pivot")["cwd"], "/")

    def test_no_pivot_shows_nothing_of_the_host(self):
        config = self.config("exists", "/config.json", "/rootfs", "/usr/bin", self.tmp)
        line = self.run_ok(config, "--no-pivot").result.lines()[0]
        self.assertFalse(any(line["paths"].values()), line)

    def test_root_is_its_own_parent(self):
        lines = self.act("stat", "/", "--", "stat", "/..", "--", "stat", "/../../..")
        self.assertEqual(len({(line["dev"], line["ino"]) for line in lines}), 1)

    def test_no_pivot_root_is_its_own_parent(self):
        config = self.config("stat", "/", "--", "stat", "/../../..")
        lines = self.run_ok(config, "--no-pivot").result.lines()
        self.assertEqual(len({(line["dev"], line["ino"]) for line in lines}), 1)

    def test_rootfs_on_tmpfs(self):
        made = self.bundle(self.config())
        at = os.path.join(self.tmp, "tmpfs")
        os.mkdir(at)
        host.mount("tmpfs", at, "tmpfs")
        self.addCleanup(host.umount, at)
        subprocess.run(["cp", "-a", made.path, at + "/b"], check=True)
        made.path, made.rootfs = at + "/b", at + "/b/rootfs"
        self.assertOk(self.container(made=made).run())


if __name__ == "__main__":
    main()
