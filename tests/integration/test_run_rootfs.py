# SPDX-License-Identifier: LGPL-2.1-or-later
"""ocirt run --rootfs: a container without a bundle."""

import errno
import os
import re
import shutil
import subprocess

from ocitest import ContainerTest, PtyProcess, Report, main, needs
from ocitest import cgroups
from ocitest.case import user_namespaces_work
from ocitest.host import has_filesystem, has_program
from ocitest.runtime import json_lines

USER = 54321  # of whom no file knows


class RunRootfs(ContainerTest):
    def setUp(self):
        super().setUp()
        self.made = self.bundle()
        self.made.put("/etc/kept", "as it was")

    def run_rootfs(self, *words, options=(), **how):
        return self.runtime("run", "--rootfs", self.made.rootfs, *options, "/probe", *words, **how)

    def lines(self, *words, options=(), **how):
        return self.assertOk(self.run_rootfs(*words, options=options, **how)).lines()

    @staticmethod
    def actions(*lines):
        """The words of the probe for several actions."""
        return " -- ".join(lines).split()

    def seen(self, *options):
        return Report(self.lines(options=options)[0])

    def assertNothingIsLeft(self):
        self.assertEqual(self.assertOk(self.runtime("list", "-q")).out, "")


class Defaults(RunRootfs):
    def test_what_the_program_sees(self):
        report = self.seen()
        self.assertEqual(report["pid"], 1)
        self.assertEqual(report.status["Seccomp"], "2")
        self.assertEqual(report.status["NoNewPrivs"], "1")
        self.assertEqual(report.capabilities("effective"), {"CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE"})
        for kind in ("pid", "net", "ipc", "uts", "mnt", "cgroup"):
            self.assertNotEqual(report.namespace(kind), os.readlink(f"/proc/self/ns/{kind}"), kind)
        self.assertIn("ro", report.mount("/").options)
        self.assertNothingIsLeft()

    def test_exit_status(self):
        self.assertEqual(self.run_rootfs("exit", "7").rc, 7)
        self.assertNothingIsLeft()

    def test_a_relative_directory(self):
        ran = self.runtime("run", "--rootfs", "rootfs", "/probe", "exit", "3", cwd=self.made.path)
        self.assertEqual(ran.rc, 3, str(ran))

    def test_options_of_the_program_are_its_own(self):
        ran = self.runtime("run", "--rootfs", self.made.rootfs, "--", "/probe", "say", "--rw")
        self.assertIn("--rw", self.assertOk(ran).out)

    def test_no_program(self):
        self.assertRefused(self.runtime("run", "--rootfs", self.made.rootfs, "/none"), "/none", "no such file")
        self.assertNothingIsLeft()

    def test_no_directory(self):
        ran = self.runtime("run", "--rootfs", os.path.join(self.tmp, "gone"), "/probe")
        self.assertRefused(ran, "gone", "no such file or directory")
        self.assertNothingIsLeft()

    def test_detached(self):
        ran = self.assertOk(self.run_rootfs("wait-term", options=["--detach"]))
        name = next(line for line in ran.out.splitlines() if re.fullmatch(r"run-[0-9a-f]{12}", line))
        self.assertEqual(self.assertOk(self.runtime("state", name)).json()["status"], "running")
        self.assertOk(self.runtime("delete", "--force", name))
        self.assertNothingIsLeft()

    def test_name(self):
        ran = self.assertOk(self.run_rootfs("wait-term", options=["-d", "--name", "mine"]))
        self.assertIn("mine", ran.out.splitlines())  # before or behind what the program writes
        self.assertOk(self.runtime("delete", "--force", "mine"))

    def test_a_terminal_where_there_is_one(self):
        pty = PtyProcess(self.runtime, "run", "--rootfs", self.made.rootfs, "/probe")
        self.addCleanup(pty.close)
        out = pty.read_all().decode()
        self.assertEqual(pty.wait(), 0, out)
        self.assertIn('"isatty":[true,true,true]', out.replace(" ", ""))
        self.assertNotIn('"isatty":[true,', str(self.run_rootfs().out).replace(" ", ""))


