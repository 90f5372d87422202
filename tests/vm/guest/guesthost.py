# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the tests of this directory share.  They run inside a test guest (tests/vm/run-guest): see in_guest."""

import json
import os
import pwd
import subprocess
import tempfile
import time

from ocitest import ContainerTest, bundle, host

USER = "tester"             # has subordinate ids and a systemd manager; made by tests/vm/image/configure
STRANGER = "stranger"       # has neither
CGROUP = "/sys/fs/cgroup"


def in_guest():
    return os.path.exists("/usr/local/sbin/vm-agent")


def kernel_is_uml():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        return "User Mode Linux" in file.read()


def controllers():
    with open(f"{CGROUP}/cgroup.controllers", encoding="ascii") as file:
        return file.read().split()


def read(path, name):
    with open(f"{CGROUP}{path}/{name}", encoding="ascii") as file:
        return file.read().strip()


def numbers(path, name):
    """A file of "key number" lines."""
    return {line.split()[0]: int(line.split()[1]) for line in read(path, name).splitlines()}


def cgroup_of(pid):
    with open(f"/proc/{pid}/cgroup", encoding="ascii") as file:
        return file.read().strip().removeprefix("0::")


def call(*argv, timeout=120, **how):
    """Runs a program of the guest; (status, output with errors).  A container that lives on keeps nobody waiting."""
    with tempfile.TemporaryFile() as out:
        done = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=out, stderr=out, timeout=timeout, check=False, **how)
        out.seek(0)
        return done.returncode if done.returncode >= 0 else 128 - done.returncode, out.read().decode(errors="replace")


def systemctl(*words):
    return call("systemctl", "--no-pager", *words)


def show(unit, *properties):
    """{property: value} of a unit."""
    _, text = systemctl("show", unit, *(word for p in properties for word in ("-p", p)))
    return dict(line.split("=", 1) for line in text.splitlines() if "=" in line)


def units(pattern):
    return [line.split()[0] for line in systemctl("list-units", "--all", "--plain", "--no-legend", pattern)[1].splitlines()]


class GuestTest(ContainerTest):
    seconds = 300

    def setUp(self):
        if not in_guest():
            self.skipTest("runs in a test guest only: see tests/vm")
        super().setUp()

    def limited(self, resources, *words):
        config = self.config(*(words or ("wait-term",)))
        config["linux"]["resources"].update(resources)
        return config

    def cgroup(self, container):
        """The container's cgroup, as its first process has it."""
        return cgroup_of(container.pid)


class SystemdTest(GuestTest):
    runtime_options = ("--systemd-cgroup",)

    def setUp(self):
        super().setUp()
        self.prefix = f"t{os.getpid()}"
        self.addCleanup(self._check_units)

    def _check_units(self):
        self.assertEqual(units(f"{self.prefix}-*"), [], "units are left")

    def config(self, *args):
        config = bundle.default_config(*args)
        config["linux"]["cgroupsPath"] = f"system.slice:{self.prefix}:{self._testMethodName[5:40]}-{self._containers}"
        return config

    def unit(self, container):
        return container.state()["systemd-scope"]


class UserTest(GuestTest):
    """Containers of the ordinary user."""

    def setUp(self):
        super().setUp()
        os.chmod(self.tmp, 0o755)
        self.user = pwd.getpwnam(USER)
        self.run_directory = f"/run/user/{self.user.pw_uid}"
        self.root = os.path.join(self.run_directory, f"ocirt-{os.getpid()}")
        self.addCleanup(call, "rm", "-rf", self.root)
        deadline = time.monotonic() + 60
        while not os.path.exists(f"{self.run_directory}/systemd/private") and time.monotonic() < deadline:
            time.sleep(0.1)

    def argv(self, *words, user=None, session=True):
        """words, as the user; session: in his systemd manager's part of the tree, else where we are."""
        user = user or self.user
        environment = ["env", "-i", f"USER={user.pw_name}", f"LOGNAME={user.pw_name}", f"HOME={user.pw_dir}",
                       f"PATH={os.environ['PATH']}", f"XDG_RUNTIME_DIR=/run/user/{user.pw_uid}"]
        change = ["setpriv", "--reuid", str(user.pw_uid), "--regid", str(user.pw_gid), "--init-groups"]
        wrap = ["systemd-run", "--user", "--scope", "--quiet"] if session else []
        return [*change, *environment, *wrap, *words]

    def ocirt(self, *words, **how):
        return call(*self.argv(self.runtime.path, "--root", self.root, *words, **how))

    def must(self, *words, **how):
        status, text = self.ocirt(*words, **how)
        self.assertEqual(status, 0, f"{words}: {text}")
        return text

    def user_bundle(self, *args, resources=None, user=None):
        """A bundle with a user namespace in which the user is root, and has his subordinate ids."""
        user = user or self.user
        config = bundle.default_config(*args)
        bundle.set_namespace(config, "user")
        bundle.drop_namespace(config, "network")
        for kind, number in (("uidMappings", user.pw_uid), ("gidMappings", user.pw_gid)):
            config["linux"][kind] = [{"containerID": 0, "hostID": number, "size": 1}]
            if user.pw_name == USER:
                config["linux"][kind].append({"containerID": 1, "hostID": 100000, "size": 65536})
        config["linux"]["resources"] = resources or {}
        config["mounts"] = [m for m in config["mounts"] if m["type"] != "sysfs"]
        if user.pw_name != USER:  # the group of terminals has no id there
            for mount in config["mounts"]:
                mount["options"] = [o for o in mount.get("options", ()) if not o.startswith("gid=")]
        made = self.bundle(config)
        call("chown", "-R", f"{user.pw_uid}:{user.pw_gid}", made.path)
        return made.path

    def state(self, name):
        return json.loads(self.must("state", name))


def load_profile(text):
    """Loads an AppArmor policy; returns what takes it away."""
    subprocess.run(["apparmor_parser", "-r"], input=text.encode(), check=True)
    return lambda: subprocess.run(["apparmor_parser", "-R"], input=text.encode(), check=False)


__all__ = [name for name in dir() if not name.startswith("_") and name != "host"]
