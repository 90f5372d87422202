# SPDX-License-Identifier: LGPL-2.1-or-later
"""Pseudo-terminals: the engine's end of --console-socket, and a terminal to run the runtime in."""

import array
import errno
import fcntl
import os
import pty
import select
import socket
import struct
import termios
import time

from . import leaks


def set_size(fd, rows, columns):
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


def get_size(fd):
    return struct.unpack("HHHH", fcntl.ioctl(fd, termios.TIOCGWINSZ, b"\0" * 8))[:2]


class Reader:
    """Collects what comes from a terminal's master."""

    def __init__(self, fd):
        self.fd, self.seen = fd, b""

    def read_some(self, timeout):
        """False at the end."""
        if not select.select([self.fd], [], [], timeout)[0]:
            raise AssertionError(f"nothing came for {timeout:.0f} s after {self.seen[-500:]!r}")
        try:
            data = os.read(self.fd, 65536)
        except OSError as error:
            if error.errno != errno.EIO:
                raise
            data = b""
        self.seen += data
        return bool(data)

    def expect(self, text, timeout=30):
        """Reads until the text has come; returns all up to it and forgets that."""
        deadline = time.monotonic() + timeout
        while text not in self.seen:
            if not self.read_some(max(0.1, deadline - time.monotonic())):
                raise AssertionError(f"the end came before {text!r}: {self.seen[-500:]!r}")
        before, _, self.seen = self.seen.partition(text)
        return before + text

    def read_all(self, timeout=30):
        """Reads until the other side is closed."""
        while self.read_some(timeout):
            pass
        return self.seen

    def write(self, data):
        os.write(self.fd, data)

    def close(self):
        if self.fd is not None:
            os.close(self.fd)
            self.fd = None


class ConsoleSocket:
    """The socket that --console-socket names, and the terminal that comes over it."""

    def __init__(self, path):
        self.path = path
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.bind(path)
        self.socket.listen(1)

    def receive(self, timeout=30):
        """(Reader of the master, payload): there must be exactly one descriptor in the message."""
        self.socket.settimeout(timeout)
        connection, _ = self.socket.accept()
        with connection:
            connection.settimeout(timeout)
            data, control, _, _ = connection.recvmsg(4096, socket.CMSG_SPACE(16 * 4))
        fds = array.array("i")
        for level, kind, payload in control:
            if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
                fds.frombytes(payload[:len(payload) - len(payload) % fds.itemsize])
        if len(fds) != 1:
            raise AssertionError(f"{len(fds)} descriptors came with {data!r}")
        return Reader(fds[0]), data

    def close(self):
        self.socket.close()


class PtyProcess(Reader):
    """Runs the runtime as the leader of a session with a controlling terminal of its own."""

    def __init__(self, runtime, *args, rows=24, columns=80, **how):
        master, slave = pty.openpty()
        super().__init__(master)
        set_size(master, rows, columns)

        def take_terminal():
            os.setsid()
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)

        self.slave_before = self.settings()
        try:
            self.process = runtime.popen(*args, stdin=slave, stdout=slave, stderr=slave,
                                         prepare=take_terminal, **how)
        finally:
            os.close(slave)

    def settings(self):
        """The settings of the terminal: one end tells those of the pair."""
        return termios.tcgetattr(self.fd)

    def resize(self, rows, columns):
        set_size(self.fd, rows, columns)

    def wait(self, timeout=30):
        """The exit status, 128+n for a signal."""
        rc = self.process.wait(timeout)
        leaks.reap()
        return rc if rc >= 0 else 128 - rc

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        super().close()
