# SPDX-License-Identifier: LGPL-2.1-or-later
"""Podman: the options of run that reach the runtime, each by its effect."""

import json
import os
import shutil
import socket
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "../lib")]

from enginelib import PodmanTest, enter, setup_podman  # noqa: E402
from enginelib.podman import IMAGE  # noqa: E402
from ocitest import main  # noqa: E402
from ocitest.bundle import probe_path  # noqa: E402


def setUpModule():
    enter(("podman", "podman"), ("conmon", "conmon"))
    setup_podman()


class Files(PodmanTest):
    def test_read_only(self):
        self.shell("touch /x", "--read-only", rc=1)
        self.shell("touch /tmp/x && touch /run/x", "--read-only")
        self.shell("touch /tmp/x", "--read-only", "--read-only-tmpfs=false", rc=1)

    def test_tmpfs(self):
        line = self.shell("grep ' /x ' /proc/mounts", "--tmpfs", "/x:size=1m,noexec,mode=700")
        for word in ("tmpfs", "size=1024k", "noexec", "nosuid", "nodev", "mode=700"):
            self.assertIn(word, line)

    def test_bind_mounts(self):
        self.file("in", "of the host")
        self.assertEqual(self.shell("cat /x/in; echo back > /x/out", "-v", f"{self.directory}:/x"), "of the host")
        with open(os.path.join(self.directory, "out"), encoding="ascii") as file:
            self.assertEqual(file.read(), "back\n")
        self.shell("touch /x/y", "-v", f"{self.directory}:/x:ro", rc=1)

    def test_options_of_mounts(self):
        line = self.shell(
            "grep ' /x ' /proc/self/mountinfo", "-v", f"{self.directory}:/x:ro,noexec,nosuid,nodev,rslave"
        )
        for word in ("ro", "noexec", "nosuid", "nodev"):
            self.assertIn(word, line.split()[5].split(","))

    def test_volume(self):
        self.podman("volume", "create", "v")
        self.addCleanup(self.podman, "volume", "rm", "-f", "v")
        self.shell("echo kept > /v/x", "-v", "v:/v")
        self.assertEqual(self.shell("cat /v/x", "-v", "v:/v:ro"), "kept")

    def test_volume_takes_what_the_image_has(self):
        self.addCleanup(self.podman, "volume", "rm", "-f", "w")
        self.assertIn("passwd", self.shell("ls /etc", "-v", "w:/etc"))

    def test_device(self):
        self.shell("test -c /dev/other && head -c 1 /dev/other", "--device", "/dev/zero:/dev/other:rw")

    def test_device_to_be_read_only(self):
        if not os.path.exists("/dev/kmsg"):
            self.skipTest("needs /dev/kmsg, a device that Podman does not allow all containers")
        self.shell(": > /dev/other", "--device", "/dev/kmsg:/dev/other:rw")
        self.shell(": > /dev/other", "--device", "/dev/kmsg:/dev/other:r", rc=1)

    def test_devices_that_are_not_given(self):
        self.shell("mknod /tmp/m c 1 1 && head -c 1 /tmp/m", "--cap-add", "MKNOD", rc=1)

    def test_masked_paths(self):
        self.assertEqual(self.shell("cat /proc/version", "--security-opt", "mask=/proc/version"), "")
        self.assertNotEqual(self.shell("ls /proc/acpi /sys/firmware; head -c 1 /proc/kcore | wc -c"), "1")
        self.assertEqual(self.shell("ls /sys/firmware | wc -l"), "0")
        self.assertEqual(
            self.shell("grep -c ' /sys/firmware ' /proc/mounts", "--security-opt", "unmask=ALL", rc=1), "0"
        )


class Notify(PodmanTest):
    """--sdnotify=container: conmon hands the container a socket of its own, and says READY=1 again."""

    def test_ready(self):
        address = os.path.join(self.directory, "manager.sock")
        probe = os.path.join(self.directory, "probe")
        shutil.copy(probe_path(), probe)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
            manager.bind(address)
            manager.settimeout(60)
            self.podman("run", "-d", "--name", "c", "--sdnotify=container", "-v", f"{probe}:/probe:ro", *self.parent, IMAGE,
                        "/probe", "notify", "READY=1", "--", "wait-term", variables=[("NOTIFY_SOCKET", address)])
            said = ""
            while not ("READY=1\n" in said and "MAINPID=" in said):
                said += manager.recv(4096).decode() + "\n"


