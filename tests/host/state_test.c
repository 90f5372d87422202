/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* state_test.c - the directory of a container: claimed once, saved, loaded, spoilt, foreign, removed. */
#include "host/state.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/file.h>
#include <sys/vfs.h>
#include <sys/wait.h>

#include "base/procfs.h"
#include "base/sys.h"
#include "host.h"
#include "host/process.h"
#include "host/words.h"

static struct err err;
static int root_fd = -1, proc_fd = -1;

static void root_is_made(void)
{
    char *path = NULL;
    struct stat st;
    int fd = -2;

    check_good(host_root_open("state/root/", false, NULL, &fd, &err), &err,
               "a missing root is no error to read from");
    check_number(fd, -1, "it is no descriptor");
    check_good(host_root_open("state/root/", true, &path, &root_fd, &err), &err, "a root is made");
    check(path && path[0] == '/' && !strcmp(path + strlen(path) - strlen("/state/root"), "/state/root"),
          "its path is absolute");
    check(fstat(root_fd, &st) == 0 && (st.st_mode & 07777) == 0700, "its mode is 0700");
    free(path);
}

static void root_is_refused(void)
{
    int fd = -1;

    check_error(host_root_open("/", true, NULL, &fd, &err), &err, "must not be /", "/ is no root");
    check(mkdir("open", 0700) == 0 && chmod("open", 0777) == 0, "a directory for everybody");
    check_error(host_root_open("open", true, NULL, &fd, &err), &err, "by everybody", "is refused");
    if (geteuid() != 0) {
        check_error(host_root_open("/etc", true, NULL, &fd, &err), &err, "belongs to user 0",
                    "a root of another user");
        return;
    }
    check(mkdir("theirs", 0700) == 0 && chown("theirs", 1, 1) == 0, "a directory of another user");
    check_error(host_root_open("theirs", true, NULL, &fd, &err), &err, "belongs to user 1", "is refused");
}

static void default_roots(void)
{
    char *path = NULL;
    int fd = -1;

    if (geteuid() == 0) {
        skip("XDG_RUNTIME_DIR is used", "we are root, whose root is /run/ocirt");
        return;
    }
    setenv("XDG_RUNTIME_DIR", test_directory, 1);
    check_good(host_root_open(NULL, true, &path, &fd, &err), &err, "XDG_RUNTIME_DIR is used");
    check(path && strstr(path, "/ocirt"), "with a directory of our own");
    free(path);
    (void) close(fd);
}

static void ids(void)
{
    static const char *const good[] = { "a", "web.1", "A_b+c-9", "0" };
    static const char *const bad[] = {
        ".", "..", "a/b", "../x", "a\nb", "-x", ".hidden", "h\303\266", "a b"
    };
    char longest[260];

    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        check_good(host_id_check(good[i], &err), &err, good[i]);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        check_error(host_id_check(bad[i], &err), &err, WORDS_INVALID_ID, "a bad id");
    check_error(host_id_check("", &err), &err, WORDS_EMPTY_ID, "no id");
    memset(longest, 'x', sizeof longest);
    longest[256] = '\0';
    check_error(host_id_check(longest, &err), &err, WORDS_INVALID_ID, "256 bytes are too many");
    longest[255] = '\0';
    check_good(host_id_check(longest, &err), &err, "255 are not");
}

