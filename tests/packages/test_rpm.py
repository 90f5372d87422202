# SPDX-License-Identifier: LGPL-2.1-or-later
"""The RPM spec file: rpmbuild makes packages of the tarball, and what they have installs, runs and goes; minutes."""

import glob
import os
import shutil
import subprocess
import tempfile
import unittest

from ocitest import main
from ocitest.bundle import TOP, build_directory

SPEC = os.path.join(TOP, "contrib/packaging/rpm/ocirt.spec")


def run(*argv, **how):
    ran = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                         errors="replace", check=False, **how)
    return ran.returncode, ran.stdout


@unittest.skipUnless(shutil.which("rpmbuild"), "rpmbuild is not installed (package rpm)")
class Rpm(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        tarballs = glob.glob(os.path.join(build_directory(), "ocirt-*.*.*.tar.gz"))
        tarballs = [t for t in tarballs if "-linux-" not in t]
        if not tarballs:
            raise unittest.SkipTest("no tarball in the build directory (make dist)")
        cls.top = tempfile.mkdtemp(prefix="ocirt-rpm-")
        cls.addClassCleanup(shutil.rmtree, cls.top, ignore_errors=True)
        os.mkdir(os.path.join(cls.top, "SOURCES"))
        shutil.copy(tarballs[0], os.path.join(cls.top, "SOURCES"))
        # Another distribution's names of what is needed to build; `make check` has run the tests.
        status, text = run("rpmbuild", "-ba", "--nodeps", "--nocheck", "--define", f"_topdir {cls.top}",
                           "--define", "_smp_mflags -j2", SPEC)
        if status:
            raise AssertionError(text[-3000:])
        cls.paths = glob.glob(os.path.join(cls.top, "RPMS/*/*.rpm"))

    def named(self, name):
        return next(path for path in self.paths if os.path.basename(path).startswith(f"{name}-0"))

    def files(self, name):
        status, text = run("rpm", "-qlp", "--nosignature", self.named(name))
        self.assertEqual(status, 0, text)
        return text.split()

    def unpacked(self):
        where = tempfile.mkdtemp(prefix="unpacked-", dir=self.top)
        for path in self.paths:
            status, text = run("sh", "-euc", 'rpm2cpio "$1" | (cd "$2" && cpio --quiet -idm)', "sh", path, where)
            self.assertEqual(status, 0, text)
        return where

    def test_there_are_all(self):
        names = {os.path.basename(path).rsplit("-", 2)[0] for path in self.paths}
        self.assertEqual({name for name in names if "debug" not in name}, {"ocirt", "libocirt", "libocirt-devel"})
        self.assertEqual(len(glob.glob(os.path.join(self.top, "SRPMS/ocirt-*.src.rpm"))), 1)

    def test_files(self):
        program, library, devel = self.files("ocirt"), self.files("libocirt"), self.files("libocirt-devel")
        for path in ("/usr/bin/ocirt", "/usr/share/bash-completion/completions/ocirt", "/usr/share/zsh/site-functions/_ocirt",
                     "/usr/share/fish/vendor_completions.d/ocirt.fish"):
            self.assertIn(path, program)
        self.assertTrue(any("/man1/ocirt-run.1" in path for path in program), program)
        self.assertTrue(any(path.endswith("/libocirt.so.0") for path in library), library)
        self.assertIn("/usr/include/libocirt.h", devel)
        for ending in ("/libocirt.so", "/ocirt.pc", "/examples/list.c"):
            self.assertTrue(any(path.endswith(ending) for path in devel), ending)
        self.assertFalse([path for path in program + library + devel if path.endswith(".la")])

    def test_program(self):
        where = self.unpacked()
        program = os.path.join(where, "usr/bin/ocirt")
        status, text = run(program, "--version")
        self.assertEqual(status, 0, text)
        self.assertRegex(text, r"(?s)^ocirt version 0\.\d+\.\d+\n.*\+SYSTEMD")
        busybox = shutil.which("busybox")
        if os.geteuid() == 0 and busybox:
            rootfs = os.path.join(where, "rootfs")
            os.makedirs(os.path.join(rootfs, "bin"))
            shutil.copy(busybox, os.path.join(rootfs, "bin/sh"))
            status, text = run(program, "--root", os.path.join(where, "state"), "--cgroup-manager", "disabled", "run",
                               "--rootfs", rootfs, "sh", "-c", "echo hello")
            self.assertEqual((status, text), (0, "hello\n"))

    @unittest.skipUnless(shutil.which("pkg-config") and shutil.which("cc"), "pkg-config or cc is not installed")
    def test_library(self):
        where = self.unpacked()
        found = glob.glob(os.path.join(where, "usr/lib*/**/pkgconfig"), recursive=True)[0]
        status, flags = run("pkg-config", "--cflags", "--libs", "ocirt",
                            env={**os.environ, "PKG_CONFIG_PATH": found, "PKG_CONFIG_SYSROOT_DIR": where})
        self.assertEqual(status, 0, flags)
        program = os.path.join(where, "list")
        status, text = run("cc", "-o", program, os.path.join(TOP, "examples/list.c"), *flags.split())
        self.assertEqual(status, 0, text)
        directory = os.path.dirname(found)
        self.assertEqual(run(program, os.path.join(where, "none"), env={**os.environ, "LD_LIBRARY_PATH": directory}), (0, ""))

    @unittest.skipUnless(os.geteuid() == 0, "needs root")
    def test_install_and_remove(self):
        root = tempfile.mkdtemp(prefix="root-", dir=self.top)
        packages = [self.named(name) for name in ("ocirt", "libocirt", "libocirt-devel")]
        status, text = run("rpm", "--root", root, "--nodeps", "--nosignature", "-i", *packages)
        self.assertEqual(status, 0, text)
        self.assertTrue(os.access(os.path.join(root, "usr/bin/ocirt"), os.X_OK))
        status, text = run("rpm", "--root", root, "--nodeps", "-V", "ocirt", "libocirt", "libocirt-devel")
        self.assertEqual((status, text), (0, ""))
        status, text = run("rpm", "--root", root, "--nodeps", "-e", "ocirt", "libocirt-devel", "libocirt")
        self.assertEqual(status, 0, text)
        left = [name for _, _, names in os.walk(root) for name in names if "ocirt" in name]
        self.assertEqual(left, [])

    @unittest.skipUnless(shutil.which("rpmlint"), "rpmlint is not installed")
    def test_rpmlint(self):
        _, text = run("rpmlint", SPEC)
        # That is a rule of Mandriva, which Debian's rpmlint still has.
        faults = [line for line in text.splitlines() if ": E: " in line and "%mklibname" not in line]
        self.assertEqual(faults, [])


if __name__ == "__main__":
    main()
