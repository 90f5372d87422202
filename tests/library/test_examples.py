# SPDX-License-Identifier: LGPL-2.1-or-later
"""The programs of examples/ do what they say, with containers of the command line and of their own."""

import json
import os
import shutil
import subprocess

from ocitest import main
from ocitest.bundle import build_directory, set_namespace
import library


class Examples(library.LibraryTest):
    def test_list(self):
        one, two = self.running(), self.running()
        result = self.assertOk(self.example("list", self.runtime.root))
        expected = []
        for container in sorted((one, two), key=lambda c: c.id):
            pid = container.pid
            expected += [f"{container.id} pid={pid} bundle={container.bundle.path}", f"  process {pid}"]
        self.assertEqual(result.out.splitlines(), expected)

    def test_list_of_no_root(self):
        self.assertEqual(self.assertOk(self.example("list", self.tmp + "/none")).out, "")

    def test_check_prints_the_plan(self):
        result = self.assertOk(self.example("check", self.bundle(self.config("report")).path))
        self.assertIn("/probe report", result.out)

    def test_check_prints_all_mistakes(self):
        config = self.config()
        config["process"]["cwd"] = "relative"
        config["mounts"][0]["destination"] = ""
        result = self.example("check", self.bundle(config).path)
        self.assertEqual(result.rc, 1, str(result))
        self.assertEqual(result.out.count("\nline ") + result.out.startswith("line "), 2, str(result))
        self.assertIn("process.cwd", result.out)

    def test_run_to_completion(self):
        bundle = self.bundle(self.config("exit", "7"))
        result = self.example("run-to-completion", self.runtime.root, bundle.path, "done")
        self.assertEqual(result.rc, 7, str(result))
        self.assertEqual(self.runtime("list", "-q").out, "")

    def test_run_tells_why_not(self):
        config = self.config()
        config["process"]["args"] = ["/missing"]
        result = self.example("run-to-completion", self.runtime.root, self.bundle(config).path, "c")
        self.assertRefusedWith(result, "E_EXEC", "/missing")

    def assertRefusedWith(self, result, *words):
        self.assertEqual(result.rc, 1, str(result))
        for word in words:
            self.assertIn(word, result.err)

    def test_exec(self):
        container = self.running()
        result = self.assertOk(self.example("exec", self.runtime.root, container.id, "/probe", "report"))
        report = result.lines()[0]
        self.assertIn("STARTED_BY=exec", json.dumps(report))
        result = self.example("exec", self.runtime.root, container.id, "/probe", "exit", "9")
        self.assertEqual(result.rc, 9)

    def test_wait(self):
        containers = [self.running() for _ in range(3)]
        program = library.Program(os.path.join(build_directory(), "examples/wait"), self.view)
        process = program.popen(self.runtime.root, *[c.id for c in containers], stdout=subprocess.PIPE, text=True)
        self.assertEqual(process.stdout.readline(), "waiting for 3\n")
        for container in containers:
            self.assertOk(container.kill("KILL"))
        out, _ = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 0)
        self.assertEqual(sorted(out.splitlines()), sorted(f"{c.id} has ended" for c in containers))

    def test_events(self):
        container = self.running()
        result = self.assertOk(self.example("events", self.runtime.root, container.id, "20", "3"))
        lines = result.lines()
        self.assertEqual([(line["type"], line["id"]) for line in lines], [("stats", container.id)] * 3)

    def test_threads(self):
        bundles = self.thread_bundles(4, "exit", "0")
        self.assertOk(self.example("threads", self.runtime.root, "5", *bundles, timeout=300))
        self.assertEqual(self.runtime("list", "-q").out, "")

    def test_threads_in_time_namespaces(self):
        """Only a process with one thread can go back to its time namespace."""
        config = self.config("exit", "0")
        set_namespace(config, "time")
        config["linux"]["timeOffsets"] = {"boottime": {"secs": 1000000}}
        bundle = self.bundle(config)
        self.assertOk(self.example("threads", self.runtime.root, "3", bundle.path, timeout=300))


class Valgrind(library.LibraryTest):
    """Valgrind of Debian 12 does not know the system calls that make a container: what needs none runs under it.

    All examples run under AddressSanitizer, which looks for leaks too, where the build has it (contrib/check)."""

    def setUp(self):
        super().setUp()
        if not shutil.which("valgrind"):
            self.skipTest("valgrind is not installed")
        if library.sanitized():
            self.skipTest("a build with a sanitizer does not run under valgrind")

    def check(self, name, *words, rc=0):
        program = os.path.join(build_directory(), "examples", name)
        if not os.path.exists(program):
            self.skipTest(f"{program} is not built (make check builds it)")
        libtool = ["/bin/sh", os.path.join(build_directory(), "libtool"), "--mode=execute"]
        valgrind = ["valgrind", "-q", "--leak-check=full", "--show-leak-kinds=all", "--errors-for-leak-kinds=all",
                    "--error-exitcode=99"]
        result = library.Program(program, self.view, libtool + valgrind)(*words, timeout=300)
        self.assertEqual(result.rc, rc, str(result))

    def test_check(self):
        self.check("check", self.bundle(self.config()).path)

    def test_mistakes(self):
        config = self.config()
        config["process"]["cwd"] = "relative"
        config["mounts"][0]["destination"] = ""
        self.check("check", self.bundle(config).path, rc=1)

    def test_no_json(self):
        self.check("check", self.bundle('{ "ociVersion": "1.0.2", ').path, rc=1)

    def test_list(self):
        self.check("list", self.runtime.root)

    def test_refused(self):
        self.check("run-to-completion", self.runtime.root, self.bundle(self.config()).path, "bad/id", rc=1)
        self.check("exec", self.runtime.root, "missing", "/bin/true", rc=1)
        self.check("wait", self.runtime.root, "missing", rc=1)


if __name__ == "__main__":
    main()
