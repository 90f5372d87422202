#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What confines a container: cgroup trees, seccomp, devices, mounts and their propagation (S09, S18, S24 to S28, S30)."""

import copy
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from ocitest import host, main, needs  # noqa: E402
from ocitest.case import user_namespaces_work, with_user_namespace  # noqa: E402
from attack import TOP, Attack, add_mount  # noqa: E402

X32 = 0x40000000
MKDIRAT, IOCTL, TIOCSTI = 258, 16, 0x5412


class CgroupTree(Attack):
    """S09 (CVE-2022-0492, CVE-2023-25809): no cgroup can be made, no release_agent written."""

    def below_sys(self, config):
        report = self.report(copy.deepcopy(config))
        mounts = [m for m in report.mounts if m.point == "/sys" or m.point.startswith("/sys/")]
        self.assertTrue(mounts)
        for mount in mounts:
            self.assertIn("ro", mount.options | mount.super_options, mount)
        return [m.point for m in mounts if m.fstype.startswith("cgroup")]

    def check(self, config):
        for point in self.below_sys(config):
            lines = self.act("mkdir", f"{point}/evil", "--", "write", f"{point}/release_agent", "--",
                             "write", f"{point}/cgroup.procs", "0", config=copy.deepcopy(config))
            self.assertTrue(all(line["errno"] for line in lines), lines)

    def test_read_only(self):
        for namespace in (True, False):
            config = self.config("report")
            if not namespace:
                config["linux"]["namespaces"] = [n for n in config["linux"]["namespaces"] if n["type"] != "cgroup"]
            add_mount(config, "/sys/fs/cgroup", "cgroup", "cgroup", ["nosuid", "noexec", "nodev", "relatime", "ro"])
            with self.subTest(cgroup_namespace=namespace):
                self.check(config)

    @needs(user_namespaces_work(), "user namespaces")
    def test_bound_sys(self):
        """/sys bound recursively and "ro": that means all below it too."""
        config = with_user_namespace(self.config("report"))
        config["mounts"] = [m for m in config["mounts"] if m["destination"] != "/sys"]
        add_mount(config, "/sys", "bind", "/sys", ["rbind", "nosuid", "noexec", "nodev", "ro"])
        container = self.hostile(config, lambda made: made.chown(100000, 100000))
        if container:
            container.wait_end(container.first)
            for mount in container.report().mounts:
                if mount.point.startswith("/sys"):
                    self.assertIn("ro", mount.options, mount)


class SilentFallback(Attack):
    """S18: a source that holds files of namespaces is bound as it is, or refused; never another directory."""

    def test_bind_of_everything(self):
        where = os.path.join(self.tmp, "ns")
        open(where, "w", encoding="ascii").close()
        host.mount("/proc/self/ns/net", where, None, host.MS_BIND)
        self.addCleanup(host.umount, where)
        config = self.config("stat", "/host", "--", "stat", "/")
        add_mount(config, "/host", "bind", "/", ["rbind", "rslave"])
        config["linux"]["maskedPaths"] = []
        container = self.hostile(config)
        if container:
            container.wait_end(container.first)
            lines = container.lines()
            self.assertEqual(lines[0]["errno"], 0)
            self.assertNotEqual(lines[0], lines[1], "the container's own root was bound")


def filter_of(*rules, default="SCMP_ACT_ALLOW", **more):
    return {"defaultAction": default, "architectures": ["SCMP_ARCH_X86_64"], "syscalls": list(rules), **more}


def forbid(name, *args, errno=99):
    rule = {"names": [name], "action": "SCMP_ACT_ERRNO", "errnoRet": errno}
    return {**rule, "args": list(args)} if args else rule


