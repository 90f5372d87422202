# SPDX-License-Identifier: LGPL-2.1-or-later
"""The network namespace: loopback, and linux.netDevices."""

import os
import subprocess

from ocitest import ContainerTest, drop_namespace, has_program, host, leaks, main, needs, set_namespace
from ocitest.case import with_user_namespace

IFF_UP, IFF_RUNNING = 1, 64


def ip(*args):
    return subprocess.run(["ip", *args], check=True, capture_output=True, text=True).stdout


def can_make_veth():
    """Tried in a namespace that goes with the process."""
    return subprocess.run(["unshare", "-n", "ip", "link", "add", "name", "a0", "type", "veth", "peer", "name",
                           "b0"],
                          capture_output=True, check=False).returncode == 0


class Loopback(ContainerTest):
    def test_up_in_a_new_namespace(self):
        lo = self.report()["interfaces"]["lo"]
        self.assertEqual(lo["flags"] & (IFF_UP | IFF_RUNNING), IFF_UP | IFF_RUNNING)
        self.assertIn({"address": "127.0.0.1", "prefix": 8}, lo["addresses"])

    def test_works(self):
        self.assertErrno(self.act("listen")[0], 0)

    def test_works_in_a_user_namespace(self):
        config = with_user_namespace(self.config())
        self.assertErrno(self.act("listen", config=config)[0], 0)

    def test_a_joined_namespace_is_left_as_it_is(self):
        path = os.path.join(self.tmp, "net")
        with open(path, "w", encoding="ascii"):
            pass
        subprocess.run(["unshare", f"--net={path}", "true"], check=True)
        self.addCleanup(host.umount, path)
        config = self.config()
        set_namespace(config, "network", path)
        self.assertEqual(self.report(config)["interfaces"]["lo"]["flags"] & IFF_UP, 0)

    def test_host_network(self):
        config = self.config()
        drop_namespace(config, "network")
        config["mounts"] = [m for m in config["mounts"] if m["destination"] != "/sys"]
        self.assertEqual(set(self.report(config)["interfaces"]),
                         set(os.listdir("/sys/class/net")) - {"bonding_masters"})


