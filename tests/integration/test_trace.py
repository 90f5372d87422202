# SPDX-License-Identifier: LGPL-2.1-or-later
"""--trace: phases of runtime, init and stub as Chrome trace events."""

import json
import os

from ocitest import ContainerTest, main


class Trace(ContainerTest):
    def events(self):
        with open(os.path.join(self.tmp, "trace"), encoding="utf-8") as file:
            return json.loads(file.read().rstrip().rstrip(",") + "]")

    def test_run(self):
        container = self.container(self.config("exit", "0"))
        self.runtime.options = ["--trace", os.path.join(self.tmp, "trace")]
        self.assertOk(container.run())
        events = self.events()
        self.assertEqual({event["cat"] for event in events}, {"runtime", "init", "stub"})
        self.assertTrue(all(event["ph"] == "X" and event["dur"] >= 0 for event in events), events)
        names = [event["name"] for event in events]
        for name in ("read and plan", "clone", "mounts", "pivot", "become the program", "delete"):
            self.assertIn(name, names)
        self.assertEqual(len({event["pid"] for event in events}), 2)

    def test_second_command_is_appended(self):
        container = self.container(self.config("wait-term"))
        self.runtime.options = ["--trace", os.path.join(self.tmp, "trace")]
        self.assertOk(container.create())
        first = len(self.events())
        self.assertOk(container.start())
        self.assertGreater(len(self.events()), first)

    def test_file_that_cannot_be_opened(self):
        self.runtime.options = ["--trace", "/no/such/directory/trace"]
        result = self.container(self.config("exit", "0")).run()
        self.assertEqual(result.rc, 1)
        self.assertIn("/no/such/directory/trace", result.err)


if __name__ == "__main__":
    main()