class Root(RunRootfs):
    def write(self, *options):
        words = self.actions("write /etc/new", "unlink /etc/kept", "write /tmp/x")
        return [line["errno"] for line in self.lines(*words, options=options)]

    def assertUntouched(self):
        self.assertEqual(self.made.get("/etc/kept"), "as it was")
        self.assertFalse(self.made.has("/etc/new"))

    def test_read_only(self):
        self.assertEqual(self.write(), [errno.EROFS, errno.EROFS, 0])
        self.assertUntouched()
        self.assertFalse(self.made.has("/tmp/x"))

    def test_writable(self):
        self.assertEqual(self.write("--rw"), [0, 0, 0])
        self.assertTrue(self.made.has("/etc/new"))
        self.assertFalse(self.made.has("/etc/kept"))

    @needs(has_filesystem("overlay"), "a kernel with overlayfs")
    def test_overlay(self):
        before = sorted(os.listdir(self.made.rootfs))
        shutil.rmtree(self.made.file("/sys"))
        os.chmod(self.made.rootfs, 0o751)
        words = self.actions("write /etc/new", "unlink /etc/kept", "exists /etc/kept", "stat /")
        lines = self.lines(*words, options=["--overlay"])
        self.assertEqual([line["errno"] for line in lines[:2]], [0, 0])
        self.assertEqual(list(lines[2]["paths"].values()), [False])
        self.assertEqual(lines[3]["mode"], 0o751)
        self.assertUntouched()
        self.assertEqual(sorted(os.listdir(self.made.rootfs) + ["sys"]), before)
        self.assertNothingIsLeft()

    @needs(has_filesystem("overlay"), "a kernel with overlayfs")
    def test_overlay_leaves_no_layers_to_see(self):
        report = self.seen("--overlay")
        self.assertEqual([m.fstype for m in report.mounts if m.point == "/"], ["overlay"])

    @needs(has_filesystem("overlay"), "a kernel with overlayfs")
    def test_overlay_with_an_annotation(self):
        config = self.config("write", "/etc/new")
        config["annotations"] = {"org.ocirt.root.overlay": "tmpfs"}
        config["root"]["readonly"] = True
        container = self.container(config)
        line = self.assertOk(container.run()).lines()[0]
        self.assertErrno(line, errno.EROFS)
        self.assertFalse(container.bundle.has("/etc/new"))


class Options(RunRootfs):
    def test_volume(self):
        host = os.path.join(self.tmp, "shared")
        os.mkdir(host)
        with open(os.path.join(host, "there"), "w", encoding="utf-8") as file:
            file.write("hello")
        words = self.actions("read /mnt/a/there", "write /mnt/a/back", "write /mnt/b/no")
        lines = self.lines(*words, options=["-v", f"{host}:/mnt/a", "--volume", f"{host}:/mnt/b:ro", "--overlay"])
        self.assertEqual([line["errno"] for line in lines], [0, 0, errno.EROFS])
        self.assertEqual(sorted(os.listdir(host)), ["back", "there"])

    def test_environment_user_and_names(self):
        report = self.seen("-e", "GIVEN=x", "--user", "12:34", "--hostname", "inside", "--cwd", "/etc")
        self.assertEqual(report.env["GIVEN"], "x")
        self.assertEqual(report.status["Uid"].split()[0], "12")
        self.assertEqual(report.status["Gid"].split()[0], "34")
        self.assertEqual(report["hostname"], "inside")
        self.assertEqual(report["cwd"], "/etc")

    def test_network_of_the_host(self):
        self.assertEqual(self.seen("--net", "host").namespace("net"), os.readlink("/proc/self/ns/net"))


