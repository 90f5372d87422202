# SPDX-License-Identifier: LGPL-2.1-or-later
"""Names, sysctl, and the kernel's ways to run a process: scheduler, ioPriority, memoryPolicy, personality."""

import os

from ocitest import ContainerTest, drop_namespace, main, needs


def own_scheduler():
    return os.sched_getscheduler(0)


class Names(ContainerTest):
    def test_hostname(self):
        config = self.config()
        config["hostname"] = "hostname-specific"
        self.assertEqual(self.report(config)["hostname"], "hostname-specific")

    def test_domainname(self):
        config = self.config()
        config["domainname"] = "domain.example"
        self.assertEqual(self.report(config)["domainname"], "domain.example")

    def test_the_host_keeps_its_names(self):
        before = os.uname().nodename
        config = self.config()
        config["hostname"], config["domainname"] = "other", "other"
        self.report(config)
        self.assertEqual(os.uname().nodename, before)

    def test_no_hostname_leaves_it(self):
        config = self.config()
        del config["hostname"]
        self.assertEqual(self.report(config)["hostname"], os.uname().nodename)

    def test_empty_hostname_leaves_it(self):
        config = self.config()
        config["hostname"] = ""
        self.assertEqual(self.report(config)["hostname"], os.uname().nodename)

    def test_longest_hostname(self):
        config = self.config()
        config["hostname"] = "x" * 64
        self.assertEqual(self.report(config)["hostname"], "x" * 64)

    def test_hostname_too_long(self):
        config = self.config()
        config["hostname"] = "x" * 65
        self.refuse(config, "hostname")

    def test_hostname_needs_a_uts_namespace(self):
        config = self.config()
        drop_namespace(config, "uts")
        self.refuse(config, "hostname", "UTS")

    def test_domainname_needs_a_uts_namespace(self):
        config = self.config()
        drop_namespace(config, "uts")
        del config["hostname"]
        config["domainname"] = "x"
        self.refuse(config, "domainname", "UTS")


class Sysctl(ContainerTest):
    def sysctl(self, values, *paths):
        config = self.config()
        config["linux"]["sysctl"] = values
        words = []
        for path in paths:
            words += ["read", path, "--"]
        return [line["text"].split() for line in self.act(*words[:-1], config=config)]

    def test_net(self):
        self.assertEqual(self.sysctl({"net.ipv4.ip_forward": "1"}, "/proc/sys/net/ipv4/ip_forward"), [["1"]])

    def test_net_with_slashes(self):
        self.assertEqual(self.sysctl({"net/ipv4/ip_forward": "1"}, "/proc/sys/net/ipv4/ip_forward"), [["1"]])

    def test_interface_with_a_dot_by_slashes(self):
        self.assertEqual(self.sysctl({"net/ipv4/conf/lo/forwarding": "1"},
                                     "/proc/sys/net/ipv4/conf/lo/forwarding"), [["1"]])

    def test_several_values(self):
        self.assertEqual(self.sysctl({"net.ipv4.ping_group_range": "5 10"},
                                     "/proc/sys/net/ipv4/ping_group_range"), [["5", "10"]])

    def test_ipc(self):
        self.assertEqual(self.sysctl({"kernel.msgmax": "4096", "kernel.shmmni": "100",
                                      "fs.mqueue.msg_max": "9"},
                                     "/proc/sys/kernel/msgmax", "/proc/sys/kernel/shmmni",
                                     "/proc/sys/fs/mqueue/msg_max"),
                         [["4096"], ["100"], ["9"]])

    def test_uts(self):
        config = self.config()
        del config["hostname"]
        config["linux"]["sysctl"] = {"kernel.domainname": "by-sysctl"}
        self.assertEqual(self.report(config)["domainname"], "by-sysctl")

    def test_the_host_keeps_its_values(self):
        with open("/proc/sys/kernel/msgmax", encoding="ascii") as file:
            before = file.read()
        self.sysctl({"kernel.msgmax": "4096"}, "/proc/sys/kernel/msgmax")
        with open("/proc/sys/kernel/msgmax", encoding="ascii") as file:
            self.assertEqual(file.read(), before)

    def refuse_sysctl(self, key, value, *words, without=None):
        config = self.config()
        if without:
            drop_namespace(config, without)
            if without == "network":
                config["mounts"] = [m for m in config["mounts"] if m["destination"] != "/sys"]
            if without == "ipc":
                config["mounts"] = [m for m in config["mounts"] if m["destination"] != "/dev/mqueue"]
        config["linux"]["sysctl"] = {key: value}
        self.refuse(config, key, *words)

    def test_of_the_whole_host(self):
        self.refuse_sysctl("vm.swappiness", "10")

    def test_kernel_of_the_whole_host(self):
        self.refuse_sysctl("kernel.pid_max", "100")

    def test_net_of_the_host(self):
        self.refuse_sysctl("net.ipv4.ip_forward", "1", without="network")

    def test_ipc_of_the_host(self):
        self.refuse_sysctl("kernel.msgmax", "4096", without="ipc")

    def test_unknown(self):
        self.refuse_sysctl("net.ipv4.no_such_value", "1", "no such file")

    def test_value_the_kernel_refuses(self):
        self.refuse_sysctl("net.ipv4.ip_forward", "yes", "invalid argument")

    def test_dots_that_lead_out(self):
        self.refuse_sysctl("net/../kernel/pid_max", "100")

    def test_hostname_twice(self):
        """kernel.hostname and hostname contradict each other."""
        config = self.config()
        config["linux"]["sysctl"] = {"kernel.hostname": "other"}
        self.refuse(config, "kernel.hostname")


