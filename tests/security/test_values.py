#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Hostile values: ids, names, paths, numbers and sizes (S07, S08, S16, S19, S20, S21, S23, and values of neighbours)."""

import json
import os
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from ocitest import Report, has_program, main, needs, test_token  # noqa: E402
from attack import ALL, Attack, add_mount  # noqa: E402

SETS = ("bounding", "effective", "permitted")


class Users(Attack):
    """S16 (CVE-2026-30892), S21 (CVE-2024-40635): never 0 unless 0 was asked for."""

    def exec_ids(self, container, *options):
        result = self.runtime("exec", *options, container.id, "/probe")
        if result.rc:
            self.assertEqual(result.rc, 255, str(result))
            return None
        report = Report(result.lines()[0])
        return report["uid"][0], report["gid"][0], sorted(report["groups"])

    def test_exec_user(self):
        config = self.config("wait-term")
        config["process"]["user"] = {"uid": 9, "gid": 8}
        container = self.running(config)
        for given, expected in {
                "1": (1, 8), "1:1": (1, 1), "0": (0, 8), "0:0": (0, 0), "4294967294": (4294967294, 8), "1:": None, ":1": None,
                "-1": None, "+1": None, " 1": None, "1 ": None, "0x0": None, "01x": None, "4294967295": None,
                "4294967296": None, "18446744073709551616": None, "99999999999999999999": None, "": None, "root": None,
                "nobody:nogroup": None, "1:4294967295": None, "1:-1": None, "1:1:1": None, "1\n": None, "1,0": None,
                "1.0": None, "1e3": None, "\u0661": None}.items():
            with self.subTest(user=given):
                ids = self.exec_ids(container, "--user=" + given)
                self.assertEqual(ids and ids[:2], expected)

    def test_exec_groups(self):
        container = self.running()
        for given in ("4294967295", "-1", "+5", "5x", "x", "1 2", "0x5"):
            with self.subTest(group=given):
                self.assertIsNone(self.exec_ids(container, "--additional-gids=" + given))

    def test_configured_ids(self):
        """-1 means "leave it", which is root, to setresuid(2)."""
        for value in (4294967295, 4294967296, -1, 1.5, 1e3, "0", None, True, 18446744073709551616, -4294967296):
            for where in ("uid", "gid", "additionalGids"):
                config = self.config("report")
                config["process"]["user"] = {"uid": 7, "gid": 7, where: [value] if where == "additionalGids" else value}
                with self.subTest(where=where, value=value):
                    container = self.container(config)
                    result = container.run()
                    if result.rc == 0:         # 1000.0 may be taken for 1000, null for absent
                        report = Report(result.lines()[0])
                        self.assertIn(value, (1e3, None))
                        self.assertFalse(where == "uid" and value and report["uid"][0] == 0, str(result))
                    else:
                        self.assertRefused(result, where)

    def test_mappings_and_devices(self):
        for value in (4294967295, 4294967296, -1, "0"):
            config = self.config("report")
            config["linux"]["devices"] = [{"path": "/dev/x", "type": "c", "major": 1, "minor": 3, "uid": value}]
            with self.subTest(device=value):
                self.refuse(config, "uid")
            for member in ("containerID", "hostID", "size"):
                config = self.config("report")
                config["linux"]["namespaces"].append({"type": "user"})
                mapping = {"containerID": 0, "hostID": 1000, "size": 1, member: value}
                config["linux"]["uidMappings"] = config["linux"]["gidMappings"] = [mapping]
                if value == 4294967295 and member == "size":
                    continue               # whole id spaces are mapped with that size
                with self.subTest(mapping=member, value=value):
                    self.refuse(config, "mappings")


