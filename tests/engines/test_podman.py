# SPDX-License-Identifier: LGPL-2.1-or-later
"""Podman: the life of containers and pods, terminals, errors, and what happens when something is killed."""

import json
import os
import signal
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "../lib")]

from enginelib import NOT_IN_PATH, PodmanTest, enter, runtime_name, setup_podman  # noqa: E402
from enginelib.podman import IMAGE, Terminal  # noqa: E402
from enginelib.surroundings import RUNTIME, environment  # noqa: E402
from ocitest import main  # noqa: E402


def setUpModule():
    enter(("podman", "podman"), ("conmon", "conmon"))
    setup_podman()


class Life(PodmanTest):
    def test_run(self):
        self.assertEqual(self.run_once("echo", "hello"), "hello")

    def test_exit_status(self):
        self.shell("exit 5", rc=5)
        self.shell("sleep 9 & kill -9 $!; wait $!", rc=137)

    def test_input_and_both_outputs(self):
        result = self.podman(
            "run", "--rm", "-i", *self.parent, IMAGE, "sh", "-c", "cat; echo wrong >&2", stdin="right"
        )
        self.assertEqual((result.out, result.err), ("right", "wrong\n"))

    def test_logs_and_wait(self):
        self.podman("run", "-d", "--name", "c", *self.parent, IMAGE, "sh", "-c", "echo one; echo two >&2; exit 3")
        self.assertEqual(self.ask("wait", "c"), "3")
        result = self.podman("logs", "c")
        self.assertEqual((result.out, result.err), ("one\n", "two\n"))

    def test_create_start_restart(self):
        self.podman("create", "--name", "c", *self.parent, IMAGE, "sh", "-c", "date +%s%N >> /times; exec sleep 1000")
        self.podman("start", "c")
        self.podman("restart", "-t", "0", "c")
        self.wait_for(lambda: len(self.ask("exec", "c", "cat", "/times").split()) == 2, "two starts")

    def test_stop_lets_the_process_end(self):
        self.start()
        self.podman("stop", "-t", "20", "c")
        self.assertEqual(self.inspect("c", ".State.ExitCode"), "7")

    def test_stop_kills_at_last(self):
        self.start(args=("sh", "-c", "trap '' TERM; while :; do sleep 0.1; done"))
        self.podman("stop", "-t", "1", "c")
        self.assertEqual(self.inspect("c", ".State.ExitCode"), "137")

    def test_kill(self):
        self.start()
        self.podman("kill", "-s", "KILL", "c")
        self.assertEqual(self.ask("wait", "c"), "137")

    def test_kill_of_an_ended_container(self):
        self.podman("run", "--name", "c", *self.parent, IMAGE, "true")
        self.podman("kill", "c", rc=125)

    def test_rm_of_a_running_one(self):
        self.start()
        self.podman("rm", "c", rc=2)
        self.podman("rm", "-f", "-t", "0", "c")

    def test_pause(self):
        self.start()
        self.podman("pause", "c")
        self.assertEqual(self.inspect("c", ".State.Status"), "paused")
        self.assertNotEqual(self.podman("exec", "c", "true", rc=None).rc, 0)
        self.podman("unpause", "c")
        self.assertEqual(self.ask("exec", "c", "echo", "again"), "again")

    def test_top_and_stats(self):
        self.start(args=("sleep", "1000"))
        self.assertIn("sleep 1000", self.ask("top", "c", "args"))
        self.assertEqual(self.ask("stats", "--no-stream", "--format", "{{.PIDs}}", "c"), "1")

    def test_update(self):
        if self.podman("update", "--help", rc=None).rc != 0:
            self.skipTest("this Podman has no update")
        self.start()
        self.podman("update", "--memory", "64m", "--cpus", "0.5", "c")
        self.assertEqual(self.limit(self.pid(), "memory", "memory.limit_in_bytes", "memory.max"), str(64 << 20))
        self.assertEqual(self.limit(self.pid(), "cpu", "cpu.cfs_quota_us", "cpu.max").split()[0], "50000")

    def test_health(self):
        self.start("--health-cmd", "test -e /well", "--health-interval", "disable")
        self.podman("healthcheck", "run", "c", rc=1)
        self.podman("exec", "c", "touch", "/well")
        self.podman("healthcheck", "run", "c")

    def test_init(self):
        if not os.path.exists("/usr/bin/catatonit") and not os.path.exists("/usr/libexec/podman/catatonit"):
            self.skipTest("Debian's package catatonit is not installed")
        self.assertIn("podman-init", self.shell("cat /proc/1/cmdline; exit 0", "--init"))

    def test_copy(self):
        self.start()
        self.podman("cp", self.file("text", "copied"), "c:/text")
        self.assertEqual(self.ask("exec", "c", "cat", "/text"), "copied")

    def test_events_tell_the_whole_life(self):
        self.podman("run", "--name", "c", *self.parent, IMAGE, "true")
        events = [
            json.loads(line)["Status"]
            for line in self.ask(
                "events", "--stream=false", "--format", "json", "--filter", "container=c"
            ).splitlines()
        ]
        self.assertLess(events.index("start"), events.index("died"))


