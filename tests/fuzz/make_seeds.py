#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""make_seeds.py DIRECTORY - writes what each fuzzer begins with to DIRECTORY/NAME: the documents of the other tests, cut
up, and a few texts of the kernel.  An input is what the head of fuzz_NAME.c says."""

import glob
import json
import os
import sys

TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

STATE = {
    "ocirt": 1, "id": "fuzz", "ociVersion": "1.2.0", "bundle": "/b", "rootfs": "/b/rootfs",
    "created": "2026-11-24T23:39:33.123456789Z", "owner": 0, "init_process_pid": 4711, "init_process_start": 123456, "creating": True,
    "cgroup": {"manager": "cgroupfs", "path": "/a/b", "made": "2"}, "annotations": {"a": "b"}, "mounts": ["/b/rootfs"],
}
PASSWD = "root:x:0:0:root:/root:/bin/sh\nmail:x:8:8::/var/mail:/bin/false\nuser:x:1000:1000:A,B:/home/user:/bin/sh\n"
COMMANDS = [
    ["--bundle", "/b", "--pid-file=p", "c1"], ["-d", "-b", "/b", "c1"], ["--user", "1:2", "-e", "A=B", "c1", "sh", "-c", "x"],
    ["--force", "c1"], ["--format", "json", "-q"], ["--memory", "1g", "--cpus=1.5", "c1"], ["--", "c1", "-x"],
    ["--root", "/r", "--log-format", "json", "--systemd-cgroup", "state", "c1"], ["--interval", "5s", "c1"],
    ["--preserve-fds", "3", "c1"], ["--help"], ["--terminal=false", "c1"], ["-tu", "1000", "c1", "sh"],
]
IDS = ["uids=0-1000-1#1-2000-9;gids=@0-0-1", "uids=0-0-4294967295;gids=0-0-1", "gids=@0-5-5#9-9-9;uids=@10-10-10"]
# The numbers of files are those of fuzz_stats.c.
STATS = [
    {0: "anon 4096\nfile 8192\nkernel 1\npgfault 12\n",
     1: "usage_usec 100\nuser_usec 60\nsystem_usec 40\nnr_periods 1\nnr_throttled 2\nthrottled_usec 3\n",
     2: "8:0 rbytes=4096 wbytes=0 rios=1 wios=0 dbytes=0 dios=0\n253:1 rbytes=1 wbytes=2 rios=3 wios=4\n",
     3: "low 0\nhigh 1\nmax 2\noom 3\noom_kill 4\n"},
    {4: "some avg10=0.25 avg60=1.00 avg300=0.00 total=12345\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0\n",
     5: "some avg10=0.00 avg60=0.00 avg300=0.00 total=0\n", 7: "max\n", 8: "12\n", 9: "max\n", 10: "4096\n", 14: "1\n2\n",
     15: "2097152\n", 16: "max\n", 17: "max 0\n"},
    {18: "123456789\n", 19: "1 2 3 4 \n", 20: "cpu user system\n0 1 2\n1 3 4\n", 21: "user 10\nsystem 20\n", 22: "0-3,5\n",
     23: "0\n", 24: "-1\n", 25: "4096\n", 26: "9223372036854771712\n", 28: "oom_kill_disable 0\nunder_oom 0\noom_kill 1\n"},
    {29: "4096\n", 30: "8:0 Read 4096\n8:0 Write 0\n8:0 Total 4096\nTotal 4096\n", 31: "8:0 Read 1\nTotal 1\n",
     33: "253:0 Read 10\nTotal 10\n"},
]


def documents():
    """All configurations that the other tests have."""
    for path in sorted(glob.glob(os.path.join(TESTS, "plan/*.json")) + glob.glob(os.path.join(TESTS, "cgroup/*.json"))
                       + glob.glob(os.path.join(TESTS, "spec/good/*.json"))):
        with open(path, encoding="utf-8", errors="surrogateescape") as file:
            text = file.read()
        try:
            parsed = json.loads(text)
        except ValueError:
            parsed = {}
        yield text, parsed if isinstance(parsed, dict) else {}


def strings(*words):
    return b"".join(word.encode(errors="surrogateescape") + b"\0" for word in words)


def of_document(text, document):
    """(name of the fuzzer, input) of what is in a configuration."""
    raw = text.encode(errors="surrogateescape")
    linux = document.get("linux") or {}
    annotations = document.get("annotations") or {}
    for number in range(4):
        yield "config", bytes([number]) + raw
        yield "plan", bytes([number | number << 4]) + raw
        if document.get("process"):
            yield "exec", bytes([number]) + json.dumps(document["process"]).encode()
        if linux.get("resources"):
            yield "update", bytes([number, number]) + json.dumps(linux["resources"]).encode()
        if linux.get("cgroupsPath"):
            subgroup = str(annotations.get("run.oci.systemd.subgroup", "sub"))
            for name, value in list(annotations.items())[:8] or [("org.systemd.property.A", "true")]:
                yield "cgroup", bytes([number | 16]) + strings(linux["cgroupsPath"], name.split(".")[-1], str(value),
                                                               subgroup)
    for mount in document.get("mounts") or []:
        yield "mount", b"\1" + strings(*(str(mount.get(key, "")) for key in ("destination", "type", "source")),
                                       *(mount.get("options") or []))
    if linux.get("seccomp"):
        yield "seccomp", json.dumps(linux["seccomp"]).encode()


def others():
    yield "state", json.dumps(STATE).encode()
    yield "state", json.dumps({**STATE, "creating": False, "netDevices": [{"hostName": "eth0", "name": "eth1"}]}).encode()
    for uid in (0, 8, 1000):
        yield "passwd", uid.to_bytes(4, "little") + PASSWD.encode()
    for words in COMMANDS:
        for command in range(32):
            yield "command", bytes([command]) + strings(*words)
    for text in IDS:
        yield "ids", bytes([1, 6, 0, 0, 100, 10, 1, 16]) + text.encode()
    for files in STATS:
        yield "stats", b"".join(bytes([number]) + text.encode() + b"\0" for number, text in files.items())


def main():
    seeds = list(others())
    for text, document in documents():
        seeds += of_document(text, document)
    for number, (name, seed) in enumerate(seeds):
        directory = os.path.join(sys.argv[1], name)
        os.makedirs(directory, exist_ok=True)
        with open(os.path.join(directory, f"seed-{number}"), "wb") as file:
            file.write(seed)


if __name__ == "__main__":
    main()
