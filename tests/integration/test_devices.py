# SPDX-License-Identifier: LGPL-2.1-or-later
"""/dev: default devices and symlinks, linux.devices; masked and read-only paths."""

import errno
import os
import stat
import subprocess

from ocitest import ContainerTest, host, main, needs
from ocitest.case import user_namespaces_work, with_user_namespace

DEFAULT = {"null": (1, 3), "zero": (1, 5), "full": (1, 7), "random": (1, 8), "urandom": (1, 9), "tty": (5, 0)}


class Default(ContainerTest):
    def test_devices(self):
        dev = self.report()["dev"]
        for name, (major, minor) in DEFAULT.items():
            got = dev[name]
            self.assertEqual((got["type"], got["major"], got["minor"], got["mode"], got["uid"], got["gid"]),
                             ("c", major, minor, 0o666, 0, 0), name)

    def test_symlinks(self):
        dev = self.report()["dev"]
        wanted = {"fd": "/proc/self/fd", "stdin": "/proc/self/fd/0", "stdout": "/proc/self/fd/1",
                  "stderr": "/proc/self/fd/2"}
        self.assertEqual({name: dev[name].get("target") for name in wanted}, wanted)

    def test_ptmx(self):
        got = self.report()["dev"]["ptmx"]
        if got["type"] == "link":
            self.assertIn(got["target"], ("pts/ptmx", "/dev/pts/ptmx"))
        else:
            self.assertEqual((got["type"], got["major"], got["minor"]), ("c", 5, 2))

    def test_ptmx_works(self):
        self.assertErrno(self.act("ptmx")[0], 0)

    def test_nothing_else(self):
        """Neither the host's devices nor leftovers of making them; console only with a terminal."""
        names = {n for n in self.report()["dev"] if "/" not in n}
        self.assertEqual(names - {"core"},
                         set(DEFAULT) | {"fd", "stdin", "stdout", "stderr", "ptmx", "pts", "shm", "mqueue"})

    def test_they_work(self):
        lines = self.act("write", "/dev/null", "--", "write", "/dev/full", "--", "open", "/dev/zero", "2",
                         "--", "open",
                         "/dev/urandom", "--", "open", "/dev/random", "--", "write", "/dev/zero")
        self.assertEqual([line["errno"] for line in lines], [0, errno.ENOSPC, 0, 0, 0, 0])

    def test_umask_of_the_caller_does_not_matter(self):
        os.umask(0o077)
        self.addCleanup(os.umask, 0o022)
        self.assertEqual(self.report()["dev"]["null"]["mode"], 0o666)

    def test_without_a_mount_on_dev(self):
        """The devices are made in the root filesystem then."""
        config = self.config()
        config["mounts"] = [m for m in config["mounts"] if not m["destination"].startswith("/dev")]
        dev = self.report(config)["dev"]
        for name, (major, minor) in DEFAULT.items():
            self.assertEqual((dev[name]["type"], dev[name]["major"], dev[name]["minor"]), ("c", major, minor),
                             name)

    def test_symlinks_that_are_there_already(self):
        config = self.config()
        config["mounts"] = [m for m in config["mounts"] if not m["destination"].startswith("/dev")]
        container = self.container(config)
        os.symlink("/proc/self/fd", container.bundle.file("/dev/fd"))
        self.assertOk(container.run())

    def test_with_a_read_only_dev(self):
        config = self.config()
        config["mounts"][1]["options"] = ["nosuid", "ro", "mode=755"]
        lines = self.act("stat", "/dev/null", "--", "write", "/dev/new", config=config)
        self.assertEqual((lines[0]["major"], lines[0]["minor"]), (1, 3))
        self.assertErrno(lines[1], errno.EROFS)


