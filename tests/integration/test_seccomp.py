# SPDX-License-Identifier: LGPL-2.1-or-later
"""linux.seccomp: actions, errno values, arguments, architectures, flags, and the notify listener."""

import array
import errno
import fcntl
import json
import os
import socket
import struct
import threading

from ocitest import ContainerTest, main, needs

X86 = os.uname().machine == "x86_64"
ARCHITECTURES = {"x86_64": "SCMP_ARCH_X86_64", "aarch64": "SCMP_ARCH_AARCH64"}


class SeccompTest(ContainerTest):
    def filtered(self, *rules, default="SCMP_ACT_ALLOW", words=(), **more):
        """A configuration with a filter; a rule is (action, names) or a dict."""
        config = self.config(*words)
        config["linux"]["seccomp"] = {
            "defaultAction": default, **more,
            "syscalls": [r if isinstance(r, dict) else {"action": r[0], "names": list(r[1])} for r in rules]}
        return config

    def call(self, config, *words):
        config["process"]["args"] = ["/probe", "syscall", *words]
        return self.run_ok(config).result.lines()[0]


class Actions(SeccompTest):
    def test_mode(self):
        report = self.report(self.filtered(("SCMP_ACT_ERRNO", ["getcwd"])))
        self.assertEqual(report["seccomp"], 2)
        self.assertEqual(report.status.get("Seccomp_filters"), "1")

    def test_none(self):
        self.assertEqual(self.report()["seccomp"], 0)

    def test_errno_is_eperm(self):
        self.assertErrno(self.call(self.filtered(("SCMP_ACT_ERRNO", ["getcwd"])), "getcwd", "0", "0"),
                         errno.EPERM)

    def test_errno_ret(self):
        rule = {"action": "SCMP_ACT_ERRNO", "names": ["personality"], "errnoRet": errno.ENOTTY}
        self.assertErrno(self.call(self.filtered(rule), "personality", "0xffffffff"), errno.ENOTTY)

    def test_errno_ret_zero(self):
        """0 is a value: the call seems to succeed and does nothing."""
        rule = {"action": "SCMP_ACT_ERRNO", "names": ["personality"], "errnoRet": 0}
        self.assertErrno(self.call(self.filtered(rule), "personality", "0xffffffff"), 0)

    def test_default_errno_ret(self):
        allowed = ["read", "write", "close", "fstat", "newfstatat", "mmap", "mprotect", "munmap", "brk",
                   "rt_sigaction",
                   "rt_sigprocmask", "execve", "exit", "exit_group", "arch_prctl", "set_tid_address",
                   "set_robust_list",
                   "rseq", "prlimit64", "readlink", "readlinkat", "getrandom", "futex", "openat", "poll",
                   "ioctl",
                   "writev", "uname", "pread64", "fcntl"]
        config = self.filtered(("SCMP_ACT_ALLOW", allowed), default="SCMP_ACT_ERRNO",
                               defaultErrnoRet=errno.ENOTTY)
        self.assertErrno(self.call(config, "personality", "0xffffffff"), errno.ENOTTY)

    def test_the_first_of_two_rules(self):
        """One that is more specific holds over one that isn't."""
        rules = [{"action": "SCMP_ACT_ERRNO", "names": ["personality"], "errnoRet": errno.ENOTTY},
                 {"action": "SCMP_ACT_ERRNO", "names": ["gettid"], "errnoRet": errno.EXDEV}]
        config = self.filtered(*rules, words=["syscall", "personality", "0xffffffff", "--", "syscall",
                                              "gettid"])
        self.assertEqual([line["errno"] for line in self.run_ok(config).result.lines()],
                         [errno.ENOTTY, errno.EXDEV])

    def killed(self, action):
        container = self.container(self.filtered((action, ["personality"]),
                                                 words=["syscall", "personality", "0xffffffff"]))
        return container.run()

    def test_kill(self):
        self.assertEqual(self.killed("SCMP_ACT_KILL").rc, 128 + 31)

    def test_kill_thread(self):
        self.assertEqual(self.killed("SCMP_ACT_KILL_THREAD").rc, 128 + 31)

    def test_kill_process(self):
        self.assertEqual(self.killed("SCMP_ACT_KILL_PROCESS").rc, 128 + 31)

    def test_trap(self):
        self.assertEqual(self.killed("SCMP_ACT_TRAP").rc, 128 + 31)

    def test_trace_without_tracer(self):
        self.assertErrno(self.call(self.filtered(("SCMP_ACT_TRACE", ["personality"])), "personality",
                                   "0xffffffff"), errno.ENOSYS)

    def test_log(self):
        line = self.call(self.filtered(("SCMP_ACT_LOG", ["personality"])), "personality", "0xffffffff")
        self.assertEqual((line["errno"], line["result"]), (0, 0))

    def test_unknown_names_are_passed_over(self):
        """A profile may name calls that this kernel doesn't know."""
        config = self.filtered(("SCMP_ACT_ERRNO", ["no_such_call", "personality"]))
        self.assertErrno(self.call(config, "personality", "0xffffffff"), errno.EPERM)

    def test_with_new_privileges(self):
        """Without no_new_privs the filter must be loaded while the runtime still has its capabilities."""
        config = self.filtered(("SCMP_ACT_ERRNO", ["personality"]))
        config["process"]["noNewPrivileges"] = False
        config["process"]["user"] = {"uid": 1000, "gid": 1000}
        self.assertErrno(self.call(config, "personality", "0xffffffff"), errno.EPERM)

    def test_no_new_privileges_stays_off(self):
        config = self.filtered(("SCMP_ACT_ERRNO", ["personality"]))
        config["process"]["noNewPrivileges"] = False
        self.assertEqual(self.report(config)["no_new_privs"], 0)

    def test_calls_of_the_runtime_may_be_forbidden(self):
        """What is needed to set the container up need not be allowed to the program."""
        names = ["setuid", "setgid", "setgroups", "capset", "prctl", "mount", "pivot_root", "unshare",
                 "setns", "chdir",
                 "fchdir", "setresuid", "setresgid", "close_range", "openat2", "connect", "sendmsg",
                 "recvmsg", "dup3"]
        config = self.filtered(("SCMP_ACT_ERRNO", names))
        config["process"]["user"] = {"uid": 1000, "gid": 1000, "additionalGids": [5]}
        self.assertErrno(self.call(config, "setgid", "0"), errno.EPERM)

    def test_a_profile_of_usual_size(self):
        """Many rules with and without arguments, as engines give."""
        rules = [("SCMP_ACT_ALLOW", [name]) for name in ALL_CALLS]
        rules.append({"action": "SCMP_ACT_ERRNO", "names": ["personality"], "errnoRet": 7,
                      "args": [{"index": 0, "value": 77, "op": "SCMP_CMP_EQ"}]})
        config = self.filtered(*rules, default="SCMP_ACT_ERRNO", defaultErrnoRet=1,
                               words=["syscall", "personality", "77", "--", "syscall", "bpf"])
        lines = self.run_ok(config).result.lines()
        self.assertEqual(lines[1]["errno"], errno.EPERM)

    def test_a_process_without_new_calls(self):
        config = self.filtered(default="SCMP_ACT_ALLOW")
        del config["linux"]["seccomp"]["syscalls"]
        self.assertOk(self.container(config).run())