class Groups(Attack):
    """S23 (CVE-2023-25173, CVE-2022-36109 ...): the caller's groups are not the container's."""

    def test_none_of_the_callers(self):
        for gids, expected in (([], []), ([5, 6], [5, 6])):
            config = self.config("report")
            config["process"]["user"] = {"uid": 1000, "gid": 1000, "additionalGids": gids}
            with self.subTest(gids=gids):
                report = self.report(config, prepare=lambda: os.setgroups(list(range(2000, 2010))))
                self.assertEqual((sorted(report["groups"]), report["gid"][0]), (expected, 1000))

    def test_exec(self):
        config = self.config("wait-term")
        config["process"]["user"] = {"uid": 1000, "gid": 1000, "additionalGids": [5]}
        container = self.running(config)
        result = self.assertOk(self.runtime("exec", container.id, "/probe",
                                            prepare=lambda: os.setgroups(list(range(2000, 2010)))))
        self.assertEqual(Report(result.lines()[0])["groups"], [5])


class Capabilities(Attack):
    """S08 (CVE-2022-24769 and its family, CVE-2022-29162, CVE-2025-27612): nothing is inheritable unasked."""

    def check(self, report):
        self.assertEqual(report.capabilities("inheritable"), set())
        self.assertEqual(report.capabilities("ambient"), set())

    def test_run_and_exec(self):
        for uid in (0, 1000):
            config = self.config("wait-term")
            config["process"]["user"] = {"uid": uid, "gid": uid}
            for kind in SETS:
                config["process"]["capabilities"][kind] = ["CAP_NET_RAW", "CAP_CHOWN", "CAP_SETFCAP"]
            config["process"]["args"] = ["/probe", "report", "--", "wait-term"]
            container = self.running(config)
            container.wait_line("wait-term")
            self.check(container.report())
            document = os.path.join(self.tmp, "process.json")
            process = {k: v for k, v in config["process"].items() if k != "args"} | {"args": ["/probe"]}
            with open(document, "w", encoding="ascii") as file:
                json.dump(process, file)
            for options in ([], ["--cap", "CAP_NET_ADMIN"], ["--process", document], ["--user", "1000"]):
                with self.subTest(uid=uid, options=options):
                    command = [] if "--process" in options else ["/probe"]
                    result = self.assertOk(self.runtime("exec", *options, container.id, *command))
                    self.check(Report(result.lines()[0]))

    @needs(has_program("setcap"), "setcap")
    def test_file_capabilities(self):
        """A file with inheritable capabilities gives an ordinary user none."""
        config = self.config()
        config["process"]["noNewPrivileges"] = False
        config["process"]["user"] = {"uid": 1000, "gid": 1000}
        config["process"]["args"] = ["/capable"]
        container = self.container(config)
        shutil.copy(container.bundle.file("/probe"), container.bundle.file("/capable"))
        subprocess.run(["setcap", "cap_kill+ei", container.bundle.file("/capable")], check=True)
        result = self.assertOk(container.run())
        self.assertEqual(Report(result.lines()[0]).capabilities("effective"), set())

    def test_spec(self):
        spec = self.assertOk(self.runtime("spec", cwd=self.tmp))
        with open(os.path.join(self.tmp, "config.json"), encoding="utf-8") as file:
            config = json.load(file)
        self.assertFalse(config["process"]["capabilities"].get("inheritable"), str(spec))
        self.assertFalse(config["process"]["capabilities"].get("ambient"))
        for path in ("/proc/acpi", "/proc/kcore", "/proc/keys", "/proc/timer_list", "/sys/firmware"):
            self.assertIn(path, config["linux"]["maskedPaths"])