class Exec(PodmanTest):
    def test_options(self):
        self.start()
        self.assertEqual(
            self.ask("exec", "-u", "1000:1000", "-w", "/tmp", "-e", "A=b", "c", "sh", "-c", "id -u; pwd; echo $A"),
            "1000\n/tmp\nb",
        )

    def test_exit_status_and_input(self):
        self.start()
        self.podman("exec", "c", "sh", "-c", "exit 9", rc=9)
        self.assertEqual(self.ask("exec", "-i", "c", "cat", stdin="in"), "in")

    def test_errors(self):
        self.start()
        self.podman("exec", "c", "/nonexistent", rc=127)
        self.podman("exec", "c", "/etc", rc=126)
        self.podman("exec", "c", "/etc/passwd", rc=126)

    def test_detached(self):
        self.start()
        self.podman("exec", "-d", "c", "touch", "/made")
        self.wait_for(lambda: self.podman("exec", "c", "test", "-e", "/made", rc=None).rc == 0, "the file")

    def test_preserves_descriptors(self):
        self.start()
        with open(self.file("given", "of the caller"), encoding="ascii") as file:
            process = subprocess.run(
                ["sh", "-c", f"exec 3<&{file.fileno()}; exec podman exec --preserve-fds 1 c cat /proc/self/fd/3"],
                pass_fds=[file.fileno()],
                env=environment(),
                capture_output=True,
                text=True,
                check=False,
                stdin=subprocess.DEVNULL,
            )
        self.assertEqual(process.stdout, "of the caller", process.stderr)


class Terminals(PodmanTest):
    def terminal(self, *args):
        terminal = Terminal("podman", *args, rows=31, columns=97)
        self.addCleanup(terminal.close)
        return terminal

    def converse(self, terminal, status=4):
        terminal.write(b"tty; stty size; echo a$((1+1))b\n")
        terminal.expect(b"/dev/pts/0\r\n")
        terminal.expect(b"31 97")
        terminal.expect(b"a2b")
        terminal.resize(40, 100)
        self.wait_for(lambda: self.size_is(terminal, b"40 100"), "the new size")
        terminal.write(f"exit {status}\n".encode())
        self.assertEqual(terminal.wait(), status)

    @staticmethod
    def size_is(terminal, text):
        terminal.write(b"stty size; echo e$((1))nd\n")
        return text in terminal.expect(b"e1nd")

    def test_run(self):
        self.converse(self.terminal("run", "--rm", "-it", *self.parent, IMAGE, "sh"))

    def test_exec(self):
        self.start("-t")
        terminal = self.terminal("exec", "-it", "c", "sh")
        terminal.write(b"stty size; echo a$((1+1))b\n")
        terminal.expect(b"31 97")
        terminal.expect(b"a2b")
        terminal.write(b"exit 4\n")
        self.assertEqual(terminal.wait(), 4)

    def test_interrupt(self):
        terminal = self.terminal(
            "run",
            "--rm",
            "-it",
            *self.parent,
            IMAGE,
            "sh",
            "-c",
            "trap 'exit 6' INT; echo ready; while :; do sleep 0.1; done",
        )
        terminal.expect(b"ready")
        terminal.write(b"\x03")
        self.assertEqual(terminal.wait(), 6)

    def test_attach(self):
        self.podman("run", "-dit", "--name", "c", *self.parent, IMAGE, "sh")
        terminal = self.terminal("attach", "c")
        terminal.write(b"echo a$((1+1))b\n")
        terminal.expect(b"a2b")
        terminal.write(b"exit 5\n")
        terminal.wait()
        self.assertEqual(self.ask("wait", "c"), "5")


class Errors(PodmanTest):
    def run_it(self, *command, rc, options=()):
        return self.podman("run", "--rm", *self.parent, *options, IMAGE, *command, rc=rc).err

    def test_not_found(self):
        self.run_it("nonexistent", rc=127)
        self.run_it("/no/such/file", rc=127)

    def test_not_executable(self):
        self.run_it("/etc", rc=126)
        self.run_it("/etc/passwd", rc=126)

    def test_podmans_own(self):
        self.run_it("true", rc=125, options=("--nonexistent-option",))
        self.run_it("true", rc=125, options=("-v", "/nonexistent-source:/x"))

    def test_bad_working_directory(self):
        self.assertEqual(self.run_it("pwd", rc=0, options=("-w", "/tmp")), "")
        self.assertNotEqual(
            self.podman("run", "--rm", *self.parent, "-w", "/etc/passwd", IMAGE, "pwd", rc=None).rc, 0
        )

    def test_message_is_the_runtimes(self):
        """It comes through the JSON log, or through standard error: one sentence, no JSON."""
        message = self.run_it("nonexistent", rc=127)
        self.assertRegex(message, NOT_IN_PATH)
        self.assertNotIn("{", message)


