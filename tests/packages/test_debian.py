# SPDX-License-Identifier: LGPL-2.1-or-later
"""The Debian packages of `make deb`: lintian has nothing to say, and they install, run a container and go without a trace.

Run by `make deb-check`, which builds them first; minutes."""

import glob
import os
import re
import shutil
import subprocess
import tempfile
import unittest

from ocitest import main
from ocitest.bundle import TOP, build_directory
from ocitest.debian import archive, codename

PACKAGES = {"ocirt", "libocirt0", "libocirt-dev", "ocirt-doc"}


def run(*argv, **how):
    ran = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                         errors="replace", check=False, **how)
    return ran.returncode, ran.stdout


class Packages(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.directory = os.path.join(build_directory(), "deb")
        cls.paths = sorted(glob.glob(os.path.join(cls.directory, "*.deb")))
        if not cls.paths:
            raise unittest.SkipTest("no packages in the build directory (make deb)")

    def named(self, name):
        return next(path for path in self.paths if os.path.basename(path).startswith(name + "_"))

    def files(self, name):
        _, text = run("dpkg-deb", "-c", self.named(name))
        return {line.split()[5].lstrip(".") for line in text.splitlines() if not line.startswith("d")}

    def test_there_are_all(self):
        names = {os.path.basename(path).split("_")[0] for path in self.paths}
        self.assertEqual(names - {name + "-dbgsym" for name in PACKAGES}, PACKAGES)

    def test_files(self):
        program, library, header = self.files("ocirt"), self.files("libocirt0"), self.files("libocirt-dev")
        for path in ("/usr/bin/ocirt", "/usr/share/man/man1/ocirt.1.gz", "/usr/share/man/man7/ocirt-annotations.7.gz",
                     "/usr/share/bash-completion/completions/ocirt", "/usr/share/zsh/vendor-completions/_ocirt",
                     "/usr/share/fish/vendor_completions.d/ocirt.fish"):
            self.assertIn(path, program)
        self.assertEqual(sum(path.startswith("/usr/lib/") for path in library), 2)
        for path in ("/usr/include/libocirt.h", "/usr/share/man/man3/ocirt.h.3.gz"):
            self.assertIn(path, header)
        for ending in ("/libocirt.a", "/libocirt.so", "/pkgconfig/ocirt.pc"):
            self.assertEqual(sum(path.endswith(ending) for path in header), 1, ending)
        self.assertIn("/usr/share/doc/ocirt-doc/examples/list.c", self.files("ocirt-doc"))

    def test_static_library(self):
        """A program is linked from the archive alone, as pkg-config says."""
        if not shutil.which("pkg-config") or not shutil.which("cc"):
            self.skipTest("pkg-config or cc is not installed")
        where = tempfile.mkdtemp(prefix="ocirt-dev-")
        self.addCleanup(shutil.rmtree, where)
        run("dpkg", "-x", self.named("libocirt-dev"), where)
        found = glob.glob(os.path.join(where, "usr/lib/*/pkgconfig"))[0]
        _, flags = run("pkg-config", "--static", "--cflags", "--libs", "ocirt",
                       env={**os.environ, "PKG_CONFIG_LIBDIR": found, "PKG_CONFIG_SYSROOT_DIR": where})
        program = os.path.join(where, "list")
        status, text = run("cc", "-static", "-o", program, os.path.join(TOP, "examples/list.c"), *flags.split())
        self.assertEqual(status, 0, text)
        self.assertEqual(run(program, os.path.join(where, "none")), (0, ""))

    def test_lintian(self):
        if not shutil.which("lintian"):
            self.skipTest("lintian is not installed")
        changes = glob.glob(os.path.join(self.directory, "*.changes"))
        status, text = run("lintian", "--allow-root", "--fail-on", "error,warning", *changes)
        self.assertEqual((status, [line for line in text.splitlines() if line[:2] in ("E:", "W:")]), (0, []), text)


SCRIPT = """
set -eu
export DEBIAN_FRONTEND=noninteractive
find / -xdev \\( -path /proc -o -path /sys -o -path /packages -o -path /var/log -o -path /var/lib/dpkg -o -path /var/lib/apt \\
    -o -path /var/cache \\) -prune -o -print | sort >/packages/before
dpkg -i /packages/ocirt_*.deb /packages/libocirt0_*.deb /packages/libocirt-dev_*.deb /packages/ocirt-doc_*.deb
mkdir -p /tmp/bundle/rootfs/bin && cp /bin/busybox /tmp/bundle/rootfs/bin && ln -s busybox /tmp/bundle/rootfs/bin/sh
test "$(ocirt --cgroup-manager disabled run --rootfs /tmp/bundle/rootfs --terminal false sh -c 'echo hello')" = hello
rm -rf /tmp/bundle
man_page=$(zcat /usr/share/man/man1/ocirt.1.gz | head -n 1) && test -n "$man_page"
dpkg --purge ocirt libocirt-dev libocirt0 ocirt-doc
find / -xdev \\( -path /proc -o -path /sys -o -path /packages -o -path /var/log -o -path /var/lib/dpkg -o -path /var/lib/apt \\
    -o -path /var/cache \\) -prune -o -print | sort >/packages/after
diff /packages/before /packages/after
"""


# As its root, and not by chroot(2) alone: from there a container could not change its own.
ENTER = """
mount --make-rprivate /
mount --bind "$1" "$1"
cd "$1"
mount -t proc proc proc
mount -t sysfs sysfs sys
pivot_root . mnt
exec chroot . /bin/sh -c "umount -l /mnt
$2"
"""


class Installed(Packages):
    def setUp(self):
        if os.geteuid() != 0:
            self.skipTest("needs root")
        if not shutil.which("debootstrap"):
            self.skipTest("debootstrap is not installed")
        self.root = tempfile.mkdtemp(prefix="ocirt-debootstrap-")
        self.addCleanup(shutil.rmtree, self.root, ignore_errors=True)

    test_there_are_all = test_files = test_static_library = test_lintian = None

    def test_fresh_system(self):
        uri, suite = archive(), codename()
        if not suite:
            self.skipTest("this is no Debian: the packages are for the release that they were built on")
        depends = "busybox-static,libcap2,libseccomp2,libyajl2,libcap-dev,libseccomp-dev,libyajl-dev"
        status, text = run("debootstrap", "--variant=minbase", f"--include={depends}", suite, self.root, uri)
        if status and re.search(r"Failed getting release file|Invalid Release|Couldn't download", text):
            self.skipTest(f"the mirror {uri} does not answer for {suite}")
        self.assertEqual(status, 0, text[-2000:])
        packages = os.path.join(self.root, "packages")
        os.mkdir(packages)
        for path in self.paths:
            shutil.copy(path, packages)
        status, text = run("unshare", "--mount", "--pid", "--fork", "sh", "-euc",
                           ENTER, "sh", self.root, SCRIPT)
        self.assertEqual(status, 0, text[-3000:])


if __name__ == "__main__":
    main()
