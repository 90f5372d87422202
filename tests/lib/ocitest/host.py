# SPDX-License-Identifier: LGPL-2.1-or-later
"""What this machine is and has, and the few system calls that Python 3.11 doesn't offer."""

import ctypes
import functools
import os
import shutil
import unittest

libc = ctypes.CDLL(None, use_errno=True)

CLONE_NEWNS = 0x00020000
CLONE_NEWCGROUP = 0x02000000
CLONE_NEWUTS = 0x04000000
CLONE_NEWIPC = 0x08000000
CLONE_NEWUSER = 0x10000000
CLONE_NEWPID = 0x20000000
CLONE_NEWNET = 0x40000000
CLONE_NEWTIME = 0x00000080
MS_BIND = 0x1000
MS_REC = 0x4000
MS_PRIVATE = 1 << 18
MS_SHARED = 1 << 20
MNT_DETACH = 2
PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36

CAPABILITIES = [
    "CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_DAC_READ_SEARCH", "CAP_FOWNER", "CAP_FSETID", "CAP_KILL",
    "CAP_SETGID",
    "CAP_SETUID", "CAP_SETPCAP", "CAP_LINUX_IMMUTABLE", "CAP_NET_BIND_SERVICE", "CAP_NET_BROADCAST",
    "CAP_NET_ADMIN", "CAP_NET_RAW", "CAP_IPC_LOCK", "CAP_IPC_OWNER", "CAP_SYS_MODULE", "CAP_SYS_RAWIO",
    "CAP_SYS_CHROOT", "CAP_SYS_PTRACE", "CAP_SYS_PACCT", "CAP_SYS_ADMIN", "CAP_SYS_BOOT", "CAP_SYS_NICE",
    "CAP_SYS_RESOURCE", "CAP_SYS_TIME", "CAP_SYS_TTY_CONFIG", "CAP_MKNOD", "CAP_LEASE", "CAP_AUDIT_WRITE",
    "CAP_AUDIT_CONTROL", "CAP_SETFCAP", "CAP_MAC_OVERRIDE", "CAP_MAC_ADMIN", "CAP_SYSLOG", "CAP_WAKE_ALARM",
    "CAP_BLOCK_SUSPEND", "CAP_AUDIT_READ", "CAP_PERFMON", "CAP_BPF", "CAP_CHECKPOINT_RESTORE",
]


def _check(result, what):
    if result < 0:
        error = ctypes.get_errno()
        raise OSError(error, f"{what}: {os.strerror(error)}")
    return result


def unshare(flags):
    _check(libc.unshare(flags), "unshare")


def setns(fd, kind):
    _check(libc.setns(fd, kind), "setns")


def prctl(option, value=0):
    return _check(libc.prctl(option, ctypes.c_ulong(value), 0, 0, 0), "prctl")


def mount(source, target, fstype=None, flags=0, data=None):
    encode = lambda text: text.encode() if text is not None else None  # noqa: E731
    _check(libc.mount(encode(source), encode(target), encode(fstype), ctypes.c_ulong(flags), encode(data)),
           f"mount {source} on {target}")


def umount(target, flags=MNT_DETACH):
    _check(libc.umount2(target.encode(), flags), f"umount {target}")


def private_mounts():
    """Gives this process a mount namespace of its own from which nothing spreads."""
    unshare(CLONE_NEWNS)
    mount("none", "/", None, MS_REC | MS_PRIVATE)


def needs(condition, lacking):
    """Skips a test unless the condition holds; lacking says what is missing, as in "CAP_SYS_RESOURCE"."""
    return unittest.skipUnless(condition, f"needs {lacking}")


@functools.lru_cache(None)
def _kernel():
    return tuple(int(n) for n in os.uname().release.split("-")[0].split(".")[:2])


def kernel_at_least(major, minor):
    return _kernel() >= (major, minor)


@functools.lru_cache(None)
def has_filesystem(name):
    with open("/proc/filesystems", encoding="ascii") as lines:
        return any(line.split()[-1] == name for line in lines)


def has_program(name):
    return shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin") is not None


@functools.lru_cache(None)
def capability_held(name):
    with open("/proc/self/status", encoding="ascii") as lines:
        for line in lines:
            if line.startswith("CapEff:"):
                return bool(int(line.split()[1], 16) >> CAPABILITIES.index(name) & 1)
    return False


def page():
    return os.sysconf("SC_PAGE_SIZE")


@functools.lru_cache(None)
def patience():
    """How many times longer than usual tests may take here: more than 1 in an emulated machine."""
    return int(os.environ.get("OCIRT_TEST_PATIENCE") or 1)


@functools.lru_cache(None)
def test_token():
    """The name of this test program's cgroups: nothing else on the machine has it."""
    return os.environ.get("OCIRT_TEST_TOKEN") or f"ocirt-test-{os.getpid()}"
