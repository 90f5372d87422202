# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the validation suite of the OCI runtime-tools does around its programs, made of the probe.

The suite's bundle is a directory of mode 0700 that is its own root filesystem (root.path "."), with the
configuration that generate.New("linux") makes.  Its program runtimetest looks from inside whether the
container is what config.json says: inside() does that by the probe's report.
"""

import copy
import json
import os
import shutil

from ocitest import ContainerTest, Report, bundle, cgroups, host

PRIVILEGES = [
    "CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FSETID", "CAP_FOWNER", "CAP_MKNOD", "CAP_NET_RAW", "CAP_SETGID",
    "CAP_SETUID", "CAP_SETFCAP", "CAP_SETPCAP", "CAP_NET_BIND_SERVICE", "CAP_SYS_CHROOT", "CAP_KILL",
    "CAP_AUDIT_WRITE",
]
SETS = ["bounding", "effective", "inheritable", "permitted", "ambient"]
LINKS = {"fd": "/proc/self/fd", "stdin": "/proc/self/fd/0", "stdout": "/proc/self/fd/1",
         "stderr": "/proc/self/fd/2"}
DEVICES = {"null": (1, 3), "zero": (1, 5), "full": (1, 7), "random": (1, 8), "urandom": (1, 9), "tty": (5, 0)}
FILESYSTEMS = {"/proc": "proc", "/sys": "sysfs", "/dev/pts": "devpts", "/dev/shm": "tmpfs"}
NAMESPACES = {"pid": "pid", "network": "net", "ipc": "ipc", "uts": "uts", "mount": "mnt", "user": "user",
              "cgroup": "cgroup", "time": "time"}


def seccomp_profile():
    with open(os.path.join(bundle.TOP, "tests/bench/seccomp.json"), encoding="utf-8") as file:
        return json.load(file)


def default_spec(*words):
    """generate.New("linux") of runtime-tools, with root "." as its test bundles have it."""
    return {
        "ociVersion": "1.3.0",
        "process": {
            "user": {"uid": 0, "gid": 0},
            "args": ["/probe", *words],
            "env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "TERM=xterm"],
            "cwd": "/",
            "capabilities": {kind: list(PRIVILEGES) for kind in SETS},
            "rlimits": [{"type": "RLIMIT_NOFILE", "hard": 1024, "soft": 1024}],
        },
        "root": {"path": "."},
        "hostname": "mrsdalloway",
        "mounts": [
            {"destination": "/proc", "type": "proc", "source": "proc",
             "options": ["nosuid", "noexec", "nodev"]},
            {"destination": "/dev", "type": "tmpfs", "source": "tmpfs",
             "options": ["nosuid", "strictatime", "mode=755", "size=65536k"]},
            {"destination": "/dev/pts", "type": "devpts", "source": "devpts",
             "options": ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"]},
            {"destination": "/dev/shm", "type": "tmpfs", "source": "shm",
             "options": ["nosuid", "noexec", "nodev", "mode=1777", "size=65536k"]},
            {"destination": "/dev/mqueue", "type": "mqueue", "source": "mqueue",
             "options": ["nosuid", "noexec", "nodev"]},
            {"destination": "/sys", "type": "sysfs", "source": "sysfs",
             "options": ["nosuid", "noexec", "nodev", "ro"]},
        ],
        "linux": {
            "resources": {"devices": [{"allow": False, "access": "rwm"}]},
            "namespaces": [{"type": kind} for kind in ("pid", "network", "ipc", "uts", "mount")],
            "seccomp": seccomp_profile(),
        },
    }


class SuiteBundle(bundle.Bundle):
    """A directory of mode 0700 that is the root filesystem too."""

    def __init__(self, path, config=None):  # pylint: disable=super-init-not-called
        self.path = self.rootfs = path
        os.mkdir(path, 0o700)
        for name in bundle.DIRECTORIES:
            os.mkdir(os.path.join(path, name), 0o755)
        shutil.copy(bundle.probe_path(), os.path.join(path, "probe"))
        os.chmod(os.path.join(path, "probe"), 0o755)
        if config is not None:
            self.write(config)


class SuiteTest(ContainerTest):
    def setUp(self):
        super().setUp()
        os.chmod(self.tmp, 0o700)

    def config(self, *words):
        config = default_spec(*words)
        config["linux"]["cgroupsPath"] = bundle.cgroups_path(f"{self._testMethodName}-{self._containers}")
        return config

    def bundle(self, config=None):
        self._containers += 1
        return SuiteBundle(os.path.join(self.tmp, f"bundle{self._containers}"), config)

    # -- runtimetest --------------------------------------------------------------------------------------

    def inside(self, config, prepare=None):
        """create, start, wait, delete; then all that runtimetest looks at.  prepare(bundle) comes before
        create.
        """
        config = copy.deepcopy(config)
        extra = Extra(config)
        config["process"]["args"] = ["/probe", "report", *extra.words()]
        container = self.container(config)
        if prepare:
            prepare(container.bundle)
        self.through(container)
        lines = container.lines()
        self.assertTrue(lines, container.errors())
        report = Report(lines[0])
        for check in CHECKS:
            check(self, report, config)
        extra.check(self, lines[1:])
        return report

    def through(self, container):
        self.assertOk(container.create())
        pid = container.pid
        self.assertOk(container.start())
        container.wait_end(pid)
        self.assertOk(container.delete())
        return container

    # -- what RuntimeOutsideValidate does -----------------------------------------------------------------

    def outside(self, config, controller, expected):
        """The files of the container's cgroup hold what they should while it waits to be started."""
        container = self.container(config)
        self.assertOk(container.create())
        path = self.cgroup_of(container.pid, controller)
        for name, value in expected.items():
            with open(os.path.join(path, name), encoding="ascii") as file:
                text = file.read().strip()
            if callable(value):
                self.assertTrue(value(text), f"{name}: {text}")
            else:
                self.assertEqual(text, str(value), name)
        self.assertOk(container.kill("KILL"))
        self.wait_for(lambda: container.status == "stopped", "the end")
        self.assertOk(container.delete())
        self.assertFalse(os.path.exists(path), path)

    def cgroup_of(self, pid, controller):
        """The directory of a process in a hierarchy, by what the kernel says of the process."""
        with open(f"/proc/{pid}/cgroup", encoding="ascii") as file:
            for line in file:
                _, names, path = line.strip().split(":", 2)
                if controller in names.split(","):
                    return cgroups.hierarchies()[controller] + path
        raise AssertionError(f"process {pid} is in no cgroup of {controller}")