@needs(os.uname().machine == "x86_64", "an x86_64 kernel")
class Seccomp(Attack):
    """S24 and the gaps of filters: other system call tables, high bits, the cache."""

    def lines(self, seccomp, *words):
        config = self.config(*words)
        config["linux"]["seccomp"] = seccomp
        return self.run_ok(config).result.lines()

    def test_x32(self):
        """mkdirat by its number in the x32 table is no way around a filter of x86_64."""
        config = self.config("syscall", str(X32 + MKDIRAT), "-100", "0x400000", "0755")
        config["linux"]["seccomp"] = filter_of(forbid("mkdirat"))
        result = self.container(config).run()
        for line in result.lines():
            self.assertNotEqual(line["errno"], 0, "x32 call done")
        self.assertTrue(result.lines() or result.rc != 0, str(result))

    def test_i386(self):
        """int 0x80 uses the other table: with x86_64 alone in `architectures`, whoever does it is killed."""
        program = os.path.join(self.tmp, "i386")
        source = ("#include <unistd.h>\n#include <sys/syscall.h>\nint main(void){long r;__asm__ volatile("
                  "\"int $0x80\":\"=a\"(r):\"a\"(20));return r>0?0:3;}\n")     # getpid
        try:
            subprocess.run(["cc", "-static", "-xc", "-o", program, "-"], input=source, text=True, check=True, capture_output=True)
        except (OSError, subprocess.CalledProcessError):
            self.skipTest("needs a C compiler")
        config = self.config()
        config["process"]["args"] = ["/i386"]
        config["linux"]["seccomp"] = filter_of(forbid("getpid"))
        container = self.container(config)
        with open(program, "rb") as source_file, open(container.bundle.file("/i386"), "wb") as target:
            target.write(source_file.read())
        os.chmod(container.bundle.file("/i386"), 0o755)
        self.assertNotEqual(container.run().rc, 0)

    def test_high_bits(self):
        """The kernel ignores the upper half of ioctl's command: a masked comparison does too."""
        masked = {"index": 1, "value": 0xffffffff, "valueTwo": TIOCSTI, "op": "SCMP_CMP_MASKED_EQ"}
        for command in (TIOCSTI, TIOCSTI | 1 << 32, TIOCSTI | 0xdead << 40):
            with self.subTest(command=hex(command)):
                lines = self.lines(filter_of(forbid("ioctl", masked)), "syscall", str(IOCTL), "0", str(command), "0x400000")
                self.assertEqual(lines[0]["errno"], 99)

    def test_filters_differ(self):
        """Each differs from the first in one thing, and does what it says: none is taken for another (cache)."""
        self.assertEqual(self.lines(filter_of(forbid("mkdirat")), "syscall", "mkdirat", "-100", "1", "0")[0]["errno"], 99)
        for seccomp, expected in (
                (filter_of(forbid("mkdirat", errno=98)), 98),
                (filter_of(forbid("mkdirat", {"index": 2, "value": 0, "op": "SCMP_CMP_EQ"}, errno=97)), 97),
                (filter_of(forbid("mkdirat", {"index": 2, "value": 1, "op": "SCMP_CMP_EQ"}, errno=97)), 14),
                (filter_of(forbid("mkdirat", {"index": 2, "value": 0, "op": "SCMP_CMP_NE"}, errno=97)), 14),
                (filter_of(forbid("mkdirat", {"index": 1, "value": 1, "op": "SCMP_CMP_EQ"}, errno=97)), 97),
                (filter_of(forbid("mkdir", errno=96)), 14),
                (filter_of(forbid("mkdirat", errno=95), flags=["SECCOMP_FILTER_FLAG_LOG"]), 95)):
            for _ in range(2):             # compiled, then from the cache
                self.assertEqual(self.lines(seccomp, "syscall", "mkdirat", "-100", "1", "0")[0]["errno"], expected, seccomp)

    def test_default_errno(self):
        """defaultErrnoRet is part of what a filter is."""
        config = filter_of(default="SCMP_ACT_ERRNO", defaultErrnoRet=61)
        allow = {"names": [n for n in self.names() if n != "mkdirat"], "action": "SCMP_ACT_ALLOW"}
        for number in (61, 62):
            config = {**config, "defaultErrnoRet": number, "syscalls": [allow]}
            self.assertEqual(self.lines(config, "syscall", "mkdirat", "-100", "1", "0")[0]["errno"], number)

    @staticmethod
    def names():
        return ["execve", "brk", "mmap", "munmap", "mprotect", "write", "writev", "exit", "exit_group", "arch_prctl",
                "set_tid_address", "set_robust_list", "rseq", "prlimit64", "readlink", "readlinkat", "getrandom", "fstat",
                "newfstatat", "read", "openat", "close", "capset", "prctl", "ioctl", "lseek", "rt_sigaction"]

    def test_spoilt_cache(self):
        """A file of the cache that was cut, changed, replaced by a link or given to everybody is made anew."""
        seccomp = filter_of(forbid("mkdirat"))
        words = ("syscall", "mkdirat", "-100", "1", "0")
        self.lines(seccomp, *words)
        directory = os.path.join(self.runtime.root, ".seccomp")
        name, = os.listdir(directory)
        path = os.path.join(directory, name)
        with open(path, "rb") as file:
            good = file.read()

        def write(data, mode=0o600):
            os.unlink(path)
            with open(path, "wb") as file:
                file.write(data)
            os.chmod(path, mode)

        def link():
            os.unlink(path)
            os.symlink(self.host.path + "/file", path)

        def fifo():
            os.unlink(path)
            os.mkfifo(path)

        for spoil in (lambda: write(good[:-8]), lambda: write(b""), lambda: write(good[:-4] + b"\0\0\xff\x7f"),
                      lambda: write(good[:24]), lambda: write(good + b"12345678"), lambda: write(b"\0" * len(good)), link, fifo,
                      lambda: write(good[:-8] + b"\6\0\0\0\0\0\xff\x7f", 0o666), lambda: os.chown(path, 1000, 1000)):
            spoil()
            with self.subTest():
                self.assertEqual(self.lines(seccomp, *words)[0]["errno"], 99)
                self.check_host()

    def test_unknown_words(self):
        for change in ({"defaultAction": "SCMP_ACT_MAYBE"}, {"architectures": ["SCMP_ARCH_PDP11"]},
                       {"flags": ["SECCOMP_FILTER_FLAG_EVIL"]}):
            config = self.config("report")
            config["linux"]["seccomp"] = {**filter_of(forbid("mkdirat")), **change}
            with self.subTest(change=change):
                self.refuse(config, "seccomp")


