# SPDX-License-Identifier: LGPL-2.1-or-later
"""The library of the tests that start containers.

A test file imports what it needs from here and ends with

    if __name__ == "__main__":
        main()

which prints TAP.  Run it by tests/run, or by itself with python3.
"""

from .bundle import Bundle, default_config, namespace_of, set_namespace, drop_namespace, add_mount
from .case import ContainerTest, only_view
from .container import Container
from .host import (CAPABILITIES, capability_held, has_filesystem, has_program, kernel_at_least, libc, needs,
                   page, test_token)
from .leaks import Snapshot
from .markers import HostTree
from .report import Report
from .runtime import Result, Runtime
from .tap import main
from .terminal import ConsoleSocket, PtyProcess
from . import cgroups, consents, views

__all__ = [name for name in dir() if not name.startswith("_")]
