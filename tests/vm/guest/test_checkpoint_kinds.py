#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Checkpoint and restore of containers with what is easily lost: rights, filters, devices, mounts, joined namespaces.

And restore into another id and bundle.  The options of CRIU: test_checkpoint_options.py.
"""

import os
import shutil
import subprocess

from ocitest import bundle, main
from ocitest.case import with_user_namespace

from checkpoints import MIB, Checkpoints
from guesthost import GuestTest, read

STATUS = ("Uid", "Gid", "Groups", "CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb", "NoNewPrivs", "Seccomp", "Seccomp_filters",
          "Umask")


def process(pid):
    """What the kernel tells of a process's rights."""
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        found = {key: value.strip() for key, value in (line.split(":", 1) for line in file) if key in STATUS}
    for name in ("limits", "oom_score_adj", "cmdline", "environ"):
        with open(f"/proc/{pid}/{name}", encoding="ascii") as file:
            found[name] = file.read()
    return found


def mounts(pid):
    """Point, type, options of all mounts, in their order."""
    with open(f"/proc/{pid}/mountinfo", encoding="utf-8") as file:
        fields = [line.split() for line in file]
    return sorted((f[4], sorted(f[5].split(",")), f[f.index("-") + 1]) for f in fields)


class Rights(Checkpoints, GuestTest):
    def test_user_capabilities_and_filter(self):
        config = self.counting()
        os.chmod(self.data, 0o777)
        p = config["process"]
        p["user"] = {"uid": 1000, "gid": 1001, "additionalGids": [5, 7], "umask": 0o27}
        p["capabilities"] = {kind: ["CAP_NET_RAW", "CAP_KILL"] for kind in
                             ("bounding", "effective", "permitted", "inheritable", "ambient")}
        p["rlimits"] = [{"type": "RLIMIT_NOFILE", "hard": 500, "soft": 400}, {"type": "RLIMIT_CORE", "hard": 0, "soft": 0}]
        p["noNewPrivileges"], p["oomScoreAdj"] = True, 321
        config["linux"]["seccomp"] = {
            "defaultAction": "SCMP_ACT_ALLOW",
            "syscalls": [{"names": ["mkdirat", "mkdir"], "action": "SCMP_ACT_ERRNO", "errnoRet": 88}]}
        container = self.running(config)
        stored_as = process(container.pid)
        self.assertEqual((stored_as["NoNewPrivs"], stored_as["Seccomp"], stored_as["Seccomp_filters"]), ("1", "2", "1"))
        stored = self.store(container)
        self.goes_on(container, stored)
        self.assertEqual(process(container.pid), stored_as)
        line = container.exec("ID", "/probe", "mkdir", "/tmp/x").lines()[0]
        self.assertErrno(line, 88)

    def test_filter_without_no_new_privs(self):
        config = self.counting()
        config["process"]["noNewPrivileges"] = False
        config["linux"]["seccomp"] = {"defaultAction": "SCMP_ACT_ALLOW",
                                      "syscalls": [{"names": ["reboot"], "action": "SCMP_ACT_ERRNO"}]}
        container = self.running(config)
        stored_as = process(container.pid)
        stored = self.store(container)
        self.goes_on(container, stored)
        self.assertEqual(process(container.pid), stored_as)
        self.assertEqual((stored_as["NoNewPrivs"], stored_as["Seccomp"]), ("0", "2"))

    def test_limits_and_devices(self):
        config = self.counting(pids={"limit": 40}, memory={"limit": 64 * MIB, "reservation": 32 * MIB},
                               cpu={"quota": 50000, "period": 100000, "shares": 512})
        config["process"]["capabilities"]["bounding"].append("CAP_MKNOD")
        config["process"]["capabilities"]["effective"].append("CAP_MKNOD")
        config["process"]["capabilities"]["permitted"].append("CAP_MKNOD")
        container = self.running(config)
        files = ("pids.max", "memory.max", "memory.low", "cpu.max", "cpu.weight")
        before = [read(self.cgroup(container), name) for name in files]
        self.assertEqual(before[:2], ["40", str(64 * MIB)])
        stored = self.store(container)
        self.goes_on(container, stored)
        self.assertEqual([read(self.cgroup(container), name) for name in files], before)
        lines = container.exec("ID", "/probe", "open-mknod", "/dev/a", "c", "1", "3", "--", "open-mknod", "/dev/b", "c", "1",
                               "1").lines()
        self.assertEqual([line["errno"] for line in lines], [0, 1], "the device rules")