class Extra:
    """What the report does not hold: the probe is asked for it by further actions."""

    def __init__(self, config):
        self.linux = config["linux"]

    def words(self):
        words = []
        for path in self.linux.get("maskedPaths", []):
            words += ["--", "list", path, "--", "read", path]
        for path in self.linux.get("readonlyPaths", []):
            words += ["--", "write", path + "/x", "--", "write", path]
        for name in self.linux.get("sysctl", {}):
            words += ["--", "read", "/proc/sys/" + name.replace(".", "/")]
        for path in FILESYSTEMS:
            words += ["--", "statfs", path]
        return words

    def check(self, test, lines):
        lines = iter(lines)
        for path in self.linux.get("maskedPaths", []):
            listed, text = next(lines), next(lines)
            seen = listed["names"] or text.get("text")
            test.assertFalse(seen, f"{path} is not masked")
        for path in self.linux.get("readonlyPaths", []):
            below, itself = next(lines), next(lines)
            test.assertTrue(below["errno"] and itself["errno"], f"{path} is writable")
        for name, value in self.linux.get("sysctl", {}).items():
            test.assertEqual(next(lines)["text"].strip(), value, name)
        for path in FILESYSTEMS:
            test.assertEqual(next(lines)["errno"], 0, path)


# -- the single looks ----------------------------------------------------------------------------------------

def check_root(test, report, config):
    test.assertEqual(bool(report["root"]["flags"] & os.ST_RDONLY), config["root"].get("readonly", False))


def check_hostname(test, report, config):
    if config.get("hostname"):
        test.assertEqual(report["hostname"], config["hostname"])


def check_process(test, report, config):
    process = config["process"]
    test.assertEqual(report["cwd"], process["cwd"])
    test.assertEqual(report["argv"], process["args"][1:])     # the action and its words
    for word in process["env"]:
        test.assertIn(word, report["env"])


