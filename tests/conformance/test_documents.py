# SPDX-License-Identifier: LGPL-2.1-or-later
"""What ocirt writes - features, states - against the specification's schemas and words."""

import json
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "../lib")]

import schema  # noqa: E402
from ocitest import CAPABILITIES, ContainerTest, cgroups, main, needs  # noqa: E402

with_schemas = needs(schema.directory(), "the JSON schemas of runtime-spec (OCI_SCHEMA_DIR)")

# config.md "Linux mount options", all of them; rnodev is in no table of the specification but in its example.
MOUNT_OPTIONS = """
    async atime bind defaults dev diratime dirsync exec iversion lazytime loud noatime nodev nodiratime noexec
    noiversion nolazytime norelatime nostrictatime nosuid private rbind relatime remount ro rprivate rshared
    rslave runbindable rw shared silent slave strictatime suid sync unbindable mand nomand nosymfollow
    symfollow rro rrw rsuid rnosuid rdev rnodev rexec rnoexec ratime rnoatime rdiratime rnodiratime rrelatime
    rnorelatime rstrictatime rnostrictatime rsymfollow rnosymfollow idmap ridmap tmpcopyup""".split()
NAMESPACES = {"cgroup", "ipc", "mount", "network", "pid", "time", "user", "uts"}
HOOKS = ["prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop"]
ACTIONS = {f"SCMP_ACT_{w}" for w in "KILL KILL_PROCESS KILL_THREAD TRAP ERRNO TRACE ALLOW LOG NOTIFY".split()}
OPERATORS = {f"SCMP_CMP_{w}" for w in "NE LT LE EQ GE GT MASKED_EQ".split()}
ARCHITECTURES = {f"SCMP_ARCH_{w}" for w in """
    X86 X86_64 X32 ARM AARCH64 MIPS MIPS64 MIPS64N32 MIPSEL MIPSEL64 MIPSEL64N32 PPC PPC64 PPC64LE S390 S390X
    PARISC PARISC64 RISCV64 LOONGARCH64 M68K SH SHEB""".split()}
FLAGS = {f"SECCOMP_FILTER_FLAG_{w}" for w in "TSYNC LOG SPEC_ALLOW WAIT_KILLABLE_RECV".split()}
MODES = {f"MPOL_{w}" for w in """
    DEFAULT BIND INTERLEAVE WEIGHTED_INTERLEAVE PREFERRED PREFERRED_MANY LOCAL""".split()}


class Features(ContainerTest):
    def features(self):
        result = self.assertOk(self.runtime("features"))
        self.assertEqual(result.err, "")
        return result.json()

    @with_schemas
    def test_schema(self):
        self.assertEqual(schema.complaints("features-schema.json", self.features()), [])

    def test_versions(self):
        features = self.features()
        self.assertEqual((features["ociVersionMin"], features["ociVersionMax"]), ("1.0.0", "1.3.0"))
        for version in ("1.0.0", "1.0.2", "1.1.0", "1.2.1", "1.3.0", "1.0.2-dev", "1.3.0+dev"):
            with self.subTest(version):
                config = self.config("say", "x")
                config["ociVersion"] = version
                self.run_ok(config)
        for version in ("0.9.0", "1.4.0", "2.0.0", "1.0", "1", "", "v1.0.0", "1.0.0-", "01.0.0"):
            with self.subTest(version):
                config = self.config("say", "x")
                config["ociVersion"] = version
                self.refuse(config, "ociVersion")

    def test_hooks(self):
        self.assertEqual(self.features()["hooks"], HOOKS)

    def test_mount_options(self):
        words = self.features()["mountOptions"]
        self.assertEqual([w for w in MOUNT_OPTIONS if w not in words], [])
        self.assertEqual(words, sorted(set(words)))

    def test_annotations(self):
        features = self.features()
        self.assertTrue(all(key and isinstance(value, str) for key, value in features["annotations"].items()))
        self.assertIn("org.opencontainers.runc.checkpoint.enabled", features["annotations"])
        self.assertTrue(features["potentiallyUnsafeConfigAnnotations"])

    def test_linux(self):
        linux = self.features()["linux"]
        self.assertEqual(set(linux["namespaces"]), NAMESPACES)
        self.assertEqual(set(CAPABILITIES) - set(linux["capabilities"]), set())
        self.assertTrue(linux["cgroup"]["v1"] and linux["cgroup"]["v2"] and linux["cgroup"]["rdma"])
        self.assertIn("systemd", linux["cgroup"])
        self.assertIn("systemdUser", linux["cgroup"])
        for name in ("apparmor", "selinux", "netDevices"):
            self.assertTrue(linux[name]["enabled"], name)
        self.assertTrue(linux["mountExtensions"]["idmap"]["enabled"])
        self.assertEqual(linux["intelRdt"], {"enabled": True, "schemata": True, "monitoring": True})
        self.assertEqual(set(linux["memoryPolicy"]["modes"]), MODES)
        self.assertEqual(set(linux["memoryPolicy"]["flags"]),
                         {"MPOL_F_NUMA_BALANCING", "MPOL_F_RELATIVE_NODES", "MPOL_F_STATIC_NODES"})

    def test_seccomp(self):
        seccomp = self.features()["linux"]["seccomp"]
        if not seccomp["enabled"]:
            self.skipTest("built without seccomp")
        self.assertEqual(set(seccomp["actions"]), ACTIONS)
        self.assertEqual(set(seccomp["operators"]), OPERATORS)
        self.assertEqual(set(seccomp["archs"]) - ARCHITECTURES, set())
        self.assertEqual(set(seccomp["knownFlags"]), FLAGS)
        self.assertLessEqual(set(seccomp["supportedFlags"]), FLAGS)


