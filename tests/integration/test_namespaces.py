# SPDX-License-Identifier: LGPL-2.1-or-later
"""linux.namespaces, linux.uidMappings and gidMappings, linux.timeOffsets."""

import os
import subprocess
import time

from ocitest import ContainerTest, drop_namespace, main, needs, set_namespace
from ocitest.case import user_namespaces_work, with_user_namespace

KINDS = {"pid": "pid", "network": "net", "ipc": "ipc", "uts": "uts", "mount": "mnt", "cgroup": "cgroup",
         "user": "user", "time": "time"}


def own(link):
    return os.readlink(f"/proc/self/ns/{link}")


class New(ContainerTest):
    """A namespace without a path is a new one; a kind that is not listed is the runtime's own."""

    def check_new(self, kind):
        config = self.config()
        if kind == "user":
            with_user_namespace(config)
        else:
            set_namespace(config, kind)
        self.assertNotEqual(self.report(config).namespace(KINDS[kind]), own(KINDS[kind]))

    def check_shared(self, kind):
        config = self.config()
        drop_namespace(config, kind)
        if kind == "uts":
            del config["hostname"]
        if kind == "network":   # sysfs belongs to the network namespace, which must be owned too
            config["mounts"] = [m for m in config["mounts"] if m["destination"] != "/sys"]
        self.assertEqual(self.report(config).namespace(KINDS[kind]), own(KINDS[kind]))

    def test_the_first_process_of_a_new_pid_namespace(self):
        report = self.report()
        self.assertEqual((report["pid"], report["ppid"]), (1, 0))

    def test_children_stay_in_the_time_namespace(self):
        config = self.config()
        set_namespace(config, "time")
        report = self.report(config)
        self.assertEqual(report.namespace("time"), report.namespace("time_for_children"))

    def test_children_stay_in_the_pid_namespace(self):
        report = self.report()
        self.assertEqual(report.namespace("pid"), report.namespace("pid_for_children"))

    def test_a_shared_pid_namespace_shows_the_host(self):
        config = self.config()
        drop_namespace(config, "pid")
        self.assertNotEqual(self.report(config)["pid"], 1)

    def test_no_namespaces_but_mount(self):
        config = self.config()
        config["linux"]["namespaces"] = [{"type": "mount"}]
        del config["hostname"]
        config["mounts"] = [m for m in config["mounts"] if m["destination"] not in ("/sys", "/dev/mqueue")]
        report = self.report(config)
        for kind in ("pid", "network", "ipc", "uts", "cgroup", "user"):
            self.assertEqual(report.namespace(KINDS[kind]), own(KINDS[kind]), kind)

    def test_namespaces_are_not_those_of_the_next_container(self):
        first, second = self.running(self.config("report", "--", "wait-term")), None
        second = self.running(self.config("report", "--", "wait-term"))
        for container in (first, second):
            container.wait_line("wait-term")
        for link in KINDS.values():
            if link not in ("user", "time"):
                self.assertNotEqual(first.report().namespace(link), second.report().namespace(link), link)


for _kind in KINDS:
    setattr(New, f"test_new_{_kind}", lambda self, kind=_kind: self.check_new(kind))
    if _kind != "mount":
        setattr(New, f"test_shared_{_kind}", lambda self, kind=_kind: self.check_shared(kind))


class Host(ContainerTest):
    def test_no_mount_namespace(self):
        """Without a mount namespace of its own the container has the runtime's."""
        config = self.config()
        drop_namespace(config, "mount")
        config["mounts"] = []
        config["linux"].pop("maskedPaths")
        config["linux"].pop("readonlyPaths")
        container = self.container(config)
        result = container.run()
        if result.rc == 0:
            self.assertEqual(len(result.lines()), 1)
        else:
            self.assertRefused(result, "mount namespace")


