# SPDX-License-Identifier: LGPL-2.1-or-later
"""What can be done to a running container: mounts, pause, ps, statistics, wait, update."""

import json
import os
import subprocess

from ocitest import ContainerTest, main
from ocitest.container import wait_for


def holds_pidfd(pid):
    directory = f"/proc/{pid}/fd"
    return any("pidfd" in os.readlink(os.path.join(directory, fd)) for fd in os.listdir(directory))


class LiveTest(ContainerTest):
    def sleeping(self):
        config = self.config()
        config["process"]["args"] = ["/probe", "report", "--", "wait-term"]
        container = self.running(config)
        container.wait_line("wait-term")
        return container

    def file(self, name, text):
        path = os.path.join(self.tmp, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def probe(self, container, *words):
        return self.assertOk(self.runtime("exec", container.id, "/probe", *words)).lines()[0]


class Mounts(LiveTest):
    def mounts(self, **mount):
        return self.file("mounts.json", json.dumps([{"destination": "/mnt", **mount}]))

    def test_bind_is_added_and_removed(self):
        container = self.sleeping()
        source = os.path.join(self.tmp, "source")
        os.mkdir(source)
        self.file("source/file", "here")
        mounts = self.mounts(source=source, options=["bind", "ro"])
        self.assertOk(self.runtime("mounts", "add", container.id, mounts))
        self.assertEqual(self.probe(container, "read", "/mnt/file")["text"], "here")
        self.assertEqual(self.probe(container, "write", "/mnt/other", "x")["errno"], 30)
        self.assertOk(self.runtime("mounts", "remove", container.id, mounts))
        self.assertEqual(self.probe(container, "exists", "/mnt/file")["paths"], {"/mnt/file": False})

    def test_tmpfs_is_the_containers_own(self):
        container = self.sleeping()
        mounts = self.mounts(type="tmpfs", source="tmpfs", options=["size=64k"])
        self.assertOk(self.runtime("mounts", "add", container.id, mounts))
        self.assertEqual(self.probe(container, "statfs", "/mnt")["type"], 0x01021994)
        self.assertFalse(os.path.ismount(container.bundle.file("/mnt")))

    def test_missing_source_is_named(self):
        container = self.sleeping()
        result = self.runtime("mounts", "add", container.id, self.mounts(source="/no/such", options=["bind"]))
        self.assertRefused(result, "mounts[0].source", "/no/such")

    def test_stopped_container(self):
        container = self.sleeping()
        pid = container.pid
        self.assertOk(container.kill("KILL"))
        container.wait_end(pid)
        result = self.runtime("mounts", "add", container.id, self.mounts(type="tmpfs", source="tmpfs"))
        self.assertRefused(result, "not running")


class Pause(LiveTest):
    def test_paused_and_resumed(self):
        container = self.sleeping()
        self.assertOk(self.runtime("pause", container.id))
        self.assertEqual(container.status, "paused")
        result = self.runtime("exec", container.id, "/probe", "exit", "0")
        self.assertEqual(result.rc, 255)    # runc's status for what exec could not execute
        self.assertIn("paused", result.err)
        self.assertRefused(self.runtime("delete", container.id), "paused")
        self.assertOk(self.runtime("resume", container.id))
        self.assertEqual(container.status, "running")
        self.assertRefused(self.runtime("resume", container.id), "not paused")

    def test_paused_is_killed(self):
        container = self.sleeping()
        pid = container.pid
        self.assertOk(self.runtime("pause", container.id))
        self.assertOk(container.kill("KILL"))
        container.wait_end(pid)
        self.assertEqual(container.status, "stopped")


class Processes(LiveTest):
    def test_ps(self):
        container = self.sleeping()
        pids = json.loads(self.assertOk(self.runtime("ps", "--format", "json", container.id)).out)
        self.assertEqual(pids, [container.pid])

    def test_statistics(self):
        container = self.sleeping()
        event = json.loads(self.assertOk(self.runtime("events", "--stats", container.id)).out)
        self.assertEqual((event["type"], event["id"]), ("stats", container.id))
        self.assertIn("cpu", event["data"])
        self.assertIn("memory", event["data"])

    def test_statistics_of_a_stopped_container(self):
        container = self.sleeping()
        pid = container.pid
        self.assertOk(container.kill("KILL"))
        container.wait_end(pid)
        self.assertRefused(self.runtime("events", "--stats", container.id), "not running")

    def test_wait_returns_at_the_end(self):
        container = self.sleeping()
        waiting = self.runtime.popen("wait", container.id, stdout=subprocess.PIPE)
        self.addCleanup(waiting.stdout.close)
        wait_for(lambda: holds_pidfd(waiting.pid), "wait has found the container's process")
        self.assertOk(container.kill("KILL"))
        self.assertEqual(waiting.wait(30), 0)


class Update(LiveTest):
    def test_unknown_value(self):
        container = self.sleeping()
        resources = self.file("resources.json", '{"pids":{"limit":"many"}}')
        self.assertRefused(self.runtime("update", "--resources", resources, container.id), "pids.limit")

    def test_devices_are_rules(self):
        """Podman 5 gives all resources again, with the rules for devices."""
        container = self.sleeping()
        resources = self.file("resources.json", '{"devices":[{"allow":false,"access":"rwm"},'
                              '{"allow":true,"type":"c","major":1,"minor":3,"access":"rwm"}]}')
        self.assertOk(self.runtime("update", "--resources", resources, container.id))

    def test_rdt_of_a_container_without_a_group(self):
        container = self.sleeping()
        self.assertRefused(self.runtime("update", "--l3-cache-schema", "L3:0=ff", container.id), "intelRdt")


if __name__ == "__main__":
    main()