class Scheduler(ContainerTest):
    def scheduler(self, **scheduler):
        config = self.config()
        config["process"]["scheduler"] = scheduler
        return self.report(config)["scheduler"]

    def test_unset_is_unchanged(self):
        got = self.report()["scheduler"]
        self.assertEqual((got["policy"], got["nice"]), (own_scheduler(), os.getpriority(os.PRIO_PROCESS, 0)))

    def test_other_with_nice(self):
        got = self.scheduler(policy="SCHED_OTHER", nice=5)
        self.assertEqual((got["policy"], got["nice"]), (0, 5))

    def test_batch(self):
        got = self.scheduler(policy="SCHED_BATCH", nice=7)
        self.assertEqual((got["policy"], got["nice"]), (3, 7))

    def test_idle(self):
        self.assertEqual(self.scheduler(policy="SCHED_IDLE")["policy"], 5)

    def test_deadline(self):
        """May be refused where the process is bound to less than all processors."""
        config = self.config()
        config["process"]["scheduler"] = {"policy": "SCHED_DEADLINE", "runtime": 1000000,
                                          "deadline": 10000000,
                                          "period": 10000000}
        result = self.container(config).run()
        if result.rc == 0:
            got = result.lines()[0]["scheduler"]
            self.assertEqual((got["policy"], got["runtime"], got["deadline"]), (6, 1000000, 10000000))
        else:
            self.assertRefused(result, "scheduler")

    def refuse_scheduler(self, *words, **scheduler):
        config = self.config()
        config["process"]["scheduler"] = scheduler
        self.refuse(config, "scheduler", *words)

    def test_unknown_policy(self):
        self.refuse_scheduler("SCHED_NONE", policy="SCHED_NONE")

    def test_without_policy(self):
        self.refuse_scheduler("policy", nice=1)

    def test_unknown_flag(self):
        self.refuse_scheduler("SCHED_FLAG_NONE", policy="SCHED_OTHER", flags=["SCHED_FLAG_NONE"])

    def test_nice_out_of_range(self):
        self.refuse_scheduler("nice", policy="SCHED_OTHER", nice=20)

    def test_priority_without_realtime(self):
        self.refuse_scheduler("priority", policy="SCHED_OTHER", priority=1)

    def test_deadline_values_without_deadline(self):
        self.refuse_scheduler(policy="SCHED_FIFO", priority=1, runtime=1)


class RealTime(ContainerTest):
    """Where groups share real time, a new cgroup of version 1 has none of it, so here is no such cgroup."""

    view = "v2"
    scheduler = Scheduler.scheduler

    def test_fifo(self):
        got = self.scheduler(policy="SCHED_FIFO", priority=3)
        self.assertEqual((got["policy"], got["priority"]), (1, 3))

    def test_round_robin_with_flag(self):
        got = self.scheduler(policy="SCHED_RR", priority=2, flags=["SCHED_FLAG_RESET_ON_FORK"])
        self.assertEqual((got["policy"], got["priority"], got["flags"] & 1), (2, 2, 1))


class IoPriority(ContainerTest):
    def check(self, word, number, level):
        config = self.config()
        config["process"]["ioPriority"] = {"class": word, "priority": level}
        self.assertEqual(self.report(config)["ioprio"], number << 13 | level)

    def test_best_effort(self):
        self.check("IOPRIO_CLASS_BE", 2, 6)

    def test_best_effort_highest(self):
        self.check("IOPRIO_CLASS_BE", 2, 0)

    def test_realtime(self):
        self.check("IOPRIO_CLASS_RT", 1, 3)

    def test_idle(self):
        config = self.config()
        config["process"]["ioPriority"] = {"class": "IOPRIO_CLASS_IDLE", "priority": 0}
        self.assertEqual(self.report(config)["ioprio"] >> 13, 3)

    def test_unknown_class(self):
        config = self.config()
        config["process"]["ioPriority"] = {"class": "IOPRIO_CLASS_NONE", "priority": 1}
        self.refuse(config, "ioPriority", "IOPRIO_CLASS_NONE")

    def test_out_of_range(self):
        config = self.config()
        config["process"]["ioPriority"] = {"class": "IOPRIO_CLASS_BE", "priority": 8}
        self.refuse(config, "ioPriority", "priority")


