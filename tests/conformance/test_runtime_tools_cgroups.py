# SPDX-License-Identifier: LGPL-2.1-or-later
"""The programs of the runtime-tools validation suite that look at cgroups of version 1.

The suite reads the hierarchies below /sys/fs/cgroup while the container waits to be started.  A controller
that the machine has not mounted is named in the skip.  Leaf weights of block devices went from Linux with CFQ
(5.0): an error is what the specification wants of a runtime that cannot apply a property.
"""

import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "../lib")]

from ocitest import bundle, cgroups, drop_namespace, main, only_view, set_namespace  # noqa: E402
from suite import SuiteTest  # noqa: E402

GIGABYTE = 1 << 30


class V1Test(SuiteTest):
    def need(self, controller):
        if controller not in cgroups.hierarchies():
            self.skipTest(f"needs the {controller} controller of cgroup v1")

    def limited(self, resources, relative=False):
        config = self.config("wait-term")
        path = bundle.cgroups_path(f"{self._testMethodName}-{self._containers}")
        config["linux"]["cgroupsPath"] = path.lstrip("/") if relative else path
        config["linux"]["resources"].update(resources)
        return config

    def block_device(self):
        """Numbers of a whole block device of this machine; the suite relies on /dev/sda."""
        for name in sorted(os.listdir("/sys/block")):
            with open(f"/sys/block/{name}/dev", encoding="ascii") as file:
                major, minor = (int(n) for n in file.read().split(":"))
            if minor == 0:
                return major, minor
        return self.skipTest("needs a block device")