class Filesystems(Checkpoints, GuestTest):
    def furnished(self, config):
        """A tmpfs with contents, devices, hidden and read-only paths, bind mounts of a file and a directory."""
        source = os.path.join(self.tmp, "source")
        os.makedirs(source)
        os.chmod(source, 0o777)
        with open(os.path.join(source, "file"), "w", encoding="ascii") as file:
            file.write("of the host")
        bundle.add_mount(config, "/scratch", "tmpfs", "tmpfs", ["size=1m", "mode=1777", "nosuid"])
        bundle.add_mount(config, "/mnt/directory", "bind", source, ["bind", "ro", "nodev"])
        bundle.add_mount(config, "/mnt/file", "bind", os.path.join(source, "file"), ["bind"])
        config["linux"]["devices"] = [{"path": "/dev/kmsg", "type": "c", "major": 1, "minor": 11, "fileMode": 0o640, "gid": 7}]
        config["linux"]["maskedPaths"] += ["/etc/hidden", "/etc/secret"]
        config["linux"]["readonlyPaths"] += ["/var"]
        container = self.container(config)
        os.mkdir(container.bundle.file("etc/hidden"))
        container.bundle.put("etc/hidden/x", "x")
        container.bundle.put("etc/secret", "secret")
        return container

    def looked_at(self, container):
        words = []
        for action in (("read", "/scratch/kept"), ("read", "/dev/shm/kept"), ("read", "/mnt/directory/file"), ("read", "/mnt/file"),
                       ("read", "/etc/secret"), ("list", "/etc/hidden"), ("stat", "/dev/kmsg"), ("stat", "/dev/null"),
                       ("readlink", "/dev/stdin"), ("list", "/dev"), ("list", "/dev/pts"), ("write", "/var/x"),
                       ("write", "/mnt/directory/x"), ("write", "/proc/sys/kernel/domainname"), ("list", "/mnt")):
            words += [*action, "--"]
        lines = container.exec("ID", "/probe", *words[:-1]).lines()
        return [{key: sorted(value) if key == "names" else value for key, value in line.items() if key not in ("dev", "ino")}
                for line in lines]

    def check(self, container):
        self.assertOk(container.exec("ID", "/probe", "write", "/scratch/kept", "in a tmpfs", "--", "write", "/dev/shm/kept",
                                     "in another"))
        before, places = self.looked_at(container), mounts(container.pid)
        self.assertEqual([line.get("text") for line in before[:5]],
                         ["in a tmpfs", "in another", "of the host", "of the host", ""])
        stored = self.store(container)
        return before, places, stored

    def test_all_kinds(self):
        container = self.furnished(self.counting())
        self.assertOk(container.create())
        self.assertOk(container.start())
        before, places, stored = self.check(container)
        self.goes_on(container, stored)
        self.assertEqual(self.looked_at(container), before)
        self.assertEqual(mounts(container.pid), places)

    def test_read_only_root(self):
        config = self.counting()
        config["root"]["readonly"] = True
        container = self.container(config)
        os.mkdir(container.bundle.file("data"))
        self.assertOk(container.create())
        self.assertOk(container.start())
        places = mounts(container.pid)
        stored = self.store(container)
        self.goes_on(container, stored)
        self.assertEqual(mounts(container.pid), places)
        self.assertErrno(container.exec("ID", "/probe", "write", "/etc/x").lines()[0], 30)

    def test_user_namespace(self):
        config = with_user_namespace(self.counting())
        os.chmod(self.data, 0o777)
        container = self.furnished(config)
        subprocess.run(["chown", "-R", "100000:100000", container.bundle.rootfs], check=True)
        os.mkdir(self.images, 0o711)
        with open(os.devnull, "r+b") as null:
            self.assertOk(container.create(stdout=null, stderr=null))
            self.assertOk(container.start())
            before, places, stored = self.check(container)
            os.chown(self.images, 100000, 100000)
            self.assertOk(self.restore(container, "--detach", stdout=null, stderr=null))
        self.assertGreater(self.counts_on(), stored)
        self.assertEqual(self.looked_at(container), before)
        self.assertEqual(mounts(container.pid), places)


