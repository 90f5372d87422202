# SPDX-License-Identifier: LGPL-2.1-or-later
"""exec: another process in a running container."""

import errno
import json
import os
import subprocess

from ocitest import ConsoleSocket, ContainerTest, PtyProcess, Report, add_mount, main, needs
from ocitest.case import user_namespaces_work, with_user_namespace


class ExecTest(ContainerTest):
    def exec(self, container, *args, **how):
        return self.runtime("exec", *(container.id if a == "ID" else a for a in args), **how)

    def exec_report(self, container, *options, **how):
        result = self.assertOk(self.exec(container, *options, "ID", "/probe", **how))
        return Report(result.lines()[0])

    def reporting(self, config=None):
        """A container that has told what its first process sees, and waits."""
        config = config or self.config()
        config["process"]["args"] = ["/probe", "report", "--", "wait-term"]
        container = self.running(config)
        container.wait_line("wait-term")
        return container


class Surroundings(ExecTest):
    def test_namespaces_are_the_containers(self):
        container = self.reporting()
        report, first = self.exec_report(container), container.report()
        for link in ("pid", "net", "ipc", "uts", "mnt", "cgroup", "user", "time"):
            self.assertEqual(report.namespace(link), first.namespace(link), link)

    def test_all_namespaces(self):
        config = with_user_namespace(self.config())
        config["linux"]["namespaces"].append({"type": "time"})
        container = self.reporting(config)
        report, first = self.exec_report(container), container.report()
        for link in ("pid", "net", "ipc", "uts", "mnt", "cgroup", "user", "time"):
            self.assertEqual(report.namespace(link), first.namespace(link), link)

    def test_cgroup_is_the_containers(self):
        container = self.reporting()
        self.assertEqual(self.exec_report(container).proc("cgroup"), container.report().proc("cgroup"))

    def test_root_is_the_containers(self):
        container = self.reporting()
        result = self.assertOk(self.exec(container, "ID", "/probe", "exists", self.tmp, "/probe"))
        self.assertEqual(result.lines()[0]["paths"], {self.tmp: False, "/probe": True})

    def test_defaults_are_those_of_the_process(self):
        config = self.config()
        config["process"].update({"cwd": "/etc", "env": ["PATH=/", "A=b"],
                                  "user": {"uid": 1000, "gid": 1001, "umask": 0o027}})
        report = self.exec_report(self.reporting(config))
        self.assertEqual((report["cwd"], report.env["A"], report["uid"][0], report["gid"][0]),
                         ("/etc", "b", 1000, 1001))

    def test_capabilities_and_flags_are_those_of_the_process(self):
        config = self.config()
        container = self.reporting(config)
        report, first = self.exec_report(container), container.report()
        for kind in ("bounding", "effective", "permitted", "inheritable", "ambient"):
            self.assertEqual(report.capabilities(kind), first.capabilities(kind), kind)
        self.assertEqual(report["no_new_privs"], 1)

    def test_seccomp_holds(self):
        config = self.config()
        config["linux"]["seccomp"] = {"defaultAction": "SCMP_ACT_ALLOW",
                                      "syscalls": [{"names": ["personality"], "action": "SCMP_ACT_ERRNO",
                                                    "errnoRet": 33}]}
        container = self.reporting(config)
        result = self.assertOk(self.exec(container, "ID", "/probe", "syscall", "personality", "0xffffffff"))
        self.assertErrno(result.lines()[0], 33)

    def test_no_descriptors_leak(self):
        self.assertEqual(set(self.exec_report(self.reporting())["fds"]), {"0", "1", "2"})

    def test_rlimits(self):
        self.assertEqual(self.exec_report(self.reporting())["rlimits"]["RLIMIT_NOFILE"], [1024, 1024])

    def test_masked_paths_are_masked(self):
        container = self.reporting()
        result = self.assertOk(self.exec(container, "ID", "/probe", "write", "/proc/sys/kernel/hostname",
                                         "x"))
        self.assertErrno(result.lines()[0], errno.EROFS)

    def test_a_mount_of_the_container_is_seen(self):
        config = self.config()
        add_mount(config, "/mnt", "tmpfs", "tmpfs", ["size=64k"])
        self.assertIn("size=64k", self.exec_report(self.reporting(config)).mount("/mnt").super_options)


