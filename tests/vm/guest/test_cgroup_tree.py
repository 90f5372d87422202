#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The tree of cgroups: threaded parents, what others made, a container in a container, mount options of the file system."""

import os

from ocitest import add_mount, drop_namespace, host, leaks, main

from guesthost import CGROUP, GuestTest, SystemdTest, call, read

MIB = 1 << 20
HOST_DIRECTORIES = ("usr", "bin", "sbin", "lib", "lib64", "build")


def write(path, name, text):
    with open(f"{CGROUP}{path}/{name}", "w", encoding="ascii") as file:
        file.write(text)


class TreeTest(GuestTest):
    def made(self, name):
        """A cgroup of the test's own, and of the container's config the path below it."""
        path = f"/ocirt-tree-{os.getpid()}/{name}"
        os.makedirs(CGROUP + path)
        self.addCleanup(os.removedirs, CGROUP + path)
        return path

    def below(self, path, resources=None, *words):
        config = self.limited(resources or {}, *words)
        config["linux"]["cgroupsPath"] = f"{path}/c"
        return config


class Threaded(TreeTest):
    """A parent whose children may only have controllers of threads."""

    def threaded(self):
        path = self.made("threaded")
        write(path, "cgroup.type", "threaded")
        return path

    def test_limits_of_threads(self):
        path = self.threaded()
        write(os.path.dirname(path), "cgroup.subtree_control", "+pids +cpu")
        container = self.running(self.below(path, {"pids": {"limit": 20}, "cpu": {"shares": 512}}))
        self.assertEqual(read(f"{path}/c", "cgroup.type"), "threaded")
        self.assertEqual(self.cgroup(container), f"{path}/c")
        self.assertEqual(read(f"{path}/c", "pids.max"), "20")
        self.assertOk(container.exec("ID", "/probe", "say", "x"))
        self.assertOk(container.delete("--force"))
        self.assertFalse(os.path.exists(f"{CGROUP}{path}/c"))

    def test_cgroups_between_that_are_new(self):
        path = self.threaded()
        container = self.running(self.below(f"{path}/one/two"))
        self.assertEqual(self.cgroup(container), f"{path}/one/two/c")
        self.assertOk(container.delete("--force"))
        self.assertFalse(os.path.exists(f"{CGROUP}{path}/one"))

    def test_all_processes_are_found(self):
        """A threaded cgroup does not list its processes, and has no cgroup.kill."""
        config = self.below(self.threaded(), None, "spawn", "2", "--", "wait-term")
        drop_namespace(config, "pid")
        container = self.running(config)
        container.wait_line("spawn")
        pids = self.assertOk(self.runtime("ps", "--format", "json", container.id)).json()
        self.assertEqual(len(pids), 3, pids)
        self.assertOk(container.delete("--force"))
        leaks.reap()
        self.assertEqual([pid for pid in pids if os.path.exists(f"/proc/{pid}")], [])

    def test_no_limits(self):
        container = self.running(self.below(self.threaded()))
        self.assertOk(container.exec("ID", "/probe", "say", "x"))

    def test_a_limit_of_memory_is_refused(self):
        self.refuse(self.below(self.threaded(), {"memory": {"limit": 64 * MIB}}), "memory.limit", "not supported")


class Tree(TreeTest):
    def test_parents_are_made_and_removed(self):
        path = self.made("deep")
        config = self.below(f"{path}/one/two/three", {"memory": {"limit": 64 * MIB}, "pids": {"limit": 30}})
        container = self.running(config)
        self.assertEqual(read(f"{path}/one/two/three/c", "memory.max"), str(64 * MIB))
        self.assertOk(container.delete("--force"))
        self.assertEqual([e.name for e in os.scandir(CGROUP + path) if e.is_dir()], [])

    def test_a_parent_with_processes(self):
        """v2 gives controllers to nobody below a cgroup that has processes."""
        path = self.made("busy")
        pid = os.fork()
        if pid == 0:
            write(path, "cgroup.procs", "0")
            os.execvp("sleep", ["sleep", "1000"])
        self.addCleanup(os.waitpid, pid, 0)
        self.addCleanup(os.kill, pid, 9)
        self.wait_for(lambda: read(path, "cgroup.procs"), "the process")
        self.refuse(self.below(path, {"memory": {"limit": 64 * MIB}}), f"in {path}", "device or resource busy")

    def test_limits_of_the_tree(self):
        path = self.made("shallow")
        write(path, "cgroup.max.descendants", "0")
        self.refuse(self.below(path), "make the cgroup", f"{path}/c")

    def test_cgroups_of_the_container_go_with_it(self):
        config = self.below(self.made("inner"), None, "wait-term")
        config["mounts"] = [m for m in config["mounts"] if m["destination"] != "/sys"]
        add_mount(config, "/sys/fs/cgroup", "cgroup", "cgroup", ["rw", "nosuid", "noexec", "nodev"])
        container = self.running(config)
        path = self.cgroup(container)
        self.assertErrno(self.assertOk(container.exec("ID", "/probe", "mkdir", "/sys/fs/cgroup/sub")).lines()[0], 0)
        os.makedirs(f"{CGROUP}{path}/sub/deeper")
        self.assertOk(container.delete("--force"))
        self.assertFalse(os.path.exists(CGROUP + path))

    def test_favordynmods(self):
        """An option of the file system that makes changes of cgroups fast and forks slow."""
        self.assertEqual(call("mount", "-o", "remount,favordynmods", CGROUP)[0], 0)
        self.addCleanup(call, "mount", "-o", "remount,nofavordynmods", CGROUP)
        container = self.running(self.limited({"memory": {"limit": 64 * MIB}}))
        self.assertOk(container.exec("ID", "/probe", "say", "x"))
        self.assertOk(self.runtime("pause", container.id))
        self.assertOk(self.runtime("resume", container.id))
        self.assertOk(container.delete("--force"))
        with open("/proc/self/mountinfo", encoding="utf-8") as file:
            self.assertRegex(file.read(), r"(?m)- cgroup2 .*\bfavordynmods\b")


