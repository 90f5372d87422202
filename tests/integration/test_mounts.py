# SPDX-License-Identifier: LGPL-2.1-or-later
"""mounts: types, options, order, targets, propagation, id maps."""

import errno
import os
import subprocess

from ocitest import ContainerTest, Report, add_mount, drop_namespace, has_filesystem, host, main, needs
from ocitest import kernel_at_least
from ocitest.case import user_namespaces_work, with_user_namespace

PER_MOUNT = {"ro", "nosuid", "nodev", "noexec", "noatime", "nodiratime", "relatime", "nosymfollow"}


class MountTest(ContainerTest):
    def source(self, name="source", **files):
        """A directory of the host with files in it."""
        path = os.path.join(self.tmp, name)
        os.makedirs(path, exist_ok=True)
        for file, text in files.items():
            with open(os.path.join(path, file), "w", encoding="utf-8") as out:
                out.write(text)
        return path

    def host_tmpfs(self, path, data=None):
        """A tmpfs of the host, which goes when the test ends."""
        os.makedirs(path, exist_ok=True)
        host.mount("tmpfs", path, "tmpfs", 0, data)
        self.addCleanup(host.umount, path)
        return path

    def mounted(self, options, fstype="tmpfs", source="tmpfs", at="/mnt"):
        """The line of mountinfo of one additional mount."""
        config = self.config()
        add_mount(config, at, fstype, source, options)
        return self.report(config).mount(at)


class Options(MountTest):
    """Every word of config.md, seen in mountinfo where the kernel shows it."""

    def check(self, words, present=(), absent=(), super_present=(), super_absent=()):
        mount = self.mounted(words)
        for word in present:
            self.assertIn(word, mount.options, mount)
        for word in absent:
            self.assertNotIn(word, mount.options, mount)
        for word in super_present:
            self.assertIn(word, mount.super_options, mount)
        for word in super_absent:
            self.assertNotIn(word, mount.super_options, mount)

    def check_bind(self, words, present=(), absent=()):
        # Of a /tmp that has flags of its own, a bind mount would keep them.
        mount = self.mounted(["bind", *words], "none", self.host_tmpfs(os.path.join(self.tmp, "source")))
        for word in present:
            self.assertIn(word, mount.options, mount)
        for word in absent:
            self.assertNotIn(word, mount.options, mount)


WORDS = {
    # words: present, absent, present in the superblock, absent there
    "ro": (["ro"], ["ro"], [], [], []),
    "rw": (["ro", "rw"], ["rw"], ["ro"], [], []),
    "rw_then_ro": (["rw", "ro"], ["ro"], ["rw"], [], []),
    "nosuid": (["nosuid"], ["nosuid"], [], [], []),
    "suid": (["nosuid", "suid"], [], ["nosuid"], [], []),
    "nodev": (["nodev"], ["nodev"], [], [], []),
    "dev": (["nodev", "dev"], [], ["nodev"], [], []),
    "noexec": (["noexec"], ["noexec"], [], [], []),
    "exec": (["noexec", "exec"], [], ["noexec"], [], []),
    "noatime": (["noatime"], ["noatime"], ["relatime"], [], []),
    "atime": (["noatime", "atime"], [], ["noatime"], [], []),
    "nodiratime": (["nodiratime"], ["nodiratime"], [], [], []),
    "diratime": (["nodiratime", "diratime"], [], ["nodiratime"], [], []),
    "relatime": (["relatime"], ["relatime"], ["noatime"], [], []),
    "norelatime": (["norelatime"], [], ["noatime"], [], []),
    "strictatime": (["strictatime"], [], ["relatime", "noatime"], [], []),
    "nostrictatime": (["strictatime", "nostrictatime"], ["relatime"], ["noatime"], [], []),
    "nosymfollow": (["nosymfollow"], ["nosymfollow"], [], [], []),
    "symfollow": (["nosymfollow", "symfollow"], [], ["nosymfollow"], [], []),
    "sync": (["sync"], [], [], ["sync"], []),
    "async": (["sync", "async"], [], [], [], ["sync"]),
    "dirsync": (["dirsync"], [], [], ["dirsync"], []),
    "lazytime": (["lazytime"], [], [], ["lazytime"], []),
    "nolazytime": (["lazytime", "nolazytime"], [], [], [], ["lazytime"]),
    "iversion": (["iversion"], [], [], [], []),
    "noiversion": (["iversion", "noiversion"], [], [], [], []),
    "silent": (["silent"], [], [], [], []),
    "loud": (["silent", "loud"], [], [], [], []),
    "mand": (["mand"], [], [], [], []),
    "nomand": (["nomand"], [], [], [], []),
    "defaults": (["defaults"], ["rw"], ["nosuid", "nodev", "noexec"], [], []),
    "several": (["nosuid", "nodev", "noexec", "ro"], ["nosuid", "nodev", "noexec", "ro"], [], [], []),
    "data": (["size=128k", "mode=0700", "nr_inodes=50"], [], [], ["size=128k", "mode=700", "nr_inodes=50"],
             []),
    "data_and_flags": (["nodev", "size=128k"], ["nodev"], [], ["size=128k"], []),
}
for _name, _row in WORDS.items():
    setattr(Options, f"test_{_name}", lambda self, row=_row: self.check(*row))
    if not _row[3] and not _name.startswith("data"):
        setattr(Options, f"test_bind_{_name}", lambda self, row=_row: self.check_bind(*row[:3]))


