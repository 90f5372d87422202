# SPDX-License-Identifier: LGPL-2.1-or-later
"""--trace: phases of runtime, init and stub as Chrome trace events."""

import json
import os
import subprocess
from xml.etree import ElementTree

from ocitest import ContainerTest, bundle, main


class Trace(ContainerTest):
    def events(self):
        with open(os.path.join(self.tmp, "trace"), encoding="utf-8") as file:
            return json.loads(file.read().rstrip().rstrip(",") + "]")

    def test_run(self):
        container = self.container(self.config("exit", "0"))
        self.runtime.options = ["--trace", os.path.join(self.tmp, "trace")]
        self.assertOk(container.run())
        events = self.events()
        self.assertEqual({event["cat"] for event in events}, {"runtime", "init", "stub"})
        self.assertTrue(all(event["ph"] == "X" and event["dur"] >= 0 for event in events), events)
        names = [event["name"] for event in events]
        for name in ("read and plan", "clone", "mounts", "pivot", "become the program", "delete"):
            self.assertIn(name, names)
        self.assertEqual(len({event["pid"] for event in events}), 2)

    def test_second_command_is_appended(self):
        container = self.container(self.config("wait-term"))
        self.runtime.options = ["--trace", os.path.join(self.tmp, "trace")]
        self.assertOk(container.create())
        first = len(self.events())
        self.assertOk(container.start())
        self.assertGreater(len(self.events()), first)

    def test_file_that_cannot_be_opened(self):
        self.runtime.options = ["--trace", "/no/such/directory/trace"]
        result = self.container(self.config("exit", "0")).run()
        self.assertEqual(result.rc, 1)
        self.assertIn("/no/such/directory/trace", result.err)


class Picture(ContainerTest):
    """tests/bench/trace-picture draws the shortest of several."""

    def test_rows(self):
        paths = [os.path.join(self.tmp, f"trace{i}") for i in range(2)]
        for path in paths:
            self.runtime.options = ["--trace", path]
            self.assertOk(self.container(self.config("exit", "0")).run())
        with open(paths[1], "a", encoding="utf-8") as file:
            file.write('{"name":"too long","cat":"runtime","ph":"X","ts":1.000,"dur":9e12,"pid":1,"tid":1},\n')
        tool = os.path.join(bundle.TOP, "tests/bench/trace-picture")
        drawn = subprocess.run(["/usr/bin/python3", "-B", tool, *paths], capture_output=True, text=True, check=True)
        words = [element.text for element in ElementTree.fromstring(drawn.stdout).iter() if element.text]
        for name in ("clone", "the runtime"):
            self.assertIn(name, words)
        self.assertNotIn("too long", words)


class Timing(ContainerTest):
    """--timing: the same as a table."""

    def rows(self, text):
        head, *rows = text.splitlines()
        self.assertEqual(head.split(), ["BEGIN", "us", "TIME", "us", "WHO", "WHAT"], text)
        return [(float(begin), float(took), who, what) for begin, took, who, what in
                (row.split(None, 3) for row in rows)]

    def check(self, text, *phases):
        rows = self.rows(text)
        self.assertEqual(rows[-1][2:], ("all", "the whole command"))
        self.assertEqual([row[0] for row in rows[:-1]], sorted(row[0] for row in rows[:-1]))
        self.assertTrue(all(begin + took <= rows[-1][1] + 0.2 for begin, took, _, _ in rows), text)
        for phase in phases:
            self.assertIn(phase, [row[2:] for row in rows])

    def test_run(self):
        result = self.container(self.config("say", "x")).run("--timing")
        self.assertOk(result)
        self.assertIn('"x"', result.out)
        self.check(result.err, ("runtime", "read and plan"), ("init", "mounts"), ("stub", "become the program"),
                   ("runtime", "wait for the program"), ("runtime", "delete"))

    def test_each_command(self):
        container = self.container(self.config("wait-term"))
        self.check(self.assertOk(container.create("--timing")).err, ("runtime", "clone"), ("init", "pivot"))
        self.check(self.assertOk(self.runtime("start", "--timing", container.id)).err,
                   ("runtime", "find the container"), ("stub", "become the program"))
        self.check(self.assertOk(self.runtime("exec", "--timing", container.id, "/probe", "exit", "0")).err,
                   ("init", "exec join"), ("runtime", "await exec"))

    def test_with_a_trace_file(self):
        path = os.path.join(self.tmp, "trace")
        self.runtime.options = ["--trace", path]
        result = self.assertOk(self.container(self.config("exit", "0")).run("--timing"))
        with open(path, encoding="utf-8") as file:
            events = json.loads(file.read().rstrip().rstrip(",") + "]")
        self.assertEqual(len(events), len(self.rows(result.err)) - 1)

    def test_of_a_failure(self):
        result = self.container(self.config("exit", "0")).run("--timing", "--pid-file", "/no/such/directory/pid")
        self.assertEqual(result.rc, 1)
        message, _, table = result.err.partition("\n")
        self.assertIn("/no/such/directory/pid", message)
        self.check(table, ("runtime", "read and plan"))


PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
GOOD = (PARENT, "cc" + PARENT[2:], "01" + PARENT[2:] + "-what-comes-later")
BAD = ("", "00", PARENT[:-1], PARENT + "-x", PARENT.upper(), "ff" + PARENT[2:], PARENT.replace("-", " "),
       "00-" + "0" * 32 + PARENT[35:], PARENT[:36] + "0" * 16 + "-01", "01" + PARENT[2:] + "-\n",
       "01" + PARENT[2:] + "-" + "x" * 300, PARENT[:-1] + "g", "01" + PARENT[2:] + '"}')


class Parent(ContainerTest):
    """$TRACEPARENT: the span of somebody's trace that the command belongs to."""

    def traced(self, parent):
        """The traceparents in the trace of a command that is called with this one."""
        path = os.path.join(self.tmp, "trace")
        self.runtime.options = ["--trace", path]
        self.assertOk(self.runtime("list", environment={**os.environ, "TRACEPARENT": parent}))
        with open(path, encoding="utf-8") as file:
            events = json.loads(file.read().rstrip().rstrip(",") + "]")
        os.unlink(path)
        return [event["args"]["traceparent"] for event in events if event["name"] == "traceparent"]

    def test_good_ones_are_in_the_trace(self):
        for parent in GOOD:
            self.assertEqual(self.traced(parent), [parent])

    def test_bad_ones_are_left_out(self):
        for parent in BAD:
            self.assertEqual(self.traced(parent), [], parent)

    def test_program_does_not_get_it(self):
        report = self.report(environment={**os.environ, "TRACEPARENT": PARENT})
        self.assertFalse([word for word in report["env"] if word.startswith("TRACEPARENT")])


if __name__ == "__main__":
    main()
