#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""checkpoint and restore where they are refused, which needs no CRIU.  What works: tests/vm/guest/test_checkpoint.py."""

import json
import os

from ocitest import ContainerTest, bundle, main


class Checkpoint(ContainerTest):
    def setUp(self):
        super().setUp()
        self.images = os.path.join(self.tmp, "images")

    def checkpoint(self, container, *options):
        return self.runtime("checkpoint", "--image-path", self.images, *options, container.id)

    def refused(self, container, *words, options=()):
        """Nothing was done: no directory of images, and the container is as before."""
        before = container.state()
        self.assertRefused(self.checkpoint(container, *options), f"checkpoint {container.id}", *words)
        self.assertEqual(container.state(), before)
        self.assertFalse(os.path.exists(self.images))

    def test_no_such_container(self):
        self.assertRefused(self.runtime("checkpoint", "--image-path", self.images, "none"), "does not exist")

    def test_not_started(self):
        container = self.container(self.config("wait-term"))
        self.assertOk(container.create())
        self.refused(container, "no program yet", "start it first")

    def test_not_started_and_frozen_by_somebody(self):
        container = self.container(self.config("wait-term"))
        self.assertOk(container.create())
        with open(f"/proc/{container.pid}/cgroup", encoding="ascii") as file:
            path = next((line.strip()[3:] for line in file if line.startswith("0::")), None)
        files = [f"/sys/fs/cgroup{below}{path}/cgroup.freeze" for below in ("", "/unified")]
        freezer = next((file for file in files if path and os.path.exists(file)), None)
        if not freezer:
            self.skipTest("needs cgroup.freeze, which only cgroup v2 has")
        with open(freezer, "w", encoding="ascii") as file:
            file.write("1")
        self.wait_for(lambda: container.status == "paused", "the frozen container")
        self.refused(container, "no program yet", "resume and start it first")
        with open(freezer, "w", encoding="ascii") as file:
            file.write("0")

    def test_stopped(self):
        container = self.running(self.config("exit", "0"))
        self.wait_for(lambda: container.status == "stopped", "the end of the container")
        self.refused(container, "not running")

    def test_options(self):
        container = self.running()
        for options, words in ((("--parent-path", "/tmp"), ("--parent-path /tmp", "relative")),
                               (("--page-server", "nowhere"), ("--page-server nowhere", "ADDRESS:PORT")),
                               (("--status-fd", "99"), ("--status-fd 99", "Bad file descriptor")),
                               (("--empty-ns", "pid"), ("--empty-ns pid", "network"))):
            self.refused(container, *words, options=options)

    def test_status_fd_must_be_writable(self):
        container = self.running()
        fd = os.open("/dev/null", os.O_RDONLY)
        try:
            result = self.runtime("checkpoint", "--image-path", self.images, "--status-fd", str(fd), container.id,
                                  pass_fds=(fd,))
        finally:
            os.close(fd)
        self.assertRefused(result, "not open for writing")

    def test_id_mapped_mount(self):
        config = self.config("wait-term")
        bundle.add_mount(config, "/data", "bind", "/tmp", ["bind", "idmap"])
        for kind in ("uidMappings", "gidMappings"):
            config["mounts"][-1][kind] = [{"containerID": 0, "hostID": 0, "size": 1000}]
        container = self.container(config)
        if container.create().rc:
            self.skipTest("the filesystem of /tmp can't be id-mapped")
        self.assertOk(container.start())
        self.refused(container, "mounts[6].options", "/data without its id map")

    def test_no_mount_namespace(self):
        config = self.config("wait-term")
        config["linux"] = {"namespaces": [{"type": "pid"}], "cgroupsPath": config["linux"]["cgroupsPath"], "resources": {}}
        config["mounts"] = []
        del config["hostname"]
        self.refused(self.running(config), "mount namespace of its own")

    def test_features_tell(self):
        annotations = json.loads(self.runtime("features").out)["annotations"]
        self.assertEqual(annotations["org.opencontainers.runc.checkpoint.enabled"], "true")


class Restore(ContainerTest):
    def restore(self, container, *options):
        return self.runtime("restore", "--bundle", container.bundle.path, "--detach", *options, container.id)

    def test_no_images(self):
        container = self.container(self.config("wait-term"))
        missing = os.path.join(self.tmp, "none")
        self.assertRefused(self.restore(container, "--image-path", missing), missing, "No such file or directory")
        self.assertIsNone(container.state())

    def test_id_in_use(self):
        container = self.running()
        self.assertEqual(self.restore(container, "--image-path", self.tmp).rc, 1)
        self.assertEqual(container.status, "running")

    def test_no_pivot(self):
        container = self.container(self.config("wait-term"))
        self.assertRefused(self.restore(container, "--image-path", self.tmp, "--no-pivot"), "--no-pivot", "pivot_root(2)")

    def test_joined_cgroup_namespace(self):
        config = self.config("wait-term")
        bundle.set_namespace(config, "cgroup", "/proc/1/ns/cgroup")
        container = self.container(config)
        self.assertRefused(self.restore(container, "--image-path", self.tmp), "linux.namespaces[5].path", "cgroup namespace")


if __name__ == "__main__":
    main()