class Effects(MountTest):
    """Whether an option does what it says, not only shows."""

    def test_ro(self):
        config = self.config()
        add_mount(config, "/mnt", "tmpfs", "tmpfs", ["ro"])
        self.assertErrno(self.act("write", "/mnt/x", config=config)[0], errno.EROFS)

    def test_ro_bind_of_a_file(self):
        config = self.config()
        source = self.source(file="text")
        add_mount(config, "/etc/file", "none", source + "/file", ["bind", "ro"])
        lines = self.act("read", "/etc/file", "--", "write", "/etc/file", "x", config=config)
        self.assertEqual(lines[0]["text"], "text")
        self.assertErrno(lines[1], errno.EROFS)

    def test_noexec(self):
        source = self.source()
        config = self.config()
        add_mount(config, "/mnt", "none", source, ["bind", "noexec"])
        config["process"]["args"] = ["/probe", "exec", "/mnt/probe", "say", "x"]
        container = self.container(config)
        os.link(container.bundle.file("/probe"), os.path.join(source, "probe"))
        self.assertErrno(self.assertOk(container.run()).lines()[0], errno.EACCES)

    def test_nodev(self):
        config = self.config()
        config["process"]["capabilities"] = {k: ["CAP_MKNOD"] for k in ("bounding", "effective", "permitted")}
        config["linux"]["resources"]["devices"].append({"allow": True, "access": "rwm"})
        add_mount(config, "/mnt", "tmpfs", "tmpfs", ["nodev"])
        line = self.act("open-mknod", "/mnt/null", "c", "1", "3", config=config)[0]
        self.assertEqual((line["mknod"], line["open"]), (0, errno.EACCES))

    def test_nosymfollow(self):
        config = self.config()
        add_mount(config, "/mnt", "tmpfs", "tmpfs", ["nosymfollow"])
        lines = self.act("symlink", "/probe", "/mnt/link", "--", "open", "/mnt/link", config=config)
        self.assertErrno(lines[1], errno.ELOOP)

    def test_size(self):
        config = self.config()
        add_mount(config, "/mnt", "tmpfs", "tmpfs", ["size=64k"])
        self.assertEqual(self.act("statfs", "/mnt", config=config)[0]["bytes"], 65536)

    def test_mode_uid_gid(self):
        config = self.config()
        add_mount(config, "/mnt", "tmpfs", "tmpfs", ["mode=0710", "uid=12", "gid=34"])
        line = self.act("stat", "/mnt", config=config)[0]
        self.assertEqual((line["mode"], line["uid"], line["gid"]), (0o710, 12, 34))