class Options(ExecTest):
    def test_cwd(self):
        self.assertEqual(self.exec_report(self.reporting(), "--cwd", "/tmp")["cwd"], "/tmp")

    def test_env(self):
        report = self.exec_report(self.reporting(), "--env", "NEW=1", "-e", "TERM=other")
        self.assertEqual((report.env["NEW"], report.env["TERM"]), ("1", "other"))

    def test_user(self):
        report = self.exec_report(self.reporting(), "--user", "1000:1001")
        self.assertEqual((report["uid"], report["gid"]), ([1000] * 4, [1001] * 4))

    def test_user_alone(self):
        self.assertEqual(self.exec_report(self.reporting(), "-u", "1000")["uid"], [1000] * 4)

    def test_additional_groups(self):
        report = self.exec_report(self.reporting(), "--additional-gids", "10", "--additional-gids", "20")
        self.assertEqual(sorted(report["groups"]), [10, 20])

    def test_capability(self):
        report = self.exec_report(self.reporting(), "--cap", "CAP_NET_RAW")
        self.assertIn("CAP_NET_RAW", report.capabilities("effective"))

    def test_no_new_privileges(self):
        config = self.config()
        config["process"]["noNewPrivileges"] = False
        container = self.reporting(config)
        self.assertEqual(self.exec_report(container)["no_new_privs"], 0)
        self.assertEqual(self.exec_report(container, "--no-new-privs")["no_new_privs"], 1)

    def test_preserve_fds(self):
        reading, writing = os.pipe()
        self.addCleanup(os.close, reading)
        self.addCleanup(os.close, writing)
        container = self.reporting()
        result = self.assertOk(self.exec(container, "--preserve-fds", "1", "ID", "/probe", pass_fds=(3,),
                                         prepare=lambda: os.dup2(reading, 3) if reading != 3 else None))
        self.assertEqual(set(result.lines()[0]["fds"]), {"0", "1", "2", "3"})

    def test_process_file(self):
        path = os.path.join(self.tmp, "process.json")
        with open(path, "w", encoding="ascii") as file:
            json.dump({"args": ["/probe"], "cwd": "/etc", "env": ["X=y"], "user": {"uid": 5, "gid": 6},
                       "capabilities": {"bounding": ["CAP_KILL"]}}, file)
        report = Report(self.assertOk(self.exec(self.reporting(), "--process", path, "ID")).lines()[0])
        self.assertEqual((report["cwd"], report.env["X"], report["uid"][0], report["gid"][0]),
                         ("/etc", "y", 5, 6))
        self.assertEqual(report.capabilities("bounding"), {"CAP_KILL"})

    def test_process_file_with_umask_and_limits(self):
        path = os.path.join(self.tmp, "process.json")
        with open(path, "w", encoding="ascii") as file:
            json.dump({"args": ["/probe"], "cwd": "/", "user": {"uid": 0, "gid": 0, "umask": 0o077},
                       "rlimits": [{"type": "RLIMIT_NOFILE", "soft": 50, "hard": 60}], "oomScoreAdj": 700},
                      file)
        report = Report(self.assertOk(self.exec(self.reporting(), "-p", path, "ID")).lines()[0])
        self.assertEqual((report["umask"], report["rlimits"]["RLIMIT_NOFILE"],
                          report.proc("oom_score_adj").strip()),
                         (0o077, [50, 60], "700"))

    def test_bad_process_file(self):
        path = os.path.join(self.tmp, "process.json")
        with open(path, "w", encoding="ascii") as file:
            json.dump({"args": "/probe", "cwd": "/"}, file)
        result = self.exec(self.reporting(), "--process", path, "ID")
        self.assertEqual(result.rc, 255)
        self.assertIn("args", result.err)

    def test_detach_and_pid_file(self):
        container = self.reporting()
        path = os.path.join(self.tmp, "pid")
        self.assertOk(self.exec(container, "--detach", "--pid-file", path, "ID", "/probe", "wait-term"))
        with open(path, encoding="ascii") as file:
            text = file.read()
        self.assertRegex(text, r"^\d+$")
        self.assertEqual(os.readlink(f"/proc/{text}/ns/pid"), os.readlink(f"/proc/{container.pid}/ns/pid"))

    def test_options_end_at_the_id(self):
        result = self.assertOk(self.exec(self.reporting(), "ID", "/probe", "say", "--cwd"))
        self.assertEqual(result.lines()[0]["text"], "--cwd")


