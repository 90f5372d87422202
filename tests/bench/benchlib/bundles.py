# SPDX-License-Identifier: LGPL-2.1-or-later
"""The bundles: the default configuration, as `spec` of today's runtimes writes it, over a static busybox."""

import copy
import json
import os
import shutil
import subprocess

CAPABILITIES = ["CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE"]

# ociVersion is one that old peers take.
DEFAULT = {
    "ociVersion": "1.0.2",
    "process": {
        "terminal": False,
        "user": {"uid": 0, "gid": 0},
        "args": ["/bin/true"],
        "env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "TERM=xterm"],
        "cwd": "/",
        "capabilities": {kind: CAPABILITIES for kind in ("bounding", "effective", "permitted")},
        "rlimits": [{"type": "RLIMIT_NOFILE", "hard": 1024, "soft": 1024}],
        "noNewPrivileges": True,
    },
    "root": {"path": "rootfs", "readonly": True},
    "hostname": "bench",
    "mounts": [
        {"destination": "/proc", "type": "proc", "source": "proc"},
        {"destination": "/dev", "type": "tmpfs", "source": "tmpfs",
         "options": ["nosuid", "strictatime", "mode=755", "size=65536k"]},
        {"destination": "/dev/pts", "type": "devpts", "source": "devpts",
         "options": ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"]},
        {"destination": "/dev/shm", "type": "tmpfs", "source": "shm",
         "options": ["nosuid", "noexec", "nodev", "mode=1777", "size=65536k"]},
        {"destination": "/dev/mqueue", "type": "mqueue", "source": "mqueue", "options": ["nosuid", "noexec", "nodev"]},
        {"destination": "/sys", "type": "sysfs", "source": "sysfs", "options": ["nosuid", "noexec", "nodev", "ro"]},
        {"destination": "/sys/fs/cgroup", "type": "cgroup", "source": "cgroup",
         "options": ["nosuid", "noexec", "nodev", "relatime", "ro"]},
    ],
    "linux": {
        "resources": {"devices": [{"allow": False, "access": "rwm"}]},
        "namespaces": [{"type": t} for t in ("pid", "network", "ipc", "uts", "mount", "cgroup")],
        "maskedPaths": ["/proc/acpi", "/proc/asound", "/proc/kcore", "/proc/keys", "/proc/latency_stats",
                        "/proc/timer_list", "/proc/timer_stats", "/proc/sched_debug", "/sys/firmware", "/proc/scsi"],
        "readonlyPaths": ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"],
    },
}


def default():
    return copy.deepcopy(DEFAULT)


def sleeping():
    """A container that runs until it is killed."""
    config = default()
    config["process"]["args"] = ["/bin/sleep", "1000000"]
    return config


def light():
    """One that costs little to start a thousand times, for what must be there in numbers."""
    config = sleeping()
    config["linux"]["namespaces"] = [{"type": "pid"}, {"type": "mount"}]
    config["mounts"] = config["mounts"][:2]       # without a /dev of its own the devices would go to the rootfs
    del config["hostname"], config["linux"]["maskedPaths"], config["linux"]["readonlyPaths"]
    return config


def with_seccomp(architectures):
    """With an allow-list of the usual system calls for the first one or three of x86's architectures."""
    config = default()
    with open(os.path.join(os.path.dirname(os.path.dirname(__file__)), "seccomp.json"), encoding="ascii") as file:
        profile = json.load(file)
    profile["architectures"] = profile["architectures"][:architectures]
    config["linux"]["seccomp"] = profile
    return config


def with_memory(limit):
    config = default()
    config["linux"]["resources"]["memory"] = {"limit": limit}
    return config


def static_busybox():
    path = shutil.which("busybox", path=os.environ.get("PATH", "") + ":/bin:/usr/bin")
    if not path:
        raise SystemExit("bench: there is no busybox (Debian: busybox-static)")
    if b"ld-linux" in subprocess.run(["head", "-c", "4096", path], capture_output=True, check=True).stdout:
        raise SystemExit(f"bench: {path} is not linked statically (Debian: busybox-static)")
    return path


class Bundle:
    """A bundle below directory; all share one root filesystem."""

    def __init__(self, directory, name, config):
        self.path = os.path.join(directory, name)
        self.rootfs = os.path.join(directory, "rootfs")
        os.makedirs(self.path, exist_ok=True)
        if not os.path.isdir(self.rootfs):
            self._make_rootfs()
        self.write(config)

    def _make_rootfs(self):
        for name in ("bin", "dev", "etc", "proc", "sys", "tmp"):
            os.makedirs(os.path.join(self.rootfs, name))
        shutil.copy(static_busybox(), os.path.join(self.rootfs, "bin/busybox"))
        for name in ("true", "sleep", "sh"):
            os.symlink("busybox", os.path.join(self.rootfs, "bin", name))

    def write(self, config):
        config["root"]["path"] = self.rootfs
        with open(os.path.join(self.path, "config.json"), "w", encoding="utf-8") as file:
            json.dump(config, file, indent=1)
