#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Checkpoint and restore by CRIU: containers that go on where they were.  In QEMU only: User-Mode Linux has no CRIU."""

import json
import os
import shutil
import subprocess

from ocitest import bundle, main
from ocitest.case import with_user_namespace
from ocitest.terminal import ConsoleSocket, PtyProcess

from checkpoints import MIB, SECONDS, Checkpoints
from guesthost import GuestTest, SystemdTest, call, load_profile, read

class Counting(Checkpoints, GuestTest):
    def test_stored_and_restored(self):
        container = self.running(self.counting(pids={"limit": 40}, memory={"limit": 64 * MIB}))
        stored = self.store(container)
        self.assertIsNone(container.state(), "the container is still there")
        pid_file = os.path.join(self.tmp, "pid")
        self.goes_on(container, stored, "--pid-file", pid_file)
        with open(pid_file, encoding="ascii") as file:
            self.assertEqual(int(file.read()), container.pid)
        path = self.cgroup(container)
        self.assertEqual(read(path, "pids.max"), "40")
        self.assertEqual(read(path, "memory.max"), str(64 * MIB))
        self.assertEqual(read(path, "cgroup.procs"), str(container.pid))

        line = container.exec("ID", "/probe", "readlink", "/proc/self/ns/time").lines()[0]
        self.assertEqual(line["target"], os.readlink(f"/proc/{container.pid}/ns/time"))
        self.assertOk(container.exec("ID", "/probe", "write", "/tmp/x"))
        self.assertOk(self.runtime("pause", container.id))
        self.assertEqual(container.status, "paused")
        stopped = self.number()
        self.assertEqual(self.number(), stopped)
        self.assertOk(self.runtime("resume", container.id))
        self.counts_on()
        self.assertRefused(container.delete(), "not stopped")
        pid = container.pid
        self.assertOk(container.kill("TERM"))
        container.wait_end(pid)
        self.assertEqual(container.status, "stopped")
        self.assertOk(container.delete())
        self.assertFalse(os.path.exists(f"/sys/fs/cgroup{path}"))

    def test_twice(self):
        container = self.running(self.counting())
        stored = self.store(container)
        self.goes_on(container, stored)
        stored = self.store(container)
        self.goes_on(container, stored)

    def test_left_running(self):
        container = self.running(self.counting())
        pid = container.pid
        stored = self.store(container, "--leave-running")
        self.assertGreater(self.counts_on(), stored)
        self.assertEqual((container.status, container.pid), ("running", pid))
        self.assertOk(container.delete("--force"))
        self.assertOk(self.restore(container, "--detach"))
        self.wait_for(lambda: 0 < self.number(), "a number")
        self.counts_on()

    def test_memory_beforehand(self):
        container = self.running(self.counting())
        self.counts_on()
        before = os.path.join(self.tmp, "before")
        self.assertOk(self.checkpoint(container, "--pre-dump", images=before))
        self.counts_on()
        self.assertEqual(container.status, "running")
        stored = self.store(container, "--parent-path", "../before")
        self.assertEqual(os.readlink(os.path.join(self.images, "parent")), "../before")
        self.goes_on(container, stored)

    def test_paused(self):
        container = self.running(self.counting())
        self.counts_on()
        self.assertOk(self.runtime("pause", container.id))
        self.assertOk(self.checkpoint(container, "--leave-running"))
        self.assertEqual(container.status, "paused")
        self.assertOk(self.checkpoint(container))
        self.goes_on(container, self.number())

    def test_connections(self):
        container = self.running(self.counting("count-tcp"))
        self.counts_on()
        result = self.checkpoint(container)
        self.assertRefused(result, "connected", os.path.join(self.work, "dump.log"))
        self.assertEqual(container.status, "running")
        stored = self.store(container, "--tcp-established", "--network-lock", "nftables")
        self.goes_on(container, stored, "--tcp-established")

    def test_lazy_pages(self):
        """The memory comes from the old container, which waits until all of it was asked for."""
        first, second = self.running(self.counting()), self.container(self.counting())
        self.counts_on()
        ready, told = os.pipe()
        place = ["--image-path", self.images, "--work-path", self.work]
        server = self.runtime.popen("checkpoint", *place, "--lazy-pages", "--page-server", "127.0.0.1:27027", "--status-fd",
                                    str(told), first.id, stdin=subprocess.DEVNULL, pass_fds=(told,))
        self.addCleanup(server.kill)
        os.close(told)
        self.assertEqual(os.read(ready, 2), b"\0", "the page server is not ready")
        os.close(ready)
        stored = self.number()
        os.makedirs(f"{self.work}/lazy")
        fetcher = subprocess.Popen(["criu", "lazy-pages", "--page-server", "--address", "127.0.0.1", "--port", "27027",
                                    "--images-dir", self.images, "--work-dir", f"{self.work}/lazy"])
        self.addCleanup(fetcher.kill)
        self.wait_for(lambda: os.path.exists(f"{self.work}/lazy/lazy-pages.socket"), "criu lazy-pages", 120)
        with open(second.out_path, "ab") as out:
            self.assertOk(self.runtime("restore", "--image-path", self.images, "--work-path", f"{self.work}/lazy",
                                       "--lazy-pages", "--detach", "--bundle", second.bundle.path, second.id,
                                       stdout=out, timeout=SECONDS))
        self.assertGreater(self.counts_on(), stored)
        self.assertEqual((fetcher.wait(120), server.wait(120)), (0, 0))
        self.assertIsNone(first.state())
        self.assertEqual(second.status, "running")

    def test_user_namespace(self):
        config = with_user_namespace(self.counting())
        os.chmod(self.data, 0o777)
        container = self.container(config)
        call("chown", "-R", "100000:100000", container.bundle.rootfs)
        null = open(os.devnull, "r+b")
        self.addCleanup(null.close)
        self.assertOk(container.create(stdout=null, stderr=null))
        self.assertOk(container.start())
        stored = self.store(container)
        self.assertRefused(self.restore(container, "--detach"), self.images, "uid 100000", "Permission denied")
        os.chown(self.images, 100000, 100000)
        self.assertOk(self.restore(container, "--detach", stdout=null))
        self.assertGreater(self.counts_on(), stored)
        with open(f"/proc/{container.pid}/uid_map", encoding="ascii") as file:
            self.assertEqual(file.read().split(), ["0", "100000", "65536"])

    def test_cgroups_ignored(self):
        container = self.running(self.counting(pids={"limit": 40}))
        path = self.cgroup(container)
        stored = self.store(container, "--manage-cgroups-mode", "ignore")
        self.goes_on(container, stored, "--manage-cgroups-mode", "ignore")
        self.assertEqual(self.cgroup(container), path)
        self.assertEqual(read(path, "pids.max"), "40")

    def test_joined_network(self):
        name = f"ocirt{os.getpid()}"
        call("ip", "netns", "add", name)
        self.addCleanup(call, "sh", "-c", f"ip netns delete {name}; umount /run/netns")
        config = self.counting()
        bundle.set_namespace(config, "network", f"/run/netns/{name}")
        container = self.running(config)
        stored = self.store(container)
        self.goes_on(container, stored)
        self.assertEqual(os.stat(f"/proc/{container.pid}/ns/net").st_ino, os.stat(f"/run/netns/{name}").st_ino)

    def test_new_network_is_up(self):
        container = self.running(self.counting())
        stored = self.store(container, "--empty-ns", "network")
        self.goes_on(container, stored, "--empty-ns", "network")
        line = container.exec("ID", "/probe", "listen").lines()[0]
        self.assertErrno(line, 0)


