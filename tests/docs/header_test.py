# SPDX-License-Identifier: LGPL-2.1-or-later
"""The manual pages of the library and of the annotations are those of the sources."""

import os
import re
import subprocess
import unittest

from ocitest import main
from ocitest.bundle import TOP


def text_of(path):
    with open(os.path.join(TOP, path), encoding="utf-8") as file:
        return file.read()


class Header(unittest.TestCase):
    def test_page_is_up_to_date(self):
        ran = subprocess.run(["/usr/bin/python3", "-B", os.path.join(TOP, "build-aux/header-manual"), "--check"],
                             capture_output=True, text=True, check=False)
        self.assertEqual((ran.returncode, ran.stderr), (0, ""))

    def test_page_has_all_functions(self):
        header = re.sub(r"/\*.*?\*/", "", text_of("src/libocirt.h"), flags=re.S)
        declared = re.findall(r"^OCIRT_API [^;(]*?(\w+)\(", header, re.M)
        self.assertGreater(len(declared), 30)
        self.assertEqual(re.findall(r"^\.Fo (\w+)$", text_of("man/ocirt.h.3"), re.M), declared)


class Annotations(unittest.TestCase):
    """Names in the sources, whether by a #define or as they are; a prefix ends with a dot."""

    def test_page_has_all(self):
        header = text_of("src/plan/annotations.h")
        names = dict(re.findall(r'#define (PLAN_ANNOTATION_\w+)\s+"([^"]+)"', header))
        names |= {name: names[prefix] + rest for name, prefix, rest
                  in re.findall(r'#define (PLAN_ANNOTATION_\w+)\s+(PLAN_ANNOTATION_\w+) "([^"]+)"', header)}
        table = re.search(r"^static const struct known table\[\] = {(.*?)^};", text_of("src/plan/annotations.c"),
                          re.S | re.M).group(1)
        read = {names.get(word, word.strip('"')) for word in re.findall(r"^    { (\S+?),", table, re.M)}
        self.assertEqual(set(names.values()) - read, set(), "named, and not in the table")
        page = text_of("man/ocirt-annotations.7")
        documented = re.findall(r"^\.It Ic (\S+)$", page, re.M)
        self.assertEqual(sorted(re.sub(r"\.(NAME|\*)$", ".", name) for name in documented), sorted(read))
        for where in ("src/plan", "src/engine", "src/host", "src/init"):
            for file in (name for name in os.listdir(os.path.join(TOP, where)) if name.endswith((".c", ".h"))):
                found = re.findall(r'"(run\.oci\.[\w.-]+|org\.(?:criu|ocirt|systemd)\.[\w.]+)"',
                                   text_of(os.path.join(where, file)))
                self.assertEqual(set(found) - read - {"org.ocirt.version", "org.ocirt.commit"}
                                 - {name for name in found if name.startswith("org.systemd.")}, set(), file)


if __name__ == "__main__":
    main()
