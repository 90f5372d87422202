# SPDX-License-Identifier: LGPL-2.1-or-later
"""Old and new side by side: what another version created can be looked at, executed in, changed, killed and deleted.

states/ has records as versions have written them, with places for what a living container has.  OCIRT_OLD=PATH: all
is done as well with a runtime of another version, in both directions.
"""

import glob
import json
import os

from ocitest import ContainerTest, Runtime, cgroups, leaks, main, needs

STATES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "states")
OLD = os.environ.get("OCIRT_OLD")


def start_of(pid):
    """proc_pid_stat(5): starttime, behind the name, which may have anything in it."""
    with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
        return file.read().rpartition(")")[2].split()[19]


class Versions(ContainerTest):
    def use(self, container, runtime):
        """A running container, which another version may have made: everything, to its end."""
        container.runtime = runtime
        state = container.state()
        self.assertEqual((state["id"], state["status"], state["bundle"]),
                         (container.id, "running", container.bundle.path))
        self.assertEqual(state["annotations"], {"a": "b"})
        listed = {c["id"]: c["status"] for c in json.loads(self.assertOk(runtime("list", "--format", "json")).out)}
        self.assertEqual(listed, {container.id: "running"})
        result = container.exec("ID", "/probe", "exit", "7")
        self.assertEqual((result.rc, result.err), (7, ""))
        self.assertIn(str(state["pid"]), self.assertOk(runtime("ps", "--format", "json", container.id)).out)
        if cgroups.has_controller("pids"):
            self.assertOk(runtime("update", "--pids-limit", "50", container.id))
        self.assertOk(runtime("pause", container.id))
        self.assertEqual(container.status, "paused")
        self.assertOk(runtime("resume", container.id))
        self.assertRefused(runtime("start", container.id), "already running")
        self.assertRefused(container.delete(), "not stopped")
        self.assertOk(container.kill("KILL"))
        container.wait_end(state["pid"])
        self.assertEqual(container.status, "stopped")
        self.assertOk(container.delete())
        self.assertEqual(self.before.left(self.runtime.root), [])

    def config(self, *args):
        config = super().config(*args)
        config["annotations"] = {"a": "b"}
        return config

    def record(self, container):
        return os.path.join(self.runtime.root, container.id, "state.json")

    def put(self, container, text):
        """Writes a record of another version, about this container."""
        with open(self.record(container), encoding="utf-8") as file:
            now = json.load(file)
        pid = now["init_process_pid"]       # where the state is on a tmpfs, a record has its number instead of the start
        for place, value in (("ID", container.id), ("PID", pid), ("START", start_of(pid)),
                             ("BUNDLE", container.bundle.path), ("CGROUP", now["cgroup"]["path"])):
            text = text.replace(f"@{place}@", str(value))
        json.loads(text)
        with open(self.record(container), "w", encoding="utf-8") as file:
            file.write(text)

    def states(self):
        for path in sorted(glob.glob(os.path.join(STATES, "*.json"))):
            with open(path, encoding="utf-8") as file:
                yield os.path.basename(path), file.read()

    def test_records(self):
        names = []
        for name, text in self.states():
            names.append(name)
            with self.subTest(record=name):
                container = self.running()
                self.put(container, text)
                self.use(container, self.runtime)
        self.assertGreaterEqual(len(names), 3)

    def test_records_of_what_was_created(self):
        for name, text in self.states():
            with self.subTest(record=name):
                container = self.container(self.config("wait-term"))
                self.assertOk(container.create())
                self.put(container, text)
                self.assertEqual(container.status, "created")
                self.assertOk(container.start())
                self.use(container, self.runtime)

    def test_records_are_deleted_by_force(self):
        for name, text in self.states():
            with self.subTest(record=name):
                container = self.running()
                self.put(container, text)
                self.assertOk(container.delete("--force"))
                leaks.reap()
                self.assertEqual(self.before.left(self.runtime.root), [])

    def test_another_format(self):
        """It is said, and delete --force removes the record."""
        container = self.running()
        pid = container.pid
        with open(self.record(container), encoding="utf-8") as file:
            text = file.read()
        self.put(container, text.replace('"ocirt":1', '"ocirt":2'))
        self.assertRefused(container.kill("KILL"), "another version")
        self.put(container, text)
        self.assertOk(container.kill("KILL"))
        container.wait_end(pid)

    def other(self):
        other = Runtime(self.runtime.root, self.view, self.runtime_options)
        other.path = OLD
        return other

    @needs(OLD, "OCIRT_OLD, an ocirt of another version")
    def test_containers_of_another(self):
        container = self.container(self.config("wait-term"))
        container.runtime = self.other()
        self.assertOk(container.create())
        self.assertOk(container.start())
        self.use(container, self.runtime)

    @needs(OLD, "OCIRT_OLD, an ocirt of another version")
    def test_another_starts_and_uses_ours(self):
        container = self.container(self.config("wait-term"))
        self.assertOk(container.create())
        container.runtime = self.other()
        self.assertOk(container.start())
        self.use(container, self.other())

    @needs(OLD, "OCIRT_OLD, an ocirt of another version")
    def test_we_start_what_another_created(self):
        container = self.container(self.config("wait-term"))
        container.runtime = self.other()
        self.assertOk(container.create())
        container.runtime = self.runtime
        self.assertOk(container.start())
        self.use(container, self.runtime)


if __name__ == "__main__":
    main()
