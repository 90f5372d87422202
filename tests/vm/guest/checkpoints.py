# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the tests of checkpoint and restore share: containers whose program counts, so that one sees whether it goes on."""

import os
import shutil
import tempfile

from ocitest import bundle

from guesthost import kernel_is_uml

MIB = 1 << 20
SECONDS = 280       # CRIU looks at the kernel once after boot, which takes an emulated machine half a minute


class Checkpoints:
    """Comes before GuestTest or SystemdTest."""

    seconds = 900

    def setUp(self):
        super().setUp()
        if kernel_is_uml() or not shutil.which("criu"):
            self.skipTest("needs a kernel with CONFIG_CHECKPOINT_RESTORE, and criu")
        self.data = os.path.join(self.tmp, "data")
        os.mkdir(self.data)
        self.images = os.path.join(self.tmp, "images")
        self.work = os.path.join(self.tmp, "work")

    def counting(self, action="count", **resources):
        """A configuration whose program counts in a file of the host."""
        config = self.config(action, "/data/n")
        bundle.add_mount(config, "/data", "bind", self.data, ["rbind", "rw"])
        config["linux"]["resources"].update(resources)
        return config

    def number(self):
        try:
            with open(os.path.join(self.data, "n"), encoding="ascii") as file:
                return int(file.read() or 0)
        except FileNotFoundError:
            return 0

    def counts_on(self, more=3):
        """Waits until it has, and returns where it is."""
        before = self.number()
        self.wait_for(lambda: self.number() >= before + more, "the container to count on")
        return self.number()

    def checkpoint(self, container, *options, images=None):
        return self.runtime("checkpoint", "--image-path", images or self.images, "--work-path", self.work, *options,
                            container.id, timeout=SECONDS)

    def restore(self, container, *options, images=None, **how):
        with open(container.out_path, "ab") as out, tempfile.TemporaryFile() as err:
            result = self.runtime("restore", "--image-path", images or self.images, "--work-path", self.work, "--bundle",
                                  container.bundle.path, *options, container.id,
                                  **{"timeout": SECONDS, "stdout": out, "stderr": err, **how})
            err.seek(0)
            result.err = result.err or err.read().decode(errors="replace")
        return result

    def store(self, container, *options):
        """Checkpoints one that counts; where it was then."""
        self.counts_on()
        self.assertOk(self.checkpoint(container, *options))
        return self.number()

    def goes_on(self, container, stored, *options):
        """Restores it, and sees that it neither began again nor counted without us."""
        self.assertEqual(self.number(), stored, "it counted while it was stored")
        self.assertOk(self.restore(container, "--detach", *options))
        self.assertGreater(self.counts_on(), stored)
        self.assertLess(self.number(), stored + 5000)
        self.assertEqual(container.status, "running")
