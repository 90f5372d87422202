# SPDX-License-Identifier: LGPL-2.1-or-later
"""hooks: the six kinds, their order, surroundings, state on standard input, time limits and failures."""

import json
import os

from ocitest import ContainerTest, Report, host, main

KINDS = ["prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop"]
IN_CREATE, IN_START, IN_DELETE = KINDS[:3], KINDS[3:5], KINDS[5:]
OF_RUNTIME = ["prestart", "createRuntime", "poststart", "poststop"]
STATUS = {"prestart": "creating", "createRuntime": "creating", "createContainer": "creating",
          "startContainer": "created", "poststart": "running", "poststop": "stopped"}

SCRIPT = """#!/bin/sh
# NAME [STATUS [SECONDS]]: writes down what the hook is given, and exits.
cat >"@/$1.stdin"
env >"@/$1.env"
pwd >"@/$1.cwd"
for n in mnt uts ipc net pid; do echo "$n $(readlink /proc/self/ns/$n)"; done >"@/$1.ns"
ls /proc/self/fd >"@/$1.fds"
echo "$1" >>"@/log"
[ -z "$3" ] || exec sleep "$3"
exit "${2:-0}"
"""


class HookTest(ContainerTest):
    def setUp(self):
        super().setUp()
        self.seen = os.path.join(self.tmp, "seen")
        os.mkdir(self.seen)
        self.script = os.path.join(self.tmp, "hook")
        with open(self.script, "w", encoding="ascii") as file:
            file.write(SCRIPT.replace("@", self.seen))
        os.chmod(self.script, 0o755)

    def hook(self, name, status=0, seconds=None, **more):
        args = ["hook", name, str(status)] + ([str(seconds)] if seconds else [])
        return {"path": self.script, "args": args, "env": ["PATH=/usr/bin:/bin"], **more}

    def inside(self, name, *words):
        """A hook in the container: there is only the probe."""
        return {"path": "/probe", "args": ["/probe", "-o", f"/{name}.out", *words]}

    def hooks(self, *words, **hooks):
        config = self.config(*(words or ("say", "program")))
        config["hooks"] = hooks
        return config

    def log(self):
        path = os.path.join(self.seen, "log")
        if not os.path.exists(path):
            return []
        with open(path, encoding="ascii") as file:
            return file.read().split()

    def text(self, name, what):
        with open(os.path.join(self.seen, f"{name}.{what}"), encoding="utf-8") as file:
            return file.read()

    def namespaces(self, name):
        return dict(line.split() for line in self.text(name, "ns").splitlines())

    def through(self, config):
        """create, start, wait, delete."""
        container = self.container(config)
        self.assertOk(container.create())
        pid = container.pid
        self.assertOk(container.start())
        container.wait_end(pid)
        self.assertOk(container.delete())
        return container