class Sizes(Attack):
    """S07 (CVE-2021-43784): huge values are refused or work; they never become other values."""

    seconds = 300

    def outcome(self, config, *words):
        container = self.container(config)
        result = container.run(timeout=120)
        if result.rc:
            self.assertRefused(result, *words)
            return None
        return Report(result.lines()[0])

    def check_namespaces(self, report):
        if report:
            for name in ("pid", "net", "ipc", "uts", "mnt", "cgroup"):
                self.assertNotEqual(report.namespace(name), os.readlink(f"/proc/self/ns/{name}"), name)

    def test_namespace_path(self):
        config = self.config("report")
        config["linux"]["namespaces"] = [n | ({"path": "/" + "x" * 70000} if n["type"] == "network" else {})
                                         for n in config["linux"]["namespaces"]]
        self.assertIsNone(self.outcome(config, "namespaces"))

    def test_many_mounts(self):
        config = self.config("report")
        for n in range(10000 if ALL else 2000):
            add_mount(config, f"/mnt/{n}", "bind", "/" + "y" * 4000 + f"/{n}", ["bind"])
        self.assertIsNone(self.outcome(config, "mounts"))

    def test_many_mappings(self):
        config = self.config("report")
        config["linux"]["namespaces"].append({"type": "user"})
        config["linux"]["uidMappings"] = config["linux"]["gidMappings"] = [
            {"containerID": n * 2, "hostID": 100000 + n * 3, "size": 1} for n in range(341)]
        self.outcome(config, "mappings")

    def test_environment(self):
        config = self.config("report")
        config["process"]["env"] = ["A=" + "z" * 200000, "PATH=/"]
        self.assertIsNone(self.outcome(config, "too long"))

    def test_annotations(self):
        config = self.config("report")
        config["annotations"] = {f"key.{n}": "v" * 1000000 for n in range(8)}
        self.check_namespaces(self.outcome(config))

    def test_wrapping_numbers(self):
        """Sizes around 2^16: what wrapped in a 16-bit length."""
        for size in (65535, 65536, 65537, 131072 - 8):
            config = self.config("report")
            config["annotations"] = {"a": "A" * size}
            config["process"]["args"] = ["/probe", "report", "B" * size]
            with self.subTest(size=size):
                report = self.outcome(config)
                self.assertIsNotNone(report)
                self.check_namespaces(report)

    def test_deep_json(self):
        made = self.bundle("[" * 100000)
        self.assertRefused(self.container(made=made).create())
        made = self.bundle('{"annotations":' + '{"a":' * 100000 + "1" + "}" * 100001)
        self.assertRefused(self.container(made=made).create())


class Names(Attack):
    """S19, S20: cgroups and ids that would be paths."""

    def test_ids(self):
        made = self.bundle(self.config("report"))
        for name in ("../x", ".", "..", "a/b", "", "x" * 256, "a\nb", "-x", "\u00e4", "a b", "a\x1bb", "/abs", ".hidden", "a;b"):
            for verb in (["create", "--bundle", made.path], ["state"], ["kill"], ["delete", "--force"], ["exec"], ["start"]):
                with self.subTest(name=name, verb=verb[0]):
                    argv = [*verb, "--", name] + (["KILL"] if verb[0] == "kill" else ["true"] if verb[0] == "exec" else [])
                    result = self.runtime(*argv)
                    self.assertNotEqual(result.rc, 0, str(result))
                    self.assertNotIn("\x1b", result.err)
        self.assertFalse(os.path.exists(self.runtime.root) and [n for n in os.listdir(self.runtime.root) if n[0] != "."])

    def test_foreign_state(self):
        """A state directory or a container's that another user made, or a link, tells nothing."""
        container = self.running()
        pid = container.pid
        fake = os.path.join(self.runtime.root, "fake")
        shutil.copytree(os.path.join(self.runtime.root, container.id), fake, ignore=lambda d, names: [
            n for n in names if not os.path.isfile(os.path.join(d, n))])
        os.chown(fake, 1000, 1000)
        link = os.path.join(self.runtime.root, "link")
        os.symlink(container.id, link)
        for name in ("fake", "link"):
            for verb in (["state", name], ["kill", name, "KILL"], ["delete", "--force", name], ["exec", name, "/probe"]):
                with self.subTest(name=name, verb=verb[0]):
                    self.assertNotEqual(self.runtime(*verb).rc, 0)
        os.kill(pid, 0)
        os.unlink(link)
        shutil.rmtree(fake)

    def test_foreign_root(self):
        """The directory of all containers belongs to another user."""
        root = os.path.join(self.tmp, "foreign")
        os.mkdir(root)
        os.chown(root, 1000, 1000)
        self.runtime.root, own = root, self.runtime.root
        made = self.bundle(self.config("report"))
        for verb in (["list"], ["create", "--bundle", made.path, "x"], ["state", "x"]):
            with self.subTest(verb=verb[0]):
                self.assertRefused(self.runtime(*verb), "belongs to user")
        os.chown(root, 0, 0)
        os.chmod(root, 0o777)
        self.assertRefused(self.runtime("list"), "everybody")
        self.runtime.root = own

    def test_state_directory_modes(self):
        container = self.running()
        self.assertEqual(os.stat(self.runtime.root).st_mode & 0o077, 0)
        self.assertEqual(os.stat(os.path.join(self.runtime.root, container.id)).st_mode & 0o022, 0)
        for name in os.listdir(os.path.join(self.runtime.root, container.id)):
            self.assertEqual(os.stat(os.path.join(self.runtime.root, container.id, name)).st_mode & 0o022, 0, name)
        with open("/proc/net/unix", encoding="utf-8", errors="replace") as file:
            self.assertNotIn("@ocirt", file.read())

    def test_exec_cgroup(self):
        """A prefix of a name is not its parent; ".." leads nowhere."""
        token = test_token()
        first, second = self.config("wait-term"), self.config("wait-term")
        first["linux"]["cgroupsPath"], second["linux"]["cgroupsPath"] = f"/{token}/foo", f"/{token}/foobar"
        container, other = self.running(first), self.running(second)
        for path in ("../foobar", "/../foobar", "..", "/..", "./../foobar", "a/../../foobar", f"/{token}/foobar", "../../..",
                     "/", "."):
            with self.subTest(path=path):
                result = self.runtime("exec", "--cgroup", path, container.id, "/probe")
                if result.rc == 0:
                    inside = set(Report(result.lines()[0]).cgroups.values())
                    self.assertFalse(any(c.startswith("/..") for c in inside), inside)
        self.assertEqual(other.status, "running")

    def test_cgroups_path(self):
        for path in ("../../x", "/a/../../b", "a/../..", "/" + "x" * 5000, "/..", ".."):
            config = self.config("report")
            config["linux"]["cgroupsPath"] = path
            with self.subTest(path=path[:20]):
                self.refuse(config, "cgroupsPath")


