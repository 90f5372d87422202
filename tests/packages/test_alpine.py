# SPDX-License-Identifier: LGPL-2.1-or-later
"""The APKBUILD for Alpine, whose functions run as abuild(1) runs them, with the compiler of this host; minutes."""

import glob
import os
import shutil
import subprocess
import tarfile
import tempfile
import unittest

from ocitest import main
from ocitest.bundle import TOP, build_directory

APKBUILD = os.path.join(TOP, "contrib/packaging/alpine/APKBUILD")

# abuild's surroundings: its variables, the default functions, and amove; each function begins in builddir.
HARNESS = """
set -eu
. "$APKBUILD"
[ "$source" = "${TARBALL##*/}" ] || { echo "source is $source, the tarball ${TARBALL##*/}"; exit 1; }
export srcdir="$TOP/src" pkgdir="$TOP/pkg" builddir="$TOP/src/$pkgname-$pkgver" startdir="${APKBUILD%/*}"
export CHOST="$(cc -dumpmachine)" CBUILD="$(cc -dumpmachine)" CFLAGS="-Os" LDFLAGS="-Wl,--as-needed" MAKEFLAGS=-j2
mkdir -p "$srcdir" "$pkgdir"
prepare() { :; }
amove() {
    for pattern; do
        for path in $(cd "$pkgdir" && eval "echo $pattern"); do
            mkdir -p "$subpkgdir/${path%/*}"
            mv "$pkgdir/$path" "$subpkgdir/$path"
        done
    done
}
for function in prepare build package; do
    cd "$builddir"
    $function
done
for subpackage in $subpackages; do
    name=${subpackage%%:*} split=${subpackage#*:}
    [ "$split" != "$subpackage" ] || continue
    export subpkgname="$name" subpkgdir="$TOP/pkg-$name"
    mkdir -p "$subpkgdir"
    cd "$builddir"
    $split
done
"""


def shells():
    if shutil.which("busybox"):
        return ["busybox", "ash"]
    return ["sh"]


@unittest.skipUnless(shutil.which("cc") and shutil.which("make"), "cc or make is not installed")
class Alpine(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        tarballs = [t for t in glob.glob(os.path.join(build_directory(), "ocirt-*.*.*.tar.gz")) if "-linux-" not in t]
        if not tarballs:
            raise unittest.SkipTest("no tarball in the build directory (make dist)")
        cls.top = tempfile.mkdtemp(prefix="ocirt-apk-")
        cls.addClassCleanup(shutil.rmtree, cls.top, ignore_errors=True)
        with tarfile.open(tarballs[0]) as tarball:
            tarball.extractall(os.path.join(cls.top, "src"))
        ran = subprocess.run([*shells(), "-c", HARNESS], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT, text=True, errors="replace", check=False,
                             env={**os.environ, "APKBUILD": APKBUILD, "TARBALL": tarballs[0], "TOP": cls.top})
        if ran.returncode:
            raise AssertionError(ran.stdout[-3000:])

    def files(self, package):
        top = os.path.join(self.top, package)
        return {os.path.relpath(os.path.join(where, name), top) for where, _, names in os.walk(top) for name in names}

    def test_program(self):
        files = self.files("pkg")
        for path in ("usr/bin/ocirt", "usr/include/libocirt.h", "usr/lib/libocirt.so", "usr/lib/pkgconfig/ocirt.pc",
                     "usr/share/man/man1/ocirt.1", "usr/share/man/man3/ocirt.h.3", "usr/share/man/man7/ocirt-annotations.7",
                     "usr/share/bash-completion/completions/ocirt", "usr/share/fish/vendor_completions.d/ocirt.fish",
                     "usr/share/zsh/site-functions/_ocirt"):
            self.assertIn(path, files)
        self.assertFalse([path for path in files if path.endswith(".a")])
        text = subprocess.run([os.path.join(self.top, "pkg/usr/bin/ocirt"), "--version"], check=True, capture_output=True,
                              text=True).stdout
        self.assertIn("+SECCOMP", text)
        self.assertNotIn("+SYSTEMD", text)

    def test_library(self):
        files = self.files("pkg-libocirt")
        self.assertIn("usr/lib/libocirt.so.0", files)
        self.assertFalse([path for path in self.files("pkg") if "libocirt.so." in path])


if __name__ == "__main__":
    main()
