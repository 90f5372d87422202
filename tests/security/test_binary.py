#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""S01 (CVE-2019-5736), S29 (CVE-2016-9962, CVE-2017-5226): the runtime's program and process are out of reach."""

import ctypes
import hashlib
import os
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from ocitest import PtyProcess, main  # noqa: E402
from ocitest.runtime import runtime_path  # noqa: E402
from attack import ALL, Attack, compile_program  # noqa: E402

ROUNDS = 2000 if ALL else 60


def digest(path):
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


class Binary(Attack):
    def setUp(self):
        super().setUp()
        self.binary = os.path.join(self.tmp, "ocirt")       # a copy: the attack may succeed
        shutil.copy(runtime_path(), self.binary)
        self.runtime.path = self.binary
        self.sum = digest(self.binary)
        self.addCleanup(lambda: self.assertEqual(digest(self.binary), self.sum, "the runtime's binary has changed"))

    def attacker(self, config=None):
        """A container whose first process writes to every /proc/PID/exe that it can get hold of."""
        program = compile_program("grab")
        config = config or self.config()
        config["process"]["args"] = ["/grab", "/found"]
        made = self.bundle(config)
        with open(program, "rb") as source, open(made.file("/grab"), "wb") as target:
            target.write(source.read())
        os.chmod(made.file("/grab"), 0o755)
        container = self.container(made=made)
        self.assertOk(container.create())
        self.assertOk(container.start())
        self.wait_for(lambda: made.has("/found"), "the attacker")
        return container

    def found(self, container):
        return [line for line in container.bundle.get("/found").splitlines() if line]

    def test_program_is_self_exe(self):
        for word in ("/proc/self/exe", "/proc/1/exe", "/link", "/proc/self/root/proc/self/exe"):
            for arguments in ([], ["init"], ["a", "b", "c", "d", "e"]):
                config = self.config()
                config["process"]["args"] = [word, *arguments]
                with self.subTest(word=word, arguments=arguments):
                    self.hostile(config, lambda made: self.replace(made, "/link", "/proc/self/exe"))

    def test_interpreter_is_self_exe(self):
        """As the "#!" line the sealed stub is executed, which obeys nobody and ends with 127."""
        for line in ("#!/proc/self/exe\n", "#!/proc/self/exe init\n", "#!/proc/1/exe a b\n", "#!/link\n"):
            config = self.config()
            config["process"]["args"] = ["/x", "b", "c"]

            def prepare(made, line=line):
                made.put("/x", line, 0o755)
                self.replace(made, "/link", "/proc/self/exe")
            with self.subTest(line=line):
                container = self.container(config)
                prepare(container.bundle)
                self.assertIn(container.run().rc, (1, 127))

    def test_elf_interpreter_is_self_exe(self):
        """The interpreter in an ELF header.  The probe is static, so a small header is made by hand."""
        name = b"/proc/self/exe\0"
        header = (b"\x7fELF\2\1\1" + bytes(9) + (2).to_bytes(2, "little") + (62).to_bytes(2, "little")
                  + (1).to_bytes(4, "little") + (0x400000).to_bytes(8, "little") + (64).to_bytes(8, "little")
                  + bytes(8) + bytes(4) + (64).to_bytes(2, "little") + (56).to_bytes(2, "little")
                  + (2).to_bytes(2, "little") + bytes(6))

        def segment(kind, offset, address, size):
            return (kind.to_bytes(4, "little") + (5).to_bytes(4, "little")
                    + b"".join(n.to_bytes(8, "little") for n in (offset, address, address, size, size, 4096)))
        size = 64 + 112 + len(name)
        elf = header + segment(3, 176, 0x4000b0, len(name)) + segment(1, 0, 0x400000, size) + name
        config = self.config()
        config["process"]["args"] = ["/x"]
        container = self.container(config)
        with open(container.bundle.file("/x"), "wb") as file:
            file.write(elf)
        os.chmod(container.bundle.file("/x"), 0o755)
        self.assertNotEqual(container.run().rc, 0)

    def test_exec_again_and_again(self):
        """A container that opens every /proc/PID/exe gets no file of the host, neither to read nor to write."""
        container = self.attacker()
        for _ in range(ROUNDS):
            self.runtime("exec", container.id, "/probe", "exit", "0")
        for line in self.found(container):
            self.assertNotIn(self.binary, line)
            self.assertNotIn("written", line)

    def test_attacker_that_may_trace(self):
        """With CAP_SYS_PTRACE it can open the program of whoever joins it: the sealed stub."""
        config = self.config()
        for kind in ("bounding", "effective", "permitted"):
            config["process"]["capabilities"][kind] += ["CAP_SYS_PTRACE"]
        container = self.attacker(config)
        for _ in range(ROUNDS):
            self.assertOk(self.runtime("exec", container.id, "/probe", "exit", "0"))
        self.assertEqual(digest(self.binary), self.sum)
        self.assertNotIn("written", container.bundle.get("/found"))
        result = self.runtime("exec", "--env", "A=b c", container.id, "/probe", "report", "", "a b", input="x")
        self.assertEqual(result.lines()[0]["argv"], ["report", "", "a b"], str(result))

    def test_nothing_of_the_runtime_is_mapped(self):
        """The waiting container is the stub: not the runtime's program, library or heap."""
        container = self.container(self.config("wait-term"))
        self.assertOk(container.create())
        pid = container.pid
        with open(f"/proc/{pid}/maps", encoding="ascii") as file:
            maps = file.read()
        self.assertNotIn(os.path.dirname(self.binary), maps)
        self.assertNotIn("libc", maps)
        self.assertTrue(os.readlink(f"/proc/{pid}/exe").startswith("/memfd:ocirt-init"), os.readlink(f"/proc/{pid}/exe"))
        self.assertOk(container.start())

    def test_the_stub_is_sealed(self):
        container = self.container(self.config("wait-term"))
        self.assertOk(container.create())
        with self.assertRaises(OSError):
            os.close(os.open(f"/proc/{container.pid}/exe", os.O_WRONLY))


