# SPDX-License-Identifier: LGPL-2.1-or-later
"""The programs of the runtime-tools validation suite that need no cgroup: lifecycle, process, root, Linux.

Each test is named after the suite's program.  Where the suite is older than version 1.3 of the specification,
the test holds the specification's words, and its text says what the suite expects.
"""

import errno
import json
import os
import stat
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "../lib")]

from ocitest import Report, drop_namespace, main, set_namespace  # noqa: E402
from suite import NAMESPACES, SETS, SuiteTest, all_capabilities, own_namespace  # noqa: E402


class Lifecycle(SuiteTest):
    def test_create(self):
        """create without an id is an error, with one it works, with the same one again it is an error."""
        container = self.container(self.config("wait-term"))
        result = self.runtime("create", "--bundle", container.bundle.path)
        self.assertNotEqual(result.rc, 0)
        self.assertOk(container.create())
        self.assertEqual(container.state()["id"], container.id)
        again = self.container(self.config("wait-term"), name=container.id)
        self.assertRefused(again.create(), "already exists")
        self.assertEqual(container.status, "created")

    def test_state(self):
        container = self.container(self.config("wait-term"))
        self.assertNotEqual(self.runtime("state").rc, 0)
        self.assertRefused(self.runtime("state", container.id), "does not exist")
        self.assertOk(container.create())
        state = container.state()
        self.assertEqual((state["id"], state["status"], state["bundle"]),
                         (container.id, "created", container.bundle.path))
        self.assertGreater(state["pid"], 0)

    def test_start(self):
        """The suite wants start to succeed without a process; the specification says that it must be an
        error.
        """
        self.assertNotEqual(self.runtime("start").rc, 0)
        config = self.config("-o", "/ran", "say", "started")
        container = self.container(config)
        self.assertRefused(container.start(), "does not exist")
        self.assertOk(container.create())
        self.assertFalse(container.bundle.has("/ran"), "the program ran before start")
        pid = container.pid
        self.assertOk(container.start())
        container.wait_end(pid)
        self.assertTrue(container.bundle.has("/ran"))
        self.assertEqual(container.status, "stopped")
        self.assertRefused(container.start(), "stopped")
        without = self.config()
        del without["process"]
        container = self.container(without)
        self.assertOk(container.create())
        self.assertRefused(container.start(), "process")

    def test_kill(self):
        self.assertNotEqual(self.runtime("kill").rc, 0)
        self.assertRefused(self.runtime("kill", "nobody", "KILL"), "does not exist")
        created = self.container(self.config("wait-term"))
        self.assertOk(created.create())
        self.assertOk(created.kill("KILL"))
        self.wait_for(lambda: created.status == "stopped", "the end")
        self.assertRefused(created.kill("KILL"), "not running")
        running = self.running(self.config("pause"))
        self.assertOk(running.kill("KILL"))
        self.wait_for(lambda: running.status == "stopped", "the end")
        self.assertOk(running.delete())

    def test_kill_no_effect(self):
        container = self.running(self.config("say", "ends"))
        self.wait_for(lambda: container.status == "stopped", "the end")
        before = container.state()
        self.assertRefused(container.kill("KILL"), "not running")
        self.assertEqual(container.state(), before)

    def test_killsig(self):
        """By name without SIG: the program's handler sees the signal."""
        numbers = {"TERM": 15, "USR1": 10, "USR2": 12}
        for name, number in numbers.items():
            with self.subTest(name):
                container = self.running(self.config("trap", str(number), "/seen"))
                self.wait_for(lambda c=container: c.bundle.has("/seen") and c.bundle.get("/seen"),
                              "the handler")
                self.assertOk(container.kill(name))
                self.wait_for(lambda c=container, n=number: c.bundle.get("/seen") == f"ready\n{n}\n", name)
                self.assertOk(container.delete("--force"))

    def test_delete(self):
        """The suite and the specification want delete of a created container refused.  Like runc and crun,
        ocirt kills and deletes it, which engines rely upon: docs/conformance.md tells."""
        self.assertNotEqual(self.runtime("delete").rc, 0)
        self.assertRefused(self.runtime("delete", "nobody"), "does not exist")
        created = self.container(self.config("wait-term"))
        self.assertOk(created.create())
        self.assertOk(created.delete())
        self.assertIsNone(created.state())
        running = self.running(self.config("wait-term"))
        self.assertRefused(running.delete(), "not stopped")
        self.assertEqual(running.status, "running")
        self.assertOk(running.kill("KILL"))
        self.wait_for(lambda: running.status == "stopped", "the end")
        self.assertOk(running.delete())
        self.assertIsNone(running.state())

    def test_default(self):
        self.inside(self.config())

    def test_config_updates_without_affect(self):
        container = self.container(self.config("say", "unchanged"))
        self.assertOk(container.create())
        container.bundle.write({"ociVersion": "1.3.0"})
        pid = container.pid
        self.assertOk(container.start())
        container.wait_end(pid)
        self.assertEqual(container.lines()[0]["text"], "unchanged")

    def test_misc_props(self):
        config = self.config()
        config["annotations"] = {"org.example.unknown": "value"}
        self.inside(config)
        config = self.config()
        config["unknown"] = {"unknown": ["property"]}
        self.inside(config)
        for version in ("invalid", "2.0.0", "1.4.0"):
            config = self.config()
            config["ociVersion"] = version
            self.refuse(config, "ociVersion")

    def test_hostname(self):
        for name in ("", "hostname-specific"):
            config = self.config()
            config["hostname"] = name
            self.inside(config)

    def test_pidfile(self):
        container = self.container(self.config("wait-term"))
        path = os.path.join(self.tmp, "pid")
        self.assertOk(container.create("--pid-file", path))
        with open(path, encoding="ascii") as file:
            self.assertEqual(file.read(), str(container.pid))