ALL_CALLS = """
read write open close stat fstat lstat poll lseek mmap mprotect munmap brk rt_sigaction
rt_sigprocmask rt_sigreturn ioctl pread64 pwrite64 readv writev access pipe select sched_yield
mremap msync mincore madvise dup dup2 pause nanosleep getitimer alarm setitimer getpid sendfile
socket connect accept sendto recvfrom sendmsg recvmsg shutdown bind listen getsockname getpeername
socketpair setsockopt getsockopt clone fork vfork execve exit wait4 kill uname fcntl flock fsync
fdatasync truncate ftruncate getdents getcwd chdir fchdir rename mkdir rmdir creat link unlink
symlink readlink chmod fchmod chown fchown lchown umask gettimeofday getrlimit getrusage sysinfo
times getuid syslog getgid setuid setgid geteuid getegid setpgid getppid getpgrp setsid setreuid
setregid getgroups setgroups setresuid getresuid setresgid getresgid getpgid setfsuid setfsgid
getsid capget capset rt_sigpending rt_sigtimedwait rt_sigqueueinfo rt_sigsuspend sigaltstack statfs
fstatfs getpriority setpriority sched_setparam sched_getparam sched_setscheduler sched_getscheduler
prctl arch_prctl setrlimit sync gettid futex sched_setaffinity sched_getaffinity set_tid_address
clock_gettime clock_nanosleep exit_group epoll_wait epoll_ctl tgkill openat mkdirat newfstatat
unlinkat renameat readlinkat fchmodat faccessat pselect6 ppoll set_robust_list prlimit64 getrandom
execveat statx rseq close_range openat2 sched_getattr get_mempolicy keyctl ioprio_get
""".split()