class Mounts(Attack):
    """S25, S28: options hold; nothing spreads; there is no way back."""

    def test_options(self):
        source = os.path.join(self.tmp, "source")
        os.makedirs(source + "/below")
        host.mount("tmpfs", source + "/below", "tmpfs")
        self.addCleanup(host.umount, source + "/below")
        for options, expected, below in (
                (["bind", "ro"], {"ro"}, None), (["rbind", "ro"], {"ro"}, set()), (["rbind", "rro"], {"ro"}, {"ro"}),
                (["rbind", "rnosuid", "rnodev", "rnoexec"], {"nosuid", "nodev", "noexec"}, {"nosuid", "nodev", "noexec"}),
                (["bind", "nosuid", "nodev", "noexec", "nosymfollow"], {"nosuid", "nodev", "noexec", "nosymfollow"}, None),
                (["bind", "noatime"], {"noatime"}, None)):
            config = self.config("report")
            add_mount(config, "/data", "bind", source, options)
            with self.subTest(options=options):
                report = self.report(config)
                self.assertLessEqual(expected, report.mount("/data").options)
                if below is not None:
                    self.assertLessEqual(below, report.mount("/data/below").options)

    def test_sys_stays_read_only(self):
        """Also in a user namespace."""
        for user in (False, True) if user_namespaces_work() else (False,):
            config = self.config("write", "/sys/kernel/evil", "--", "mkdir", "/sys/evil", "--", "report")
            if user:
                config = with_user_namespace(config)
            container = self.hostile(config, (lambda made: made.chown(100000, 100000)) if user else None)
            if container:
                container.wait_end(container.first)
                self.assertIn("ro", container.report().mount("/sys").options)

    def test_nothing_spreads(self):
        """A container that may mount does so on a bind of a shared mount of the host: the host sees nothing."""
        shared = os.path.join(self.tmp, "shared")
        os.makedirs(shared + "/point")
        host.mount("tmpfs", shared, "tmpfs")
        self.addCleanup(host.umount, shared)
        os.mkdir(shared + "/point")
        host.mount("none", shared, None, host.MS_SHARED)
        for propagation in ([], ["private"], ["rprivate"], ["slave"], ["rslave"]):
            config = self.config("mount", "tmpfs", "/data/point", "tmpfs", "0")
            for kind in ("bounding", "effective", "permitted"):
                config["process"]["capabilities"][kind] += ["CAP_SYS_ADMIN"]
            add_mount(config, "/data", "bind", shared, ["rbind", *propagation])
            with self.subTest(propagation=propagation):
                self.assertEqual(self.run_ok(config).result.lines()[0]["errno"], 0)
                with open("/proc/self/mountinfo", encoding="utf-8") as file:
                    self.assertNotIn(shared + "/point", file.read())

    def test_old_root_is_gone(self):
        for options in ([], ["--no-pivot"]):
            config = self.config("report")
            with self.subTest(options=options):
                report = self.report(config, *options)
                if not options:
                    self.assertNotIn("/", {m.root for m in report.mounts if m.fstype not in
                                           ("proc", "sysfs", "tmpfs", "devpts", "mqueue", "cgroup", "cgroup2")})
                self.assertFalse([m for m in report.mounts if m.point == "/" and self.tmp not in m.root])


