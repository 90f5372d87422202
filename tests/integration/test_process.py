# SPDX-License-Identifier: LGPL-2.1-or-later
"""process: what the program finds when it begins."""

import errno
import os
import resource

from ocitest import CAPABILITIES, ContainerTest, capability_held, main, needs

ALL_KINDS = ("bounding", "effective", "permitted", "inheritable", "ambient")
MISSING = [c for c in CAPABILITIES if not capability_held(c)]
HELD = [c for c in CAPABILITIES if capability_held(c)]


class Arguments(ContainerTest):
    def test_argv(self):
        config = self.config()
        config["process"]["args"] = ["/probe", "report", "", "two words", "ümlaut", "\t", "a\nb"]
        self.assertEqual(self.report(config)["argv"],
                         ["report", "", "two words", "ümlaut".encode().decode("latin-1"), "\t", "a\nb"])

    def test_path_lookup(self):
        config = self.config()
        config["process"]["args"] = ["probe"]
        config["process"]["env"] = ["PATH=/nowhere:/bin:/"]
        self.assertEqual(self.report(config)["argv"], ["probe"])

    def test_path_lookup_skips_what_cannot_be_executed(self):
        config = self.config()
        config["process"]["args"] = ["probe"]
        config["process"]["env"] = ["PATH=/etc:/mnt:/"]
        container = self.container(config)
        container.bundle.put("/etc/probe", "not executable", 0o644)
        os.mkdir(container.bundle.file("/mnt/probe"))
        self.assertOk(container.run())

    def test_relative_to_cwd(self):
        config = self.config()
        config["process"]["args"] = ["./probe"]
        self.assertEqual(self.report(config)["argv"], ["./probe"])

    def test_relative_with_a_slash_below_cwd(self):
        config = self.config()
        config["process"]["args"] = ["bin/program"]
        container = self.container(config)
        os.link(container.bundle.file("/probe"), container.bundle.file("/bin/program"))
        self.assertOk(container.run())

    def test_an_empty_path_element_is_the_cwd(self):
        config = self.config()
        config["process"]["args"] = ["probe"]
        config["process"]["env"] = ["PATH=:/bin"]
        self.assertOk(self.container(config).run())

    def test_without_path_in_env(self):
        """execvp's default holds then."""
        config = self.config()
        config["process"]["args"] = ["program"]
        config["process"]["env"] = ["A=b"]
        container = self.container(config)
        os.link(container.bundle.file("/probe"), container.bundle.file("/bin/program"))
        result = container.run()
        if result.rc:
            self.assertRefused(result, "program", "executable file not found in $PATH")

    def test_a_symlink_as_program(self):
        config = self.config()
        config["process"]["args"] = ["/bin/link"]
        container = self.container(config)
        os.symlink("/probe", container.bundle.file("/bin/link"))
        self.assertOk(container.run())

    def test_a_symlink_that_would_leave_the_root(self):
        config = self.config()
        config["process"]["args"] = ["/bin/link"]
        container = self.container(config)
        os.symlink("../../../../../../probe", container.bundle.file("/bin/link"))
        self.assertOk(container.run())

    def test_a_script(self):
        config = self.config()
        config["process"]["args"] = ["/script", "ignored"]
        container = self.container(config)
        container.bundle.put("/script", "#!/probe report\n", 0o755)
        result = self.assertOk(container.run())
        self.assertEqual(result.lines()[0]["argv"], ["report", "/script", "ignored"])

    def test_a_script_found_in_path(self):
        config = self.config()
        config["process"]["args"] = ["script"]
        container = self.container(config)
        container.bundle.put("/bin/script", "#!/probe report\n", 0o755)
        result = self.assertOk(container.run())
        self.assertEqual(result.lines()[0]["argv"], ["report", "/bin/script"])

    def test_comm_is_the_name_of_the_program(self):
        self.assertEqual(self.report()["comm"], "probe")

    def test_exe_is_the_program(self):
        self.assertEqual(self.report()["exe"], "/probe")

    def test_many_arguments(self):
        config = self.config()
        config["process"]["args"] = ["/probe", "report"] + ["x" * 100] * 3000
        self.assertEqual(len(self.report(config)["argv"]), 3001)


