# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the tests of soak share: many containers' whole lives, by several workers, and what must be left: nothing.

OCIRT_SOAK=N is the number of lives for each test; OCIRT_SOAK_SEED=N repeats the random choices of another run.
"""

import json
import os
import random
import select
import signal
import stat
import threading
import time

from ocitest import ContainerTest, bundle
from ocitest.case import user_namespaces_work, with_user_namespace

LIVES = int(os.environ.get("OCIRT_SOAK") or 100)
SEED = int(os.environ.get("OCIRT_SOAK_SEED") or random.SystemRandom().randrange(1 << 32))
SECONDS = 60                    # no command may take longer, however busy the machine is
STATUSES = ("creating", "created", "running", "stopped", "paused")
OBJECTS = ("net_namespace", "pid_namespace", "user_namespace", "uts_namespace", "mnt_cache", "key_jar",
           "shmem_inode_cache", "mqueue_inode_cache")


class Children:
    """Starts programs for many threads, and reaps what else comes to this process."""

    def __init__(self):
        self.lock, self.ended, self.mine, self.statuses = threading.Lock(), threading.Condition(), set(), {}
        self.last = None
        self.thread = threading.Thread(target=self.reap, daemon=True)
        self.thread.start()

    def reap(self):
        while True:
            try:
                found = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOWAIT)
            except ChildProcessError:
                time.sleep(0.002)
                continue
            with self.lock:     # whoever starts a program notes its pid under it
                _, status = os.waitpid(found.si_pid, 0)
                if found.si_pid in self.mine:
                    with self.ended:
                        self.mine.discard(found.si_pid)
                        self.statuses[found.si_pid] = os.waitstatus_to_exitcode(status)
                        self.ended.notify_all()
                if found.si_pid == self.last:
                    return

    def close(self):
        with self.lock:
            self.last = os.posix_spawn("/bin/true", ["true"], os.environ)       # the thread wakes when a child ends
        self.thread.join(SECONDS)

    def spawn(self, argv, errors, output=os.devnull):
        """Standard error and output go to files.  A container keeps those of its creation."""
        new = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
        actions = [(os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                   (os.POSIX_SPAWN_OPEN, 1, output, new, 0o600), (os.POSIX_SPAWN_OPEN, 2, errors, new, 0o600)]
        with self.lock:
            pid = os.posix_spawn(argv[0], argv, os.environ, file_actions=actions)
            self.mine.add(pid)
        return pid

    def wait(self, pid, seconds=SECONDS):
        """The exit status, or -signal; None if it does not end."""
        with self.ended:
            if self.ended.wait_for(lambda: pid in self.statuses, seconds):
                return self.statuses.pop(pid)
        return None

    def run(self, argv, errors, output=os.devnull):
        return self.wait(self.spawn(argv, errors, output))


def objects():
    """{kind: number} of what the kernel holds for namespaces, keyrings, mounts and files in memory."""
    found = {}
    try:
        with open("/proc/slabinfo", encoding="ascii") as file:
            for line in file:
                name, active, *_ = line.split()
                if name in OBJECTS:
                    found[name] = int(active)
    except OSError:
        pass
    with open("/proc/key-users", encoding="ascii") as file:
        found["keys"] = sum(int(line.split()[1]) for line in file)
    return found


def shared_memory():
    """Segments, semaphores, queues and named memory of this IPC namespace."""
    found = {f"/dev/shm/{name}" for name in os.listdir("/dev/shm")} if os.path.isdir("/dev/shm") else set()
    for kind in ("shm", "sem", "msg"):
        with open(f"/proc/sysvipc/{kind}", encoding="ascii") as file:
            found |= {f"{kind} {line.split()[1]}" for line in file.readlines()[1:]}
    return found


def special_files(top):
    """Sockets, fifos and other things that a file should not be."""
    found = []
    for where, _, files in os.walk(top):
        for name in files:
            path = os.path.join(where, name)
            if not stat.S_ISREG(os.lstat(path).st_mode) and not stat.S_ISLNK(os.lstat(path).st_mode):
                found.append(path)
    return found


class Worker:
    """One that makes containers, one after the other, with the same id."""

    def __init__(self, test, number, lives):
        self.test, self.lives, self.id = test, lives, f"worker-{number}"
        self.random = random.Random(SEED * 1000 + number)
        self.errors = os.path.join(test.tmp, f"{self.id}.err")
        self.pid_file = os.path.join(test.tmp, f"{self.id}.pid")
        self.killed, self.done = 0, 0
        self.configs = [test.config_for(kind, self.id) for kind in test.bundles]

    def said(self):
        with open(self.errors, encoding="utf-8", errors="replace") as file:
            return file.read().strip()

    def fail(self, command, status):
        how = "does not end" if status is None else f"exit status {status}"
        raise AssertionError(f"{self.id}, life {self.done}: {command}: {how}: {self.said()}")

    def call(self, *words):
        """A command that must succeed."""
        status = self.test.children.run(self.test.runtime.argv(*words), self.errors)
        if status != 0:
            self.fail(" ".join(words), status)

    def pid(self):
        with open(self.pid_file, encoding="ascii") as file:
            return int(file.read())

    def await_end(self, pid):
        try:
            fd = os.pidfd_open(pid)
        except ProcessLookupError:
            return
        try:
            if not select.select([fd], [], [], SECONDS)[0]:
                self.fail(f"the end of process {pid}", None)
        finally:
            os.close(fd)

    def commands(self, number):
        """The life's commands, as words; None is where its process ends."""
        where, config = self.configs[number % len(self.configs)]
        yield "create", "--bundle", where, "--config", config, "--pid-file", self.pid_file, self.id
        yield "start", self.id
        yield "exec", self.id, "/probe", "-o", "/dev/null"
        if number % 4 == 0:
            yield "pause", self.id
            yield "resume", self.id
            yield "update", "--pids-limit", "30", self.id
        yield "kill", self.id, "KILL"
        yield None
        yield "delete", self.id

    def live(self, number):
        pid = None
        for words in self.commands(number):
            if words is None:
                self.await_end(pid)
            else:
                self.call(*words)
                pid = pid or self.pid()

    def work(self):
        for number in range(self.lives):
            self.live(number)
            self.done += 1