class States(ContainerTest):
    def check(self, document, status):
        self.assertEqual(document["status"], status)
        self.assertTrue(os.path.isabs(document["bundle"]))
        if status in ("created", "running", "paused"):
            self.assertGreater(document["pid"], 0)
        if schema.directory():
            self.assertEqual(schema.complaints("state-schema.json", {**document, "status": "running"}), [])
            if status != "paused":      # runtime.md allows more states than its schema has
                self.assertEqual(schema.complaints("state-schema.json", document), [])

    def test_of_the_command(self):
        config = self.config("wait-term")
        config["annotations"] = {"org.example.key": "value", "org.example.empty": ""}
        container = self.container(config)
        self.assertOk(container.create())
        self.check(container.state(), "created")
        self.assertEqual(container.state()["annotations"], config["annotations"])
        self.assertOk(container.start())
        self.check(container.state(), "running")
        self.assertEqual(container.state()["ociVersion"], config["ociVersion"])
        if cgroups.has_controller("freezer", self.view) or cgroups.is_v2_only(self.view):
            self.assertOk(self.runtime("pause", container.id))
            self.check(container.state(), "paused")
            self.assertOk(self.runtime("resume", container.id))
        self.assertOk(container.kill("KILL"))
        self.wait_for(lambda: container.status == "stopped", "the end")
        self.check(container.state(), "stopped")

    def test_of_the_hooks(self):
        """Each of the six gets a state that the schema accepts, with the status of its moment."""
        statuses = dict(zip(HOOKS, ("creating", "creating", "creating", "created", "running", "stopped")))
        config = self.config("wait-term")
        outside = [kind for kind in HOOKS if kind not in ("createContainer", "startContainer")]
        config["hooks"] = {kind: [{"path": "/bin/sh", "args": ["sh", "-c", f"cat >{self.tmp}/{kind}"]}]
                           for kind in outside}
        config["hooks"]["startContainer"] = [{"path": "/probe",
                                              "args": ["probe", "-o", "/started", "read-fd", "0"]}]
        config["hooks"]["createContainer"] = [{"path": "/bin/sh",
                                               "args": ["sh", "-c", f"cat >{self.tmp}/createContainer"]}]
        container = self.container(config)
        self.assertOk(container.create())
        pid = container.pid
        self.assertOk(container.start())
        started = json.loads(container.bundle.get("/started"))["text"]
        self.assertOk(container.kill("TERM"))
        container.wait_end(pid)
        self.assertOk(container.delete())
        for kind in HOOKS:
            with self.subTest(kind):
                if kind == "startContainer":
                    document = json.loads(started)
                else:
                    with open(os.path.join(self.tmp, kind), encoding="utf-8") as file:
                        document = json.load(file)
                self.check_hook(document, kind, statuses[kind], pid)

    def check_hook(self, document, kind, status, pid):
        self.assertEqual(document["status"], status)
        if kind in ("createContainer", "startContainer"):
            self.assertEqual(document["pid"], 1)
        elif kind != "poststop":
            self.assertEqual(document["pid"], pid)
        if schema.directory():
            self.assertEqual(schema.complaints("state-schema.json", document), [])


class Schemas(ContainerTest):
    @with_schemas
    def test_the_validator_on_the_examples_of_the_specification(self):
        tried = 0
        for kind in ("config", "features", "state"):
            for verdict in ("good", "bad"):
                where = os.path.join(schema.directory(), "test", kind, verdict)
                for name in sorted(os.listdir(where)) if os.path.isdir(where) else ():
                    with self.subTest(f"{kind}/{verdict}/{name}"):
                        tried += 1
                        try:
                            with open(os.path.join(where, name), encoding="utf-8") as file:
                                document = json.load(file)
                        except ValueError:
                            self.assertEqual(verdict, "bad")
                            continue
                        found = schema.complaints(f"{kind}-schema.json", document)
                        self.assertEqual(bool(found), verdict == "bad", found)
        self.assertGreater(tried, 0)

    @with_schemas
    def test_spec_is_valid(self):
        """What `ocirt spec` writes."""
        for options in ([], ["--rootless"]):
            where = os.path.join(self.tmp, f"spec{len(options)}")
            os.mkdir(where)
            self.assertOk(self.runtime("spec", "--bundle", where, *options))
            with open(os.path.join(where, "config.json"), encoding="utf-8") as file:
                self.assertEqual(schema.complaints("config-schema.json", json.load(file)), [])


if __name__ == "__main__":
    main()