static struct host_state example(void)
{
    static struct json_pair pairs[] = { { "org.example", "x\"y" } };
    static struct host_state_cgroup cgroup = { .manager = HOST_MANAGER_SYSTEMD,
                                               .path = "/a/b",
                                               .scope = "s.scope" };
    static struct host_state_config config = { .process = true, .poststop = true };
    static struct host_state_net_device device = { .host_name = "dummy0", .name = "eth%d" };
    static struct host_state_net_device *devices[] = { &device };
    static struct host_state_rdt rdt = { .group = "", .keep = true, .monitoring = "web1" };
    static char *mounts[] = { "/a", "/b" };
    struct host_state state = {
        .id = "web1",
        .oci_version = "1.3.0",
        .bundle = "/b",
        .rootfs = "/b/rootfs",
        .created = "2026-01-01T00:00:00Z",
        .owner = 7,
        .pid = 1234567,
        .inode = UINT64_MAX - 1,
        .start_time = UINT64_MAX,
        .creating = true,
        .terminal = true,
        .annotations = { pairs, 1 },
        .config = &config,
        .cgroup = &cgroup,
        .rdt = &rdt,
        .mounts = { mounts, 2 },
        .net_devices = { devices, 1 },
    };

    return state;
}

static void same(const struct host_state *state)
{
    check_text(state->id, "web1", "id");
    check_text(state->bundle, "/b", "bundle");
    check_text(state->rootfs, "/b/rootfs", "rootfs");
    check_number(state->pid, 1234567, "pid");
    check(state->inode == UINT64_MAX - 1 && state->start_time == UINT64_MAX, "who it is");
    check(state->config && state->config->process && state->config->poststop && !state->config->poststart &&
              !state->config->own_pids,
          "what is asked of the configuration");
    check_number(state->owner, 7, "owner");
    check(state->creating && state->terminal && !state->has_seccomp, "flags");
    check(state->annotations.n == 1 && !strcmp(state->annotations.v[0].value, "x\"y"), "annotations");
    check(state->cgroup && state->cgroup->manager == HOST_MANAGER_SYSTEMD && !state->cgroup->subgroup,
          "cgroup");
    check(state->net_devices.n == 1 && !strcmp(state->net_devices.v[0]->name, "eth%d"), "network devices");
    check(state->rdt && state->rdt->keep && !state->rdt->made && state->rdt->group && !*state->rdt->group,
          "resctrl");
    check(state->mounts.n == 2 && !strcmp(state->mounts.v[1], "/b"), "mounts");
}

static void life_of_one(void)
{
    autoarena struct arena arena = { 0 };
    struct host_state state = example(), *loaded = NULL;
    int dir_fd = -1, again = -1;
    char *text, *config;
    size_t n;

    check_good(host_state_claim(root_fd, "web1", &dir_fd, &err), &err, "a new container is claimed");
    check_error(host_state_claim(root_fd, "web1", &again, &err), &err, WORDS_EXISTS, "only once");
    check_good(host_state_load(root_fd, "web1", &arena, &loaded, NULL, &err), &err,
               "claimed, it can be loaded");
    check(loaded && loaded->creating && loaded->pid == 0, "as one that is being created");
    check_good(host_state_save(dir_fd, &state, &err), &err, "it is saved");
    check_good(host_state_save(dir_fd, &state, &err), &err, "and saved again");
    check_good(host_state_load(root_fd, "web1", &arena, &loaded, &again, &err), &err, "and loaded");
    same(loaded);
    check_good(host_state_peek(root_fd, "web1", &arena, &loaded, &err), &err, "or without its directory");
    same(loaded);
    text = read_file("state/root/web1/state.json");
    check(strncmp(text, "{\"ocirt\":1,\"id\":\"web1\",\"init_process_pid\":1234567,", 50) == 0,
          "in a file that tells whose");
    free(text);
    check_good(host_config_save(dir_fd, "{ \"x\": 1 }\n", 11, &err), &err, "the configuration is kept");
    check_good(host_config_load(again, &arena, &config, &n, &err), &err, "and read");
    check(n == 11 && !strcmp(config, "{ \"x\": 1 }\n"), "byte for byte");
    (void) close(again);
    (void) close(dir_fd);
    check_good(host_state_remove(root_fd, "web1", &err), &err, "it is removed");
    check(access("state/root/web1", F_OK) < 0, "and gone");
    check_good(host_state_remove(root_fd, "web1", &err), &err, "removing it again is fine");
    check_error(host_state_load(root_fd, "web1", &arena, &loaded, NULL, &err), &err, WORDS_NOT_FOUND,
                "it is not found");
    check_error(host_state_load(-1, "web1", &arena, &loaded, NULL, &err), &err, WORDS_NOT_FOUND,
                "nor in no root");
}