class Listed(ContainerTest):
    """linux.devices."""

    def with_devices(self, *devices):
        config = self.config()
        config["linux"]["devices"] = list(devices)
        return config

    def test_all_types(self):
        dev = self.report(self.with_devices(
            {"path": "/dev/c", "type": "c", "major": 1, "minor": 3, "fileMode": 0o640, "uid": 12, "gid": 34},
            {"path": "/dev/u", "type": "u", "major": 1, "minor": 5, "fileMode": 0o600, "uid": 0, "gid": 0},
            {"path": "/dev/b", "type": "b", "major": 254, "minor": 7, "fileMode": 0o660, "uid": 0, "gid": 6},
            {"path": "/dev/p", "type": "p", "fileMode": 0o622, "uid": 1, "gid": 2}))["dev"]
        self.assertEqual(dev["c"], {"type": "c", "mode": 0o640, "uid": 12, "gid": 34, "major": 1, "minor": 3})
        self.assertEqual(dev["u"], {"type": "c", "mode": 0o600, "uid": 0, "gid": 0, "major": 1, "minor": 5})
        self.assertEqual(dev["b"], {"type": "b", "mode": 0o660, "uid": 0, "gid": 6, "major": 254, "minor": 7})
        self.assertEqual(dev["p"], {"type": "p", "mode": 0o622, "uid": 1, "gid": 2})

    def test_default_mode(self):
        dev = self.report(self.with_devices({"path": "/dev/c", "type": "c", "major": 1, "minor": 3}))["dev"]
        self.assertEqual((dev["c"]["mode"], dev["c"]["uid"], dev["c"]["gid"]), (0o666, 0, 0))

    def test_mode_with_type_bits(self):
        """Engines pass st_mode as it is."""
        mode = stat.S_IFCHR | 0o620
        dev = self.report(self.with_devices({"path": "/dev/c", "type": "c", "major": 1, "minor": 3,
                                             "fileMode": mode}))
        self.assertEqual(dev["dev"]["c"]["mode"], 0o620)

    def test_umask_does_not_matter(self):
        os.umask(0o077)
        self.addCleanup(os.umask, 0o022)
        dev = self.report(self.with_devices({"path": "/dev/c", "type": "c", "major": 1, "minor": 3,
                                             "fileMode": 0o666}))
        self.assertEqual(dev["dev"]["c"]["mode"], 0o666)

    def test_elsewhere_than_dev(self):
        config = self.with_devices({"path": "/new/place/c", "type": "c", "major": 1, "minor": 3})
        line = self.act("stat", "/new/place/c", config=config)[0]
        self.assertEqual((line["type"], line["major"], line["minor"]), (2, 1, 3))

    def test_in_a_new_directory_of_dev(self):
        config = self.with_devices({"path": "/dev/net/tun", "type": "c", "major": 10, "minor": 200})
        line = self.act("stat", "/dev/net/tun", config=config)[0]
        self.assertEqual((line["major"], line["minor"]), (10, 200))

    def test_great_numbers(self):
        config = self.with_devices({"path": "/dev/c", "type": "c", "major": 4095, "minor": 1048575})
        got = self.report(config)["dev"]["c"]
        self.assertEqual((got["major"], got["minor"]), (4095, 1048575))

    def test_a_default_one_may_be_listed(self):
        config = self.with_devices({"path": "/dev/null", "type": "c", "major": 1, "minor": 3,
                                    "fileMode": 0o600})
        got = self.report(config)["dev"]["null"]
        self.assertEqual((got["major"], got["minor"], got["mode"]), (1, 3, 0o600))

    def existing(self, make, device):
        config = self.with_devices(device)
        config["mounts"] = [m for m in config["mounts"] if not m["destination"].startswith("/dev")]
        container = self.container(config)
        make(container.bundle.file(device["path"]))
        return container

    def test_the_same_exists(self):
        container = self.existing(lambda path: os.mknod(path, stat.S_IFCHR | 0o600, os.makedev(1, 5)),
                                  {"path": "/dev/new", "type": "c", "major": 1, "minor": 5})
        self.assertOk(container.run())

    def test_another_exists(self):
        container = self.existing(lambda path: os.mknod(path, stat.S_IFCHR | 0o600, os.makedev(1, 5)),
                                  {"path": "/dev/new", "type": "c", "major": 1, "minor": 3})
        self.assertRefused(container.create(), "/dev/new")

    def test_a_file_exists(self):
        container = self.existing(lambda path: open(path, "w", encoding="ascii").close(),
                                  {"path": "/dev/new", "type": "c", "major": 1, "minor": 3})
        self.assertRefused(container.create(), "/dev/new")

    def test_a_symlink_exists(self):
        """It is not followed out of the root, and no device appears at its end on the host."""
        tree = self.host_tree()
        container = self.existing(lambda path: os.symlink(tree.path + "/new", path),
                                  {"path": "/dev/new", "type": "c", "major": 1, "minor": 3})
        container.create()
        self.assertEqual(tree.changes(), [])

    def test_type_a_is_refused(self):
        self.refuse(self.with_devices({"path": "/dev/a", "type": "a", "major": 1, "minor": 3}),
                    "linux.devices[0].type")

    def test_numbers_are_needed(self):
        self.refuse(self.with_devices({"path": "/dev/c", "type": "c"}), "linux.devices[0]", "major")

    def test_relative_path_is_refused(self):
        self.refuse(self.with_devices({"path": "dev/c", "type": "c", "major": 1, "minor": 3}),
                    "linux.devices[0].path")

    @needs(user_namespaces_work(), "user namespaces")
    def test_with_user_namespace(self):
        """mknod is not possible there, so the node is a mount of the host's."""
        config = with_user_namespace(self.with_devices({"path": "/dev/zero2", "type": "c", "major": 1,
                                                        "minor": 5}))
        container = self.container(config)
        result = container.run()
        if result.rc == 0:
            got = result.lines()[0]["dev"]["zero2"]
            self.assertEqual((got["type"], got["major"], got["minor"]), ("c", 1, 5))
        else:
            self.assertRefused(result, "/dev/zero2")


