#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the object files of the build may call: read with nm from the directory in $OCIRT_BUILD.

- init runs after clone3 and inside half-made namespaces: it allocates nothing, prints nothing, reads no JSON.
- The stub runs without libc: nothing in it is undefined.
- The program loads nothing but libc when it starts: each library costs time at every start of a container.
- Library calls that take a path are made in few places, which see to it that no link leads out of the container.
"""
import os
import re
import shutil
import subprocess
import sys

BUILD = os.environ.get("OCIRT_BUILD", ".")
LAYERS = ("libocispec", "base", "plan", "host", "init", "engine", "cli")

NOT_IN_INIT = re.compile(
    r"(malloc|calloc|realloc|reallocarray|free|strn?dup|v?asprintf|getline|getdelim|posix_memalign|aligned_alloc"
    r"|v?[fsd]?n?printf|__v?[fsd]?n?printf_chk|__v?asprintf_chk|puts|fputs|fputc|putchar|perror|err|errx|warn|warnx"
    r"|fopen(64)?|fdopen|fclose|fflush|fread|fwrite|freopen(64)?|tmpfile(64)?|std(in|out|err)|opendir|fdopendir"
    r"|getpw\w+|getgr\w+|setlocale|dlopen|pthread_\w+|set(res|re|e)?[ug]id|initgroups"
    r"|yajl_\w+|seccomp_\w+|cap_\w+|sd_\w+|criu_\w+"
    r"|arena_\w+|json_\w+|text_\w+|err_\w+|log_\w+)$")

LIBC_WORDS = re.compile(r"(_*strerror\w*|perror|strsignal|psignal|psiginfo|v?warn|v?err|error(_at_line)?)$")

# Calls that walk a path from the root or the working directory, and who may make them.  A row names the object files
# without their ending; a layer's name stands for all of it.  Besides base, which does it safely, these are files that
# handle paths of the host alone: the runtime's own directories, the caller's files, and what tells errors apart.
PATH_CALLS = (
    ("a path is opened or examined", r"__open(64)?_2|open(64)?|creat(64)?|fopen(64)?|opendir|stat(64)?|lstat(64)?|access|readlink|realpath"
     r"|truncate(64)?|nftw(64)?|ftw(64)?|glob(64)?",
     ("base/path", "base/procfs", "base/sys",
      "engine/acquire",         # root.path and the sources of mounts, which config.json names on the host
      "engine/bundle",          # where --bundle is
      "engine/explain_path",    # which part of a path of the host is missing
      "host/idmap",             # is there a newuidmap?
      "host/rdt",               # where resctrl is mounted
      "host/state", "host/state_root")),
    ("a path is made, moved or removed", r"mkdir|rmdir|unlink|rename|link|symlink|mknod|chmod|chown|lchown|remove|mkstemp(64)?|mkdtemp",
     ("base/path", "host/pidfile", "host/state_root",
      "host/mount_template")),  # the mount namespace kept in the runtime's own directory
    ("a path is mounted or entered", r"mount|umount|umount2|pivot_root|chroot|chdir",
     ("base/sys", "base/path", "init",
      "host/mount_template",    # the same
      "host/command",           # the working directory of a hook
      "engine/removal")),       # a mount that the state directory records
    ("a path is opened past the checks of base/sys", r"openat(64)?|__openat(64)?_2",
     ("base/sys",
      "cli/file")),             # what the caller's command line names
    ("a program is executed", r"exec[vl]\w*|fexecve|posix_spawnp?|system|popen",
     ("host/command", "init/hooks",     # hooks and helpers of the host
      "host/library_static",    # the program of the same build that can load libraries
      "cli/ps_table")),         # ps
    ("a filesystem or what is attached to a file is examined by path",
     r"statfs(64)?|statvfs(64)?|pathconf|l?(get|set|list|remove)xattr",
     ("engine/lsm",             # the host's selinuxfs
      "host/cgroup_facts")),    # the host's /sys/fs/cgroup
    ("a path is changed or watched otherwise",
     r"utimes?|lutimes|mkfifo|inotify_add_watch|fanotify_mark|name_to_handle_at|shm_open|mq_open|sem_open|scandir(64)?"
     r"|wordexp|fts_open(64)?|mkostemp(64)?|euidaccess|eaccess", ()),
)


def object_files():
    """Object name ("init/mounts") -> file; libtool's PIC object where there are two."""
    found = {}
    for root in ("libocispec", "src"):
        for directory, _, names in os.walk(os.path.join(BUILD, root)):
            for name in sorted(names):
                parts = os.path.relpath(directory, BUILD).split("/")
                pic = parts[-1] == ".libs"
                layer = parts[0] if parts[0] == "libocispec" else (parts[1:2] or [""])[0]
                if not name.endswith(".o") or layer not in LAYERS:
                    continue
                key = f"{layer}/{re.sub(r'^(ocirt|libmusl_a)-', '', name[:-2])}"
                if pic or key not in found:
                    found[key] = os.path.join(directory, name)
    return found


