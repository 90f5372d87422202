# SPDX-License-Identifier: LGPL-2.1-or-later
"""What is installed: the header, the library with just the header's functions, pkg-config, and examples that build.

Installs into a directory of its own, as a package does."""

import os
import re
import shutil
import subprocess
import tempfile
import unittest

from ocitest import main
from ocitest.bundle import TOP, build_directory
import library
from library import text_of, variable

HEADER = os.path.join(TOP, "src/libocirt.h")
CC = os.environ.get("CC", "cc")


def functions():
    """Those of the header."""
    return sorted(set(re.findall(r"\b(ocirt_\w+)\(", re.sub(r"/\*.*?\*/", "", text_of(HEADER), flags=re.S))))


def run(*argv, **how):
    ran = subprocess.run(argv, capture_output=True, text=True, check=False, **how)
    if ran.returncode:
        raise AssertionError(f"{' '.join(argv)}: {ran.returncode}\n{ran.stdout[-2000:]}\n{ran.stderr[-2000:]}")
    return ran.stdout


class Installed(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if not os.path.exists(os.path.join(build_directory(), "libocirt.la")):
            raise unittest.SkipTest("the library is not built")
        if library.sanitized():
            raise unittest.SkipTest("a build with a sanitizer is not installed")
        cls.top = tempfile.mkdtemp(prefix="ocirt-installed-")
        cls.addClassCleanup(shutil.rmtree, cls.top, ignore_errors=True)
        # The sub-make of `make check` would take over what that was told.
        environment = {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")}
        run("make", "-C", build_directory(), "install", f"DESTDIR={cls.top}", env=environment)
        cls.prefix = run("make", "-s", "-C", build_directory(), "--eval", "print-prefix: ; @echo $(prefix)",
                         "print-prefix", env=environment).strip()
        cls.libdir = os.path.dirname(os.path.dirname(cls.find("ocirt.pc")))

    @classmethod
    def find(cls, name):
        for where, _, files in os.walk(cls.top):
            if name in files:
                return os.path.join(where, name)
        return None

    def setUp(self):
        self.tmp = tempfile.mkdtemp(prefix="t-")
        self.addCleanup(shutil.rmtree, self.tmp, ignore_errors=True)

    def pkg_config(self, *words):
        if not shutil.which("pkg-config"):
            self.skipTest("pkg-config is not installed")
        environment = {**os.environ, "PKG_CONFIG_PATH": os.path.join(self.libdir, "pkgconfig"),
                       "PKG_CONFIG_SYSROOT_DIR": self.top, "PKG_CONFIG_ALLOW_SYSTEM_CFLAGS": "1",
                       "PKG_CONFIG_ALLOW_SYSTEM_LIBS": "1"}
        return run("pkg-config", *words, "ocirt", env=environment).split()

    def compile(self, name, *libraries):
        program = os.path.join(self.tmp, name)
        source = os.path.join(self.top, self.prefix.lstrip("/"), "share/doc/ocirt/examples", name + ".c")
        run(CC, "-std=c17", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror", "-o", program, source,
            *self.pkg_config("--cflags"), *libraries, "-pthread")
        return program

    def test_version(self):
        self.assertEqual(self.pkg_config("--modversion"), [variable("PACKAGE_VERSION")])

    def test_symbols(self):
        """Nothing but what the header declares, all with the version of the soname."""
        lines = run("nm", "-D", "--defined-only", "--with-symbol-versions", self.find("libocirt.so")).splitlines()
        names = [line.split()[2] for line in lines if line.split()[1] in "TDBRVW"]
        self.assertEqual(sorted(names), [f"{name}@@LIBOCIRT_0" for name in functions()])

    def test_soname(self):
        dynamic = run("readelf", "-d", self.find("libocirt.so"))
        self.assertIn("Library soname: [libocirt.so.0]", dynamic)

    def test_examples_build_and_run(self):
        for name in library.NAMES:
            with self.subTest(name=name):
                program = self.compile(name, *self.pkg_config("--libs"))
                ran = subprocess.run([program], env={**os.environ, "LD_LIBRARY_PATH": self.libdir},
                                     capture_output=True, text=True, check=False)
                self.assertEqual((ran.returncode, ran.stderr[:6]), (2, "usage:"))

    def test_static(self):
        archive = self.find("libocirt.a")
        if not archive:
            self.skipTest("libocirt.a is not built (configure --enable-static)")
        libraries = [archive if word == "-locirt" else word for word in self.pkg_config("--static", "--libs")]
        program = self.compile("list", "-static", *libraries)
        ran = subprocess.run([program, self.tmp], capture_output=True, text=True, check=False)
        self.assertEqual((ran.returncode, ran.stdout), (0, ""), ran.stderr)

    def test_header_stands_alone(self):
        """In C11 and in C++, without our definitions."""
        include = self.pkg_config("--cflags")
        source = '#include <libocirt.h>\nint main(void) { return ocirt_version() == 0; }\n'
        for compiler, language in ((CC, "c"), ("c++", "c++")):
            if not shutil.which(compiler):
                continue
            run(compiler, "-x", language, *(["-std=c11", "-pedantic"] if language == "c" else []), "-Wall",
                "-Wextra", "-Werror", "-fsyntax-only", *include, "-", input=source)


class Objects(unittest.TestCase):
    """What a library must not do, seen in what its objects need."""

    @classmethod
    def setUpClass(cls):
        cls.library = os.path.join(build_directory(), ".libs/libocirt.so")
        if not os.path.exists(cls.library):
            raise unittest.SkipTest("the library is not built")
        if library.sanitized():
            raise unittest.SkipTest("a sanitizer adds symbols of its own")

    def needed(self):
        lines = run("nm", "-D", "--undefined-only", self.library).splitlines()
        return {line.split()[-1].split("@")[0] for line in lines}

    def test_calls(self):
        """exit() ends the program; these change what belongs to it; those share a buffer among threads."""
        forbidden = {"exit", "_Exit", "quick_exit", "atexit", "err", "errx", "printf", "puts", "perror", "stdout",
                     "stderr", "stdin", "signal", "setenv", "putenv", "unsetenv", "srand", "rand",
                     "strtok", "localtime", "gmtime", "ctime", "asctime", "getpwuid", "getpwnam", "getgrgid",
                     "getgrnam", "setlocale", "system", "popen", "fork", "vfork"}
        self.assertEqual(self.needed() & forbidden, set())

    def test_no_writable_data(self):
        """State of a process, of which the few there are are known: see their comments."""
        known = {
            "lib", "lock",                      # host/sdbus.c: libsystemd's functions, loaded under the lock
            "current",                          # engine/criu_request.c: under its lock
            "home", "text", "path_buf",         # init/program.c: of the child, which has a copy
            "zeros",                            # host/stub_image.c: never written to
        }
        found = set()
        for line in run("objdump", "-t", self.library).splitlines():
            words = line.split()
            if len(words) > 4 and words[-3] in (".data", ".bss") and words[-4] == "O" and int(words[-2], 16):
                found.add(words[-1].split(".")[0])
        self.assertEqual(found - {"completed"}, known)


class Header(unittest.TestCase):
    def test_each_function_is_documented(self):
        blocks = re.findall(r"(/\*(?:[^*]|\*[^/])*\*/)?\s*OCIRT_API[^;]*?\b(ocirt_\w+)\(", text_of(HEADER))
        self.assertEqual(sorted(name for _, name in blocks), functions())
        self.assertEqual([name for comment, name in blocks if not comment], [])


if __name__ == "__main__":
    main()
