# SPDX-License-Identifier: LGPL-2.1-or-later
"""What is measured.  A case is asked for one round of one contender at a time, and answers {metric: [Sample]}."""

import os

from .bundles import Bundle, default, light, sleeping, with_seccomp
from .worker import Failed, Sample

TITLES = {
    "run": "run",
    "seccomp1": "run, seccomp profile of an engine's kind, 1 architecture, warm",
    "seccomp3": "run, the same, 3 architectures",
    "create": "create",
    "start": "start",
    "delete": "delete, stopped container",
    "delete-force": "delete --force, running container",
    "exec": "exec",
    "state": "state",
    "version": "--version (process start)",
    "mounts-none": "run beside it, with no extra mounts",
    "mounts": "run, {mounts} more mounts on the host",
    "parallel": "create, {parallel} at the same time",
    "list-none": "list, no container",
    "list": "list, {containers} containers",
}


class Case:
    """setup and teardown are called once for each contender, outside of what is measured."""

    floor_takes_part = False
    rounds = None       # at most so many, whatever was asked for

    def __init__(self, bench):
        self.bench = bench

    def bundle(self, name, config):
        return Bundle(self.bench.place, name, config)

    def setup(self, contender):
        pass

    def teardown(self, contender):
        pass


class Run(Case):
    floor_takes_part = True

    def __init__(self, bench, metric="run", config=None):
        super().__init__(bench)
        self.metric = metric
        self.made = self.bundle(metric, config or default())

    def round(self, contender):
        if contender.is_floor:
            words = [contender.path, self.made.rootfs, "/bin/true"]
        else:
            words = contender.run(self.made, contender.new_id())
        return {self.metric: [self.bench.v2.run(*words)]}


class RunSeccomp(Run):
    """The floor has no filter of its own: the target is a multiple of the plain floor's."""

    def __init__(self, bench, architectures):
        super().__init__(bench, f"seccomp{architectures}", with_seccomp(architectures))


class Cycle(Case):
    """create, start, delete.  The CPU time is that of the runtime and of the container's first process."""

    def __init__(self, bench):
        super().__init__(bench)
        self.made = self.bundle("cycle", default())

    def round(self, contender):
        worker, container = self.bench.v2, contender.new_id()
        create = worker.run(*contender.create(self.made, container))
        pid = contender.pid(container)
        until_created = scheduled(pid)
        start = worker.run(*contender.argv("start", container))
        until_end = worker.wait(pid)
        delete = worker.run(*contender.argv("delete", container))
        os.unlink(contender.pid_file(container))
        return {
            "create": [create._replace(cpu=create.cpu + until_created)],
            "start": [start._replace(cpu=start.cpu + max(0.0, until_end - until_created))],
            "delete": [delete],
        }


class DeleteForce(Case):
    def __init__(self, bench):
        super().__init__(bench)
        self.made = self.bundle("sleeping", sleeping())

    def round(self, contender):
        worker, container = self.bench.v2, contender.new_id()
        worker.run(*contender.create(self.made, container))
        worker.run(*contender.argv("start", container))
        sample = worker.run(*contender.argv("delete", "--force", container))
        os.unlink(contender.pid_file(container))
        return {"delete-force": [sample]}


class InRunning(Case):
    """exec and state in a container that runs all the time."""

    floor_takes_part = True

    def __init__(self, bench):
        super().__init__(bench)
        self.made = self.bundle("sleeping", sleeping())
        self.containers = {}

    def setup(self, contender):
        if contender.is_floor:
            return
        container = self.containers[contender.name] = contender.new_id()
        self.bench.v2.run(*contender.create(self.made, container))
        self.bench.v2.run(*contender.argv("start", container))

    def teardown(self, contender):
        if not contender.is_floor:
            contender.sweep(self.bench.v2)

    def round(self, contender):
        worker = self.bench.v2
        if contender.is_floor:
            return self._floor(worker, contender)
        container = self.containers[contender.name]
        return {
            "exec": [worker.run(*contender.argv("exec", container, "/bin/true"))],
            "state": [worker.run(*contender.argv("state", container))],
            "version": [worker.run(contender.path, "--version")],
        }

    def _floor(self, worker, floor):
        """Into the container of any that has one."""
        for other in self.bench.runtimes:
            container = self.containers.get(other.name)
            if container and os.path.exists(other.pid_file(container)):
                pid = other.pid(container)
                return {"exec": [worker.run(floor.execute, str(pid), v2_directory(pid), "/bin/true")]}
        raise Failed("there is no running container")


class Mounts(Case):
    """The same run on a host with few mounts and on one with many, one after the other."""

    floor_takes_part = True

    def __init__(self, bench):
        super().__init__(bench)
        self.made = self.bundle("mounts", default())

    def round(self, contender):
        samples = {}
        for metric, worker in (("mounts-none", self.bench.v2), ("mounts", self.bench.many_mounts)):
            if contender.is_floor:
                words = [contender.path, self.made.rootfs, "/bin/true"]
            else:
                # Another state directory: what a runtime keeps there may be bound to a mount namespace.
                root = contender.root + "-" + metric
                words = contender.run(self.made, contender.new_id(), root=root)
            samples[metric] = [worker.run(*words)]
        return samples


class Parallel(Case):
    rounds = 10

    def __init__(self, bench):
        super().__init__(bench)
        self.made = self.bundle("parallel", default())

    def round(self, contender):
        worker = self.bench.v2
        containers = [contender.new_id() for _ in range(self.bench.given.parallel)]
        try:
            return {"parallel": worker.together([contender.create(self.made, c) for c in containers])}
        finally:
            contender.sweep(worker)


class List(Case):
    rounds = 10

    def __init__(self, bench):
        super().__init__(bench)
        self.made = self.bundle("light", light())

    def setup(self, contender):
        for _ in range(self.bench.given.containers):
            container = contender.new_id()
            self.bench.v2.run(*contender.run(self.made, container, "--detach", "--pid-file", contender.pid_file(container)))
        os.makedirs(contender.root + "-empty", mode=0o700, exist_ok=True)

    def teardown(self, contender):
        contender.sweep(self.bench.v2)

    def round(self, contender):
        worker = self.bench.v2
        return {
            "list-none": [worker.run(*contender.argv("list", root=contender.root + "-empty"))],
            "list": [worker.run(*contender.argv("list"))],
        }


CASES = {
    "run": Run,
    "seccomp": lambda bench: [RunSeccomp(bench, 1), RunSeccomp(bench, 3)],
    "cycle": Cycle,
    "force": DeleteForce,
    "exec": InRunning,
    "mounts": Mounts,
    "parallel": Parallel,
    "list": List,
}


def scheduled(pid):
    """The CPU time that a process has had so far, in seconds; 0 where the kernel doesn't count it exactly."""
    try:
        with open(f"/proc/{pid}/schedstat", encoding="ascii") as file:
            return int(file.read().split()[0]) / 1e9
    except (OSError, IndexError, ValueError):
        return 0.0


def v2_directory(pid):
    """The directory of a process's cgroup where the worker sees it."""
    with open(f"/proc/{pid}/cgroup", encoding="utf-8") as file:
        for line in file:
            if line.startswith("0::"):
                return "/sys/fs/cgroup" + line[3:].rstrip("\n")
    raise Failed("the kernel has no cgroup2")


__all__ = ["CASES", "TITLES", "Case", "Sample"]