class Systemd(Checkpoints, SystemdTest):
    def test_the_scope(self):
        container = self.running(self.counting(pids={"limit": 40}))
        scope, path = self.unit(container), self.cgroup(container)
        stored = self.store(container)
        self.assertFalse(os.path.exists(f"/sys/fs/cgroup{path}"))
        self.goes_on(container, stored)
        self.assertEqual((self.unit(container), self.cgroup(container)), (scope, path))
        self.assertEqual(read(path, "pids.max"), "40")


class Surroundings(Checkpoints, GuestTest):
    def mounts(self, pid):
        """{point: is it read-only} of all mounts."""
        found = {}
        with open(f"/proc/{pid}/mountinfo", encoding="utf-8") as file:
            for line in file:
                fields = line.split()
                found[fields[4]] = "ro" in fields[5].split(",")
        return found

    def test_mounts(self):
        source = os.path.join(self.tmp, "source")
        os.makedirs(os.path.join(source, "sub"))
        call("mount", "-t", "tmpfs", "none", os.path.join(source, "sub"))
        self.addCleanup(call, "umount", os.path.join(source, "sub"))
        for name in ("file", "sub/inner"):
            with open(os.path.join(source, name), "w", encoding="ascii") as file:
                file.write(name)
        config = self.counting()
        bundle.add_mount(config, "/mnt/all", "bind", source, ["rbind", "ro"])
        bundle.add_mount(config, "/link/file", "bind", os.path.join(source, "file"), ["bind", "ro", "nosuid"])
        bundle.add_mount(config, "/scratch", "tmpfs", "tmpfs", ["size=1m"])
        config["linux"]["maskedPaths"].append("/etc/secret")
        container = self.container(config)
        os.symlink("/etc/real", container.bundle.file("link"))
        os.mkdir(container.bundle.file("etc/real"))
        container.bundle.put("etc/secret", "secret")
        self.assertOk(container.create())
        self.assertOk(container.start())
        self.assertOk(container.exec("ID", "/probe", "write", "/scratch/kept"))
        before = self.mounts(container.pid)
        self.assertTrue(before["/etc/real/file"] and before["/mnt/all"])
        stored = self.store(container)
        self.goes_on(container, stored)
        self.assertEqual(self.mounts(container.pid), before)
        lines = container.exec("ID", "/probe", "read", "/mnt/all/sub/inner", "--", "read", "/etc/real/file", "--", "read",
                               "/etc/secret", "--", "stat", "/scratch/kept").lines()
        self.assertEqual([line["errno"] for line in lines], [0, 0, 0, 0])
        self.assertEqual([line.get("text") for line in lines[:3]], ["sub/inner", "file", ""])

    def test_another_profile(self):
        profiles = "".join(f"profile ocirt-c{n} flags=(attach_disconnected,mediate_deleted) {{ file, signal, capability, network, }}\n"
                           for n in (1, 2))
        self.addCleanup(load_profile(profiles))
        config = self.counting()
        config["process"]["apparmorProfile"] = "ocirt-c1"
        container = self.running(config)
        stored = self.store(container)
        self.goes_on(container, stored, "--lsm-profile", "apparmor:ocirt-c2")
        with open(f"/proc/{container.pid}/attr/current", encoding="ascii") as file:
            self.assertEqual(file.read().strip(), "ocirt-c2 (enforce)")

    def test_mount_points_are_made(self):
        container = self.running(self.counting())
        stored = self.store(container)
        shutil.rmtree(container.bundle.file("data"))
        self.goes_on(container, stored)

    def test_pipe(self):
        container = self.container(self.config("cat"))
        first_in, first_out = os.pipe(), os.pipe()
        try:
            self.assertOk(container.run_detached(stdin=first_in[0], stdout=first_out[1]))
            os.write(first_in[1], b"one\n")
            self.assertEqual(os.read(first_out[0], 100), b"one\n")
            self.assertOk(self.checkpoint(container))
            second_in, second_out = os.pipe(), os.pipe()
            try:
                self.assertOk(self.restore(container, "--detach", stdin=second_in[0], stdout=second_out[1]))
                os.write(second_in[1], b"two\n")
                self.assertEqual(os.read(second_out[0], 100), b"two\n")
            finally:
                for fd in (*second_in, *second_out):
                    os.close(fd)
        finally:
            for fd in (*first_in, *first_out):
                os.close(fd)

    def terminal(self):
        config = self.config("cat")
        config["process"]["terminal"] = True
        return config

    def console(self, name):
        console = ConsoleSocket(os.path.join(self.tmp, name))
        self.addCleanup(console.close)
        return console

    def test_terminal(self):
        first, second = self.console("first"), self.console("second")
        container = self.running(self.terminal(), "--console-socket", first.path)
        master, _ = first.receive()
        master.write(b"one\n")
        master.expect(b"one\r\none\r\n")
        self.assertOk(self.checkpoint(container))
        master.close()
        self.assertRefused(self.restore(container, "--detach"), "--console-socket")
        self.assertOk(self.restore(container, "--detach", "--console-socket", second.path))
        master, _ = second.receive()
        master.write(b"two\n")
        master.expect(b"two\r\ntwo\r\n")
        master.close()

    def test_terminal_in_the_foreground(self):
        console = self.console("first")
        container = self.running(self.terminal(), "--console-socket", console.path)
        master, _ = console.receive()
        master.write(b"one\n")
        master.expect(b"one\r\none\r\n")
        self.assertOk(self.checkpoint(container))
        master.close()
        process = PtyProcess(self.runtime, "restore", "--image-path", self.images, "--work-path", self.work, "--bundle",
                             container.bundle.path, container.id)
        self.addCleanup(process.close)
        self.wait_for(lambda: container.status == "running", "the restored container", SECONDS)
        process.write(b"two\n")
        process.expect(b"two\r\n")
        process.write(b"\x04")
        self.assertEqual(process.wait(), 0)
        self.assertIsNone(container.state(), "it is deleted at its end")

    def test_foreground(self):
        container = self.running(self.counting())
        stored = self.store(container)
        self.assertRefused(self.restore(container, stdout=subprocess.PIPE), "descriptor 1 was a file", container.out_path)
        with open(container.out_path, "ab") as out:
            process = self.runtime.popen("restore", "--image-path", self.images, "--work-path", self.work, "--bundle",
                                         container.bundle.path, container.id, stdin=subprocess.PIPE, stdout=out, stderr=out)
        self.wait_for(lambda: self.number() > stored, "the container to count on", SECONDS)
        process.terminate()
        self.assertEqual(process.wait(60), 0, "SIGTERM is passed on, and the program's status is ours")
        process.stdin.close()
        self.assertIsNone(container.state(), "it is deleted at its end")

    def test_hooks(self):
        config = self.counting()
        seen = os.path.join(self.tmp, "seen")
        config["hooks"] = {kind: [{"path": "/bin/sh", "args": ["sh", "-c", f"cat >{seen}.{kind}"]}]
                           for kind in ("createRuntime", "poststart", "poststop")}
        container = self.running(config)
        stored = self.store(container)
        with open(f"{seen}.poststop", encoding="ascii") as file:
            self.assertEqual(json.load(file)["status"], "stopped")
        for kind in ("createRuntime", "poststart"):
            os.unlink(f"{seen}.{kind}")
        self.goes_on(container, stored)
        with open(f"{seen}.createRuntime", encoding="ascii") as file:
            state = json.load(file)
        self.assertEqual((state["status"], state["pid"]), ("creating", container.pid))
        self.assertFalse(os.path.exists(f"{seen}.poststart"), "its program was started long ago")


