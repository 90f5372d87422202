# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the tests of real engines share: surroundings of their own, an image, and the engines' programs.

The runtime under test is $OCIRT; it may be runc or crun, so that their results can be set beside ours.
"""

from .case import NOT_IN_PATH, EngineTest, Finished, in_parallel
from .surroundings import RUNTIME, enter, runtime_name
from .podman import PodmanTest, setup_podman
from .containerd import ContainerdTest
from .docker import DockerTest

__all__ = [
    "NOT_IN_PATH",
    "EngineTest",
    "Finished",
    "in_parallel",
    "RUNTIME",
    "enter",
    "runtime_name",
    "PodmanTest",
    "setup_podman",
    "ContainerdTest",
    "DockerTest",
]
