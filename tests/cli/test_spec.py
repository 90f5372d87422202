# SPDX-License-Identifier: LGPL-2.1-or-later
"""ocirt spec: what the options make of the configuration; and the default filter of system calls."""

import json
import os
import re
import subprocess

import cli

DEFAULT_CAPABILITIES = ["CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE"]
PAGE = os.path.join(cli.TOP, "docs", "seccomp.md")


class SpecTest(cli.CliTest):
    def spec(self, *words, **how):
        ran = self.call("spec", "-f", "-", *words, **how)
        self.assertEqual((ran.rc, ran.err), (0, ""))
        return json.loads(ran.out)

    def namespaces(self, spec):
        return {n["type"] for n in spec["linux"]["namespaces"]}

    def mount(self, spec, destination):
        found = [m for m in spec["mounts"] if m["destination"] == destination]
        self.assertEqual(len(found), 1, spec["mounts"])
        return found[0]


class Options(SpecTest):
    def test_without_any(self):
        spec = self.spec()
        self.assertEqual(spec["process"]["args"], ["sh"])
        self.assertTrue(spec["process"]["terminal"])
        self.assertEqual(spec["process"]["capabilities"]["bounding"], DEFAULT_CAPABILITIES)
        self.assertEqual(spec["root"], {"path": "rootfs", "readonly": True})
        self.assertNotIn("seccomp", spec["linux"])
        self.assertNotIn("annotations", spec)
        self.assertEqual(spec["linux"]["resources"], {"devices": [{"allow": False, "access": "rwm"}]})

    def test_program(self):
        self.assertEqual(self.spec("ls", "-l")["process"]["args"], ["ls", "-l"])
        self.assertEqual(self.spec("--", "-x", "--rw")["process"]["args"], ["-x", "--rw"])

    def test_environment(self):
        env = self.spec("-e", "TERM=vt100", "--env", "A=b=c", "--env", "HANDED", "-e", "MISSING",
                        env={"HANDED": "on"})["process"]["env"]
        self.assertEqual(env[1:], ["TERM=vt100", "A=b=c", "HANDED=on"])
        self.assertTrue(env[0].startswith("PATH=/"))

    def test_process(self):
        spec = self.spec("--cwd", "/srv", "--user", "7:8", "--hostname", "web", "--terminal", "false", "--cap", "net_raw",
                         "-c", "CAP_KILL")
        self.assertEqual(spec["process"]["cwd"], "/srv")
        self.assertEqual(spec["process"]["user"], {"uid": 7, "gid": 8})
        self.assertEqual(spec["hostname"], "web")
        self.assertFalse(spec["process"]["terminal"])
        for kind in ("bounding", "effective", "permitted"):
            self.assertEqual(spec["process"]["capabilities"][kind], DEFAULT_CAPABILITIES + ["CAP_NET_RAW"])
        self.assertFalse({"inheritable", "ambient"} & set(spec["process"]["capabilities"]))

    def test_root(self):
        self.assertEqual(self.spec("--rootfs", "/srv/x", "--rw")["root"], {"path": "/srv/x", "readonly": False})
        self.assertTrue(self.spec("--ro")["root"]["readonly"])
        self.assertTrue(self.spec("--readonly")["root"]["readonly"])
        spec = self.spec("--overlay")
        self.assertFalse(spec["root"]["readonly"])
        self.assertEqual(spec["annotations"], {"org.ocirt.root.overlay": "tmpfs"})

    def test_mounts(self):
        spec = self.spec("-v", "/a:/b", "--volume", "c:/d:ro,dev", "--tmpfs", "/e", "--tmpfs", "/f:size=1m")
        self.assertEqual(self.mount(spec, "/b"), {"destination": "/b", "type": "bind", "source": "/a",
                                                  "options": ["rbind", "nosuid", "nodev"]})
        self.assertEqual(self.mount(spec, "/d")["options"][-2:], ["ro", "dev"])
        self.assertEqual(self.mount(spec, "/d")["source"], "c")
        self.assertEqual(self.mount(spec, "/e")["type"], "tmpfs")
        self.assertEqual(self.mount(spec, "/f")["options"][-1], "size=1m")

    def test_limits(self):
        resources = self.spec("--memory", "1.5g", "--cpus", "0.25", "--pids", "9")["linux"]["resources"]
        self.assertEqual(resources["memory"], {"limit": 3 << 29})
        self.assertEqual(resources["cpu"], {"quota": 25000, "period": 100000})
        self.assertEqual(resources["pids"], {"limit": 9})

    def test_network(self):
        self.assertIn("network", self.namespaces(self.spec()))
        self.assertIn("network", self.namespaces(self.spec("--net", "none")))
        self.assertNotIn("network", self.namespaces(self.spec("--net", "host")))
        self.assertNotIn("network", self.namespaces(self.spec("--rootless")))
        spec = self.spec("--rootless", "--net", "none")
        self.assertIn("network", self.namespaces(spec))
        self.assertEqual(self.mount(spec, "/sys")["type"], "sysfs")

    def test_rootless(self):
        spec = self.spec("-r")
        self.assertEqual(spec["linux"]["uidMappings"], [{"containerID": 0, "hostID": os.geteuid(), "size": 1}])
        self.assertIn("user", self.namespaces(spec))
        self.assertNotIn("gid=5", self.mount(spec, "/dev/pts")["options"])
        self.assertIn("rbind", self.mount(spec, "/sys")["options"])
        self.assertNotIn("resources", spec["linux"])
        limited = self.spec("-r", "--pids", "3")
        self.assertEqual(limited["linux"]["resources"], {"pids": {"limit": 3}})

    def test_each_goes_through_the_plan(self):
        os.mkdir(self.path("b"))
        os.mkdir(self.path("b/rootfs"))
        for number, words in enumerate((["--rw"], ["--overlay"], ["--seccomp", "default"], ["-r"], ["-v", "x:/y:ro"],
                                        ["--tmpfs", "/t:size=1m"], ["--cap", "sys_admin", "--seccomp", "default"])):
            name = f"{number}.json"
            self.assertEqual(self.call("spec", "-b", "b", "-f", name, *words).rc, 0)
            ran = self.ocirt("check", "--bundle", "b", "--config", f"b/{name}")
            self.assertEqual((ran.rc, ran.err), (0, ""), words)