class Hooks(SuiteTest):
    def hook(self, name, status=0):
        """A hook of the host that writes down its name and its standard input."""
        log = os.path.join(self.tmp, "log")
        script = f'echo {name} >>{log}; cat >{log}.{name}; exit {status}'
        return {"path": "/bin/sh", "args": ["sh", "-c", script]}

    def log(self):
        path = os.path.join(self.tmp, "log")
        if not os.path.exists(path):
            return []
        with open(path, encoding="ascii") as file:
            return file.read().split()

    def given(self, name):
        with open(os.path.join(self.tmp, f"log.{name}"), encoding="utf-8") as file:
            return json.load(file)

    def hooked(self, *words, **hooks):
        config = self.config(*words)
        config["annotations"] = {"org.example.key": "value"}
        config["hooks"] = {kind: [self.hook(name, status) for name, status in entries]
                           for kind, entries in hooks.items()}
        return self.container(config)

    def test_hooks(self):
        """The suite's program panics where all is well; the order is held here."""
        container = self.hooked("say", "program", prestart=[("prestart1", 0), ("prestart2", 0)],
                                poststart=[("poststart1", 0), ("poststart2", 0)],
                                poststop=[("poststop1", 0), ("poststop2", 0)])
        self.through(container)
        self.assertEqual(self.log(), ["prestart1", "prestart2", "poststart1", "poststart2", "poststop1",
                                      "poststop2"])

    def test_hooks_stdin(self):
        """The suite wants "created" for prestart, which runs while the container is being created:
        "creating".
        """
        container = self.hooked("wait-term", prestart=[("prestart", 0)], poststart=[("poststart", 0)],
                                poststop=[("poststop", 0)])
        self.assertOk(container.create())
        pid = container.pid
        self.assertOk(container.start())
        self.assertOk(container.kill("TERM"))
        container.wait_end(pid)
        self.assertOk(container.delete())
        for name, status in (("prestart", "creating"), ("poststart", "running"), ("poststop", "stopped")):
            state = self.given(name)
            self.assertEqual(state["status"], status, name)
            self.assertEqual((state["id"], state["bundle"]), (container.id, container.bundle.path))
            self.assertEqual(state["annotations"], {"org.example.key": "value"})
            if name != "poststop":
                self.assertEqual(state["pid"], pid)

    def test_prestart(self):
        """The suite is of the time when prestart belonged to start; since 1.1 it is called in create."""
        container = self.hooked("-o", "/ran", "say", "program", prestart=[("prestart", 0)])
        self.assertOk(container.create())
        self.assertEqual(self.log(), ["prestart"])
        self.assertFalse(container.bundle.has("/ran"))
        pid = container.pid
        self.assertOk(container.start())
        container.wait_end(pid)
        self.assertEqual(self.log(), ["prestart"])

    def test_prestart_fail(self):
        container = self.hooked("-o", "/ran", "say", "program", prestart=[("prestart", 1)],
                                poststop=[("poststop", 0)])
        self.assertNotEqual(container.create().rc, 0)
        self.assertIsNone(container.state())
        self.assertFalse(container.bundle.has("/ran"))
        self.assertEqual(self.log(), ["prestart", "poststop"])

    def test_poststart(self):
        container = self.hooked("-o", "/ran", "wait-term", poststart=[("poststart", 0)])
        self.assertOk(container.create())
        self.assertEqual(self.log(), [])
        self.assertOk(container.start())
        self.assertEqual(self.log(), ["poststart"])
        self.assertEqual(self.given("poststart")["status"], "running")

    def test_poststart_fail(self):
        """The suite wants a warning and the next hook run; since 1.3 it is an error: the container is stopped
        and destroyed, and its poststop hooks are run."""
        container = self.hooked("wait-term", poststart=[("poststart1", 1), ("poststart2", 0)],
                                poststop=[("poststop", 0)])
        self.assertOk(container.create())
        result = container.start()
        self.assertNotEqual(result.rc, 0)
        self.assertIn("poststart", result.err)
        self.assertIsNone(container.state())
        self.assertEqual(self.log(), ["poststart1", "poststop"])

    def test_poststop(self):
        container = self.hooked("say", "program", poststop=[("poststop", 0)])
        self.assertOk(container.create())
        pid = container.pid
        self.assertOk(container.start())
        container.wait_end(pid)
        self.assertEqual(self.log(), [])
        self.assertOk(container.delete())
        self.assertEqual(self.log(), ["poststop"])

    def test_poststop_fail(self):
        container = self.hooked("say", "program", poststop=[("poststop1", 1), ("poststop2", 0)])
        self.assertOk(container.create())
        pid = container.pid
        self.assertOk(container.start())
        container.wait_end(pid)
        result = self.assertOk(container.delete())
        self.assertIn("poststop", result.err)
        self.assertEqual(self.log(), ["poststop1", "poststop2"])
        self.assertIsNone(container.state())


