# SPDX-License-Identifier: LGPL-2.1-or-later
"""config.json that must be refused: exit status 1, one line that names the property, and nothing left behind.

FULL has every property of the specification for Linux.  From it come, without being listed: each leaf with a
value of the wrong kind.  The tables below add words that don't exist, missing properties, values out of range
and properties that contradict each other.
"""

import copy
import json
import os
import re

from ocitest import ContainerTest, default_config, drop_namespace, main

IDS = [{"containerID": 0, "hostID": 100000, "size": 65536}]
HOOK = {"path": "/bin/true", "args": ["true"], "env": ["A=b"], "timeout": 5}
THROTTLE = [{"major": 8, "minor": 0, "rate": 1000}]

FULL = {
    "ociVersion": "1.2.0",
    "hostname": "h",
    "domainname": "d",
    "annotations": {"org.example.key": "value"},
    "root": {"path": "rootfs", "readonly": True},
    "mounts": [{"destination": "/mnt", "type": "none", "source": "/tmp", "options": ["bind", "idmap"],
                "uidMappings": IDS, "gidMappings": IDS}],
    "hooks": {kind: [HOOK] for kind in ("prestart", "createRuntime", "createContainer", "startContainer",
                                        "poststart",
                                        "poststop")},
    "process": {
        "terminal": False, "consoleSize": {"height": 24, "width": 80},
        "user": {"uid": 0, "gid": 0, "umask": 18, "additionalGids": [5]},
        "args": ["/probe"], "env": ["A=b"], "cwd": "/",
        "capabilities": {k: ["CAP_KILL"] for k in ("bounding", "effective", "permitted", "inheritable",
                                                   "ambient")},
        "rlimits": [{"type": "RLIMIT_NOFILE", "soft": 10, "hard": 10}],
        "noNewPrivileges": True, "apparmorProfile": "p", "selinuxLabel": "l", "oomScoreAdj": 5,
        "scheduler": {"policy": "SCHED_DEADLINE", "nice": 1, "priority": 1, "flags": ["SCHED_FLAG_RECLAIM"],
                      "runtime": 1000000,
                      "deadline": 2000000, "period": 3000000},
        "ioPriority": {"class": "IOPRIO_CLASS_BE", "priority": 4},
        "execCPUAffinity": {"initial": "0", "final": "0"},
    },
    "linux": {
        "namespaces": [{"type": "mount", "path": "/proc/self/ns/mnt"}],
        "uidMappings": IDS, "gidMappings": IDS,
        "timeOffsets": {"monotonic": {"secs": 1, "nanosecs": 2}},
        "devices": [{"path": "/dev/x", "type": "c", "major": 1, "minor": 3, "fileMode": 438, "uid": 0,
                     "gid": 0}],
        "netDevices": {"eth0": {"name": "eth1"}},
        "cgroupsPath": "/x",
        "resources": {
            "devices": [{"allow": True, "type": "c", "major": 1, "minor": 3, "access": "rwm"}],
            "memory": {"limit": 1, "reservation": 1, "swap": 1, "kernel": 1, "kernelTCP": 1, "swappiness": 1,
                       "disableOOMKiller": True, "useHierarchy": True, "checkBeforeUpdate": True},
            "cpu": {"shares": 1024, "quota": 100000, "period": 100000, "burst": 1, "realtimeRuntime": 1,
                    "realtimePeriod": 2,
                    "cpus": "0", "mems": "0", "idle": 0},
            "pids": {"limit": 5},
            "blockIO": {"weight": 100, "leafWeight": 100,
                        "weightDevice": [{"major": 8, "minor": 0, "weight": 100, "leafWeight": 100}],
                        "throttleReadBpsDevice": THROTTLE, "throttleWriteBpsDevice": THROTTLE,
                        "throttleReadIOPSDevice": THROTTLE, "throttleWriteIOPSDevice": THROTTLE},
            "hugepageLimits": [{"pageSize": "2MB", "limit": 1}],
            "network": {"classID": 1, "priorities": [{"name": "eth0", "priority": 1}]},
            "rdma": {"mlx5_1": {"hcaHandles": 1, "hcaObjects": 1}},
            "unified": {"memory.max": "1"},
        },
        "rootfsPropagation": "private", "mountLabel": "l",
        "maskedPaths": ["/proc/kcore"], "readonlyPaths": ["/proc/sys"],
        "sysctl": {"net.ipv4.ip_forward": "1"},
        "intelRdt": {"closID": "x", "l3CacheSchema": "L3:0=f", "memBwSchema": "MB:0=10",
                     "schemata": ["L3:0=f"],
                     "enableMonitoring": True},
        "memoryPolicy": {"mode": "MPOL_BIND", "nodes": "0", "flags": ["MPOL_F_STATIC_NODES"]},
        "personality": {"domain": "LINUX", "flags": ["x"]},
        "seccomp": {"defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 1,
                    "architectures": ["SCMP_ARCH_X86_64"],
                    "flags": ["SECCOMP_FILTER_FLAG_LOG"], "listenerPath": "/x", "listenerMetadata": "m",
                    "syscalls": [{"names": ["getppid"], "action": "SCMP_ACT_ERRNO", "errnoRet": 1,
                                  "args": [{"index": 0, "value": 1, "valueTwo": 2, "op": "SCMP_CMP_EQ"}]}]},
    },
}

