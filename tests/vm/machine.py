# SPDX-License-Identifier: LGPL-2.1-or-later
"""The virtual machines: User-Mode Linux, and QEMU, without KVM.

Both run the same root.  User-Mode Linux boots in some ten seconds and executes the guest's programs natively, but it
has one processor, no CRIU and no cpuset controller.  QEMU has all that; it boots slowly and so is resumed from a
snapshot of its memory.  QEMU must not use a thread for each processor (thread=multi): the kernel patches its own text
while it runs, and panics then.

An emulator dies with the process that started it, and what it wrote is in a temporary directory that goes with it.
"""

import ctypes
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import time

MEMORY = 2048               # MiB
BOOT_SECONDS = 300
COMMON_ARGUMENTS = "quiet loglevel=4 systemd.show_status=0 panic=-1 lsm=lockdown,capability,landlock,yama,apparmor,bpf"
SHARE_MIB = 2048            # size of the disk that shows a directory of the host: fixed, as the snapshot knows it


def lacking():
    """What this machine has too little of to run a guest, told in words; or None."""
    with open("/proc/meminfo", encoding="ascii") as file:
        free = next(int(line.split()[1]) >> 10 for line in file if line.startswith("MemAvailable:"))
    if free < MEMORY + 512:
        return f"needs {MEMORY + 512} MB of free memory, and {free} MB are"
    directory = tempfile.gettempdir()
    wanted = 1024 + (0 if has_room("/dev/shm", MEMORY) else MEMORY)
    return None if has_room(directory, wanted) else f"needs {wanted} MB of room in {directory} (set TMPDIR)"


def has_room(directory, mib):
    try:
        room = os.statvfs(directory)
        return room.f_bavail * room.f_frsize > mib << 20
    except OSError:
        return False


class GuestError(Exception):
    """The guest does not answer, or not as it should."""


def _die_with_parent():
    ctypes.CDLL(None).prctl(1, signal.SIGKILL, 0, 0, 0)        # PR_SET_PDEATHSIG
    os.setpgid(0, 0)
    os.nice(10)


class Agent:
    """The host's side of image/agent.c."""

    def __init__(self, connection):
        self.connection, self.buffer = connection, b""

    def _fill(self, deadline):
        left = deadline - time.monotonic()
        if left <= 0 or not select.select([self.connection], [], [], left)[0]:
            raise TimeoutError("no answer from the guest")
        data = self.connection.recv(1 << 17)
        if not data:
            raise GuestError("the emulator has ended")
        self.buffer += data

    def _line(self, deadline):
        while b"\n" not in self.buffer:
            self._fill(deadline)
        line, self.buffer = self.buffer.split(b"\n", 1)
        return line

    def wait(self, seconds, alive):
        """Until the agent answers; alive() tells whether there is still a reason to wait."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                self.connection.sendall(b"P\n")
                if self._line(time.monotonic() + 1).startswith(b"H"):
                    return
            except TimeoutError:
                if time.monotonic() > deadline or not alive():
                    raise GuestError("the guest does not boot") from None

    def run(self, command, seconds, out, err):
        """Runs a shell command as root; out and err get pieces of its output.  Its exit status, or 124."""
        text = command.encode()
        self.connection.sendall(b"R %d %d\n" % (len(text), seconds) + text)
        deadline = time.monotonic() + seconds + 15
        while True:
            kind, number = self._line(deadline).split()
            n = int(number)
            if kind == b"X":
                return n
            if kind == b"H":
                continue
            while len(self.buffer) < n:
                self._fill(deadline)
            data, self.buffer = self.buffer[:n], self.buffer[n:]
            (out if kind == b"O" else err)(data)


class Machine:
    """Use as a context.  guest: a directory made by build-guest; share: {directory of the guest: of the host}."""

    def __init__(self, guest, share=None):
        self.guest, self.share = os.path.abspath(guest), dict(share or {})
        self.process = self.agent = self.tmp = None

    def __enter__(self):
        self.tmp = tempfile.mkdtemp(prefix="ocirt-vm-")
        try:
            self.start()
            self.prepare()
        except TimeoutError as error:
            self.stop()
            raise GuestError(str(error)) from None
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        if self.process and self.process.poll() is None:
            try:
                os.killpg(self.process.pid, signal.SIGKILL)
            except OSError:
                self.process.kill()
            self.process.wait()
        if self.agent:
            self.agent.connection.close()
        shutil.rmtree(self.tmp, ignore_errors=True)

    def spawn(self, argv, **how):
        with open(os.path.join(self.tmp, "log"), "wb") as log:
            self.process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
                                            preexec_fn=_die_with_parent, **how)

    def alive(self):
        return self.process.poll() is None

    def last_words(self):
        """The end of what the emulator and the guest's console said."""
        text = b""
        for name in ("log", "console"):
            try:
                with open(os.path.join(self.tmp, name), "rb") as file:
                    text += file.read()[-4000:]
            except OSError:
                pass
        return text.decode(errors="replace")

    def run(self, command, seconds=300, out=None, err=None):
        try:
            return self.agent.run(command, seconds, out or (lambda data: None), err or (lambda data: None))
        except TimeoutError as error:
            raise GuestError(f"{error}: {self.last_words()}") from None

    def must(self, command):
        said = []
        if self.run(command, 60, said.append, said.append):
            raise GuestError(f"in the guest, {command}: {b''.join(said).decode(errors='replace')}")

    def start(self):
        raise NotImplementedError

    def prepare(self):
        raise NotImplementedError