static void other_directories(void)
{
    autoarena struct arena arena = { 0 };
    struct host_state *loaded = NULL;

    (void) mkdir("state/root/runc1", 0711);
    write_file("state/root/runc1/state.json",
               "{\"id\":\"runc1\",\"init_process_pid\":1,\"config\":{\"a\":[1]}}", 0600);
    check_error(host_state_load(root_fd, "runc1", &arena, &loaded, NULL, &err), &err, WORDS_NOT_FOUND,
                "a container of runc does not exist for us");
    (void) mkdir("state/root/crun1", 0711);
    write_file("state/root/crun1/status", "{}", 0600);
    check_error(host_state_load(root_fd, "crun1", &arena, &loaded, NULL, &err), &err, WORDS_NOT_FOUND,
                "nor one of crun");
    (void) mkdir("state/root/torn", 0711);
    write_file("state/root/torn/state.json", "{\"ocirt\":1,\"id\":\"to", 0600);
    check_number(host_state_load(root_fd, "torn", &arena, &loaded, NULL, &err), -EBADMSG,
                 "a torn file is told apart");
    check(strstr(err.text, "spoilt") != NULL, "in words");
    err_done(&err);
    write_file("state/root/torn/state.json", "{\"ocirt\":99,\"id\":\"torn\"}", 0600);
    check_error(host_state_load(root_fd, "torn", &arena, &loaded, NULL, &err), &err, "another version",
                "a future file");
    write_file("state/root/torn/state.json", "{}", 0600);
    check_error(host_state_load(root_fd, "torn", &arena, &loaded, NULL, &err), &err, "spoilt",
                "an empty object");
    check_good(host_state_remove(root_fd, "torn", &err), &err, "a torn one can be removed");
    write_file("state/root/linked", "{\"ocirt\":1}", 0600);
    (void) mkdir("state/root/l", 0711);
    (void) link("state/root/linked", "state/root/l/state.json");
    check_number(host_state_peek(root_fd, "l", &arena, &loaded, &err), -ENOENT,
                 "a file that is elsewhere too is left to a closer look");
    err_done(&err);
    (void) unlink("state/root/linked");
    check_good(host_state_remove(root_fd, "l", &err), &err, "removed");
    (void) symlink("runc1", "state/root/link");
    check_number(host_state_peek(root_fd, "link", &arena, &loaded, &err), -ENOENT, "nor a symlink");
    err_done(&err);
    check_error(host_state_load(root_fd, "link", &arena, &loaded, NULL, &err), &err, "",
                "a symlink is not followed");
}

static void listing(void)
{
    autoarena struct arena arena = { 0 };
    struct json_strings ids_found;
    int a = -1, b = -1;

    (void) mkdir("state/root/.cache", 0700);
    write_file("state/root/file", "", 0600);
    check_good(host_state_claim(root_fd, "b", &b, &err), &err, "two containers");
    check_good(host_state_claim(root_fd, "a", &a, &err), &err, "in another order");
    check_good(host_state_list(root_fd, &arena, &ids_found, &err), &err, "are listed");
    check_number((long long) ids_found.n, 4,
                 "with the directories of others, without files, links and dot names");
    check(ids_found.n == 4 && !strcmp(ids_found.v[0], "a") && !strcmp(ids_found.v[1], "b"), "sorted");
    check_good(host_state_list(-1, &arena, &ids_found, &err), &err, "no root has no containers");
    check_number((long long) ids_found.n, 0, "none");
    (void) close(a);
    (void) close(b);
    check_good(host_state_remove(root_fd, "a", &err), &err, "an empty one is removed");
    (void) mkdir("state/root/b/notify", 0755);
    write_file("state/root/b/notify/file", "", 0600);
    (void) symlink("/etc", "state/root/b/link");
    check_good(host_state_remove(root_fd, "b", &err), &err, "one with all kinds of leftovers too");
    check(access("state/root/b", F_OK) < 0 && access("/etc", F_OK) == 0, "and only that");
}

