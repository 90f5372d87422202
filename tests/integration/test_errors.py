# SPDX-License-Identifier: LGPL-2.1-or-later
"""Each code of an error is provoked, and each reason that can be found out is named."""

import glob
import json
import os
import re
import resource
import shutil
import struct
import subprocess

from ocitest import bundle, cgroups, host, main
from ocitest.bundle import TOP
from ocitest.runtime import runtime_path
from ocitest.refused import CALLS, ErrorTest, forbid

HAS_CRIU = "+CRIU" in subprocess.run([runtime_path(), "--version"], check=True, capture_output=True, text=True).stdout
HAS_LIBCRIU = any(os.path.exists(f"{d}/libcriu.so.2") for d in glob.glob("/usr/lib/*") + glob.glob("/usr/lib*") + glob.glob("/lib*"))
NOT_PROVOKED = {"INTERNAL": "a mistake in the program"}


class Codes(ErrorTest):
    @host.needs(os.path.isdir(os.path.join(TOP, "src")), "the sources")
    def test_every_code_has_a_test(self):
        with open(os.path.join(TOP, "src/base/err.h"), encoding="utf-8") as file:
            listed = file.read().partition("#define ERR_CODES(X)")[2].partition("enum err_code")[0]
        codes = set(re.findall(r"X\((\w+)\)", listed)) - {"NONE"}
        text = ""
        for pattern in ("plan/bad/*.err", "cgroup/*.v[12]", "systemd/*", "integration/test_errors.py"):
            for name in glob.glob(os.path.join(TOP, "tests", pattern)):
                if os.path.isfile(name):
                    with open(name, encoding="utf-8", errors="replace") as file:
                        text += file.read()
        provoked = set(re.findall(r"\bE_(\w+)", text)) | set(re.findall(r'"([A-Z_]{2,})"', text))
        self.assertEqual(codes - provoked - set(NOT_PROVOKED), set())

    def test_container_id(self):
        self.assertCode(self.told("state", "../x"), "CONTAINER_ID")

    def test_not_found(self):
        self.assertCode(self.told("state", "nobody"), "NOT_FOUND")

    def test_exists_and_status(self):
        container = self.running()
        self.assertCode(self.told("create", "--bundle", container.bundle.path, container.id), "EXISTS")
        self.assertCode(self.told("start", container.id), "STATUS")
        self.assertOk(container.delete("--force"))

    def test_bundle(self):
        self.assertCode(self.told("run", "--bundle", "/nowhere", "x"), "BUNDLE")

    def test_json(self):
        self.assertCode(self.of("{"), "CONFIG_JSON")

    def test_rootfs(self):
        config = self.config()
        config["root"]["path"] = "missing/rootfs"
        record = self.of(config)
        self.assertCode(record, "ROOTFS")
        self.assertRegex(record["hint"], r"/missing is missing$")

    def test_state_file(self):
        config = self.config()
        del config["linux"]["cgroupsPath"]
        made = self.bundle(config)
        log = os.path.join(self.tmp, "log")
        ran = subprocess.run([self.runtime.path, "--root", "/dev/null", "--log", log, "--log-format", "json", "run", "-b",
                              made.path, "x"], check=False, stderr=subprocess.DEVNULL)
        self.assertEqual(ran.returncode, 1)
        with open(log, encoding="utf-8") as file:
            self.assertCode(json.loads(file.read()), "STATE_FILE")

    @host.needs(not os.path.isdir("/run/systemd/system"), "a host without systemd")
    def test_systemd(self):
        config = self.config()
        config["linux"]["cgroupsPath"] = "machine.slice:ocirt:x"
        container = self.container(config)
        record = self.told("--systemd-cgroup", "run", "--bundle", container.bundle.path, container.id)
        self.assertCode(record, "SYSTEMD")
        self.assertIn("cgroupfs", record["hint"])

    def test_lsm(self):
        if os.path.isdir("/sys/kernel/security/apparmor"):
            self.skipTest("needs a host without AppArmor")
        config = self.config()
        config["process"]["apparmorProfile"] = "none-such"
        self.assertCode(self.of(config), "LSM")

    def test_usage(self):
        self.assertCode(self.told("run", "--preserve-fds", "9", "--bundle", self.bundle(self.config()).path, "x"), "USAGE")

    @host.needs(CALLS, "the numbers of system calls of x86-64")
    def test_forbidden_calls(self):
        for name, *codes in (("keyctl", "KEYRING"), ("capset", "CAPABILITY"), ("socketpair", "IO"), ("openat2", "PROCESS", "CGROUP", "MOUNT")):
            with self.subTest(call=name):
                record = self.of(self.config(), prepare=lambda name=name: forbid(name))
                self.assertIn(record["code"].removeprefix("E_"), codes, record)

    @host.needs(CALLS, "the numbers of system calls of x86-64")
    @host.needs(not os.path.exists("/sys/fs/cgroup/cgroup.controllers"), "cgroup v1 or both: else init reads procfs first")
    def test_kernel(self):
        def without_procfs():
            host.private_mounts()
            host.mount("none", "/proc", "tmpfs")
            forbid("fsopen")

        self.assertCode(self.of(self.config(), prepare=without_procfs), "KERNEL")

    def test_memory(self):
        with open(self.runtime.path, "rb") as file:
            if b"__asan_init" in file.read():
                self.skipTest("AddressSanitizer needs more addresses than the limits of this test leave")
        config = self.config()
        config["annotations"] = {f"key{i}": "x" * 100 for i in range(60000)}
        codes = set()
        for mebibytes in (10, 12, 14, 16, 18, 20):
            limit = mebibytes << 20
            record = self.of(config, prepare=lambda limit=limit: resource.setrlimit(resource.RLIMIT_AS, (limit, limit)))
            codes.add(record["code"].removeprefix("E_"))
        self.assertIn("MEMORY", codes)

    @host.needs(cgroups.has_controller("memory"), "a memory controller")
    def test_init_died(self):
        config = self.config()
        config["linux"]["resources"]["memory"] = {"limit": 65536}
        record = self.of(config)
        self.assertCode(record, "INIT_DIED")
        if os.environ.get("OCIRT_TEST_MANAGER") == "systemd" and "hint" not in record:
            return  # systemd has removed the cgroup, which would have told it
        self.assertIn("out of memory in its cgroup", record["msg"])
        self.assertIn("linux.resources.memory.limit", record["hint"])

    def checkpoint(self, **how):
        """The record of a checkpoint that fails; with it the container lives on."""
        container = self.running()
        record = self.told("checkpoint", "--image-path", os.path.join(self.tmp, "images"), container.id, **how)
        self.assertEqual(container.status, "running")
        self.assertOk(container.delete("--force"))
        self.assertCode(record, "CHECKPOINT")
        return record

    def criu(self, script):
        """$PATH with another program criu in front."""
        directory = os.path.join(self.tmp, "bin")
        os.makedirs(directory, exist_ok=True)
        with open(os.path.join(directory, "criu"), "w", encoding="utf-8") as file:
            file.write(script)
        os.chmod(file.name, 0o755)
        return {**os.environ, "PATH": f"{directory}:{os.environ['PATH']}"}

    @host.needs(HAS_CRIU, "a runtime built with CRIU")
    def test_checkpoint_without_criu(self):
        def hide():
            host.private_mounts()
            for directory in {os.path.realpath(d) for d in (*os.environ["PATH"].split(":"), "/usr/local/sbin", "/usr/sbin",
                                                            "/sbin", "/usr/bin")}:
                if os.path.exists(f"{directory}/criu"):
                    host.mount("/dev/null", f"{directory}/criu", None, 4096)  # MS_BIND

        record = self.checkpoint(prepare=hide)
        self.assertIn("checkpoint and restore need CRIU: ", record["msg"])
        self.assertIn("criu", record["hint"])

    @host.needs(HAS_CRIU, "a runtime built with CRIU")
    @host.needs(HAS_LIBCRIU, "libcriu")
    def test_checkpoint_with_a_bad_criu(self):
        record = self.checkpoint(environment=self.criu("#!/bin/sh\nexit 1\n"))
        self.assertIn("/bin/criu does not answer", record["msg"])

    @host.needs(HAS_CRIU, "a runtime built with CRIU")
    @host.needs(HAS_LIBCRIU, "libcriu")
    @host.needs(shutil.which("criu"), "criu")
    def test_checkpoint_into_no_directory(self):
        container = self.running()
        record = self.told("checkpoint", "--image-path", "/dev/null/x", container.id)
        self.assertOk(container.delete("--force"))
        self.assertCode(record, "CHECKPOINT", "--image-path /dev/null/x", "Not a directory")


