# SPDX-License-Identifier: LGPL-2.1-or-later
"""Annotations that act on the host need the consent of its administrator, and nobody else's."""

import json
import os
import select
import socket

from ocitest import ContainerTest, consents, main

USER = 1000


class ConsentTest(ContainerTest):
    """A container whose hook says something, which the annotation sends to a file of the host."""

    def setUp(self):
        super().setUp()
        self.target = os.path.join(self.tmp, "hooks.out")

    def asking(self):
        config = self.config("wait-term")
        hook = {"path": "/bin/echo", "args": ["echo", "from the hook"]}
        config["hooks"] = {"createRuntime": [hook], "poststop": [hook]}
        config["annotations"] = {"org.example.a": "1", "run.oci.hooks.stdout": self.target}
        return config

    def said(self):
        if not os.path.exists(self.target):
            return ""
        with open(self.target, encoding="ascii") as file:
            return file.read()

    def refused(self, *words, **how):
        result = self.container(self.asking()).create(**how)
        self.assertRefused(result, "run.oci.hooks.stdout", *words)
        self.assertEqual(self.said(), "")
        return result


class Root(ConsentTest):
    def test_without_a_file(self):
        container = self.container(self.asking())
        with open(os.path.join(container.bundle.path, "config.json"), encoding="utf-8") as file:
            line = next(n for n, text in enumerate(file, 1) if "hooks.stdout" in text)
        log = os.path.join(self.tmp, "log")
        result = self.runtime("--log", log, "--log-format", "json", "create", "--bundle", container.bundle.path, container.id)
        self.assertEqual(result.rc, 1, result)
        with open(log, encoding="utf-8") as file:
            told = json.loads(file.readline())
        self.assertEqual((told["code"], told["line"]), ("E_CONSENT", line))
        self.assertIn(f"config.json:{line}: ", told["msg"])
        self.assertTrue(told["msg"].endswith("the line run.oci.hooks.stdout in /etc/ocirt/annotations"), told)
        self.assertIsNone(container.state())
        self.assertEqual(self.said(), "")

    def test_with_its_name(self):
        consents.give(self, "# what our engine needs", "", "  run.oci.hooks.stdout \r")
        container = self.running(self.asking())
        self.assertEqual(self.said(), "from the hook\n")
        # Who has consented at create, is not asked again.
        os.unlink(consents.PATH)
        self.assertOk(container.exec("ID", "/probe", "say", "x"))
        self.assertOk(container.delete("--force"))
        self.assertEqual(self.said(), "from the hook\n" * 2)

    def test_with_a_prefix(self):
        consents.give(self, "run.oci.hooks.")
        self.running(self.asking())
        self.assertEqual(self.said(), "from the hook\n")

    def test_other_lines_are_not_enough(self):
        consents.give(self)
        for lines in (["run.oci.hooks"], ["run.oci.hooks.stdou"], ["run.oci.hooks.stdout."], ["#run.oci.hooks.stdout"],
                      ["run.oci.hooks.stderr"], ["*"], [""], ["run.oci.hooks.stdout x"]):
            with self.subTest(lines):
                consents.write(*lines)
                self.refused("needs the administrator's consent")

    def test_a_file_of_others_is_not_believed(self):
        consents.give(self, "run.oci.hooks.stdout")
        for change, word in ((lambda: os.chmod(consents.PATH, 0o664), "written to by others"),
                             (lambda: os.chmod(consents.PATH, 0o646), "written to by others"),
                             (lambda: os.chown(consents.PATH, USER, 0), "belong to root"),
                             (lambda: os.truncate(consents.PATH, 1 << 20), "64 KiB")):
            with self.subTest(word):
                change()
                self.refused(word)
                os.unlink(consents.PATH)
                consents.write("run.oci.hooks.stdout")
        os.rename(consents.PATH, consents.PATH + "2")
        for make, word in ((lambda: os.symlink("annotations2", consents.PATH), "symbolic link"),
                           (lambda: os.mkfifo(consents.PATH, 0o644), "no regular file")):
            with self.subTest(word):
                make()
                self.refused(word)
                os.unlink(consents.PATH)

    def test_the_environment_changes_nothing(self):
        """Who may call root's runtime can set variables; the user's file is for that user's runtime alone."""
        for directory in ("xdg/ocirt", ".config/ocirt"):
            os.makedirs(os.path.join(self.tmp, directory))
            with open(os.path.join(self.tmp, directory, "annotations"), "w", encoding="ascii") as file:
                file.write("run.oci.hooks.stdout\n")
        environment = dict(os.environ, HOME=self.tmp, XDG_CONFIG_HOME=os.path.join(self.tmp, "xdg"))
        self.refused("needs the administrator's consent", environment=environment)

    def test_check_plan_and_features_agree(self):
        made = self.bundle(self.asking())
        for command in ("check", "plan"):
            self.assertRefused(self.runtime(command, "--bundle", made.path), "run.oci.hooks.stdout", "needs the administrator's consent")
        features = self.runtime("features").json()["potentiallyUnsafeConfigAnnotations"]
        self.assertIn("run.oci.hooks.stdout", features)
        consents.give(self, "run.oci.hooks.stdout")
        for command in ("check", "plan"):
            self.assertOk(self.runtime(command, "--bundle", made.path))

    def test_doctor_tells(self):
        def findings():
            found = json.loads(self.runtime("doctor", "--format", "json").out)["findings"]
            return [(f["name"], f["found"], f["status"]) for f in found if f["area"] == "annotations"]

        self.assertEqual(findings(), [])
        consents.give(self, "run.oci.hooks.", "org.systemd.property.CPUWeight", "run.oci.hocks.stdout")
        self.assertEqual(findings(), [("consent", "run.oci.hooks.", "ok"),
                                      ("consent", "org.systemd.property.CPUWeight", "ok"),
                                      ("consent", "run.oci.hocks.stdout", "limited")])
        os.chmod(consents.PATH, 0o666)
        (name, found, status), = findings()
        self.assertEqual((name, status), ("file of consents", "limited"))
        self.assertIn("written to by others", found)

    def test_a_socket_of_the_host(self):
        path = os.path.join(self.tmp, "pidfd.sock")
        config = self.config("wait-term")
        config["annotations"] = {"run.oci.pidfd_receiver": path}
        self.refuse(config, "run.oci.pidfd_receiver", "needs the administrator's consent")
        consents.give(self, "run.oci.pidfd_receiver")
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
            listener.bind(path)
            listener.listen(1)
            listener.settimeout(30)
            container = self.running(config)
            taker, _ = listener.accept()
            with taker:
                taker.settimeout(30)
                _, (pidfd,), _, _ = socket.recv_fds(taker, 4096, 1)
        self.assertOk(container.delete("--force"))
        self.assertTrue(select.select([pidfd], [], [], 30)[0], "it is not the container's process")
        os.close(pidfd)

    def test_what_engines_set_needs_none(self):
        config = self.config()
        config["annotations"] = {
            "run.oci.keep_original_groups": "1", "run.oci.mount_context_type": "rootcontext",
            "org.systemd.property.TimeoutStopUSec": "uint64 10000000", "org.systemd.property.KillSignal": "37",
            "org.systemd.property.CollectMode": "'inactive-or-failed'", "org.systemd.property.After": "['crio.service']",
            "org.systemd.property.DefaultDependencies": "true"}
        self.run_ok(config)


