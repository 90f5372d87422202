# SPDX-License-Identifier: LGPL-2.1-or-later
"""The scripts for the shells: they are read without complaint, and complete what the tables have."""

import os
import shutil
import subprocess

import cli

ASK = r"""
source "$1"; shift
COMP_WORDS=("$@"); COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
_ocirt "$PROGRAM" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
printf '%s\n' "${COMPREPLY[@]}"
"""


class CompletionTest(cli.CliTest):
    shell = None

    def setUp(self):
        super().setUp()
        if not shutil.which(self.shell):
            self.skipTest(f"{self.shell} is not installed")
        ran = self.call("completion", self.shell)
        self.assertEqual((ran.rc, ran.err), (0, ""))
        self.script = self.path("script")
        with open(self.script, "w", encoding="utf-8") as file:
            file.write(ran.out)

    def run_shell(self, *words, **environment):
        return subprocess.run([self.shell, *words], capture_output=True, text=True, cwd=self.tmp, timeout=60, check=False,
                              env={**os.environ, "HOME": self.tmp, **environment})

    def assert_reads(self):
        ran = self.run_shell("-n", self.script)
        self.assertEqual((ran.returncode, ran.stdout + ran.stderr), (0, ""))


class Bash(CompletionTest):
    shell = "bash"

    def complete(self, *words):
        ran = self.run_shell("-c", ASK, "bash", self.script, "ocirt", *words, PROGRAM=cli.PROGRAM)
        self.assertEqual((ran.returncode, ran.stderr), (0, ""))
        return ran.stdout.split()

    def test_syntax(self):
        self.assert_reads()

    def test_commands(self):
        self.assertEqual(self.complete("cre"), ["create"])
        self.assertEqual(self.complete("--root", "/x", "cre"), ["create"])
        self.assertEqual(self.complete("--root", "=", "/x", "--debug", "cre"), ["create"])
        self.assertEqual(self.complete(""), cli.commands())

    def test_options(self):
        for command in cli.commands():
            self.assertEqual(self.complete(command, "--"), ["--" + o[1] for o in cli.options_of(command)], command)
        self.assertEqual(self.complete("--"), ["--" + o[1] for o in cli.options_of("")])

    def test_values(self):
        self.assertEqual(self.complete("--log-format", ""), ["text", "json"])
        self.assertEqual(self.complete("--log-format", "=", "j"), ["json"])
        self.assertEqual(self.complete("--log-format", "="), ["text", "json"])
        self.assertEqual(self.complete("mounts", ""), ["add", "remove"])
        os.makedirs(self.path("bundles/one"))
        self.assertEqual(self.complete("create", "--bundle", "bundles/"), ["bundles/one"])
        self.assertEqual(self.complete("--root", self.root, "kill", ""), [])


class Zsh(CompletionTest):
    shell = "zsh"

    def test_syntax(self):
        self.assert_reads()


class Fish(CompletionTest):
    shell = "fish"

    def complete(self, line):
        ran = self.run_shell("-c", 'source $argv[1]; complete -C "$argv[2]"', self.script, line,
                             PATH=os.path.dirname(cli.PROGRAM) + ":" + os.environ["PATH"])
        return [row.partition("\t")[0] for row in ran.stdout.splitlines()]

    def test_syntax(self):
        self.assert_reads()

    def test_completes(self):
        self.assertEqual(self.complete("ocirt cre"), ["create"])
        self.assertEqual(sorted(self.complete("ocirt create --pid")), ["--pid-file", "--pidfd-socket"])
        self.assertEqual(sorted(self.complete("ocirt list --format ")), ["json", "table"])


class NoShell(cli.CliTest):
    def test_unknown_shell(self):
        self.assert_fails(self.call("completion", "tcsh"), "there is no completion for the shell tcsh")


if __name__ == "__main__":
    cli.main()
