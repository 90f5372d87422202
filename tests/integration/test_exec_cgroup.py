# SPDX-License-Identifier: LGPL-2.1-or-later
"""exec --cgroup: a process in a cgroup below the container's, in one hierarchy or in all."""

import os

from ocitest import ContainerTest, Report, cgroups, main

WORDS = ("cpu", "memory", "pids")


class ExecCgroup(ContainerTest):
    def setUp(self):
        super().setUp()
        self.running_one = self.running()
        self.path = os.path.relpath(cgroups.of_process(self.running_one.pid), cgroups.directory("/"))

    def make(self, name):
        """In every hierarchy; deleting the container removes what is below its cgroup."""
        for point in cgroups.mount_points():
            where = os.path.join(point, self.path.lstrip("/"))
            if os.path.isdir(where):
                os.mkdir(os.path.join(where, name))
                for word in ("cpuset.cpus", "cpuset.mems"):  # a new cpuset of version 1 is empty
                    if os.path.exists(os.path.join(where, "cpuset.memory_migrate")):
                        with open(os.path.join(where, word), encoding="ascii") as file:
                            given = file.read()
                        with open(os.path.join(where, name, word), "w", encoding="ascii") as file:
                            file.write(given)

    def exec(self, *options):
        return self.runtime("exec", *options, self.running_one.id, "/probe", "report")

    def where(self, *options):
        """{controller: path below the container's cgroup} of a process."""
        text = Report(self.assertOk(self.exec(*options)).lines()[0]).proc("cgroup")
        found = {}
        for line in text.splitlines():
            _, controllers, path = line.split(":", 2)
            for controller in controllers.split(","):
                found[controller] = os.path.basename(path)
        return found

    def test_a_path_means_all_hierarchies(self):
        self.make("sub")
        found = self.where("--cgroup", "/sub")
        wanted = [""] if cgroups.is_v2_only(self.view) else [word for word in WORDS if word in found]
        self.assertEqual({found[word] for word in wanted}, {"sub"})

    def test_one_controller(self):
        self.needs_version_1()
        self.make("sub")
        found = self.where("--cgroup", "memory:sub")
        self.assertEqual(found["memory"], "sub")
        self.assertNotEqual(found["pids"], "sub")

    def test_several(self):
        self.needs_version_1()
        self.make("one")
        self.make("two")
        found = self.where("--cgroup", "memory,cpu:one", "--cgroup", "pids:two")
        self.assertEqual((found["memory"], found["cpu"], found["pids"]), ("one", "one", "two"))

    def test_the_same_twice(self):
        """The path is below the container's cgroup each time, not below what the first made of it."""
        self.needs_version_1()
        self.make("sub")
        self.assertEqual(self.where("--cgroup", "memory,memory:sub")["memory"], "sub")

    def needs_version_1(self):
        if cgroups.is_v2_only(self.view):
            self.skipTest("needs hierarchies of cgroup version 1")

    def test_refused(self):
        self.assertEqual(self.exec("--cgroup", "nonexistent").rc, 255)
        self.assertEqual(self.exec("--cgroup", "../").rc, 255)
        if not cgroups.is_v2_only(self.view):
            self.assertIn("has no controller", self.exec("--cgroup", "memory:/", "--cgroup", "/").err)
            self.assertIn("nonexistent", self.exec("--cgroup", "nonexistent:/").err)


if __name__ == "__main__":
    main()
