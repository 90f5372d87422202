# SPDX-License-Identifier: LGPL-2.1-or-later
"""Two commands on one container at the same time: one of them stands at a system call while the other one does its work,
or waits for its turn.  Whatever the call, both end as the specification allows for one order or the other, and what is
left in the end is nothing."""

import concurrent.futures
import os
import select
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from ocitest import bundle, cgroups, main  # noqa: E402
from faults import ERROR, SECONDS, STEP, WARNING, FaultTest                       # noqa: E402

EVERY = max(1, STEP // 2)
HEAD_START = 0.25       # seconds for the second command; it waits for a lock longer than that
GONE = "does not exist"
EXISTS = "already exists"
NOT_RUNNING = "not running"
KILLED = 137            # the program's status: it had begun
DIED = "the container's process"  # was killed, or ended; the container itself is only ending
STOPPED = "cannot exec in a stopped container"


class Meeting:
    """At call AT of the runtime: told by a byte, it waits for another."""

    def __init__(self, at):
        self.at = at
        self.told, self.ready = os.pipe()
        self.go, self.permit = os.pipe()
        self.open = [self.told, self.ready, self.go, self.permit]

    def words(self):
        return ["--parent", "--at", str(self.at), "--wait", f"{self.ready},{self.go}"]

    def reached(self, first):
        """Stands it there?  False if it ended before."""
        while not select.select([self.told], [], [], 0.01)[0]:
            if first.done():
                return False
        return True

    def go_on(self):
        os.write(self.permit, b"+")

    def close(self):
        for fd in self.open:
            os.close(fd)

    def __str__(self):
        return f"at call {self.at}"


class Concurrent(FaultTest):
    def setUp(self):
        super().setUp()
        self.made.write(self.confined("wait-term"))
        self.plain = self.subject(self.runtime)
        self.pool = concurrent.futures.ThreadPoolExecutor(2)
        self.addCleanup(self.pool.shutdown)

    # -- what there is before ------------------------------------------------------------------------------

    def created(self):
        self.assertOk(self.plain.create())

    def running(self):
        self.created()
        self.assertOk(self.plain.start())

    def paused(self):
        self.running()
        self.assertOk(self.runtime("pause", "subject"))

    def stopped(self):
        self.running()
        pid = self.plain.pid
        self.assertOk(self.plain.kill("KILL"))
        self.plain.wait_end(pid)

    def nothing(self):
        pass

    # -- two commands ------------------------------------------------------------------------------------------

    def meet_at(self, at, first, second):
        """The results of both, the second one begun when the first one stands at its call."""
        meeting = self.faulty.fault = Meeting(at)
        try:
            one = self.pool.submit(first, pass_fds=(meeting.ready, meeting.go))
            reached = meeting.reached(one)
            other = self.pool.submit(second)
            if reached:
                concurrent.futures.wait([other], HEAD_START)
                meeting.go_on()
            return one.result(), other.result()
        finally:
            self.faulty.fault = None
            meeting.close()

    def sweep(self, before, first, second, *legal, beginning=0):
        """FIRST and SECOND are commands that take keywords; LEGAL, a pair for each order: the words of the error that the
        first and the second may end with, None for a success, KILLED for that of a program.  BEGINNING: all of so many calls, and no more."""
        before()
        alone = first()
        self.assertIn(alone.rc, (0, 137), str(alone))
        count = self.faulty.told()["parent"]
        self.clear("alone", "subject")
        every = 1 if beginning else max(1, min(EVERY, count // 10))
        count = beginning or count
        for at in range(1 + every // 2, count + 1, every):
            self.tried += 1
            before()
            results = self.meet_at(at, first, second)
            if not any(self.is_so(results[0], one) and self.is_so(results[1], other) for one, other in legal):
                self.wrong.append(f"at call {at} ({(self.faulty.told()['hit'] or '?')[0]}):\n"
                                  + "\n".join(map(str, results)))
            self.look(at)
            self.clear(f"at call {at}", "subject")
        self.counts["calls"] = count
        self.done()

    @staticmethod
    def is_so(result, words):
        lines = [line for line in result.err.strip().splitlines() if not WARNING.match(line)]
        if words in (None, KILLED):
            return result.rc == (words or 0) and not lines
        return result.rc != 0 and len(lines) == 1 and bool(ERROR.match(lines[0])) and words in lines[0]

    def look(self, at):
        """The state is one that there is, or the container is gone."""
        result = self.runtime("state", "subject")
        if result.rc and GONE not in result.err:
            self.wrong.append(f"at call {at}, afterwards: {result}")

    def blame(self, fault, *faults):
        self.wrong += [f"{fault}: {text}" for text in faults]

    def command(self, runtime, *words):
        return lambda **how: runtime(*words, timeout=SECONDS * 2, **how)

    def one(self, *words):
        """A command that is made to stand."""
        return self.command(self.faulty, *words)

    def other(self, *words):
        return self.command(self.runtime, *words)

    def create(self, runtime):
        return self.command(runtime, "create", "--bundle", self.made.path, "subject")

    # -- the pairs ---------------------------------------------------------------------------------------------

    def test_start_start(self):
        self.sweep(self.created, self.one("start", "subject"), self.other("start", "subject"),
                   (None, "cannot start"), ("cannot start", None))

    def test_start_kill(self):
        self.sweep(self.created, self.one("start", "subject"), self.other("kill", "subject", "KILL"),
                   (None, None), ("start subject", None))

    def test_start_delete(self):
        self.sweep(self.created, self.one("start", "subject"), self.other("delete", "--force", "subject"),
                   (None, None), (GONE, None))

    def test_create_create(self):
        self.sweep(self.nothing, self.create(self.faulty), self.create(self.runtime), (None, EXISTS), (EXISTS, None))

    def test_create_delete(self):
        self.sweep(self.nothing, self.create(self.faulty), self.other("delete", "--force", "subject"), (None, None))

    def test_create_delete_create(self):
        """One that lost its directory before it had locked it must not touch that of its successor."""
        def instead(**_):
            self.assertOk(self.runtime("delete", "--force", "subject", timeout=SECONDS))
            return self.create(self.runtime)()
        self.look = self.look_for_created
        self.sweep(self.nothing, self.create(self.faulty), instead,
                   (None, None), (None, EXISTS), (EXISTS, None), beginning=90)

    def look_for_created(self, at):
        result = self.runtime("start", "subject")
        if result.rc:
            self.wrong.append(f"at call {at}, afterwards: {result}")

    def test_create_delete_of_the_neighbour(self):
        """The neighbour takes the cgroup away that both are to be in, for it had made it."""
        subject, other = self.confined("wait-term"), self.config("wait-term")
        subject["linux"]["cgroupsPath"] = bundle.cgroups_path("shared/subject")
        other["linux"]["cgroupsPath"] = bundle.cgroups_path("shared/neighbour")
        self.made.write(subject)
        neighbour = self.container(other, name="neighbour")
        clear = self.clear

        def clear_both(fault, name):
            self.assertOk(self.runtime("delete", "--force", "neighbour", timeout=SECONDS))
            self.assertOk(self.runtime("delete", "--force", name, timeout=SECONDS))
            cgroups.remove()    # "shared": who made it did not remove it if it was in use
            clear(fault, name)
        self.clear = clear_both
        self.sweep(lambda: self.assertOk(neighbour.create()), self.create(self.faulty),
                   self.other("delete", "--force", "neighbour"), (None, None))

    def test_create_start(self):
        self.sweep(self.nothing, self.create(self.faulty), self.other("start", "subject"),
                   (None, GONE), (None, "cannot start"), (None, None))

    def test_create_state(self):
        self.sweep(self.nothing, self.create(self.faulty), self.other("state", "subject"), (None, GONE), (None, None))

    def test_delete_delete(self):
        self.sweep(self.stopped, self.one("delete", "subject"), self.other("delete", "subject"),
                   (None, GONE), (GONE, None))

    def test_delete_delete_by_force(self):
        self.sweep(self.running, self.one("delete", "--force", "subject"),
                   self.other("delete", "--force", "subject"), (None, None))

    def test_delete_create(self):
        self.sweep(self.stopped, self.one("delete", "subject"), self.create(self.runtime),
                   (None, None), (None, EXISTS))

    def test_delete_state(self):
        self.sweep(self.stopped, self.one("delete", "subject"), self.other("state", "subject"),
                   (None, None), (None, GONE))

    def test_state_delete(self):
        self.sweep(self.stopped, self.one("state", "subject"), self.other("delete", "subject"),
                   (None, None), (GONE, None))

    def test_list_delete(self):
        self.sweep(self.stopped, self.one("list"), self.other("delete", "subject"), (None, None))

    def test_kill_delete(self):
        self.sweep(self.running, self.one("kill", "subject", "KILL"), self.other("delete", "--force", "subject"),
                   (None, None), (NOT_RUNNING, None), (GONE, None))

    def test_delete_kill(self):
        self.sweep(self.running, self.one("delete", "--force", "subject"), self.other("kill", "subject", "KILL"),
                   (None, None), (None, NOT_RUNNING), (None, GONE))

    def test_exec_delete(self):
        self.sweep(self.running, self.one("exec", "subject", "/probe", "-o", "/dev/null"),
                   self.other("delete", "--force", "subject"), (None, None), (STOPPED, None), (GONE, None), (DIED, None),
                   (KILLED, None))

    def test_delete_exec(self):
        self.sweep(self.running, self.one("delete", "--force", "subject"),
                   self.other("exec", "subject", "/probe", "-o", "/dev/null"), (None, None), (None, STOPPED), (None, GONE))

    def test_exec_pause(self):
        """One that is under way when the container is paused goes on when that is resumed."""
        def pause(**_):
            result = self.runtime("pause", "subject")
            if result.rc == 0:
                time.sleep(2 * HEAD_START)
                self.assertOk(self.runtime("resume", "subject"))
            return result
        self.sweep(self.running, self.one("exec", "subject", "/probe", "-o", "/dev/null"), pause,
                   (None, None), ("paused", None))

    def test_update_pause(self):
        self.sweep(self.running, self.one("update", "--pids-limit", "40", "subject"), self.other("pause", "subject"),
                   (None, None))

    def test_pause_update(self):
        self.sweep(self.running, self.one("pause", "subject"), self.other("update", "--pids-limit", "40", "subject"),
                   (None, None))

    def test_pause_delete(self):
        self.sweep(self.running, self.one("pause", "subject"), self.other("delete", "--force", "subject"),
                   (None, None), (GONE, None), (NOT_RUNNING, None))

    def test_resume_kill(self):
        self.sweep(self.paused, self.one("resume", "subject"), self.other("kill", "subject", "KILL"),
                   (None, None), (NOT_RUNNING, None), ("not paused", None))

    def test_run_delete(self):
        self.sweep(self.nothing, self.one("run", "--detach", "--bundle", self.made.path, "subject"),
                   self.other("delete", "--force", "subject"), (None, None))


if __name__ == "__main__":
    main()