class Arguments(SeccompTest):
    """args of a rule: lseek(fd, offset, whence) tells them apart by its second."""

    def check(self, op, value, calls, value_two=None):
        """calls: {argument: whether the rule applies}"""
        arg = {"index": 1, "value": value, "op": op}
        if value_two is not None:
            arg["valueTwo"] = value_two
        rule = {"action": "SCMP_ACT_ERRNO", "names": ["lseek"], "errnoRet": errno.EXDEV, "args": [arg]}
        words = []
        for number in calls:
            words += ["syscall", "lseek", "99", str(number), "0", "--"]
        lines = self.run_ok(self.filtered(rule, words=words[:-1])).result.lines()
        got = {number: line["errno"] == errno.EXDEV for number, line in zip(calls, lines)}
        self.assertEqual(got, calls)

    def test_eq(self):
        self.check("SCMP_CMP_EQ", 5, {4: False, 5: True, 6: False, 5 + 2**32: False})

    def test_ne(self):
        self.check("SCMP_CMP_NE", 5, {4: True, 5: False, 6: True})

    def test_lt(self):
        self.check("SCMP_CMP_LT", 5, {4: True, 5: False, 6: False})

    def test_le(self):
        self.check("SCMP_CMP_LE", 5, {4: True, 5: True, 6: False})

    def test_ge(self):
        self.check("SCMP_CMP_GE", 5, {4: False, 5: True, 6: True})

    def test_gt(self):
        self.check("SCMP_CMP_GT", 5, {4: False, 5: False, 6: True})

    def test_masked_eq(self):
        """value is the mask, valueTwo what must be left."""
        self.check("SCMP_CMP_MASKED_EQ", 0xf0, {0x50: True, 0x5f: True, 0x60: False, 5: False},
                   value_two=0x50)

    def test_64_bits(self):
        self.check("SCMP_CMP_EQ", 2**40 + 1, {2**40 + 1: True, 1: False, 2**40: False})

    def test_64_bits_order(self):
        self.check("SCMP_CMP_GT", 2**40, {2**40 + 1: True, 2**33: False, 2**40: False})

    def test_two_arguments_must_both_hold(self):
        rule = {"action": "SCMP_ACT_ERRNO", "names": ["lseek"], "errnoRet": errno.EXDEV,
                "args": [{"index": 0, "value": 99, "op": "SCMP_CMP_EQ"},
                         {"index": 1, "value": 5, "op": "SCMP_CMP_EQ"}]}
        words = ["syscall", "lseek", "99", "5", "--", "syscall", "lseek", "99", "6", "--", "syscall", "lseek",
                 "98", "5"]
        lines = self.run_ok(self.filtered(rule, words=words)).result.lines()
        self.assertEqual([line["errno"] == errno.EXDEV for line in lines], [True, False, False])

    def test_two_conditions_on_one_argument(self):
        """The peers take them as alternatives; libseccomp can't express both in one rule."""
        rule = {"action": "SCMP_ACT_ERRNO", "names": ["lseek"], "errnoRet": errno.EXDEV,
                "args": [{"index": 1, "value": 5, "op": "SCMP_CMP_EQ"},
                         {"index": 1, "value": 6, "op": "SCMP_CMP_EQ"}]}
        words = ["syscall", "lseek", "99", "5", "--", "syscall", "lseek", "99", "6", "--", "syscall", "lseek",
                 "99", "7"]
        lines = self.run_ok(self.filtered(rule, words=words)).result.lines()
        self.assertEqual([line["errno"] == errno.EXDEV for line in lines], [True, True, False])