class Process(SuiteTest):
    def test_process(self):
        config = self.config()
        config["process"]["cwd"] = "/test"
        config["process"]["env"] += ["testa=valuea", "testb=123"]
        self.inside(config, lambda bundle: os.mkdir(bundle.file("/test")))

    def test_process_user(self):
        for user in ({"uid": 10, "gid": 10, "additionalGids": [5], "umask": 0o002},
                     {"uid": 10, "gid": 10, "additionalGids": [], "umask": 0o022}):
            config = self.config()
            config["process"]["user"] = user
            self.inside(config, lambda bundle: os.chmod(bundle.path, 0o755))

    def test_process_oom_score_adj(self):
        config = self.config()
        config["process"]["oomScoreAdj"] = 500
        self.inside(config)

    def test_process_rlimits(self):
        gigabyte = 1 << 30
        config = self.config()
        limits = {"AS": (gigabyte, 2 * gigabyte), "CORE": (gigabyte, 4 * gigabyte),
                  "DATA": (gigabyte, 4 * gigabyte), "FSIZE": (gigabyte, 4 * gigabyte),
                  "STACK": (gigabyte, 4 * gigabyte), "CPU": (120, 120), "NOFILE": (4000, 4096)}
        config["process"]["rlimits"] = [{"type": f"RLIMIT_{name}", "soft": soft, "hard": hard}
                                        for name, (soft, hard) in limits.items()]
        self.inside(config)

    def test_process_rlimits_fail(self):
        config = self.config()
        config["process"]["rlimits"] = [{"type": "RLIMIT_TEST", "soft": 1024, "hard": 1024}]
        self.refuse(config, "RLIMIT_TEST")

    def test_process_capabilities(self):
        config = self.config()
        config["process"]["capabilities"] = {kind: all_capabilities() for kind in SETS}
        self.inside(config)

    def test_process_capabilities_fail(self):
        """The suite wants CAP_TEST refused; since 1.1 it is warned of and the container is made without
        it.
        """
        config = self.config()
        config["process"]["capabilities"]["bounding"].append("CAP_TEST")
        container = self.container(config)
        result = self.assertOk(container.create())
        self.assertIn("CAP_TEST", result.err)
        self.assertIn("warning", result.err.lower())

    def test_linux_process_apparmor_profile(self):
        """Without AppArmor in the kernel the profile cannot be applied, which must be an error; with it the
        profile does not exist, which is one too."""
        config = self.config()
        config["process"]["apparmorProfile"] = "acme_secure_profile"
        self.refuse_at_last(config, "apparmor")