class Join(ContainerTest):
    """A namespace with a path is joined."""

    def holder(self, *kinds):
        """A container with a process whose namespaces can be joined; returns its pid on the host."""
        config = self.config("wait-term")
        for kind in kinds:
            if kind == "user":
                with_user_namespace(config)
            else:
                set_namespace(config, kind)
        return self.running(config).pid

    def check_join(self, kind):
        pid = self.holder(kind)
        path = f"/proc/{pid}/ns/{KINDS[kind]}"
        config = self.config()
        set_namespace(config, kind, path)
        if kind == "uts":
            del config["hostname"]
        self.assertEqual(self.report(config).namespace(KINDS[kind]), os.readlink(path))

    def test_pid_number_in_a_joined_namespace(self):
        pid = self.holder("pid")
        config = self.config()
        set_namespace(config, "pid", f"/proc/{pid}/ns/pid")
        report = self.report(config)
        self.assertGreater(report["pid"], 1)
        self.assertEqual(report["ppid"], 0)

    def test_joined_by_a_bind_mount(self):
        pid = self.holder("uts")
        path = os.path.join(self.tmp, "uts")
        with open(path, "w", encoding="ascii"):
            pass
        subprocess.run(["mount", "--bind", f"/proc/{pid}/ns/uts", path], check=True)
        self.addCleanup(subprocess.run, ["umount", path], check=True)
        config = self.config()
        set_namespace(config, "uts", path)
        del config["hostname"]
        self.assertEqual(self.report(config)["hostname"], "ocirt-test")

    def test_several_at_once(self):
        pid = self.holder("network", "ipc", "uts", "pid")
        config = self.config()
        for kind in ("network", "ipc", "uts", "pid"):
            set_namespace(config, kind, f"/proc/{pid}/ns/{KINDS[kind]}")
        del config["hostname"]
        report = self.report(config)
        for kind in ("network", "ipc", "uts", "pid"):
            self.assertEqual(report.namespace(KINDS[kind]), os.readlink(f"/proc/{pid}/ns/{KINDS[kind]}"),
                             kind)

    @needs(user_namespaces_work(), "user namespaces")
    def test_user_namespace(self):
        """The one of a container with maps: its maps are ours then, so none are given."""
        pid = self.holder("user")
        config = self.config()
        set_namespace(config, "user", f"/proc/{pid}/ns/user")
        report = self.report(config)
        self.assertEqual(report.namespace("user"), os.readlink(f"/proc/{pid}/ns/user"))
        self.assertEqual(report.id_map(), [(0, 100000, 65536)])

    @needs(user_namespaces_work(), "user namespaces")
    def test_user_namespace_and_what_it_owns(self):
        pid = self.holder("user", "network", "ipc")
        config = self.config()
        for kind in ("user", "network", "ipc"):
            set_namespace(config, kind, f"/proc/{pid}/ns/{KINDS[kind]}")
        report = self.report(config)
        for kind in ("user", "network", "ipc"):
            self.assertEqual(report.namespace(KINDS[kind]), os.readlink(f"/proc/{pid}/ns/{KINDS[kind]}"),
                             kind)

    def test_hostname_of_a_joined_namespace_is_set(self):
        """A uts namespace by path is private enough for the peers; the name is set in it."""
        pid = self.holder("uts")
        config = self.config()
        config["hostname"] = "renamed"
        set_namespace(config, "uts", f"/proc/{pid}/ns/uts")
        self.assertEqual(self.report(config)["hostname"], "renamed")

    def test_path_is_missing(self):
        config = self.config()
        set_namespace(config, "ipc", "/proc/self/ns/none")
        self.refuse(config, "/proc/self/ns/none", "no such file")

    def test_path_is_relative(self):
        config = self.config()
        set_namespace(config, "ipc", "ns/ipc")
        self.refuse(config, "absolute")

    def test_path_is_no_namespace(self):
        config = self.config()
        set_namespace(config, "ipc", "/etc/passwd")
        self.refuse(config, "/etc/passwd")

    def test_path_of_the_wrong_type(self):
        for kind, link in KINDS.items():
            wrong = "net" if kind != "network" else "ipc"
            with self.subTest(kind=kind):
                config = self.config()
                set_namespace(config, kind, f"/proc/self/ns/{wrong}")
                if kind == "uts":
                    del config["hostname"]
                self.refuse(config, f"/proc/self/ns/{wrong}")


for _kind in ("pid", "network", "ipc", "uts", "cgroup", "time"):
    setattr(Join, f"test_join_{_kind}", lambda self, kind=_kind: self.check_join(kind))