class Mistakes(SpecTest):
    def test_values(self):
        for words, fault in ((["--memory", "0"], "invalid memory: 0"), (["--memory", "-1"], "invalid memory"),
                             (["--memory", "much"], "invalid memory: much"), (["--cpus", "0"], "invalid cpus"),
                             (["--cpus", "0.001"], "invalid cpus"), (["--cpus", "x"], "invalid cpus: x"),
                             (["--pids", "-1"], "invalid pids"), (["--net", "bridge"], "invalid net: bridge"),
                             (["--user", "nobody-here"], "--user nobody-here"), (["--volume", "/a"], "--volume /a"),
                             (["--volume", ":/b"], "--volume :/b"), (["--volume", "/a:b"], "--volume /a:b"),
                             (["--tmpfs", "a"], "--tmpfs a"), (["--env", "=x"], "--env =x"),
                             (["--seccomp", "mine"], "invalid seccomp"), (["--terminal", "yes"], "invalid terminal"),
                             (["--cap", "fly"], "--cap fly"), (["--ro", "--rw"], "exclude each other"),
                             (["--rw", "--overlay"], "exclude each other")):
            with self.subTest(words=words):
                self.assert_fails(self.call("spec", "-f", "-", *words), fault)

    def test_run(self):
        for words, fault in ((["--env", "A=b", "id"], "--env needs --rootfs"), (["--name", "x", "id"], "--name needs"),
                             (["id", "--rootfs", "/"], "--rootfs must stand before id"),
                             (["--rootfs", "/", "-b", "."], "does not go with --bundle"),
                             (["--rootfs", "/", "-f", "x"], "does not go with --config"),
                             (["--rootfs", "/", "--rw", "--ro"], "exclude each other"),
                             ([], "requires exactly 1 argument(s)"), (["a", "b"], "requires exactly 1 argument(s)")):
            with self.subTest(words=words):
                self.assert_fails(self.ocirt("run", *words), fault)


def calls_of_the_kernel():
    """The names of all system calls in the kernel's headers for this processor, 64 and 32 bits."""
    text = subprocess.run(["cc", "-E", "-dM", "-include", "asm/unistd.h", "-"], input="", capture_output=True, text=True,
                          check=True).stdout
    text += subprocess.run(["cc", "-E", "-dM", "-include", "asm-generic/unistd.h", "-D__SYSCALL_COMPAT", "-"], input="",
                           capture_output=True, text=True, check=True).stdout
    if os.path.exists("/usr/include/x86_64-linux-gnu/asm/unistd_32.h"):
        with open("/usr/include/x86_64-linux-gnu/asm/unistd_32.h", encoding="utf-8") as file:
            text += file.read()
    return set(re.findall(r"#define __NR(?:3264)?_([a-z]\w+|_\w+)\s", text)) - {"syscalls", "arch_specific_syscall"}


class Filter(SpecTest):
    def filter(self, *words):
        return self.spec("--seccomp", "default", *words)["linux"]["seccomp"]

    def names(self, profile, action="SCMP_ACT_ALLOW"):
        return {name for rule in profile["syscalls"] if rule["action"] == action for name in rule["names"]}

    def test_what_is_not_listed(self):
        profile = self.filter()
        self.assertEqual((profile["defaultAction"], profile["defaultErrnoRet"]), ("SCMP_ACT_ERRNO", 1))
        self.assertNotIn("listenerPath", profile)

    def test_each_call_of_the_kernel_is_decided(self):
        """It is allowed, or docs/seccomp.md says why not."""
        with open(PAGE, encoding="utf-8") as file:
            denied = set(re.findall(r"`(\w+)`", file.read().partition("## What is refused")[2]))
        allowed = self.names(self.filter())
        self.assertEqual(calls_of_the_kernel() - allowed - denied, set())

    def test_none_is_both(self):
        profile = self.filter()
        self.assertEqual(self.names(profile) & self.names(profile, "SCMP_ACT_ERRNO"), set())
        everywhere = [n for rule in profile["syscalls"] if not rule.get("args") for n in rule["names"]]
        self.assertEqual(sorted(set(everywhere)), sorted(everywhere))

    def test_capabilities_open_it(self):
        for capability, name in (("sys_chroot", "chroot"), ("sys_admin", "mount"), ("sys_admin", "clone3"),
                                 ("syslog", "syslog"), ("bpf", "bpf"), ("sys_time", "clock_settime"),
                                 ("dac_read_search", "open_by_handle_at"), ("sys_module", "init_module")):
            with self.subTest(name=name):
                self.assertNotIn(name, self.names(self.filter()))
                self.assertIn(name, self.names(self.filter("--cap", capability)))

    def test_never(self):
        everything = [w for name in ("sys_admin", "sys_ptrace", "sys_module", "sys_boot", "bpf", "sys_rawio")
                      for w in ("--cap", name)]
        names = self.names(self.filter(*everything))
        for name in ("kexec_load", "keyctl", "io_uring_setup", "userfaultfd", "socketcall", "swapon"):
            self.assertNotIn(name, names)


if __name__ == "__main__":
    cli.main()
