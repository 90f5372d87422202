# SPDX-License-Identifier: LGPL-2.1-or-later
"""docs/tutorial.md: every command is run, in order, and what it prints is what the page shows.

In a block ```console a line that begins with "# " is typed into one shell; what follows is shown: its lines must come in
that order, and "..." stands for anything.  A command whose output is not shown must succeed and print nothing."""

import os
import re
import subprocess

from ocitest import ContainerTest, cgroups, main, needs
from ocitest.bundle import TOP

PAGE = os.path.join(TOP, "docs/tutorial.md")
BUSYBOX = "/bin/busybox"


def commands():
    """[(number of line, command, shown lines)]"""
    found, inside = [], False
    with open(PAGE, encoding="utf-8") as file:
        for number, line in enumerate(file.read().splitlines(), 1):
            if line.startswith("```"):
                inside = line == "```console"
            elif inside and line.startswith("# "):
                found.append((number, line[2:], []))
            elif inside:
                found[-1][2].append(line)
    return found


def pattern(line):
    return re.compile(".*".join(re.escape(part) for part in line.split("...")) + "$")


def is_static(path):
    if not os.path.exists(path):
        return False
    with open(path, "rb") as file:
        return b"/ld-linux" not in file.read()


class Shell:
    """A bash that gets a command a time.  Its output goes to a file: containers keep that open."""

    END = "end of command"

    def __init__(self, directory, environment):
        self.path = os.path.join(directory, "output")
        with open(self.path, "w", encoding="utf-8") as output:
            self.process = subprocess.Popen(["/bin/bash", "--norc"], stdin=subprocess.PIPE, stdout=output,
                                            stderr=subprocess.STDOUT, cwd=directory, env=environment, text=True)

    def __call__(self, command):
        """(exit status, output)"""
        start = os.path.getsize(self.path)
        fifo = self.path + ".fifo"
        if not os.path.exists(fifo):
            os.mkfifo(fifo)
        self.process.stdin.write(f"{command}\necho $? >{fifo}\n")
        self.process.stdin.flush()
        with open(fifo, encoding="utf-8") as file:
            status = int(file.read())
        with open(self.path, encoding="utf-8", errors="replace") as file:
            file.seek(start)
            return status, file.read()

    def close(self):
        self.process.stdin.close()
        self.process.wait()


@needs(os.path.exists(PAGE), "docs/tutorial.md, which a guest has not")
class Tutorial(ContainerTest):
    def setUp(self):
        super().setUp()
        if self.runtime.view.fd is not None:
            self.skipTest("the shell of the page is in the host's view of cgroups")
        for controller in ("memory", "cpu", "pids"):
            if not cgroups.has_controller(controller):
                self.skipTest(f"there is no hierarchy with the controller {controller}")
        if not is_static(BUSYBOX):
            self.skipTest(f"{BUSYBOX} is missing or not static (package busybox-static)")
        programs = os.path.join(self.tmp, "bin")
        os.mkdir(programs)
        with open(os.path.join(programs, "ocirt"), "w", encoding="utf-8") as file:
            file.write(f'#!/bin/sh\nexec {" ".join(self.runtime.argv())} "$@"\n')
        os.chmod(file.name, 0o755)
        self.shell = Shell(self.tmp, {**os.environ, "PATH": programs + ":" + os.environ["PATH"]})
        self.addCleanup(self.delete_all)
        self.addCleanup(self.shell.close)

    def delete_all(self):
        for name in self.runtime("list", "-q").out.split():
            self.runtime("delete", "--force", name)

    def compare(self, output, shown):
        """The shown lines in their order; others may come only where a line "..." is."""
        lines, free = output.splitlines(), False
        for line in shown:
            if line == "...":
                free = True
                continue
            while free and lines and not pattern(line).match(lines[0]):
                lines.pop(0)
            self.assertTrue(lines, f"{line!r} does not come")
            self.assertRegex(lines.pop(0), pattern(line))
            free = False
        self.assertTrue(free or not lines, f"more than is shown: {lines}")

    def test_page(self):
        all_commands = commands()
        self.assertGreater(len(all_commands), 50)
        for number, command, shown in all_commands:
            status, output = self.shell(command)
            where = f"tutorial.md:{number}: {command}: status {status}, output {output[-1000:]!r}"
            try:
                self.compare(output, shown)
            except AssertionError as error:
                self.fail(f"{where}\n{error}")
            if not shown:
                self.assertEqual(status, 0, where)


if __name__ == "__main__":
    main()