class InAContainer:
    """ocirt in a container of ocirt that has the host's programs."""

    def outer(self, script):
        config = self.config("wait-term")
        config["process"]["args"] = ["/bin/sh", "-euc", script]
        config["process"]["noNewPrivileges"] = False
        for kind in ("bounding", "effective", "permitted"):
            config["process"]["capabilities"][kind] = host.CAPABILITIES[:]
        config["linux"].update(maskedPaths=[], readonlyPaths=[])
        config["linux"]["resources"] = {"devices": [{"allow": True, "access": "rwm"}], "memory": {"limit": 256 * MIB}}
        add_mount(config, "/sys/fs/cgroup", "cgroup", "cgroup", ["rw", "nosuid", "noexec", "nodev"])
        add_mount(config, "/run", "tmpfs", "tmpfs", ["nosuid", "nodev", "mode=755"])
        for name in HOST_DIRECTORIES:
            add_mount(config, f"/{name}", "bind", f"/{name}", ["rbind", "ro"])
        inner = self.bundle(self.inner_config())
        add_mount(config, "/inner", "bind", inner.path, ["bind"])
        made = self.bundle(config)
        return self.container(made=made)

    def inner_config(self):
        config = super().config("read", "/proc/self/cgroup")
        config["linux"]["cgroupsPath"] = "/inner"
        config["linux"]["resources"] = {"memory": {"limit": 32 * MIB}, "pids": {"limit": 10}, "devices": [
            {"allow": False, "access": "rwm"}]}
        return config

    def test_run(self):
        result = self.outer("mkdir /sys/fs/cgroup/self; echo 0 >/sys/fs/cgroup/self/cgroup.procs\n"
                            f"{self.runtime.path} run --bundle /inner x; echo left: $(ls -d /sys/fs/cgroup/inner 2>&1)").run()
        self.assertOk(result)
        self.assertEqual(result.lines()[0]["text"], "0::/\n")
        self.assertIn("No such file", result.out)

    def test_life(self):
        result = self.outer("mkdir /sys/fs/cgroup/self; echo 0 >/sys/fs/cgroup/self/cgroup.procs\n"
                            "sed -i 's/\"read\"/\"wait-file\"/; s,/proc/self/cgroup,/none,' /inner/config.json\n"
                            f"o={self.runtime.path}; $o create --bundle /inner x; $o start x\n"
                            "cat /sys/fs/cgroup/inner/memory.max /sys/fs/cgroup/inner/pids.max\n"
                            "$o exec x /probe say hello; $o pause x; $o resume x; $o delete --force x").run()
        self.assertOk(result)
        self.assertEqual(result.out.splitlines()[:2], [str(32 * MIB), "10"])
        self.assertIn("hello", result.out)

    def test_without_moving_away(self):
        """The outer container's own processes are in the way: the error says so."""
        result = self.outer(f"exec {self.runtime.path} run --bundle /inner x").run()
        self.assertEqual(result.rc, 1, str(result))
        self.assertIn("enable the cgroup controllers", result.err)
        self.assertIn("Device or resource busy", result.err)


class InAContainerOfCgroupfs(InAContainer, GuestTest):
    pass


class InAContainerOfSystemd(InAContainer, SystemdTest):
    pass


del InAContainer


class Rootless(GuestTest):
    """--rootless: what only root may do in cgroups is done, or left, or decided by who calls."""

    def without_rights(self, *words):
        """The runtime where cgroups can't be written."""
        container = self.container(self.config("say", "x"))
        argv = self.runtime.argv("run", "--bundle", container.bundle.path, container.id)
        return call("unshare", "-m", "--propagation", "private", "sh", "-c",
                    f'mount -o remount,bind,ro {CGROUP} && exec "$@"', "sh", argv[0], *words, *argv[1:])

    def test_true(self):
        status, text = self.without_rights("--rootless", "true")
        self.assertEqual(status, 0, text)

    def test_false_and_auto(self):
        for words in (["--rootless", "false"], ["--rootless", "auto"], []):
            status, text = self.without_rights(*words)
            self.assertEqual(status, 1, text)
            self.assertIn("Read-only file system", text)


if __name__ == "__main__":
    main()