class Refused(ContainerTest):
    def test_duplicates(self):
        for kind in KINDS:
            with self.subTest(kind=kind):
                config = self.config()
                drop_namespace(config, kind)
                config["linux"]["namespaces"] += [{"type": kind}, {"type": kind}]
                self.refuse(config, "namespaces", kind)

    def test_unknown_kind(self):
        config = self.config()
        config["linux"]["namespaces"].append({"type": "net"})
        self.refuse(config, "linux.namespaces", "net")

    def test_maps_without_user_namespace(self):
        config = self.config()
        config["linux"]["uidMappings"] = [{"containerID": 0, "hostID": 100000, "size": 65536}]
        config["linux"]["gidMappings"] = [{"containerID": 0, "hostID": 100000, "size": 65536}]
        self.refuse(config, "user")

    def test_offsets_without_time_namespace(self):
        config = self.config()
        config["linux"]["timeOffsets"] = {"monotonic": {"secs": 1, "nanosecs": 0}}
        self.refuse(config, "time")


@needs(user_namespaces_work(), "user namespaces")
class User(ContainerTest):
    def test_maps(self):
        config = with_user_namespace(self.config(), 200000, 1000)
        report = self.report(config)
        self.assertEqual(report.id_map("uid"), [(0, 200000, 1000)])
        self.assertEqual(report.id_map("gid"), [(0, 200000, 1000)])

    def test_several_ranges(self):
        config = with_user_namespace(self.config())
        config["linux"]["uidMappings"] = [{"containerID": 0, "hostID": 100000, "size": 10},
                                          {"containerID": 10, "hostID": 300000, "size": 5}]
        config["linux"]["gidMappings"] = [{"containerID": 0, "hostID": 100000, "size": 10},
                                          {"containerID": 100, "hostID": 400000, "size": 5}]
        report = self.report(config)
        self.assertEqual(report.id_map("uid"), [(0, 100000, 10), (10, 300000, 5)])
        self.assertEqual(report.id_map("gid"), [(0, 100000, 10), (100, 400000, 5)])

    def test_the_host_sees_mapped_ids(self):
        config = with_user_namespace(self.config("wait-term"))
        config["process"]["user"] = {"uid": 5, "gid": 6}
        container = self.running(config)
        with open(f"/proc/{container.pid}/status", encoding="ascii") as file:
            status = dict(line.split(":\t", 1) for line in file if ":\t" in line)
        self.assertEqual(status["Uid"].split(), ["100005"] * 4)
        self.assertEqual(status["Gid"].split(), ["100006"] * 4)

    def test_root_has_its_capabilities_only_inside(self):
        config = with_user_namespace(self.config("syscall", "reboot", "0xfee1dead", "672274793",
                                                 "0x89abcdef"))
        config["process"]["capabilities"] = {k: ["CAP_SYS_BOOT", "CAP_CHOWN"] for k in
                                             ("bounding", "effective", "permitted")}
        container = self.run_ok(config)
        self.assertEqual(len(container.result.lines()), 1)

    def test_devices_are_there_and_owned_by_root_inside_or_nobody(self):
        report = self.report(with_user_namespace(self.config()))
        for name in ("null", "zero", "full", "random", "urandom", "tty"):
            self.assertEqual(report["dev"][name]["type"], "c", name)

    def test_dev_null_works(self):
        config = with_user_namespace(self.config())
        lines = self.act("write", "/dev/null", "x", "--", "open", "/dev/zero", config=config)
        for line in lines:
            self.assertErrno(line, 0)

    def test_devpts_belongs_to_the_container(self):
        lines = self.act("ptmx", config=with_user_namespace(self.config()))
        self.assertErrno(lines[0], 0)
        self.assertEqual(lines[0]["gid"], 5)

    def test_mqueue_belongs_to_root_inside(self):
        lines = self.act("stat", "/dev/mqueue", config=with_user_namespace(self.config()))
        self.assertEqual((lines[0]["uid"], lines[0]["gid"]), (0, 0))

    def test_tmpfs_belongs_to_root_inside(self):
        lines = self.act("stat", "/dev/shm", config=with_user_namespace(self.config()))
        self.assertEqual((lines[0]["uid"], lines[0]["gid"], lines[0]["mode"]), (0, 0, 0o1777))

    def test_a_bundle_that_mapped_root_cannot_reach(self):
        """The directory above is closed for others: the runtime opens the root before it is another user."""
        config = with_user_namespace(self.config())
        container = self.container(config)
        os.chmod(container.bundle.path, 0o700)
        self.assertOk(container.run())

    def test_unmapped_user_is_refused(self):
        config = with_user_namespace(self.config(), size=10)
        config["process"]["user"] = {"uid": 10, "gid": 0}
        self.refuse(config, "uid", "10")

    def test_unmapped_group_is_refused(self):
        config = with_user_namespace(self.config(), size=10)
        config["process"]["user"] = {"uid": 0, "gid": 11}
        self.refuse(config, "gid", "11")

    def test_no_maps_are_refused(self):
        config = self.config()
        set_namespace(config, "user")
        self.refuse(config, "mappings")

    def test_overlapping_maps_are_refused(self):
        config = with_user_namespace(self.config())
        config["linux"]["uidMappings"].append({"containerID": 5, "hostID": 300000, "size": 5})
        self.refuse(config, "uidMappings")

    def test_setgroups_is_allowed(self):
        config = with_user_namespace(self.config())
        config["process"]["user"]["additionalGids"] = [7, 8]
        report = self.report(config)
        self.assertEqual(report["groups"], [7, 8])
        self.assertEqual(report.proc("setgroups").strip(), "allow")

    def test_bind_mount_shows_unmapped_owner(self):
        source = os.path.join(self.tmp, "source")
        os.mkdir(source)
        config = with_user_namespace(self.config())
        config["mounts"].append({"destination": "/mnt", "source": source, "type": "none",
                                 "options": ["bind"]})
        lines = self.act("stat", "/mnt", config=config)
        self.assertEqual(lines[0]["uid"], 65534)


