# SPDX-License-Identifier: LGPL-2.1-or-later
"""The host's cgroups as the tests see them: always through the host's own mounts, whatever the view."""

import functools
import os

from . import host, views


@functools.lru_cache(None)
def hierarchies():
    """{controller: mount point} for version 1, with "" for cgroup2."""
    found = {}
    with open("/proc/self/mountinfo", encoding="utf-8") as file:
        for line in file:
            fields, _, tail = line.partition(" - ")
            point, (fstype, _, options) = fields.split()[4], tail.split()[:3]
            if fstype == "cgroup2":
                found.setdefault("", point)
            elif fstype == "cgroup":
                for word in options.split(","):
                    if word not in ("rw", "ro", "xattr", "noprefix", "none", "clone_children"):
                        found.setdefault(word, point)
    return found


def mount_points():
    return sorted(set(hierarchies().values()))


def is_v2_only(view=None):
    return views.get(view).name == "v2" or set(hierarchies()) == {""}


def v2_controllers():
    point = hierarchies().get("")
    if not point:
        return []
    with open(os.path.join(point, "cgroup.controllers"), encoding="ascii") as file:
        return file.read().split()


def directory(path, controller="", view=None):
    """Where a cgroup is; for a controller that is not of version 1 in this view, in cgroup2."""
    points = hierarchies()
    point = points[""] if is_v2_only(view) or controller not in points else points[controller]
    return os.path.join(point, path.lstrip("/"))


def of_process(pid, controller=""):
    """The directory of a process's cgroup, of version 1's controller or of version 2."""
    unified = None
    with open(f"/proc/{pid}/cgroup", encoding="utf-8") as lines:
        for line in lines:
            _, controllers, path = line.rstrip("\n").split(":", 2)
            if controller and controller in controllers.split(","):
                return directory(path, controller)
            unified = path if not controllers else unified
    return directory(unified)


def has_controller(controller, view=None):
    if is_v2_only(view):
        return controller in v2_controllers()
    return controller in hierarchies() or controller in v2_controllers()


def read(path, name, controller="", view=None):
    with open(os.path.join(directory(path, controller, view), name), encoding="ascii") as file:
        return file.read().strip()


def left(token=None):
    """The cgroups that are left below the token's, in every hierarchy, deepest first."""
    token = token or host.test_token()
    found = []
    for point in mount_points():
        top = os.path.join(point, token)
        for where, _, _ in os.walk(top, topdown=False):
            if where != top:
                found.append(where)
    return found


def remove(token=None):
    """Removes the token's cgroups; its processes must be gone."""
    token = token or host.test_token()
    for point in mount_points():
        for where, _, _ in os.walk(os.path.join(point, token), topdown=False):
            try:
                os.rmdir(where)
            except OSError:
                pass
