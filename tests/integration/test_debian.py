# SPDX-License-Identifier: LGPL-2.1-or-later
"""A whole distribution: Debian's minbase, made once by debootstrap and kept.

It is kept under OCIRT_TEST_CACHE, or /var/cache/ocirt-tests; OCIRT_TEST_MIRROR names the archive, which is
otherwise the one that this machine's apt uses.
"""

import os
import shutil
import subprocess
import unittest

from ocitest import ContainerTest, PtyProcess, has_program, host, main, set_namespace
from ocitest.debian import archive

SUITE = "bookworm"


def debian():
    """The directory of the root filesystem; raises SkipTest where there can be none."""
    cache = os.environ.get("OCIRT_TEST_CACHE") or "/var/cache/ocirt-tests"
    path = os.path.join(cache, f"debian-{SUITE}")
    if os.path.isdir(path):
        return path
    if os.geteuid() != 0 or not has_program("debootstrap"):
        raise unittest.SkipTest("needs root and debootstrap")
    os.makedirs(cache, exist_ok=True)
    new = f"{path}.{os.getpid()}"
    made = subprocess.run(["debootstrap", "--variant=minbase", SUITE, new, archive()],
                          stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    for name in ("proc", "sys"):
        while os.path.ismount(os.path.join(new, name)):
            host.umount(os.path.join(new, name))
    if made.returncode != 0:
        shutil.rmtree(new, ignore_errors=True)
        last = made.stdout.strip().splitlines()[-1:] or ["no output"]
        raise unittest.SkipTest(f"needs a Debian archive: debootstrap failed: {last[0]}")
    os.rename(new, path)
    return path


class Debian(ContainerTest):
    @classmethod
    def setUpClass(cls):
        cls.debian = debian()

    def config(self, *args):
        """The words are the whole command here."""
        config = super().config()
        config["root"] = {"path": self.debian, "readonly": True}
        config["process"]["args"] = list(args) or ["/bin/bash"]
        config["process"]["env"] += ["HOME=/root", "HISTFILE=", "LC_ALL=C"]
        config["mounts"].append({"destination": "/tmp", "type": "tmpfs", "source": "tmpfs",
                                 "options": ["nosuid", "nodev"]})
        return config

    def output(self, config):
        return self.run_ok(config).result.out

    def test_apt_get_by_a_login_shell(self):
        self.assertRegex(self.output(self.config("bash", "-lc", "apt-get --version")), r"^apt \d+")

    def test_shell_features(self):
        out = self.output(self.config("bash", "-c",
                                      "for i in 1 2 3; do echo $i; done | (tac; echo $$) ; cat <(echo sub)"))
        self.assertEqual(out, "3\n2\n1\n1\nsub\n")

    def test_names(self):
        self.assertEqual(self.output(self.config("hostname")).strip(), "ocirt-test")

    def test_user_by_name(self):
        config = self.config("id")
        config["process"]["user"] = {"uid": 33, "gid": 33, "additionalGids": [4]}
        self.assertEqual(self.output(config).strip(),
                         "uid=33(www-data) gid=33(www-data) groups=33(www-data),4(adm)")

    def test_processes(self):
        pids = self.output(self.config("bash", "-c", "cd /proc; echo [0-9]*; true")).split()
        self.assertEqual(pids, ["1"])

    def test_exit_status(self):
        self.assertEqual(self.container(self.config("bash", "-c", "exit 17")).run().rc, 17)

    def test_signalled(self):
        self.assertEqual(self.container(self.config("bash", "-c", "bash -c 'kill -9 $$'; exit $?")).run().rc,
                         137)

    def test_writing_is_refused_outside_of_tmp(self):
        out = self.output(self.config("bash", "-c", "(echo x >/etc/x) 2>&1; echo y >/tmp/y && cat /tmp/y"))
        self.assertIn("Read-only file system", out)
        self.assertTrue(out.endswith("y\n"))

    def test_dpkg(self):
        self.assertIn("ii  bash", self.output(self.config("dpkg", "-l", "bash")))

    def test_host_network(self):
        config = self.config("cat", "/proc/net/dev")
        set_namespace(config, "network", "/proc/self/ns/net")
        self.assertIn("lo:", self.output(config))

    def interactive(self):
        config = self.config("bash", "--norc", "-i")
        config["process"]["terminal"] = True
        config["process"]["env"] += ["PS1=ready> "]
        container = self.container(config)
        process = PtyProcess(self.runtime, "run", "--bundle", container.bundle.path, container.id)
        self.addCleanup(process.close)
        process.expect(b"ready> ")
        return process

    def test_interactive_bash(self):
        process = self.interactive()
        process.write(b"echo $((6 * 7))\r")
        process.expect(b"42\r\n")
        process.expect(b"ready> ")      # what is typed while bash changes the terminal's mode may be lost
        process.write(b"tty\r")
        process.expect(b"/dev/pts/0\r\n")
        process.expect(b"ready> ")
        process.write(b"exit 5\r")
        process.read_all()
        self.assertEqual(process.wait(), 5)

    SLEEPER = b"bash -c 'echo be\"\"gun; exec sleep 1000'"

    def test_job_control(self):
        process = self.interactive()
        process.write(self.SLEEPER + b"\r")
        process.expect(b"begun")
        process.write(b"\x1a")
        process.expect(b"Stopped")
        process.expect(b"ready> ")
        process.write(b"kill -9 %1; echo go\"\"ne $?\r")
        process.expect(b"gone 0")
        process.expect(b"ready> ")
        process.write(b"exec true\r")     # exit asks again while bash has not seen the job end
        process.read_all()
        self.assertEqual(process.wait(), 0)

    def test_interrupt(self):
        process = self.interactive()
        process.write(self.SLEEPER + b"\r")
        process.expect(b"begun")
        process.write(b"\x03")
        process.expect(b"ready> ")
        process.write(b"echo status $?\r")
        process.expect(b"status 130")
        process.expect(b"ready> ")
        process.write(b"exit 0\r")
        process.read_all()
        self.assertEqual(process.wait(), 0)

    def test_end_of_file(self):
        process = self.interactive()
        process.write(b"\x04")
        process.read_all()
        self.assertEqual(process.wait(), 0)


if __name__ == "__main__":
    main()
