# SPDX-License-Identifier: LGPL-2.1-or-later
"""Thousands of containers live and die, and nothing of them is left: processes, mounts, cgroups, state, sockets,
namespaces, keyrings, memory.  `make soak` gives each test ten thousand."""

import json
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from ocitest import bundle, main                                                  # noqa: E402
from soak import LIVES, SEED, KillingWorker, Soak, Worker                         # noqa: E402


class Commands(Soak):
    """A process for each command."""

    def test_one_after_the_other(self):
        self.work(Worker, 1)
        self.nothing_left()

    def test_sixteen_at_a_time(self):
        self.work(Worker, 16)
        self.nothing_left()

    def test_runtime_is_killed(self):
        workers = self.work(KillingWorker, 8)
        killed = sum(worker.killed for worker in workers)
        print(f"# seed {SEED}: {killed} commands killed in {sum(w.done for w in workers)} lives", flush=True)
        self.assertGreater(killed, LIVES // 20)
        self.nothing_left()


class Library(Soak):
    """One process makes them all: its descriptors, children and memory stay what they were."""

    def use(self, threads):
        program = os.path.join(bundle.build_directory(), "tests/soak/cycles")
        if not os.access(program, os.X_OK):
            self.skipTest("needs tests/soak/cycles, which `make check` builds with the library")
        made, config = self.bundles["plain"]
        config["process"]["args"] = ["/probe", "-o", "/dev/null", "wait-term"]
        config["linux"]["cgroupsPath"] = bundle.cgroups_path("@ID@")
        made.write(config)
        output, errors = os.path.join(self.tmp, "cycles.out"), os.path.join(self.tmp, "cycles.err")
        status = self.children.wait(self.children.spawn(
            [program, self.runtime.root, made.path, str(LIVES), str(threads)], errors, output), self.seconds)
        with open(errors, encoding="utf-8", errors="replace") as file:
            self.assertEqual(status, 0, file.read()[-2000:])
        with open(output, encoding="utf-8", errors="replace") as file:
            last = file.read().splitlines()[-1]
        print(f"# {last}", flush=True)
        told = json.loads(last)
        self.assertEqual(told["descriptors"][0], told["descriptors"][1], told)
        self.assertEqual(told["children"], [0, 0], told)
        # A page for every twenty lives would be a leak; the heap's own movements are not.
        self.assertLess(told["kib"][1] - told["kib"][0], 200 + LIVES // 5, told)
        self.nothing_left()

    def test_one_thread(self):
        self.use(1)

    def test_four_threads(self):
        self.use(4)


if __name__ == "__main__":
    main()
