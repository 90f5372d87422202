# SPDX-License-Identifier: LGPL-2.1-or-later
"""create, start, state, kill, delete, list, run and their words, codes and files."""

import json
import os
import re
import signal
import subprocess
import tempfile
import time
from datetime import datetime

from ocitest import ContainerTest, leaks, main

NONE = "container does not exist"


class States(ContainerTest):
    def test_words(self):
        container = self.container(self.config("wait-term"))
        self.assertIsNone(container.status)
        self.assertOk(container.create())
        self.assertEqual(container.status, "created")
        self.assertOk(container.start())
        self.assertEqual(container.status, "running")
        pid = container.pid
        self.assertOk(container.kill("KILL"))
        container.wait_end(pid)
        self.assertEqual(container.status, "stopped")

    def test_members(self):
        config = self.config("wait-term")
        config["annotations"] = {"org.example.key": "value"}
        container = self.running(config)
        state = container.state()
        self.assertRegex(state["ociVersion"], r"^1\.\d+\.\d+")
        self.assertEqual((state["id"], state["bundle"], state["status"]),
                         (container.id, container.bundle.path, "running"))
        self.assertEqual(state["annotations"], {"org.example.key": "value"})
        self.assertEqual(state["rootfs"], container.bundle.rootfs)
        self.assertTrue(os.path.exists(f"/proc/{state['pid']}"))

    def test_created_is_rfc3339(self):
        container = self.container()
        before = time.time()
        self.assertOk(container.create())
        text = container.state()["created"]
        self.assertRegex(text, r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$")
        seconds = datetime.strptime(text[:19] + "+0000", "%Y-%m-%dT%H:%M:%S%z").timestamp()
        self.assertTrue(before - 1 <= seconds <= time.time() + 1)

    def test_pid_is_the_first_process(self):
        container = self.running(self.config("report", "--", "wait-term"))
        container.wait_line("report")
        with open(f"/proc/{container.pid}/status", encoding="ascii") as file:
            self.assertIn("NSpid:\t%d\t1\n" % container.pid, file.read())

    def test_pid_of_a_stopped_one_is_0(self):
        container = self.running(self.config("say", "x"))
        self.wait_for(lambda: container.status == "stopped", "the end")
        self.assertEqual(container.state().get("pid", 0), 0)

    def test_state_does_not_change_by_looking(self):
        container = self.running()
        self.assertEqual(container.state(), container.state())

    def test_nothing_on_standard_error(self):
        container = self.running()
        self.assertEqual(self.runtime("state", container.id).err, "")

    def test_bundle_is_absolute(self):
        container = self.container(self.config("wait-term"))
        name = os.path.basename(container.bundle.path)
        self.assertOk(self.runtime("create", "--bundle", name, container.id, cwd=self.tmp,
                                   stdout=subprocess.DEVNULL))
        self.assertEqual(container.state()["bundle"], container.bundle.path)

    def test_it_ends_by_itself(self):
        container = self.running(self.config("exit", "3"))
        self.wait_for(lambda: container.status == "stopped", "the end")

    def test_a_killed_created_container_is_stopped(self):
        container = self.container()
        self.assertOk(container.create())
        pid = container.pid
        self.assertOk(container.kill("KILL"))
        container.wait_end(pid)
        self.assertEqual(container.status, "stopped")

    def test_program_does_not_run_before_start(self):
        container = self.container(self.config("-o", "/ran", "say", "x"))
        self.assertOk(container.create())
        time.sleep(0.2)
        self.assertFalse(container.bundle.has("/ran"))
        pid = container.pid
        self.assertOk(container.start())
        container.wait_end(pid)
        self.assertTrue(container.bundle.has("/ran"))

    def test_later_changes_of_the_configuration_do_not_matter(self):
        container = self.container(self.config("say", "as created"))
        self.assertOk(container.create())
        container.bundle.write({"ociVersion": "1.0.2"})
        self.assertOk(container.start())
        self.assertEqual(container.wait_line("say")["text"], "as created")

    def test_without_process(self):
        config = self.config()
        del config["process"]
        container = self.container(config)
        self.assertOk(container.create())
        self.assertEqual(container.status, "created")
        self.assertRefused(container.start(), "process")


class Records(ContainerTest):
    """state.json tells later commands who the process is, and what they must know of the configuration."""

    def setUp(self):
        super().setUp()
        self.ran = os.path.join(self.tmp, "ran")

    def path(self, container, name="state.json"):
        return os.path.join(self.runtime.root, container.id, name)

    def record(self, container):
        with open(self.path(container), encoding="utf-8") as file:
            return json.load(file)

    def change(self, container, change):
        record = self.record(container)
        change(record)
        with open(self.path(container), "w", encoding="utf-8") as file:
            json.dump(record, file)

    def as_before(self, container):
        """As a version that knew neither numbers of processes nor the property config has written it."""
        def change(record):
            del record["config"]
            record.pop("init_process_inode", None)
            with open(f"/proc/{record['init_process_pid']}/stat", encoding="utf-8") as file:
                record["init_process_start"] = int(file.read().rpartition(")")[2].split()[19])

        self.change(container, change)

    def with_hook(self, kind, *args):
        config = self.config(*args)
        config["hooks"] = {kind: [{"path": "/bin/sh", "args": ["sh", "-c", f"echo {kind} >> {self.ran}"]}]}
        return config

    def said(self):
        with open(self.ran, encoding="ascii") as file:
            return file.read().split()

    def test_of_an_older_version(self):
        for kind in ("poststart", "poststop"):
            container = self.container(self.with_hook(kind, "wait-term"))
            self.assertOk(container.create())
            self.as_before(container)
            self.assertEqual(container.status, "created")
            self.assertOk(container.start())
            self.assertEqual(container.status, "running")
            pid = container.pid
            self.assertIn(container.id, self.runtime("list", "-q").out.split())
            self.assertOk(container.kill("KILL"))
            container.wait_end(pid)
            self.assertEqual(container.status, "stopped")
            self.assertOk(container.delete())
        self.assertEqual(self.said(), ["poststart", "poststop"])

    def test_configuration_is_not_read_again(self):
        container = self.container(self.config("wait-term"))
        self.assertOk(container.create())
        with open(self.path(container, "config.json"), "w", encoding="ascii") as file:
            file.write("{")
        self.assertOk(container.start())
        pid = container.pid
        self.assertOk(container.kill("KILL"))
        container.wait_end(pid)
        self.assertOk(container.delete())

    def test_configuration_is_read_for_hooks(self):
        container = self.container(self.with_hook("poststart", "wait-term"))
        self.assertOk(container.create())
        with open(self.path(container, "config.json"), "w", encoding="ascii") as file:
            file.write("{")
        self.assertRefused(container.start(), "config.json")
        self.assertEqual(container.status, "created")

    def test_error_of_start_knows_the_line(self):
        config = self.config()
        config["process"]["args"] = ["/probe"]
        container = self.container(config)
        self.assertOk(container.create())
        with open(os.path.join(container.bundle.rootfs, "probe"), "r+b") as file:
            file.truncate(0)
            file.write(b"#!/no/such/program\n")
        self.assertRegex(container.start().err, r"config\.json:\d+: process\.args")

    def test_another_process_with_the_pid(self):
        self.runtime.root = tempfile.mkdtemp(prefix="t-", dir="/dev/shm")
        self.addCleanup(os.rmdir, self.runtime.root)
        container = self.running()
        record = self.record(container)
        known_by = "init_process_inode" if "init_process_inode" in record else "init_process_start"
        right = record[known_by]
        self.change(container, lambda record: record.update({known_by: right + 1}))
        self.assertEqual(container.status, "stopped")
        self.change(container, lambda record: record.update({known_by: right}))
        self.assertEqual(container.status, "running")


class Ids(ContainerTest):
    def check_refused(self, name, *words):
        made = self.bundle(self.config())
        self.assertRefused(self.runtime("create", "--bundle", made.path, name), *words)

    def test_good_ones(self):
        for name in ("a", "A-b_c.d+e", "0", "x" * 200, "-".join("abc"), "_x", "a..b"):
            with self.subTest(name=name):
                self.assertOk(self.container(self.config(), name=name).run())

    def test_bad_ones(self):
        for name in ("a/b", "../x", ".", "..", "a b", "a:b", "ä", "a\nb", "a*"):
            with self.subTest(name=name):
                self.check_refused(name, "invalid container id")

    def test_empty(self):
        self.check_refused("", "container id")

    def test_twice(self):
        container = self.container(self.config("wait-term"))
        self.assertOk(container.create())
        pid = container.pid
        again = self.bundle(self.config())
        self.assertRefused(self.runtime("create", "--bundle", again.path, container.id),
                           "container with given ID already exists")
        self.assertEqual((container.status, container.pid), ("created", pid))

    def test_again_after_delete(self):
        container = self.container()
        for _ in range(3):
            self.assertOk(container.run())

    def test_two_at_once(self):
        first, second = self.running(), self.running()
        self.assertEqual((first.status, second.status), ("running", "running"))
        self.assertOk(first.delete("--force"))
        self.assertEqual(second.status, "running")

    def test_missing_argument(self):
        for command in ("create", "start", "state", "kill", "delete", "run"):
            with self.subTest(command=command):
                result = self.runtime(command, cwd=self.tmp)
                self.assertNotEqual(result.rc, 0)
                self.assertTrue(result.err)


class Errors(ContainerTest):
    def stopped(self):
        container = self.running(self.config("say", "x"))
        self.wait_for(lambda: container.status == "stopped", "the end")
        return container

    def test_none(self):
        for args in (["state", "none"], ["start", "none"], ["kill", "none", "KILL"], ["delete", "none"]):
            with self.subTest(args=args):
                self.assertRefused(self.runtime(*args), NONE)

    def test_forced_delete_of_none_is_fine_or_says_so(self):
        result = self.runtime("delete", "--force", "none")
        if result.rc:
            self.assertRefused(result, NONE)

    def test_start_of_a_running_one(self):
        container = self.running()
        self.assertRefused(container.start(), "cannot start an already running container")
        self.assertEqual(container.status, "running")

    def test_start_of_a_stopped_one(self):
        self.assertRefused(self.stopped().start(), "cannot start a container that has stopped")

    def test_kill_of_a_stopped_one(self):
        container = self.stopped()
        before = container.state()
        result = self.assertRefused(container.kill("KILL"), "container not running")
        self.assertIn("no such process", result.err)
        self.assertEqual(container.state(), before)

    def test_kill_all_of_a_stopped_one(self):
        result = self.stopped().kill("KILL")
        self.assertIn(result.rc, (0, 1))

    def test_delete_of_a_running_one(self):
        container = self.running()
        self.assertRefused(container.delete(),
                           f"cannot delete container {container.id} that is not stopped: running")
        self.assertEqual(container.status, "running")

    def test_delete_of_a_created_one(self):
        container = self.container()
        self.assertOk(container.create())
        self.assertOk(container.delete())
        self.assertIsNone(container.state())

    def test_unknown_command(self):
        result = self.runtime("frobnicate")
        self.assertNotEqual(result.rc, 0)
        self.assertIn("frobnicate", result.err)

    def test_unknown_option(self):
        result = self.runtime("state", "--frobnicate", "x")
        self.assertNotEqual(result.rc, 0)
        self.assertIn("frobnicate", result.err)

    def test_no_configuration(self):
        container = self.container()
        os.unlink(os.path.join(container.bundle.path, "config.json"))
        self.assertRefused(container.create(), "config.json", "no such file or directory")

    def test_no_bundle(self):
        result = self.runtime("create", "--bundle", os.path.join(self.tmp, "none"), "c")
        self.assertRefused(result, "none", "no such file or directory")

    def test_state_root_is_a_file(self):
        with open(self.runtime.root, "w", encoding="ascii"):
            pass
        self.assertRefused(self.container().run(), self.runtime.root)
        os.unlink(self.runtime.root)


class Kill(ContainerTest):
    def trapping(self):
        container = self.running(self.config("trap", "1,2,3,10,12,15,17,18,28,40", "/signals"))
        container.wait_file("/signals", "ready")
        return container

    def test_every_way_to_name_a_signal(self):
        container = self.trapping()
        for word, number in (("HUP", 1), ("SIGINT", 2), ("3", 3), ("USR1", 10), ("SIGUSR2", 12), ("term", 15),
                             ("sigchld", 17), ("28", 28)):
            with self.subTest(word=word):
                self.assertOk(container.kill(word))
                self.wait_for(lambda n=number: f"\n{n}\n" in container.bundle.get("/signals"),
                              f"signal {number}")

    def test_real_time_signals(self):
        container = self.trapping()
        self.assertOk(container.kill("RTMIN+6"))
        self.wait_for(lambda: "\n40\n" in container.bundle.get("/signals"), "signal 40")

    def test_default_is_term(self):
        container = self.trapping()
        self.assertOk(container.kill())
        self.wait_for(lambda: "\n15\n" in container.bundle.get("/signals"), "SIGTERM")

    def test_unknown_signals(self):
        container = self.running()
        for word in ("NOSUCH", "SIGNOSUCH", "-1", "65", "1000", "9x", ""):
            with self.subTest(word=word):
                self.assertRefused(container.kill(word), word)
        self.assertEqual(container.status, "running")

    def test_signal_0(self):
        result = self.running().kill("0")
        self.assertIn(result.rc, (0, 1))

    def test_created(self):
        """It may be signalled; what the waiting process makes of any but SIGKILL is its own affair."""
        container = self.container()
        self.assertOk(container.create())
        self.assertOk(container.kill("TERM"))
        self.assertIn(container.status, ("created", "stopped"))

    def test_all(self):
        config = self.config("spawn", "3", "--", "pause")
        container = self.running(config)
        container.wait_line("pause")
        pid = container.pid
        self.assertOk(self.runtime("kill", "--all", container.id, "KILL"))
        container.wait_end(pid)

    def test_all_without_a_pid_namespace(self):
        """The processes that the first one made are found by the cgroup."""
        config = self.config("spawn", "3", "--", "wait-term")
        config["linux"]["namespaces"] = [n for n in config["linux"]["namespaces"] if n["type"] != "pid"]
        container = self.running(config)
        container.wait_line("wait-term")
        pids = container.wait_line("spawn")["pids"]
        self.assertEqual(len([p for p in pids if os.path.exists(f"/proc/{p}")]), 3)
        self.assertOk(self.runtime("kill", "--all", container.id, "KILL"))
        for pid in pids:
            container.wait_end(pid)

    def test_delete_kills_what_is_left_without_a_pid_namespace(self):
        config = self.config("spawn", "3")
        config["linux"]["namespaces"] = [n for n in config["linux"]["namespaces"] if n["type"] != "pid"]
        container = self.running(config)
        pids = container.wait_line("spawn")["pids"]
        self.wait_for(lambda: container.status == "stopped", "the end")
        self.assertOk(container.delete("--force"))
        for pid in pids:
            container.wait_end(pid, 5)


class Run(ContainerTest):
    def test_exit_codes(self):
        for code in (0, 1, 2, 42, 127, 255):
            with self.subTest(code=code):
                self.assertEqual(self.container(self.config("exit", str(code))).run().rc, code)

    def test_killed(self):
        config = self.config("wait-term")
        container = self.container(config)
        process = self.runtime.popen("run", "--bundle", container.bundle.path, container.id,
                                     stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                     stderr=subprocess.DEVNULL)
        self.addCleanup(process.stdout.close)
        process.stdout.readline()
        self.assertOk(container.kill("KILL"))
        self.assertEqual(process.wait(30), 128 + signal.SIGKILL)

    def test_deletes_after_the_end(self):
        container = self.run_ok(self.config("say", "x"))
        self.assertIsNone(container.state())

    def test_keep(self):
        container = self.container(self.config("say", "x"))
        self.assertOk(container.run("--keep"))
        self.assertEqual(container.status, "stopped")
        self.assertOk(container.delete())

    def test_detach(self):
        container = self.container(self.config("wait-term"))
        self.assertOk(container.run_detached())
        self.assertEqual(container.status, "running")
        container.wait_line("wait-term")

    def test_detached_process_is_no_child_of_the_runtime(self):
        """It comes to us, who adopt orphans."""
        container = self.container(self.config("wait-term"))
        self.assertOk(container.run_detached())
        self.assertEqual(leaks.stat_of(container.pid)[2], os.getpid())

    def test_standard_input(self):
        result = self.container(self.config("cat")).run(input="text for cat")
        self.assertEqual((result.rc, result.out), (0, "text for cat"))

    def test_standard_error(self):
        result = self.container(self.config("stderr", "to stderr", "--", "stdout", "to stdout")).run()
        self.assertEqual((result.out, result.err), ("to stdout", "to stderr"))

    def test_closed_standard_input(self):
        """A caller without standard descriptors must not make others take their place."""
        container = self.container(self.config("-o", "/out", "report"))
        process = subprocess.run(["/bin/sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh",
                                  *self.runtime.argv("run", "--bundle", container.bundle.path, container.id)],
                                 timeout=60,
                                 preexec_fn=self.runtime.view.enter if self.runtime.view.fd else None)
        self.assertEqual(process.returncode, 0)
        report = json.loads(container.bundle.get("/out"))
        self.assertTrue(set(report["fds"]) <= {"0", "1", "2", "3"}, report["fds"])

    def test_many_in_a_row(self):
        for _ in range(10):
            self.run_ok(self.config("say", "x"))

    def test_at_the_same_time(self):
        containers = [self.container(self.config("wait-term")) for _ in range(8)]
        processes = [self.runtime.popen("create", "--bundle", c.bundle.path, c.id, stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL) for c in containers]
        self.assertEqual([p.wait(60) for p in processes], [0] * 8)
        self.assertEqual({c.status for c in containers}, {"created"})

    def test_the_same_id_at_the_same_time(self):
        """One wins, the other is told that it exists."""
        container = self.container(self.config("wait-term"))
        processes = [self.runtime.popen("create", "--bundle", container.bundle.path, container.id,
                                        stdout=subprocess.DEVNULL,
                                        stdin=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL) for _ in range(4)]
        self.assertEqual(sorted(p.wait(60) for p in processes), [0, 1, 1, 1])
        self.assertEqual(container.status, "created")


class Files(ContainerTest):
    def test_pid_file(self):
        path = os.path.join(self.tmp, "pid")
        container = self.container()
        self.assertOk(container.create("--pid-file", path))
        with open(path, encoding="ascii") as file:
            text = file.read()
        self.assertRegex(text, r"^\d+$")
        self.assertFalse(text.endswith("\n"))
        self.assertEqual(int(text), container.pid)

    def test_pid_file_is_replaced(self):
        path = os.path.join(self.tmp, "pid")
        with open(path, "w", encoding="ascii") as file:
            file.write("old and longer than a pid")
        container = self.container()
        self.assertOk(container.create("--pid-file", path))
        with open(path, encoding="ascii") as file:
            self.assertEqual(int(file.read()), container.pid)

    def test_pid_file_relative_to_the_callers_directory(self):
        container = self.container()
        self.assertOk(container.create("--pid-file", "pid", cwd=self.tmp))
        self.assertTrue(os.path.exists(os.path.join(self.tmp, "pid")))

    def test_pid_file_that_cannot_be_written(self):
        container = self.container()
        self.assertRefused(container.create("--pid-file", "/no/such/directory/pid"), "/no/such/directory/pid")
        self.assertIsNone(container.state())

    def test_pid_file_of_run(self):
        path = os.path.join(self.tmp, "pid")
        container = self.container(self.config("wait-term"))
        self.assertOk(container.run_detached("--pid-file", path))
        with open(path, encoding="ascii") as file:
            self.assertEqual(int(file.read()), container.pid)

    def test_preserved_descriptors(self):
        reading, writing = os.pipe()
        os.write(writing, b"from outside")
        os.close(writing)
        self.addCleanup(os.close, reading)
        container = self.container(self.config("report", "--", "read-fd", "3"))
        low = self.at_3(reading)
        result = self.assertOk(container.run("--preserve-fds", "1", **low))
        lines = result.lines()
        self.assertEqual(set(lines[0]["fds"]), {"0", "1", "2", "3"})
        self.assertEqual(lines[1]["text"], "from outside")

    @staticmethod
    def at_3(fd):
        """Arguments of a call that give the child this descriptor as 3."""
        return {"pass_fds": (3,), "prepare": lambda: os.dup2(fd, 3)} if fd != 3 else {"pass_fds": (3,)}

    def test_listen_fds(self):
        """Socket activation: descriptors from 3 on, and LISTEN_PID is the program's own."""
        reading, writing = os.pipe()
        self.addCleanup(os.close, reading)
        self.addCleanup(os.close, writing)
        container = self.container(self.config("report"))
        os.set_inheritable(reading, True)
        words = self.runtime.argv("run", "--bundle", container.bundle.path, container.id)
        result = subprocess.run(["/bin/sh", "-c", f'exec 3<&{reading}; LISTEN_FDS=1 LISTEN_PID=$$ exec "$@"',
                                 "sh", *words],
                                pass_fds=(reading,), capture_output=True, timeout=60, check=False,
                                preexec_fn=self.runtime.view.enter if self.runtime.view.fd else None)
        self.assertEqual(result.returncode, 0, result.stderr)
        report = json.loads(result.stdout)
        env = dict(word.split("=", 1) for word in report["env"])
        self.assertEqual((env.get("LISTEN_FDS"), env.get("LISTEN_PID")), ("1", "1"))
        self.assertIn("3", report["fds"])

    def test_too_many_preserved_descriptors(self):
        result = self.container().run("--preserve-fds", "50")
        self.assertEqual(result.rc, 1)


class Logs(ContainerTest):
    def failing(self, *options):
        config = self.config()
        config["root"]["path"] = "missing-root"
        made = self.bundle(config)
        log = os.path.join(self.tmp, "log")
        self.runtime.options = ["--log", log, *options]
        return self.runtime("create", "--bundle", made.path, "c"), log

    def test_json(self):
        result, log = self.failing("--log-format", "json")
        self.assertEqual(result.rc, 1)
        with open(log, encoding="utf-8") as file:
            lines = file.read().splitlines()
        self.assertEqual(len(lines), 1, lines)
        entry = json.loads(lines[0])
        self.assertEqual(entry["level"], "error")
        self.assertIn("missing-root", entry["msg"])
        self.assertNotIn("\n", entry["msg"])
        self.assertRegex(entry["time"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$")

    def test_text(self):
        result, log = self.failing()
        self.assertEqual(result.rc, 1)
        with open(log, encoding="utf-8") as file:
            self.assertIn("missing-root", file.read())

    def test_on_standard_error_too(self):
        result, _ = self.failing("--log-format", "json")
        self.assertIn("missing-root", result.err)

    def test_file_is_appended_to(self):
        _, log = self.failing("--log-format", "json")
        self.runtime("state", "none")
        with open(log, encoding="utf-8") as file:
            self.assertEqual(len(file.read().splitlines()), 2)

    def test_nothing_if_all_is_well(self):
        log = os.path.join(self.tmp, "log")
        self.runtime.options = ["--log", log, "--log-format", "json"]
        self.run_ok(self.config("say", "x"))
        if os.path.exists(log):
            with open(log, encoding="utf-8") as file:
                self.assertEqual([json.loads(line) for line in file if json.loads(line)["level"] == "error"],
                                 [])

    def test_error_of_start(self):
        config = self.config()
        config["process"]["args"] = ["/text"]
        container = self.container(config)
        container.bundle.put("/text", "no program", 0o755)
        self.assertOk(container.create())
        log = os.path.join(self.tmp, "log")
        self.runtime.options = ["--log", log, "--log-format", "json"]
        self.assertEqual(container.start().rc, 1)
        with open(log, encoding="utf-8") as file:
            entries = [json.loads(line) for line in file]
        self.assertEqual(len([e for e in entries if e["level"] == "error"]), 1, entries)
        self.assertIn("exec format error", entries[-1]["msg"].lower())

    def test_bad_format(self):
        self.runtime.options = ["--log-format", "xml"]
        result = self.runtime("list")
        self.assertEqual(result.rc, 1)
        self.assertIn("xml", result.err)

    def test_log_that_cannot_be_opened(self):
        self.runtime.options = ["--log", "/no/such/directory/log"]
        result = self.runtime("list")
        self.assertEqual(result.rc, 1)
        self.assertIn("/no/such/directory/log", result.err)


class List(ContainerTest):
    def test_empty(self):
        self.assertOk(self.runtime("list"))

    def test_table(self):
        container = self.running()
        lines = self.assertOk(self.runtime("list")).out.splitlines()
        self.assertEqual(lines[0].split(), ["ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER"])
        words = lines[1].split()
        self.assertEqual(words[:4], [container.id, str(container.pid), "running", container.bundle.path])
        self.assertEqual(words[5], "root")

    def test_quiet(self):
        container = self.running()
        self.assertEqual(self.assertOk(self.runtime("list", "-q")).out.split(), [container.id])

    def test_json(self):
        containers = [self.running() for _ in range(2)]
        items = self.assertOk(self.runtime("list", "--format", "json")).json()
        self.assertEqual({i["id"] for i in items}, {c.id for c in containers})
        item = next(i for i in items if i["id"] == containers[0].id)
        self.assertEqual((item["pid"], item["status"], item["bundle"]),
                         (containers[0].pid, "running", containers[0].bundle.path))

    def test_json_of_none(self):
        out = self.assertOk(self.runtime("list", "-f", "json")).out.strip()
        self.assertIn(json.loads(out or "[]"), ([], None))

    def test_other_things_in_the_state_directory(self):
        os.makedirs(os.path.join(self.runtime.root, "no-container"))
        self.addCleanup(os.rmdir, os.path.join(self.runtime.root, "no-container"))
        container = self.running()
        self.assertIn(container.id, self.assertOk(self.runtime("list", "-q")).out)


class Spec(ContainerTest):
    def test_writes_a_configuration_that_runs(self):
        directory = os.path.join(self.tmp, "spec")
        os.mkdir(directory)
        self.assertOk(self.runtime("spec", cwd=directory))
        with open(os.path.join(directory, "config.json"), encoding="utf-8") as file:
            config = json.load(file)
        self.assertTrue(config["process"]["terminal"])
        config["process"]["terminal"] = False
        config["process"]["args"] = ["/probe"]
        config["linux"]["cgroupsPath"] = self.config()["linux"]["cgroupsPath"]
        self.assertEqual(self.report(config)["pid"], 1)

    def test_bundle(self):
        directory = os.path.join(self.tmp, "spec")
        os.mkdir(directory)
        self.assertOk(self.runtime("spec", "--bundle", directory))
        self.assertTrue(os.path.exists(os.path.join(directory, "config.json")))

    def test_does_not_overwrite(self):
        made = self.bundle(self.config())
        result = self.runtime("spec", "--bundle", made.path)
        self.assertEqual(result.rc, 1)
        self.assertIn("exist", result.err)


class Information(ContainerTest):
    def test_version(self):
        result = self.assertOk(self.runtime("--version"))
        lines = result.out.splitlines()
        self.assertRegex(lines[0], r"^\w+ version \S+")
        self.assertTrue([line for line in lines if line.startswith("commit: ")], lines)
        self.assertTrue([line for line in lines if line.startswith("spec: ")], lines)
        self.assertEqual(result.err, "")

    def test_help(self):
        for args in (["--help"], ["create", "--help"], ["run", "--help"], ["checkpoint", "--help"]):
            with self.subTest(args=args):
                self.assertTrue(self.assertOk(self.runtime(*args)).out)

    def test_features(self):
        result = self.assertOk(self.runtime("features"))
        features = result.json()
        self.assertEqual(result.err, "")
        self.assertTrue({"rro", "bind", "rbind", "ro", "nosymfollow"} <= set(features["mountOptions"]))
        self.assertEqual(set(features["hooks"]),
                         {"prestart", "createRuntime", "createContainer", "startContainer",
                                                  "poststart", "poststop"})
        self.assertIn("user", features["linux"]["namespaces"])
        self.assertTrue(features["linux"]["mountExtensions"]["idmap"]["enabled"])
        self.assertTrue(re.match(r"\d+\.\d+\.\d+", features["ociVersionMin"]))

    def test_versions_of_features_are_accepted(self):
        features = self.assertOk(self.runtime("features")).json()
        for name in ("ociVersionMin", "ociVersionMax"):
            config = self.config("say", "x")
            config["ociVersion"] = features[name]
            self.run_ok(config)


class Robust(ContainerTest):
    def test_delete_after_the_bundle_is_gone(self):
        container = self.running(self.config("say", "x"))
        self.wait_for(lambda: container.status == "stopped", "the end")
        os.rename(container.bundle.path, container.bundle.path + ".moved")
        self.assertOk(self.runtime("delete", container.id))

    def test_the_first_process_killed_from_outside(self):
        container = self.running()
        pid = container.pid
        os.kill(pid, signal.SIGKILL)
        container.wait_end(pid)
        self.assertEqual(container.status, "stopped")
        self.assertOk(container.delete())

    def test_forced_delete_of_a_running_one(self):
        container = self.running(self.config("spawn", "5", "--", "pause"))
        container.wait_line("pause")
        self.assertOk(container.delete("--force"))
        self.assertIsNone(container.state())

    def test_deleted_twice(self):
        container = self.running()
        self.assertOk(container.delete("--force"))
        result = container.delete()
        self.assertRefused(result, NONE)

    def test_host_files_are_untouched(self):
        tree = self.host_tree()
        self.run_ok(self.config("write", "/etc/x", "--", "mkdir", "/new", "--", "unlink", "/etc/x"))
        self.assertEqual(tree.changes(), [])

    def test_unknown_properties_are_ignored(self):
        config = self.config("say", "x")
        config["unknown"] = {"a": [1, 2]}
        config["process"]["unknown"] = 1
        config["linux"]["unknown"] = None
        config["annotations"] = {"unknown.example": "x"}
        config["windows"] = {"anything": True}
        config["solaris"] = {"milestone": "x"}
        self.run_ok(config)

    def test_without_linux(self):
        config = self.config("say", "x")
        del config["linux"], config["hostname"]
        result = self.container(config).run()
        self.assertIn(result.rc, (0, 1))
        if result.rc:
            self.assertRefused(result)

    def test_config_with_a_byte_order_mark_or_junk_is_refused(self):
        for text in ("", "{", "[]", "null", '{"ociVersion":"1.0.2"}}', "\x00"):
            with self.subTest(text=text):
                container = self.container(made=self.bundle(text))
                self.assertRefused(container.create(), "config.json")


if __name__ == "__main__":
    main()
