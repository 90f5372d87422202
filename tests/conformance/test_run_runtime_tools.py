# SPDX-License-Identifier: LGPL-2.1-or-later
"""run-runtime-tools, on a checkout whose programs are played by scripts."""

import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "../lib")]

from ocitest import ContainerTest, main  # noqa: E402


class Runner(ContainerTest):
    def checkout(self, **scripts):
        top = os.path.join(self.tmp, "runtime-tools")
        for name, script in scripts.items():
            where = os.path.join(top, "validation", name)
            os.makedirs(where)
            with open(os.path.join(where, name + ".t"), "w", encoding="ascii") as file:
                file.write("#!/bin/sh\n" + script)
            os.chmod(os.path.join(where, name + ".t"), 0o755)
        return top

    def run_on(self, top, *names):
        return subprocess.run([os.path.join(HERE, "run-runtime-tools"), top, self.runtime.path, *names],
                              cwd=self.tmp,
                              capture_output=True, text=True, check=False)

    def line(self, ran, name, view):
        part = ran.stdout.split(f"\n{view}:")[1]
        return next(line for line in part.splitlines() if line.split()[:1] == [name])

    def views(self, ran):
        return [view for view in ("v1", "v2") if f"\n{view}:" in ran.stdout]

    def test_results(self):
        top = self.checkout(
            default='$RUNTIME --version >/dev/null && echo "ok 1 - fine" && echo 1..1',
            start='echo "not ok 1 - start"; echo 1..1',
            linux_cgroups_pids='[ $(stat -fc %T /sys/fs/cgroup) = cgroup2fs ] && exit 1; echo "ok 1 - v1"',
            hooks='echo 1..0', state='echo "ok 1 # SKIP not here"')
        ran = self.run_on(top)
        self.assertEqual(ran.returncode, 0, ran.stdout + ran.stderr)
        for view in self.views(ran):
            self.assertIn("passed", self.line(ran, "default", view))
            self.assertIn("expected: wants start", self.line(ran, "start", view))
            self.assertIn("asserts nothing", self.line(ran, "hooks", view))
            self.assertIn("skipped", self.line(ran, "state", view))
        self.assertIn("knows cgroup v1 alone", self.line(ran, "linux_cgroups_pids", "v2"))
        self.assertIn(" 0 others", ran.stdout.splitlines()[-1])

    def test_unexpected(self):
        ran = self.run_on(self.checkout(default='echo "not ok 1 - it is not"; exit 1'), "default")
        self.assertEqual(ran.returncode, 1, ran.stdout)
        self.assertIn("UNEXPECTED: not ok 1 - it is not", ran.stdout)

    def test_the_runtime_makes_containers(self):
        """RUNTIME is one word, with a state directory of its own."""
        container = self.container(self.config("wait-term"))
        script = f'$RUNTIME create --bundle {container.bundle.path} x </dev/null >/dev/null 2>&1 && ' \
                 '$RUNTIME state x >/dev/null && $RUNTIME delete --force x && echo "ok 1 - made"'
        ran = self.run_on(self.checkout(create=script))
        self.assertEqual(ran.returncode, 0, ran.stdout)

    def test_nothing_built(self):
        ran = self.run_on(self.checkout())
        self.assertNotEqual(ran.returncode, 0)
        self.assertIn("make all", ran.stderr)


if __name__ == "__main__":
    main()