class Masked(ContainerTest):
    def config_with(self, *paths, words=()):
        config = self.config(*words)
        config["linux"]["maskedPaths"] = list(paths)
        return config

    def test_file(self):
        container = self.container(self.config_with("/etc/secret",
                                                    words=["read", "/etc/secret", "--", "stat",
                                                           "/etc/secret"]))
        container.bundle.put("/etc/secret", "secret")
        lines = self.assertOk(container.run()).lines()
        self.assertEqual(lines[0].get("text", ""), "")
        self.assertEqual((lines[1]["type"], lines[1]["major"], lines[1]["minor"]), (2, 1, 3))

    def test_directory(self):
        container = self.container(self.config_with("/etc/secret",
                                                    words=["list", "/etc/secret", "--", "write",
                                                           "/etc/secret/x"]))
        container.bundle.put("/etc/secret/file", "secret")
        lines = self.assertOk(container.run()).lines()
        self.assertEqual(lines[0]["names"], [])
        self.assertErrno(lines[1], errno.EROFS)

    def test_file_is_not_writable_through(self):
        container = self.container(self.config_with("/etc/secret", words=["write", "/etc/secret", "x"]))
        container.bundle.put("/etc/secret", "secret")
        self.assertOk(container.run())
        self.assertEqual(container.bundle.get("/etc/secret"), "secret")

    def test_missing_path_is_passed_over(self):
        self.assertOk(self.container(self.config_with("/no/such/path")).run())

    def test_many_directories(self):
        words = ["list", "/etc/d3", "--", "list", "/etc/d40"]
        container = self.container(self.config_with(*[f"/etc/d{i}" for i in range(50)], words=words))
        for i in range(50):
            container.bundle.put(f"/etc/d{i}/file", "secret")
        for line in self.assertOk(container.run()).lines():
            self.assertEqual(line["names"], [])

    def test_file_of_proc(self):
        config = self.config_with("/proc/version", words=["read", "/proc/version"])
        self.assertEqual(self.run_ok(config).result.lines()[0]["text"], "")

    def test_sys_firmware(self):
        self.assertEqual(self.act("list", "/sys/firmware")[0]["names"], [])

    def test_cannot_be_unmounted(self):
        container = self.container(self.config_with("/etc/secret", words=["umount", "/etc/secret"]))
        container.bundle.put("/etc/secret", "secret")
        self.assertErrno(self.assertOk(container.run()).lines()[0], errno.EPERM)

    def test_symlink_stays_inside(self):
        tree = self.host_tree()
        container = self.container(self.config_with("/etc/link"))
        os.symlink(tree.path, container.bundle.file("/etc/link"))
        container.run()
        self.assertEqual(tree.changes(), [])
        self.assertEqual(os.listdir(tree.path + "/directory/below"), ["file"])

    def test_relative_is_refused(self):
        self.refuse(self.config_with("etc/secret"), "maskedPaths", "absolute")

    def test_readonly_root(self):
        config = self.config_with("/etc/secret", words=["list", "/etc/secret"])
        config["root"]["readonly"] = True
        container = self.container(config)
        container.bundle.put("/etc/secret/file", "secret")
        self.assertEqual(self.assertOk(container.run()).lines()[0]["names"], [])

    @needs(user_namespaces_work(), "user namespaces")
    def test_with_user_namespace(self):
        config = with_user_namespace(self.config_with("/etc/secret", "/proc/kcore",
                                                      words=["list", "/etc/secret"]))
        container = self.container(config)
        container.bundle.put("/etc/secret/file", "secret")
        self.assertEqual(self.assertOk(container.run()).lines()[0]["names"], [])

    def test_empty_list(self):
        self.assertOk(self.container(self.config_with()).run())