class Types(MountTest):
    def check_type(self, fstype, options=()):
        mount = self.mounted(options, fstype, fstype)
        self.assertEqual(mount.fstype, fstype)

    def test_proc_shows_the_pid_namespace(self):
        lines = self.act("list", "/proc")
        self.assertEqual([n for n in lines[0]["names"] if n.isdigit()], ["1"])

    def test_proc_with_options(self):
        config = self.config()
        config["mounts"][0]["options"] = ["nosuid", "noexec", "nodev", "hidepid=2"]
        mount = self.report(config).mount("/proc")
        self.assertTrue({"nosuid", "noexec", "nodev"} <= mount.options)
        self.assertTrue({"hidepid=invisible", "hidepid=2"} & mount.super_options)

    def test_sysfs(self):
        lines = self.act("list", "/sys/class/net")
        self.assertEqual(set(lines[0]["names"]) - {"ifb0", "ifb1", "sit0", "tunl0", "gre0",
                                                   "bonding_masters"}, {"lo"})

    def test_devpts_is_a_new_instance(self):
        lines = self.act("list", "/dev/pts", "--", "ptmx")
        self.assertEqual(lines[0]["names"], ["ptmx"])
        self.assertEqual((lines[1]["errno"], lines[1]["number"], lines[1]["gid"]), (0, 0, 5))

    def test_mqueue(self):
        self.assertEqual(self.report().mount("/dev/mqueue").fstype, "mqueue")

    def test_default_mounts_in_order(self):
        points = [m.point for m in self.report().mounts]
        wanted = ["/", "/proc", "/dev", "/dev/pts", "/dev/shm", "/dev/mqueue", "/sys"]
        self.assertEqual([p for p in points if p in wanted], wanted)

    @needs(has_filesystem("overlay"), "overlayfs")
    def test_overlay(self):
        lower, upper, work = self.source("lower", file="lower"), self.source("upper"), self.source("work")
        config = self.config()
        add_mount(config, "/mnt", "overlay", "overlay",
                  [f"lowerdir={lower}", f"upperdir={upper}", f"workdir={work}"])
        lines = self.act("read", "/mnt/file", "--", "write", "/mnt/new", "text", config=config)
        self.assertEqual(lines[0]["text"], "lower")
        self.assertErrno(lines[1], 0)
        self.assertTrue(os.path.exists(os.path.join(upper, "new")))

    @needs(has_filesystem("overlay"), "overlayfs")
    def test_overlay_with_a_long_list_of_layers(self):
        """More than the 255 bytes that a string of fsconfig may have."""
        layers = [self.source(f"layer-with-a-long-name-{i:040}", **{f"f{i}": "x"}) for i in range(8)]
        config = self.config()
        add_mount(config, "/mnt", "overlay", "overlay", ["lowerdir=" + ":".join(layers)])
        lines = self.act("list", "/mnt", config=config)
        self.assertEqual(sorted(lines[0]["names"]), [f"f{i}" for i in range(8)])

    def test_source_may_be_any_word(self):
        self.assertEqual(self.mounted([], "tmpfs", "any word").source, "any word")

    def test_absent_source(self):
        config = self.config()
        add_mount(config, "/mnt", "tmpfs")
        self.assertEqual(self.report(config).mount("/mnt").fstype, "tmpfs")

    def test_unknown_type(self):
        config = self.config()
        add_mount(config, "/mnt", "nosuchfs", "none")
        self.refuse(config, "mounts[6]", "nosuchfs", "no such device")

    def test_bad_data(self):
        config = self.config()
        add_mount(config, "/mnt", "tmpfs", "tmpfs", ["size=many"])
        self.refuse(config, "mounts[6]", "/mnt", "size")

    def test_unknown_option_of_the_filesystem(self):
        config = self.config()
        add_mount(config, "/mnt", "tmpfs", "tmpfs", ["nosuchoption"])
        self.refuse(config, "mounts[6]", "nosuchoption")

    def test_no_mounts_at_all(self):
        config = self.config("say", "x")
        del config["mounts"]
        del config["linux"]["maskedPaths"], config["linux"]["readonlyPaths"]
        self.assertOk(self.container(config).run())

    def test_relative_destination(self):
        config = self.config()
        add_mount(config, "mnt", "tmpfs", "tmpfs", ["size=64k"])
        self.assertIn("size=64k", self.report(config).mount("/mnt").super_options)

    def test_later_mounts_cover_earlier_ones(self):
        config = self.config()
        add_mount(config, "/mnt", "tmpfs", "first", ["size=64k"])
        add_mount(config, "/mnt", "tmpfs", "second", ["size=128k"])
        report = self.report(config)
        self.assertEqual([m.source for m in report.mounts if m.point == "/mnt"], ["first", "second"])
        lines = self.act("statfs", "/mnt", config=config)
        self.assertEqual(lines[0]["bytes"], 131072)

    def test_a_mount_below_a_mount(self):
        config = self.config()
        add_mount(config, "/mnt", "tmpfs", "outer")
        add_mount(config, "/mnt/a/b", "tmpfs", "inner")
        self.assertEqual(self.report(config).mount("/mnt/a/b").source, "inner")

    def test_many_mounts(self):
        config = self.config()
        for i in range(200):
            add_mount(config, f"/mnt/{i}", "tmpfs", f"number {i}", ["size=4k"])
        points = {m.point for m in self.report(config).mounts}
        self.assertTrue({f"/mnt/{i}" for i in range(200)} <= points)

    def test_on_the_root_is_refused_or_works(self):
        config = self.config()
        add_mount(config, "/", "tmpfs", "tmpfs")
        container = self.container(config)
        self.assertIn(container.run().rc, (0, 1))


for _type in ("tmpfs", "proc", "sysfs", "mqueue", "devpts", "ramfs", "hugetlbfs"):
    if has_filesystem(_type):
        setattr(Types, f"test_type_{_type}", lambda self, fstype=_type: self.check_type(fstype))


