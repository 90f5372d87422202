# SPDX-License-Identifier: LGPL-2.1-or-later
"""The Python binding: its structs are the header's, and it does what the library does."""

import ctypes
import json
import os
import re
import select
import signal
import sys
import threading
import unittest

from ocitest import main
from ocitest.bundle import TOP, build_directory
import library

LIBRARY = os.path.join(build_directory(), ".libs/libocirt.so.0")
ocirt = None
WHY_NOT = "the library is not built"
if os.path.exists(LIBRARY) and library.sanitized():
    WHY_NOT = "a library with a sanitizer can't be loaded into Python"
elif os.path.exists(LIBRARY):
    os.environ["LIBOCIRT"] = LIBRARY
    sys.path.insert(0, os.path.join(TOP, "bindings/python"))
    import ocirt

KINDS = {"size_t": ctypes.c_size_t, "const char *": ctypes.c_char_p, "unsigned": ctypes.c_uint, "int": ctypes.c_int,
         "bool": ctypes.c_bool, "void *": ctypes.c_void_p, "char *const *": ctypes.POINTER(ctypes.c_char_p)}


def members(name):
    """[(member, ctypes' type)] of a struct of the header."""
    with open(os.path.join(TOP, "src/libocirt.h"), encoding="utf-8") as file:
        header = re.sub(r"/\*.*?\*/", "", file.read(), flags=re.S)
    body = re.search(rf"^struct {name} {{(.*?)^}};", header, re.S | re.M).group(1)
    found = []
    for declaration in filter(None, (" ".join(d.split()) for d in re.sub(r"\(\*(\w+)\)\([^)]*\)", r"*\1()", body)
                                     .split(";"))):
        if declaration.endswith("()"):
            found.append((declaration.split("*")[1][:-2], ocirt.WARN))
            continue
        kind = re.match(r"(?:const |enum |struct )*\w+ (?:\*const \*|\*)?", declaration).group(0)
        for member in declaration[len(kind):].split(","):
            found.append((member.strip(" *"), KINDS[re.sub(r"^enum \w+", "int", re.sub(r"^(const )?struct \w+", "void", kind)).strip()]))
    return found


@unittest.skipIf(ocirt is None, WHY_NOT)
class Structs(unittest.TestCase):
    def test_members(self):
        for name, struct in (("ocirt_options", ocirt._Options), ("ocirt_create_options", ocirt._CreateOptions),
                             ("ocirt_exec_options", ocirt._ExecOptions)):
            with self.subTest(name=name):
                self.assertEqual([tuple(field) for field in struct._fields_], members(name))

    def test_unknown_option(self):
        with self.assertRaises(TypeError):
            ocirt.Ocirt("/nowhere").create("c", bundel="/x")

    def test_wrong_size(self):
        options = ocirt._CreateOptions(bundle=b"/nowhere")
        with self.assertRaises(ocirt.Error) as raised:
            ocirt._call("create", ocirt.Ocirt("/nowhere")._handle, b"c", ctypes.byref(options))
        self.assertEqual(raised.exception.code, "E_USAGE")
        self.assertIn("size", str(raised.exception))

    def test_options_of_the_future(self):
        class Longer(ctypes.Structure):
            _fields_ = [("now", ocirt._CreateOptions), ("more", ctypes.c_int)]

        for more, code in ((0, "E_BUNDLE"), (7, "E_USAGE")):
            options = Longer(more=more)
            options.now.size = ctypes.sizeof(Longer)
            options.now.bundle = b"/nowhere"
            with self.assertRaises(ocirt.Error) as raised:
                ocirt._call("check", ocirt.Ocirt("/nowhere")._handle, ctypes.byref(options))
            self.assertEqual(raised.exception.code, code, str(raised.exception))