class Filter(RunRootfs):
    def errors(self, *calls, options=()):
        words = self.actions(*(f"syscall {call}" for call in calls))
        return [line["errno"] for line in self.lines(*words, options=options)]

    def test_what_is_refused(self):
        self.assertEqual(self.errors("keyctl 0", "reboot 0", "bpf 0", "unshare 0x10000000", "unshare 0x20000",
                                     "setns 99", "chroot 0"), [errno.EPERM] * 7)

    def test_what_is_not(self):
        got = self.errors("unshare 0x200", "getpid", "personality 0xffffffff", "personality 8", "personality 0")
        self.assertEqual(got, [0] * 5)

    def test_families(self):
        unix, inet, inet6, netlink, packet, alg, vsock = 1, 2, 10, 16, 17, 38, 40
        for family, wanted in ((unix, 0), (inet, 0), (netlink, 0)):
            self.assertEqual(self.errors(f"socket {family} {2 if family != netlink else 3}"), [wanted], family)
        self.assertIn(self.errors(f"socket {inet6} 2"), ([0], [errno.EAFNOSUPPORT]))
        for family in (packet, alg, vsock, alg | 1 << 32):
            self.assertEqual(self.errors(f"socket {family} 3"), [errno.EPERM], family)

    def test_a_capability_opens(self):
        self.assertNotEqual(self.errors("chroot 0", options=["--cap", "sys_chroot"]), [errno.EPERM])

    def test_none(self):
        self.assertEqual(self.seen("--seccomp", "none").status["Seccomp"], "0")


class Summary(RunRootfs):
    def summary(self, *words, rc=0, options=()):
        ran = self.run_rootfs(*words, options=["--summary", *options])
        self.assertEqual(ran.rc, rc, str(ran))
        lines = dict(line.split(None, 1) for line in ran.err.splitlines())
        self.assertEqual(list(lines), ["container", "time", "processor", "memory", "disk"])
        return lines

    def test_status_and_usage(self):
        lines = self.summary("exit", "3", rc=3, options=["--name", "this-one"])
        self.assertEqual(lines["container"], "this-one: exit status 3")
        self.assertRegex(lines["time"], r"^\d+\.\d{3} s$")
        self.assertRegex(lines["processor"], r"^\d+\.\d{3} s \(user \d+\.\d{3} s, system \d+\.\d{3} s\)")
        self.assertRegex(lines["memory"], r"^[1-9]\d*(\.\d)? [KM]iB at most")
        self.assertRegex(lines["disk"], r"^read \d+(\.\d)? \w+, written \d+(\.\d)? \w+")
        self.assertNothingIsLeft()

    def test_signal(self):
        process = self.runtime.popen("run", "--rootfs", self.made.rootfs, "--name", "it", "--summary", "/probe", "say",
                                     "up", "--", "pause", stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                     stderr=subprocess.PIPE, text=True)
        self.assertIn("up", process.stdout.readline())
        self.assertOk(self.runtime("kill", "it", "KILL"))
        process.stdout.close()
        text = process.stderr.read()
        process.stderr.close()
        self.assertEqual(process.wait(60), 137, text)
        self.assertIn("it: exit status 137, killed by signal 9 (Killed)\n", text)

    def test_memory_is_that_of_the_container(self):
        lines = self.summary("mem", "24")
        amount, unit = lines["memory"].split()[:2]
        self.assertEqual(unit, "MiB")
        self.assertGreaterEqual(float(amount), 24)

    @needs(cgroups.has_controller("memory"), "a memory controller")
    def test_out_of_memory(self):
        lines = self.summary("mem", "64", rc=137, options=["--memory", "16m"])
        self.assertIn("killed by signal 9", lines["container"])
        self.assertIn("out of memory: the kernel killed 1 process", lines["container"])

    def test_only_if_asked(self):
        self.assertEqual(self.run_rootfs("exit", "0").err, "")

    def test_not_detached(self):
        self.assertRefused(self.run_rootfs("exit", "0", options=["--summary", "-d"]), "does not go with --detach")

    def test_with_a_bundle(self):
        container = self.container(self.config("exit", "4"))
        ran = container.run("--summary")
        self.assertEqual(ran.rc, 4)
        self.assertIn(f"{container.id}: exit status 4", ran.err)


