#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Options of checkpoint and restore that CRIU carries out: each by what one sees of it.  Others: test_checkpoint.py."""

import fcntl
import os
import shutil
import socket
import struct
import subprocess

from ocitest import bundle, main
from ocitest.terminal import PtyProcess

from checkpoints import SECONDS, Checkpoints
from guesthost import GuestTest, call, read


def descriptors(pid, name):
    """The descriptors of a process that lead to a file of this name, deleted or not."""
    found = []
    for fd in os.listdir(f"/proc/{pid}/fd"):
        path = os.readlink(f"/proc/{pid}/fd/{fd}").removesuffix(" (deleted)")
        if os.path.basename(path) == name:
            found.append(f"/proc/{pid}/fd/{fd}")
    return found


def blocks(directory):
    """Bytes that the memory in a directory of images takes on its disk."""
    return sum(os.stat(os.path.join(directory, name)).st_blocks * 512
               for name in os.listdir(directory) if name.startswith("pages-"))


class Files(Checkpoints, GuestTest):
    def holding(self, *words):
        """Counts, after it has done what the words say."""
        config = self.counting()
        config["process"]["args"] = ["/probe", *words, "--", "count", "/data/n"]
        return self.running(config)

    def locked(self, name):
        """By somebody else than us?  (a lock on the whole file, one on its beginning)"""
        with open(os.path.join(self.data, name), "r+b") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                whole = False
            except BlockingIOError:
                whole = True
        with open(os.path.join(self.data, name), "r+b") as file:
            try:
                fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, 10)
                return whole, False
            except (BlockingIOError, PermissionError):
                return whole, True

    def test_file_locks(self):
        container = self.holding("lock", "/data/whole", "--", "lock-range", "/data/range")
        self.counts_on()
        self.assertEqual((self.locked("whole"), self.locked("range")), ((True, False), (False, True)))
        self.assertRefused(self.checkpoint(container), "lock", "dump.log")
        self.assertEqual(container.status, "running")
        stored = self.store(container, "--file-locks")
        self.assertEqual((self.locked("whole"), self.locked("range")), ((False, False), (False, False)))
        self.goes_on(container, stored, "--file-locks")
        self.assertEqual((self.locked("whole"), self.locked("range")), ((True, False), (False, True)))

    def test_deleted_file(self):
        """Without another name its content is in the images; no option is needed."""
        container = self.holding("hold-unlinked", "/data/gone")
        stored = self.store(container)
        self.goes_on(container, stored)
        (path,) = descriptors(container.pid, "gone")
        with open(path, encoding="ascii") as file:
            self.assertEqual(file.read(), "kept")
        self.assertEqual(os.listdir(self.data), ["n"])

    def test_link_remap(self):
        """With another name it is no ghost: CRIU must give it a name for the time between."""
        container = self.holding("hold-unlinked", "/data/gone", "/data/other")
        self.counts_on()
        self.assertRefused(self.checkpoint(container), "link-remap", "dump.log")
        self.assertEqual(container.status, "running")
        stored = self.store(container, "--link-remap")
        between = set(os.listdir(self.data)) - {"n", "other"}
        self.assertEqual(len(between), 1, "the name for the time between")
        self.goes_on(container, stored)
        self.assertEqual(sorted(os.listdir(self.data)), ["n", "other"])
        with open(os.path.join(self.data, "other"), "w", encoding="ascii") as file:
            file.write("the same file")
        paths = [path for path in map(lambda fd: f"/proc/{container.pid}/fd/{fd}", os.listdir(f"/proc/{container.pid}/fd"))
                 if os.path.samestat(os.stat(path), os.stat(os.path.join(self.data, "other")))]
        self.assertEqual(len(paths), 1, "its descriptor is of another file")
        with open(paths[0], encoding="ascii") as file:
            self.assertEqual(file.read(), "the same file")