class Order(HookTest):
    def test_each_in_its_operation(self):
        container = self.container(self.hooks(
            "wait-term", **{k: [self.hook(k)] for k in KINDS if k != "startContainer"},
            startContainer=[self.inside("startContainer", "say", "here")]))
        self.assertOk(container.create())
        self.assertEqual(self.log(), IN_CREATE)
        self.assertFalse(container.bundle.has("/startContainer.out"))
        self.assertOk(container.start())
        self.assertEqual(self.log(), IN_CREATE + ["poststart"])
        self.assertTrue(container.bundle.has("/startContainer.out"))
        pid = container.pid
        self.assertOk(container.kill("KILL"))
        container.wait_end(pid)
        self.assertEqual(self.log(), IN_CREATE + ["poststart"])
        self.assertOk(container.delete())
        self.assertEqual(self.log(), IN_CREATE + ["poststart", "poststop"])

    def test_several_of_a_kind_in_the_order_of_the_list(self):
        names = {k: [f"{k}{i}" for i in range(3)] for k in KINDS if k != "startContainer"}
        self.through(self.hooks(**{k: [self.hook(n) for n in names[k]] for k in names}))
        self.assertEqual(self.log(), [n for k in names for n in names[k]])

    def test_several_inside(self):
        config = self.hooks("-o", "/log", "say", "program",
                            startContainer=[{"path": "/probe",
                                             "args": ["probe", "-o", "/log", "say", f"hook {i}"]}
                                            for i in range(3)])
        container = self.through(config)
        texts = [json.loads(line)["text"] for line in container.bundle.get("/log").splitlines()]
        self.assertEqual(texts, ["hook 0", "hook 1", "hook 2", "program"])

    def test_run(self):
        config = self.hooks(**{k: [self.hook(k)] for k in KINDS if k != "startContainer"})
        self.assertOk(self.container(config).run())
        self.assertEqual(self.log(), [k for k in KINDS if k != "startContainer"])

    def test_poststop_of_a_created_container(self):
        container = self.container(self.hooks(poststop=[self.hook("poststop")]))
        self.assertOk(container.create())
        self.assertOk(container.delete("--force"))
        self.assertEqual(self.log(), ["poststop"])

    def test_poststop_after_the_cgroup_is_gone(self):
        """It is called after the container is deleted: its state directory is no more."""
        config = self.hooks()
        container = self.container(config)
        path = os.path.join(self.runtime.root, container.id)
        script = os.path.join(self.tmp, "check")
        with open(script, "w", encoding="ascii") as file:
            file.write(f"#!/bin/sh\n{{ [ -e {path} ] && echo there || echo gone; }} >{self.seen}/log\n")
        os.chmod(script, 0o755)
        config["hooks"]["poststop"] = [{"path": script, "env": ["PATH=/usr/bin:/bin"]}]
        container.bundle.write(config)
        self.assertOk(container.create())
        self.assertOk(container.delete("--force"))
        self.assertEqual(self.log(), ["gone"])

    def test_poststart_after_the_program_is_executed(self):
        """The process has the name of the program by then, not that of the runtime's stub."""
        config = self.hooks("wait-term")
        script = os.path.join(self.tmp, "check")
        with open(script, "w", encoding="ascii") as file:
            file.write("#!/bin/sh\npid=$(tr '\\n' ' ' | sed 's/.*\"pid\" *: *\\([0-9]*\\).*/\\1/')\n"
                       f"cat /proc/$pid/comm >{self.seen}/log\n")
        os.chmod(script, 0o755)
        config["hooks"]["poststart"] = [{"path": script, "env": ["PATH=/usr/bin:/bin"]}]
        container = self.container(config)
        self.assertOk(container.create())
        self.assertOk(container.start())
        self.assertEqual(self.log(), ["probe"])