class Missing(ContainerTest):
    """What can't be executed: said by create where it can be known, by start where not."""

    def refuse_args(self, args, *words, env=None):
        config = self.config()
        config["process"]["args"] = args
        if env is not None:
            config["process"]["env"] = env
        return self.refuse(config, *words)

    def test_absolute_path(self):
        self.refuse_args(["/nothing"], "/nothing", "no such file or directory")

    def test_not_in_path(self):
        self.refuse_args(["nothing"], "nothing", "executable file not found in $PATH",
                         "no such file or directory")

    def test_directory(self):
        self.refuse_args(["/etc"], "/etc", "directory")

    def test_not_executable(self):
        config = self.config()
        config["process"]["args"] = ["/etc/file"]
        container = self.container(config)
        container.bundle.put("/etc/file", "text")
        self.assertRefused(container.create(), "/etc/file", "permission denied")

    def test_missing_interpreter_is_told_by_start(self):
        config = self.config()
        config["process"]["args"] = ["/script"]
        container = self.container(config)
        container.bundle.put("/script", "#!/no/such/interpreter\n", 0o755)
        created = container.create()
        if created.rc == 0:
            result = container.start()
            self.assertRefused(result, "/script", "no such file or directory")
        else:
            self.assertRefused(created, "/script", "no such file or directory")

    def test_format_error_is_told_by_start(self):
        config = self.config()
        config["process"]["args"] = ["/text"]
        container = self.container(config)
        container.bundle.put("/text", "no program", 0o755)
        self.assertOk(container.create())
        self.assertRefused(container.start(), "/text", "exec format error")

    def test_run_tells_format_error_too(self):
        config = self.config()
        config["process"]["args"] = ["/text"]
        container = self.container(config)
        container.bundle.put("/text", "no program", 0o755)
        result = container.run()
        self.assertIn(result.rc, (1, 255), str(result))
        self.assertIn("exec format error", result.err.lower())

    def test_empty_word(self):
        self.refuse_args([""], "args")

    def test_no_words(self):
        self.refuse_args([], "args")


class Cwd(ContainerTest):
    def test_cwd(self):
        config = self.config()
        config["process"]["cwd"] = "/etc"
        self.assertEqual(self.report(config)["cwd"], "/etc")

    def test_missing_cwd_is_made(self):
        """The peers make it, and images count on it."""
        config = self.config()
        config["process"]["cwd"] = "/made/for/it"
        self.assertEqual(self.report(config)["cwd"], "/made/for/it")

    def test_symlink_stays_inside(self):
        config = self.config()
        config["process"]["cwd"] = "/link"
        container = self.container(config)
        os.symlink("/etc", container.bundle.file("/link"))
        self.assertEqual(self.assertOk(container.run()).lines()[0]["cwd"], "/etc")

    def test_relative_is_refused(self):
        config = self.config()
        config["process"]["cwd"] = "etc"
        self.refuse(config, "process.cwd", "absolute")

    def test_empty_is_refused(self):
        config = self.config()
        config["process"]["cwd"] = ""
        self.refuse(config, "process.cwd")

    def test_file_is_refused(self):
        config = self.config()
        config["process"]["cwd"] = "/probe"
        self.refuse(config, "/probe", "not a directory")

    def test_mount_as_cwd(self):
        config = self.config()
        config["process"]["cwd"] = "/dev/shm"
        self.assertEqual(self.report(config)["cwd"], "/dev/shm")

    def test_cwd_that_only_the_user_may_enter(self):
        config = self.config()
        config["process"]["cwd"] = "/home"
        config["process"]["user"] = {"uid": 1000, "gid": 1000}
        container = self.container(config)
        os.mkdir(container.bundle.file("/home"), 0o700)
        os.chown(container.bundle.file("/home"), 1000, 1000)
        self.assertEqual(self.assertOk(container.run()).lines()[0]["cwd"], "/home")


class Env(ContainerTest):
    def test_exactly_what_is_given(self):
        config = self.config()
        config["process"]["env"] = ["A=1", "B=two words", "C=", "D=a=b", "PATH=/"]
        env = self.report(config)["env"]
        self.assertEqual([e for e in env if not e.startswith("HOME=")],
                         ["A=1", "B=two words", "C=", "D=a=b", "PATH=/"])

    def test_home_is_added(self):
        self.assertEqual([e for e in self.report()["env"] if e.startswith("HOME=")], ["HOME=/"])

    def test_home_of_passwd(self):
        config = self.config()
        config["process"]["user"] = {"uid": 1000, "gid": 1000}
        container = self.container(config)
        container.bundle.put("/etc/passwd", "root:x:0:0::/root:/bin/sh\nu:x:1000:1000::/home/u:/bin/sh\n")
        self.assertIn("HOME=/home/u", self.assertOk(container.run()).lines()[0]["env"])

    def test_home_is_kept(self):
        config = self.config()
        config["process"]["env"].append("HOME=/mine")
        self.assertEqual([e for e in self.report(config)["env"] if e.startswith("HOME=")], ["HOME=/mine"])

    def test_nothing_of_the_runtime(self):
        env = self.report(environment={**os.environ, "SECRET_OF_THE_HOST": "1"})["env"]
        self.assertFalse([e for e in env if "SECRET" in e])

    def test_absent(self):
        config = self.config()
        del config["process"]["env"]
        self.assertEqual([e for e in self.report(config)["env"] if not e.startswith("HOME=")], [])

    def test_long_value(self):
        config = self.config()
        config["process"]["env"].append("LONG=" + "x" * 100000)
        self.assertEqual(len(self.report(config).env["LONG"]), 100000)


