# SPDX-License-Identifier: LGPL-2.1-or-later
"""The probe's report, with the kernel's texts taken apart."""

import collections
import re

from .host import CAPABILITIES

Mount = collections.namedtuple("Mount", "root point options optional fstype source super_options")


def unescape(text):
    return re.sub(r"\\([0-7]{3})", lambda m: chr(int(m.group(1), 8)), text)


def parse_mountinfo(text):
    mounts = []
    for line in text.splitlines():
        fields, _, tail = line.partition(" - ")
        words, rest = fields.split(" "), tail.split(" ")
        mounts.append(Mount(unescape(words[3]), unescape(words[4]), set(words[5].split(",")), words[6:],
                            rest[0],
                            unescape(rest[1]), set(",".join(rest[2:]).split(","))))
    return mounts


class Report:
    """report["name"] gives the probe's own members; the properties are what must be taken apart."""

    def __init__(self, data):
        self.data = data

    def __getitem__(self, name):
        return self.data[name]

    def proc(self, name):
        text = self.data["proc"][name]
        if not isinstance(text, str):
            raise AssertionError(f"the probe couldn't read /proc/self/{name}: errno {text['errno']}")
        return text

    @property
    def mounts(self):
        return parse_mountinfo(self.proc("mountinfo"))

    def mount(self, point):
        """The topmost mount on a path."""
        found = [m for m in self.mounts if m.point == point]
        if not found:
            raise AssertionError(f"nothing is mounted on {point}: {[m.point for m in self.mounts]}")
        return found[-1]

    @property
    def status(self):
        return dict(line.split(":\t", 1) for line in self.proc("status").splitlines() if ":\t" in line)

    @property
    def cgroups(self):
        """{controllers: path} of /proc/self/cgroup, "" for cgroup2."""
        return {line.split(":", 2)[1]: line.split(":", 2)[2] for line in self.proc("cgroup").splitlines()}

    def capabilities(self, kind):
        bits = int(self.data["capabilities"][kind], 16)
        return {name for i, name in enumerate(CAPABILITIES) if bits >> i & 1}

    def id_map(self, kind="uid"):
        return [tuple(int(n) for n in line.split()) for line in self.proc(f"{kind}_map").splitlines()]

    @property
    def env(self):
        return dict(word.split("=", 1) for word in self.data["env"] if "=" in word)

    def namespace(self, kind):
        """The text of the link, like pid:[4026531836]."""
        return self.data["namespaces"][kind]