class Refused(Checkpoints, GuestTest):
    def test_no_images(self):
        container = self.container(self.counting())
        self.assertRefused(self.restore(container, "--detach"), self.images, "No such file or directory")
        os.mkdir(self.images)
        self.assertRefused(self.restore(container, "--detach"), "descriptors.json")
        self.assertIsNone(container.state())

    def test_id_in_use(self):
        container = self.running(self.counting())
        self.store(container, "--leave-running")
        self.assertRefused(self.restore(container, "--detach"), "already exists")
        self.assertEqual(container.status, "running")

    def test_spoilt_images(self):
        container = self.running(self.counting())
        self.store(container)
        with open(os.path.join(self.images, "core-1.img"), "r+b") as file:
            file.truncate(20)
        self.assertRefused(self.restore(container, "--detach"), "CRIU can't restore", os.path.join(self.work, "restore.log"))
        self.assertIsNone(container.state())

    def test_without_criu(self):
        container = self.running(self.counting())
        library = os.path.realpath("/usr/lib/x86_64-linux-gnu/libcriu.so.2")
        for hidden, words in ((os.path.realpath(shutil.which("criu")), "no program criu"), (library, "libcriu.so.2")):
            hide = ["unshare", "-m", "--propagation", "private", "sh", "-c", f'mount --bind /dev/null {hidden} && exec "$@"',
                    "sh"]
            status, text = call(*hide, *self.runtime.argv("--log-format", "json", "--log", "/dev/stderr", "checkpoint",
                                                          "--image-path", self.images, container.id))
            self.assertEqual(status, 1, text)
            self.assertIn(words, text)
            self.assertIn("install the packages criu", text)
        self.counts_on()


