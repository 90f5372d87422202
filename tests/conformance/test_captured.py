# SPDX-License-Identifier: LGPL-2.1-or-later
"""config.json as engines write it is read without a warning and runs.

captured/README tells where the files come from.  Before a container is made of one, what belongs to the host
that it was captured on is replaced: the root filesystem, the program, the sources of bind mounts, hooks, the
cgroup's path, and the terminal.
"""

import json
import os
import sys

sys.path[:0] = [os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib")]

from ocitest import ContainerTest, bundle, capability_held, cgroups, main  # noqa: E402

CAPTURED = os.path.join(os.path.dirname(os.path.abspath(__file__)), "captured")
PREFIX = "/captured"

# What is said of which file, and why that is right.
AMBIENT = "process.capabilities.ambient: what is ambient must be permitted and inheritable as well"
WARNINGS = {
    "buildah_run": [AMBIENT],           # nothing is inheritable since CVE-2022-27651, but ambient was left
    "crun_spec": [AMBIENT],             # the same in crun (CVE-2022-27650)
    "runc_spec": [AMBIENT],             # and in runc 1.1 (CVE-2022-29162)
    "runc_spec_rootless": [AMBIENT],
}
WITHOUT_PROGRAM = ["containerd_spec"]   # ctr writes "args": null: who takes the file puts the program in


class Captured(ContainerTest):
    def load(self, name):
        with open(os.path.join(CAPTURED, name + ".json"), encoding="utf-8") as file:
            config = json.load(file)
        if name in WITHOUT_PROGRAM:
            config["process"]["args"] = ["sh"]
        return config

    def warnings(self, text):
        return [line.split(": ", 3)[3] for line in text.splitlines() if line.startswith("ocirt: warning: ")]

    def check_read(self, name):
        made = self.bundle(self.load(name))
        result = self.assertOk(self.runtime("check", "--bundle", made.path))
        said = self.warnings(result.err)
        expected = WARNINGS.get(name, [])
        self.assertEqual(len(said), len(expected), result.err)
        for line, words in zip(said, expected):
            self.assertIn(words, line)

    def settle(self, config, made):
        """Replaces what belongs to the host of the capture."""
        config["root"]["path"] = made.rootfs
        config["process"].update(args=["/probe"], terminal=False)
        config["process"].pop("consoleSize", None)
        config["process"].pop("rlimits", None)      # the machine may not raise them
        config["linux"]["cgroupsPath"] = bundle.cgroups_path(made.path.strip("/").replace("/", "-"))
        self.limit(config["linux"].get("resources", {}))
        for entries in config.get("hooks", {}).values():
            for hook in entries:
                hook["path"] = "/bin/true"
        for mount in config["mounts"]:
            if mount.get("source", "").startswith(PREFIX):
                mount["source"] = self.source(mount)
        for kind in config["process"].get("capabilities", {}).values():
            kind[:] = [name for name in kind or [] if capability_held(name)]
        config["linux"]["devices"] = [d for d in config["linux"].get("devices") or []
                                      if not d["path"].startswith(("/dev/pts", "/dev/console"))]
        return config

    def limit(self, resources):
        """Leaves the limits for which this machine has the controllers: what has none must be refused."""
        controllers = {"cpu": "cpu", "memory": "memory", "pids": "pids", "blockIO": "blkio",
                       "hugepageLimits": "hugetlb",
                       "network": "net_cls"}
        for kind, controller in controllers.items():
            if not cgroups.has_controller(controller, self.view):
                resources.pop(kind, None)
        if cgroups.is_v2_only(self.view) and "memory" in resources:
            resources["memory"].pop("swappiness", None)     # v1 only

    def source(self, mount):
        path = os.path.join(self.tmp, mount["source"].strip("/").replace("/", "-"))
        if mount["destination"] in ("/mnt", "/dev/shm"):
            os.makedirs(path, exist_ok=True)
        else:
            with open(path, "w", encoding="ascii") as file:
                file.write("captured\n")
        return path

    def check_run(self, name):
        made = self.bundle()
        config = self.settle(self.load(name), made)
        made.write(config)
        container = self.container(made=made)
        result = self.assertOk(container.run())
        report = next(line for line in result.lines() if line["action"] == "report")
        user = config["process"]["user"]
        self.assertEqual((report["uid"][0], report["gid"][0]), (user["uid"], user["gid"]))
        self.assertEqual(report["cwd"], config["process"]["cwd"])
        self.assertEqual(report["seccomp"], 2 if config["linux"].get("seccomp") else 0)
        if config.get("hostname"):
            self.assertEqual(report["hostname"], config["hostname"])
        for mount in config["mounts"]:
            self.assertIn(f" {mount['destination']} ", report["proc"]["mountinfo"])
        self.assertEqual(len(self.warnings(result.err)), len(WARNINGS.get(name, [])), result.err)


for _file in sorted(os.listdir(CAPTURED)):
    _name, _extension = os.path.splitext(_file)
    if _extension == ".json":
        setattr(Captured, f"test_read_{_name}", lambda self, name=_name: self.check_read(name))
        setattr(Captured, f"test_run_{_name}", lambda self, name=_name: self.check_run(name))


if __name__ == "__main__":
    main()
