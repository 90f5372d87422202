# SPDX-License-Identifier: LGPL-2.1-or-later
"""The words of the command line: global options, commands, numbers of arguments; --help and --version."""

import json
import os
import subprocess

import cli


class Usage(cli.CliTest):
    def test_no_command(self):
        self.assert_fails(self.call(), "no command is given")

    def test_unknown_command(self):
        self.assert_fails(self.call("frobnicate"), "unknown command: frobnicate")

    def test_unknown_global_option(self):
        self.assert_fails(self.call("--frob", "list"), "unknown option: --frob")

    def test_unknown_option(self):
        self.assert_fails(self.ocirt("create", "--frob", "x"), "create: unknown option: --frob")

    def test_option_without_its_argument(self):
        # podman probes for lsm-mount-context by these words
        self.assert_fails(self.ocirt("restore", "--lsm-mount-context"),
                          "flag needs an argument: --lsm-mount-context")

    def test_number_of_arguments(self):
        for words, text in ((("create",), '"create" requires exactly 1 argument(s)'),
                            (("start", "a", "b"), '"start" requires exactly 1 argument(s)'),
                            (("kill",), '"kill" requires a minimum of 1 argument(s)'),
                            (("kill", "a", "TERM", "x"), '"kill" requires a maximum of 2 argument(s)'),
                            (("list", "x"), '"list" requires exactly 0 argument(s)'),
                            (("mounts", "add", "x"), '"mounts" requires exactly 3 argument(s)')):
            with self.subTest(words=words):
                self.assert_fails(self.ocirt(*words), text)

    def test_invalid_words(self):
        for words, text in ((("--log-format", "xml", "list"), "invalid log-format: xml"),
                            (("--log-level=loud", "list"), "invalid log-level: loud"),
                            (("--cgroup-manager", "x", "list"), "invalid cgroup-manager: x"),
                            (("--rootless=maybe", "list"), "invalid rootless: maybe"),
                            (("list", "--format", "yaml"), "invalid format: yaml"),
                            (("checkpoint", "--manage-cgroups-mode", "x", "c"), "invalid manage-cgroups-mode: x"),
                            (("create", "--preserve-fds", "x", "c"), "invalid preserve-fds: x"),
                            (("kill", "c", "FOO"), 'unknown signal "FOO"'),
                            (("kill", "--regex", "("), "invalid regular expression"),
                            (("mounts", "move", "c", "f"), "add or remove is wanted")):
            with self.subTest(words=words):
                self.assert_fails(self.ocirt(*words), text)

    def test_exec_fails_with_255(self):
        self.assert_fails(self.ocirt("exec", "c"), "no program is given", 255)
        self.assert_fails(self.ocirt("exec", "-p", "nowhere.json", "c"), "nowhere.json", 255)
        self.assert_fails(self.ocirt("exec", "--process", "p.json", "c", "ls"), "--process does not go with", 255)

    def test_update_takes_a_file_or_options(self):
        self.assert_fails(self.ocirt("update", "--resources", "-", "--memory", "1", "c"),
                          "--resources does not go with --memory")
        self.assert_fails(self.ocirt("update", "--memory", "much", "c"), "invalid memory: much")

    def test_all_global_options_are_accepted(self):
        trace = self.path("trace")
        ran = self.call("--root", self.root, "--log", "log", "--log-format=json", "-log-level", "error",
                        "--debug=false", "--systemd-cgroup=false", "--cgroup-manager", "disabled",
                        "--rootless=true", "--criu", "/usr/sbin/criu", "--trace", trace, "list", "-q")
        self.assertEqual((ran.rc, ran.out, ran.err), (0, "", ""))

    def test_closed_descriptors(self):
        ran = subprocess.run(["/bin/sh", "-c", 'exec "$0" --root "$1" --log "$2" start nobody <&- >&- 2>&-',
                              cli.PROGRAM, self.root, self.path("log")], timeout=60, check=False)
        self.assertEqual(ran.returncode, 1)
        self.assertIn("does not exist", self.read("log"))

    def test_output_that_cannot_be_written(self):
        with open("/dev/full", "wb") as full:
            ran = subprocess.run([cli.PROGRAM, "--version"], stdout=full, stderr=subprocess.PIPE, text=True, check=False)
        self.assertEqual(ran.returncode, 1)
        self.assertIn("standard output: No space left on device", ran.stderr)