@needs(user_namespaces_work(), "user namespaces")
@needs(has_program("setpriv"), "setpriv")
class Rootless(RunRootfs):
    def setUp(self):
        super().setUp()
        os.chmod(self.tmp, 0o755)
        os.chmod(self.made.path, 0o755)
        self.made.chown(USER, USER)
        self.home = os.path.join(self.tmp, "runtime")
        os.mkdir(self.home, 0o700)
        os.chown(self.home, USER, USER)

    def by_user(self, *words, options=()):
        ran = subprocess.run(
            ["setpriv", "--reuid", str(USER), "--regid", str(USER), "--clear-groups", self.runtime.path, "--root",
             os.path.join(self.home, "state"), "run", "--rootfs", self.made.rootfs, *options, "/probe", *words],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=60,
            env={"PATH": os.environ["PATH"], "XDG_RUNTIME_DIR": self.home})
        self.assertEqual(ran.returncode, 0, ran.stderr)
        return json_lines(ran.stdout)

    @needs(has_program("newuidmap") and has_program("newgidmap"), "newuidmap")
    def test_subordinate_ids(self):
        """They are taken if there are any; --ids own leaves them."""
        database = os.path.join(self.tmp, "subids")
        with open(database, "w", encoding="utf-8") as file:
            file.write(f"{USER}:700000:1000\n")
        os.chmod(database, 0o644)
        passwd = os.path.join(self.tmp, "passwd")  # newuidmap wants a name
        shutil.copy("/etc/passwd", passwd)
        with open(passwd, "a", encoding="utf-8") as file:
            file.write(f"ocirt-user:x:{USER}:{USER}::/:/bin/sh\n")
        script = ('mount --bind "$1" /etc/passwd && shift && mount --bind "$1" /etc/subuid && mount --bind "$1" /etc/subgid && shift && '
                  f'exec setpriv --reuid {USER} --regid {USER} --clear-groups "$@"')
        for options, wanted in (([], [(0, USER, 1), (1, 700000, 1000)]), (["--ids", "own"], [(0, USER, 1)])):
            ran = subprocess.run(
                ["unshare", "--mount", "sh", "-c", script, "-", passwd, database, self.runtime.path, "--root",
                 os.path.join(self.home, "state"), "run", "--rootfs", self.made.rootfs, *options, "/probe"],
                stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=60,
                env={"PATH": os.environ["PATH"], "XDG_RUNTIME_DIR": self.home})
            self.assertEqual(ran.returncode, 0, ran.stderr)
            self.assertEqual(Report(json_lines(ran.stdout)[0]).id_map(), wanted)

    def test_root_of_its_own(self):
        report = Report(self.by_user()[0])
        self.assertEqual(report.id_map(), [(0, USER, 1)])
        self.assertEqual(report.status["Uid"].split()[0], "0")
        self.assertEqual(report.status["Seccomp"], "2")

    @needs(has_filesystem("overlay"), "a kernel with overlayfs")
    def test_overlay(self):
        lines = self.by_user(*self.actions("write /etc/new", "unlink /etc/kept"), options=["--overlay"])
        self.assertEqual([line["errno"] for line in lines], [0, 0])
        self.assertEqual(self.made.get("/etc/kept"), "as it was")

    def test_network_of_the_host(self):
        report = Report(self.by_user(options=["--net", "host"])[0])
        self.assertEqual(report.namespace("net"), os.readlink("/proc/self/ns/net"))


if __name__ == "__main__":
    main()