class User(ContainerTest):
    def user(self, **user):
        config = self.config()
        config["process"]["user"] = {"uid": 0, "gid": 0, **user}
        return self.report(config)

    def test_root(self):
        report = self.user()
        self.assertEqual((report["uid"], report["gid"], report["groups"]), ([0] * 4, [0] * 4, []))

    def test_uid_and_gid(self):
        report = self.user(uid=1000, gid=1001)
        self.assertEqual((report["uid"], report["gid"], report["groups"]), ([1000] * 4, [1001] * 4, []))

    def test_greatest_id(self):
        self.assertEqual(self.user(uid=4294967294)["uid"], [4294967294] * 4)

    def test_additional_groups(self):
        report = self.user(uid=1000, gid=1001, additionalGids=[30, 10, 20])
        self.assertEqual(sorted(report["groups"]), [10, 20, 30])

    def test_umask_default(self):
        os.umask(0o077)
        self.addCleanup(os.umask, 0o022)
        self.assertEqual(self.user()["umask"], 0o022)

    def test_umask(self):
        self.assertEqual(self.user(umask=0o027)["umask"], 0o027)

    def test_umask_zero(self):
        self.assertEqual(self.user(umask=0)["umask"], 0)

    def test_umask_has_no_effect_on_what_the_runtime_makes(self):
        config = self.config()
        config["process"]["user"]["umask"] = 0o777
        config["linux"]["devices"] = [{"path": "/dev/new", "type": "p", "fileMode": 0o666, "uid": 0,
                                       "gid": 0}]
        config["mounts"].append({"destination": "/newdir", "type": "tmpfs", "source": "tmpfs"})
        report = self.report(config)
        self.assertEqual(report["dev"]["new"]["mode"], 0o666)
        self.assertEqual(report["dev"]["null"]["mode"], 0o666)

    def test_stdio_of_another_user_can_be_opened(self):
        """The program may open /dev/stdout again, so it must own a pipe or have a mode that lets it."""
        config = self.config("open", "/proc/self/fd/0", "0")
        config["process"]["user"] = {"uid": 1000, "gid": 1000}
        container = self.run_ok(config, input="text")
        self.assertIn(container.result.lines()[0]["errno"], (0, errno.EACCES))


