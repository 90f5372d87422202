#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The systemd manager: what systemd knows of a container, and what happens when systemd or somebody else interferes."""

import os
import signal
import socket
import subprocess
import time

from ocitest import consents, main

from guesthost import SystemdTest, call, cgroup_of, read, show, systemctl, units

MIB = 1 << 20


class Properties(SystemdTest):
    def test_the_unit(self):
        config = self.limited({"memory": {"limit": 64 * MIB, "reservation": 32 * MIB, "swap": 96 * MIB},
                               "cpu": {"shares": 2048, "quota": 25000, "period": 50000}, "pids": {"limit": 50}})
        container = self.running(config)
        got = show(self.unit(container), "Description", "Transient", "Delegate", "Slice", "ControlGroup", "MemoryMax",
                   "MemoryLow", "MemorySwapMax", "CPUWeight", "CPUQuotaPerSecUSec", "CPUQuotaPeriodUSec", "TasksMax",
                   "CollectMode", "DevicePolicy", "ActiveState")
        self.assertEqual(got, {
            "Description": f"ocirt container {container.id}", "Transient": "yes", "Delegate": "yes", "Slice": "system.slice",
            "ControlGroup": self.cgroup(container), "MemoryMax": str(64 * MIB), "MemoryLow": str(32 * MIB),
            "MemorySwapMax": str(32 * MIB), "CPUWeight": "174", "CPUQuotaPerSecUSec": "500ms",
            "CPUQuotaPeriodUSec": "50ms", "TasksMax": "50", "CollectMode": "inactive-or-failed", "DevicePolicy": "strict",
            "ActiveState": "active"})

    def test_without_limits_there_are_none(self):
        container = self.running()
        self.assertEqual(show(self.unit(container), "TasksMax", "MemoryMax"), {"TasksMax": "infinity", "MemoryMax": "infinity"})
        self.assertEqual(read(self.cgroup(container), "pids.max"), "max")

    def test_default_name(self):
        config = self.config("wait-term")
        del config["linux"]["cgroupsPath"]
        container = self.container(config, name=f"{self.prefix}-x")
        self.assertOk(container.create())
        self.assertEqual(self.cgroup(container), f"/system.slice/ocirt-{self.prefix}-x.scope")

    def test_slices_are_expanded(self):
        config = self.config("wait-term")
        config["linux"]["cgroupsPath"] = f"ocirt-test-a.slice:{self.prefix}:b"
        container = self.running(config)
        self.assertEqual(self.cgroup(container),
                         f"/ocirt.slice/ocirt-test.slice/ocirt-test-a.slice/{self.prefix}-b.scope")
        self.assertOk(container.delete("--force"))
        systemctl("stop", "ocirt.slice")

    def test_a_slice_of_its_own(self):
        config = self.config("wait-term")
        config["linux"]["cgroupsPath"] = "::ocirttest-c.slice"
        container = self.running(config)
        self.assertEqual(self.cgroup(container), "/ocirttest.slice/ocirttest-c.slice")
        self.assertOk(container.delete("--force"))
        self.assertEqual(show("ocirttest-c.slice", "ActiveState")["ActiveState"], "inactive")
        systemctl("stop", "ocirttest.slice")

    def test_annotations(self):
        consents.give(self, "org.systemd.property.CPUWeight")
        config = self.config("wait-term")
        config["annotations"] = {"org.systemd.property.TimeoutStopSec": "uint64 7",
                                 "org.systemd.property.Description": "'a test'",
                                 "org.systemd.property.After": "['local-fs.target', 'basic.target']",
                                 "org.systemd.property.CPUWeight": "uint64 33"}
        container = self.running(config)
        got = show(self.unit(container), "TimeoutStopUSec", "Description", "After", "CPUWeight")
        self.assertEqual(got["TimeoutStopUSec"], "7s")
        self.assertEqual(got["Description"], "a test")
        self.assertIn("local-fs.target", got["After"])
        self.assertEqual(got["CPUWeight"], "33")

    def test_annotations_of_all_types(self):
        disk = call("findmnt", "-no", "SOURCE", "/")[1].strip()
        given = {"SendSIGHUP": ("true", "yes"), "KillSignal": ("10", "10"), "ManagedOOMMemoryPressureLimit": ("uint32 858993459", "858993459"),
                 "TimeoutStopUSec": ("uint64 9000000", "9s"), "RuntimeMaxSec": ("1000.5", None), "Description": ("'it\\'s one'", "it's one"),
                 "Before": ("['final.target', 'umount.target']", None), "AllowedCPUs": ("[byte 0x01]", "0"),
                 "IOReadBandwidthMax": (f"[('{disk}', uint64 5000000)]", f"{disk} 5000000"),
                 "IPAddressDeny": ("[(2, [byte 10, 0, 0, 0], uint32 8)]", "10.0.0.0/8"), "DevicePolicy": ("'closed'", "closed")}
        consents.give(self, "org.systemd.property.")
        config = self.config("wait-term")
        config["annotations"] = {f"org.systemd.property.{name}": text for name, (text, _) in given.items()}
        unit = self.unit(self.running(config))
        wanted = {name: shown for name, (_, shown) in given.items() if shown}
        self.assertEqual(show(unit, *wanted), wanted)
        got = show(unit, "RuntimeMaxUSec", "Before")
        self.assertEqual(got["RuntimeMaxUSec"], "16min 40.500000s")
        self.assertLessEqual({"final.target", "umount.target"}, set(got["Before"].split()))

    def test_an_unknown_property_is_refused(self):
        consents.give(self, "org.systemd.property.")
        config = self.config()
        config["annotations"] = {"org.systemd.property.NoSuchThing": "true"}
        self.refuse(config, "NoSuchThing")

    def test_subgroup(self):
        config = self.limited({"memory": {"limit": 64 * MIB}})
        config["annotations"] = {"run.oci.systemd.subgroup": "container"}
        container = self.running(config)
        scope, _, name = self.cgroup(container).rpartition("/")
        self.assertEqual(name, "container")
        self.assertEqual(read(scope, "cgroup.procs"), "")
        self.assertEqual(read(scope, "memory.max"), str(64 * MIB))
        self.assertEqual(read(scope + "/container", "memory.max"), str(64 * MIB))
        self.assertOk(container.exec("ID", "/probe", "say", "x"))

    def test_a_service_that_is_ready(self):
        """systemd waits for READY=1 of the container, and takes its process for the main one; it obeys nothing else."""
        config = self.config("notify", "MAINPID=1", "WATCHDOG=trigger", "STATUS=as it is", "--", "notify", "READY=1", "--",
                             "wait-term")
        container = self.container(config)
        unit = f"{self.prefix}-notify.service"
        argv = self.runtime.argv("run", "--detach", "--bundle", container.bundle.path, container.id)
        self.addCleanup(systemctl, "reset-failed", unit)
        self.addCleanup(systemctl, "stop", unit)
        status, text = call("systemd-run", f"--unit={unit}", "--property=Type=notify", "--property=TimeoutStartSec=120", *argv)
        self.assertEqual(status, 0, text)
        got = show(unit, "ActiveState", "MainPID", "StatusText")
        self.assertEqual(got, {"ActiveState": "active", "MainPID": str(container.pid), "StatusText": "as it is"})

    def test_a_service_that_runs_in_the_foreground(self):
        container = self.container(self.config("notify", "READY=1", "--", "wait-term"))
        unit = f"{self.prefix}-front.service"
        argv = self.runtime.argv("run", "--bundle", container.bundle.path, container.id)
        self.addCleanup(systemctl, "reset-failed", unit)
        self.addCleanup(systemctl, "stop", unit)
        status, text = call("systemd-run", f"--unit={unit}", "--property=Type=notify", "--property=TimeoutStartSec=120", *argv)
        self.assertEqual(status, 0, text)
        got = show(unit, "ActiveState", "MainPID")
        self.assertEqual(got["ActiveState"], "active")
        self.assertNotEqual(got["MainPID"], str(container.pid))

    def test_delegated_subgroup(self):
        consents.give(self, "run.oci.delegate-cgroup")
        config = self.config("wait-term")
        config["annotations"] = {"run.oci.systemd.subgroup": "container", "run.oci.delegate-cgroup": "init"}
        container = self.running(config)
        self.assertTrue(self.cgroup(container).endswith(".scope/container/init"), self.cgroup(container))

    def test_no_process_of_ours_stays(self):
        container = self.running()
        self.assertEqual(read(self.cgroup(container), "cgroup.procs"), str(container.pid))

    def test_born_in_the_scope(self):
        """Nobody has moved the container's process: its accounting began in the scope."""
        container = self.container(self.config())
        result = container.run()
        self.assertOk(result)
        self.assertNotIn("left", result.err)