FULL = json.loads(json.dumps(FULL))     # so that no list is the same as another

# Words that are none of the property's.
WORDS = ["ociVersion", "process.scheduler.policy", "process.scheduler.flags[0]", "process.ioPriority.class",
         "process.rlimits[0].type", "linux.namespaces[0].type", "linux.devices[0].type",
         "linux.resources.devices[0].type",
         "linux.resources.devices[0].access", "linux.rootfsPropagation", "linux.memoryPolicy.mode",
         "linux.memoryPolicy.flags[0]", "linux.personality.domain", "linux.seccomp.defaultAction",
         "linux.seccomp.architectures[0]", "linux.seccomp.flags[0]", "linux.seccomp.syscalls[0].action",
         "linux.seccomp.syscalls[0].args[0].op"]

# What is required where its object is there.
REQUIRED = ["ociVersion", "root.path", "mounts[0].destination", "process.cwd", "process.args",
            "process.consoleSize.height", "process.consoleSize.width", "process.rlimits[0].type",
            "process.rlimits[0].soft", "process.rlimits[0].hard", "process.scheduler.policy",
            "process.ioPriority.class",
            "hooks.createRuntime[0].path", "linux.namespaces[0].type",
            "linux.uidMappings[0].containerID", "linux.uidMappings[0].hostID", "linux.uidMappings[0].size",
            "linux.gidMappings[0].containerID", "linux.gidMappings[0].hostID", "linux.gidMappings[0].size",
            "linux.devices[0].path", "linux.devices[0].type", "linux.resources.devices[0].allow",
            "linux.resources.hugepageLimits[0].pageSize", "linux.resources.hugepageLimits[0].limit",
            "linux.resources.network.priorities[0].name", "linux.resources.network.priorities[0].priority",
            "linux.resources.blockIO.weightDevice[0].major", "linux.resources.blockIO.weightDevice[0].minor",
            "linux.resources.blockIO.throttleReadBpsDevice[0].rate",
            "linux.resources.blockIO.throttleReadBpsDevice[0].major",
            "linux.memoryPolicy.mode", "linux.personality.domain", "linux.seccomp.defaultAction",
            "linux.seccomp.syscalls[0].names", "linux.seccomp.syscalls[0].action",
            "linux.seccomp.syscalls[0].args[0].index", "linux.seccomp.syscalls[0].args[0].value",
            "linux.seccomp.syscalls[0].args[0].op"]

