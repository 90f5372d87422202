# SPDX-License-Identifier: LGPL-2.1-or-later
"""The manual pages say what the tables of options say."""

import os
import re
import shutil
import subprocess

import cli

MAN = os.path.join(cli.TOP, "man")
ITEM = re.compile(r"^\.It (?:Fl (\w) , )?Fl -([\w-]+)(?: Ar (\S+))?$", re.M)


def page(command):
    with open(os.path.join(MAN, f"ocirt-{command}.1" if command else "ocirt.1"), encoding="utf-8") as file:
        return file.read()


class Pages(cli.CliTest):
    def test_options(self):
        for command in ["", *cli.commands()]:
            with self.subTest(command=command):
                items = [tuple(group or None for group in item) for item in ITEM.findall(page(command))]
                self.assertEqual(items, cli.options_of(command))

    def test_each_command_has_one(self):
        pages = {name[len("ocirt-"):-len(".1")] for name in os.listdir(MAN)
                 if name.startswith("ocirt-") and name.endswith(".1")}
        self.assertEqual(pages, set(cli.commands()))
        self.assertEqual(re.findall(r"^\.It Xr ocirt-(\w+) 1$", page(""), re.M), cli.commands())

    def test_references_lead_somewhere(self):
        for name in os.listdir(MAN):
            with open(os.path.join(MAN, name), encoding="utf-8") as file:
                for target in re.findall(r"^\.Xr (ocirt\S* \d)", file.read(), re.M):
                    path = os.path.join(MAN, target.replace(" ", "."))
                    self.assertTrue(os.path.exists(path), f"{name}: {target}")

    def test_form(self):
        tool = shutil.which("mandoc")
        if not tool:
            self.skipTest("mandoc is not installed")
        pages = [os.path.join(MAN, name) for name in sorted(os.listdir(MAN))]
        ran = subprocess.run([tool, "-T", "lint", "-W", "warning", *pages], capture_output=True, text=True, check=False)
        self.assertEqual(ran.stdout + ran.stderr, "")


if __name__ == "__main__":
    cli.main()