class Sockets(Checkpoints, GuestTest):
    def test_unix_socket_of_the_host(self):
        name = f"ocirt-{os.getpid()}"
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as server:
            server.bind(f"\0{name}")
            config = self.counting()
            config["process"]["args"] = ["/probe", "count-datagrams", "/data/n", f"@{name}"]
            bundle.drop_namespace(config, "network")       # CRIU finds the other end by asking the container's
            container = self.running(config)
            self.counts_on()
            self.assertRefused(self.checkpoint(container), "--ext-unix-sk", "dump.log")
            stored = self.store(container, "--ext-unix-sk")
            server.setblocking(False)
            try:
                while server.recv(100):
                    pass
            except BlockingIOError:
                server.settimeout(60)
            self.goes_on(container, stored, "--ext-unix-sk")
            self.assertGreater(struct.unpack("l", server.recv(100))[0], stored)

    def test_connections_are_closed(self):
        container = self.running(self.counting("count-tcp"))
        stored = self.store(container, "--tcp-established", "--network-lock", "skip")
        self.assertOk(self.restore(container, "--detach", "--tcp-close"))
        self.wait_for(lambda: container.status == "stopped", "its connection's end to end it", 120)
        self.assertLess(self.number(), stored + 2)

    def test_the_firewalls_program(self):
        container = self.running(self.counting("count-tcp"))
        self.counts_on()
        result = self.checkpoint(container, "--tcp-established", "--network-lock", "iptables")
        if result.rc and not shutil.which("iptables-restore"):
            self.assertRefused(result, "dump.log")
            self.assertEqual(container.status, "running")
            self.skipTest(f"CRIU needs iptables-restore, which is not installed: {result.err.strip()}")
        self.assertOk(result)
        self.goes_on(container, self.number(), "--tcp-established")

    def test_content_of_the_network(self):
        """It is stored, and left out with --empty-ns."""
        for options, there in (((), True), (("--empty-ns", "network"), False)):
            with self.subTest(options=options):
                container = self.running(self.counting())
                enter = ["nsenter", "-t", str(container.pid), "-n"]
                self.assertEqual(call(*enter, "ip", "address", "add", "10.9.8.7/24", "dev", "lo"), (0, ""))
                stored = self.store(container, *options)
                self.goes_on(container, stored, *options)
                enter[2] = str(container.pid)
                status, text = call(*enter, "ip", "address", "show", "dev", "lo")
                self.assertEqual((status, "10.9.8.7/24" in text), (0, there), text)
                self.assertIn("LOOPBACK,UP", text)
                self.assertOk(container.delete("--force"))
                os.unlink(os.path.join(self.data, "n"))


class Memory(Checkpoints, GuestTest):
    def writing(self, mib):
        config = self.counting()
        config["process"]["args"] = ["/probe", "count-memory", "/data/n", str(mib)]
        return config

    def test_pages_stored_twice(self):
        for options, ratio in (((), 1.0), (("--auto-dedup",), 0.5)):
            with self.subTest(options=options):
                container = self.running(self.writing(4))
                self.counts_on()
                before, images = (os.path.join(self.tmp, f"{name}{len(options)}") for name in ("before", "images"))
                self.assertOk(self.checkpoint(container, "--pre-dump", images=before))
                whole = blocks(before)
                self.assertGreater(whole, 4 << 20)
                self.counts_on()
                self.assertOk(self.checkpoint(container, "--parent-path", f"../{os.path.basename(before)}", *options,
                                              images=images))
                self.assertLessEqual(blocks(before), whole * ratio)
                self.assertGreater(blocks(before), 0)
                stored, kept = self.number(), blocks(images)
                self.assertOk(self.restore(container, "--detach", *options, images=images))
                self.assertGreater(self.counts_on(), stored)
                self.assertLessEqual(blocks(images), kept * ratio)
                self.assertOk(container.delete("--force"))
                os.unlink(os.path.join(self.data, "n"))

    def test_page_server(self):
        pages = os.path.join(self.tmp, "pages")
        os.mkdir(pages)
        container = self.running(self.writing(4))
        self.counts_on()
        self.assertRefused(self.checkpoint(container, "--page-server", "127.0.0.1:27028"),
                           "Can't connect to server 127.0.0.1:27028", "dump.log")
        self.assertEqual(container.status, "running")
        ready, told = os.pipe()
        server = subprocess.Popen(["criu", "page-server", "--images-dir", pages, "--address", "127.0.0.1", "--port", "27028",
                                   "--status-fd", str(told)], pass_fds=(told,))
        self.addCleanup(server.kill)
        os.close(told)
        self.assertEqual(os.read(ready, 2), b"\0", "criu page-server is not ready")
        os.close(ready)
        stored = self.store(container, "--page-server", "127.0.0.1:27028")
        self.assertEqual(server.wait(120), 0)
        self.assertGreater(blocks(pages), 4 << 20)
        self.assertEqual(blocks(self.images), 0)
        for name in os.listdir(pages):
            if name.endswith(".img"):
                shutil.copy(os.path.join(pages, name), self.images)
        self.goes_on(container, stored)


