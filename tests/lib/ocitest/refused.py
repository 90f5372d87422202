# SPDX-License-Identifier: LGPL-2.1-or-later
"""Commands that fail: what they tell, and how to make the kernel refuse a call."""

import ctypes
import json
import os
import struct

from .case import ContainerTest

CALLS = {
    "capset": 126, "clone3": 435, "fsconfig": 431, "fsmount": 432, "fsopen": 430, "keyctl": 250, "mknodat": 259,
    "mount_setattr": 442, "move_mount": 429, "open_tree": 428, "openat2": 437, "pivot_root": 155, "setdomainname": 171,
    "setgroups": 116, "sethostname": 170, "setns": 308, "socketpair": 53, "unshare": 272,
} if os.uname().machine == "x86_64" else {}


def forbid(name):
    """For a child: the system call fails with EPERM from now on."""
    rows = [(0x20, 0, 0, 0), (0x15, 0, 1, CALLS[name]), (0x06, 0, 0, 0x00050001), (0x06, 0, 0, 0x7fff0000)]
    program = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *row) for row in rows))
    header = ctypes.create_string_buffer(struct.pack("HxxxxxxP", len(rows), ctypes.addressof(program)))
    if ctypes.CDLL(None).prctl(22, 2, ctypes.c_void_p(ctypes.addressof(header)), 0, 0) != 0:
        os._exit(99)


class ErrorTest(ContainerTest):
    def told(self, *words, **how):
        """The record that a command which fails writes to its log."""
        log = os.path.join(self.tmp, "log")
        ran = self.runtime("--log", log, "--log-format", "json", *words, **how)
        self.assertNotEqual(ran.rc, 0, str(ran))
        with open(log, encoding="utf-8") as file:
            records = [json.loads(line) for line in file]
        os.unlink(log)
        errors = [r for r in records if r["level"] == "error"]
        self.assertEqual(len(errors), 1, records)
        self.assertNotIn("\n", errors[0]["msg"])
        return errors[0]

    def of(self, config, command="run", **how):
        container = self.container(config)
        record = self.told(command, "--bundle", container.bundle.path, container.id, **how)
        self.assertIsNone(container.state())
        return record

    def assertCode(self, record, code, *words):
        self.assertEqual(record["code"], f"E_{code}", record)
        for word in words:
            self.assertIn(word, record["msg"])