class Pods(PodmanTest):
    def test_namespaces_are_shared(self):
        pod = self.ask("pod", "create", "--name", "p", *self.parent, "--network", "none")
        # Stopped and started again, it isn't the runtime that made the pod's cgroup, and Podman misses two hierarchies.
        self.engine_cgroups = (*self.engine_cgroups, pod)
        for name in ("a", "b"):
            self.podman("run", "-d", "--pod", "p", "--name", name, IMAGE, "sleep", "1000")
        links = {
            kind: {self.ask("exec", name, "readlink", f"/proc/self/ns/{kind}") for name in ("a", "b")}
            for kind in ("net", "ipc", "uts", "pid", "mnt")
        }
        self.assertEqual(
            {kind: len(found) for kind, found in links.items()}, {"net": 1, "ipc": 1, "uts": 1, "pid": 2, "mnt": 2}
        )
        self.podman("pod", "pause", "p")
        self.podman("pod", "unpause", "p")
        self.podman("pod", "stop", "-t", "0", "p")
        self.podman("pod", "start", "p")
        self.assertEqual(self.inspect("a", ".State.Status"), "running")

    def test_pid_namespace_too(self):
        self.podman("pod", "create", "--name", "p", *self.parent, "--network", "none", "--share", "pid,net,ipc")
        self.podman("run", "-d", "--pod", "p", "--name", "a", IMAGE, "sleep", "4321")
        self.assertIn("sleep 4321", self.ask("run", "--rm", "--pod", "p", IMAGE, "ps"))


class Killed(PodmanTest):
    """Whatever is killed with SIGKILL, `podman rm -f` and the runtime's delete leave nothing of the container."""

    def test_conmon(self):
        self.start()
        os.kill(int(self.inspect("c", ".State.ConmonPid")), signal.SIGKILL)
        self.podman("rm", "-f", "-t", "0", "c", rc=None)
        self.podman("rm", "-f", "-t", "0", "-i", "c", rc=None)
        self.assertEqual(self.ask("ps", "-aq"), "")
        self.delete_what_podman_forgets()

    def test_first_process(self):
        self.start()
        os.kill(self.pid(), signal.SIGKILL)
        self.assertEqual(self.ask("wait", "c"), "137")

    def killed_runtime(self, command, milliseconds):
        """Podman with a runtime that is killed that long after it has begun with the command."""
        script = self.file(
            "runtime",
            f"""#!/bin/sh
case " $* " in
*" {command} "*) {RUNTIME} "$@" & sleep {milliseconds / 1000}; kill -9 $! 2>/dev/null; wait $!;;
*) exec {RUNTIME} "$@";;
esac
""",
        )
        os.chmod(script, 0o755)
        return ("--runtime", script)

    def delete_what_podman_forgets(self):
        """Podman calls no delete for a container whose create failed or whose conmon is gone, with any runtime."""
        for root in self.state_roots():
            for entry in os.listdir(root) if os.path.isdir(root) else ():
                if entry[0] != ".":
                    self.command(RUNTIME, "delete", "--force", entry)

    def test_runtime_in_create(self):
        for milliseconds in (0, 2, 4, 6, 8, 10, 12, 15):
            with self.subTest(milliseconds=milliseconds):
                self.podman(
                    *self.killed_runtime("create", milliseconds),
                    "run",
                    "-d",
                    "--name",
                    "c",
                    *self.parent,
                    IMAGE,
                    "sleep",
                    "1000",
                    rc=None,
                )
                self.podman("rm", "-f", "-t", "0", "c", rc=None)
                self.delete_what_podman_forgets()
                self.assertEqual(self.ask("ps", "-aq"), "")

    def test_runtime_in_exec(self):
        self.start()
        for milliseconds in (0, 3, 6, 9):
            with self.subTest(milliseconds=milliseconds):
                self.podman(*self.killed_runtime("exec", milliseconds), "exec", "c", "true", rc=None)
        self.assertEqual(self.ask("exec", "c", "echo", "well"), "well")

    def test_runtime_in_delete(self):
        """The next attempt succeeds."""
        self.start()
        self.podman(*self.killed_runtime("delete", 1), "rm", "-f", "-t", "0", "c", rc=None)
        self.podman("rm", "-f", "-t", "0", "-i", "c", rc=None)
        self.assertEqual(self.ask("ps", "-aq"), "")


class Known(PodmanTest):
    """What Podman knows of the runtime."""

    def test_info(self):
        name, version = self.ask("info", "--format", "{{.Host.OCIRuntime.Name}}\n{{.Host.OCIRuntime.Version}}").split(
            "\n", 1
        )
        self.assertEqual(name, runtime_name())
        self.assertIn(f"{name} version ", version)

    def test_no_cgroups(self):
        if runtime_name() == "runc":
            self.skipTest("runc has no --cgroup-manager disabled, and Podman knows it")
        with open("/proc/self/cgroup", encoding="ascii") as file:
            own = file.read().strip()
        self.assertEqual(
            self.ask("run", "--rm", "--cgroups=disabled", "--cgroupns=host", IMAGE, "cat", "/proc/self/cgroup"), own
        )


if __name__ == "__main__":
    main()