class Targets(MountTest):
    """Where a mount lands."""

    def mount_and_list(self, config, *words):
        config["process"]["args"] = ["/probe", *words]
        container = self.container(config)
        return container, lambda: self.assertOk(container.run()).lines()

    def test_missing_directories_are_made(self):
        config = self.config()
        add_mount(config, "/new/directory/here", "tmpfs", "tmpfs")
        lines = self.act("stat", "/new/directory", "--", "report", config=config)
        self.assertEqual((lines[0]["type"], lines[0]["uid"], lines[0]["mode"]), (4, 0, 0o755))

    def test_missing_file_is_made(self):
        config = self.config()
        add_mount(config, "/new/file", "none", self.source(file="text") + "/file", ["bind"])
        self.assertEqual(self.act("read", "/new/file", config=config)[0]["text"], "text")

    def test_a_socket_as_source(self):
        import socket
        path = os.path.join(self.tmp, "socket")
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(path)
            server.listen()
            config = self.config()
            add_mount(config, "/run/socket", "none", path, ["bind"])
            self.assertErrno(self.act("connect", "/run/socket", config=config)[0], 0)

    def test_symlink_in_target_stays_inside(self):
        config = self.config()
        add_mount(config, "/link/below", "tmpfs", "tmpfs", ["size=64k"])
        container, run = self.mount_and_list(config, "report")
        tree = self.host_tree()
        os.symlink(tree.path, container.bundle.file("/link"))
        report = Report(run()[0])
        self.assertEqual(report.mount(tree.path + "/below").fstype, "tmpfs")
        self.assertEqual(tree.changes(), [])

    def test_symlink_with_dots_stays_inside(self):
        config = self.config()
        add_mount(config, "/link/below", "tmpfs", "tmpfs", ["size=64k"])
        container, run = self.mount_and_list(config, "report")
        os.symlink("../../../../../mnt", container.bundle.file("/link"))
        self.assertEqual(Report(run()[0]).mount("/mnt/below").fstype, "tmpfs")

    def test_symlink_as_last_part(self):
        config = self.config()
        add_mount(config, "/link", "tmpfs", "tmpfs", ["size=64k"])
        container, run = self.mount_and_list(config, "report")
        os.symlink("/mnt", container.bundle.file("/link"))
        self.assertEqual(Report(run()[0]).mount("/mnt").fstype, "tmpfs")

    def test_dangling_symlink_as_target(self):
        """Its target is made, inside."""
        config = self.config()
        add_mount(config, "/link", "tmpfs", "tmpfs", ["size=64k"])
        container, run = self.mount_and_list(config, "report")
        os.symlink("/not/there/yet", container.bundle.file("/link"))
        tree = self.host_tree()
        result = container.run()
        if result.rc == 0:
            self.assertEqual(Report(result.lines()[0]).mount("/not/there/yet").fstype, "tmpfs")
        else:
            self.assertRefused(result, "/link")
        self.assertEqual(tree.changes(), [])
        self.assertFalse(os.path.exists("/not"))

    def test_dots_in_target_stay_inside(self):
        config = self.config()
        add_mount(config, "/mnt/../../../mnt/x", "tmpfs", "tmpfs", ["size=64k"])
        self.assertEqual(self.report(config).mount("/mnt/x").fstype, "tmpfs")

    def test_proc_on_a_symlink_is_refused(self):
        """/proc that leads elsewhere would let an image choose which procfs the runtime writes to."""
        config = self.config()
        container = self.container(config)
        os.rmdir(container.bundle.file("/proc"))
        os.symlink("/mnt", container.bundle.file("/proc"))
        result = container.run()
        self.assertNotEqual(result.rc, 0, str(result))
        self.assertIn("/proc", result.err)

    def test_loop_of_symlinks(self):
        config = self.config()
        add_mount(config, "/loop/x", "tmpfs", "tmpfs")
        container = self.container(config)
        os.symlink("/loop", container.bundle.file("/loop"))
        self.assertRefused(container.run(), "/loop/x", "symbolic links")

    def test_directory_on_file(self):
        config = self.config()
        add_mount(config, "/etc/file", "tmpfs", "tmpfs")
        container = self.container(config)
        container.bundle.put("/etc/file")
        self.assertRefused(container.run(), "/etc/file", "not a directory")

    def test_file_on_directory(self):
        config = self.config()
        add_mount(config, "/mnt", "none", self.source(file="x") + "/file", ["bind"])
        container = self.container(config)
        self.assertRefused(container.run(), "/mnt")

    def test_a_name_with_odd_characters(self):
        config = self.config()
        add_mount(config, "/mnt/a b\\c\td,e", "tmpfs", "tmpfs", ["size=64k"])
        self.assertEqual(self.report(config).mount("/mnt/a b\\c\td,e").fstype, "tmpfs")


