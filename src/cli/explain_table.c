/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * explain_table.c - the codes of src/base/err.h in words.  docs/errors.md has the same.
 */
#include <stddef.h>

#include "cli/explain.h"

/* clang-format off */

const struct cli_explanation cli_explanations[] = {
    { "E_USAGE", "an option or argument of the command can't be used",
      "A value has another form than the option takes.\n"
      "--preserve-fds counts descriptors that the caller has not opened.\n"
      "exec has neither a command nor --process.",
      "Read `ocirt COMMAND --help`." },
    { "E_CONFIG_JSON", "a file is not the JSON that was expected",
      "A comma or a quote is missing, or the file was cut short.\n"
      "A property has a value of another type, is given twice, or has a word or number that it can't have.",
      "The message names the line and the property.\n"
      "`ocirt check` reports all mistakes of a config.json at once." },
    { "E_CONFIG_VALUE", "a property has a value that means nothing, or that can't be",
      "A path is not absolute, a number out of range, a word misspelt.",
      "The message says what is expected.\n"
      "`ocirt spec` writes a configuration to compare with." },
    { "E_CONFIG_MISSING", "a property is missing that this configuration needs",
      "The specification requires it.\n"
      "Another property asks for it: a device of type c needs its numbers, a bind mount its source.\n"
      "`start`, `run` or `exec` needs a process and there is none.",
      "Add the property that the message names." },
    { "E_CONFIG_CONFLICT", "two parts of the configuration contradict each other",
      "Two properties exclude each other, or something is listed twice.\n"
      "A limit is below another one that it must not be below.",
      "Decide for one of them." },
    { "E_UNSUPPORTED", "the configuration asks for something that this kernel, host or program can't do",
      "The host has cgroup v2 and a limit exists in v1 only, or the other way round.\n"
      "A filesystem, controller or feature is not in the kernel, or not mounted.\n"
      "The program was built without it, or does not have it.",
      "`ocirt features` tells what the program supports.\n"
      "Leave the property out if the container can do without: ocirt ignores none silently." },
    { "E_CONSENT", "an annotation acts on the host, and the host's administrator has not consented to it",
      "It opens a file or socket of the host, gives orders to systemd or CRIU, or replaces a profile.\n"
      "An image or pod has set it, and the engine has passed it on.\n"
      "/etc/ocirt/annotations is not believed: root must own it, and nobody else be able to write to it.",
      "Leave the annotation out.\n"
      "Or add its name as a line to the file that the message names: see ocirt-annotations(7).\n"
      "`ocirt doctor` tells what the file allows." },
    { "E_CONTAINER_ID", "the id can't be one of a container",
      "It is empty, longer than 255 characters, or begins with \".\" or \"-\".\n"
      "It has characters other than letters, digits, \"_\", \"+\", \".\" and \"-\".",
      "Choose another id." },
    { "E_EXISTS", "there is a container of this id already",
      "It runs, has stopped and was not deleted, or a create of the same id was killed.",
      "`ocirt state ID` tells which; `ocirt delete ID`, or with --force, removes it." },
    { "E_NOT_FOUND", "there is no container of this id",
      "It was deleted, perhaps by the engine, or by `run` at its end.\n"
      "It was made with another --root, or by another user.\n"
      "The directory belongs to another runtime.",
      "`ocirt list` shows the containers; give the --root that it was created with." },
    { "E_STATUS", "the container is not in a state in which that can be done",
      "It has not started yet, has stopped, or is paused.",
      "`ocirt state ID` tells what it is doing; `resume`, `start` or `kill` first." },
    { "E_BUNDLE", "the bundle, or its config.json, can't be read",
      "The path is wrong, or --bundle was not given and this is not the bundle's directory.\n"
      "The caller may not read it, or config.json is not a regular file.",
      "Give --bundle; `ocirt spec` makes a config.json." },
    { "E_ROOTFS", "the root filesystem can't be used",
      "root.path does not exist: it is relative to the bundle.\n"
      "A directory above it may not be entered by the user that the container's root is on the host.\n"
      "It is the initial ramfs, which pivot_root(2) refuses.",
      "The message says which part of the path is missing or closed.\n"
      "On an initial ramfs, use --no-pivot." },
    { "E_NAMESPACE", "a namespace can't be made or joined",
      "The path in linux.namespaces is no namespace, or one of another type, or its container has ended.\n"
      "User namespaces are disabled (user.max_user_namespaces, kernel.unprivileged_userns_clone, AppArmor).\n"
      "A property needs a namespace that is not in the list.\n"
      "A limit on processes or namespaces is reached.\n"
      "A seccomp filter around the runtime refuses clone3, unshare or setns; or it is in a chroot.",
      "Look at the hint (on a terminal, or with `--log-format json`).\n"
      "Without root, begin with `ocirt spec --rootless`." },
    { "E_ID_MAP", "ids of a user namespace can't be mapped",
      "uidMappings or gidMappings is missing, overlaps, or has more than 340 ranges.\n"
      "newuidmap or newgidmap is not installed, or /etc/subuid, /etc/subgid don't grant the ids.",
      "Install newuidmap and newgidmap (package uidmap or shadow-utils), and add lines to /etc/subuid and "
      "/etc/subgid." },
    { "E_MOUNT", "a mount can't be made",
      "Its source does not exist, or the caller may not reach it.\n"
      "The filesystem does not know an option; the kernel's own words are part of the message.\n"
      "\"Operation not permitted\": a seccomp filter or a security module around the runtime refuses it, a "
      "capability is missing, or it is a rule for user namespaces: the hint says which.\n"
      "In a user namespace: parts of the outer /proc are masked, or a mount's nosuid, nodev or ro is "
      "locked.\n"
      "The filesystem can't be id-mapped.",
      "Look at the entry of mounts that the message names, and at the hint (on a terminal, or with "
      "`--log-format json`).\n"
      "`ocirt plan` shows what its options mean." },
    { "E_DEVICE", "a device can't be made",
      "The root filesystem has another file in its place.\n"
      "mknod(2) is not allowed, or the host has no such device to bind.\n"
      "The host's /dev/null is not the null device.",
      "Remove the file from the root filesystem, or the device from linux.devices." },
    { "E_CGROUP", "the control group can't be made, entered, changed or removed",
      "The cgroup is in use, frozen, or belongs to somebody else.\n"
      "A controller is not enabled above it, or a value is refused by the kernel.\n"
      "A process in it does not end.\n"
      "Without root, the cgroup was not delegated to the user.",
      "The message names the file and the value.\n"
      "Without root, use the systemd manager, or `--cgroup-manager disabled`." },
    { "E_SYSTEMD", "systemd did not do what it was asked",
      "systemd does not run, or the user has no manager of its own (no login session).\n"
      "It refused a property, or the unit exists already.\n"
      "It did not answer in time.",
      "`systemctl status UNIT` and the journal tell more; `loginctl enable-linger USER` gives a user a "
      "manager.\n"
      "Or choose `--cgroup-manager cgroupfs`." },
    { "E_EXEC", "the program can't be executed",
      "It is not in the root filesystem, or not in a directory of PATH.\n"
      "It is not executable, is a directory, or is for another architecture.\n"
      "Its interpreter (the #! line, or the dynamic loader) is missing.\n"
      "It lies on a mount with noexec.",
      "Look into the root filesystem: process.args[0] is a path in the container." },
    { "E_CWD", "the working directory can't be entered",
      "process.cwd does not exist and could not be made, is no directory, or the user may not enter it.\n"
      "It leads out of the container's root.",
      "Correct process.cwd, or the rights of the directory." },
    { "E_USER", "the process can't become the user or the group",
      "The user namespace has no such id.\n"
      "setgroups(2) is denied in it: additionalGids must be empty then.\n"
      "The caller lacks CAP_SETUID or CAP_SETGID.",
      "Add the id to linux.uidMappings and linux.gidMappings." },
    { "E_CAPABILITY", "capabilities can't be set",
      "The runtime itself runs with a restricted set, as in a container.",
      "Run ocirt with more capabilities, or remove some of process.capabilities." },
    { "E_RLIMIT", "a resource limit can't be set",
      "The soft limit is above the hard one, the name is unknown, or is given twice.\n"
      "A hard limit above the caller's own needs CAP_SYS_RESOURCE.",
      "Lower it, or raise the limit of the service that calls ocirt." },
    { "E_SCHEDULER", "scheduling, I/O priority or CPU affinity can't be set",
      "Realtime policies need CAP_SYS_NICE, and a realtime budget in the cgroup (v1).\n"
      "A CPU of the list does not exist, or is not in the cpuset.",
      "Correct process.scheduler, process.ioPriority or process.execCPUAffinity." },
    { "E_SYSCTL", "a kernel parameter can't be set",
      "It belongs to no namespace: it would be changed for the host.\n"
      "The container shares that namespace with the host.\n"
      "The kernel has no such parameter, or refuses the value.",
      "Give the container the namespace that the message names, or set the parameter on the host." },
    { "E_SECCOMP", "the seccomp filter can't be made or loaded",
      "A rule, an argument's index or an action is not possible.\n"
      "An architecture or flag is unknown to this kernel or to libseccomp.\n"
      "The agent at listenerPath does not listen.\n"
      "Without noNewPrivileges it needs CAP_SYS_ADMIN.",
      "The message names the rule.\n"
      "`ocirt features` lists actions, operators, architectures and flags." },
    { "E_LSM", "a label of AppArmor or SELinux can't be applied",
      "The host has no AppArmor, or no SELinux, or it is not active.\n"
      "The profile is not loaded, or the policy does not allow the change.",
      "Load the profile (apparmor_parser), or remove apparmorProfile, selinuxLabel or mountLabel." },
    { "E_TERMINAL", "the terminal can't be made, or nobody takes it",
      "process.terminal is set and nobody stays to serve it: --console-socket is missing.\n"
      "--console-socket is given without process.terminal, or nobody listens there.\n"
      "The container has no devpts on /dev/pts.",
      "Give --console-socket, use `run` in the foreground, or set process.terminal to false." },
    { "E_HOOK", "a hook failed",
      "It is not there or not executable, ended with another status than 0, by a signal, or took too long.",
      "The message has the end of what it wrote; run.oci.hooks.stderr names a file for all of it." },
    { "E_NETWORK", "a network device can't be moved or set up",
      "There is no such device on the host, or its name is taken in the container.\n"
      "The container has no network namespace of its own.",
      "Look at `ip link`, and at linux.netDevices." },
    { "E_RDT", "resctrl refuses the container's group",
      "resctrl is not mounted, or the processor does not have what the schemata ask for.\n"
      "A schema has another form, or the group exists with other contents.",
      "Mount it on /sys/fs/resctrl; compare with the file schemata there." },
    { "E_KEYRING", "the session keyring can't be made",
      "A seccomp filter or a security module of the caller forbids keyctl(2).",
      "Use --no-new-keyring: the container then has the caller's keyring." },
    { "E_STATE_FILE", "the record of the container, or the state directory, can't be read or written",
      "Another command works on the same container.\n"
      "The directory is full, read-only, or belongs to somebody else.\n"
      "The record was damaged, or written by another version.",
      "`ocirt delete --force ID` removes a damaged record.\n"
      "Choose another place with --root." },
    { "E_PROCESS", "a process can't be made, watched or ended",
      "A limit on processes is reached.\n"
      "A process sleeps in the kernel and does not end after SIGKILL (a network filesystem without its "
      "server).\n"
      "oomScoreAdj is lower than the caller may set.",
      "Look at the state of the process that the message names, and at pids.max." },
    { "E_INIT_DIED", "the container's process ended before it could say why",
      "It was killed: out of memory in its cgroup, or by somebody.\n"
      "The seccomp filter kills what is needed to execute the program.",
      "Raise linux.resources.memory.limit; a filter must allow execve.\n"
      "The kernel's log tells of out-of-memory kills." },
    { "E_CHECKPOINT", "checkpoint or restore failed",
      "CRIU, or its library libcriu, is missing or too old.\n"
      "CRIU can't store or restore what the container has, or lacks a program: ip, nft, iptables, tar.",
      "Install criu (and libcriu2 on Debian, criu-libs on Fedora); `criu check` tells what the kernel "
      "lacks.\n"
      "The message has the last errors of CRIU's log and says where all of it is." },
    { "E_MEMORY", "the runtime has no memory left",
      "The caller's cgroup or RLIMIT_AS is too small, or the host is out of memory.",
      "Give the caller more; ocirt itself needs a few megabytes." },
    { "E_KERNEL", "the kernel does not have, or does not allow, what ocirt needs",
      "It is older than 5.14, or was built without namespaces, procfs or memfd.\n"
      "A seccomp filter around the runtime forbids new system calls.",
      "Use a newer kernel, or allow the call that the message names." },
    { "E_IO", "a file, socket or pipe of the runtime failed",
      "A limit on open files is reached.\n"
      "The pid file can't be written, or nobody listens on a socket that was given.",
      "Raise RLIMIT_NOFILE of the caller; correct the path." },
    { "E_INTERNAL", "ocirt did something that it should not",
      "A mistake in the program.",
      "Report it with the message, config.json and `ocirt version`." },
    { NULL, NULL, NULL, NULL },
};

/* clang-format on */