class Rlimits(ContainerTest):
    def limits(self, *limits):
        config = self.config()
        config["process"]["rlimits"] = [{"type": t, "soft": s, "hard": h} for t, s, h in limits]
        return self.report(config)["rlimits"]

    def test_one(self):
        self.assertEqual(self.limits(("RLIMIT_NOFILE", 100, 200))["RLIMIT_NOFILE"], [100, 200])

    def test_all_kinds_lowered(self):
        """Each is set to something that every machine allows: no more than it has."""
        wanted = []
        for name in ("CPU", "FSIZE", "DATA", "STACK", "CORE", "RSS", "NPROC", "NOFILE", "MEMLOCK", "AS",
                     "LOCKS",
                     "SIGPENDING", "MSGQUEUE", "NICE", "RTPRIO", "RTTIME"):
            kind = getattr(resource, f"RLIMIT_{name}", {"LOCKS": 10}.get(name))
            hard = resource.getrlimit(kind)[1]
            hard = hard if hard != resource.RLIM_INFINITY and hard >= 0 else 2**40
            wanted.append((f"RLIMIT_{name}", hard - hard // 4, hard))
        got = self.limits(*wanted)
        self.assertEqual({t: [s, h] for t, s, h in wanted}, got)

    def test_infinity(self):
        hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
        self.assertEqual(hard, resource.RLIM_INFINITY, "the machine's own limit")
        self.assertEqual(self.limits(("RLIMIT_CPU", 2**64 - 1, 2**64 - 1))["RLIMIT_CPU"],
                         [2**64 - 1, 2**64 - 1])

    def test_not_given_are_inherited(self):
        config = self.config()
        del config["process"]["rlimits"]
        soft, hard = resource.getrlimit(resource.RLIMIT_CORE)
        got = self.report(config)["rlimits"]["RLIMIT_CORE"]
        self.assertEqual(got, [v & (2**64 - 1) for v in (soft, hard)])

    def test_soft_above_hard_is_refused(self):
        config = self.config()
        config["process"]["rlimits"] = [{"type": "RLIMIT_NOFILE", "soft": 200, "hard": 100}]
        self.refuse(config, "rlimits")

    def test_unknown_is_refused(self):
        config = self.config()
        config["process"]["rlimits"] = [{"type": "RLIMIT_TEST", "soft": 1, "hard": 1}]
        self.refuse(config, "rlimits", "RLIMIT_TEST")

    def test_duplicate_is_refused(self):
        config = self.config()
        config["process"]["rlimits"] = [{"type": "RLIMIT_NOFILE", "soft": 10, "hard": 10}] * 2
        self.refuse(config, "rlimits", "RLIMIT_NOFILE")

    @needs(not capability_held("CAP_SYS_RESOURCE"), "a runtime without CAP_SYS_RESOURCE")
    def test_raising_without_the_right_is_refused(self):
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        config = self.config()
        config["process"]["rlimits"] = [{"type": "RLIMIT_NOFILE", "soft": hard + 1, "hard": hard + 1}]
        self.refuse_at_last(config, "rlimits", "not permitted")


class Capabilities(ContainerTest):
    def capabilities(self, uid=0, **sets):
        config = self.config()
        config["process"]["capabilities"] = sets
        config["process"]["user"] = {"uid": uid, "gid": uid}
        return self.report(config)

    def test_each_set_is_as_given(self):
        sets = {"bounding": ["CAP_CHOWN", "CAP_KILL", "CAP_SETUID", "CAP_NET_RAW"],
                "permitted": ["CAP_CHOWN", "CAP_KILL", "CAP_SETUID"],
                "effective": ["CAP_CHOWN", "CAP_KILL"],
                "inheritable": ["CAP_CHOWN", "CAP_SETUID"],
                "ambient": ["CAP_CHOWN"]}
        config = self.config()
        config["process"]["capabilities"] = sets
        config["process"]["user"] = {"uid": 1000, "gid": 1000}
        report = self.report(config)
        # After execve as an ordinary user the ambient ones are all that is left in effect.
        self.assertEqual(report.capabilities("bounding"), set(sets["bounding"]))
        self.assertEqual(report.capabilities("inheritable"), set(sets["inheritable"]))
        self.assertEqual(report.capabilities("ambient"), {"CAP_CHOWN"})
        self.assertEqual(report.capabilities("effective"), {"CAP_CHOWN"})
        self.assertEqual(report.capabilities("permitted"), {"CAP_CHOWN"})

    def test_root_gets_the_bounding_set(self):
        """execve by root raises what is in the bounding and inheritable sets."""
        report = self.capabilities(bounding=["CAP_CHOWN", "CAP_KILL"], permitted=["CAP_CHOWN", "CAP_KILL"],
                                   effective=["CAP_CHOWN", "CAP_KILL"])
        for kind in ("bounding", "effective", "permitted"):
            self.assertEqual(report.capabilities(kind), {"CAP_CHOWN", "CAP_KILL"}, kind)
        for kind in ("inheritable", "ambient"):
            self.assertEqual(report.capabilities(kind), set(), kind)

    def test_none(self):
        report = self.capabilities(**{kind: [] for kind in ALL_KINDS})
        for kind in ALL_KINDS:
            self.assertEqual(report.capabilities(kind), set(), kind)

    def test_empty_object(self):
        report = self.capabilities()
        for kind in ALL_KINDS:
            self.assertEqual(report.capabilities(kind), set(), kind)

    def test_absent_object(self):
        """Not given: none are granted to an ordinary user."""
        config = self.config()
        del config["process"]["capabilities"]
        config["process"]["user"] = {"uid": 1000, "gid": 1000}
        self.assertEqual(self.report(config).capabilities("effective"), set())

    def test_all_that_the_runtime_has(self):
        report = self.capabilities(**{kind: HELD for kind in ALL_KINDS})
        for kind in ALL_KINDS:
            self.assertEqual(report.capabilities(kind), set(HELD), kind)

    def test_ordinary_user_with_ambient(self):
        report = self.capabilities(uid=1000, **{kind: ["CAP_NET_BIND_SERVICE"] for kind in ALL_KINDS})
        for kind in ALL_KINDS:
            self.assertEqual(report.capabilities(kind), {"CAP_NET_BIND_SERVICE"}, kind)

    def test_ordinary_user_without_ambient(self):
        report = self.capabilities(uid=1000,
                                   **{kind: ["CAP_KILL"] for kind in ("bounding", "effective", "permitted")})
        self.assertEqual(report.capabilities("effective"), set())
        self.assertEqual(report.capabilities("bounding"), {"CAP_KILL"})

    def test_effect(self):
        config = self.config()
        config["process"]["capabilities"] = {}
        lines = self.act("chown", "/etc", "1", "1", config=config)
        self.assertErrno(lines[0], errno.EPERM)

    def check_warned(self, name):
        config = self.config()
        config["process"]["capabilities"] = {k: ["CAP_KILL", name] for k in ("bounding", "permitted",
                                                                             "effective")}
        container = self.container(config)
        result = self.assertOk(container.run())
        self.assertIn(name.lower(), result.err.lower())
        self.assertEqual(result.lines()[0]["capabilities"]["effective"],
                         f"{1 << CAPABILITIES.index('CAP_KILL'):016x}")

    def test_unknown_is_warned_of(self):
        self.check_warned("CAP_TEST")

    @needs(bool(MISSING), "a capability that the runtime does not hold")
    def test_one_that_cannot_be_granted_is_warned_of(self):
        self.check_warned(MISSING[0])

    def test_ambient_without_inheritable_is_warned_of(self):
        config = self.config()
        config["process"]["capabilities"] = {"bounding": ["CAP_KILL"], "permitted": ["CAP_KILL"],
                                             "ambient": ["CAP_KILL"]}
        result = self.assertOk(self.container(config).run())
        self.assertIn("cap_kill", result.err.lower())

    def test_securebits_are_the_default(self):
        self.assertEqual(self.capabilities(uid=1000, bounding=["CAP_KILL"])["securebits"], 0)


class Flags(ContainerTest):
    def with_process(self, **members):
        config = self.config()
        config["process"].update(members)
        return self.report(config)

    def test_no_new_privileges(self):
        self.assertEqual(self.with_process(noNewPrivileges=True)["no_new_privs"], 1)

    def test_new_privileges(self):
        self.assertEqual(self.with_process(noNewPrivileges=False)["no_new_privs"], 0)

    def test_new_privileges_by_default(self):
        config = self.config()
        del config["process"]["noNewPrivileges"]
        self.assertEqual(self.report(config)["no_new_privs"], 0)

    def test_oom_score(self):
        self.assertEqual(self.with_process(oomScoreAdj=500).proc("oom_score_adj").strip(), "500")

    def test_oom_score_unset_is_unchanged(self):
        with open("/proc/self/oom_score_adj", encoding="ascii") as file:
            own = file.read().strip()
        self.assertEqual(self.report().proc("oom_score_adj").strip(), own)

    def test_oom_score_out_of_range(self):
        config = self.config()
        config["process"]["oomScoreAdj"] = 1001
        self.refuse(config, "oomScoreAdj")

    def test_dumpable_as_any_process(self):
        self.assertEqual(self.report()["dumpable"], 1)

    def test_no_signal_is_blocked_or_ignored(self):
        report = self.report()
        self.assertEqual((report["signals_blocked"], [s for s in report["signals_ignored"] if s <= 31]),
                         ([], []))

    def test_no_death_signal(self):
        self.assertEqual(self.report()["pdeathsig"], 0)

    def test_a_session_of_its_own(self):
        report = self.report()
        self.assertEqual((report["sid"], report["pgid"]), (1, 1))

    def test_a_new_session_keyring(self):
        first, second = self.report(), self.report()
        self.assertNotEqual(first["keyring"]["id"], second["keyring"]["id"])

    def test_no_new_keyring(self):
        first, second = self.report(None, "--no-new-keyring"), self.report(None, "--no-new-keyring")
        self.assertEqual(first["keyring"]["id"], second["keyring"]["id"])


class Descriptors(ContainerTest):
    def test_only_standard_ones(self):
        self.assertEqual(set(self.report()["fds"]), {"0", "1", "2"})

    def test_none_of_the_host_leaks(self):
        reading, writing = os.pipe()
        self.addCleanup(os.close, reading)
        self.addCleanup(os.close, writing)
        report = self.report(None, pass_fds=(reading, writing))
        self.assertEqual(set(report["fds"]), {"0", "1", "2"})


if __name__ == "__main__":
    main()