static void locks(void)
{
    int fd = -1, other = -1, r;

    check_good(host_state_claim(root_fd, "locked", &fd, &err), &err, "a claimed container");
    check_good(host_state_open(root_fd, "locked", &other, &err), &err, "can be opened by others");
    check_error(host_state_lock(other, false, 20, &err), &err, "another command", "but not locked");
    host_state_unlock(fd);
    check_good(host_state_lock(other, true, 20, &err), &err, "until it is given up");
    check_good(host_state_remove(root_fd, "locked", &err), &err, "who waited meanwhile");
    r = host_state_lock(other, true, 20, &err);
    check(r == -ENOENT, "sees that it is gone");
    check_error(r, &err, WORDS_NOT_FOUND, "and says so");
    (void) close(fd);
    (void) close(other);
}

static enum oci_status status_of(const struct host_state *state, int pidfd, int dir_fd)
{
    return host_state_status(state, pidfd, proc_fd, dir_fd, HOST_STATE_SOCKET);
}

static pid_t sleeper(int *ret_pidfd)
{
    pid_t pid = fork();

    if (pid == 0)
        for (;;)
            (void) pause();
    *ret_pidfd = sys_pidfd_open(pid);
    return pid;
}

/* A number for each process: pidfs. */
static void inodes(void)
{
    struct host_state state = example();
    int pidfd = -1, other_fd = -1, dir_fd = -1, status;
    pid_t pid = sleeper(&pidfd), other = sleeper(&other_fd);

    state.pid = pid;
    state.creating = false;
    state.start_time = 0;
    state.inode = host_process_inode(pidfd);
    check_good(host_state_claim(root_fd, "i", &dir_fd, &err), &err, "a container");
    if (state.inode) {
        check(!host_state_needs_procfs(&state), "no procfs is needed");
        check_number(host_state_status(&state, pidfd, -1, dir_fd, HOST_STATE_SOCKET), OCI_STATUS_RUNNING,
                     "its number tells the process");
        check_number(host_state_status(&state, other_fd, -1, dir_fd, HOST_STATE_SOCKET), OCI_STATUS_STOPPED,
                     "another process has another");
        write_file("state/root/i/start.sock", "", 0600);
        check_number(host_state_status(&state, pidfd, -1, root_fd, "i/start.sock"), OCI_STATUS_CREATED,
                     "the socket may be named from above");
    } else {
        skip("its number tells the process", "this kernel gives processes no numbers (Linux 6.9 does)");
    }
    (void) kill(pid, SIGKILL);
    (void) waitid(P_PID, (id_t) pid, &(siginfo_t){ 0 }, WEXITED | WNOWAIT);
    check(host_state_is_process(&state, pidfd, proc_fd) == (state.inode != 0) &&
              !host_state_is_process(&state, other_fd, proc_fd),
          "it is the same when it has ended");
    check(host_process_has_ended(pidfd) && !host_process_has_ended(other_fd), "one has ended");
    check_number(host_state_status(&state, pidfd, proc_fd, dir_fd, HOST_STATE_SOCKET), OCI_STATUS_STOPPED,
                 "stopped, as a zombie");
    (void) kill(other, SIGKILL);
    (void) waitpid(pid, &status, 0);
    (void) waitpid(other, &status, 0);
    (void) close(pidfd);
    (void) close(other_fd);
    (void) close(dir_fd);
    check_good(host_state_remove(root_fd, "i", &err), &err, "and removed");
}

