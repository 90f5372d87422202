# SPDX-License-Identifier: LGPL-2.1-or-later
"""Eight at a time do anything to the same four containers: each command succeeds or is refused for a reason that another
command can have given it, in one line, and in the end nothing is left."""

import json
import os
import random
import re
import sys
import threading

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from ocitest import main                                                          # noqa: E402
from soak import LIVES, SEED, STATUSES, Soak                                      # noqa: E402

CONTAINERS, WORKERS = 4, 8
COMMANDS = LIVES * 2            # of each worker
GONE, BUSY = "container does not exist", "another command works on this container"
# What a command may be refused for: what the others do to the container meanwhile.
REASONS = {
    "create": ["already exists", BUSY],
    "start": [GONE, "cannot start", "ended before", "was killed", "is gone", BUSY],
    "exec": [GONE, "cannot exec", "ended before", "was killed", "is gone", "not running",
             "Cannot allocate memory"],     # of a pid namespace whose init is dying
    "kill": [GONE, "not running"],
    "pause": [GONE, "not running", "cannot pause", "cgroup", BUSY],
    "resume": [GONE, "not paused", "cgroup", BUSY],
    "update": [GONE, "not running", "cgroup", BUSY],
    "delete": [GONE, "that is not stopped", BUSY],
    "state": [GONE],
    "ps": [GONE, "not running"],
}


class Actor:
    """One that does COMMANDS at random, to containers at random."""

    def __init__(self, test, number):
        self.test, self.number = test, number
        self.random = random.Random(SEED * 100 + number)
        self.errors = os.path.join(test.tmp, f"actor-{number}.err")
        self.output = os.path.join(test.tmp, f"actor-{number}.out")
        self.state = os.path.join(test.tmp, f"actor-{number}.state")    # a container may write to the other later
        self.wrong, self.succeeded = [], 0

    def words(self):
        name = f"shared-{self.random.randrange(CONTAINERS)}"
        verb = self.random.choice(["create", "create", "start", "start", "exec", "exec", "kill", "pause", "resume", "resume",
                                   "update", "delete", "delete --force", "state", "ps"])
        where, config = self.test.configs[name]
        more = {"create": ("--bundle", where, "--config", config), "update": ("--pids-limit", "30"),
                "delete --force": ("--force",)}.get(verb, ())
        after = {"exec": ("/probe", "-o", "/dev/null"), "kill": ("KILL",)}.get(verb, ())
        return [verb.split()[0], *more, name, *after]

    def said(self, path):
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read().strip()

    def judge(self, words, status):
        said = self.said(self.errors)
        lines = [line for line in said.splitlines() if not line.startswith("ocirt: warning: ")]
        good = status == 0 and not lines
        if good and words[0] == "state":
            good = json.loads(self.said(self.state))["status"] in STATUSES
        if status is not None and status > 0 and len(lines) == 1:
            good = any(reason in lines[0] for reason in REASONS[words[0]])
        if status == 128 + 9 and words[0] == "exec" and not lines:
            good = True         # its program was killed with the container
        if not good:
            self.wrong.append(f"actor {self.number}: {' '.join(words)}: "
                              + ("no end" if status is None else f"exit status {status}: {said}"))
        self.succeeded += status == 0

    def act(self):
        for _ in range(COMMANDS):
            words = self.words()
            output = self.state if words[0] == "state" else self.output
            self.judge(words, self.test.children.run(self.test.runtime.argv(*words), self.errors, output))


class Anything(Soak):
    def test_at_random(self):
        kinds = sorted(self.bundles)
        self.configs = {f"shared-{n}": self.config_for(kinds[n % len(kinds)], f"shared-{n}") for n in range(CONTAINERS)}
        actors = [Actor(self, number) for number in range(WORKERS)]
        threads = [threading.Thread(target=actor.act) for actor in actors]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for name in self.configs:
            errors = os.path.join(self.tmp, "last.err")
            status = self.children.run(self.runtime.argv("delete", "--force", name), errors)
            self.assertEqual((status, os.path.getsize(errors)), (0, 0), name)
        wrong = [re.sub(r"\s+", " ", text) for actor in actors for text in actor.wrong]
        self.assertEqual(wrong, [], f"seed {SEED}: {len(wrong)} of {WORKERS * COMMANDS}:\n" + "\n".join(wrong[:50]))
        self.assertGreater(sum(actor.succeeded for actor in actors), COMMANDS)
        self.nothing_left(WORKERS * COMMANDS)


if __name__ == "__main__":
    main()
