# SPDX-License-Identifier: LGPL-2.1-or-later
"""What is not a time: the memory that a container which waits keeps, and the lowest limit under which one starts."""

import os

from .bundles import Bundle, default, with_memory
from .worker import Failed

KIB = 1024


def kept(bench, contender):
    """{"private": KiB of the waiting first process alone, "processes": how many execute the runtime's file}."""
    made = Bundle(bench.place, "kept", default())
    container = contender.new_id()
    try:
        bench.v2.run(*contender.create(made, container))
        return {"private": private(contender.pid(container)), "processes": executing(contender.path)}
    finally:
        contender.sweep(bench.v2)


def private(pid):
    with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
        return sum(int(line.split()[1]) for line in file if line.startswith("Private_"))


def executing(path):
    """How many processes have this file as their program."""
    wanted, found = os.stat(path), 0
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                status = os.stat(f"/proc/{entry}/exe")
            except OSError:
                continue
            found += (status.st_dev, status.st_ino) == (wanted.st_dev, wanted.st_ino)
    return found


def worker_with_controller(bench):
    """The worker whose view of cgroups has a memory controller, or None."""
    if "memory" in controllers():
        return bench.v2
    with open("/proc/self/mountinfo", encoding="utf-8") as file:
        if any(" - cgroup " in line and "memory" in line.rsplit(" ", 1)[1].strip().split(",") for line in file):
            return bench.v1
    return None


def controllers():
    """Those of cgroup2, wherever it is mounted."""
    for point in ("/sys/fs/cgroup", "/sys/fs/cgroup/unified"):
        try:
            with open(os.path.join(point, "cgroup.controllers"), encoding="ascii") as file:
                return file.read().split()
        except OSError:
            continue
    return []


def lowest_limit(bench, contender, worker, repeat=3):
    """The lowest memory limit, in KiB and within 5 %, under which `run` of /bin/true ends with 0 every time."""
    low, high = 16, 64 * KIB
    made = Bundle(bench.place, "limited", default())

    def works(limit):
        made.write(with_memory(limit * KIB))
        for _ in range(repeat):
            container = contender.new_id()
            words = ["/usr/bin/timeout", "-k", "1", "20", *contender.run(made, container)]
            ok = worker.run(*words, expected=None).status == 0
            if not ok:
                worker.run(*contender.argv("delete", "--force", container), expected=None)
                return False
        return True

    if not works(high):
        raise Failed(worker.last_words() or f"run fails with a limit of {high} KiB too")
    while high > low * 1.05 and high - low > 4:
        middle = max(low + 4, int((low * high) ** 0.5) // 4 * 4)
        if middle >= high:
            break
        if works(middle):
            high = middle
        else:
            low = middle
    worker.last_words()
    return high
