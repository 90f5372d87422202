# SPDX-License-Identifier: LGPL-2.1-or-later
"""linux.cgroupsPath and linux.resources, in the layout of the host and in one with cgroup2 alone."""

import errno
import json
import os

from ocitest import ContainerTest, bundle, cgroups, drop_namespace, has_program, host, main, needs
from ocitest.case import user_namespaces_work, with_user_namespace

MISSING = (errno.ENODEV, errno.ENXIO)   # of a device that is allowed and has no driver in this kernel
MKNOD = {k: ["CAP_MKNOD"] for k in ("bounding", "effective", "permitted")}


def v1_only(controller):
    """A limit that is looked for in a hierarchy of version 1."""
    return needs(controller in cgroups.hierarchies(), f"the {controller} controller of cgroup v1")


class CgroupTest(ContainerTest):
    def limited(self, resources, *words):
        config = self.config(*(words or ("wait-term",)))
        config["linux"]["resources"] = {"devices": config["linux"]["resources"]["devices"], **resources}
        return config

    def path(self, config):
        return config["linux"]["cgroupsPath"]

    def running_with(self, resources):
        config = self.limited(resources)
        return self.running(config), self.path(config)

    def values(self, resources, controller, *names):
        """The contents of files of the container's cgroup while it runs."""
        container, path = self.running_with(resources)
        values = [cgroups.read(path, name, controller, self.view) for name in names]
        self.assertOk(container.delete("--force"))
        return values[0] if len(values) == 1 else values


class Place(CgroupTest):
    def test_the_process_is_in_its_cgroup(self):
        config = self.config("wait-term")
        container = self.running(config)
        with open(f"/proc/{container.pid}/cgroup", encoding="ascii") as file:
            paths = {line.strip().split(":", 2)[1]: line.strip().split(":", 2)[2] for line in file}
        self.assertEqual(paths[""], self.path(config))
        if not cgroups.is_v2_only(self.view):
            for controller in ("memory", "pids", "devices", "freezer", "cpu"):
                if controller in paths:
                    self.assertEqual(paths[controller], self.path(config), controller)

    def test_removed_by_delete(self):
        config = self.config("wait-term")
        container = self.running(config)
        self.assertTrue(os.path.isdir(cgroups.directory(self.path(config), "pids", self.view)))
        self.assertOk(container.delete("--force"))
        for point in cgroups.mount_points():
            self.assertFalse(os.path.exists(point + self.path(config)), point)

    def test_removed_after_run(self):
        config = self.config("say", "x")
        self.run_ok(config)
        for point in cgroups.mount_points():
            self.assertFalse(os.path.exists(point + self.path(config)), point)

    def test_removed_if_create_fails(self):
        config = self.config()
        config["process"]["args"] = ["/no/such/program"]
        self.refuse(config, "/no/such/program")
        for point in cgroups.mount_points():
            self.assertFalse(os.path.exists(point + self.path(config)), point)

    def test_deeper_path(self):
        config = self.config("wait-term")
        config["linux"]["cgroupsPath"] = bundle.cgroups_path("a/b/c")
        container = self.running(config)
        with open(f"/proc/{container.pid}/cgroup", encoding="ascii") as file:
            self.assertIn(f"0::{bundle.cgroups_path('a/b/c')}\n", file.read())
        self.assertOk(container.delete("--force"))
        self.remove_empty()

    def remove_empty(self):
        for path in cgroups.left():
            os.rmdir(path)

    def test_what_the_container_made_below_is_removed_too(self):
        config = self.config("mkdir", "/sys/fs/cgroup/below", "--", "mkdir", "/sys/fs/cgroup/unified/below",
                             "--", "say", "x")
        config["mounts"].append({"destination": "/sys/fs/cgroup", "type": "cgroup", "source": "cgroup",
                                 "options": ["nosuid", "noexec", "nodev", "rw"]})
        self.run_ok(config)
        self.assertEqual([p for p in cgroups.left() if self.path(config) in p], [])

    def test_an_existing_empty_one_is_used(self):
        config = self.config("say", "x")
        for point in cgroups.mount_points():
            os.makedirs(point + self.path(config))
        self.run_ok(config)
        self.remove_empty()

    def test_one_with_processes_is_refused(self):
        config = self.config("wait-term")
        self.running(config)
        other = self.config("say", "x")
        other["linux"]["cgroupsPath"] = config["linux"]["cgroupsPath"]
        result = self.container(other).run()
        self.assertIn(result.rc, (0, 1))
        if result.rc:
            self.assertRefused(result, "cgroup")

    def test_without_path_it_has_one_of_its_own(self):
        config = self.config("wait-term")
        del config["linux"]["cgroupsPath"]
        container = self.running(config)
        with open(f"/proc/{container.pid}/cgroup", encoding="ascii") as file:
            paths = [line.strip().split(":", 2)[2] for line in file]
        self.assertTrue([p for p in paths if container.id in p], paths)
        self.assertOk(container.delete("--force"))
        for point in cgroups.mount_points():
            for path in set(paths) - {"/"}:
                if container.id in path:
                    self.assertFalse(os.path.exists(point + path), path)

    def test_relative_path(self):
        config = self.config("wait-term")
        config["linux"]["cgroupsPath"] = f"{host.test_token()}/relative"
        container = self.running(config)
        with open(f"/proc/{container.pid}/cgroup", encoding="ascii") as file:
            self.assertIn("/relative\n", file.read())

    def test_a_path_that_leads_out_stays_in(self):
        config = self.config("say", "x")
        config["linux"]["cgroupsPath"] = f"/../../../{host.test_token()}/x"
        result = self.container(config).run()
        self.assertIn(result.rc, (0, 1))

    def test_namespace_hides_the_path(self):
        """Of the cgroups that the container has been given, no path is to be seen."""
        config = self.config()
        self.assertEqual([p for p in self.report(config).cgroups.values() if host.test_token() in p], [])

    def test_without_namespace_the_path_shows(self):
        config = self.config()
        drop_namespace(config, "cgroup")
        self.assertEqual(self.report(config).cgroups[""], self.path(config))

    def test_manager_disabled(self):
        self.runtime.options = ["--cgroup-manager", "disabled"]
        config = self.config("wait-term")
        del config["linux"]["cgroupsPath"], config["linux"]["resources"]
        container = self.running(config)
        with open("/proc/self/cgroup", encoding="ascii") as own, open(f"/proc/{container.pid}/cgroup",
                                                                      encoding="ascii") as its:
            self.assertEqual(own.read(), its.read())
        self.assertOk(container.delete("--force"))