class Bind(MountTest):
    def test_directory(self):
        config = self.config()
        add_mount(config, "/mnt", "none", self.source(file="text"), ["bind"])
        lines = self.act("read", "/mnt/file", "--", "write", "/mnt/new", "x", config=config)
        self.assertEqual(lines[0]["text"], "text")
        self.assertTrue(os.path.exists(os.path.join(self.tmp, "source/new")))

    def test_type_is_ignored(self):
        for fstype in ("bind", "none", "tmpfs", None):
            with self.subTest(type=fstype):
                config = self.config()
                add_mount(config, "/mnt", fstype, self.source(file="text"), ["bind"])
                self.assertEqual(self.act("read", "/mnt/file", config=config)[0]["text"], "text")

    def test_relative_source_is_in_the_bundle(self):
        config = self.config("read", "/mnt/file")
        add_mount(config, "/mnt", "none", "data", ["bind"])
        container = self.container(config)
        os.mkdir(os.path.join(container.bundle.path, "data"))
        with open(os.path.join(container.bundle.path, "data/file"), "w", encoding="ascii") as file:
            file.write("text")
        self.assertEqual(self.assertOk(container.run()).lines()[0]["text"], "text")

    def test_source_is_a_symlink(self):
        config = self.config()
        source = self.source(file="text")
        os.symlink(source, source + ".link")
        add_mount(config, "/mnt", "none", source + ".link", ["bind"])
        self.assertEqual(self.act("read", "/mnt/file", config=config)[0]["text"], "text")

    def nested(self):
        source = self.source()
        self.host_tmpfs(os.path.join(source, "sub"))
        with open(os.path.join(source, "sub/file"), "w", encoding="ascii") as file:
            file.write("below")
        return source

    def test_bind_leaves_mounts_below_out(self):
        config = self.config()
        add_mount(config, "/mnt", "none", self.nested(), ["bind"])
        self.assertErrno(self.act("read", "/mnt/sub/file", config=config)[0], errno.ENOENT)

    def test_rbind_brings_mounts_below(self):
        config = self.config()
        add_mount(config, "/mnt", "none", self.nested(), ["rbind"])
        self.assertEqual(self.act("read", "/mnt/sub/file", config=config)[0]["text"], "below")

    def test_rbind_ro_is_not_recursive(self):
        config = self.config()
        add_mount(config, "/mnt", "none", self.nested(), ["rbind", "ro"])
        lines = self.act("write", "/mnt/x", "--", "write", "/mnt/sub/x", config=config)
        self.assertErrno(lines[0], errno.EROFS)
        self.assertErrno(lines[1], 0)

    def test_source_flags_are_kept(self):
        """A bind mount that asks for nothing has what its source has."""
        source = self.source()
        host.mount("tmpfs", source, "tmpfs", 2 | 8)     # nosuid, noexec
        self.addCleanup(host.umount, source)
        mount = self.mounted(["bind"], "none", source)
        self.assertTrue({"nosuid", "noexec"} <= mount.options, mount)

    def test_source_flags_are_kept_beside_new_ones(self):
        source = self.source()
        host.mount("tmpfs", source, "tmpfs", 2 | 8)
        self.addCleanup(host.umount, source)
        mount = self.mounted(["bind", "nodev"], "none", source)
        self.assertTrue({"nosuid", "nodev"} <= mount.options, mount)

    def test_remount_of_an_earlier_mount(self):
        config = self.config()
        add_mount(config, "/mnt", "none", self.source(), ["bind"])
        add_mount(config, "/mnt", "none", "", ["bind", "remount", "ro", "nosuid"])
        mount = self.report(config).mount("/mnt")
        self.assertTrue({"ro", "nosuid"} <= mount.options)

    def test_missing_source(self):
        config = self.config()
        add_mount(config, "/mnt", "none", "/no/such/source", ["bind"])
        self.refuse(config, "mounts[6]", "/no/such/source", "no such file or directory")

    def test_without_source(self):
        config = self.config()
        add_mount(config, "/mnt", "none", None, ["bind"])
        self.refuse(config, "mounts[6]", "source")

    def test_host_root_as_source(self):
        config = self.config()
        add_mount(config, "/mnt", "none", "/", ["rbind", "ro", "rslave"])
        self.assertErrno(self.act("open", "/mnt/etc/passwd", config=config)[0], 0)

    def test_host_dev_as_source(self):
        config = self.config()
        config["mounts"] = [m for m in config["mounts"] if not m["destination"].startswith("/dev")]
        add_mount(config, "/dev", "none", "/dev", ["rbind"])
        self.assertErrno(self.act("open", "/dev/null", config=config)[0], 0)

    def test_rootfs_directory_as_source(self):
        config = self.config("read", "/mnt/file")
        add_mount(config, "/mnt", "none", "rootfs/etc", ["bind"])
        container = self.container(config)
        container.bundle.put("/etc/file", "text")
        self.assertEqual(self.assertOk(container.run()).lines()[0]["text"], "text")