class Namespaces(ErrorTest):
    @host.needs(shutil.which("unshare"), "unshare")
    def test_limit(self):
        made = self.bundle(self.config())
        log = os.path.join(self.tmp, "log")
        ran = subprocess.run(["unshare", "--user", "--map-root-user", "--mount", "sh", "-c",
                              'echo 0 >/proc/sys/user/max_uts_namespaces && exec "$@"', "-", self.runtime.path,
                              "--root", self.runtime.root, "--log", log, "--log-format", "json", "--cgroup-manager",
                              "disabled", "run", "-b", made.path, "x"], check=False, capture_output=True, text=True)
        self.assertEqual(ran.returncode, 1, ran.stderr)
        with open(log, encoding="utf-8") as file:
            record = json.loads(file.read().splitlines()[-1])
        self.assertCode(record, "NAMESPACE")
        self.assertIn("user.max_uts_namespaces is 0", record["hint"])
        self.assertNotIn("max_pid", record["hint"])


class Program(ErrorTest):
    """What the hint names when execve(2) fails."""

    def hint(self, text, mode=0o755, user=0):
        config = self.config()
        config["process"]["args"] = ["/program"]
        config["process"]["user"] = {"uid": user, "gid": user}
        container = self.container(config)
        if isinstance(text, bytes):
            with open(container.bundle.file("/program"), "wb") as file:
                file.write(text)
        else:
            container.bundle.put("/program", text)
        os.chmod(container.bundle.file("/program"), mode)
        record = self.told("run", "--bundle", container.bundle.path, container.id)
        self.assertCode(record, "EXEC", "process.args[0]")
        return record["hint"]

    def test_windows_lines(self):
        self.assertIn("carriage return", self.hint("#!/bin/sh\r\necho\r\n"))

    def test_missing_interpreter(self):
        self.assertIn("interpreter /usr/bin/python9", self.hint("#! /usr/bin/python9 -E\n"))

    def test_no_first_line(self):
        self.assertIn("#!/bin/sh", self.hint("echo hello\n"))

    def test_empty(self):
        self.assertIn("empty", self.hint(""))

    def test_other_processor(self):
        machine = 183 if os.uname().machine != "aarch64" else 62
        head = b"\x7fELF\x02\x01\x01" + bytes(9) + struct.pack("<HHI", 2, machine, 1) + bytes(40)
        hint = self.hint(head)
        self.assertIn("ARM64" if machine == 183 else "x86-64", hint)
        self.assertIn(os.uname().machine, hint)

    def test_missing_loader(self):
        with open(shutil.which("true"), "rb") as file:
            program = file.read()
        self.assertRegex(self.hint(program), r"dynamic loader /lib\S*/ld-\S+, which is not in the root filesystem")

    def hint_in(self, path, *mounts, text=None, prepare=None):
        """Of a program at this path.  mounts: (destination, source), bound."""
        config = self.config()
        config["process"]["args"] = [path]
        for destination, source in mounts:
            bundle.add_mount(config, destination, "bind", source, ["bind"])
        container = self.container(config)
        container.bundle.put("/mnt/program", text or "#!/bin/sh\r\n")
        os.chmod(container.bundle.file("/mnt/program"), 0o755)
        if prepare:
            prepare(container.bundle)
        record = self.told("run", "--bundle", container.bundle.path, container.id)
        self.assertCode(record, "EXEC", "process.args[0]")
        return record["hint"]

    def volume(self, name, text):
        directory = os.path.join(self.tmp, "volume")
        os.makedirs(directory, exist_ok=True)
        with open(os.path.join(directory, name), "w", encoding="ascii") as file:
            file.write(text)
        os.chmod(os.path.join(directory, name), 0o755)
        return directory

    def test_program_of_a_bind_mount(self):
        """The root filesystem has another file there, which no one sees."""
        volume = self.volume("program", "#!/usr/bin/python9\n")
        self.assertIn("interpreter /usr/bin/python9", self.hint_in("/mnt/program", ("/mnt", volume)))
        self.assertIn("interpreter /usr/bin/python9", self.hint_in("/mnt/program", ("/mnt/program", f"{volume}/program")))

    def test_interpreter_of_a_bind_mount(self):
        """It is there, but its own interpreter is not: nothing is said of what is not in the root filesystem."""
        volume = self.volume("sh", "#!/none\n")
        for mount in (("/opt", volume), ("/opt/sh", f"{volume}/sh")):
            self.assertNotIn("not in the", self.hint_in("/mnt/program", mount, text="#!/opt/sh\n"))

    def test_interpreter_behind_a_link_into_a_mount(self):
        volume = self.volume("sh", "#!/none\n")
        hint = self.hint_in("/mnt/program", ("/opt", volume), text="#!/link/sh\n",
                            prepare=lambda made: os.symlink("/opt", made.file("link")))
        self.assertNotIn("not in the", hint)

    def test_link_among_files_that_are_mounted(self):
        """As engines mount /etc/hosts: no directory that the link could lead into."""
        volume = self.volume("hosts", "x")

        def prepare(made):
            os.symlink("/bin", made.file("link"))
            made.put("etc/hosts", "")
        self.assertIn("interpreter /link/none", self.hint_in("/mnt/program", ("/etc/hosts", f"{volume}/hosts"),
                                                             text="#!/link/none\n", prepare=prepare))

    def test_user_may_not(self):
        self.assertIn("mode is 0700 and it belongs to 0:0", self.hint("#!/probe\n", mode=0o700, user=1000))

    def test_in_path(self):
        config = self.config()
        config["process"]["args"] = ["tool"]
        container = self.container(config)
        container.bundle.put("/bin/tool", "#!/gone\n", mode=0o755)
        record = self.told("run", "--bundle", container.bundle.path, container.id)
        self.assertIn("interpreter /gone", record["hint"])


class Paths(ErrorTest):
    def test_first_component_that_is_missing(self):
        config = self.config()
        config["mounts"].append({"destination": "/mnt", "type": "bind", "source": f"{self.tmp}/a/b/c", "options": ["bind"]})
        record = self.of(config)
        self.assertCode(record, "MOUNT", "mounts[6].source")
        self.assertEqual(record["hint"], f"{self.tmp}/a is missing")


if __name__ == "__main__":
    main()