@needs(has_program("setpriv"), "setpriv")
class Refused(ContainerTest):
    """The namespace is made by a thread of the runtime: what fails there fails the command, and nothing is left."""

    def run_by(self, *command):
        container = self.container(self.config("exit", "0"))
        result = subprocess.run([*command, *self.runtime.argv("run", "--bundle", container.bundle.path, container.id)],
                                capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
        self.assertEqual(result.returncode, 1, result.stderr)
        self.assertNotIn(container.id, os.listdir(self.runtime.root))
        return result.stderr

    def test_loopback_takes_a_capability(self):
        self.assertIn("bring up the loopback device: Operation not permitted", self.run_by("setpriv", "--bounding-set=-net_admin"))

    def test_no_more_namespaces(self):
        """The limit is that of a user namespace of the test's own, below which it is counted."""
        script = 'echo 0 >/proc/sys/user/max_net_namespaces && exec "$@"'
        said = self.run_by("unshare", "-Urmpf", "--mount-proc", "sh", "-c", script, "sh")
        self.assertIn("No space left on device", said)


@needs(has_program("ip") and can_make_veth(), "ip (iproute2) and the veth driver")
class Devices(ContainerTest):
    """A pair of veth devices: the one moves into the container, the other stays with us."""

    def setUp(self):
        super().setUp()
        self.name, self.other = leaks.device_name("a"), leaks.device_name("b")
        ip("link", "add", "name", self.name, "type", "veth", "peer", "name", self.other)
        self.addCleanup(subprocess.run, ["ip", "link", "delete", self.other], capture_output=True,
                        check=False)

    def with_device(self, *words, **properties):
        config = self.config(*words)
        config["linux"]["netDevices"] = {self.name: properties}
        return config

    def test_moved(self):
        interfaces = self.report(self.with_device())["interfaces"]
        self.assertIn(self.name, interfaces)
        self.assertTrue(interfaces[self.name]["flags"] & IFF_UP)

    def test_gone_from_the_host(self):
        self.running(self.with_device("wait-term"))
        self.assertNotIn(self.name, os.listdir("/sys/class/net"))

    def test_renamed(self):
        interfaces = self.report(self.with_device(name="eth0"))["interfaces"]
        self.assertIn("eth0", interfaces)
        self.assertNotIn(self.name, interfaces)

    def test_renamed_by_a_template(self):
        self.assertIn("eth0", self.report(self.with_device(name="eth%d"))["interfaces"])

    def test_addresses_are_kept(self):
        ip("link", "set", self.name, "up")
        ip("addr", "add", "192.0.2.7/24", "dev", self.name)
        ip("-6", "addr", "add", "2001:db8::7/64", "dev", self.name, "nodad")
        addresses = self.report(self.with_device(name="eth0"))["interfaces"]["eth0"]["addresses"]
        self.assertIn({"address": "192.0.2.7", "prefix": 24}, addresses)
        self.assertIn({"address": "2001:db8::7", "prefix": 64}, addresses)

    def test_several_addresses_are_kept(self):
        for last in range(1, 6):
            ip("addr", "add", f"192.0.2.{last}/24", "dev", self.name)
        addresses = self.report(self.with_device())["interfaces"][self.name]["addresses"]
        self.assertEqual({a["address"] for a in addresses if ":" not in a["address"]},
                         {f"192.0.2.{last}" for last in range(1, 6)})

    def test_hardware_address_and_mtu_are_kept(self):
        ip("link", "set", self.name, "address", "02:00:00:00:00:07", "mtu", "1280")
        config = self.with_device("read", f"/sys/class/net/{self.name}/address", "--", "read",
                                  f"/sys/class/net/{self.name}/mtu")
        lines = self.run_ok(config).result.lines()
        self.assertEqual([line["text"].strip() for line in lines], ["02:00:00:00:00:07", "1280"])

    def test_into_a_joined_namespace(self):
        path = os.path.join(self.tmp, "net")
        with open(path, "w", encoding="ascii"):
            pass
        subprocess.run(["unshare", f"--net={path}", "true"], check=True)
        self.addCleanup(host.umount, path)
        config = self.with_device()
        set_namespace(config, "network", path)
        self.assertIn(self.name, self.report(config)["interfaces"])

    def test_in_a_user_namespace(self):
        self.assertIn(self.name, self.report(with_user_namespace(self.with_device()))["interfaces"])

    def test_back_if_create_fails(self):
        """A failed create leaves the host as it was."""
        ip("addr", "add", "192.0.2.7/24", "dev", self.name)
        config = self.with_device(name="eth0")
        config["process"]["args"] = ["/no/such/program"]
        self.refuse(config, "/no/such/program")
        self.assertIn(self.name, os.listdir("/sys/class/net"))
        self.assertIn("192.0.2.7", ip("addr", "show", self.name))

    def test_missing(self):
        config = self.config()
        config["linux"]["netDevices"] = {"nosuchdevice": {}}
        self.refuse(config, "netDevices", "nosuchdevice")

    def test_name_that_is_taken(self):
        self.refuse(self.with_device(name="lo"), "netDevices", "file exists")
        self.assertIn(self.name, os.listdir("/sys/class/net"))

    def test_bad_names(self):
        for name in ("x" * 16, "a/b", ".", "..", "a b", "a:b", "%d%d", "eth%s"):
            with self.subTest(name=name):
                self.refuse(self.with_device(name=name), "netDevices")
                self.assertIn(self.name, os.listdir("/sys/class/net"))

    def test_without_a_network_namespace(self):
        config = self.with_device()
        drop_namespace(config, "network")
        self.refuse(config, "netDevices")

    def test_by_a_hook_as_engines_do(self):
        """A createRuntime hook moves a device in, by the pid of the state on its standard input."""
        script = os.path.join(self.tmp, "hook")
        with open(script, "w", encoding="ascii") as file:
            file.write("#!/bin/sh\npid=$(tr '\\n' ' ' | sed 's/.*\"pid\" *: *\\([0-9]*\\).*/\\1/')\n"
                       f"exec ip link set {self.name} netns $pid\n")
        os.chmod(script, 0o755)
        config = self.config()
        config["hooks"] = {"createRuntime": [{"path": script, "env": ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"]}]}
        self.assertIn(self.name, self.report(config)["interfaces"])


if __name__ == "__main__":
    main()