class Surroundings(HookTest):
    def test_namespaces_of_the_runtime(self):
        self.through(self.hooks(**{k: [self.hook(k)] for k in OF_RUNTIME}))
        for kind in OF_RUNTIME:
            for link, value in self.namespaces(kind).items():
                if link != "mnt" or self.runtime.view.fd is None:
                    self.assertEqual(value, os.readlink(f"/proc/self/ns/{link}"), f"{kind} {link}")

    def test_create_container_is_in_the_container(self):
        config = self.hooks("report", createContainer=[self.hook("createContainer")])
        container = self.through(config)
        inside, hook = container.report(), self.namespaces("createContainer")
        for link in ("mnt", "uts", "ipc", "net"):
            self.assertEqual(hook[link], inside.namespace(link), link)

    def test_start_container_is_in_the_container(self):
        config = self.hooks("report", startContainer=[self.inside("hook", "report")])
        container = self.through(config)
        hook = Report(json.loads(container.bundle.get("/hook.out")))
        for link in ("mnt", "uts", "ipc", "net", "pid", "cgroup"):
            self.assertEqual(hook.namespace(link), container.report().namespace(link), link)
        self.assertEqual(hook.mount("/").root, container.report().mount("/").root)

    def test_create_runtime_before_the_root_is_changed(self):
        """The mount namespace of the container exists, and the program isn't there yet."""
        config = self.hooks("report", createRuntime=[self.hook("createRuntime")])
        container = self.through(config)
        self.assertNotEqual(self.namespaces("createRuntime")["mnt"], container.report().namespace("mnt"))

    def test_args_and_env(self):
        hook = self.hook("named", env=["A=1", "B=two words", "PATH=/usr/bin:/bin"])
        self.through(self.hooks(createRuntime=[hook]))
        env = dict(line.split("=", 1) for line in self.text("named", "env").splitlines() if "=" in line)
        for name in ("PWD", "_", "SHLVL", "OLDPWD"):
            env.pop(name, None)
        self.assertEqual(env, {"A": "1", "B": "two words", "PATH": "/usr/bin:/bin"})

    def test_traceparent_is_passed_on(self):
        """To all of them, and nothing else of the caller's environment."""
        parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
        own = self.hook("own", env=["PATH=/usr/bin:/bin", "TRACEPARENT=own"])
        config = self.hooks(**{k: [self.hook(k)] for k in KINDS if k != "startContainer"},
                            startContainer=[self.inside("hook", "report")])
        config["hooks"]["createRuntime"].append(own)
        container = self.container(config)
        self.assertOk(container.run(environment={**os.environ, "TRACEPARENT": parent, "SECRET": "x"}))
        envs = {k: self.text(k, "env").split() for k in [*KINDS, "own"] if k != "startContainer"}
        envs["startContainer"] = json.loads(container.bundle.get("/hook.out"))["env"]
        for kind, env in envs.items():
            found = [word for word in env if word.startswith(("TRACEPARENT=", "SECRET="))]
            self.assertEqual(found, ["TRACEPARENT=" + ("own" if kind == "own" else parent)], kind)

    def test_first_argument_is_the_callers(self):
        config = self.hooks(startContainer=[{"path": "/probe",
                                             "args": ["another name", "-o", "/hook.out", "report"]}])
        container = self.through(config)
        report = json.loads(container.bundle.get("/hook.out"))
        self.assertEqual(report["proc"]["cmdline"].split("\0")[0], "another name")

    def test_no_arguments(self):
        config = self.hooks(createRuntime=[{"path": "/bin/true"}])
        self.through(config)

    def test_no_descriptors_leak_into_it(self):
        self.through(self.hooks(**{k: [self.hook(k)] for k in KINDS if k != "startContainer"}))
        for kind in KINDS:
            if kind != "startContainer":
                fds = {int(n) for n in self.text(kind, "fds").split()}
                self.assertTrue(fds <= {0, 1, 2, 3}, f"{kind}: {fds}")     # 3 is of ls itself

    def test_no_descriptors_leak_inside(self):
        config = self.hooks(startContainer=[{"path": "/probe",
                                             "args": ["probe", "-o", "/hook.out", "report"]}])
        container = self.through(config)
        report = json.loads(container.bundle.get("/hook.out"))
        self.assertTrue(set(report["fds"]) <= {"0", "1", "2", "3"}, report["fds"])     # 3 is of -o

    def test_output_of_hooks_is_not_the_containers(self):
        config = self.hooks(createRuntime=[{"path": "/bin/echo", "args": ["echo", "noise"]}],
                            poststart=[{"path": "/bin/echo", "args": ["echo", "noise"]}])
        container = self.through(config)
        self.assertNotIn("noise", container.out())

    def test_create_container_keeps_no_capabilities_from_the_program(self):
        """Hooks run with the rights of the runtime, whatever the program is given."""
        config = self.hooks(createContainer=[self.hook("createContainer")])
        config["process"]["capabilities"] = {}
        config["process"]["user"] = {"uid": 1000, "gid": 1000}
        self.through(config)
        self.assertEqual(self.log(), ["createContainer"])