class Processes(CgroupTest):
    @needs(cgroups.has_controller("pids"), "the pids controller")
    def test_pids_limit_holds(self):
        config = self.limited({"pids": {"limit": 5}}, "fork", "10")
        line = self.run_ok(config).result.lines()[0]
        self.assertEqual((line["errno"], line["made"]), (errno.EAGAIN, 4))

    @needs(cgroups.has_controller("pids"), "the pids controller")
    def test_pids_limit_shows(self):
        self.assertEqual(self.values({"pids": {"limit": 123}}, "pids", "pids.max"), "123")

    @needs(cgroups.has_controller("pids"), "the pids controller")
    def test_pids_unlimited(self):
        self.assertEqual(self.values({"pids": {"limit": -1}}, "pids", "pids.max"), "max")


class Memory(CgroupTest):
    @v1_only("memory")
    def test_limit_shows(self):
        self.assertEqual(self.values({"memory": {"limit": 64 << 20}}, "memory", "memory.limit_in_bytes"),
                         str(64 << 20))

    @v1_only("memory")
    def test_reservation(self):
        self.assertEqual(self.values({"memory": {"limit": 64 << 20, "reservation": 32 << 20}}, "memory",
                                     "memory.limit_in_bytes", "memory.soft_limit_in_bytes"),
                         [str(64 << 20), str(32 << 20)])

    @v1_only("memory")
    def test_unlimited(self):
        value = int(self.values({"memory": {"limit": -1}}, "memory", "memory.limit_in_bytes"))
        self.assertGreater(value, 1 << 60)

    @v1_only("memory")
    def test_limit_holds(self):
        config = self.limited({"memory": {"limit": 32 << 20}}, "mem", "100")
        self.assertEqual(self.container(config).run().rc, 137)

    @v1_only("memory")
    def test_within_the_limit(self):
        config = self.limited({"memory": {"limit": 64 << 20}}, "mem", "20")
        self.assertErrno(self.run_ok(config).result.lines()[0], 0)

    @v1_only("memory")
    def test_limit_too_small_to_start(self):
        config = self.limited({"memory": {"limit": 4096}}, "say", "x")
        result = self.container(config).run()
        self.assertNotEqual(result.rc, 0)
        self.assertIn("memory", result.err.lower())

    @v1_only("memory")
    def test_oom_killer_can_be_disabled(self):
        text = self.values({"memory": {"limit": 64 << 20, "disableOOMKiller": True}}, "memory",
                           "memory.oom_control")
        self.assertIn("oom_kill_disable 1", text)

    @v1_only("memory")
    def test_swappiness(self):
        self.assertEqual(self.values({"memory": {"swappiness": 10}}, "memory", "memory.swappiness"), "10")