class Neighbours(Attack):
    """What other layers let through (CVE-2022-0811, CVE-2026-57231, CVE-2024-3154)."""

    def test_sysctls(self):
        for name in ("net.x\n kernel.core_pattern", "kernel/core_pattern", "net.ipv4/../../kernel/core_pattern",
                     "kernel.core_pattern", "net/../kernel/core_pattern", "/proc/sys/net/ipv4/ip_forward", "fs.mqueue/../suid_dumpable",
                     "kernel.msgmax=1", "", ".", "net.", "kernel..msgmax"):
            config = self.config("report")
            config["linux"]["sysctl"] = {name: "1"}
            with self.subTest(name=name):
                self.refuse(config, "sysctl")

    def test_sysctl_value(self):
        """One value is one value."""
        config = self.config("read", "/proc/sys/kernel/core_pattern")
        config["linux"]["sysctl"] = {"kernel.shm_rmid_forced": "1+kernel.core_pattern=|/evil"}
        self.hostile(config)

    def test_environment_without_value(self):
        """An entry without "=" imports nothing from the caller."""
        config = self.config("report")
        config["process"]["env"] = ["OCIRT_SECRET", "PATH=/"]
        container = self.container(config)
        result = container.run(environment={**os.environ, "OCIRT_SECRET": "value-of-the-host"})
        self.assertNotIn("value-of-the-host", result.out)

    def test_terminal_escapes_in_errors(self):
        """What the image chose is not obeyed by the terminal of who reads the message."""
        for key, value in (("args", ["/bin/\x1b]0;evil\x07"]), ("cwd", "/\x1b[2J\n" + "ocirt: all is well")):
            config = self.config()
            config["process"][key] = value
            with self.subTest(key=key):
                result = self.container(config).run()
                self.assertNotIn("\x1b", result.err)
                self.assertEqual(len(result.err.strip().splitlines()), 1 if result.rc else 0, repr(result.err))


if __name__ == "__main__":
    main()
