#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Limits that bite: cgroup v2 with all its controllers, made by ocirt itself and by systemd."""

import errno
import json
import os
import re
import shutil
import signal
import subprocess
import time

from ocitest import main

from guesthost import GuestTest, SystemdTest, cgroup_of, controllers, numbers, read

MIB = 1 << 20


class Limits:
    def test_memory_ends_in_an_oom_kill(self):
        container = self.container(self.limited({"memory": {"limit": 24 * MIB, "swap": 24 * MIB}}, "wait-term"))
        self.assertOk(container.create())
        path = self.cgroup(container)
        self.assertEqual(int(read(path, "memory.max")), 24 * MIB)
        self.assertOk(container.start())
        result = container.exec("ID", "/probe", "mem", "64")
        self.assertEqual(result.rc, 128 + signal.SIGKILL, str(result))
        self.assertGreaterEqual(numbers(path, "memory.events")["oom_kill"], 1)
        self.assertEqual(container.status, "running", "only who wanted too much was killed")

    def test_an_oom_kill_is_an_event(self):
        container = self.running(self.limited({"memory": {"limit": 24 * MIB, "swap": 24 * MIB}}))
        with self.runtime.popen("events", "--interval", "100ms", container.id, stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE) as events:
            try:
                self.assertEqual(json.loads(events.stdout.readline())["type"], "stats")  # it looks now
                container.exec("ID", "/probe", "mem", "64")
                self.assertEqual(next(e for e in map(json.loads, events.stdout) if e["type"] != "stats"),
                                 {"type": "oom", "id": container.id})
            finally:
                events.kill()

    def test_memory_below_the_limit(self):
        container = self.container(self.limited({"memory": {"limit": 64 * MIB}}, "mem", "16"))
        self.assertOk(container.run())

    def test_cpu_quota_throttles(self):
        container = self.container(self.limited({"cpu": {"quota": 10000, "period": 100000}}))
        self.assertOk(container.create())
        self.assertOk(container.start())
        path = self.cgroup(container)
        self.assertEqual(read(path, "cpu.max"), "10000 100000")
        busy = self.spin(path)
        self.wait_for(lambda: numbers(path, "cpu.stat")["nr_throttled"] > 0, "nr_throttled", 60)
        os.kill(busy, signal.SIGKILL)
        os.waitpid(busy, 0)

    def spin(self, path):
        """A busy process in the container's cgroup."""
        pid = os.fork()
        if pid == 0:
            with open(f"/sys/fs/cgroup{path}/cgroup.procs", "w", encoding="ascii") as file:
                file.write("0")
            while True:
                pass
        return pid

    def test_cpu_weight(self):
        container = self.running(self.limited({"cpu": {"shares": 512}}))
        self.assertEqual(read(self.cgroup(container), "cpu.weight"), "59")

    def test_pids_limit_refuses_a_fork(self):
        line = self.run_ok(self.limited({"pids": {"limit": 3}}, "fork", "5")).result.lines()[-1]
        self.assertErrno(line, errno.EAGAIN)
        self.assertEqual(line["made"], 2)

    def test_pids_limit_of_one_still_starts(self):
        container = self.running(self.limited({"pids": {"limit": 1}}))
        self.assertEqual(read(self.cgroup(container), "pids.max"), "1")

    def test_cpuset(self):
        if "cpuset" not in controllers():
            self.skipTest("needs the cpuset controller")
        container = self.running(self.limited({"cpu": {"cpus": "1", "mems": "0"}}))
        self.assertEqual(read(self.cgroup(container), "cpuset.cpus.effective"), "1")
        status = self.assertOk(container.exec("ID", "/probe", "read", "/proc/self/status")).lines()[0]["text"]
        self.assertRegex(status, r"(?m)^Cpus_allowed_list:\t1$")
        self.assertRegex(status, r"(?m)^Mems_allowed_list:\t0$")

    def test_io(self):
        number = os.stat("/").st_dev
        device = f"{os.major(number)}:{os.minor(number)}"
        container = self.running(self.limited({"blockIO": {"throttleReadBpsDevice": [
            {"major": os.major(number), "minor": os.minor(number), "rate": 10 * MIB}]}}))
        self.assertIn(f"{device} rbps={10 * MIB}", read(self.cgroup(container), "io.max"))

    def test_io_is_throttled(self):
        """Read from the disk of the root: so many bytes take so long at least."""
        number = os.stat("/").st_dev
        config = self.limited({"blockIO": {"throttleReadBpsDevice": [
            {"major": os.major(number), "minor": os.minor(number), "rate": MIB}]}})
        node = {"type": "b", "major": os.major(number), "minor": os.minor(number)}
        config["linux"]["devices"] = [{"path": "/dev/disk", "fileMode": 0o600, **node}]
        config["linux"]["resources"]["devices"] = [{"allow": False, "access": "rwm"}, {"allow": True, "access": "r", **node}]
        made = self.bundle(config)
        shutil.copy(shutil.which("busybox"), made.file("bin/busybox"))
        container = self.container(made=made)
        self.assertOk(container.create())
        self.assertOk(container.start())
        began = time.monotonic()
        self.assertOk(container.exec("ID", "/bin/busybox", "dd", "if=/dev/disk", "of=/dev/null", "bs=256k", "count=12",
                                     "iflag=direct"))
        self.assertGreater(time.monotonic() - began, 2)
        stat = read(self.cgroup(container), "io.stat")
        self.assertGreaterEqual(int(re.search(r"\brbytes=(\d+)", stat).group(1)), 3 * MIB, stat)

    def test_hugetlb(self):
        if "hugetlb" not in controllers():
            self.skipTest("needs the hugetlb controller")
        container = self.running(self.limited({"hugepageLimits": [{"pageSize": "2MB", "limit": 4 * MIB}]}))
        self.assertEqual(read(self.cgroup(container), "hugetlb.2MB.max"), str(4 * MIB))
        self.assertEqual(read(self.cgroup(container), "hugetlb.2MB.rsvd.max"), str(4 * MIB))

    def test_values_of_devices_that_are_not_there(self):
        """No machine of ours has what rdma and misc count: the kernel's word on it is told, and nothing is left."""
        if not {"rdma", "misc"} <= set(controllers()):
            self.skipTest("needs the controllers rdma and misc")
        self.refuse(self.limited({"rdma": {"mlx5_0": {"hcaHandles": 3}}}), "linux.resources.rdma", "mlx5_0")
        self.refuse(self.limited({"unified": {"misc.max": "sev 3"}}), "misc.max")

    def test_unified(self):
        container = self.running(self.limited({"unified": {"memory.high": "33554432", "cgroup.max.depth": "3"}}))
        self.assertEqual(read(self.cgroup(container), "memory.high"), "33554432")
        self.assertEqual(read(self.cgroup(container), "cgroup.max.depth"), "3")

    def test_update(self):
        container = self.running(self.limited({"memory": {"limit": 32 * MIB}, "cpu": {"quota": 50000, "period": 100000}}))
        path = self.cgroup(container)
        self.assertOk(self.runtime("update", "--memory", str(48 * MIB), "--cpu-quota", "20000", "--pids-limit", "9", container.id))
        self.assertEqual(int(read(path, "memory.max")), 48 * MIB)
        self.assertEqual(read(path, "cpu.max"), "20000 100000")
        self.assertEqual(read(path, "pids.max"), "9")

    def test_pause_and_resume(self):
        container = self.running()
        path = self.cgroup(container)
        self.assertOk(self.runtime("pause", container.id))
        self.assertEqual(container.status, "paused")
        self.assertEqual(numbers(path, "cgroup.events")["frozen"], 1)
        self.assertOk(self.runtime("resume", container.id))
        self.assertEqual(container.status, "running")

    def test_devices(self):
        config = self.config("open", "/dev/null", "--", "open", "/dev/kmsg2")
        config["linux"]["devices"] = [{"path": "/dev/kmsg2", "type": "c", "major": 1, "minor": 11, "fileMode": 0o666}]
        config["linux"]["resources"] = {"devices": [
            {"allow": False, "access": "rwm"}, {"allow": False, "type": "c", "major": 1, "minor": 11, "access": "rw"}]}
        null, kmsg = self.run_ok(config).result.lines()
        self.assertErrno(null, 0)
        self.assertErrno(kmsg, errno.EPERM)

    def test_exec_is_in_the_cgroup(self):
        container = self.running()
        pidfile = os.path.join(self.tmp, "pid")
        self.assertOk(container.exec("--detach", "--pid-file", pidfile, "ID", "/probe", "pause"))
        with open(pidfile, encoding="ascii") as file:
            self.assertEqual(cgroup_of(int(file.read())), self.cgroup(container))

    def test_delete_kills_all_of_it(self):
        container = self.running()
        path = self.cgroup(container)
        self.assertOk(container.exec("--detach", "ID", "/probe", "pause"))
        self.assertOk(container.delete("--force"))
        deadline = time.monotonic() + 5
        while os.path.exists(f"/sys/fs/cgroup{path}") and time.monotonic() < deadline:
            time.sleep(0.01)
        self.assertFalse(os.path.exists(f"/sys/fs/cgroup{path}"))


class Cgroupfs(Limits, GuestTest):
    pass


class Systemd(Limits, SystemdTest):
    pass


del Limits

if __name__ == "__main__":
    main()