@needs(os.path.isdir("/sys/devices/system/node/node0"), "NUMA in the kernel")
class MemoryPolicy(ContainerTest):
    MODES = {"MPOL_DEFAULT": 0, "MPOL_PREFERRED": 1, "MPOL_BIND": 2, "MPOL_INTERLEAVE": 3, "MPOL_LOCAL": 4,
             "MPOL_PREFERRED_MANY": 5, "MPOL_WEIGHTED_INTERLEAVE": 6}

    def policy(self, **policy):
        config = self.config()
        config["linux"]["memoryPolicy"] = policy
        return self.report(config)["mempolicy"]

    def test_bind(self):
        got = self.policy(mode="MPOL_BIND", nodes="0")
        self.assertEqual((got["mode"] & 0xff, got["nodes"]), (2, [0]))

    def test_interleave(self):
        self.assertEqual(self.policy(mode="MPOL_INTERLEAVE", nodes="0")["mode"] & 0xff, 3)

    def test_preferred(self):
        self.assertEqual(self.policy(mode="MPOL_PREFERRED", nodes="0")["mode"] & 0xff, 1)

    def test_preferred_many(self):
        self.assertEqual(self.policy(mode="MPOL_PREFERRED_MANY", nodes="0")["mode"] & 0xff, 5)

    def test_local(self):
        self.assertEqual(self.policy(mode="MPOL_LOCAL")["mode"] & 0xff, 4)

    def test_default(self):
        self.assertEqual(self.policy(mode="MPOL_DEFAULT")["mode"] & 0xff, 0)

    def test_flags(self):
        got = self.policy(mode="MPOL_BIND", nodes="0", flags=["MPOL_F_STATIC_NODES"])
        self.assertEqual((got["mode"] & 0xff, got["mode"] >> 15 & 1), (2, 1))

    def refuse_policy(self, *words, **policy):
        config = self.config()
        config["linux"]["memoryPolicy"] = policy
        self.refuse(config, "memoryPolicy", *words)

    def test_unknown_mode(self):
        self.refuse_policy("MPOL_NONE", mode="MPOL_NONE")

    def test_unknown_flag(self):
        self.refuse_policy("MPOL_F_NONE", mode="MPOL_BIND", nodes="0", flags=["MPOL_F_NONE"])

    def test_node_that_is_not_there(self):
        config = self.config()
        config["linux"]["memoryPolicy"] = {"mode": "MPOL_BIND", "nodes": "900"}
        self.refuse_at_last(config, "memoryPolicy")

    def test_bad_list(self):
        self.refuse_policy("nodes", mode="MPOL_BIND", nodes="0-")

    def test_bind_without_nodes(self):
        self.refuse_policy("nodes", mode="MPOL_BIND")


@needs(os.uname().machine == "x86_64", "a machine with a 32 bit personality (x86_64)")
class Personality(ContainerTest):
    def personality(self, **personality):
        config = self.config()
        config["linux"]["personality"] = personality
        return self.report(config)

    def test_linux32(self):
        report = self.personality(domain="LINUX32")
        self.assertEqual((report["personality"], report["machine"]), (8, "i686"))

    def test_linux(self):
        report = self.personality(domain="LINUX")
        self.assertEqual((report["personality"], report["machine"]), (0, "x86_64"))

    def test_unknown(self):
        config = self.config()
        config["linux"]["personality"] = {"domain": "LINUX64"}
        self.refuse(config, "personality", "LINUX64")

    def test_flags_are_not_supported(self):
        config = self.config()
        config["linux"]["personality"] = {"domain": "LINUX", "flags": ["ADDR_NO_RANDOMIZE"]}
        self.refuse(config, "personality", "flags")


class OthersProperties(ContainerTest):
    """What has no business on this machine must be refused, not ignored."""

    @needs(not os.path.isdir("/sys/fs/resctrl/info"), "no resctrl")
    def test_intel_rdt(self):
        config = self.config()
        config["linux"]["intelRdt"] = {"closID": "x", "l3CacheSchema": "L3:0=f"}
        self.refuse(config, "intelRdt")

    @needs(not os.path.isdir("/sys/kernel/security/apparmor"), "no AppArmor")
    def test_apparmor(self):
        config = self.config()
        config["process"]["apparmorProfile"] = "some-profile"
        self.refuse_at_last(config, "apparmor")

    @needs(not os.path.isdir("/sys/fs/selinux/policy_capabilities"), "no SELinux")
    def test_selinux(self):
        config = self.config()
        config["process"]["selinuxLabel"] = "system_u:system_r:container_t:s0"
        self.refuse_at_last(config, "selinux")

    @needs(not os.path.isdir("/sys/fs/selinux/policy_capabilities"), "no SELinux")
    def test_mount_label(self):
        config = self.config()
        config["linux"]["mountLabel"] = "system_u:object_r:container_file_t:s0"
        self.refuse(config, "mountLabel", "SELinux")


if __name__ == "__main__":
    main()