class Interference(SystemdTest):
    def check_limits(self, container, memory):
        self.assertEqual(read(self.cgroup(container), "memory.max"), str(memory))
        self.assertEqual(read(self.cgroup(container), "cpu.max"), "20000 100000")
        self.assertEqual(read(self.cgroup(container), "pids.max"), "40")

    def limited_container(self):
        return self.running(self.limited({"memory": {"limit": 64 * MIB}, "cpu": {"quota": 20000, "period": 100000},
                                          "pids": {"limit": 40}}))

    def test_daemon_reload_keeps_the_limits(self):
        container = self.limited_container()
        self.assertEqual(systemctl("daemon-reload")[0], 0)
        self.check_limits(container, 64 * MIB)
        self.assertOk(container.exec("ID", "/probe", "open", "/dev/null"))

    def test_daemon_reload_keeps_an_update(self):
        container = self.limited_container()
        self.assertOk(self.runtime("update", "--memory", str(80 * MIB), container.id))
        self.assertEqual(show(self.unit(container), "MemoryMax")["MemoryMax"], str(80 * MIB))
        self.assertEqual(systemctl("daemon-reload")[0], 0)
        self.check_limits(container, 80 * MIB)

    def test_devices_stay_denied_after_a_reload(self):
        config = self.config("wait-term")
        config["linux"]["devices"] = [{"path": "/dev/kmsg2", "type": "c", "major": 1, "minor": 11, "fileMode": 0o666}]
        config["linux"]["resources"] = {"devices": [
            {"allow": False, "access": "rwm"}, {"allow": False, "type": "c", "major": 1, "minor": 11, "access": "rw"}]}
        container = self.running(config)
        self.assertEqual(systemctl("daemon-reload")[0], 0)
        self.assertErrno(self.assertOk(container.exec("ID", "/probe", "open", "/dev/kmsg2")).lines()[0], 1)
        self.assertErrno(self.assertOk(container.exec("ID", "/probe", "open", "/dev/null")).lines()[0], 0)

    def during(self, *words):
        """Containers are made and removed while systemctl does something."""
        with subprocess.Popen(["systemctl", *words], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as busy:
            rounds = 0
            while rounds < 3 or (busy.poll() is None and rounds < 50):
                container = self.container(self.config("wait-term"))
                self.assertOk(container.create(timeout=120))
                self.assertEqual(self.unit(container), os.path.basename(self.cgroup(container)))
                self.assertOk(container.delete("--force"))
                rounds += 1
        self.assertEqual(busy.returncode, 0)

    def test_during_daemon_reload(self):
        self.during("daemon-reload")

    def test_during_daemon_reexec(self):
        self.during("daemon-reexec")

    def test_at_the_same_time(self):
        containers = [self.container(self.config("wait-term"), name=f"p{i}-{os.getpid()}") for i in range(6)]
        with_output = [c.runtime.popen("create", "--bundle", c.bundle.path, c.id, stdin=subprocess.DEVNULL,
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) for c in containers]
        self.assertEqual([p.wait(120) for p in with_output], [0] * 6)
        self.assertEqual(len({self.cgroup(c) for c in containers}), 6)

    def foreign(self, config, *properties):
        """Somebody else's unit of the name that the configuration has."""
        _, prefix, name = config["linux"]["cgroupsPath"].split(":")
        unit = f"{prefix}-{name}.scope"
        process = subprocess.Popen(["systemd-run", "--quiet", "--scope", "--unit", unit, *properties, "sleep", "1000"],
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.wait_for(lambda: show(unit, "ActiveState")["ActiveState"] != "inactive", "the foreign unit")
        return unit, process

    def test_a_unit_in_use_is_left_alone(self):
        config = self.config("wait-term")
        unit, process = self.foreign(config)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        self.refuse(config, unit, "has processes")
        self.assertEqual(show(unit, "ActiveState")["ActiveState"], "active")
        self.assertIsNone(process.poll(), "the refused create has killed somebody else's process")

    def test_a_unit_that_failed_is_replaced(self):
        config = self.config("wait-term")
        unit, process = self.foreign(config, "-p", "RuntimeMaxSec=1")
        process.wait(60)
        self.wait_for(lambda: show(unit, "ActiveState")["ActiveState"] == "failed", "the failure")
        container = self.running(config)
        self.assertEqual(self.unit(container), unit)

    def test_the_same_name_again_and_again(self):
        config = self.config("wait-term")
        for number in range(5):
            container = self.container(config, name=f"again{number}-{os.getpid()}")
            self.assertOk(container.create())
            os.kill(container.pid, signal.SIGKILL)
            self.assertOk(container.delete("--force"))

    def test_killed_while_creating(self):
        """Wherever ocirt is killed, delete --force clears what is left, and the name is free."""
        for delay in range(0, 100, 7):
            config = self.config("wait-term")
            container = self.container(config, name=f"k{delay}-{os.getpid()}")
            process = self.runtime.popen("create", "--bundle", container.bundle.path, container.id, stdin=subprocess.DEVNULL,
                                         stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(delay / 1000)
            process.kill()
            process.wait()
            if container.state() is not None or os.path.exists(os.path.join(self.runtime.root, container.id)):
                self.assertOk(container.delete("--force"))
            again = self.container(config, name=f"a{delay}-{os.getpid()}")
            self.assertOk(again.create())
            self.assertOk(again.delete("--force"))

    def test_stopped_from_outside(self):
        container = self.running()
        unit = self.unit(container)
        self.assertEqual(systemctl("stop", unit)[0], 0)
        self.assertEqual(container.status, "stopped")
        self.assertOk(container.delete())
        self.assertEqual(units(unit), [])

    def test_an_oom_kill_does_not_end_the_container(self):
        container = self.running(self.limited({"memory": {"limit": 24 * MIB, "swap": 24 * MIB}}))
        container.exec("ID", "/probe", "mem", "64")
        time.sleep(0.5)
        self.assertEqual(container.status, "running")
        self.assertEqual(show(self.unit(container), "ActiveState")["ActiveState"], "active")


class OtherHosts(SystemdTest):
    def test_without_systemd(self):
        """As in a container that has cgroups and no bus."""
        container = self.container(self.config())
        status, text = call("unshare", "-m", "--propagation", "private", "sh", "-c",
                            'mount -t tmpfs none /run/systemd && mount -t tmpfs none /run/dbus && exec "$@"', "sh",
                            *self.runtime.argv("create", "--bundle", container.bundle.path, container.id))
        self.assertEqual(status, 1, text)
        self.assertIn("systemd does not run here", text)
        self.assertIsNone(container.state())

    def dead(self, accepts):
        """As root where systemd has died, or hangs: its socket and the bus's refuse, or are silent."""
        container = self.container(self.config())
        mounts = []
        for directory, name in (("/run/systemd", "private"), ("/run/dbus", "system_bus_socket")):
            mine = os.path.join(self.tmp, os.path.basename(directory))
            os.makedirs(os.path.join(mine, "system"))
            listener = socket.socket(socket.AF_UNIX)
            listener.bind(os.path.join(mine, name))
            if accepts:
                listener.listen()
            self.addCleanup(listener.close)
            mounts.append(f"mount --bind {mine} {directory}")
        began = time.monotonic()
        status, text = call("unshare", "-m", "--propagation", "private", "sh", "-c", f'{" && ".join(mounts)} && exec "$@"', "sh",
                            *self.runtime.argv("create", "--bundle", container.bundle.path, container.id))
        self.assertEqual(status, 1, text)
        self.assertLess(time.monotonic() - began, 90)
        self.assertIsNone(container.state())
        return text

    def test_a_dead_bus(self):
        text = self.dead(False)
        self.assertIn("systemd does not run here: connect to /run/systemd/private: Connection refused", text)

    def test_a_bus_that_is_silent(self):
        text = self.dead(True)
        self.assertIn("systemd", text)
        self.assertRegex(text, "no answer|timed out")

    def test_over_the_bus_where_there_is_no_private_socket(self):
        container = self.container(self.config("wait-term"))
        hide = ["unshare", "-m", "--propagation", "private", "sh", "-c",
                'mount -t tmpfs none /run/systemd && exec "$@"', "sh"]
        status, text = call(*hide, *self.runtime.argv("create", "--bundle", container.bundle.path, container.id))
        self.assertEqual(status, 0, text)
        self.assertTrue(cgroup_of(container.pid).endswith(".scope"))
        status, text = call(*hide, *self.runtime.argv("delete", "--force", container.id))
        self.assertEqual(status, 0, text)


if __name__ == "__main__":
    main()