U32, U64 = 2**32, 2**64
# Numbers that the property can't have.
RANGES = [
    ("process.user.uid", U32), ("process.user.uid", -1), ("process.user.gid", U32), ("process.user.gid", -1),
    ("process.user.uid", 1.5), ("process.user.umask", -1), ("process.user.umask", U32),
    ("process.user.umask", 0o1000),
    ("process.user.additionalGids[0]", -1), ("process.user.additionalGids[0]", U32),
    ("process.rlimits[0].soft", -1),
    ("process.rlimits[0].soft", U64), ("process.rlimits[0].hard", U64), ("process.oomScoreAdj", 1001),
    ("process.oomScoreAdj", -1001), ("process.oomScoreAdj", 2**31), ("process.ioPriority.priority", 8),
    ("process.ioPriority.priority", -1), ("process.scheduler.nice", 20), ("process.scheduler.nice", -21),
    ("process.scheduler.runtime", -1), ("process.consoleSize.height", -1), ("process.consoleSize.width", U64),
    ("hooks.createRuntime[0].timeout", 0), ("hooks.createRuntime[0].timeout", -1),
    ("linux.uidMappings[0].hostID", -1), ("linux.uidMappings[0].size", U32),
    ("linux.uidMappings[0].containerID", U32),
    ("linux.timeOffsets.monotonic.nanosecs", -1), ("linux.timeOffsets.monotonic.nanosecs", 1000000000),
    ("linux.timeOffsets.monotonic.secs", 2**63), ("linux.devices[0].fileMode", -1),
    ("linux.devices[0].uid", -1),
    ("linux.devices[0].gid", U32), ("linux.devices[0].major", -1), ("linux.devices[0].major", 2**63),
    ("linux.resources.memory.swappiness", 101), ("linux.resources.memory.swappiness", -1),
    ("linux.resources.memory.limit", 2**63), ("linux.resources.cpu.shares", -1),
    ("linux.resources.cpu.period", -1),
    ("linux.resources.cpu.idle", 2), ("linux.resources.pids.limit", 2**63),
    ("linux.resources.blockIO.weight", 65536), ("linux.resources.blockIO.weight", -1),
    ("linux.resources.blockIO.throttleReadBpsDevice[0].rate", -1),
    ("linux.resources.hugepageLimits[0].limit", -1),
    ("linux.resources.network.classID", U32), ("linux.resources.network.priorities[0].priority", U32),
    ("linux.seccomp.syscalls[0].args[0].index", 6), ("linux.seccomp.syscalls[0].args[0].value", U64),
    ("linux.seccomp.syscalls[0].errnoRet", 4096), ("linux.seccomp.defaultErrnoRet", 4096),
    ("linux.seccomp.syscalls[0].errnoRet", -1),
]

# Texts that the property can't have.
TEXTS = [
    ("ociVersion", ""), ("ociVersion", "1"), ("ociVersion", "1.0"), ("ociVersion", "2.0.0"),
    ("ociVersion", "1.x.0"),
    ("ociVersion", "1.99.0"), ("ociVersion", " 1.0.2"), ("ociVersion", "v1.0.2"),
    ("process.cwd", "relative"), ("process.cwd", ""), ("process.cwd", "/a\0b"),
    ("process.args[0]", "/pro\0be"),
    ("process.env[0]", "A=\0"), ("process.env[0]", "NOEQUALS"), ("process.env[0]", "=value"),
    ("root.path", ""), ("root.path", "a\0b"), ("mounts[0].destination", ""),
    ("mounts[0].destination", "/a\0b"),
    ("hostname", "a\0b"), ("hostname", "x" * 65), ("domainname", "x" * 65),
    ("hooks.createRuntime[0].path", "relative"), ("hooks.createRuntime[0].path", ""),
    ("hooks.poststop[0].path", "bin/x"),
    ("linux.namespaces[0].path", "relative"), ("linux.devices[0].path", "relative"),
    ("linux.devices[0].path", ""),
    ("linux.maskedPaths[0]", "relative"), ("linux.maskedPaths[0]", ""),
    ("linux.readonlyPaths[0]", "relative"),
    ("linux.readonlyPaths[0]", ""), ("linux.resources.hugepageLimits[0].pageSize", "3MB"),
    ("linux.resources.hugepageLimits[0].pageSize", "2M"), ("linux.resources.hugepageLimits[0].pageSize", ""),
    ("linux.resources.hugepageLimits[0].pageSize", "../x"), ("linux.resources.cpu.cpus", "0-"),
    ("linux.resources.cpu.cpus", "a"), ("linux.resources.cpu.mems", "0,,1"),
    ("linux.resources.cpu.cpus", "2-1"),
    ("linux.memoryPolicy.nodes", "a"), ("linux.memoryPolicy.nodes", "1-0"),
    ("process.execCPUAffinity.initial", "a"),
    ("process.execCPUAffinity.final", "0-"), ("linux.netDevices.eth0.name", "x" * 16),
    ("linux.netDevices.eth0.name", "a/b"),
    ("linux.intelRdt.closID", "../x"), ("linux.intelRdt.closID", "a/b"),
    ("linux.intelRdt.memBwSchema", "L3:0=f"), ("linux.intelRdt.schemata[0]", "a\nb"),
    ("linux.personality.flags[0]", "ADDR_NO_RANDOMIZE"),
]