class Windows(Attack):
    """S29: what joins a container can't be traced there, and has a session of its own."""

    def test_not_dumpable_while_it_waits(self):
        """Owner root of /proc/PID/fd: the kernel's sign of a process that is not dumpable."""
        config = self.config("wait-term")
        config["process"]["user"] = {"uid": 1000, "gid": 1000}
        container = self.container(config)
        self.assertOk(container.create())
        self.assertEqual(os.stat(f"/proc/{container.pid}/mem").st_uid, 0)

    def inside(self, *command):
        """What a process of the command has at each system call that it makes in the container's pid namespace."""
        log = os.path.join(self.tmp, "log")
        self.assertEqual(subprocess.run([compile_program("swap"), "-i", "-x", "2", "-l", log, "0", "0", "/", "/", "--",
                                         *self.runtime.argv(*command)], check=False).returncode, 0, command)
        with open(log, encoding="utf-8", errors="replace") as file:
            found = [line.split()[2:] for line in file if line.startswith("inside")]
        os.unlink(log)
        found = [words for words in found if words[1] != "/probe"]      # the program itself
        self.assertTrue(found, "no process of the command was seen in the container")
        return [(int(words[0], 16), words[1], words[2:]) for words in found]

    def check_inside(self, allowed, *command):
        """Nothing that the program would not have as well, but for the socket to the runtime and, for a moment, what
        loading a filter takes."""
        for capabilities, program, descriptors in self.inside(*command):
            self.assertEqual(capabilities & ~allowed, 0, f"{capabilities:x}")
            self.assertTrue(program.startswith("/memfd:ocirt-init"), program)
            self.assertEqual([d for d in descriptors if not d.startswith(("pipe:", "/dev/", "/tmp", "socket:"))], [])
            self.assertLessEqual(len([d for d in descriptors if d.startswith("socket:")]), 1, descriptors)

    def tracing(self, **process):
        config = self.config("wait-term")
        config["process"].update(process)
        for kind in ("bounding", "effective", "permitted"):
            config["process"]["capabilities"][kind] += ["CAP_SYS_PTRACE"]
        return config

    def allowed(self, container):
        with open(f"/proc/{container.pid}/status", encoding="ascii") as file:
            return next(int(line.split()[1], 16) for line in file if line.startswith("CapPrm:"))

    def test_joining_process_has_nothing(self):
        """What CAP_SYS_PTRACE would give the container: no capability, program or descriptor of the host's."""
        filtered = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mount"], "action": "SCMP_ACT_ERRNO"}]}
        for name, config in (("no_new_privs", self.tracing(noNewPrivileges=True)),
                             ("privileges", self.tracing(noNewPrivileges=False)),
                             ("filter", {**self.tracing(noNewPrivileges=True), "seccomp": filtered}),
                             ("filter, privileges", {**self.tracing(noNewPrivileges=False), "seccomp": filtered})):
            config["linux"]["seccomp"] = config.pop("seccomp", None) or {"defaultAction": "SCMP_ACT_ALLOW"}
            container = self.running(config)
            for options in ([], ["--pid-file", os.path.join(self.tmp, "pid")], ["--user", "1000:1000"]):
                with self.subTest(name=name, options=options):
                    self.check_inside(self.allowed(container), "exec", *options, container.id, "/probe", "exit", "0")
            self.assertOk(container.delete("--force"))

    def neighbour(self, container, **process):
        """The configuration of another in its pid namespace."""
        config = self.config("wait-term")
        config["process"].update(process)
        for namespace in config["linux"]["namespaces"]:
            if namespace["type"] == "pid":
                namespace["path"] = f"/proc/{container.pid}/ns/pid"
        config["linux"].pop("cgroupsPath", None)
        return config

    def needs_procfs_of_others(self):
        """Linux 6.18 mounts the procfs of a pid namespace from outside."""
        libc = ctypes.CDLL(None, use_errno=True)
        procfs = libc.syscall(430, b"proc", 0)
        namespace = os.open("/proc/self/ns/pid", os.O_RDONLY)
        result = libc.syscall(431, procfs, 5, b"pidns", None, namespace)
        os.close(namespace)
        os.close(procfs)
        if result < 0:
            self.skipTest("needs a kernel that mounts the procfs of another pid namespace (Linux 6.18)")

    def test_shared_namespace_has_nothing(self):
        """A container that is made in the pid namespace of another, which may trace it."""
        self.needs_procfs_of_others()
        filtered = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mount"], "action": "SCMP_ACT_ERRNO"}]}
        first = self.running(self.tracing())
        for name, privileges, seccomp in (("no_new_privs", True, None), ("filter", False, filtered)):
            config = self.neighbour(first, args=["/probe", "report"], noNewPrivileges=privileges)
            if seccomp:
                config["linux"]["seccomp"] = seccomp
            with self.subTest(name=name):
                second = self.container(config)
                self.check_inside(self.allowed(first), "run", "--bundle", second.bundle.path, second.id)

    def test_shared_namespace_while_it_waits(self):
        self.needs_procfs_of_others()
        first = self.running(self.tracing())
        config = self.neighbour(first, user={"uid": 1000, "gid": 1000})
        second = self.container(config)
        self.assertOk(second.create())
        with open(f"/proc/{second.pid}/status", encoding="ascii") as file:
            status = dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)
        self.assertEqual(len(status["NSpid"].split()), 2, "it is in the namespace")
        self.assertEqual(int(status["CapPrm"], 16) & ~self.allowed(first), 0)
        self.assertEqual(status["Uid"].split(), ["1000"] * 4)
        self.assertTrue(os.readlink(f"/proc/{second.pid}/exe").startswith("/memfd:ocirt-init"))
        self.assertEqual([d for d in os.listdir(f"/proc/{second.pid}/fd") if int(d) > 2
                          and not os.readlink(f"/proc/{second.pid}/fd/{d}").startswith("socket:")], [])
        self.assertOk(second.start())
        self.assertEqual(second.status, "running")
        with open(f"/proc/{second.pid}/mountinfo", encoding="utf-8") as file:
            self.assertEqual([line for line in file if " - proc " in line and " / /proc " in line][1:], [])
        pids = [name for name in os.listdir(f"/proc/{second.pid}/root/proc") if name.isdigit()]
        self.assertEqual(len(pids), 2, f"its procfs is of that namespace: {pids}")
        self.assertEqual(os.readlink(f"/proc/{second.pid}/ns/pid"), os.readlink(f"/proc/{first.pid}/ns/pid"))

    def test_filter_that_allows_no_birth(self):
        """It can't be loaded where nobody may trace, nor safely where somebody may: refused, unless nobody may."""
        config = self.tracing(noNewPrivileges=False)
        config["linux"]["seccomp"] = {"defaultAction": "SCMP_ACT_ALLOW",
                                      "syscalls": [{"names": ["clone"], "action": "SCMP_ACT_ERRNO"}]}
        container = self.running(config)
        result = self.runtime("exec", container.id, "/probe", "exit", "0")
        self.assertEqual(result.rc, 255, str(result))
        self.assertIn("CAP_SYS_PTRACE", result.err)
        self.assertOk(container.delete("--force"))
        for kind in ("bounding", "effective", "permitted"):
            config["process"]["capabilities"][kind].remove("CAP_SYS_PTRACE")
        container = self.running(config)
        self.assertOk(self.runtime("exec", container.id, "/probe", "exit", "0"))

    def test_session(self):
        container = self.running()
        result = self.assertOk(self.runtime("exec", container.id, "/probe"))
        report = result.lines()[0]
        self.assertEqual(report["sid"], report["pid"])

    def test_tiocsti(self):
        """A program has no controlling terminal of the caller's to type into."""
        terminal = PtyProcess(self.runtime, "run", "--bundle", self.bundle(self.tty_attack()).path, "tiocsti")
        output = terminal.read_all()
        self.assertEqual(terminal.wait(), 0, output)
        terminal.close()
        self.assertIn(b'"name":"16"', output.replace(b" ", b""))
        self.assertNotIn(b'"result":0', output.replace(b" ", b""))

    def tty_attack(self):
        config = self.config()
        # ioctl(0, TIOCSTI, a readable address): the probe's own program header lies at 0x400000.
        config["process"]["args"] = ["/probe", "syscall", "16", "0", "0x5412", "0x400000"]
        return config


if __name__ == "__main__":
    main()
