# SPDX-License-Identifier: LGPL-2.1-or-later
"""Words of the specification that no other test holds: each method names the row of docs/conformance.md."""

import errno
import json
import os
import sys

sys.path[:0] = [os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib")]

from ocitest import (ContainerTest, Report, add_mount, bundle, capability_held, cgroups,  # noqa: E402
                     drop_namespace, main, needs, set_namespace)

CPUS = sorted(os.sched_getaffinity(0))
NUMA = os.path.isdir("/sys/devices/system/node/node0")


def cpulist(cpus):
    return ",".join(str(cpu) for cpu in cpus)


class Configuration(ContainerTest):
    def test_bundle_is_config_json_alone(self):
        """A-001: exactly that name, in the bundle's directory."""
        made = self.bundle(self.config("say", "x"))
        os.rename(os.path.join(made.path, "config.json"), os.path.join(made.path, "Config.json"))
        container = self.container(made=made)
        self.assertRefused(container.create(), "config.json")

    def test_utf8(self):
        """A-002"""
        config = self.config("say", "x")
        config["process"]["env"].append("NAME=żółć-日本")
        self.run_ok(config)
        text = json.dumps(self.config("say", "x")).encode().replace(b'"TERM=xterm"', b'"TERM=\xff\xfe"')
        container = self.container()
        with open(os.path.join(container.bundle.path, "config.json"), "wb") as file:
            file.write(text)
        self.assertRefused(container.create(), "config.json")

    def test_order_of_members_does_not_matter(self):
        """A-004"""
        config = self.config()

        def turned(value):
            if isinstance(value, dict):
                return {key: turned(value[key]) for key in reversed(list(value))}
            return [turned(item) for item in value] if isinstance(value, list) else value

        self.assertEqual(self.report(turned(config)).proc("mountinfo").count("\n"),
                         self.report(config).proc("mountinfo").count("\n"))

    def test_a_warning_does_not_change_the_flow(self):
        """A-009"""
        config = self.config("say", "x")
        config["process"]["capabilities"]["bounding"].append("CAP_NONE")
        result = self.run_ok(config).result
        self.assertIn("warning", result.err)
        self.assertEqual(result.lines()[0]["text"], "x")

    def test_annotations(self):
        """A-013, A-020, A-021: any key but the empty one, also without a meaning to us; values may be
        empty.
        """
        config = self.config("wait-term")
        config["annotations"] = {"org.opencontainers.image.os": "linux",
                                 "org.opencontainers.image.stopSignal": "SIGINT",
                                 "org.opencontainers.image.architecture": "amd64",
                                 "com.example.key": "", "x": "y"}
        self.assertEqual(self.running(config).state()["annotations"], config["annotations"])
        config = self.config("wait-term")
        config["annotations"] = {}
        self.assertEqual(self.running(config).state().get("annotations", {}), {})

    def test_platforms(self):
        """A-022: what is for other platforms is no error."""
        config = self.config("say", "x")
        config["windows"] = {"layerFolders": ["C:\\Layers\\layer1"]}
        config["solaris"] = {"milestone": "svc:/milestone/container:default"}
        config["freebsd"] = {"jail": {"host": "new"}}
        config["zos"] = {"namespaces": [{"type": "pid"}]}
        self.run_ok(config)

    def test_only_root_and_version(self):
        """A-015, A-032: mounts, hostname, hooks and process are optional for create."""
        container = self.container({"ociVersion": "1.3.0", "root": {"path": "rootfs"},
                                    "linux": {"cgroupsPath": bundle.cgroups_path("least"),
                                              "namespaces": [{"type": "mount"}]}})
        self.assertOk(container.create())
        self.assertRefused(container.start(), "process")
        self.assertEqual(container.status, "created")
        self.assertOk(container.delete("--force"))

    def test_root_is_required(self):
        """A-015"""
        config = self.config("say", "x")
        del config["root"]
        self.refuse(config, "root")


class Process(ContainerTest):
    def test_console_size_without_a_terminal(self):
        """A-034: it must be ignored."""
        config = self.config("say", "x")
        config["process"]["consoleSize"] = {"height": 10, "width": 20}
        self.run_ok(config)

    def test_scheduler_iso(self):
        """A-046: a value of the specification that Linux does not have."""
        config = self.config()
        config["process"]["scheduler"] = {"policy": "SCHED_ISO"}
        self.refuse(config, "SCHED_ISO")

    @needs(capability_held("CAP_SYS_NICE"), "CAP_SYS_NICE")
    def test_scheduler_deadline(self):
        """A-046, A-047, A-048.  The kernel takes deadline tasks only in a root domain whose processors it all
        has: a container without a cgroup of its own."""
        config = self.config()
        del config["linux"]["cgroupsPath"]
        flags = ["SCHED_FLAG_RECLAIM", "SCHED_FLAG_DL_OVERRUN"]
        config["process"]["scheduler"] = {"policy": "SCHED_DEADLINE", "runtime": 1000000,
                                          "deadline": 10000000, "period": 20000000, "flags": flags}
        self.runtime.options += ["--cgroup-manager", "disabled"]
        config["linux"].pop("resources")
        got = self.report(config)["scheduler"]
        self.assertEqual((got["policy"], got["runtime"], got["deadline"], got["period"], got["flags"]),
                         (6, 1000000, 10000000, 20000000, 6))

    def test_scheduler_reset_on_fork(self):
        """A-048"""
        config = self.config()
        config["process"]["scheduler"] = {"policy": "SCHED_BATCH", "nice": 3,
                                          "flags": ["SCHED_FLAG_RESET_ON_FORK"]}
        got = self.report(config)["scheduler"]
        self.assertEqual((got["policy"], got["nice"], got["flags"]), (3, 3, 1))

    def exec_affinity(self, affinity):
        container = self.running(self.config("wait-term"))
        process = self.config("report")["process"]
        if affinity is not None:
            process["execCPUAffinity"] = affinity
        path = os.path.join(self.tmp, "process.json")
        with open(path, "w", encoding="utf-8") as file:
            json.dump(process, file)
        result = self.assertOk(container.exec("--process", path, "ID"))
        return Report(result.lines()[0])["affinity"]

    @needs(len(CPUS) >= 2, "two processors")
    def test_exec_cpu_affinity(self):
        """A-051: final after the move, initial until then; a final that is not given leaves what the move
        made of it.
        """
        first, last = CPUS[0], CPUS[-1]
        self.assertEqual(self.exec_affinity({"initial": str(first), "final": str(last)}), [last])
        self.assertEqual(self.exec_affinity({"final": f"{first}"}), [first])
        self.assertEqual(self.exec_affinity({"final": cpulist(CPUS)}), CPUS)
        self.assertEqual(self.exec_affinity(None), CPUS)
        self.assertIn(self.exec_affinity({"initial": str(first)}), ([first], CPUS))

    @needs(len(CPUS) >= 2, "two processors")
    def test_exec_cpu_affinity_is_not_for_the_first_process(self):
        """A-051"""
        config = self.config()
        config["process"]["execCPUAffinity"] = {"initial": str(CPUS[0]), "final": str(CPUS[0])}
        self.assertEqual(self.report(config)["affinity"], CPUS)

    def test_exec_cpu_affinity_of_the_container(self):
        """A-051: what config.json's process says holds for exec without a process of its own, too."""
        config = self.config("wait-term")
        config["process"]["execCPUAffinity"] = {"final": str(CPUS[0])}
        container = self.running(config)
        result = self.assertOk(container.exec("ID", "/probe"))
        self.assertEqual(Report(result.lines()[0])["affinity"], CPUS[:1])

    def test_umask_unset_is_0022(self):
        """A-053: whatever the caller's is."""
        container = self.container(self.config())
        result = self.assertOk(container.run(prepare=lambda: os.umask(0o077)))
        self.assertEqual(Report(result.lines()[0])["umask"], 0o022)

    @needs(not NUMA, "a kernel without NUMA")
    def test_memory_policy_without_numa(self):
        """A-113, A-006: what the kernel doesn't have is a clear error."""
        config = self.config()
        config["linux"]["memoryPolicy"] = {"mode": "MPOL_BIND", "nodes": "0"}
        result = self.refuse_at_last(config, "memoryPolicy")
        self.assertIn("NUMA", result.err)


class Cgroups(ContainerTest):
    def place(self, path):
        config = self.config("wait-term")
        config["linux"]["cgroupsPath"] = path
        container = self.running(config)
        with open(f"/proc/{container.pid}/cgroup", encoding="ascii") as file:
            places = {line.strip().split(":", 2)[1]: line.strip().split(":", 2)[2] for line in file}
        self.assertOk(container.delete("--force"))
        return places

    def test_same_value_same_place(self):
        """A-084, A-085, A-086"""
        for path in (bundle.cgroups_path("same"), bundle.cgroups_path("same").lstrip("/")):
            self.assertEqual(self.place(path), self.place(path))
        self.assertEqual(self.place(bundle.cgroups_path("same"))[""], bundle.cgroups_path("same"))

    def test_resources_unset(self):
        """A-090: no limit is touched; devices are those of a container without rules."""
        config = self.config("report")
        del config["linux"]["resources"]
        self.run_ok(config)

    @needs(cgroups.has_controller("pids"), "the pids controller")
    def test_pids_limit_0(self):
        """A-100: 0 is a value: no process may be started."""
        config = self.config("fork", "5")
        config["linux"]["resources"]["pids"] = {"limit": 0}
        line = self.run_ok(config).result.lines()[0]
        self.assertEqual((line["made"], line["errno"]), (0, errno.EAGAIN), line)


class Linux(ContainerTest):
    def test_missing_type_is_inherited(self):
        """A-073"""
        config = self.config()
        drop_namespace(config, "ipc")
        config["mounts"] = [m for m in config["mounts"] if m["destination"] != "/dev/mqueue"]
        self.assertEqual(self.report(config).namespace("ipc"), os.readlink("/proc/self/ns/ipc"))

    def test_time_offsets_with_nanoseconds(self):
        """A-076"""
        config = self.config()
        set_namespace(config, "time")
        config["linux"]["timeOffsets"] = {"monotonic": {"secs": 1000, "nanosecs": 500},
                                          "boottime": {"secs": -1}}
        text = self.report(config).proc("timens_offsets").split()
        self.assertEqual(text, ["monotonic", "1000", "500", "boottime", "-1", "0"])

    def test_every_word_of_a_mount(self):
        """A-028, A-141: no word that `features` lists is unknown to mounts, or taken for the filesystem's."""
        words = self.assertOk(self.runtime("features")).json()["mountOptions"]
        other = {"idmap", "ridmap"}     # need a user namespace or maps: Idmap of test_mounts
        bind_alone = {"bind", "rbind", "src-nofollow", "dest-nofollow", "copy-symlink"}
        source = os.path.join(self.tmp, "source")
        os.mkdir(source)
        for word in sorted(set(words) - other):
            with self.subTest(word):
                config = self.config("say", "x")
                if word == "remount":
                    add_mount(config, "/mnt", "tmpfs", "tmpfs")
                    add_mount(config, "/mnt", "tmpfs", "tmpfs", ["remount", "ro"])
                elif word in bind_alone:
                    add_mount(config, "/mnt", "none", source,
                              sorted({"bind", word} - ({"bind"} if word == "rbind" else set())))
                else:
                    add_mount(config, "/mnt", "tmpfs", "tmpfs", [word])
                self.run_ok(config)

    def test_a_mount_of_cgroup_makes_no_error_without_namespace(self):
        """A-070 and A-028 together: what engines mount by default."""
        config = self.config()
        add_mount(config, "/sys/fs/cgroup", "cgroup", "cgroup", ["ro", "nosuid", "noexec", "nodev"])
        self.report(config).mount("/sys/fs/cgroup")

    def test_intel_rdt_of_every_kind(self):
        """A-103: without resctrl each form is an error."""
        if os.path.isdir("/sys/fs/resctrl/info"):
            self.skipTest("needs a machine without resctrl")
        for rdt in ({}, {"closID": "/"}, {"enableMonitoring": True}, {"schemata": ["MB:0=50"]},
                    {"l3CacheSchema": "L3:0=f"}):
            with self.subTest(rdt):
                config = self.config()
                config["linux"]["intelRdt"] = rdt
                self.refuse(config, "resctrl")

    def test_mount_idmap_of_its_own_without_user_namespace(self):
        """A-031: the files' owners are converted by the mount's own maps."""
        source = os.path.join(self.tmp, "owned")
        os.mkdir(source)
        os.chown(source, 1000, 1000)
        config = self.config("stat", "/mnt")
        maps = [{"containerID": 1000, "hostID": 2000, "size": 10}]
        add_mount(config, "/mnt", "none", source, ["rbind", "idmap"], uidMappings=maps, gidMappings=maps)
        container = self.container(config)
        result = container.run()
        if result.rc and "idmap" in result.err.lower():
            self.skipTest("needs a filesystem with id-mapped mounts in the temporary directory")
        self.assertOk(result)
        line = result.lines()[0]
        self.assertEqual((line["uid"], line["gid"]), (2000, 2000))


class Operations(ContainerTest):
    def test_failed_operations_change_nothing(self):
        """A-008, A-133 to A-137: states before and after an operation that is refused are the same."""
        container = self.running(self.config("wait-term"))
        before = container.state()
        for words in (["start"], ["delete"], ["kill", "NOSUCHSIGNAL"]):
            result = self.runtime(words[0], container.id, *words[1:])
            self.assertNotEqual(result.rc, 0, str(result))
            self.assertEqual(container.state(), before, words)
        again = self.container(self.config("say", "x"), name=container.id)
        self.assertRefused(again.create(), "exists")
        self.assertEqual(container.state(), before)

    def test_state_while_it_is_created(self):
        """A-129: who asks meanwhile - a hook - is told "creating", and "running" in poststart."""
        name, log = "asked", os.path.join(self.tmp, "log")
        ask = f"{self.runtime.path} --root {self.runtime.root} state {name} >{log}.$0"
        config = self.config("wait-term")
        config["hooks"] = {kind: [{"path": "/bin/sh", "args": ["sh", "-c", ask, kind]}]
                           for kind in ("createRuntime", "poststart")}
        container = self.container(config, name=name)
        self.assertOk(container.create())
        self.assertOk(container.start())
        for kind, status in (("createRuntime", "creating"), ("poststart", "running")):
            with open(f"{log}.{kind}", encoding="utf-8") as file:
                self.assertEqual(json.load(file)["status"], status)

    def test_poststart_is_not_for_a_program_that_did_not_start(self):
        """A-065, A-135: start tells that the program can't be executed, and there is nothing to be hooked."""
        log = os.path.join(self.tmp, "log")
        config = self.config()
        config["process"]["args"] = ["/broken"]
        config["hooks"] = {"poststart": [{"path": "/bin/sh", "args": ["sh", "-c", f"echo x >{log}"]}]}
        container = self.container(config)
        container.bundle.put("/broken", "\x7fELF", 0o755)
        self.assertOk(container.create())
        self.assertRefused(container.start(), "exec format error")
        self.assertEqual(container.status, "stopped")
        self.assertFalse(os.path.exists(log))
        self.assertOk(container.delete())

    def test_the_bundle_stays(self):
        """A-137: what create did not make is not deleted."""
        config = self.config("say", "x")
        source = os.path.join(self.tmp, "source")
        os.mkdir(source)
        with open(os.path.join(source, "file"), "w", encoding="ascii") as file:
            file.write("kept\n")
        add_mount(config, "/mnt", "none", source, ["rbind", "rw"])
        container = self.run_ok(config)
        self.assertTrue(os.path.exists(os.path.join(container.bundle.path, "config.json")))
        self.assertTrue(container.bundle.has("/probe"))
        self.assertEqual(os.listdir(source), ["file"])

    def test_other_users_of_the_same_root_may_operate(self):
        """A-011: every operation works in another process of the user who created the container."""
        container = self.running(self.config("wait-term"))
        for words in (["state"], ["ps"], ["pause"], ["resume"], ["kill", "TERM"]):
            self.assertOk(self.runtime(words[0], container.id, *words[1:]))
        self.wait_for(lambda: container.status == "stopped", "the end")
        self.assertOk(container.delete())

    def test_additional_descriptors_are_those_that_were_asked_for(self):
        """A-080"""
        reading, writing = os.pipe()
        os.set_inheritable(reading, True)
        os.set_inheritable(writing, True)
        try:
            container = self.container(self.config())
            result = self.assertOk(container.run(pass_fds=(reading, writing)))
        finally:
            os.close(reading)
            os.close(writing)
        self.assertEqual(sorted(Report(result.lines()[0])["fds"]), ["0", "1", "2"])


if __name__ == "__main__":
    main()