class KillingWorker(Worker):
    """The runtime is killed now and then, at any moment of any command: what is left must be removable."""

    def __init__(self, *args):
        super().__init__(*args)
        self.usual = {}         # seconds that a command takes

    def kill_somewhere(self, words):
        """Kills the command; False if it was quicker, and succeeded."""
        pid = self.test.children.spawn(self.test.runtime.argv(*words), self.errors)
        time.sleep(self.random.uniform(0, self.usual.get(words[0], 0.03)))
        with self.test.children.lock:       # no other can get the pid while nobody reaps
            if pid in self.test.children.mine:
                os.kill(pid, signal.SIGKILL)
        status = self.test.children.wait(pid)
        if status == 0:
            return False
        if status != -signal.SIGKILL:
            self.fail(" ".join(words), status)
        return True

    def live(self, number):
        unlucky = self.random.randrange(6)
        pid = None
        for step, words in enumerate(self.commands(number)):
            if words is None:
                self.await_end(pid)
                continue
            if step == unlucky and self.kill_somewhere(words):
                self.killed += 1
                break
            if step != unlucky:
                began = time.monotonic()
                self.call(*words)
                self.usual[words[0]] = (self.usual.get(words[0], 0.03) + time.monotonic() - began) / 2
            pid = pid or self.pid()
        else:
            return
        self.look()
        self.call("delete", "--force", self.id)
        if self.said():
            self.fail("delete --force", 0)
        if os.path.exists(os.path.join(self.test.runtime.root, self.id)):
            raise AssertionError(f"{self.id}, life {self.done}: delete --force left the state")

    def look(self):
        """A state that the specification has, or no such container."""
        output = os.path.join(self.test.tmp, f"{self.id}.state")
        status = self.test.children.run(self.test.runtime.argv("state", self.id), self.errors, output)
        if status == 0:
            with open(output, encoding="utf-8") as file:
                if json.load(file)["status"] in STATUSES:
                    return
        if status != 1 or "does not exist" not in self.said():
            self.fail("state", status)