/* On a disk a number could be that of another process after a reboot; on a tmpfs nothing is left then. */
static void identities(void)
{
    struct host_state state = example();
    int pidfd = -1, disk_fd = sys_openat(AT_FDCWD, "/", O_RDONLY | O_DIRECTORY, 0), status;
    int shm_fd = sys_openat(AT_FDCWD, "/dev/shm", O_RDONLY | O_DIRECTORY, 0);
    pid_t pid = sleeper(&pidfd);
    struct statfs fs;

    if (fstatfs(disk_fd, &fs) == 0 && fs.f_type != TMPFS_MAGIC) {
        check_number(host_state_identify(&state, disk_fd, pidfd, proc_fd, pid), 0, "a process on a disk");
        check(state.pid == pid && !state.inode && state.start_time, "is known by its start time");
    } else {
        skip("a process on a disk", "/ is a tmpfs");
    }
    if (fstatfs(shm_fd, &fs) == 0 && fs.f_type == TMPFS_MAGIC) {
        check_number(host_state_identify(&state, shm_fd, pidfd, proc_fd, pid), 0, "a process on a tmpfs");
        check(state.pid == pid && state.inode == host_process_inode(pidfd) &&
                  !state.inode == !!state.start_time,
              "is known by its number, if it has one");
    } else {
        skip("a process on a tmpfs", "/dev/shm is none");
    }
    (void) kill(pid, SIGKILL);
    (void) waitpid(pid, &status, 0);
    (void) close(pidfd);
    (void) close(disk_fd);
    (void) close(shm_fd);
}

static void statuses(void)
{
    struct host_state state = example();
    int dir_fd = -1, pidfd = -1, status;
    char letter;
    pid_t pid = sleeper(&pidfd);

    state.inode = 0;
    check_good(host_state_claim(root_fd, "s", &dir_fd, &err), &err, "a container");
    state.pid = 0;
    check_number(status_of(&state, pidfd, dir_fd), OCI_STATUS_STOPPED, "without a process is stopped");
    state.pid = pid;
    check_number(procfs_start_time(proc_fd, pid, &state.start_time, &letter), 0, "with one");
    check_number(status_of(&state, pidfd, dir_fd), OCI_STATUS_CREATING, "it is being created");
    state.creating = false;
    write_file("state/root/s/start.sock", "", 0600);
    check_number(status_of(&state, pidfd, dir_fd), OCI_STATUS_CREATED, "created");
    (void) unlink("state/root/s/start.sock");
    check_number(status_of(&state, pidfd, dir_fd), OCI_STATUS_RUNNING, "running");
    state.start_time++;
    check_number(status_of(&state, pidfd, dir_fd), OCI_STATUS_STOPPED, "stopped, if the pid is another's");
    state.start_time--;
    (void) kill(pid, SIGKILL);
    (void) waitid(P_PID, (id_t) pid, &(siginfo_t){ 0 }, WEXITED | WNOWAIT);
    check_number(status_of(&state, pidfd, dir_fd), OCI_STATUS_STOPPED, "stopped, as a zombie");
    (void) waitpid(pid, &status, 0);
    check_number(status_of(&state, pidfd, dir_fd), OCI_STATUS_STOPPED, "stopped");
    (void) close(dir_fd);
}

static void texts(void)
{
    autoarena struct arena arena = { 0 };
    const char *now = host_state_now(&arena);

    check(now && strlen(now) == 30 && now[10] == 'T' && now[19] == '.' && now[29] == 'Z', "the time: %s",
          now);
    check_text(host_user_name(0, &arena), "root", "a user's name");
    check_text(host_user_name(4123456789U, &arena), "4123456789", "or number");
}

int main(void)
{
    enter_test_directory();
    proc_fd = procfs_open();
    root_is_made();
    root_is_refused();
    default_roots();
    ids();
    life_of_one();
    other_directories();
    listing();
    locks();
    statuses();
    inodes();
    identities();
    texts();
    return tap_done();
}
