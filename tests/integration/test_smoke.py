# SPDX-License-Identifier: LGPL-2.1-or-later
"""The shortest way through all of it."""

from ocitest import ContainerTest, main


class Smoke(ContainerTest):
    def test_run_reports(self):
        report = self.report()
        self.assertEqual(report["pid"], 1)

    def test_create_start_kill_delete(self):
        container = self.container(self.config("wait-term"))
        self.assertOk(container.create())
        self.assertEqual(container.status, "created")
        self.assertOk(container.start())
        self.assertEqual(container.status, "running")
        pid = container.pid
        container.wait_line("wait-term")
        self.assertOk(container.kill("KILL"))
        container.wait_end(pid)
        self.assertEqual(container.status, "stopped")
        self.assertOk(container.delete())
        self.assertIsNone(container.status)


if __name__ == "__main__":
    main()