class UserModeLinux(Machine):
    def start(self):
        ours, theirs = socket.socketpair()
        number = theirs.fileno()
        argv = [f"{self.guest}/uml/linux", f"ubd0={self.tmp}/cow,{self.guest}/root.raw", "root=/dev/ubda", "rw",
                f"mem={MEMORY}M", "con=null", "con0=null,fd:2", "con1=null", f"ssl0=fd:{number},fd:{number}", "seccomp=on",
                f"umid=u{os.getpid()}", f"uml_dir={self.tmp}", *COMMON_ARGUMENTS.split()]
        self.spawn(argv, pass_fds=(number,), env={**os.environ, "TMPDIR": self.memory_directory()})
        theirs.close()
        self.agent = Agent(ours)
        self.agent.wait(BOOT_SECONDS, self.alive)

    def memory_directory(self):
        """Its memory is a file: better none on a disk."""
        return "/dev/shm" if has_room("/dev/shm", MEMORY) else self.tmp

    def prepare(self):
        for inside, outside in self.share.items():
            self.must(f"mkdir -p {inside} && mount -t hostfs -o ro,hostfs={os.path.abspath(outside)} none {inside}")


class Qemu(Machine):
    """Resumes the snapshot.  Its memory is mapped copy-on-write, so that any number may run at a time."""

    def start(self):
        disk = os.path.join(self.tmp, "share")
        with open(os.path.join(self.guest, "snapshot/run.json"), encoding="utf-8") as file:
            argv = json.load(file)
        self.pack_share(disk)
        self.spawn([a.replace("@TMP@", self.tmp).replace("@SHARE@", disk) for a in argv],
                   env={**os.environ, "TMPDIR": self.tmp})
        control = Control(self.connect("control"))
        self.agent = Agent(self.connect("agent"))
        control("migrate-set-capabilities", capabilities=[{"capability": "x-ignore-shared", "state": True}])
        control("migrate-incoming", uri=f"exec:cat {self.guest}/snapshot/state")
        while control("query-status")["status"] == "inmigrate":
            time.sleep(0.005)
        control("cont")

    def connect(self, name):
        path = os.path.join(self.tmp, name)
        deadline = time.monotonic() + 60
        while True:
            connection = socket.socket(socket.AF_UNIX)
            try:
                connection.connect(path)
                return connection
            except OSError:
                connection.close()
                if not self.alive() or time.monotonic() > deadline:
                    raise GuestError(f"QEMU does not start: {self.last_words()}") from None
                time.sleep(0.005)

    def pack_share(self, disk):
        """All that is shared, as one file system, each directory under the name that it has in the guest."""
        tree = os.path.join(self.tmp, "tree")
        os.mkdir(tree)
        for inside, outside in self.share.items():
            shutil.copytree(outside, os.path.join(tree, inside.lstrip("/")), symlinks=True)
        with open(disk, "wb") as file:
            file.truncate(SHARE_MIB << 20)
        subprocess.run(["mkfs.ext4", "-q", "-F", "-O", "^has_journal,^resize_inode,^metadata_csum", "-E",
                        "nodiscard,lazy_itable_init=1,root_owner=0:0", "-m", "0", "-i", "16384", "-d", tree, disk], check=True,
                       stdout=subprocess.DEVNULL, env={**os.environ, "PATH": os.environ["PATH"] + ":/sbin:/usr/sbin"})
        shutil.rmtree(tree)

    def prepare(self):
        self.must(f"date -s @{time.time():.3f} >/dev/null; blockdev --flushbufs /dev/vdb")
        if self.share:
            self.must("mkdir -p /run/share && mount -t ext4 -o ro /dev/vdb /run/share")
        for inside in self.share:
            self.must(f"mkdir -p {inside} && mount --bind /run/share{inside} {inside}")


class Control:
    """QEMU's machine protocol."""

    def __init__(self, connection):
        self.file = connection.makefile("rw")
        connection.close()                 # the file keeps it open
        self.file.readline()
        self("qmp_capabilities")

    def __call__(self, name, **arguments):
        self.file.write(json.dumps({"execute": name, **({"arguments": arguments} if arguments else {})}) + "\n")
        self.file.flush()
        while True:
            line = self.file.readline()
            if not line:
                raise GuestError("QEMU has ended")
            answer = json.loads(line)
            if "return" in answer:
                return answer["return"]
            if "error" in answer:
                raise GuestError(f"QEMU: {name}: {answer['error']}")


MACHINES = {"uml": UserModeLinux, "qemu": Qemu}