@needs(kernel_at_least(5, 12), "mount_setattr (Linux 5.12)")
class Recursive(MountTest):
    """rro, rnosuid ...: the whole tree of an rbind, and rrw, rsuid ...: cleared in the whole tree."""

    FLAGS = {"ro": 1, "nosuid": 2, "nodev": 4, "noexec": 8, "noatime": 1024, "nodiratime": 2048,
             "nosymfollow": 256}

    def tree(self, flags=0):
        source = self.source()
        host.mount("tmpfs", source, "tmpfs", flags)
        self.addCleanup(host.umount, source)
        os.mkdir(os.path.join(source, "sub")) if not flags & 1 else None
        if flags & 1:
            return source
        host.mount("tmpfs", os.path.join(source, "sub"), "tmpfs", flags)
        self.addCleanup(host.umount, os.path.join(source, "sub"))
        return source

    def mounts(self, source, *words):
        config = self.config()
        add_mount(config, "/mnt", "none", source, ["rbind", *words])
        report = self.report(config)
        return report.mount("/mnt"), report.mount("/mnt/sub")

    def check_set(self, word, shown):
        for mount in self.mounts(self.tree(), word):
            self.assertIn(shown, mount.options, mount)

    def check_cleared(self, word, shown):
        for mount in self.mounts(self.tree(self.FLAGS[shown]), word):
            self.assertNotIn(shown, mount.options, mount)

    def test_rrw(self):
        source = self.tree()
        for path in (source + "/sub", source):
            subprocess.run(["mount", "-o", "remount,bind,ro", path], check=True)
        for mount in self.mounts(source, "rrw"):
            self.assertIn("rw", mount.options, mount)

    def test_rrelatime(self):
        for mount in self.mounts(self.tree(1024), "rrelatime"):
            self.assertIn("relatime", mount.options, mount)

    def test_rstrictatime(self):
        for mount in self.mounts(self.tree(1024), "rstrictatime"):
            self.assertFalse({"relatime", "noatime"} & mount.options, mount)

    def test_rnorelatime(self):
        self.mounts(self.tree(), "rnorelatime")

    def test_rnostrictatime(self):
        for mount in self.mounts(self.tree(), "rnostrictatime"):
            self.assertNotIn("noatime", mount.options, mount)

    def test_ro_and_rrw_in_order(self):
        top, below = self.mounts(self.tree(), "rro", "rrw")
        self.assertEqual(("rw" in top.options, "rw" in below.options), (True, True))

    def test_rro_on_one_mount(self):
        self.assertIn("ro", self.mounted(["bind", "rro"], "none", self.source()).options)

    def test_effect(self):
        config = self.config()
        add_mount(config, "/mnt", "none", self.tree(), ["rbind", "rro"])
        for line in self.act("write", "/mnt/x", "--", "write", "/mnt/sub/x", config=config):
            self.assertErrno(line, errno.EROFS)


for _word, _shown in {"rro": "ro", "rnosuid": "nosuid", "rnodev": "nodev", "rnoexec": "noexec",
                      "rnoatime": "noatime",
                      "rnodiratime": "nodiratime", "rnosymfollow": "nosymfollow"}.items():
    setattr(Recursive, f"test_{_word}", lambda self, w=_word, s=_shown: self.check_set(w, s))
for _word, _shown in {"rsuid": "nosuid", "rdev": "nodev", "rexec": "noexec", "ratime": "noatime",
                      "rdiratime": "nodiratime", "rsymfollow": "nosymfollow"}.items():
    setattr(Recursive, f"test_{_word}", lambda self, w=_word, s=_shown: self.check_cleared(w, s))


class Propagation(MountTest):
    """Words on a mount change the propagation of that mount; from the host it works with slave and shared."""

    def optional(self, *words, source=None):
        source = source or self.shared_source()
        mount = self.mounted(["rbind", *words], "none", source)
        return {word.split(":")[0] for word in mount.optional}

    def shared_source(self):
        source = self.source()
        self.host_tmpfs(source)
        subprocess.run(["mount", "--make-shared", source], check=True)
        return source

    def test_private(self):
        self.assertEqual(self.optional("private"), set())

    def test_rprivate(self):
        self.assertEqual(self.optional("rprivate"), set())

    def test_slave(self):
        self.assertEqual(self.optional("slave"), {"master"})

    def test_rslave(self):
        self.assertEqual(self.optional("rslave"), {"master"})

    def test_shared(self):
        self.assertIn("shared", self.optional("shared"))

    def test_rshared(self):
        self.assertIn("shared", self.optional("rshared"))

    def test_unbindable(self):
        self.assertEqual(self.optional("unbindable"), {"unbindable"})

    def test_runbindable(self):
        self.assertEqual(self.optional("runbindable"), {"unbindable"})

    def test_shared_tmpfs(self):
        self.assertIn("shared", {w.split(":")[0] for w in self.mounted(["shared"]).optional})

    def test_default_is_private(self):
        self.assertFalse({w.split(":")[0] for w in self.mounted([]).optional} & {"shared"})

    def running_with(self, source, *words):
        config = self.config("wait-file", "/mnt/sub/file", "--", "say", "seen")
        config["linux"]["rootfsPropagation"] = "rslave" if "slave" in words[0] else "shared"
        add_mount(config, "/mnt", "none", source, ["rbind", *words])
        container = self.container(config)
        os.mkdir(os.path.join(source, "sub"))
        self.assertOk(container.create())
        self.assertOk(container.start())
        return container

    def check_arrival(self, *words):
        source = self.shared_source()
        container = self.running_with(source, *words)
        self.host_tmpfs(os.path.join(source, "sub"))
        with open(os.path.join(source, "sub/file"), "w", encoding="ascii"):
            pass
        container.wait_line("say")

    def test_a_mount_of_the_host_arrives_in_a_slave(self):
        self.check_arrival("rslave")

    def test_a_mount_of_the_host_arrives_in_a_shared_one(self):
        self.check_arrival("rshared")

    def mount_inside(self, *words):
        """Whether a mount that the container makes below /mnt/sub is seen by the host."""
        source = self.shared_source()
        os.mkdir(os.path.join(source, "sub"))
        config = self.config("mount", "tmpfs", "/mnt/sub", "tmpfs", "0", "--", "wait-term")
        config["process"]["capabilities"] = {k: ["CAP_SYS_ADMIN"] for k in ("bounding", "effective",
                                                                            "permitted")}
        config["linux"]["rootfsPropagation"] = "shared"
        add_mount(config, "/mnt", "none", source, ["rbind", *words])
        container = self.running(config)
        self.assertErrno(container.wait_line("mount"), 0)
        seen = os.path.ismount(os.path.join(source, "sub"))
        if seen:
            host.umount(os.path.join(source, "sub"))
        return seen

    def test_a_mount_of_the_container_does_not_leave_a_slave(self):
        self.assertFalse(self.mount_inside("rslave"))

    def test_a_mount_of_the_container_leaves_a_shared_one(self):
        self.assertTrue(self.mount_inside("rshared"))

    def test_a_mount_of_the_container_does_not_leave_a_private_one(self):
        self.assertFalse(self.mount_inside("rprivate"))