class Cpu(CgroupTest):
    @v1_only("cpu")
    def test_shares(self):
        self.assertEqual(self.values({"cpu": {"shares": 512}}, "cpu", "cpu.shares"), "512")

    @v1_only("cpu")
    def test_quota_and_period(self):
        self.assertEqual(self.values({"cpu": {"quota": 20000, "period": 50000}}, "cpu", "cpu.cfs_quota_us",
                                     "cpu.cfs_period_us"),
                         ["20000", "50000"])

    @v1_only("cpuset")
    def test_cpuset(self):
        cpu = sorted(os.sched_getaffinity(0))[0]
        config = self.limited({"cpu": {"cpus": str(cpu), "mems": "0"}}, "report")
        self.assertEqual(self.report(config)["affinity"], [cpu])

    @v1_only("cpuset")
    def test_cpuset_that_is_not_there(self):
        config = self.limited({"cpu": {"cpus": "900"}})
        self.refuse(config, "cpus")


class Devices(CgroupTest):
    def attempt(self, rules, kind, major, minor, flags="0"):
        """(errno of mknod, errno of open) inside."""
        config = self.config("open-mknod", "/dev/shm/x", kind, str(major), str(minor), flags)
        config["process"]["capabilities"] = MKNOD
        config["mounts"] = [m if m["destination"] != "/dev/shm" else
                            {"destination": "/dev/shm", "type": "tmpfs",
                             "source": "shm"} for m in config["mounts"]]
        config["linux"]["resources"]["devices"] = rules
        line = self.run_ok(config).result.lines()[0]
        return line["mknod"], line["open"] if line["open"] not in MISSING else 0

    DENY = {"allow": False, "access": "rwm"}

    def test_denied_by_default(self):
        self.assertEqual(self.attempt([self.DENY], "c", 10, 229)[1], errno.EPERM)

    def test_default_devices_are_allowed(self):
        lines = self.act("write", "/dev/null", "--", "open", "/dev/zero", "2", "--", "open", "/dev/full",
                         "--", "open",
                         "/dev/random", "--", "open", "/dev/urandom", "--", "ptmx")
        self.assertEqual([line["errno"] for line in lines], [0] * 6)

    def test_mknod_of_any_device_is_allowed_by_the_default_rules_of_the_peers(self):
        self.assertEqual(self.attempt([self.DENY, {"allow": True, "type": "c", "access": "m"}], "c", 10, 229),
                         (0, errno.EPERM))

    def test_mknod_alone_does_not_open(self):
        rules = [self.DENY, {"allow": True, "type": "c", "major": 10, "minor": 229, "access": "m"}]
        self.assertEqual(self.attempt(rules, "c", 10, 229)[1], errno.EPERM)

    def test_read_alone(self):
        rules = [self.DENY, {"allow": True, "type": "c", "access": "m"},
                 {"allow": True, "type": "c", "major": 10, "minor": 229, "access": "r"}]
        self.assertEqual(self.attempt(rules, "c", 10, 229, "0")[1], 0)
        self.assertEqual(self.attempt(rules, "c", 10, 229, "1")[1], errno.EPERM)

    def test_all_minors(self):
        rules = [self.DENY, {"allow": True, "type": "c", "major": 10, "access": "rwm"}]
        self.assertEqual(self.attempt(rules, "c", 10, 229), (0, 0))

    def test_other_major_is_denied(self):
        rules = [self.DENY, {"allow": True, "type": "c", "access": "m"},
                 {"allow": True, "type": "c", "major": 5, "access": "rwm"}]
        self.assertEqual(self.attempt(rules, "c", 10, 229)[1], errno.EPERM)

    def test_type_matters(self):
        rules = [self.DENY, {"allow": True, "type": "c", "access": "m"},
                 {"allow": True, "type": "b", "major": 10, "access": "rwm"}]
        self.assertEqual(self.attempt(rules, "c", 10, 229)[1], errno.EPERM)

    def test_allow_all(self):
        self.assertEqual(self.attempt([{"allow": True, "access": "rwm"}], "c", 10, 229), (0, 0))

    def test_later_rules_win(self):
        rules = [{"allow": True, "access": "rwm"},
                 {"allow": False, "type": "c", "major": 10, "minor": 229, "access": "rw"}]
        self.assertEqual(self.attempt(rules, "c", 10, 229)[1], errno.EPERM)

    def test_listed_devices_are_allowed(self):
        config = self.config("open", "/dev/fuse")
        config["linux"]["devices"] = [{"path": "/dev/fuse", "type": "c", "major": 10, "minor": 229,
                                       "fileMode": 0o666}]
        config["linux"]["resources"]["devices"] = [self.DENY]
        self.assertIn(self.run_ok(config).result.lines()[0]["errno"], (0, errno.EPERM, *MISSING))