class State(HookTest):
    def states(self):
        config = self.hooks("report", **{k: [self.hook(k)] for k in KINDS if k != "startContainer"},
                            startContainer=[self.inside("hook", "read-fd", "0")])
        config["annotations"] = {"org.example.a": "1", "org.example.empty": ""}
        container = self.container(config)
        self.assertOk(container.create())
        pid = container.pid
        self.assertOk(container.start())
        container.wait_end(pid)
        self.assertOk(container.delete())
        states = {k: json.loads(self.text(k, "stdin")) for k in KINDS if k != "startContainer"}
        states["startContainer"] = json.loads(json.loads(container.bundle.get("/hook.out"))["text"])
        return container, pid, states

    def test_what_all_have(self):
        container, _, states = self.states()
        for kind, state in states.items():
            with self.subTest(kind=kind):
                self.assertEqual(state["id"], container.id)
                self.assertEqual(state["bundle"], container.bundle.path)
                self.assertEqual(state["annotations"], {"org.example.a": "1", "org.example.empty": ""})
                self.assertRegex(state["ociVersion"], r"^\d+\.\d+\.\d+")

    def test_status(self):
        _, _, states = self.states()
        self.assertEqual({k: s["status"] for k, s in states.items()}, STATUS)

    def test_pid(self):
        _, pid, states = self.states()
        for kind in ("prestart", "createRuntime", "poststart"):
            self.assertEqual(states[kind]["pid"], pid, kind)
        self.assertEqual(states["createContainer"]["pid"], 1)
        self.assertEqual(states["startContainer"]["pid"], 1)
        self.assertIn(states["poststop"].get("pid", 0), (0, pid))

    def test_standard_input_ends(self):
        """A hook that reads to the end gets there: cat in every hook returned."""
        self.states()

    def test_a_hook_that_does_not_read(self):
        config = self.hooks(createRuntime=[{"path": "/bin/true"}] * 3)
        # More than a pipe holds.
        config["annotations"] = {f"org.example.{i}": "x" * 1000 for i in range(200)}
        self.through(config)

    def test_a_large_state(self):
        config = self.hooks(createRuntime=[self.hook("createRuntime")])
        config["annotations"] = {f"org.example.{i}": "x" * 1000 for i in range(200)}
        self.through(config)
        self.assertEqual(len(json.loads(self.text("createRuntime", "stdin"))["annotations"]), 200)