class Help(cli.CliTest):
    def test_of_all_commands(self):
        names = cli.commands()
        self.assertGreater(len(names), 20)
        for name in names:
            with self.subTest(command=name):
                ran = self.call(name, "--help")
                self.assertEqual((ran.rc, ran.err), (0, ""))
                self.assertIn(f" {name} ", ran.out.splitlines()[0])
                self.assertEqual(self.call(name, "-h").out, ran.out)
                self.assertEqual(self.call("help", name).out, ran.out)

    def test_fits_the_screen(self):
        for name in [None, *cli.commands()]:
            for line in self.call(*([name] if name else []), "--help").out.splitlines():
                self.assertLessEqual(len(line), 100, line)

    def test_no_letter_and_no_name_twice(self):
        for name in ["", *cli.commands()]:
            options = cli.options_of(name)
            names = [o[1] for o in options]
            letters = [o[0] for o in options if o[0]]
            self.assertEqual(sorted(set(names)), sorted(names), name)
            self.assertEqual(sorted(set(letters)), sorted(letters), name)

    def test_every_option_of_runc_and_crun(self):
        wanted = {
            "create": "bundle config console-socket pidfd-socket pid-file preserve-fds no-pivot no-new-keyring",
            "run": "bundle config console-socket pidfd-socket pid-file preserve-fds no-pivot no-new-keyring detach keep",
            "exec": "console-socket pidfd-socket cwd env tty user additional-gids process detach pid-file process-label"
                    " apparmor no-new-privs cap preserve-fds cgroup ignore-paused",
            "kill": "all regex", "delete": "force regex", "list": "quiet format", "ps": "format",
            "update": "resources blkio-weight cpu-period cpu-quota cpu-burst cpu-share cpu-rt-period cpu-rt-runtime"
                      " cpu-idle cpuset-cpus cpuset-mems memory memory-reservation memory-swap pids-limit"
                      " l3-cache-schema mem-bw-schema",
            "events": "interval stats", "spec": "bundle file rootless",
            "checkpoint": "image-path work-path parent-path leave-running tcp-established tcp-skip-in-flight link-remap"
                          " ext-unix-sk shell-job lazy-pages status-fd page-server file-locks pre-dump"
                          " manage-cgroups-mode empty-ns auto-dedup network-lock",
            "restore": "console-socket image-path work-path tcp-established tcp-close ext-unix-sk shell-job file-locks"
                       " manage-cgroups-mode bundle detach pid-file no-pivot empty-ns auto-dedup lazy-pages lsm-profile"
                       " lsm-mount-context network-lock",
            "": "root log log-format log-level debug systemd-cgroup cgroup-manager rootless version",
        }
        for command, names in wanted.items():
            missing = set(names.split()) - {o[1] for o in cli.options_of(command)}
            self.assertEqual(missing, set(), command)

    def test_hidden_options_are_accepted(self):
        for words in (("run", "-no-subreaper"), ("create", "--no-subreaper"), ("create", "--detach"),
                      ("restore", "-no-subreaper"), ("update", "--kernel-memory", "1", "--kernel-memory-tcp", "1")):
            ran = self.ocirt(*words, "--help")
            self.assertEqual(ran.rc, 0, ran.err)
            self.assertNotIn(words[1].lstrip("-") + " ", ran.out.replace("--detach", ""))


class Version(cli.CliTest):
    def test_as_moby_and_go_runc_read_it(self):
        ran = self.call("--version")
        lines = ran.out.splitlines()
        self.assertEqual((ran.rc, ran.err), (0, ""))
        self.assertRegex(lines[0], r"^ocirt version \d+\.\d+\.\d+\S*$")
        self.assertRegex(lines[1], r"^commit: \S+$")
        self.assertEqual(lines[2], "spec: 1.3.0")
        self.assertEqual([line for line in lines if "version" in line], lines[:1])
        self.assertRegex(lines[3], r"[+-]SECCOMP [+-]SYSTEMD [+-]CRIU")
        self.assertEqual(len(lines), 4)

    def test_spellings(self):
        want = self.call("--version").out
        for words in (["-v"], ["-V"], ["-version"], ["version"], ["--root", "/nowhere", "--version"]):
            self.assertEqual(self.call(*words).out, want, words)


class Documents(cli.CliTest):
    def test_features(self):
        ran = self.call("features")
        self.assertEqual((ran.rc, ran.err), (0, ""))
        features = json.loads(ran.out)
        self.assertTrue(features["ociVersionMin"] and features["ociVersionMax"])
        # by these containerd, CRI-O and moby decide
        self.assertIn("rro", features["mountOptions"])
        self.assertIn("user", features["linux"]["namespaces"])
        self.assertTrue(features["linux"]["mountExtensions"]["idmap"]["enabled"])

    def test_spec_writes_a_file_once(self):
        self.assertEqual(self.call("spec").rc, 0)
        written = self.read("config.json")
        self.assertIn("linux", json.loads(written))
        self.assert_fails(self.call("spec"), "file config.json exists")
        self.assertEqual(self.read("config.json"), written)

    def test_spec_elsewhere(self):
        os.mkdir(self.path("b"))
        self.assertEqual(self.call("spec", "--bundle", "b", "--file", "x.json", "--rootless").rc, 0)
        spec = json.loads(self.read("b/x.json"))
        self.assertIn("user", [n["type"] for n in spec["linux"]["namespaces"]])
        self.assert_fails(self.call("spec", "-b", "nowhere"), "nowhere/config.json")
        self.assertEqual(json.loads(self.call("spec", "-f", "-", "-r").out), spec)


if __name__ == "__main__":
    cli.main()