@needs(os.path.exists("/proc/self/ns/time"), "time namespaces")
class Time(ContainerTest):
    def offsets(self, offsets):
        config = self.config()
        set_namespace(config, "time")
        config["linux"]["timeOffsets"] = offsets
        return self.report(config)

    def test_both_clocks(self):
        before = time.clock_gettime(time.CLOCK_MONOTONIC), time.clock_gettime(time.CLOCK_BOOTTIME)
        report = self.offsets({"monotonic": {"secs": 1000000, "nanosecs": 5},
                               "boottime": {"secs": 2000000, "nanosecs": 0}})
        after = time.clock_gettime(time.CLOCK_MONOTONIC), time.clock_gettime(time.CLOCK_BOOTTIME)
        self.assertTrue(before[0] + 1e6 <= report["monotonic"] / 1e9 <= after[0] + 1e6 + 1)
        self.assertTrue(before[1] + 2e6 <= report["boottime"] / 1e9 <= after[1] + 2e6 + 1)

    def test_one_clock(self):
        before = time.clock_gettime(time.CLOCK_MONOTONIC)
        report = self.offsets({"boottime": {"secs": 86400, "nanosecs": 0}})
        after = time.clock_gettime(time.CLOCK_MONOTONIC)
        self.assertTrue(before <= report["monotonic"] / 1e9 <= after)

    def test_shown_offsets(self):
        report = self.offsets({"monotonic": {"secs": 12, "nanosecs": 345},
                               "boottime": {"secs": 67, "nanosecs": 890}})
        lines = [line.split() for line in report.proc("timens_offsets").splitlines()]
        self.assertEqual(lines, [["monotonic", "12", "345"], ["boottime", "67", "890"]])

    def test_with_user_namespace(self):
        config = with_user_namespace(self.config())
        set_namespace(config, "time")
        config["linux"]["timeOffsets"] = {"monotonic": {"secs": 500, "nanosecs": 0}}
        report = self.report(config)
        self.assertIn(["monotonic", "500", "0"],
                      [w.split() for w in report.proc("timens_offsets").splitlines()])

    def test_unknown_clock(self):
        config = self.config()
        set_namespace(config, "time")
        config["linux"]["timeOffsets"] = {"realtime": {"secs": 1, "nanosecs": 0}}
        self.refuse(config, "timeOffsets", "realtime")


class NamedNetwork(ContainerTest):
    def test_network_namespace_that_nobody_is_in(self):
        """A file with a namespace mounted on it, as engines keep them."""
        path = os.path.join(self.tmp, "net")
        with open(path, "w", encoding="ascii"):
            pass
        subprocess.run(["unshare", f"--net={path}", "true"], check=True)
        self.addCleanup(subprocess.run, ["umount", path], check=True)
        config = self.config()
        set_namespace(config, "network", path)
        self.assertEqual(self.report(config).namespace("net"), f"net:[{os.stat(path).st_ino}]")


if __name__ == "__main__":
    main()