class Cgroups(Checkpoints, GuestTest):
    """Of a cgroup v2 CRIU knows some cgroup.* files; limits are config.json's."""

    def changed(self, *options):
        """Is stored when its cgroup has another depth and limit than config.json says."""
        container = self.running(self.counting(pids={"limit": 40}))
        path = self.cgroup(container)
        for name, value in (("pids.max", "35"), ("cgroup.max.depth", "7")):
            with open(f"/sys/fs/cgroup{path}/{name}", "w", encoding="ascii") as file:
                file.write(value)
        stored = self.store(container, *options)
        self.assertFalse(os.path.exists(f"/sys/fs/cgroup{path}"))
        return container, stored, path

    def becomes(self, mode, limit, depth):
        container, stored, path = self.changed("--manage-cgroups-mode", mode)
        self.goes_on(container, stored, "--manage-cgroups-mode", mode)
        self.assertEqual(self.cgroup(container), path)
        self.assertEqual((read(path, "pids.max"), read(path, "cgroup.max.depth")), (limit, depth))
        self.assertEqual(read(path, "cgroup.procs"), str(container.pid))

    def test_soft(self):
        self.becomes("soft", "40", "max")

    def test_full(self):
        self.becomes("full", "40", "7")

    def test_ignore(self):
        self.becomes("ignore", "40", "max")

    def test_strict(self):
        self.becomes("strict", "40", "7")

    def test_strict_wants_a_new_one(self):
        container, stored, path = self.changed("--manage-cgroups-mode", "strict")
        os.makedirs(f"/sys/fs/cgroup{path}")
        try:
            self.assertRefused(self.restore(container, "--detach", "--manage-cgroups-mode", "strict"),
                               "--manage-cgroups-mode strict", path)
            self.assertIsNone(container.state())
            self.assertTrue(os.path.exists(f"/sys/fs/cgroup{path}"), "it is not ours to remove")
            self.goes_on(container, stored)
            self.assertOk(container.delete("--force"))
        finally:
            os.rmdir(f"/sys/fs/cgroup{path}")


class Terminal(Checkpoints, GuestTest):
    def test_terminal_of_the_caller(self):
        container = self.container(self.config("cat"))
        first = PtyProcess(self.runtime, "run", "--bundle", container.bundle.path, container.id)
        self.addCleanup(first.close)
        first.write(b"one\n")
        first.expect(b"one\r\none\r\n")
        self.assertRefused(self.checkpoint(container), "descriptor 0 is a terminal", "--shell-job")
        self.assertEqual(container.status, "running")
        self.assertOk(self.checkpoint(container, "--shell-job"))
        self.assertRefused(self.restore(container, "--detach", stdin=subprocess.DEVNULL), "descriptor 0 was a terminal")
        second = PtyProcess(self.runtime, "restore", "--image-path", self.images, "--work-path", self.work, "--shell-job",
                            "--bundle", container.bundle.path, container.id)
        self.addCleanup(second.close)
        self.wait_for(lambda: container.status == "running", "the restored container", SECONDS)
        second.write(b"two\n")
        second.expect(b"two\r\ntwo\r\n")
        second.write(b"\x04")
        self.assertEqual(second.wait(), 0)


class Labels(Checkpoints, GuestTest):
    def test_context_of_mounts(self):
        """It takes the place of a context that mounts had; without SELinux none has."""
        container = self.running(self.counting())
        stored = self.store(container)
        self.goes_on(container, stored, "--lsm-mount-context", "system_u:object_r:container_file_t:s0")
        with open(f"/proc/{container.pid}/mountinfo", encoding="utf-8") as file:
            self.assertEqual("context=" in file.read(), os.path.isdir("/sys/fs/selinux"))


if __name__ == "__main__":
    main()