class Settings(SeccompTest):
    @needs(os.uname().machine in ARCHITECTURES, "a machine this test knows")
    def test_own_architecture(self):
        config = self.filtered(("SCMP_ACT_ERRNO", ["personality"]),
                               architectures=[ARCHITECTURES[os.uname().machine]])
        self.assertErrno(self.call(config, "personality", "0xffffffff"), errno.EPERM)

    @needs(X86, "x86_64")
    def test_several_architectures(self):
        config = self.filtered(("SCMP_ACT_ERRNO", ["personality"]),
                               architectures=["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"])
        self.assertErrno(self.call(config, "personality", "0xffffffff"), errno.EPERM)

    def check_flags(self, *flags):
        config = self.filtered(("SCMP_ACT_ERRNO", ["personality"]), flags=list(flags))
        self.assertErrno(self.call(config, "personality", "0xffffffff"), errno.EPERM)

    def test_flag_log(self):
        self.check_flags("SECCOMP_FILTER_FLAG_LOG")

    def test_flag_spec_allow(self):
        self.check_flags("SECCOMP_FILTER_FLAG_SPEC_ALLOW")

    def test_flag_tsync(self):
        self.check_flags("SECCOMP_FILTER_FLAG_TSYNC")

    def test_several_flags(self):
        self.check_flags("SECCOMP_FILTER_FLAG_LOG", "SECCOMP_FILTER_FLAG_SPEC_ALLOW")

    def test_no_flags(self):
        self.check_flags()

    def refuse_seccomp(self, seccomp, *words):
        config = self.config()
        config["linux"]["seccomp"] = seccomp
        self.refuse(config, "seccomp", *words)

    def test_unknown_flag(self):
        self.refuse_seccomp({"defaultAction": "SCMP_ACT_ALLOW", "flags": ["SECCOMP_FILTER_FLAG_NONE"]},
                            "flags")

    def test_no_default_action(self):
        self.refuse_seccomp({"syscalls": []}, "defaultAction")

    def test_unknown_action(self):
        self.refuse_seccomp({"defaultAction": "SCMP_ACT_KIL"}, "SCMP_ACT_KIL")

    def test_unknown_architecture(self):
        self.refuse_seccomp({"defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_VAX"]},
                            "architectures")

    def test_no_names(self):
        self.refuse_seccomp({"defaultAction": "SCMP_ACT_ALLOW",
                             "syscalls": [{"names": [], "action": "SCMP_ACT_ERRNO"}]},
                            "syscalls[0].names")

    def test_errno_ret_with_an_action_that_has_none(self):
        self.refuse_seccomp({"defaultAction": "SCMP_ACT_ALLOW",
                             "syscalls": [{"names": ["personality"], "action": "SCMP_ACT_KILL",
                                           "errnoRet": 5}]}, "errnoRet")

    def test_default_errno_ret_with_an_action_that_has_none(self):
        self.refuse_seccomp({"defaultAction": "SCMP_ACT_ALLOW", "defaultErrnoRet": 5}, "defaultErrnoRet")

    def test_argument_index_out_of_range(self):
        self.refuse_seccomp({"defaultAction": "SCMP_ACT_ALLOW",
                             "syscalls": [{"names": ["personality"], "action": "SCMP_ACT_ERRNO",
                                           "args": [{"index": 6, "value": 1, "op": "SCMP_CMP_EQ"}]}]},
                            "index")

    def test_metadata_without_path(self):
        self.refuse_seccomp({"defaultAction": "SCMP_ACT_ALLOW", "listenerMetadata": "x"}, "listenerMetadata")

    def test_notify_without_path(self):
        self.refuse_seccomp({"defaultAction": "SCMP_ACT_ALLOW",
                             "syscalls": [{"names": ["personality"], "action": "SCMP_ACT_NOTIFY"}]},
                            "listenerPath")

    def test_notify_as_default(self):
        self.refuse_seccomp({"defaultAction": "SCMP_ACT_NOTIFY", "listenerPath": "/nowhere"}, "defaultAction")


def parse(text, at_end):
    """The object, or None if there is more to come."""
    try:
        return json.loads(text)
    except ValueError:
        if at_end:
            raise
        return None


def at_end_of(connection):
    """Whether the other side closes it, and sends nothing more."""
    connection.settimeout(5)
    try:
        return connection.recv(1) == b""
    except TimeoutError:
        return False