class Freezing(CgroupTest):
    def test_pause_and_resume(self):
        config = self.config("wait-term")
        container = self.running(config)
        self.assertOk(self.runtime("pause", container.id))
        self.assertEqual(container.status, "paused")
        result = self.runtime("exec", container.id, "/probe", "say", "x")
        self.assertEqual(result.rc, 255, str(result))
        self.assertIn("cannot exec in a paused container", result.err)
        self.assertOk(self.runtime("resume", container.id))
        self.assertEqual(container.status, "running")

    def test_resume_of_a_running_one(self):
        container = self.running()
        self.assertRefused(self.runtime("resume", container.id), "container not paused")

    def test_pause_of_a_stopped_one(self):
        container = self.running(self.config("say", "x"))
        self.wait_for(lambda: container.status == "stopped", "the end")
        self.assertEqual(self.runtime("pause", container.id).rc, 1)

    def test_a_paused_one_stands_still(self):
        container = self.running(self.config("trap", "10", "/signals"))
        container.wait_file("/signals", "ready")
        self.assertOk(self.runtime("pause", container.id))
        self.assertOk(container.kill("USR1"))
        self.assertNotIn("10\n", container.bundle.get("/signals"))
        self.assertOk(self.runtime("resume", container.id))
        self.wait_for(lambda: "10\n" in container.bundle.get("/signals"), "SIGUSR1")

    def test_a_paused_one_can_be_killed_and_deleted(self):
        container = self.running()
        self.assertOk(self.runtime("pause", container.id))
        self.assertOk(container.delete("--force"))

    def test_kill_of_a_paused_one(self):
        container = self.running()
        pid = container.pid
        self.assertOk(self.runtime("pause", container.id))
        self.assertOk(container.kill("KILL"))
        if container.status == "paused":        # with v1 it dies when it is thawed, with v2 it may have died meanwhile
            result = self.runtime("resume", container.id)
            self.assertIn(result.err, ("", f"ocirt: resume {container.id}: container not paused\n"))
        container.wait_end(pid)