class Podman(Checkpoints, GuestTest):
    allowed_left = ("conmon", "overlay", "/var/lib/containers", "podman", "libpod")

    def podman(self, *words):
        return call("podman", "--runtime", self.runtime.path, *words, timeout=SECONDS)

    def must(self, *words):
        status, text = self.podman(*words)
        self.assertEqual(status, 0, f"{words}: {text}")
        return text.strip()

    def start(self, name):
        made = self.bundle()
        archive = os.path.join(self.tmp, "image.tar")
        subprocess.run(["tar", "-C", made.rootfs, "-cf", archive, "."], check=True)
        self.must("import", archive, "ocirt-test")
        self.addCleanup(self.podman, "rmi", "--force", "ocirt-test")
        self.must("run", "--detach", "--name", name, "--network", "none", "--volume", f"{self.data}:/data",
                  "--pids-limit", "60", "ocirt-test", "/probe", "count", "/data/n")
        self.addCleanup(self.podman, "rm", "--force", "--ignore", "--time", "0", name)
        self.counts_on()

    def status(self, name):
        return self.must("inspect", "--format", "{{.State.Status}}", name)

    def test_checkpoint_and_restore(self):
        self.start("counter")
        self.must("container", "checkpoint", "--keep", "counter")
        stored = self.number()
        self.assertEqual(self.status("counter"), "exited")
        self.must("container", "restore", "--keep", "counter")
        self.assertGreater(self.counts_on(), stored)
        self.assertEqual(self.status("counter"), "running")
        self.must("exec", "counter", "/probe", "exists", "/data/n")

    def test_export_and_import(self):
        self.start("traveller")
        archive = os.path.join(self.tmp, "checkpoint.tar.gz")
        self.must("container", "checkpoint", "--export", archive, "--ignore-volumes", "traveller")
        stored = self.number()
        self.must("rm", "traveller")
        self.must("container", "restore", "--import", archive, "--ignore-volumes")
        self.assertGreater(self.counts_on(), stored)
        self.assertEqual(self.status("traveller"), "running")


if __name__ == "__main__":
    main()
