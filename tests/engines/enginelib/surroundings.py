# SPDX-License-Identifier: LGPL-2.1-or-later
"""A /run, /dev/shm and network of the test's own: nothing of the machine's engines is seen or touched."""

import os
import shutil
import subprocess
import unittest

from ocitest import bundle, host

RUNTIME = os.path.abspath(os.environ.get("OCIRT") or "/usr/bin/ocirt")
ROOTFS = "/run/rootfs"
UNIFIED = "/sys/fs/cgroup/unified"
CONTRIB = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../../contrib")


def runtime_name():
    """What the engines are told that the runtime is called: they know some names."""
    return os.path.basename(RUNTIME)


def busybox():
    path = shutil.which("busybox")
    if not path or subprocess.run(["ldd", path], capture_output=True).returncode == 0:
        raise unittest.SkipTest("busybox-static is not installed")
    return path


def make_rootfs():
    """A root file system of one busybox and its links."""
    for name in ("bin", "etc", "proc", "sys", "dev", "tmp", "root", "var", "run"):
        os.makedirs(os.path.join(ROOTFS, name))
    os.chmod(os.path.join(ROOTFS, "tmp"), 0o1777)
    shutil.copy(busybox(), os.path.join(ROOTFS, "bin/busybox"))
    for name in subprocess.run(["busybox", "--list"], capture_output=True, text=True, check=True).stdout.split():
        if name != "busybox":
            os.symlink("busybox", os.path.join(ROOTFS, "bin", name))
    for name, text in (
        ("passwd", "root:x:0:0:root:/root:/bin/sh\nuser:x:1000:1000:user:/tmp:/bin/sh\n"),
        ("group", "root:x:0:\nuser:x:1000:\n"),
        ("hosts", ""),
        ("resolv.conf", ""),
    ):
        with open(os.path.join(ROOTFS, "etc", name), "w", encoding="ascii") as file:
            file.write(text)


def rootfs_tar():
    """The path of the image's tar archive."""
    path = "/run/rootfs.tar"
    if not os.path.exists(path):
        subprocess.run(["tar", "-C", ROOTFS, "-cf", path, "."], check=True)
    return path


def manager():
    return os.environ.get("OCIRT_TEST_MANAGER") or "cgroupfs"


def cover_run():
    """A new /run; where systemd is to make the cgroups, one in which it can be reached."""
    kept = {}
    for name in ("/run/systemd", "/run/dbus", "/run/user") if manager() == "systemd" else ():
        kept[name] = os.open(name, os.O_PATH | os.O_DIRECTORY)
    host.mount("tmpfs", "/run", "tmpfs", 0, "mode=755")
    for name, fd in kept.items():
        os.mkdir(name)
        host.mount(f"/proc/self/fd/{fd}", name, None, host.MS_BIND | host.MS_REC)
        os.close(fd)


def enter(*programs):
    """To be called by setUpModule(): skips if a program is missing, else makes the surroundings."""
    if os.geteuid() != 0:
        raise unittest.SkipTest("needs root")
    for name, package in programs:
        if not host.has_program(name):
            raise unittest.SkipTest(f"Debian's package {package} is not installed")
    busybox()
    host.private_mounts()
    host.unshare(host.CLONE_NEWNET)
    subprocess.run(["ip", "link", "set", "lo", "up"], check=False, stderr=subprocess.DEVNULL)
    cover_run()
    host.mount("tmpfs", "/dev/shm", "tmpfs", 0, "mode=1777")
    if runtime_name() == "crun" and os.path.ismount(UNIFIED):  # crun refuses controllers in both versions
        host.umount(UNIFIED)
    for name in ("/run/lock", "/run/home", "/run/tmp"):
        os.makedirs(name)
    make_rootfs()
    if manager() == "systemd":
        unittest.addModuleCleanup(stop_slice)


def environment():
    path = "/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin"
    return {"PATH": path, "HOME": "/run/home", "LC_ALL": "C.UTF-8", "TMPDIR": "/run/tmp", "TERM": "dumb"}


def slice_of_test():
    return host.test_token().replace("-", "") + ".slice"


def cgroup_parent():
    """The parent of all cgroups that an engine makes for a test; with systemd, a slice."""
    return slice_of_test() if manager() == "systemd" else bundle.cgroups_path("engine")


def stop_slice():
    """systemd keeps a slice when it is empty."""
    subprocess.run(["systemctl", "stop", slice_of_test()], check=False, stderr=subprocess.DEVNULL)


def cgroups_of_units():
    """The names of all cgroups in the test's slice."""
    return [name for _, names, _ in os.walk(os.path.join("/sys/fs/cgroup", slice_of_test())) for name in names]
