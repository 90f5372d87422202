# SPDX-License-Identifier: LGPL-2.1-or-later
"""A bundle: a directory with config.json and a root filesystem in which there is just the probe."""

import copy
import json
import os
import shutil
import subprocess
import tempfile

from . import host

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))

DIRECTORIES = ["dev", "proc", "sys", "tmp", "etc", "run", "var", "bin", "mnt", "root"]

_DEFAULT = {
    "ociVersion": "1.0.2",
    "process": {
        "terminal": False,
        "user": {"uid": 0, "gid": 0},
        "args": ["/probe"],
        "env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "TERM=xterm"],
        "cwd": "/",
        "capabilities": {
            kind: ["CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE"]
            for kind in ("bounding", "effective", "permitted")
        },
        "rlimits": [{"type": "RLIMIT_NOFILE", "hard": 1024, "soft": 1024}],
        "noNewPrivileges": True,
    },
    "root": {"path": "rootfs", "readonly": False},
    "hostname": "ocirt-test",
    "mounts": [
        {"destination": "/proc", "type": "proc", "source": "proc"},
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
        "namespaces": [{"type": t} for t in ("pid", "network", "ipc", "uts", "mount", "cgroup")],
        "maskedPaths": ["/proc/acpi", "/proc/kcore", "/proc/keys", "/proc/latency_stats", "/proc/timer_list",
                        "/proc/timer_stats", "/proc/sched_debug", "/sys/firmware", "/proc/scsi"],
        "readonlyPaths": ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"],
    },
}


def default_config(*args):
    """What `spec` writes, more or less, with the given words for the probe."""
    config = copy.deepcopy(_DEFAULT)
    if args:
        config["process"]["args"] = ["/probe", *args]
    return config


def namespace_of(config, kind):
    for namespace in config["linux"]["namespaces"]:
        if namespace["type"] == kind:
            return namespace
    return None


def set_namespace(config, kind, path=None):
    """Adds a namespace, or changes the one that is there."""
    drop_namespace(config, kind)
    config["linux"]["namespaces"].append({"type": kind, "path": path} if path else {"type": kind})


def drop_namespace(config, kind):
    config["linux"]["namespaces"] = [n for n in config["linux"]["namespaces"] if n["type"] != kind]


def add_mount(config, destination, fstype=None, source=None, options=None, **more):
    mount = {"destination": destination, **more}
    if fstype is not None:
        mount["type"] = fstype
    if source is not None:
        mount["source"] = source
    if options is not None:
        mount["options"] = list(options)
    config["mounts"].append(mount)
    return mount


def build_directory():
    return os.environ.get("BUILD") or os.environ.get("OCIRT_BUILD") or TOP


def probe_path():
    """The probe's program: of the build tree, or compiled here and now."""
    for path in (os.environ.get("OCIRT_PROBE"), os.path.join(build_directory(), "tests/probe/probe")):
        if path and os.access(path, os.X_OK):
            return path
    return compile_probe(tempfile.mkdtemp(prefix="ocirt-probe-"))


def compile_probe(directory):
    sources = os.path.join(TOP, "tests/probe")
    program = os.path.join(directory, "probe")
    subprocess.run([os.environ.get("CC", "cc"), "-std=c17", "-D_GNU_SOURCE", "-O1", "-static", "-o", program,
                    *sorted(os.path.join(sources, f) for f in os.listdir(sources) if f.endswith(".c"))],
                   check=True)
    os.environ["OCIRT_PROBE"] = program
    return program


class Bundle:
    """path: the bundle's directory; rootfs: that of its root filesystem."""

    def __init__(self, path, config=None):
        self.path = path
        self.rootfs = os.path.join(path, "rootfs")
        os.makedirs(self.rootfs, mode=0o755)
        for name in DIRECTORIES:
            os.mkdir(os.path.join(self.rootfs, name), 0o755)
        os.chmod(os.path.join(self.rootfs, "tmp"), 0o1777)
        shutil.copy(probe_path(), os.path.join(self.rootfs, "probe"))
        os.chmod(os.path.join(self.rootfs, "probe"), 0o755)
        if config is not None:
            self.write(config)

    def write(self, config):
        """Writes config.json; a str is written as it is."""
        with open(os.path.join(self.path, "config.json"), "w", encoding="utf-8") as file:
            if isinstance(config, str):
                file.write(config)
            else:
                json.dump(config, file, indent=1)

    def file(self, name):
        """The path of a file of the root filesystem as the host sees it."""
        return os.path.join(self.rootfs, name.lstrip("/"))

    def put(self, name, text="", mode=0o644):
        path = self.file(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(path, mode)
        return path

    def get(self, name):
        with open(self.file(name), encoding="utf-8") as file:
            return file.read()

    def has(self, name):
        return os.path.lexists(self.file(name))

    def chown(self, uid, gid):
        """Gives the whole root filesystem away, as a container with a user namespace needs it."""
        for directory, _, files in os.walk(self.rootfs):
            os.lchown(directory, uid, gid)
            for name in files:
                os.lchown(os.path.join(directory, name), uid, gid)


def cgroups_path(name):
    if os.environ.get("OCIRT_TEST_MANAGER") == "systemd":
        return f"system.slice:{host.test_token()}:{name.replace('/', '-')}"
    return f"/{host.test_token()}/{name}"