class Rights(PodmanTest):
    def status(self, word, *options):
        return self.shell(f"grep {word}: /proc/self/status", *options).split()[1]

    def test_capabilities(self):
        self.assertEqual(int(self.status("CapEff", "--cap-drop", "all"), 16), 0)
        self.assertEqual(
            int(self.status("CapEff", "--cap-drop", "all", "--cap-add", "NET_ADMIN,CHOWN"), 16), 1 << 12 | 1
        )
        self.assertEqual(int(self.status("CapBnd", "--cap-drop", "all"), 16), 0)
        self.assertEqual(int(self.status("CapEff", "-u", "1000"), 16), 0)

    def test_privileged(self):
        with open("/proc/self/status", encoding="ascii") as file:
            own = [line.split()[1] for line in file if line.startswith("CapBnd:")][0]
        self.assertEqual(self.status("CapEff", "--privileged"), own)

    def test_no_new_privileges(self):
        self.assertEqual(self.status("NoNewPrivs"), "0")
        self.assertEqual(self.status("NoNewPrivs", "--security-opt", "no-new-privileges"), "1")

    def test_seccomp(self):
        self.assertEqual(self.status("Seccomp"), "2")
        self.assertEqual(self.status("Seccomp", "--security-opt", "seccomp=unconfined"), "0")

    def test_seccomp_profile(self):
        profile = {
            "defaultAction": "SCMP_ACT_ALLOW",
            "architectures": ["SCMP_ARCH_X86_64", "SCMP_ARCH_AARCH64"],
            "syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 38}],
        }
        path = self.file("seccomp.json", json.dumps(profile))
        result = self.podman(
            "run", "--rm", *self.parent, "--security-opt", f"seccomp={path}", IMAGE, "mkdir", "/x", rc=1
        )
        self.assertIn("not implemented", result.err)

    def test_user(self):
        self.assertEqual(
            self.shell("id -u; id -g; id -G", "-u", "1000:1001", "--group-add", "7").split(),
            ["1000", "1001", "1001", "7"],
        )

    def test_ulimit(self):
        self.assertEqual(self.shell("ulimit -n", "--ulimit", "nofile=77:88", "--ulimit", "nproc=99:99"), "77")

    def test_user_namespace(self):
        out = self.shell(
            "cat /proc/self/uid_map; stat -c %u /etc/passwd; touch /root/x",
            "--uidmap",
            "0:100000:5000",
            "--gidmap",
            "0:200000:5000",
        )
        self.assertEqual(out.split(), ["0", "100000", "5000", "0"])

    def test_user_namespace_and_volume(self):
        os.chown(self.directory, 100000, 200000)
        self.shell(
            "touch /x/made", "--uidmap", "0:100000:5000", "--gidmap", "0:200000:5000", "-v", f"{self.directory}:/x"
        )
        self.assertEqual(os.stat(os.path.join(self.directory, "made")).st_uid, 100000)


class Limits(PodmanTest):
    def test_memory_cpus_pids(self):
        self.start("--memory", "32m", "--cpus", "0.25", "--pids-limit", "55", "--cpu-shares", "512")
        pid = self.pid()
        self.assertEqual(self.limit(pid, "memory", "memory.limit_in_bytes", "memory.max"), str(32 << 20))
        self.assertEqual(self.limit(pid, "cpu", "cpu.cfs_quota_us", "cpu.max").split()[0], "25000")
        self.assertEqual(self.limit(pid, "pids", "pids.max", "pids.max"), "55")

    def test_cpuset(self):
        self.assertEqual(self.shell("grep Cpus_allowed_list /proc/self/status", "--cpuset-cpus", "0").split()[1], "0")

    def test_too_little_memory(self):
        """Whether Podman says OOMKilled is conmon's doing: version 2.1.6 never does on a hybrid layout."""
        self.podman(
            "run",
            "--name",
            "c",
            *self.parent,
            "--memory",
            "20m",
            "--memory-swap",
            "20m",
            IMAGE,
            "sh",
            "-c",
            "tail /dev/zero",
            rc=137,
        )

    def test_pids_are_limited(self):
        self.shell("for i in 1 2 3 4 5 6 7 8 9; do sleep 5 & done", "--pids-limit", "5", rc=2)


class Namespaces(PodmanTest):
    def own(self, kind):
        return os.readlink(f"/proc/self/ns/{kind}")

    def test_hosts(self):
        for kind in ("pid", "ipc", "uts", "net"):
            with self.subTest(kind=kind):
                option = "--network" if kind == "net" else f"--{kind}"
                self.assertEqual(self.shell(f"readlink /proc/self/ns/{kind}", option, "host"), self.own(kind))

    def test_private(self):
        out = self.shell(
            "for n in pid ipc uts net mnt cgroup; do readlink /proc/self/ns/$n; done", "--cgroupns", "private"
        ).split()
        for kind, link in zip(("pid", "ipc", "uts", "net", "mnt", "cgroup"), out):
            self.assertNotEqual(link, self.own(kind), kind)

    def test_anothers(self):
        self.start()
        for kind in ("pid", "ipc", "uts", "net"):
            with self.subTest(kind=kind):
                option = "--network" if kind == "net" else f"--{kind}"
                self.assertEqual(
                    self.shell(f"readlink /proc/self/ns/{kind}", option, "container:c"),
                    os.readlink(f"/proc/{self.pid()}/ns/{kind}"),
                )

    def test_hostname(self):
        self.assertEqual(self.shell("hostname", "--hostname", "named"), "named")

    def test_sysctl(self):
        self.assertEqual(
            self.shell(
                "cat /proc/sys/kernel/msgmax /proc/sys/net/ipv4/ip_forward",
                "--sysctl",
                "kernel.msgmax=9000",
                "--sysctl",
                "net.ipv4.ip_forward=1",
            ).split(),
            ["9000", "1"],
        )

    def test_shm_size(self):
        self.assertIn("size=2048k", self.shell("grep ' /dev/shm ' /proc/mounts", "--shm-size", "2m"))

    def test_environment(self):
        self.assertEqual(self.shell("echo $A $container", "-e", "A=b").split(), ["b", "podman"])


if __name__ == "__main__":
    main()