class Root(SuiteTest):
    def test_root_readonly_true(self):
        config = self.config()
        config["root"]["readonly"] = True
        self.inside(config)

    def test_mounts(self):
        config = self.config()
        config["mounts"].append({"destination": "/tmp", "type": "tmpfs", "source": "tmpfs",
                                 "options": ["nosuid", "strictatime", "mode=755", "size=1k"]})
        mount = self.inside(config).mount("/tmp")
        self.assertIn("nosuid", mount.options)
        self.assertNotIn("relatime", mount.options)
        self.assertTrue({"mode=755"} <= mount.super_options, mount)
        # Later versions of the program: binds with each propagation, and options that are a tmpfs's.
        source = os.path.join(self.tmp, "source")
        os.mkdir(source)
        for word, optional in (("shared", {"shared"}), ("slave", set()), ("private", set()),
                               ("unbindable", {"unbindable"})):
            with self.subTest(word):
                config = self.config()
                config["mounts"].append({"destination": "/mnt", "type": "none", "source": source, "options": [
                    "bind", word, "nosuid", "strictatime", "mode=755", "size=1k"]})
                mount = self.inside(config).mount("/mnt")
                self.assertIn("nosuid", mount.options)
                self.assertEqual({word.split(":")[0] for word in mount.optional}, optional)

    def test_linux_rootfs_propagation(self):
        for word in ("shared", "slave", "private", "unbindable"):
            with self.subTest(word):
                config = self.config()
                config["process"]["capabilities"] = {kind: all_capabilities() for kind in SETS}
                config["linux"].pop("seccomp")
                config["linux"]["rootfsPropagation"] = word
                self.inside(config)

    def test_linux_mount_label(self):
        """Without SELinux a label cannot be applied, and that must be an error."""
        config = self.config()
        config["linux"]["mountLabel"] = "system_u:object_r:svirt_sandbox_file_t:s0:c715,c811"
        if os.path.exists("/sys/fs/selinux/enforce"):
            self.skipTest("SELinux is there: needs a policy with svirt_sandbox_file_t")
        self.refuse(config, "selinux")

    def masked_or_readonly(self, kind):
        """A directory, a file, and both below the directory, in the order of the suite."""
        config = self.config()
        config["linux"][kind] = ["/hidden-dir", "/hidden-file", "/hidden-dir/sub", "/hidden-dir/file",
                                 "/hidden-dir/sub/file"]

        def prepare(bundle):
            for name in ("/hidden-dir/sub/file", "/hidden-dir/file", "/hidden-file"):
                bundle.put(name, "secrets")

        self.inside(config, prepare)

    def relative_and_dangling(self, kind):
        """The suite wants a link to itself refused; the specification knows no such rule: it is passed over
        like a path that is not there."""
        config = self.config()
        config["linux"][kind] = ["hidden-relative"]
        self.refuse(config, kind)
        config = self.config()
        config["linux"][kind] = ["/hidden-link"]
        container = self.container(config)
        os.symlink("../hidden-link", container.bundle.file("/hidden-link"))
        result = container.create()
        if result.rc:
            self.assertRefused(result, "/hidden-link")

    def nodes(self, kind, check):
        for mode in (stat.S_IFBLK, stat.S_IFCHR, stat.S_IFIFO):
            with self.subTest(stat.filemode(mode)):
                config = self.config("open", "/node", check)
                config["linux"][kind] = ["/node"]
                config["linux"]["resources"]["devices"] = [{"allow": True, "access": "rwm"}]
                container = self.container(config)
                # The device 0:0 is nothing: an open that reached it would be ENXIO, and a FIFO's would
                # succeed.
                os.mknod(container.bundle.file("/node"), mode | 0o666, 0)
                yield self.through(container).lines()[0]

    def test_linux_masked_paths(self):
        self.masked_or_readonly("maskedPaths")
        self.relative_and_dangling("maskedPaths")
        for line in self.nodes("maskedPaths", str(os.O_RDONLY)):
            self.assertErrno(line, 0, f"{line}: it is not /dev/null that is opened")

    def test_linux_readonly_paths(self):
        self.masked_or_readonly("readonlyPaths")
        self.relative_and_dangling("readonlyPaths")
        for line in self.nodes("readonlyPaths", str(os.O_RDWR)):
            # Writing to a node is no change of the filesystem: the kernel lets it pass.
            self.assertIn(line["errno"], (0, errno.ENXIO, errno.EROFS), line)