# JSON that is wrong as a whole: (name, text, words of the error).
FORMS = [
    ("empty", "", ["config.json"]),
    ("not_json", "hello", ["config.json"]),
    ("cut_off", '{"ociVersion": "1.0.2"', ["config.json"]),
    ("trailing_text", '{"ociVersion": "1.0.2"} x', ["config.json"]),
    ("trailing_comma", '{"ociVersion": "1.0.2",}', ["config.json"]),
    ("array", "[]", ["config.json"]),
    ("null", "null", ["config.json"]),
    ("string", '"x"', ["config.json"]),
    ("comment", '{ // no\n"ociVersion": "1.0.2"}', ["config.json"]),
    ("duplicate_key", '{"ociVersion": "1.0.2", "ociVersion": "1.0.2"}', ["ociVersion", "twice"]),
    ("bad_escape", '{"ociVersion": "\\x"}', ["config.json"]),
    ("lone_surrogate", '{"ociVersion": "\\ud800"}', ["config.json"]),
    ("deep", "[" * 100000, ["config.json"]),
    ("deep_unknown", '{"x":' + "[" * 5000 + "]" * 5000 + "}", ["config.json"]),
    ("bad_utf8", b'{"ociVersion": "\xff"}', ["config.json"]),
    ("nan", '{"ociVersion": NaN}', ["config.json"]),
    ("huge_number", '{"ociVersion": "1.0.2", "process": {"user": {"uid": 1e400}}}', ["uid"]),
    ("leading_zero", '{"ociVersion": "1.0.2", "process": {"user": {"uid": 01}}}', ["config.json"]),
]


def keys_of(path):
    """"a.b[0].c" as ["a", "b", 0, "c"]."""
    return [int(n) if n else word for word, n in re.findall(r"([A-Za-z0-9_]+)|\[(\d+)\]", path)]


def parent_of(config, path):
    keys = keys_of(path)
    for key in keys[:-1]:
        config = config[key]
    return config, keys[-1]


def name_of(path):
    """The word that the error must have: the last one that is a name."""
    return [k for k in keys_of(path) if isinstance(k, str)][-1]


def leaves(value, path=""):
    """(path, value) of everything in a configuration, the objects and lists too."""
    if isinstance(value, dict):
        for key, member in value.items():
            here = f"{path}.{key}" if path else key
            yield here, member
            if key not in ("annotations", "sysctl", "unified"):
                yield from leaves(member, here)
    elif isinstance(value, list):
        for i, member in enumerate(value):
            yield f"{path}[{i}]", member
            yield from leaves(member, f"{path}[{i}]")


def of_another_kind(value):
    if isinstance(value, bool):
        return "true"
    if isinstance(value, int):
        return "7"
    if isinstance(value, str):
        return 7
    if isinstance(value, list):
        return "word"
    return ["word"]


class BadTest(ContainerTest):
    def check(self, config, *words):
        container = self.container(made=self.bundle(config))
        self.assertRefused(container.create(), *words)
        self.assertFalse(os.path.exists(os.path.join(self.runtime.root, container.id)))


class Kinds(BadTest):
    """Every property with a value of the wrong kind."""


class Words(BadTest):
    pass


class Missing(BadTest):
    pass


class Ranges(BadTest):
    pass


class Texts(BadTest):
    pass


class Forms(BadTest):
    """The reader's part, and what is wrong with the file."""

    def test_directory_as_config(self):
        container = self.container()
        path = os.path.join(container.bundle.path, "config.json")
        os.unlink(path)
        os.mkdir(path)
        self.assertRefused(container.create(), "config.json")

    def test_fifo_as_config(self):
        container = self.container()
        path = os.path.join(container.bundle.path, "config.json")
        os.unlink(path)
        os.mkfifo(path)
        self.assertRefused(container.create(timeout=20), "config.json")

    def test_enormous(self):
        container = self.container()
        with open(os.path.join(container.bundle.path, "config.json"), "wb") as file:
            file.truncate(1 << 32)
        self.assertRefused(container.create(), "config.json")

    def test_line_is_told(self):
        text = json.dumps(default_config(), indent=1).replace('"cwd": "/"', '"cwd": 7')
        line = text[:text.index('"cwd"')].count("\n") + 1
        self.check(text, f"config.json:{line}:")


def add(cls, name, method):
    name = "test_" + re.sub(r"\W+", "_", name).strip("_")
    while hasattr(cls, name):
        name += "_"
    setattr(cls, name, method)