class Agent(threading.Thread):
    """The listener: takes the state and the descriptor, answers one call with an errno."""

    def __init__(self, path, answers=1):
        super().__init__(daemon=True)
        self.server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.server.bind(path)
        self.server.listen()
        self.server.settimeout(30)
        self.answers, self.seen, self.closed = answers, [], False
        self.state = self.fds = self.error = None

    def run(self):
        try:
            self.serve()
        except Exception as error:  # noqa: BLE001  # the test tells it
            self.error = error

    def serve(self):
        connection, _ = self.server.accept()
        connection.settimeout(30)
        text = b""
        while self.state is None:
            data, control, _, _ = connection.recvmsg(65536, socket.CMSG_SPACE(64))
            for level, kind, payload in control:
                fds = array.array("i")
                fds.frombytes(payload[:len(payload) - len(payload) % 4])
                self.fds = (self.fds or []) + list(fds)
            text += data
            self.state = parse(text, at_end=not data)
        self.closed = at_end_of(connection)
        connection.close()
        for _ in range(self.answers):
            self.answer(self.fds[0])
        for fd in self.fds:
            os.close(fd)

    def answer(self, fd):
        request = bytearray(80)                                     # struct seccomp_notif
        fcntl.ioctl(fd, 0xC0502100, request)                        # SECCOMP_IOCTL_NOTIF_RECV
        number, pid = struct.unpack_from("=QI", request)
        self.seen.append((pid, struct.unpack_from("=i", request, 16)[0]))
        response = struct.pack("=QqiI", number, 0, -errno.EDOM, 0)  # struct seccomp_notif_resp
        fcntl.ioctl(fd, 0xC0182101, bytearray(response))            # SECCOMP_IOCTL_NOTIF_SEND


class Notify(SeccompTest):
    def notified(self, **more):
        """A container whose personality() is answered by an agent, run to its end."""
        path = os.path.join(self.tmp, "agent")
        agent = Agent(path)
        self.addCleanup(agent.server.close)
        agent.start()
        config = self.filtered(("SCMP_ACT_NOTIFY", ["personality"]), listenerPath=path,
                               words=["syscall", "personality", "0xffffffff"], **more)
        config["annotations"] = {"org.example.key": "value"}
        container = self.container(config)
        result = container.run()
        agent.join(30)
        if agent.error:
            raise AssertionError(f"the agent: {agent.error}; {result}")
        self.assertOk(result)
        return container, agent, result

    def test_the_agent_answers(self):
        _, agent, result = self.notified()
        self.assertErrno(result.lines()[0], errno.EDOM)
        self.assertEqual(len(agent.seen), 1)

    def test_state(self):
        container, agent, _ = self.notified(listenerMetadata="some metadata")
        state = agent.state
        self.assertEqual(state["fds"], ["seccompFd"])
        self.assertEqual(state["metadata"], "some metadata")
        self.assertIsInstance(state["pid"], int)
        self.assertEqual(state["pid"], agent.seen[0][0])
        self.assertTrue(state["ociVersion"])
        self.assertEqual(state["state"]["id"], container.id)
        self.assertEqual(state["state"]["bundle"], container.bundle.path)
        self.assertEqual(state["state"]["annotations"], {"org.example.key": "value"})
        self.assertEqual(state["state"]["pid"], state["pid"])
        self.assertIn(state["state"]["status"], ("creating", "created", "running"))

    def test_one_descriptor_and_the_connection_is_closed(self):
        _, agent, _ = self.notified()
        self.assertEqual((len(agent.fds), agent.closed), (1, True))

    def test_the_program_has_no_descriptor_of_it(self):
        path = os.path.join(self.tmp, "agent")
        agent = Agent(path, answers=0)
        self.addCleanup(agent.server.close)
        agent.start()
        config = self.filtered(("SCMP_ACT_NOTIFY", ["setpriority"]), listenerPath=path)
        self.assertEqual(set(self.report(config)["fds"]), {"0", "1", "2"})
        agent.join(30)

    def test_nobody_listens(self):
        config = self.filtered(("SCMP_ACT_NOTIFY", ["personality"]),
                               listenerPath=os.path.join(self.tmp, "nobody"))
        container = self.container(config)
        result = container.run()
        self.assertEqual(result.rc, 1, str(result))
        self.assertIn("nobody", result.err)

    def test_path_is_ignored_without_notify(self):
        config = self.filtered(("SCMP_ACT_ERRNO", ["personality"]),
                               listenerPath=os.path.join(self.tmp, "nobody"))
        self.assertErrno(self.call(config, "personality", "0xffffffff"), errno.EPERM)

    def test_without_new_privileges_flag(self):
        path = os.path.join(self.tmp, "agent")
        agent = Agent(path)
        self.addCleanup(agent.server.close)
        agent.start()
        config = self.filtered(("SCMP_ACT_NOTIFY", ["personality"]), listenerPath=path)
        config["process"]["noNewPrivileges"] = False
        config["process"]["user"] = {"uid": 1000, "gid": 1000}
        self.assertErrno(self.call(config, "personality", "0xffffffff"), errno.EDOM)
        agent.join(30)


if __name__ == "__main__":
    main()
