# SPDX-License-Identifier: LGPL-2.1-or-later
"""The words with which conmon, Podman, go-runc, CRI-O, BuildKit and Buildah call a runtime, and what they read of its
answers.  docs/callers.md lists them; tests/engines has the engines themselves.
"""

import datetime
import json
import os
import re
import select
import signal
import subprocess
import threading

from ocitest import ContainerTest, main, needs
from ocitest.cgroups import has_controller, of_process
from ocitest.runtime import wait_and_reap

PODMAN_PERMISSION = re.compile("(?i).*permission denied.*|.*operation not permitted.*")
PODMAN_NOT_FOUND = re.compile("(?i).*executable file not found in.*|.*no such file or directory.*|.*open executable.*")


class CallerTest(ContainerTest):
    def setUp(self):
        super().setUp()
        self.pid_file = os.path.join(self.tmp, "pidfile")
        self.log = os.path.join(self.tmp, "log.json")

    def combined(self, *words, rc=0, input=""):
        """Both streams of a call in one, as exec.Cmd's CombinedOutput has them."""
        process = self.runtime.popen(
            *words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        out, _ = process.communicate(input, timeout=60)
        self.assertEqual(process.returncode, rc, out)
        return out

    def written_pid(self):
        """The pid file's number, as Go's Atoi takes it: digits and nothing else."""
        with open(self.pid_file, encoding="ascii") as file:
            text = file.read()
        self.assertRegex(text, r"^[0-9]+$")
        self.assertFalse(text.endswith("\n"))
        return int(text)

    def objects(self):
        with open(self.log, encoding="utf-8") as file:
            return [json.loads(line) for line in file.read().splitlines()]

    def logging(self, *words):
        return "--log-format=json", "--log", self.log, *words

    def wait_status(self, pid):
        """The wait status of a process that this one was given to."""
        fd = os.pidfd_open(pid)
        try:
            self.assertTrue(select.select([fd], [], [], 30)[0], f"process {pid} has not ended")
        finally:
            os.close(fd)
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


class Conmon(CallerTest):
    """conmon is a subreaper: it waits for the runtime, reads the pid file, and waits for the container itself."""

    def start_create(self, container, **how):
        return self.runtime.popen(
            "create", "--bundle", container.bundle.path, "--pid-file", self.pid_file, "--no-pivot", "--no-new-keyring",
            container.id, cwd="/", **how,
        )  # fmt: skip

    def test_create(self):
        container = self.container(self.config("read-fd", "0", "--", "exit", "9"))
        output, given = os.pipe()
        process = self.start_create(
            container, stdin=subprocess.PIPE, stdout=given, stderr=subprocess.PIPE,
            prepare=lambda: _die_with_parent(),
        )  # fmt: skip
        os.close(given)
        process.stdin.write(b"for the container\n")
        process.stdin.flush()
        wait_and_reap(process, 30)
        pid = self.written_pid()
        with open(f"/proc/{pid}/stat", encoding="ascii") as file:
            parent = int(file.read().rsplit(") ", 1)[1].split()[1])
        self.assertEqual(parent, os.getpid(), "the container was not given to the subreaper")
        self.assertEqual(os.read(process.stderr.fileno(), 1) if _ready(process.stderr) else b"", b"")
        self.assertOk(container.start())
        process.stdin.close()
        self.assertEqual(self.wait_status(pid), 9)
        with os.fdopen(output, "rb") as file:  # ends only if nobody else holds the pipe
            self.assertIn(b"for the container", file.read())
        process.stderr.close()

    def test_a_failure_is_told_on_standard_error_in_one_line(self):
        config = self.config()
        config["process"]["args"] = ["/no/such/program"]
        container = self.container(config)
        process = self.start_create(container, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        _, err = process.communicate(timeout=30)
        self.assertEqual(process.returncode, 1)
        self.assertEqual(err.count(b"\n"), 1)
        self.assertLess(len(err), 8192)
        self.assertRegex(err.decode(), PODMAN_NOT_FOUND)
        self.assertFalse(os.path.exists(self.pid_file))

    def test_run_that_fails_leaves_no_pid_file(self):
        container = self.container(self.config())
        container.bundle.put("/program", "#!/no/such/interpreter\n", 0o755)
        config = self.config()
        config["process"]["args"] = ["/program"]
        container.bundle.write(config)
        result = container.run("--pid-file", self.pid_file)
        self.assertEqual(result.rc, 1)
        self.assertFalse(os.path.exists(self.pid_file))

    def exec_words(self, container, *args):
        process = os.path.join(self.tmp, "process.json")
        with open(process, "w", encoding="utf-8") as file:
            json.dump({**self.config()["process"], "terminal": False, "args": list(args)}, file)
        return "exec", "--pid-file", self.pid_file, "--process", process, "--detach", container.id

    def test_exec(self):
        container = self.running()
        result = self.runtime(*self.exec_words(container, "/probe", "exit", "7"))
        self.assertOk(result)
        self.assertEqual(self.wait_status(self.written_pid()), 7)

    def test_exec_that_fails_leaves_no_pid_file(self):
        container = self.running()
        result = self.runtime(*self.exec_words(container, "/no/such/program"))
        self.assertNotEqual(result.rc, 0)
        self.assertFalse(os.path.exists(self.pid_file))
        self.assertEqual(result.err.count("\n"), 1)


class Podman(CallerTest):
    def test_life(self):
        container = self.container(self.config("wait-term"))
        self.assertOk(container.create("--pid-file", self.pid_file))
        self.assertOk(self.runtime(*self.logging("start", container.id)))
        pid = self.written_pid()
        container.wait_line("wait-term")
        for word, status in (("pause", "paused"), ("resume", "running")):
            self.assertOk(self.runtime(*self.logging(word, container.id)))
            self.assertEqual(container.status, status)
        self.assertOk(self.runtime(*self.logging("kill", "--all", container.id, "9")))
        container.wait_end(pid)
        self.assertOk(self.runtime(*self.logging("delete", "--force", container.id)))
        self.assertOk(self.runtime(*self.logging("delete", "--force", container.id)))
        self.assertEqual([entry for entry in self.objects() if entry["level"] == "error"], [])

    @needs(has_controller("pids"), "a hierarchy with the controller pids")
    def test_update_from_a_file(self):
        container = self.running()
        path = os.path.join(self.tmp, "resources")
        with open(path, "w", encoding="utf-8") as file:
            json.dump({"pids": {"limit": 33}}, file)
        self.assertOk(self.runtime("update", f"--resources={path}", container.id))
        with open(f"{of_process(container.pid, 'pids')}/pids.max", encoding="ascii") as file:
            self.assertEqual(file.read(), "33\n")

    def test_probes(self):
        help_text = self.combined("checkpoint", "--help")
        self.assertIn("--image-path", help_text)
        self.assertIn("flag needs an argument", self.combined("restore", "--lsm-mount-context", rc=1))

    def one_error(self, config):
        """A failed create: the one object of the log, whose words choose the exit status of Podman."""
        container = self.container(config)
        result = self.runtime(
            *self.logging("create", "--bundle", container.bundle.path, "--pid-file", self.pid_file, container.id)
        )
        self.assertEqual(result.rc, 1)
        with open(self.log, encoding="utf-8") as file:
            found = json.loads(file.read())  # the whole file is one object
        self.assertEqual(found["level"], "error")
        return found["msg"]

    def test_a_program_that_is_not_there(self):
        for args in (["no-such-program"], ["/no/such/program"]):
            with self.subTest(args=args):
                config = self.config()
                config["process"]["args"] = args
                message = self.one_error(config)
                self.assertRegex(message, PODMAN_NOT_FOUND)
                self.assertNotRegex(message, PODMAN_PERMISSION)
                os.unlink(self.log)

    def test_a_program_that_may_not_be_executed(self):
        config = self.config()
        container = self.container(config)
        container.bundle.put("/file", "", 0o644)
        config["process"]["args"] = ["/file"]
        container.bundle.write(config)
        result = self.runtime(*self.logging("create", "--bundle", container.bundle.path, container.id))
        self.assertEqual(result.rc, 1)
        self.assertRegex(self.objects()[0]["msg"], PODMAN_PERMISSION)

    def test_without_cgroups(self):
        container = self.container(self.config("wait-term"))
        with open("/proc/self/cgroup", encoding="utf-8") as file:
            ours = file.read()
        words = ("--cgroup-manager", "disabled", "create", "--bundle", container.bundle.path, container.id)
        with open(container.out_path, "ab") as out:
            self.assertOk(self.runtime(*words, stdout=out, environment={"PATH": "/usr/bin:/bin"}))
        with open(f"/proc/{container.pid}/cgroup", encoding="utf-8") as file:
            self.assertEqual(file.read(), ours)


class GoRunc(CallerTest):
    """The shim of containerd reads both streams as one, and some answers by their words."""

    def test_answers_are_nothing_but_json(self):
        container = self.running()
        state = json.loads(self.combined(*self.logging("state", container.id)))
        self.assertEqual((state["id"], state["status"]), (container.id, "running"))
        self.assertIsNotNone(_go_time(state["created"]))
        pids = json.loads(self.combined(*self.logging("ps", "--format", "json", container.id)))
        self.assertEqual(pids, [state["pid"]])
        listed = json.loads(self.combined(*self.logging("list", "--format=json")))
        self.assertEqual([(c["id"], c["pid"]) for c in listed], [(container.id, state["pid"])])
        self.assertIn("linux", json.loads(self.combined("features")))
        event = json.loads(self.combined(*self.logging("events", "--stats", container.id)))
        self.assertEqual((event["type"], event["id"]), ("stats", container.id))
        self.assertLessEqual({"cpu", "memory", "pids", "blkio"}, set(event["data"]))

    def test_a_stream_of_events(self):
        container = self.running()
        process = self.runtime.popen(
            *self.logging("events", "--interval=1s", container.id), stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        try:
            self.assertEqual(json.loads(process.stdout.readline())["type"], "stats")
            self.assertEqual(json.loads(process.stdout.readline())["type"], "stats")
        finally:
            process.terminate()
            wait_and_reap(process, 30)
            process.stdout.close()

    def test_create_and_exec(self):
        container = self.container(self.config("wait-term"))
        words = self.logging("create", "--bundle", container.bundle.path, "--pid-file", self.pid_file, container.id)
        with open(container.out_path, "ab") as out:
            self.assertOk(self.runtime(*words, stdout=out))
        self.assertEqual(self.combined(*self.logging("start", container.id)), "")
        process = os.path.join(self.tmp, "runc-process1")
        with open(process, "w", encoding="utf-8") as file:
            json.dump({**self.config()["process"], "args": ["/probe", "exit", "3"], "terminal": False}, file)
        words = self.logging("exec", "--process", process, "--detach", "--pid-file", self.pid_file, container.id)
        self.assertOk(self.runtime(*words))
        self.assertEqual(self.wait_status(self.written_pid()), 3)
        container.wait_line("wait-term")
        pid = container.pid
        self.assertEqual(self.combined(*self.logging("kill", container.id, "15")), "")
        self.wait_status(pid)
        self.assertEqual(self.combined(*self.logging("delete", container.id)), "")

    def test_kill_of_an_ended_one_is_not_found(self):
        container = self.running(self.config("exit", "0"))
        self.wait_for(lambda: container.status == "stopped", "the container's end")
        said = self.combined(*self.logging("kill", container.id, "9"), rc=1)
        self.assertTrue("container not running" in said and "no such process" in said, said)
        self.assertIn(said.strip().rsplit(": ", 1)[-1], self.objects()[-1]["msg"])

    def test_none_does_not_exist(self):
        for words in (("state", "none"), ("kill", "none", "9"), ("delete", "none"), ("start", "none")):
            with self.subTest(words=words):
                self.assertIn("does not exist", self.combined(*self.logging(*words), rc=1))
        self.assertEqual(self.combined("delete", "--force", "none"), "")

    def test_errors_of_the_log_have_a_time(self):
        self.combined(*self.logging("start", "none"), rc=1)
        self.combined(*self.logging("start", "none"), rc=1)
        entries = self.objects()
        self.assertEqual([entry["level"] for entry in entries], ["error", "error"])
        for entry in entries:
            self.assertIsNotNone(_go_time(entry["time"]))

    def test_one_dash(self):
        said = self.combined("restore", "-no-subreaper", "--image-path", self.tmp, "--bundle", self.tmp, "none", rc=1)
        self.assertNotIn("unknown option", said)

    @needs(has_controller("memory"), "a hierarchy with the controller memory")
    def test_update_from_standard_input(self):
        container = self.running()
        self.combined("update", "--resources=-", container.id, input='{"memory": {"limit": 67108864}}')
        where = of_process(container.pid, "memory")
        name = "memory.max" if os.path.exists(f"{where}/memory.max") else "memory.limit_in_bytes"
        with open(f"{where}/{name}", encoding="ascii") as file:
            self.assertEqual(file.read(), "67108864\n")

    def test_root_of_a_namespace_is_made(self):
        self.runtime.root = os.path.join(self.tmp, "runc", "k8s.io")
        container = self.running()
        self.assertEqual(container.status, "running")
        pid = container.pid
        self.assertOk(self.runtime("kill", container.id, "9"))
        container.wait_end(pid)
        self.assertOk(container.delete())


class CriO(CallerTest):
    def test_what_is_asked_at_its_start(self):
        self.assertRegex(self.combined("--version"), r"(?m)^\S+ version \S+$")
        features = json.loads(self.combined("features"))
        self.assertTrue(features["ociVersionMin"] and features["ociVersionMax"])
        self.assertIn("rro", features["mountOptions"])
        self.assertIn("user", features["linux"]["namespaces"])
        self.assertTrue(features["linux"]["mountExtensions"]["idmap"]["enabled"])

    def test_signals_by_name_and_to_all(self):
        container = self.running()
        container.wait_line("wait-term")
        pid = container.pid
        self.assertEqual(self.combined("kill", container.id, "SIGTERM"), "")
        self.wait_status(pid)
        said = self.combined("kill", container.id, "KILL", rc=1)
        self.assertTrue("no such process" in said and "container not running" in said, said)
        other = self.running()
        pid = other.pid
        self.assertEqual(self.combined("kill", "-a", other.id, "9"), "")
        self.assertEqual(self.wait_status(pid), -signal.SIGKILL)

    def test_exec_in_the_foreground(self):
        container = self.running()
        process = os.path.join(self.tmp, "exec-process")
        with open(process, "w", encoding="utf-8") as file:
            json.dump({**self.config()["process"], "args": ["/probe", "exit", "4"], "terminal": False}, file)
        self.combined("exec", "--process", process, container.id, rc=4)


class Builders(CallerTest):
    """BuildKit and Buildah."""

    def test_buildkit(self):
        container = self.container(self.config("wait-term"))
        with open(container.out_path, "ab") as out:
            run = self.runtime.popen(
                *self.logging("run", "--bundle", container.bundle.path, "--keep", container.id),
                stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True,
            )  # fmt: skip
        self.wait_for(lambda: container.status == "running", "the status running")
        container.wait_line("wait-term")
        process = os.path.join(self.tmp, "process.json")
        with open(process, "w", encoding="utf-8") as file:
            json.dump({**self.config()["process"], "args": ["/probe", "exit", "6"], "terminal": False}, file)
        words = ("exec", "--process", process, "--pid-file", self.pid_file, container.id)
        self.assertEqual(self.runtime(*words).rc, 6)
        self.written_pid()
        self.assertOk(self.runtime("kill", container.id, "9"))
        wait_and_reap(run, 30)
        self.assertEqual(run.returncode, 128 + 9)  # an exit status, and not a signal's death
        self.assertEqual(container.status, "stopped")
        self.assertOk(self.runtime("delete", container.id))

    def test_buildah(self):
        container = self.container(self.config("exit", "5"))
        self.assertOk(container.create("--pid-file", self.pid_file, "--no-pivot"))
        self.assertEqual(container.state()["status"], "created")
        pid = self.written_pid()
        self.assertOk(self.runtime("start", container.id))
        self.assertEqual(self.wait_status(pid), 5)
        self.assertEqual(container.state()["status"], "stopped")
        self.assertOk(self.runtime("delete", container.id))


class Descriptors(CallerTest):
    """Whoever calls create waits for the end of its pipes: nobody but the container may hold them."""

    def test_nothing_of_the_callers_is_kept(self):
        container = self.container(self.config("wait-term"))
        reader, writer = os.pipe()
        os.set_inheritable(writer, True)
        with open(container.out_path, "ab") as out:
            process = self.runtime.popen(
                "create", "--bundle", container.bundle.path, container.id, stdin=subprocess.DEVNULL, stdout=out,
                stderr=out, pass_fds=[writer],
            )  # fmt: skip
        os.close(writer)
        wait_and_reap(process, 30)
        self.assertEqual(process.returncode, 0)
        ended = threading.Event()
        thread = threading.Thread(target=lambda: (os.read(reader, 1), ended.set()))
        thread.start()
        self.assertTrue(ended.wait(30), "the created container keeps a descriptor of the caller's")
        thread.join()
        os.close(reader)


def _ready(file):
    return bool(select.select([file], [], [], 0)[0])


def _die_with_parent():
    from ocitest import host

    host.prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


def _go_time(text):
    """A time as Go's time.Time reads it, RFC 3339 with any number of digits behind the point."""
    match = re.fullmatch(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d{1,9})?(Z|[+-]\d\d:\d\d)", text)
    return match and datetime.datetime.fromisoformat(match[1] + match[2].replace("Z", "+00:00"))


if __name__ == "__main__":
    main()