class Readonly(ContainerTest):
    def config_with(self, *paths, words=()):
        config = self.config(*words)
        config["linux"]["readonlyPaths"] = list(paths)
        return config

    def test_file(self):
        container = self.container(self.config_with("/etc/file",
                                                    words=["write", "/etc/file", "x", "--", "read",
                                                           "/etc/file"]))
        container.bundle.put("/etc/file", "text")
        lines = self.assertOk(container.run()).lines()
        self.assertErrno(lines[0], errno.EROFS)
        self.assertEqual(lines[1]["text"], "text")

    def test_directory(self):
        container = self.container(self.config_with("/etc/dir",
                                                    words=["write", "/etc/dir/new", "--", "write",
                                                           "/etc/dir/file"]))
        container.bundle.put("/etc/dir/file", "text")
        for line in self.assertOk(container.run()).lines():
            self.assertErrno(line, errno.EROFS)

    def test_proc_sys(self):
        line = self.act("write", "/proc/sys/kernel/hostname", "x")[0]
        self.assertErrno(line, errno.EROFS)

    def test_missing_path_is_passed_over(self):
        self.assertOk(self.container(self.config_with("/no/such/path")).run())

    def test_flags_of_the_mount_are_kept(self):
        report = self.report()
        if "nosuid" in report.mount("/proc").options:
            self.assertIn("nosuid", report.mount("/proc/sys").options)
        config = self.config_with("/dev/shm/x", "/dev/shm")
        self.assertTrue({"ro", "nosuid", "nodev", "noexec"} <= self.report(config).mount("/dev/shm").options)

    def test_mounts_below_are_there_still(self):
        config = self.config_with("/mnt", words=["read", "/mnt/sub/file"])
        source = os.path.join(self.tmp, "source")
        os.mkdir(source)
        with open(source + "/file", "w", encoding="ascii") as file:
            file.write("text")
        config["mounts"].append({"destination": "/mnt/sub", "type": "none", "source": source,
                                 "options": ["bind"]})
        self.assertEqual(self.run_ok(config).result.lines()[0]["text"], "text")

    def test_relative_is_refused(self):
        self.refuse(self.config_with("etc"), "readonlyPaths", "absolute")

    @needs(user_namespaces_work(), "user namespaces")
    def test_with_user_namespace_keeps_locked_flags(self):
        source = os.path.join(self.tmp, "source")
        os.mkdir(source)
        subprocess.run(["mount", "-t", "tmpfs", "-o", "nosuid,nodev,noexec,noatime", "tmpfs", source],
                       check=True)
        self.addCleanup(host.umount, source)
        config = with_user_namespace(self.config_with("/mnt", words=["write", "/mnt/x"]))
        config["mounts"].append({"destination": "/mnt", "type": "none", "source": source,
                                 "options": ["bind"]})
        self.assertErrno(self.run_ok(config).result.lines()[0], errno.EROFS)


if __name__ == "__main__":
    main()