def check_mounts(test, report, config):
    """They are there in the order of the list.

    Linux 6.8 and later list mounts by their age, and ocirt takes its copies of bind sources before it makes
    the container's mount namespace: of binds the order can't be seen there.
    """
    if not any(n["type"] == "mount" and "path" not in n for n in config["linux"]["namespaces"]):
        return
    at = 0
    mounts = report.mounts
    for wanted in config["mounts"]:
        bind = {"bind", "rbind"} & set(wanted.get("options", []))
        found = [i for i in range(0 if bind else at, len(mounts)) if mounts[i].point == wanted["destination"]]
        test.assertTrue(found, f"{wanted['destination']} is not mounted after what precedes it")
        if not bind:
            at = found[0] + 1
            test.assertEqual((mounts[found[0]].fstype, mounts[found[0]].source),
                             (wanted["type"], wanted["source"]))


def check_user(test, report, config):
    user = config["process"]["user"]
    test.assertEqual(report["uid"], [user["uid"]] * 4)
    test.assertEqual(report["gid"], [user["gid"]] * 4)
    test.assertEqual(sorted(report["groups"]), sorted(user.get("additionalGids", [])))
    test.assertEqual(report["umask"], user.get("umask", 0o022))


def check_rlimits(test, report, config):
    for limit in config["process"].get("rlimits", []):
        test.assertEqual(report["rlimits"][limit["type"]], [limit["soft"], limit["hard"]], limit["type"])


def check_capabilities(test, report, config):
    for kind, wanted in config["process"].get("capabilities", {}).items():
        test.assertEqual(report.capabilities(kind), set(wanted), kind)


def check_links(test, report, _config):
    for name, target in LINKS.items():
        test.assertEqual(report["dev"][name]["target"], target)
    test.assertEqual(report["dev"]["ptmx"].get("target"), "pts/ptmx")


def check_filesystems(test, report, _config):
    for point, kind in FILESYSTEMS.items():
        test.assertEqual(report.mount(point).fstype, kind, point)


def check_devices(test, report, config):
    for name, numbers in DEVICES.items():
        node = report["dev"][name]
        test.assertEqual((node["type"], node["major"], node["minor"]), ("c", *numbers), name)
    for wanted in config["linux"].get("devices", []):
        node = report["dev"][wanted["path"].removeprefix("/dev/")]
        test.assertEqual(node["type"], wanted["type"].replace("u", "c"))
        test.assertEqual(node["mode"], wanted.get("fileMode", 0o666))
        test.assertEqual((node["uid"], node["gid"]), (wanted.get("uid", 0), wanted.get("gid", 0)))
        if wanted["type"] != "p":
            test.assertEqual((node["major"], node["minor"]), (wanted["major"], wanted["minor"]))


def check_flags(test, report, config):
    test.assertEqual(bool(report["no_new_privs"]), config["process"].get("noNewPrivileges", False))
    if "oomScoreAdj" in config["process"]:
        test.assertEqual(int(report.proc("oom_score_adj")), config["process"]["oomScoreAdj"])
    test.assertEqual(report["seccomp"], 2 if "seccomp" in config["linux"] else 0)


def check_maps(test, report, config):
    for kind in ("uid", "gid"):
        wanted = config["linux"].get(f"{kind}Mappings")
        if wanted:
            test.assertEqual(report.id_map(kind), [(m["containerID"], m["hostID"], m["size"])
                                                   for m in wanted])


def check_propagation(test, report, config):
    words = {word.split(":")[0] for word in report.mount("/").optional}
    wanted = {"shared": {"shared"}, "private": set(), "unbindable": {"unbindable"}}
    word = config["linux"].get("rootfsPropagation")
    if word in wanted:
        test.assertEqual(words, wanted[word])


CHECKS = [value for name, value in sorted(globals().items()) if name.startswith("check_")]


def own_namespace(kind):
    return os.readlink(f"/proc/self/ns/{NAMESPACES[kind]}")


def all_capabilities():
    """The capabilities that this process may hand on."""
    return [name for name in host.CAPABILITIES if host.capability_held(name)]