class Soak(ContainerTest):
    seconds = 600 if LIVES < 1000 else 36000

    def setUp(self):
        super().setUp()
        self.bundles = {"plain": self.plain(), "hooks": self.with_hooks(), "host pids": self.with_host_pids()}
        if user_namespaces_work():
            self.bundles["user namespace"] = self.with_user_namespace()
        self.children = Children()
        self.addCleanup(self.children.close)
        self.objects, self.shared = objects(), shared_memory()
        self.descriptors = len(os.listdir("/proc/self/fd"))

    # -- kinds of containers ------------------------------------------------------------------------------

    def plain(self):
        config = self.config("wait-term")
        config["linux"]["resources"]["pids"] = {"limit": 40}
        bundle.add_mount(config, "/run", "tmpfs", "tmpfs", ["nosuid", "nodev", "size=64k"])
        return self.bundle(config), config

    def with_hooks(self):
        config = self.config("wait-term")
        config["hooks"] = {kind: [{"path": "/bin/true"}] for kind in ("createRuntime", "poststart", "poststop")}
        config["linux"]["seccomp"] = {
            "defaultAction": "SCMP_ACT_ALLOW",
            "syscalls": [{"names": ["mount", "bpf"], "action": "SCMP_ACT_ERRNO", "errnoRet": 1}]}
        return self.bundle(config), config

    def with_host_pids(self):
        config = self.config("wait-term")
        bundle.drop_namespace(config, "pid")
        return self.bundle(config), config

    def with_user_namespace(self):
        config = with_user_namespace(self.config("wait-term"))
        made = self.bundle(config)
        made.chown(100000, 100000)
        return made, config

    def config_for(self, kind, name):
        """(bundle's directory, file of the configuration) for an id: its cgroup is its own."""
        made, config = self.bundles[kind]
        path = os.path.join(made.path, f"{name}.json")
        own = json.loads(json.dumps(config))
        own["linux"]["cgroupsPath"] = bundle.cgroups_path(name)
        with open(path, "w", encoding="utf-8") as file:
            json.dump(own, file)
        return made.path, path

    # -- the work ----------------------------------------------------------------------------------------------

    def work(self, kind, number):
        """LIVES by so many workers of a kind; they all go on when one fails.  Returns the workers."""
        workers = [kind(self, n, (LIVES + number - 1) // number) for n in range(number)]
        faults = []

        def work(worker):
            try:
                worker.work()
            except Exception as fault:          # pylint: disable=broad-except
                faults.append(str(fault))

        threads = [threading.Thread(target=work, args=(worker,)) for worker in workers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for worker in workers:
            self.children.run(self.runtime.argv("delete", "--force", worker.id), os.devnull)
        self.assertEqual(faults, [], f"seed {SEED}:\n" + "\n".join(faults))
        return workers

    def nothing_left(self, lives=LIVES):
        self.assertEqual(self.before.left(self.runtime.root), [])
        kept = [os.path.join(where, name) for where, _, names in os.walk(self.runtime.root) for name in names]
        self.assertLess(len(kept), 12, f"more and more is kept: {kept}")
        self.assertEqual(special_files(self.runtime.root), [])
        self.assertEqual(special_files(self.tmp), [])
        self.assertEqual(len(os.listdir("/proc/self/fd")), self.descriptors)
        self.wait_for(lambda: not shared_memory() - self.shared, "the end of shared memory", SECONDS)
        self.kernel_objects(lives)

    def kernel_objects(self, lives):
        """The kernel frees them later, and others use the machine as well: but one for every second life is a leak."""
        allowed = max(250, lives // 2)

        def grown():
            return {name: f"{self.objects[name]} before, {now}" for name, now in objects().items()
                    if now - self.objects.get(name, now) > allowed}
        try:
            self.wait_for(lambda: not grown(), "the end of what the kernel holds", SECONDS)
        except AssertionError:
            self.fail(f"{grown()} after {lives} lives")


__all__ = ["KillingWorker", "LIVES", "SEED", "Soak", "Worker"]