def altered(path, value):
    config = copy.deepcopy(FULL)
    parent, key = parent_of(config, path)
    parent[key] = value
    return config


def alone(path, value):
    """The default configuration with the property's object of FULL, which has no fault but this one."""
    config = default_config()
    source = copy.deepcopy(FULL)
    source["process"]["scheduler"].update(priority=0, nice=0)
    for of, name in (("memory", "kernel"), ("memory", "kernelTCP"), ("cpu", "realtimeRuntime"),
                     ("cpu", "realtimePeriod"),
                     ("blockIO", "leafWeight")):        # what a host with cgroup2 has a word about
        if name != name_of(path):
            source["linux"]["resources"][of].pop(name, None)
    source["linux"]["resources"]["blockIO"]["weightDevice"][0].pop("leafWeight")
    if path.startswith("linux.resources.cpu."):
        source["linux"]["resources"]["cpu"] = {name_of(path): None}
    if path.startswith("linux.timeOffsets"):
        config["linux"]["namespaces"].append({"type": "time"})
    parent, key = parent_of(source, path)
    parent[key] = value
    keys = keys_of(path)
    at = config
    for i, word in enumerate(keys):
        if isinstance(at, dict) and isinstance(word, str):
            if i == len(keys) - 1 or word not in at or not isinstance(at[word], dict):
                whole = source
                for k in keys[:i + 1]:
                    whole = whole[k]
                at[word] = whole
                break
            at = at[word]
    return config


for _path, _value in list(leaves(FULL)):
    add(Kinds, _path, lambda self, p=_path, v=_value: self.check(altered(p, of_another_kind(v)), name_of(p)))
for _path in WORDS:
    add(Words, _path, lambda self, p=_path: self.check(alone(p, "NO_SUCH_WORD"), name_of(p), "NO_SUCH_WORD"))
for _path in REQUIRED:
    def _without(self, path=_path):
        config = alone(path, None)
        parent, key = parent_of(config, path)
        del parent[key]
        self.check(config, key)
    add(Missing, _path, _without)
for _path, _value in RANGES:
    add(Ranges, f"{_path}_{_value}".replace("-", "minus"), lambda self, p=_path,
        v=_value: self.check(alone(p, v), name_of(p)))
for _path, _value in TEXTS:
    add(Texts, f"{_path}_{_value[:20]!r}", lambda self, p=_path,
        v=_value: self.check(alone(p, v), name_of(p)))
for _name, _text, _words in FORMS:
    def _form(self, text=_text, words=_words):
        made = self.bundle()
        with open(os.path.join(made.path, "config.json"), "wb") as file:
            file.write(text if isinstance(text, bytes) else text.encode())
        self.assertRefused(self.container(made=made).create(), *words)
    add(Forms, _name, _form)


