# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the tests of the library share: programs that use it, run as the runtime is."""

import os
import re

from ocitest import ContainerTest, Runtime
from ocitest.bundle import TOP, build_directory

SOURCES = os.path.join(TOP, "examples")
NAMES = sorted(name[:-len(".c")] for name in os.listdir(SOURCES) if name.endswith(".c"))


def text_of(path):
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read()


def variable(name):
    """A variable of the build's Makefile."""
    makefile = os.path.join(build_directory(), "Makefile")
    found = re.search(rf"^{name} = (.*)$", text_of(makefile), re.M) if os.path.exists(makefile) else None
    return found.group(1) if found else ""


def sanitized():
    return "-fsanitize" in variable("SANITIZE_CFLAGS")


class Program(Runtime):
    """Calls take the words of the program."""

    def __init__(self, path, view=None, before=()):
        super().__init__(None, view)
        self.path, self.before = path, list(before)

    def argv(self, *args):
        return [*self.before, self.path, *args]


class LibraryTest(ContainerTest):
    def example(self, name, *words, before=(), **how):
        path = os.path.join(build_directory(), "examples", name)
        if not os.access(path, os.X_OK):
            self.skipTest(f"{path} is not built (make check builds it)")
        return Program(path, self.view, before)(*words, **how)

    def thread_bundles(self, n, *words):
        """The paths of N bundles whose containers have cgroups of their own."""
        return [self.bundle(self.config(*words)).path for _ in range(n)]