def undefined(path):
    output = subprocess.run([os.environ.get("NM", "nm"), "--undefined-only", "--format=posix", path],
                            check=True, capture_output=True, text=True).stdout
    return {line.split()[0] for line in output.splitlines() if line.strip()}


def loaded(program):
    """The shared libraries that a program names."""
    output = subprocess.run([os.environ.get("OBJDUMP", "objdump"), "-p", program],
                            check=True, capture_output=True, text=True).stdout
    return re.findall(r"^\s*NEEDED\s+(\S+)", output, re.M)


def allowed(name, row):
    return any(name == one or name.startswith(one + "/") for one in row)


class Tap:
    def __init__(self):
        self.number = 0
        self.failed = False

    def result(self, name, faults, skip=None):
        self.number += 1
        self.failed |= bool(faults)
        print(f"{'not ' if faults else ''}ok {self.number} - {name}{f' # SKIP {skip}' if skip else ''}")
        for fault in faults:
            print(f"# {fault}")


def main():
    if not shutil.which(os.environ.get("NM", "nm")):
        print("1..0 # SKIP nm is not installed")
        return 0
    tap = Tap()
    objects = object_files()
    needs = {name: undefined(path) for name, path in objects.items()}

    init = sorted(name for name in objects if name.startswith("init/"))
    tap.result("init has object files", [] if init else [f"none in {BUILD}/src/init: $OCIRT_BUILD names the build"])
    tap.result("init allocates nothing, prints nothing and reads no JSON",
               [f"{name} calls {symbol}" for name in init
                for symbol in sorted(needs[name]) if NOT_IN_INIT.match(symbol)])

    stub = os.path.join(BUILD, "src/stub/ocirt-stub.debug")
    tap.result("the stub needs no symbol from elsewhere",
               sorted(undefined(stub)) if os.path.exists(stub) else [f"{stub} does not exist"])

    libraries = [library for name in ("ocirt", "ocirt-full") if os.path.exists(os.path.join(BUILD, name))
                 for library in loaded(os.path.join(BUILD, name))]
    sanitized = any("san.so" in library for library in libraries)
    tap.result("the program loads nothing but libc",
               [] if sanitized else [f"it loads {library}" for library in libraries
                                     if not re.match(r"(libc\.so|libc\.musl|ld-)", library)],
               "built with a sanitizer, which is a library" if sanitized else None)

    tap.result("errno's words are those of base/errno_text, which each libc leaves alone",
               [f"{name} calls {symbol}" for name in sorted(objects)
                for symbol in sorted(needs[name]) if LIBC_WORDS.match(symbol)])

    for title, pattern, row in PATH_CALLS:
        call = re.compile(f"(?:{pattern})$")
        tap.result(f"{title} only in the files that may",
                   [f"{name} calls {symbol}" for name in sorted(objects) if not allowed(name, row)
                    for symbol in sorted(needs[name]) if call.match(symbol)])
    print(f"1..{tap.number}")
    return tap.failed


sys.exit(main())