class Kernel(Attack):
    def test_bpf_unions(self):
        """S26: BPF_PROG_QUERY writes past a short union on Linux 6.17 to 7.1: always the whole union is passed."""
        for directory in ("src/host", "src/base"):
            for name in os.listdir(os.path.join(TOP, directory)):
                if not name.endswith(".c"):
                    continue
                with open(os.path.join(TOP, directory, name), encoding="utf-8") as file:
                    text = file.read()
                for call in re.findall(r"SYS_bpf,[^;]*;", text):
                    self.assertRegex(call, r"sizeof \*?\(?\w*attr\w*\)?|sizeof\(union bpf_attr\)", f"{name}: {call}")

    def test_devices(self):
        """S27: without a rule all is denied, also to a container that may make nodes."""
        for rules in ([{"allow": False, "access": "rwm"}], [], None):
            config = self.config("open-mknod", "/tmp/disk", "b", "8", "0", "--", "open-mknod", "/tmp/mem", "c", "1", "1", "--",
                                 "open-mknod", "/tmp/kmsg", "c", "1", "11")
            for kind in ("bounding", "effective", "permitted"):
                config["process"]["capabilities"][kind] += ["CAP_MKNOD", "CAP_SYS_RAWIO"]
            if rules is None:
                del config["linux"]["resources"]
            else:
                config["linux"]["resources"]["devices"] = rules
            with self.subTest(rules=rules):
                for line in self.run_ok(config).result.lines():
                    self.assertNotEqual(line["errno"], 0, line)

    def test_restore(self):
        """S30: config.json of the bundle decides; an image directory that is a link or no directory is refused."""
        made = self.bundle(self.config("report"))
        images = os.path.join(self.tmp, "images")
        os.symlink(self.host.path, images)
        result = self.runtime("restore", "--bundle", made.path, "--image-path", images, "restored")
        self.assertNotEqual(result.rc, 0)
        self.assertEqual(len(result.err.strip().splitlines()), 1, str(result))


if __name__ == "__main__":
    main()