class Linux(SuiteTest):
    def test_linux_devices(self):
        config = self.config()
        config["linux"]["devices"] = [
            {"path": "/dev/test1", "type": "c", "major": 10, "minor": 666, "fileMode": 0o644, "uid": 0,
             "gid": 0},
            {"path": "/dev/test2", "type": "b", "major": 8, "minor": 666, "fileMode": 0o640, "uid": 1,
             "gid": 2},
            {"path": "/dev/test3", "type": "p", "major": 8, "minor": 666, "fileMode": 0o600, "uid": 0,
             "gid": 0},
        ]
        self.inside(config)

    def test_linux_seccomp(self):
        """The suite's own look at the result is vacuous: here the call is made."""
        config = self.config("syscall", "getcwd", "0", "0")
        config["linux"]["seccomp"] = {"defaultAction": "SCMP_ACT_ALLOW",
                                      "syscalls": [{"names": ["getcwd"], "action": "SCMP_ACT_ERRNO"}]}
        self.assertErrno(self.through(self.container(config)).lines()[0], errno.EPERM)

    def test_linux_sysctl(self):
        config = self.config()
        config["linux"]["sysctl"] = {"net.ipv4.ip_forward": "1"}
        self.inside(config)

    def mapped(self, *kinds):
        """The suite's user namespace.  Its root may not pass through the directory above the bundle, of mode
        0700; the bundle itself is the root directory, which nobody could enter with that mode."""
        config = self.config()
        for kind in ("user", *kinds):
            set_namespace(config, kind)
        for kind in ("uidMappings", "gidMappings"):
            config["linux"][kind] = [{"containerID": 0, "hostID": 1000, "size": 2000}]
        return config

    def test_linux_uid_mappings(self):
        config = self.mapped()
        config["linux"]["uidMappings"] = [{"containerID": 0, "hostID": 1000, "size": 2000}]
        config["linux"]["gidMappings"] = [{"containerID": 0, "hostID": 1000, "size": 3000}]
        self.inside(config, lambda bundle: os.chmod(bundle.path, 0o755))

    def test_linux_ns_nopath(self):
        """The suite knows seven kinds; time came with 1.1."""
        config = self.mapped("cgroup", "time")
        report = self.inside(config, lambda bundle: os.chmod(bundle.path, 0o755))
        for kind in NAMESPACES:
            self.assertNotEqual(report.namespace(NAMESPACES[kind]), own_namespace(kind), kind)

    def test_linux_ns_itype(self):
        """Nothing listed is all inherited.  The suite takes the mount namespace away too, while the root is
        still one of the container's own: then nothing may be mounted, and ocirt refuses what it could not
        undo."""
        config = self.config()
        config["linux"]["namespaces"] = [{"type": "mount"}]
        config["mounts"] = [m for m in config["mounts"] if m["destination"] != "/sys"]
        del config["hostname"]
        report = Report(self.through(self.container(config)).lines()[0])
        for kind in NAMESPACES:
            if kind != "mount":
                self.assertEqual(report.namespace(NAMESPACES[kind]), own_namespace(kind), kind)
        config = self.config()
        config["linux"]["namespaces"] = []
        config["mounts"] = []
        del config["hostname"]
        container = self.container(config)
        result = container.create()
        if result.rc:
            self.assertRefused(result, "mount namespace")
        else:
            self.assertEqual(os.readlink(f"/proc/{container.pid}/ns/mnt"), own_namespace("mount"))

    def unshared(self, kind):
        """A process that waits in a new namespace of the kind, and the path of that."""
        option = {"network": "--net", "mount": "--mount"}.get(kind, f"--{kind}")
        argv = ["unshare", option, *(["--fork"] if kind == "pid" else []), "cat"]
        process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
        self.addCleanup(process.wait)
        self.addCleanup(process.stdin.close)
        name = "pid_for_children" if kind == "pid" else NAMESPACES[kind]
        path = f"/proc/{process.pid}/ns/{name}"
        own = own_namespace(kind)

        def ready():
            try:
                return os.readlink(path) not in ("", own)
            except OSError:
                return False

        self.wait_for(ready, path)
        return path

    def test_linux_ns_path(self):
        for kind in ("ipc", "mount", "network", "pid", "uts"):
            with self.subTest(kind):
                path = self.unshared(kind)
                wanted = os.readlink(path)
                config = self.config()
                set_namespace(config, kind, path)
                if kind == "mount":
                    config["mounts"] = []
                container = self.container(config)
                self.assertOk(container.create())
                self.assertEqual(os.readlink(f"/proc/{container.pid}/ns/{NAMESPACES[kind]}"), wanted)
                self.assertOk(container.delete("--force"))

    def test_linux_ns_path_type(self):
        """A path of another kind is refused, for each of the eight."""
        for kind in NAMESPACES:
            with self.subTest(kind):
                config = self.config()
                other = "ipc" if kind != "ipc" else "uts"
                set_namespace(config, kind, f"/proc/self/ns/{other}")
                if kind == "mount":
                    config["mounts"] = []
                if kind == "uts":
                    drop_namespace(config, "uts")
                    set_namespace(config, "uts", "/proc/self/ns/ipc")
                    del config["hostname"]
                self.refuse(config, "namespace")


if __name__ == "__main__":
    main()