class Tmpcopyup(MountTest):
    def run_with_files(self, *words, options=("tmpcopyup",)):
        config = self.config(*words)
        add_mount(config, "/etc", "tmpfs", "tmpfs", list(options))
        container = self.container(config)
        container.bundle.put("/etc/file", "text", 0o604)
        container.bundle.put("/etc/directory/below/file", "deep")
        os.chown(container.bundle.file("/etc/file"), 12, 34)
        os.symlink("/away", container.bundle.file("/etc/link"))
        os.chmod(container.bundle.file("/etc/directory"), 0o2750)
        return container, self.assertOk(container.run()).lines()

    def test_contents(self):
        _, lines = self.run_with_files("read", "/etc/file", "--", "read", "/etc/directory/below/file", "--",
                                       "readlink", "/etc/link")
        self.assertEqual([lines[0]["text"], lines[1]["text"], lines[2]["target"]], ["text", "deep", "/away"])

    def test_owner_and_mode(self):
        _, lines = self.run_with_files("stat", "/etc/file", "--", "stat", "/etc/directory")
        self.assertEqual((lines[0]["mode"], lines[0]["uid"], lines[0]["gid"]), (0o604, 12, 34))
        self.assertEqual(lines[1]["mode"], 0o2750)

    def test_original_is_untouched(self):
        container, lines = self.run_with_files("write", "/etc/file", "other", "--", "statfs", "/etc")
        self.assertEqual(container.bundle.get("/etc/file"), "text")
        self.assertEqual(lines[1]["type"], 0x01021994)

    def test_together_with_ro(self):
        _, lines = self.run_with_files("read", "/etc/file", "--", "write", "/etc/new",
                                       options=["tmpcopyup", "ro"])
        self.assertEqual(lines[0]["text"], "text")
        self.assertErrno(lines[1], errno.EROFS)

    def test_only_on_tmpfs(self):
        config = self.config()
        add_mount(config, "/mnt", "none", self.source(), ["bind", "tmpcopyup"])
        self.refuse(config, "tmpcopyup")