@only_view("host")
class Programs(V1Test):
    def blkio(self, relative):
        self.need("blkio")
        major, minor = self.block_device()
        place = {"major": major, "minor": minor}
        weights = {"weight": 500, "weightDevice": [{**place, "weight": 500}]}
        for rate in (102400, 204800):
            throttle = {f"throttle{d}{u}Device": [{**place, "rate": rate}] for d in ("Read", "Write")
                        for u in ("Bps", "IOPS")}
            files = {f"blkio.throttle.{d}_{u}_device": f"{major}:{minor} {rate}" for d in ("read", "write")
                     for u in ("bps", "iops")}
            self.outside(self.limited({"blockIO": throttle}, relative), "blkio", files)
            config = self.limited({"blockIO": {**throttle, **weights}}, relative)
            container = self.container(config)
            result = container.create()
            if result.rc:   # no scheduler of this kernel has weights
                self.assertRefused(result, "weight")
            else:
                path = self.cgroup_of(container.pid, "blkio")
                name = next(n for n in ("blkio.bfq.weight", "blkio.weight")
                            if os.path.exists(os.path.join(path, n)))
                with open(os.path.join(path, name), encoding="ascii") as file:
                    self.assertIn("500", file.read())
                self.assertOk(container.delete("--force"))
            self.refuse(self.limited({"blockIO": {**throttle, "leafWeight": 300}}, relative), "leaf weight")
            leaf = {"weightDevice": [{**place, "leafWeight": 300}]}
            self.refuse(self.limited({"blockIO": leaf}, relative), "leaf weight")

    def test_linux_cgroups_blkio(self):
        """Leaf weights, and weights where no scheduler has them, must be errors; the suite knows CFQ only."""
        self.blkio(relative=False)

    def test_linux_cgroups_relative_blkio(self):
        self.blkio(relative=True)

    def cpus(self, relative):
        self.need("cpu")
        self.need("cpuset")
        last = os.cpu_count() - 1
        for shares in (1024, 2048):
            for period, quota in ((100000, 50000), (200000, 100000)):
                for cpus in ("0", f"0-{last}" if last else "0"):
                    cpu = {"shares": shares, "period": period, "quota": quota, "cpus": cpus, "mems": "0"}
                    with self.subTest(cpu):
                        self.outside(self.limited({"cpu": cpu}, relative), "cpu", {
                            "cpu.shares": shares, "cpu.cfs_period_us": period, "cpu.cfs_quota_us": quota})
                        self.outside(self.limited({"cpu": cpu}, relative), "cpuset", {
                            "cpuset.cpus": cpus, "cpuset.mems": "0"})

    def test_linux_cgroups_cpus(self):
        self.cpus(relative=False)

    def test_linux_cgroups_relative_cpus(self):
        self.cpus(relative=True)

    def devices(self, relative):
        self.need("devices")
        rules = [{"allow": True, "type": "c", "major": 10, "minor": 229, "access": "rwm"},
                 {"allow": True, "type": "b", "major": 8, "minor": 20, "access": "rw"},
                 {"allow": True, "type": "b", "major": 10, "minor": 200, "access": "r"}]
        config = self.limited({}, relative)
        config["linux"]["resources"]["devices"] += rules

        def has(line):
            return lambda text: line in text.splitlines()

        for line in ("c 10:229 rwm", "b 8:20 rw", "b 10:200 r"):
            self.outside(config, "devices", {"devices.list": has(line)})

    def test_linux_cgroups_devices(self):
        self.devices(relative=False)

    def test_linux_cgroups_relative_devices(self):
        self.devices(relative=True)

    def hugetlb(self, relative):
        wrong = self.limited({"hugepageLimits": [{"pageSize": "3MB", "limit": 100 * 3 * 1024 * 1024}]},
                             relative)
        self.refuse(wrong, "pageSize" if "hugetlb" not in cgroups.hierarchies() else "3MB")
        self.need("hugetlb")
        for name in os.listdir("/sys/kernel/mm/hugepages"):
            size = int(re.fullmatch(r"hugepages-(\d+)kB", name).group(1))
            unit, word = next(pair for pair in ((1 << 20, "GB"), (1 << 10, "MB"), (1, "KB"))
                              if size % pair[0] == 0)
            word = f"{size // unit}{word}"
            limits = {"hugepageLimits": [{"pageSize": word, "limit": 2 * GIGABYTE}]}
            self.outside(self.limited(limits, relative), "hugetlb",
                         {f"hugetlb.{word}.limit_in_bytes": 2 * GIGABYTE})

    def test_linux_cgroups_hugetlb(self):
        self.hugetlb(relative=False)

    def test_linux_cgroups_relative_hugetlb(self):
        self.hugetlb(relative=True)

    def memory(self, relative):
        """The suite limits the kernel's memory too, which is without effect on current kernels: a warning
        says so.
        """
        self.need("memory")
        limit = 50593792
        memory = {"limit": limit, "reservation": limit, "swap": limit, "swappiness": 50,
                  "disableOOMKiller": False}
        expected = {"memory.limit_in_bytes": limit, "memory.soft_limit_in_bytes": limit,
                    "memory.memsw.limit_in_bytes": limit,
                    "memory.swappiness": 50, "memory.oom_control": lambda text: "oom_kill_disable 0" in text}
        self.outside(self.limited({"memory": memory}, relative), "memory", expected)
        container = self.container(self.limited({"memory": {"kernel": limit}}, relative))
        self.assertIn("memory.kernel: without effect", self.assertOk(container.create()).err)
        self.assertOk(container.delete("--force"))
        self.outside(self.limited({"memory": {"kernelTCP": limit}}, relative), "memory",
                     {"memory.kmem.tcp.limit_in_bytes": limit})

    def test_linux_cgroups_memory(self):
        self.memory(relative=False)

    def test_linux_cgroups_relative_memory(self):
        self.memory(relative=True)

    def network(self, relative):
        resources = {"network": {"classID": 255, "priorities": [{"name": "lo", "priority": 10}]}}
        missing = [c for c in ("net_cls", "net_prio") if c not in cgroups.hierarchies()]
        if missing:
            self.refuse(self.limited(resources, relative), "network")
            self.skipTest(f"needs the {missing[0]} controller of cgroup v1; without it the limit is refused")
        for own_network in (True, False):
            config = self.limited(resources, relative)
            if own_network:
                set_namespace(config, "network")
            else:
                drop_namespace(config, "network")
                config["mounts"] = [m for m in config["mounts"] if m["destination"] != "/sys"]
            self.outside(config, "net_cls", {"net_cls.classid": 255})
            self.outside(config, "net_prio",
                         {"net_prio.ifpriomap": lambda text: "lo 10" in text.splitlines()})

    def test_linux_cgroups_network(self):
        self.network(relative=False)

    def test_linux_cgroups_relative_network(self):
        self.network(relative=True)

    def pids(self, relative):
        self.need("pids")
        self.outside(self.limited({"pids": {"limit": 1000}}, relative), "pids", {"pids.max": 1000})

    def test_linux_cgroups_pids(self):
        self.pids(relative=False)

    def test_linux_cgroups_relative_pids(self):
        self.pids(relative=True)

    def test_delete_resources(self):
        """The cgroup of the container is no more after delete."""
        self.need("pids")
        config = self.limited({"pids": {"limit": 1000}})
        container = self.container(config)
        self.assertOk(container.create())
        path = self.cgroup_of(container.pid, "pids")
        self.assertTrue(os.path.isdir(path))
        self.assertOk(container.start())
        self.assertOk(container.kill("KILL"))
        self.wait_for(lambda: container.status == "stopped", "the end")
        self.assertOk(container.delete())
        self.assertFalse(os.path.exists(path))

    def test_delete_only_create_resources(self):
        """A cgroup that somebody else made stays, whether the container was moved there or has its own
        below.
        """
        self.need("pids")
        top = os.path.join(cgroups.hierarchies()["pids"], bundle.cgroups_path("cgrouptest").lstrip("/"))
        os.makedirs(top)
        self.addCleanup(lambda: os.path.isdir(top) and os.rmdir(top))
        for place in ("cgrouptest/container", "elsewhere"):
            with self.subTest(place):
                config = self.limited({"pids": {"limit": 1000}})
                config["linux"]["cgroupsPath"] = bundle.cgroups_path(place)
                container = self.container(config)
                self.assertOk(container.create())
                own = self.cgroup_of(container.pid, "pids")
                if place == "elsewhere":
                    with open(os.path.join(top, "cgroup.procs"), "w", encoding="ascii") as file:
                        file.write(str(container.pid))
                else:
                    self.assertEqual(own, os.path.join(top, "container"))
                self.assertOk(container.start())
                self.assertOk(container.kill("KILL"))
                self.wait_for(lambda c=container: c.status == "stopped", "the end")
                self.assertOk(container.delete())
                self.assertTrue(os.path.isdir(top))
                self.assertFalse(os.path.exists(own))


if __name__ == "__main__":
    main()
