# SPDX-License-Identifier: LGPL-2.1-or-later
"""Containers by libocirt, with nothing but Python's own library.

    import ocirt

    runtime = ocirt.Ocirt("/run/mine")
    try:
        runtime.create("web1", bundle="/srv/web1")
        runtime.start("web1")
        runtime.exec("web1", ["/bin/true"])             # its exit status
        print(runtime.state("web1")["pid"])
        runtime.kill("web1", "TERM")
        print(runtime.wait("web1"))
    except ocirt.Error as error:
        print(error.code, error.line, error, error.hint)
    finally:
        runtime.delete("web1", force=True)

A call blocks its thread only, and threads may share an Ocirt.  JSON comes as Python's dicts and lists, and is given so.
The variable LIBOCIRT names another library than libocirt.so.0.

It is an example of a binding: libocirt.h says what the functions do, and this module has those that most need.
"""

import ctypes
import json
import os
from ctypes import POINTER, byref, c_bool, c_char_p, c_int, c_size_t, c_uint, c_void_p

WARN = ctypes.CFUNCTYPE(None, c_void_p, c_char_p)
EACH = ctypes.CFUNCTYPE(c_int, c_void_p, c_char_p)

MANAGERS = {"cgroupfs": 0, "systemd": 1, "disabled": 2}


class _Options(ctypes.Structure):
    _fields_ = [("size", c_size_t), ("root", c_char_p), ("manager", c_int), ("rootless", c_int),
                ("warn", WARN), ("debug", WARN), ("context", c_void_p), ("trace_fd", c_int),
                ("traceparent", c_char_p), ("notify_socket", c_char_p)]


class _CreateOptions(ctypes.Structure):
    _fields_ = [("size", c_size_t), ("bundle", c_char_p), ("config", c_char_p), ("config_text", c_char_p),
                ("console_socket", c_char_p), ("pidfd_socket", c_char_p), ("pid_file", c_char_p),
                ("preserve_fds", c_uint), ("no_pivot", c_bool), ("no_new_keyring", c_bool), ("detach", c_bool),
                ("keep", c_bool), ("no_subreaper", c_bool), ("leave_signals", c_bool), ("listen_fds", c_uint),
                ("notify_socket", c_char_p), ("seccomp_receiver", c_char_p), ("usage", c_void_p),
                ("spec_options", c_void_p)]


class _ExecOptions(ctypes.Structure):
    _fields_ = [("size", c_size_t), ("process", c_char_p), ("args", POINTER(c_char_p)),
                ("env", POINTER(c_char_p)), ("caps", POINTER(c_char_p)), ("cwd", c_char_p), ("user", c_char_p),
                ("additional_gids", c_char_p), ("cgroup", c_char_p), ("process_label", c_char_p),
                ("apparmor", c_char_p), ("console_socket", c_char_p), ("pidfd_socket", c_char_p),
                ("pid_file", c_char_p), ("preserve_fds", c_uint), ("terminal", c_bool), ("detach", c_bool),
                ("no_new_privs", c_bool), ("ignore_paused", c_bool), ("leave_signals", c_bool)]


class Error(Exception):
    """What libocirt refused.

    code: stable, "E_MOUNT"; line: in the configuration, or None; property: "mounts[3].type", or None; errno: of the
    kernel, or None; hint: what to do, or None; others: the further mistakes that check() found."""

    def __init__(self, text, code="E_MEMORY", line=None, property=None, errno=None, hint=None):
        super().__init__(text)
        self.code, self.line, self.property, self.errno, self.hint = code, line, property, errno, hint
        self.others = []


def _load():
    library = ctypes.CDLL(os.environ.get("LIBOCIRT", "libocirt.so.0"), use_errno=True)
    for name in ("error_text", "error_code", "error_property", "error_hint", "version", "spec_version"):
        getattr(library, "ocirt_" + name).restype = c_char_p
    library.ocirt_error_next.restype = c_void_p
    library.ocirt_error_line.restype = c_uint
    for name in ("text", "code", "property", "hint", "next", "line", "number", "free"):
        getattr(library, "ocirt_error_" + name).argtypes = [c_void_p]
    library.ocirt_free.argtypes = [c_void_p]
    library.ocirt_free.restype = None
    return library


_library = _load()
_free = ctypes.CDLL(None).free
_free.argtypes = [c_void_p]
_free.restype = None


def _text(value):
    return value.decode(errors="replace") if value else None


def _bytes(value):
    return None if value is None else os.fsencode(value) if not isinstance(value, (dict, list)) \
        else json.dumps(value).encode()


def _error(pointer):
    """The exception for a struct ocirt_error."""
    return Error(_text(_library.ocirt_error_text(pointer)), _text(_library.ocirt_error_code(pointer)),
                 _library.ocirt_error_line(pointer) or None, _text(_library.ocirt_error_property(pointer)),
                 _library.ocirt_error_number(pointer) or None, _text(_library.ocirt_error_hint(pointer)))


def _call(name, *arguments):
    """Calls ocirt_NAME with a place for the error behind the arguments; raises that.  Else what it returned."""
    pointer = c_void_p()
    result = getattr(_library, "ocirt_" + name)(*arguments, byref(pointer))
    if result >= 0:
        return result
    error = _error(pointer)
    following = _library.ocirt_error_next(pointer)
    while following:
        error.others.append(_error(following))
        following = _library.ocirt_error_next(following)
    _library.ocirt_error_free(pointer)
    raise error