class Updates(CgroupTest):
    @v1_only("memory")
    def test_by_options(self):
        container, path = self.running_with({"memory": {"limit": 64 << 20}, "pids": {"limit": 50}})
        self.assertOk(self.runtime("update", "--memory", str(128 << 20), "--pids-limit", "99", container.id))
        self.assertEqual(cgroups.read(path, "memory.limit_in_bytes", "memory", self.view), str(128 << 20))
        self.assertEqual(cgroups.read(path, "pids.max", "pids", self.view), "99")

    @v1_only("pids")
    def test_from_standard_input(self):
        container, path = self.running_with({"pids": {"limit": 50}})
        self.assertOk(self.runtime("update", "--resources", "-", container.id,
                                   input=json.dumps({"pids": {"limit": 77}})))
        self.assertEqual(cgroups.read(path, "pids.max", "pids", self.view), "77")

    @v1_only("cpu")
    def test_from_a_file(self):
        container, path = self.running_with({"cpu": {"shares": 512}})
        name = os.path.join(self.tmp, "resources")
        with open(name, "w", encoding="ascii") as file:
            json.dump({"cpu": {"shares": 256}}, file)
        self.assertOk(self.runtime("update", "-r", name, container.id))
        self.assertEqual(cgroups.read(path, "cpu.shares", "cpu", self.view), "256")

    @v1_only("pids")
    def test_what_is_not_given_stays(self):
        container, path = self.running_with({"pids": {"limit": 50}, "cpu": {"shares": 512}})
        self.assertOk(self.runtime("update", "--cpu-share", "300", container.id))
        self.assertEqual(cgroups.read(path, "pids.max", "pids", self.view), "50")

    def test_bad_value(self):
        container = self.running()
        result = self.runtime("update", "--pids-limit", "many", container.id)
        self.assertEqual(result.rc, 1, str(result))
        self.assertIn("many", result.err)


class Listing(CgroupTest):
    def test_ps_json(self):
        container = self.running(self.config("spawn", "2", "--", "wait-term"))
        container.wait_line("wait-term")
        pids = self.assertOk(self.runtime("ps", "--format", "json", container.id)).json()
        self.assertEqual(len(pids), 3)
        self.assertIn(container.pid, pids)

    @needs(has_program("ps"), "ps")
    def test_ps_table(self):
        container = self.running()
        lines = self.assertOk(self.runtime("ps", container.id)).out.splitlines()
        self.assertIn("PID", lines[0])
        self.assertTrue([line for line in lines[1:] if str(container.pid) in line.split()])

    def test_events_stats(self):
        container = self.running()
        event = self.assertOk(self.runtime("events", "--stats", container.id)).json()
        self.assertEqual((event["type"], event["id"]), ("stats", container.id))
        self.assertIn("cpu", event["data"])


class Unified(CgroupTest):
    @needs("memory" in cgroups.hierarchies(), "cgroup v1")
    def test_unified_with_a_controller_of_version_1_is_refused(self):
        config = self.limited({"unified": {"memory.max": "1000000"}})
        self.refuse(config, "unified")


class HostHybrid(CgroupTest):
    """The words for the options that version 2 doesn't have."""

    @v1_only("blkio")
    def test_block_io_weight_or_refused(self):
        config = self.limited({"blockIO": {"weight": 300}})
        container = self.container(config)
        result = container.create()
        if result.rc:
            self.assertRefused(result, "blockIO")


class PlacePure(Place):
    view = "v2"

    def test_controllers_of_version_1_are_left_alone(self):
        config = self.config("wait-term")
        self.running(config)
        for controller, point in cgroups.hierarchies().items():
            if controller:
                self.assertFalse(os.path.exists(point + self.path(config)), controller)


class DevicesPure(Devices):
    """By a program of BPF."""

    view = "v2"


class FreezingPure(Freezing):
    view = "v2"


class ListingPure(Listing):
    view = "v2"