class User(ConsentTest):
    """An ordinary user's runtime has that user's rights alone, so the user may consent as well."""

    def setUp(self):
        super().setUp()
        self.made = self.bundle(self.asking())
        self.home = os.path.join(self.tmp, "home")
        os.mkdir(self.home)

    def check(self, **variables):
        def become_user():
            os.setgroups([])
            os.setresgid(USER, USER, USER)
            os.setresuid(USER, USER, USER)

        environment = {"PATH": os.environ["PATH"], "HOME": self.home, "XDG_RUNTIME_DIR": self.home, **variables}
        return self.runtime("check", "--bundle", self.made.path, environment=environment, prepare=become_user)

    def write(self, directory, owner=USER):
        directory = os.path.join(self.home, directory, "ocirt")
        os.makedirs(directory, exist_ok=True)
        path = os.path.join(directory, "annotations")
        with open(path, "w", encoding="ascii") as file:
            file.write("run.oci.hooks.stdout\n")
        os.chown(path, owner, owner)
        return path

    def consented(self, result):
        """There is more to say of this configuration to an ordinary user."""
        self.assertIn(result.rc, (0, 1), result)
        return "consent" not in result.out + result.err

    def test_told_where(self):
        result = self.check()
        self.assertFalse(self.consented(result))
        self.assertIn(f"{self.home}/.config/ocirt/annotations", result.out + result.err)

    def test_own_files(self):
        self.write(".config")
        self.assertTrue(self.consented(self.check()))
        self.assertFalse(self.consented(self.check(XDG_CONFIG_HOME=os.path.join(self.home, "else"))))
        self.write("else")
        self.assertTrue(self.consented(self.check(XDG_CONFIG_HOME=os.path.join(self.home, "else"))))

    def test_of_another_user(self):
        for owner in (0, USER + 1):
            self.write(".config", owner)
            self.assertFalse(self.consented(self.check()))

    def test_the_administrators(self):
        consents.give(self, "run.oci.hooks.stdout")
        self.assertTrue(self.consented(self.check()))
        os.chown(consents.PATH, USER, USER)
        self.assertFalse(self.consented(self.check()))


if __name__ == "__main__":
    main()