def _call_for_text(name, *arguments):
    text = c_void_p()
    _call(name, *arguments, byref(text))
    try:
        return ctypes.string_at(text).decode(errors="replace")
    finally:
        _free(text)


def _list(words):
    """A NULL-terminated list of strings."""
    return (c_char_p * (len(words) + 1))(*[os.fsencode(word) for word in words], None) if words else None


def _options(struct, given):
    """The struct with its size and the given members; one that it does not have is an error."""
    options = struct(size=ctypes.sizeof(struct))
    members = dict(struct._fields_)
    for name, value in given.items():
        if name == "size" or name not in members:
            raise TypeError(f"there is no option {name}")
        kind = members[name]
        setattr(options, name, _bytes(value) if kind is c_char_p
                else _list(value) if kind is POINTER(c_char_p) else value)
    return options


class Ocirt:
    """The containers of a state directory (default: as the program ocirt has it).

    warn: called with each warning; manager: cgroupfs, systemd or disabled; notify_socket: start waits until the container
    is ready, and tells it there."""

    def __init__(self, root=None, manager="cgroupfs", warn=None, notify_socket=None):
        self._handle = None
        self._warn = WARN(lambda _, text: warn(_text(text))) if warn else WARN()
        options = _options(_Options, {"root": root, "manager": MANAGERS[manager], "warn": self._warn,
                                       "notify_socket": notify_socket})
        handle = c_void_p()
        _call("new", byref(options), byref(handle))
        self._handle = handle

    def close(self):
        """The containers live on."""
        if self._handle:
            _library.ocirt_free(self._handle)
        self._handle = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    __del__ = close

    def create(self, id, **options):
        """Options: the members of struct ocirt_create_options; config_text may be a dict."""
        _call("create", self._handle, _bytes(id), byref(_options(_CreateOptions, options)))

    def start(self, id):
        _call("start", self._handle, _bytes(id))

    def run(self, id, **options):
        """From create to delete; the exit status.  Signals stay Python's."""
        status = c_int()
        given = _options(_CreateOptions, {"leave_signals": True, **options})
        _call("run", self._handle, _bytes(id), byref(given), byref(status))
        return status.value

    def exec(self, id, args=None, **options):
        """One more program; its exit status, or 0 with detach.  Options: the members of struct ocirt_exec_options."""
        status = c_int()
        given = _options(_ExecOptions, {"leave_signals": True, "args": args, **options})
        _call("exec", self._handle, _bytes(id), byref(given), byref(status))
        return status.value

    def kill(self, id, signal="TERM", all=False):
        """A name or a number."""
        number = signal if isinstance(signal, int) else _library.ocirt_signal_of(_bytes(signal))
        if number < 0:
            raise ValueError(f"there is no signal {signal}")
        _call("kill", self._handle, _bytes(id), c_int(number), c_bool(all))

    def wait(self, id):
        """The exit status, 128 + n after signal n, or None where the kernel does not tell."""
        status = c_int()
        _call("wait", self._handle, _bytes(id), byref(status))
        return None if status.value < 0 else status.value

    def pidfd(self, id):
        """A descriptor that is readable once the container has ended, for select and asyncio; the caller closes it."""
        fd = c_int()
        _call("pidfd", self._handle, _bytes(id), byref(fd))
        return fd.value

    def delete(self, id, force=False):
        _call("delete", self._handle, _bytes(id), c_bool(force))

    def pause(self, id):
        _call("pause", self._handle, _bytes(id))

    def resume(self, id):
        _call("resume", self._handle, _bytes(id))

    def update(self, id, resources):
        """resources: a dict as linux.resources."""
        _call("update", self._handle, _bytes(id), _bytes(resources))

    def state(self, id):
        return json.loads(_call_for_text("state", self._handle, _bytes(id)))

    def list(self):
        return json.loads(_call_for_text("list_json", self._handle))

    def stats(self, id):
        return json.loads(_call_for_text("stats", self._handle, _bytes(id)))

    def events(self, id, each, interval_ms=1000):
        """Calls each with an event (a dict) until the container ends or it returns something true."""
        raised = []

        def told(_, line):
            try:
                return 1 if each(json.loads(line)) else 0
            except BaseException as error:          # must not pass through the library
                raised.append(error)
                return 1

        _call("events", self._handle, _bytes(id), c_uint(interval_ms), EACH(told), None)
        if raised:
            raise raised[0]

    def check(self, **options):
        """Raises the first mistake of a configuration, with all others in its `others`.  Touches nothing."""
        _call("check", self._handle, byref(_options(_CreateOptions, options)))

    def plan(self, **options):
        """What create would do, as text.  Touches nothing."""
        return _call_for_text("plan", self._handle, byref(_options(_CreateOptions, options)))


def spec(rootless=False):
    """A config.json to begin with."""
    return json.loads(_call_for_text("spec", c_bool(rootless)))


def features():
    return json.loads(_call_for_text("features"))


def version():
    return _text(_library.ocirt_version())
