# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the command line adds to the library's work on a container: tables, several at once, exit codes."""

import json
import os
import unicodedata

from ocitest import ContainerTest, has_program, main, needs


def tabwriter(rows):
    """What Go's tabwriter makes of rows with a minimal width of 12 and 3 spaces of padding, as runc has it."""
    columns = list(zip(*rows))
    widths = [max(12, *(len(unicodedata.normalize("NFC", cell)) + 3 for cell in column)) for column in columns]
    return "".join("".join(cell.ljust(width) for cell, width in zip(row[:-1], widths)) + row[-1] + "\n" for row in rows)


class Lists(ContainerTest):
    def test_table_is_runcs(self):
        first = self.running()
        second = self.container(self.config("wait-term"), name=f"a-much-longer-name-{os.getpid()}")
        self.assertOk(second.create())
        states = sorted((c.state() for c in (first, second)), key=lambda s: s["id"])
        rows = [("ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER")]
        rows += [(s["id"], str(s["pid"]), s["status"], s["bundle"], s["created"], s["owner"]) for s in states]
        self.assertEqual(self.runtime("list").out, tabwriter(rows))
        self.assertEqual(self.runtime("list", "-q").out.split(), [s["id"] for s in states])
        self.assertEqual(self.runtime("list", "--format=json").out.count("\n"), 1)


class Processes(ContainerTest):
    def test_json(self):
        container = self.running()
        result = self.runtime("ps", "--format", "json", container.id)
        self.assertOk(result)
        self.assertEqual((result.out, result.err), (f"[{container.pid}]\n", ""))

    @needs(has_program("ps"), "the program ps")
    def test_table(self):
        container = self.running()
        for words in ([], ["-ef"], ["-o", "comm,pid"], ["aux"]):
            result = self.runtime("ps", container.id, *words)
            self.assertOk(result)
            head, *lines = result.out.splitlines()
            self.assertIn("PID", head.split())
            self.assertEqual([line.split()[head.split().index("PID")] for line in lines], [str(container.pid)])

    @needs(has_program("ps"), "the program ps")
    def test_ps_that_fails(self):
        container = self.running()
        for words in (["-o", "comm"], ["--no-such-option"]):
            result = self.runtime("ps", container.id, *words)
            self.assertEqual((result.rc, result.out, result.err.count("\n")), (1, "", 1), result)


    def test_ps_that_says_nothing(self):
        container = self.running()
        program = os.path.join(self.tmp, "ps")
        with open(program, "w", encoding="ascii") as file:
            file.write("#!/bin/sh\n")
        os.chmod(program, 0o755)
        result = self.runtime("ps", container.id, environment={**os.environ, "PATH": self.tmp})
        self.assertRefused(result, "PID")


class Several(ContainerTest):
    def three(self):
        made = [self.container(self.config("wait-term"), name=f"{name}-{os.getpid()}") for name in ("web1", "web2", "db")]
        for container in made:
            self.assertOk(container.create())
            self.assertOk(container.start())
            container.wait_line("wait-term")
        return made

    def test_kill(self):
        web1, web2, other = self.three()
        pids = web1.pid, web2.pid
        self.assertOk(self.runtime("kill", "--regex", "^web[0-9]-", "KILL"))
        for container, pid in zip((web1, web2), pids):
            container.wait_end(pid)
        self.assertEqual([c.status for c in (web1, web2, other)], ["stopped", "stopped", "running"])
        # those that have stopped already are no mistake
        self.assertOk(self.runtime("kill", "--regex", "^web[0-9]-", "KILL"))

    def test_delete(self):
        web1, web2, other = self.three()
        pid = web1.pid
        self.assertOk(web1.kill("KILL"))
        web1.wait_end(pid)
        result = self.runtime("delete", "--regex", "^web[0-9]-")
        self.assertEqual(result.rc, 1)
        self.assertIn(web2.id, result.err)
        self.assertEqual([c.status for c in (web1, web2, other)], [None, "running", "running"])
        self.assertOk(self.runtime("delete", "--regex", "--force", "^web[0-9]-"))
        self.assertEqual([c.status for c in (web2, other)], [None, "running"])


class Exec(ContainerTest):
    def test_exit_status(self):
        container = self.running()
        self.assertEqual(container.exec("ID", "/probe", "exit", "9").rc, 9)
        self.assertEqual(container.exec("ID", "--", "/probe", "exit", "9").rc, 9)
        self.assertEqual(container.exec("ID", "/probe", "signal-self", "9").rc, 137)

    def test_failure_is_255(self):
        container = self.running()
        result = container.exec("ID", "/no-such-program")
        self.assertEqual(result.rc, 255)
        self.assertIn("no such file or directory", result.err)
        self.assertEqual(result.err.count("\n"), 1)

    def test_words_behind_the_id_are_the_programs(self):
        container = self.running()
        result = container.exec("ID", "/probe", "say", "--help")
        self.assertOk(result)
        self.assertIn("--help", result.out)

    def test_process_from_standard_input(self):
        container = self.running()
        process = {**self.config("exit", "5")["process"], "terminal": False}
        self.assertEqual(container.exec("--process", "-", "ID", input=json.dumps(process)).rc, 5)


class Waiting(ContainerTest):
    def test_wait(self):
        container = self.running()
        waiting = self.runtime.popen("wait", container.id, stdout=-1, stderr=-1, text=True)
        self.assertOk(container.kill("KILL"))
        out, err = waiting.communicate(timeout=60)
        self.assertEqual((waiting.returncode, err), (0, ""))
        self.assertIn(out, ("137\n", "-1\n"))

    def test_wait_for_what_has_ended(self):
        container = self.running()
        pid = container.pid
        self.assertOk(container.kill("KILL"))
        container.wait_end(pid)
        result = self.assertOk(self.runtime("wait", container.id))
        self.assertIn(result.out, ("137\n", "-1\n"))


if __name__ == "__main__":
    main()