class Conflicts(BadTest):
    """Properties that are right by themselves and wrong together."""

    def changed(self, change):
        config = self.config()
        change(config)
        return config

    def refuse_changed(self, change, *words):
        self.check(self.changed(change), *words)

    def test_duplicate_namespace(self):
        self.refuse_changed(lambda c: c["linux"]["namespaces"].append({"type": "pid"}), "linux.namespaces",
                            "pid")

    def test_duplicate_rlimit(self):
        self.refuse_changed(lambda c: c["process"]["rlimits"].append(c["process"]["rlimits"][0]),
                            "process.rlimits")

    def test_soft_limit_above_hard(self):
        self.refuse_changed(lambda c: c["process"]["rlimits"][0].update(soft=2000), "process.rlimits")

    def test_hostname_without_uts(self):
        self.refuse_changed(lambda c: c["linux"].update(namespaces=[{"type": "mount"}, {"type": "pid"}]),
                            "hostname")

    def test_maps_without_user_namespace(self):
        self.refuse_changed(lambda c: c["linux"].update(uidMappings=IDS, gidMappings=IDS), "user")

    def test_user_namespace_without_maps(self):
        self.refuse_changed(lambda c: c["linux"]["namespaces"].append({"type": "user"}), "Mappings")

    def test_user_namespace_with_one_map(self):
        def change(config):
            config["linux"]["namespaces"].append({"type": "user"})
            config["linux"]["uidMappings"] = IDS
        self.refuse_changed(change, "gidMappings")

    def test_offsets_without_time_namespace(self):
        self.refuse_changed(lambda c: c["linux"].update(timeOffsets={"boottime": {"secs": 1, "nanosecs": 0}}),
                            "timeOffsets")

    def test_masked_paths_without_mount_namespace(self):
        self.refuse_changed(lambda c: c["linux"].update(namespaces=[{"type": "uts"}]), "mount namespace")

    def test_sysctl_of_a_shared_namespace(self):
        def change(config):
            drop_namespace(config, "ipc")
            config["linux"]["sysctl"] = {"kernel.shmmax": "1"}
        self.refuse_changed(change, "sysctl", "kernel.shmmax")

    def test_swap_below_limit(self):
        self.refuse_changed(lambda c: c["linux"]["resources"].update(memory={"limit": 2000000,
                                                                             "swap": 1000000}), "swap")

    def test_burst_above_quota(self):
        self.refuse_changed(lambda c: c["linux"]["resources"].update(cpu={"quota": 10000, "burst": 20000}),
                            "burst")

    def test_priority_with_an_ordinary_policy(self):
        self.refuse_changed(lambda c: c["process"].update(scheduler={"policy": "SCHED_OTHER", "priority": 3}),
                            "priority")

    def test_nice_with_a_realtime_policy(self):
        config = self.changed(lambda c: c["process"].update(scheduler={"policy": "SCHED_FIFO", "priority": 3,
                                                                       "nice": 25}))
        self.check(config, "nice")

    def test_listener_metadata_without_path(self):
        self.refuse_changed(lambda c: c["linux"].update(seccomp={"defaultAction": "SCMP_ACT_ALLOW",
                                                                 "listenerMetadata": "x"}),
                            "listenerMetadata")

    def test_errno_with_allow(self):
        self.refuse_changed(lambda c: c["linux"].update(seccomp={"defaultAction": "SCMP_ACT_ALLOW",
                                                                 "defaultErrnoRet": 1}),
                            "defaultErrnoRet")

    def test_net_devices_without_namespace(self):
        def change(config):
            drop_namespace(config, "network")
            config["linux"]["netDevices"] = {"lo": {}}
        self.refuse_changed(change, "netDevices")

    def test_two_net_devices_with_one_name(self):
        self.refuse_changed(lambda c: c["linux"].update(netDevices={"a1": {"name": "x"},
                                                                    "b1": {"name": "x"}}), "netDevices")

    def test_idmap_without_maps(self):
        self.refuse_changed(lambda c: c["mounts"].append({"destination": "/mnt", "source": "/tmp",
                                                          "options": ["bind", "idmap"]}),
                            "mounts[6]")

    def test_one_map_of_a_mount(self):
        self.refuse_changed(lambda c: c["mounts"].append({"destination": "/mnt", "source": "/tmp",
                                                          "options": ["bind"],
                                                          "uidMappings": IDS}), "gidMappings")

    def test_mount_without_a_type(self):
        self.refuse_changed(lambda c: c["mounts"].append({"destination": "/mnt", "source": "x"}), "mounts[6]",
                            "type")

    def test_bind_without_source(self):
        self.refuse_changed(lambda c: c["mounts"].append({"destination": "/mnt", "options": ["bind"]}),
                            "mounts[6]", "source")

    def test_deadline_above_period(self):
        self.refuse_changed(lambda c: c["process"].update(scheduler={"policy": "SCHED_DEADLINE",
                                                                     "runtime": 10000000,
                                                                     "deadline": 30000000,
                                                                     "period": 20000000}), "scheduler")

    def test_default_memory_policy_with_nodes(self):
        self.refuse_changed(lambda c: c["linux"].update(memoryPolicy={"mode": "MPOL_DEFAULT", "nodes": "0"}),
                            "memoryPolicy")

    def test_rdma_without_a_limit(self):
        self.refuse_changed(lambda c: c["linux"]["resources"].update(rdma={"mlx": {}}), "rdma")

    def test_weight_device_without_a_weight(self):
        block_io = {"weightDevice": [{"major": 8, "minor": 0}]}
        self.refuse_changed(lambda c: c["linux"]["resources"].update(blockIO=block_io), "weightDevice")

    def test_unknown_clock(self):
        def change(config):
            config["linux"]["namespaces"].append({"type": "time"})
            config["linux"]["timeOffsets"] = {"realtime": {"secs": 1, "nanosecs": 0}}
        self.refuse_changed(change, "realtime")

    def test_empty_annotation_key(self):
        self.refuse_changed(lambda c: c.update(annotations={"": "x"}), "annotations")


if __name__ == "__main__":
    main()