class LimitsPure(CgroupTest):
    view = "v2"

    @needs("hugetlb" in cgroups.v2_controllers(), "the hugetlb controller in cgroup2")
    def test_hugepage_limit(self):
        sizes = sorted(os.listdir("/sys/kernel/mm/hugepages"))
        if not sizes:
            self.skipTest("needs huge pages")
        size = int(sizes[-1].removeprefix("hugepages-").removesuffix("kB")) // 1024
        name = f"{size}MB" if size < 1024 else f"{size // 1024}GB"
        resources = {"hugepageLimits": [{"pageSize": name, "limit": size << 20}]}
        rsvd, plain = f"hugetlb.{name}.rsvd.max", f"hugetlb.{name}.max"
        container, path = self.running_with(resources)
        there = os.path.exists(os.path.join(cgroups.directory(path, "", self.view), rsvd))
        self.assertEqual(cgroups.read(path, rsvd if there else plain, "", self.view), str(size << 20))
        self.assertOk(container.delete("--force"))

    @needs("hugetlb" in cgroups.v2_controllers(), "the hugetlb controller in cgroup2")
    def test_unified(self):
        config = self.limited({"unified": {"hugetlb.2MB.max": str(4 << 20)}})
        self.running(config)
        self.assertEqual(cgroups.read(self.path(config), "hugetlb.2MB.max", "", self.view), str(4 << 20))

    def test_unified_of_the_core(self):
        config = self.limited({"unified": {"cgroup.max.descendants": "7"}})
        self.running(config)
        self.assertEqual(cgroups.read(self.path(config), "cgroup.max.descendants", "", self.view), "7")

    @needs("pids" not in cgroups.v2_controllers(), "a machine whose cgroup2 lacks the pids controller")
    def test_a_limit_without_its_controller_is_refused(self):
        self.refuse(self.limited({"pids": {"limit": 5}}), "pids")

    @needs("memory" not in cgroups.v2_controllers(), "a machine whose cgroup2 lacks the memory controller")
    def test_a_memory_limit_without_its_controller_is_refused(self):
        self.refuse(self.limited({"memory": {"limit": 64 << 20}}), "memory")

    @needs("pids" in cgroups.v2_controllers(), "the pids controller in cgroup2")
    def test_pids(self):
        self.assertEqual(self.values({"pids": {"limit": 123}}, "pids", "pids.max"), "123")

    @needs("memory" in cgroups.v2_controllers(), "the memory controller in cgroup2")
    def test_memory(self):
        resources = {"memory": {"limit": 64 << 20, "swap": 96 << 20}}
        self.assertEqual(self.values(resources, "memory", "memory.max", "memory.swap.max"),
                         [str(64 << 20), str(32 << 20)])

    @needs("cpu" in cgroups.v2_controllers(), "the cpu controller in cgroup2")
    def test_cpu(self):
        self.assertEqual(self.values({"cpu": {"quota": 20000, "period": 50000}}, "cpu", "cpu.max"),
                         "20000 50000")

    def test_network_is_refused(self):
        self.refuse(self.limited({"network": {"classID": 1}}), "network")

    @needs(user_namespaces_work(), "user namespaces")
    def test_delegation(self):
        """A writable cgroup mount in a container with a cgroup namespace gives the directory to its user."""
        config = with_user_namespace(self.config("wait-term"))
        config["mounts"].append({"destination": "/sys/fs/cgroup", "type": "cgroup", "source": "cgroup",
                                 "options": ["nosuid", "noexec", "nodev"]})
        self.running(config)
        directory = cgroups.directory(self.path(config), "", self.view)
        self.assertEqual(os.stat(directory).st_uid, 100000)
        with open("/sys/kernel/cgroup/delegate", encoding="ascii") as file:
            for name in file.read().split():
                path = os.path.join(directory, name)
                if os.path.exists(path):
                    self.assertEqual(os.stat(path).st_uid, 100000, name)
        self.assertEqual(os.stat(os.path.join(directory, "cgroup.max.depth")).st_uid, 0)

    def test_no_delegation_with_a_read_only_mount(self):
        config = with_user_namespace(self.config("wait-term"))
        config["mounts"].append({"destination": "/sys/fs/cgroup", "type": "cgroup", "source": "cgroup",
                                 "options": ["ro"]})
        self.running(config)
        self.assertEqual(os.stat(cgroups.directory(self.path(config), "", self.view)).st_uid, 0)

    def test_a_frozen_cgroup_is_refused_or_thawed(self):
        config = self.config("say", "x")
        directory = cgroups.directory(self.path(config), "", self.view)
        os.makedirs(directory)
        with open(os.path.join(directory, "cgroup.freeze"), "w", encoding="ascii") as file:
            file.write("1")
        try:
            result = self.container(config).run()
            self.assertIn(result.rc, (0, 1))
        finally:
            if os.path.isdir(directory):
                os.rmdir(directory)


if __name__ == "__main__":
    main()