class Joined(Checkpoints, GuestTest):
    def holder(self, kind):
        """A process that has a namespace of its own of this kind; the path of that."""
        process = subprocess.Popen(["unshare", f"--{kind}", *(("--fork", "--kill-child") if kind == "pid" else ()), "sleep", "1000"])
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        file = "pid_for_children" if kind == "pid" else kind
        ours = os.stat(f"/proc/self/ns/{file}").st_ino
        self.wait_for(lambda: os.path.exists(f"/proc/{process.pid}/ns/{file}") and
                      os.stat(f"/proc/{process.pid}/ns/{file}").st_ino != ours, "the namespace")
        return f"/proc/{process.pid}/ns/{file}"

    def goes_on_in(self, kind):
        path = self.holder(kind)
        config = self.counting()
        bundle.set_namespace(config, kind, path)
        if kind == "uts":
            config.pop("hostname")
        container = self.running(config)
        stored = self.store(container)
        self.assertIsNone(container.status)     # which also collects the old process, so that its pid is free
        self.goes_on(container, stored)
        self.assertEqual(os.stat(f"/proc/{container.pid}/ns/{kind}").st_ino, os.stat(path).st_ino)

    def test_ipc(self):
        self.goes_on_in("ipc")

    def test_uts(self):
        self.goes_on_in("uts")

    def test_pid(self):
        self.goes_on_in("pid")


class Elsewhere(Checkpoints, GuestTest):
    def another(self, config, name):
        """A container of the same configuration in another bundle, of another id and cgroup."""
        config = {**config, "linux": {**config["linux"], "cgroupsPath": bundle.cgroups_path(f"{self._testMethodName}-another")}}
        return self.container(config, name=name)

    def test_another_id_and_bundle(self):
        config = self.counting(pids={"limit": 40})
        first = self.running(config)
        path = self.cgroup(first)
        stored = self.store(first)
        first_out = first.out_path
        shutil.rmtree(first.bundle.rootfs)
        second = self.another(config, f"another-{os.getpid()}")
        pid_file = os.path.join(self.tmp, "pid")
        self.goes_on(second, stored, "--pid-file", pid_file)
        state = second.state()
        self.assertEqual((state["id"], state["bundle"]), (second.id, second.bundle.path))
        with open(pid_file, encoding="ascii") as file:
            self.assertEqual(file.read(), str(second.pid))
        self.assertIsNone(first.state())
        self.assertNotEqual(self.cgroup(second), path)
        self.assertFalse(os.path.exists(f"/sys/fs/cgroup{path}"))
        self.assertEqual(read(self.cgroup(second), "pids.max"), "40")
        self.assertEqual(os.readlink(f"/proc/{second.pid}/fd/1"), second.out_path)
        self.assertNotEqual(second.out_path, first_out)

    def test_a_twin(self):
        """Of a container that was left running: both run, each with its own file."""
        config = self.counting()
        first = self.running(config)
        self.counts_on()
        self.assertOk(self.checkpoint(first, "--leave-running"))
        stored = self.number()
        there, self.data = self.data, os.path.join(self.tmp, "data2")
        os.mkdir(self.data)
        config["mounts"][-1]["source"] = self.data
        second = self.another(config, f"twin-{os.getpid()}")
        self.assertOk(self.restore(second, "--detach"))
        self.counts_on()
        self.data = there
        self.assertGreater(self.counts_on(), stored)
        self.assertEqual((first.status, second.status), ("running", "running"))
        self.assertNotEqual(first.pid, second.pid)

    def test_images_of_another_container(self):
        """Whose mounts or program the bundle does not have."""
        first = self.running(self.counting())
        self.store(first)
        other = self.container(self.config("wait-term"))
        self.assertRefused(self.restore(other, "--detach"), f"restore {other.id}:", "a mount from the host on /data")
        self.assertIsNone(other.state())
        other = self.container(self.counting())
        os.unlink(other.bundle.file("probe"))
        self.assertRefused(self.restore(other, "--detach"), "CRIU can't restore", "probe")
        self.assertIsNone(other.state())


if __name__ == "__main__":
    main()