class Failures(HookTest):
    def check_create_fails(self, kind):
        hooks = {kind: [self.hook("first", 3), self.hook("second")], "poststop": [self.hook("poststop")]}
        container = self.container(self.hooks("-o", "/ran", "say", "x", **hooks))
        result = container.create()
        self.assertRefused(result, kind)
        self.assertIsNone(container.state())
        self.assertFalse(container.bundle.has("/ran"))
        self.assertEqual(self.log(), ["first", "poststop"])

    def test_prestart(self):
        self.check_create_fails("prestart")

    def test_create_runtime(self):
        self.check_create_fails("createRuntime")

    def test_create_container(self):
        self.check_create_fails("createContainer")

    def test_start_container(self):
        """start tells it, the program does not run, and the container is destroyed."""
        container = self.container(self.hooks(
            "-o", "/ran", "say", "x", poststop=[self.hook("poststop")],
            startContainer=[{"path": "/probe", "args": ["probe", "exit", "3"]}]))
        self.assertOk(container.create())
        self.assertRefused(container.start(), "startContainer")
        self.assertFalse(container.bundle.has("/ran"))
        self.assertIsNone(container.state())
        self.assertEqual(self.log(), ["poststop"])

    def test_poststart(self):
        container = self.container(self.hooks(
            "wait-term", poststart=[self.hook("first", 3), self.hook("second")],
            poststop=[self.hook("poststop")]))
        self.assertOk(container.create())
        pid = container.pid
        self.assertRefused(container.start(), "poststart")
        container.wait_end(pid)
        self.assertIsNone(container.state())
        self.assertEqual(self.log(), ["first", "poststop"])

    def test_poststop(self):
        container = self.container(self.hooks(poststop=[self.hook("first", 3), self.hook("second")]))
        self.assertOk(container.create())
        result = self.assertOk(container.delete("--force"))
        self.assertIn("poststop", result.err)
        self.assertEqual(self.log(), ["first", "second"])
        self.assertIsNone(container.state())

    def test_run_with_a_failing_hook(self):
        container = self.container(self.hooks("-o", "/ran", "say", "x",
                                              createRuntime=[self.hook("first", 3)]))
        result = container.run()
        self.assertIn(result.rc, (1, 255))
        self.assertIn("createRuntime", result.err)
        self.assertFalse(container.bundle.has("/ran"))

    def test_the_exit_status_is_told(self):
        container = self.container(self.hooks(createRuntime=[self.hook("first", 42)]))
        self.assertRefused(container.create(), "42")

    def test_which_of_several_is_told(self):
        container = self.container(self.hooks(createRuntime=[self.hook("first"), self.hook("second", 3)]))
        self.assertRefused(container.create(), "createRuntime", "1")

    def test_killed_by_a_signal(self):
        script = os.path.join(self.tmp, "killed")
        with open(script, "w", encoding="ascii") as file:
            file.write("#!/bin/sh\nkill -9 $$\n")
        os.chmod(script, 0o755)
        container = self.container(self.hooks(createRuntime=[{"path": script}]))
        self.assertRefused(container.create(), "createRuntime", "signal")

    def check_missing(self, kind):
        container = self.container(self.hooks(**{kind: [{"path": "/no/such/hook"}]}))
        self.assertRefused(container.create(), "/no/such/hook", "no such file or directory")
        self.assertIsNone(container.state())

    def test_missing_program(self):
        for kind in ("prestart", "createRuntime", "createContainer"):
            with self.subTest(kind=kind):
                self.check_missing(kind)

    def test_missing_program_inside(self):
        container = self.container(self.hooks(startContainer=[{"path": "/no/such/hook"}]))
        result = container.create()
        if result.rc == 0:
            result = container.start()
        self.assertRefused(result, "/no/such/hook", "no such file or directory")

    def test_relative_path(self):
        for kind in KINDS:
            with self.subTest(kind=kind):
                self.refuse(self.hooks(**{kind: [{"path": "bin/true"}]}), f"hooks.{kind}[0].path", "absolute")


SECONDS = host.patience()   # within which a hook that is slow has begun


class Timeouts(HookTest):
    def test_in_time(self):
        self.through(self.hooks(createRuntime=[self.hook("quick", timeout=60)]))

    def check(self, kind):
        hook = self.hook("slow", 0, 600, timeout=SECONDS)
        container = self.container(self.hooks("wait-term", **{kind: [hook]}))
        result = container.create()
        if result.rc == 0:
            result = container.start()
        self.assertRefused(result, kind, f"{SECONDS} s")
        self.assertEqual(self.log(), ["slow"])

    def test_create_runtime(self):
        self.check("createRuntime")

    def test_create_container(self):
        self.check("createContainer")

    def test_poststart(self):
        self.check("poststart")

    def test_start_container(self):
        container = self.container(self.hooks(startContainer=[{"path": "/probe",
                                                               "args": ["p", "sleep", "600"], "timeout": 1}]))
        self.assertOk(container.create())
        self.assertRefused(container.start(), "startContainer", "1 s")

    def test_poststop(self):
        container = self.container(self.hooks(poststop=[self.hook("slow", 0, 600, timeout=SECONDS),
                                                        self.hook("second")]))
        self.assertOk(container.create())
        self.assertOk(container.delete("--force"))
        self.assertEqual(self.log(), ["slow", "second"])

    def test_zero_is_refused(self):
        self.refuse(self.hooks(createRuntime=[self.hook("x", timeout=0)]), "timeout")

    def test_negative_is_refused(self):
        self.refuse(self.hooks(createRuntime=[self.hook("x", timeout=-1)]), "timeout")


if __name__ == "__main__":
    main()