class Results(ExecTest):
    def test_exit_status(self):
        container = self.reporting()
        for code in (0, 1, 42, 255):
            self.assertEqual(self.exec(container, "ID", "/probe", "exit", str(code)).rc, code)

    def test_killed(self):
        container = self.reporting()
        self.assertEqual(self.exec(container, "ID", "/probe", "signal-self", "9").rc, 137)

    def test_standard_input_and_output(self):
        result = self.exec(self.reporting(), "ID", "/probe", "cat", input="some text")
        self.assertEqual((result.rc, result.out), (0, "some text"))

    def test_much_output(self):
        result = self.exec(self.reporting(), "ID", "/probe", "bytes", "1000000")
        self.assertEqual((result.rc, len(result.out)), (0, 1000000))

    def test_missing_program(self):
        result = self.exec(self.reporting(), "ID", "nothing")
        self.assertEqual(result.rc, 255, str(result))
        self.assertIn("executable file not found in $path: no such file or directory", result.err.lower())

    def test_missing_absolute_program(self):
        result = self.exec(self.reporting(), "ID", "/nothing")
        self.assertEqual(result.rc, 255, str(result))
        self.assertIn("no such file or directory", result.err.lower())

    def test_not_executable(self):
        container = self.reporting()
        container.bundle.put("/etc/file", "x")
        result = self.exec(container, "ID", "/etc/file")
        self.assertEqual(result.rc, 255, str(result))
        self.assertIn("permission denied", result.err.lower())

    def test_none(self):
        result = self.runtime("exec", "none", "/probe")
        self.assertNotEqual(result.rc, 0)
        self.assertIn("container does not exist", result.err)

    def test_stopped(self):
        container = self.running(self.config("say", "x"))
        self.wait_for(lambda: container.status == "stopped", "the end")
        result = self.exec(container, "ID", "/probe")
        self.assertEqual(result.rc, 255)
        self.assertIn("cannot exec in a stopped container", result.err)

    def test_created(self):
        """Into a container that waits for its start: the peers allow it."""
        container = self.container()
        self.assertOk(container.create())
        result = self.exec(container, "ID", "/probe")
        self.assertIn(result.rc, (0, 255))

    def test_no_command(self):
        self.assertNotEqual(self.exec(self.reporting(), "ID").rc, 0)

    def test_many_at_once(self):
        container = self.reporting()
        processes = [self.runtime.popen("exec", container.id, "/probe", "exit", str(i),
                                        stdin=subprocess.DEVNULL)
                     for i in range(10)]
        self.assertEqual([p.wait(60) for p in processes], list(range(10)))


class Terminal(ExecTest):
    def test_console_socket(self):
        container = self.reporting()
        console = ConsoleSocket(os.path.join(self.tmp, "console"))
        self.addCleanup(console.close)
        self.assertOk(self.exec(container, "--tty", "--detach", "--console-socket", console.path, "ID",
                                "/probe"))
        master, _ = console.receive()
        self.addCleanup(master.close)
        text = master.read_all().decode()
        report = json.loads(next(line for line in text.splitlines() if line.startswith("{")))
        self.assertEqual(report["tty"]["isatty"], [True] * 3)
        self.assertTrue(report["tty"]["controlling"])

    def test_foreground(self):
        container = self.reporting()
        process = PtyProcess(self.runtime, "exec", "-t", container.id, "/probe", "winsize", "--", "exit", "9",
                             rows=31, columns=99)
        self.addCleanup(process.close)
        self.assertIn(b'"rows":31,"columns":99', process.read_all())
        self.assertEqual(process.wait(), 9)

    def test_typing(self):
        container = self.reporting()
        process = PtyProcess(self.runtime, "exec", "-t", container.id, "/probe", "echo-tty")
        self.addCleanup(process.close)
        process.expect(b"ready")
        process.write(b"typed\r")
        process.expect(b'"line":"typed\\u000a"')
        process.read_all()
        self.assertEqual(process.wait(), 0)


@needs(user_namespaces_work(), "user namespaces")
class UserNamespace(ExecTest):
    def test_ids(self):
        container = self.reporting(with_user_namespace(self.config()))
        report = self.exec_report(container, "--user", "7:8")
        self.assertEqual((report["uid"][0], report["gid"][0], report.id_map()), (7, 8, [(0, 100000, 65536)]))

    def test_unmapped_user(self):
        container = self.reporting(with_user_namespace(self.config(), size=10))
        self.assertEqual(self.exec(container, "--user", "50", "ID", "/probe").rc, 255)


class PureCgroup2(Surroundings):
    view = "v2"


if __name__ == "__main__":
    main()