@unittest.skipIf(ocirt is None, WHY_NOT)
class Binding(library.LibraryTest):
    def setUp(self):
        super().setUp()
        if self.runtime.view.fd is not None:
            self.skipTest("Python itself would have to enter the view of cgroups")
        self.ocirt = ocirt.Ocirt(self.runtime.root)
        self.addCleanup(self.ocirt.close)

    def made(self, *words):
        container = self.container(self.config(*words))
        self.ocirt.create(container.id, bundle=container.bundle.path)
        return container.id

    def test_life(self):
        id = self.made("wait-term")
        self.assertEqual(self.ocirt.state(id)["status"], "created")
        self.ocirt.start(id)
        self.assertEqual([(c["id"], c["status"]) for c in self.ocirt.list()], [(id, "running")])
        self.assertEqual(self.ocirt.exec(id, ["/probe", "exit", "5"]), 5)
        self.ocirt.kill(id, "KILL")
        self.assertEqual(self.ocirt.wait(id), 128 + signal.SIGKILL)
        self.ocirt.delete(id)
        self.assertEqual(self.ocirt.list(), [])

    def test_wait_after_the_end(self):
        id = self.made("exit", "3")
        fd = self.ocirt.pidfd(id)
        self.ocirt.start(id)
        self.assertTrue(select.select([fd], [], [], 60)[0])
        os.close(fd)
        self.assertEqual(self.ocirt.wait(id), 3)
        self.ocirt.delete(id)

    def test_run_with_a_dict(self):
        bundle = self.bundle()
        self.assertEqual(self.ocirt.run("c", bundle=bundle.path, config_text=self.config("exit", "4")), 4)

    def test_pause_and_update(self):
        id = self.made("wait-term")
        self.ocirt.start(id)
        self.ocirt.pause(id)
        self.assertEqual(self.ocirt.state(id)["status"], "paused")
        self.ocirt.resume(id)
        self.ocirt.update(id, {"pids": {"limit": 77}})
        self.assertEqual(self.ocirt.stats(id)["data"]["pids"]["limit"], 77)
        self.ocirt.delete(id, force=True)

    def test_events(self):
        id = self.made("wait-term")
        self.ocirt.start(id)
        told = []
        self.ocirt.events(id, lambda event: told.append(event) or len(told) == 2, interval_ms=10)
        self.assertEqual([event["type"] for event in told], ["stats", "stats"])
        with self.assertRaises(ZeroDivisionError):
            self.ocirt.events(id, lambda event: 1 / 0, interval_ms=10)
        self.ocirt.delete(id, force=True)

    def test_error(self):
        config = json.dumps(self.config(), indent=1).replace('"cwd": "/"', '"cwd": "no"')
        with self.assertRaises(ocirt.Error) as raised:
            self.ocirt.create("c", bundle=self.bundle().path, config_text=config)
        error = raised.exception
        line = next(i for i, text in enumerate(config.splitlines(), 1) if '"cwd"' in text)
        self.assertEqual((error.code, error.property, error.line), ("E_CWD", "process.cwd", line))

    def test_check_has_all_mistakes(self):
        config = self.config()
        config["process"]["cwd"] = "no"
        config["mounts"][0]["destination"] = ""
        with self.assertRaises(ocirt.Error) as raised:
            self.ocirt.check(bundle=self.bundle(config).path)
        self.assertEqual(len(raised.exception.others), 1)

    def test_missing(self):
        for call in (self.ocirt.state, self.ocirt.start, self.ocirt.wait, self.ocirt.pidfd, self.ocirt.stats):
            with self.assertRaises(ocirt.Error) as raised:
                call("missing")
            self.assertEqual(raised.exception.code, "E_NOT_FOUND")

    def test_environment_of_the_program_stays_its_own(self):
        """Sockets of systemd that the program was given are not the container's."""
        os.environ["NOTIFY_SOCKET"] = os.path.join(self.tmp, "notify")
        self.addCleanup(os.environ.pop, "NOTIFY_SOCKET", None)
        os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()))
        self.addCleanup(os.environ.pop, "LISTEN_FDS", None)
        self.addCleanup(os.environ.pop, "LISTEN_PID", None)
        plan = self.ocirt.plan(bundle=self.bundle(self.config()).path)
        self.assertNotIn("notify", plan)
        self.assertNotIn("LISTEN_FDS", plan)

    def test_threads(self):
        def life(number):
            config = self.config("exit", "0")
            config["linux"]["cgroupsPath"] += f"-{number}"
            try:
                for _ in range(3):
                    statuses.append(self.ocirt.run(f"t{number}", bundle=bundles[number].path, config_text=config))
            except ocirt.Error as error:
                statuses.append(str(error))

        bundles, statuses = [self.bundle() for _ in range(3)], []
        threads = [threading.Thread(target=life, args=(number,)) for number in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(statuses, [0] * 9)

    def test_others(self):
        self.assertEqual(ocirt.spec()["root"]["path"], "rootfs")
        self.assertIn("pid", ocirt.features()["linux"]["namespaces"])
        self.assertRegex(ocirt.version(), r"^\d+\.\d+\.\d+$")


if __name__ == "__main__":
    main()
