# SPDX-License-Identifier: LGPL-2.1-or-later
"""A hundred containers at once through Podman: all run, all can be entered, and nothing is left of them."""

import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "../lib")]

from enginelib import PodmanTest, enter, in_parallel, setup_podman  # noqa: E402
from ocitest import main  # noqa: E402

MANY = int(os.environ.get("OCIRT_MANY") or 100)


def setUpModule():
    enter(("podman", "podman"), ("conmon", "conmon"))
    setup_podman()


class Many(PodmanTest):
    seconds = 800

    def test_many(self):
        names = [f"c{i}" for i in range(MANY)]
        in_parallel(lambda n: self.start(args=("sleep", "10000"), name=n), names)
        self.assertEqual(len(self.ask("ps", "-q", "--filter", "status=running").split()), MANY)
        said = in_parallel(lambda n: self.ask("exec", n, "hostname"), names)
        self.assertEqual(len(set(said)), MANY)
        self.podman("rm", "-f", "-t", "0", "-a", timeout=300)
        self.assertEqual(self.ask("ps", "-aq"), "")


if __name__ == "__main__":
    main()