@needs(kernel_at_least(5, 12), "id-mapped mounts (Linux 5.12)")
class Idmap(MountTest):
    MAP = [{"containerID": 0, "hostID": 1000, "size": 10}]

    def owned(self, uid, gid):
        source = self.source(file="text")
        os.chown(source, uid, gid)
        os.chown(os.path.join(source, "file"), uid, gid)
        return source

    def seen(self, options, user_namespace=False, maps=None, uid=0):
        config = self.config()
        if user_namespace:
            with_user_namespace(config, 100000, 65536)
        mount = add_mount(config, "/mnt", "none", self.owned(uid, uid), options)
        if maps:
            mount["uidMappings"] = mount["gidMappings"] = maps
        line = self.act("stat", "/mnt/file", config=config)[0]
        return line["uid"], line["gid"]

    @needs(user_namespaces_work(), "user namespaces")
    def test_with_the_map_of_the_container(self):
        self.assertEqual(self.seen(["bind", "idmap"], user_namespace=True, uid=5), (5, 5))

    @needs(user_namespaces_work(), "user namespaces")
    def test_without_it_ids_are_unmapped(self):
        self.assertEqual(self.seen(["bind"], user_namespace=True, uid=5), (65534, 65534))

    def test_with_maps_of_its_own(self):
        maps = [{"containerID": 5, "hostID": 1005, "size": 1}]
        self.assertEqual(self.seen(["bind", "idmap"], maps=maps, uid=5), (1005, 1005))

    def test_maps_alone_are_enough(self):
        maps = [{"containerID": 5, "hostID": 1005, "size": 1}]
        self.assertEqual(self.seen(["bind"], maps=maps, uid=5), (1005, 1005))

    @needs(user_namespaces_work(), "user namespaces")
    def test_new_files_have_the_owner_of_the_source(self):
        config = with_user_namespace(self.config())
        source = self.owned(0, 0)
        add_mount(config, "/mnt", "none", source, ["bind", "idmap"])
        self.assertErrno(self.act("write", "/mnt/new", config=config)[0], 0)
        info = os.stat(os.path.join(source, "new"))
        self.assertEqual((info.st_uid, info.st_gid), (0, 0))

    @needs(user_namespaces_work(), "user namespaces")
    def test_ridmap_is_recursive(self):
        config = with_user_namespace(self.config())
        source = self.source()
        os.mkdir(os.path.join(source, "sub"))
        self.host_tmpfs(os.path.join(source, "sub"))
        add_mount(config, "/mnt", "none", source, ["rbind", "ridmap"])
        lines = self.act("stat", "/mnt", "--", "stat", "/mnt/sub", config=config)
        self.assertEqual([line["uid"] for line in lines], [0, 0])

    @needs(user_namespaces_work(), "user namespaces")
    def test_idmap_is_not_recursive(self):
        config = with_user_namespace(self.config())
        source = self.source()
        os.mkdir(os.path.join(source, "sub"))
        self.host_tmpfs(os.path.join(source, "sub"))
        add_mount(config, "/mnt", "none", source, ["rbind", "idmap"])
        lines = self.act("stat", "/mnt", "--", "stat", "/mnt/sub", config=config)
        self.assertEqual([line["uid"] for line in lines], [0, 65534])

    def test_without_any_map(self):
        config = self.config()
        add_mount(config, "/mnt", "none", self.source(), ["bind", "idmap"])
        self.refuse(config, "mounts[6].options[1]")

    def test_only_one_of_the_two_maps(self):
        config = self.config()
        add_mount(config, "/mnt", "none", self.source(), ["bind", "idmap"], uidMappings=self.MAP)
        self.refuse(config, "mounts[6]", "gidMappings")


class Cgroup(MountTest):
    """A mount of type cgroup, whatever the layout of the host is."""

    def with_cgroup(self, *words, options=("nosuid", "noexec", "nodev", "relatime", "ro"), namespace=True):
        config = self.config(*words)
        if not namespace:
            drop_namespace(config, "cgroup")
        add_mount(config, "/sys/fs/cgroup", "cgroup", "cgroup", options)
        return config

    def test_is_there_and_read_only(self):
        lines = self.act("list", "/sys/fs/cgroup", "--", "mkdir", "/sys/fs/cgroup/new",
                         config=self.with_cgroup())
        self.assertTrue(lines[0]["names"])
        self.assertIn(lines[1]["errno"], (errno.EROFS, errno.EACCES))

    def test_shows_the_container_alone(self):
        """Within a cgroup namespace, the root of what is mounted is the container's own cgroup."""
        report = self.report(self.with_cgroup())
        own = [m for m in report.mounts if m.point.startswith("/sys/fs/cgroup") and m.fstype in ("cgroup",
                                                                                                 "cgroup2")]
        self.assertTrue(own)
        for mount in own:
            self.assertEqual(mount.root, "/", mount)
        self.assertEqual(set(report.cgroups.values()) - {"/"}, set(), report.cgroups)

    def test_without_cgroup_namespace(self):
        config = self.with_cgroup(namespace=False)
        report = self.report(config)
        self.assertTrue([m for m in report.mounts if m.point.startswith("/sys/fs/cgroup")])

    def test_writable(self):
        config = self.with_cgroup(options=["nosuid", "noexec", "nodev"])
        mounts = [m for m in self.report(config).mounts if m.fstype in ("cgroup", "cgroup2")]
        self.assertTrue(all("rw" in m.options for m in mounts), mounts)


class PureCgroup2(Cgroup):
    view = "v2"

    def test_is_cgroup2(self):
        mount = self.report(self.with_cgroup()).mount("/sys/fs/cgroup")
        self.assertEqual((mount.fstype, mount.root), ("cgroup2", "/"))

    def test_mkdir_in_a_writable_one(self):
        config = self.with_cgroup("mkdir", "/sys/fs/cgroup/new", options=["nosuid", "noexec", "nodev"])
        self.assertErrno(self.run_ok(config).result.lines()[0], 0)


if __name__ == "__main__":
    main()
