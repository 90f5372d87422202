# SPDX-License-Identifier: LGPL-2.1-or-later
"""Nothing may be left behind: processes, mounts, cgroups, state directories, network devices."""

import os
import time

from . import cgroups, host, views


def stat_of(pid):
    """(name, state, parent) or None."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            text = file.read()
    except OSError:
        return None
    name, fields = text[text.index("(") + 1:text.rindex(")")], text[text.rindex(")") + 2:].split()
    return name, fields[0], int(fields[1])


def children(pid):
    """The pids of a process's children, whichever of its threads made them."""
    found = []
    try:
        for thread in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{thread}/children", encoding="ascii") as file:
                found += [int(word) for word in file.read().split()]
    except OSError:
        pass            # it has ended
    return found


def all_parents():
    """{pid: its parent} of all processes, where the kernel lists no children (CONFIG_PROC_CHILDREN)."""
    stats = {int(entry): stat_of(int(entry)) for entry in os.listdir("/proc") if entry.isdigit()}
    return {pid: stat[2] for pid, stat in stats.items() if stat}


def descendants(of=None):
    """{pid: (name, state)} of all processes below a process: this one, if none is given."""
    if os.path.exists(f"/proc/self/task/{os.getpid()}/children"):
        below = children
    else:
        parents = all_parents()

        def below(parent):
            return [pid for pid, its in parents.items() if its == parent]
    found, level = {}, [of or os.getpid()]
    while level:
        level = [pid for parent in level for pid in below(parent)]
        stats = {pid: stat_of(pid) for pid in level}
        found.update({pid: stat[:2] for pid, stat in stats.items() if stat})
    return found


STATE_DIRECTORY = "/run/ocirt"      # of containers whose runtime isn't told another

started = set()     # the pids of our own children, whose exit statuses somebody will ask for


def reap():
    """Takes the exit statuses of orphans that came to us and ended, so that nothing waits for them."""
    me = os.getpid()
    for pid, (_, state) in descendants().items():
        stat = stat_of(pid)
        if state == "Z" and pid not in started and stat and stat[2] == me:
            try:
                os.waitpid(pid, os.WNOHANG)
            except ChildProcessError:
                pass


def command_of(pid):
    try:
        with open(f"/proc/{pid}/cmdline", encoding="utf-8", errors="replace") as file:
            return file.read().replace("\0", " ").strip()
    except OSError:
        return "?"


def mount_lines(text):
    """Mounts as a set that two tables can be compared by: without the numbers."""
    lines = set()
    for line in text.splitlines():
        fields, _, tail = line.partition(" - ")
        words = fields.split()
        lines.add(f"{words[4]} ({tail.split()[0]}) of {words[3]}")
    return lines


def device_name(word):
    """The name of a network device of this process; others may have theirs on the same machine."""
    return f"oc{os.getpid() % 1000000}{word}"


def own_devices():
    return {name for name in os.listdir("/sys/class/net") if name.startswith(device_name(""))}


class Snapshot:
    """The state of things before a test; left() tells what has come since."""

    def __init__(self, view=None):
        self.view = views.get(view)
        self.pids = set(descendants())
        self.mounts = mount_lines(self.view.mountinfo())
        self.devices = own_devices()
        self.cgroups = set(cgroups.left())

    def processes(self):
        now = descendants()
        return {pid: name for pid, (name, state) in now.items() if pid not in self.pids and state != "Z"}

    def left(self, state_root=None):
        """A list of sentences, empty if all is clean.  Processes that are about to end get a second."""
        deadline = time.monotonic() + 1
        while self.processes() and time.monotonic() < deadline:
            time.sleep(0.01)
        reap()
        found = [f"process {pid} ({name}): {command_of(pid)}" for pid, name in self.processes().items()]
        found += [f"mount {line}" for line in sorted(mount_lines(self.view.mountinfo()) - self.mounts)
                  if not self._allowed_mount(line, state_root)]
        found += [f"cgroup {path}" for path in cgroups.left() if path not in self.cgroups]
        found += [f"network device {name}" for name in own_devices() - self.devices]
        if state_root and os.path.isdir(state_root):
            found += [f"state directory {name}" for name in sorted(os.listdir(state_root)) if name[0] != "."]
        return found

    @staticmethod
    def _allowed_mount(line, state_root):
        """What the runtime keeps for all containers has a hidden name, right under its state directory."""
        roots = [STATE_DIRECTORY] + ([state_root] if state_root else [])
        return any(line.startswith(os.path.join(root, ".")) for root in roots)

    def kill_left(self):
        for pid in self.processes():
            try:
                os.kill(pid, 9)
            except ProcessLookupError:
                pass
        deadline = time.monotonic() + 2
        while self.processes() and time.monotonic() < deadline:
            time.sleep(0.01)
        reap()


def adopt_orphans():
    """Makes this process the one that orphans below it come to."""
    host.prctl(host.PR_SET_CHILD_SUBREAPER, 1)
