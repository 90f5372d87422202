/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * sd_notify.c - the readiness of a container's program, passed on to the service manager.
 *
 * The socket is made in the container's state directory, which nobody else can reach, and moved to the one
 * that the container sees when it is complete: no name there is followed or changed.
 */
#include "host/sd_notify.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/errno_text.h"
#include "base/fd.h"
#include "base/sys.h"
#include "base/text.h"
#include "host/socket.h"

#define SOCKET_NAME "notify.sock"

enum {
    MESSAGE_MAX = 4096,          /* as much as systemd takes */
    SEND_SECONDS = 5,            /* a manager that works takes a message at once */
    BARRIER_TIMEOUT = 30 * 1000, /* milliseconds: sd_notify_barrier(3) of other runtimes */
    MESSAGES_AT_A_TIME = 64,     /* whoever floods us shall not keep us from all else */
};

/* ---- the directory and the socket ---------------------------------------------------------------------- */

int host_sd_notify_make(int state_dir_fd, struct err *err)
{
    autoclose int fd = -EBADF;

    if (mkdirat(state_dir_fd, HOST_SD_NOTIFY_DIRECTORY, 0755) < 0)
        return err_set(err, ERR_STATE_FILE, errno, "make the directory of NOTIFY_SOCKET");
    fd = sys_openat(state_dir_fd, HOST_SD_NOTIFY_DIRECTORY, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
    /* Whatever the umask: the container's users must get through, and nobody else gets here. */
    if (fd < 0 || fchmod(fd, 0755) < 0)
        return err_set(err, ERR_STATE_FILE, fd < 0 ? fd : errno, "open the directory of NOTIFY_SOCKET");
    return 0;
}

static int make_socket(int state_dir_fd, struct host_sd_notify *n)
{
    autoclose int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    struct sockaddr_un address = { .sun_family = AF_UNIX };

    if (fd < 0)
        return -errno;
    (void) snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/" SOCKET_NAME, state_dir_fd);
    (void) unlinkat(state_dir_fd, SOCKET_NAME, 0); /* of a start that was killed */
    if (bind(fd, (struct sockaddr *) &address, sizeof address) < 0 ||
        fchmodat(state_dir_fd, SOCKET_NAME, 0666, 0) < 0 ||
        renameat(state_dir_fd, SOCKET_NAME, n->dir_fd, SOCKET_NAME) < 0)
        return -errno;
    n->fd = take_fd(&fd);
    return 0;
}

static int connect_abstract(const char *name)
{
    autoclose int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    size_t length = strlen(name);

    if (fd < 0)
        return -errno;
    if (length >= sizeof address.sun_path)
        return -ENAMETOOLONG;
    memcpy(address.sun_path + 1, name + 1, length - 1);
    if (connect(fd, (struct sockaddr *) &address,
                (socklen_t) (offsetof(struct sockaddr_un, sun_path) + length)) < 0)
        return -errno;
    return take_fd(&fd);
}

static int connect_manager(const char *address)
{
    const struct timeval limit = { .tv_sec = SEND_SECONDS };
    autoclose int fd = *address == '@' ? connect_abstract(address) : host_socket_connect(address, SOCK_DGRAM);

    if (fd < 0)
        return fd;
    if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit) < 0)
        return -errno;
    return take_fd(&fd);
}

int host_sd_notify_open(int state_dir_fd, const char *address, struct host_sd_notify *ret, struct err *err)
{
    int r;

    ret->dir_fd = sys_openat(state_dir_fd, HOST_SD_NOTIFY_DIRECTORY, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
    if (ret->dir_fd == -ENOENT)
        return 0;
    if (ret->dir_fd < 0)
        return err_set(err, ERR_STATE_FILE, ret->dir_fd, "open the directory of NOTIFY_SOCKET");
    ret->manager_fd = connect_manager(address);
    if (ret->manager_fd < 0)
        return err_set(err, ERR_IO, ret->manager_fd, "NOTIFY_SOCKET=%s: connect to the service manager",
                       address);
    r = make_socket(state_dir_fd, ret);
    return r < 0 ? err_set(err, ERR_STATE_FILE, r, "make the socket of NOTIFY_SOCKET") : 0;
}

/* ---- messages ------------------------------------------------------------------------------------------ */

/* What is shown by systemctl(1): one line of text, without anything that a terminal would obey. */
static bool is_plain(const char *s)
{
    for (; *s; s++)
        if ((unsigned char) *s < ' ' || *s == 0x7f ||
            ((unsigned char) *s == 0xc2 && (unsigned char) s[1] < 0xa0)) /* C1 controls in UTF-8 */
            return false;
    return true;
}

/* TEXT, which is changed, is what the container has said; OUT what of it may be said to the manager. */
static bool filter(char *text, struct text *out)
{
    const char *status = NULL;
    char *save = NULL;
    bool ready = false;

    for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        ready |= !strcmp(line, "READY=1");
        if (!strncmp(line, "STATUS=", 7) && is_plain(line))
            status = line;
    }
    if (ready)
        text_add(out, "READY=1\n");
    if (status)
        text_add(out, "%s\n", status);
    return ready;
}

static void tell(struct host_sd_notify *n, bool ready, struct text *message, struct err *err)
{
    ssize_t sent;

    if (ready && n->main_pid)
        text_add(message, "MAINPID=%ld\n", (long) n->main_pid);
    n->ready |= ready;
    do
        sent = send(n->manager_fd, text_string(message), message->n, MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    if (sent < 0)
        err_warn(err, "NOTIFY_SOCKET: the service manager does not take that the container is ready: %s",
                 errno_text(errno));
}

/*
 * Descriptors that come with a message (FDSTORE=1) are not asked for, so the kernel drops them; which is also
 * the answer to BARRIER=1.
 */
static bool take_one(struct host_sd_notify *n, struct err *err)
{
    autotext struct text message = { 0 };
    char text[MESSAGE_MAX + 1];
    ssize_t size = recv(n->fd, text, MESSAGE_MAX, MSG_TRUNC);
    bool ready;

    if (size < 0)
        return errno == EINTR;
    if (size > MESSAGE_MAX)
        return true;
    text[size] = '\0';
    ready = filter(text, &message);
    if (message.n)
        tell(n, ready, &message, err);
    return true;
}

void host_sd_notify_take(struct host_sd_notify *notify, struct err *err)
{
    for (unsigned i = 0; i < MESSAGES_AT_A_TIME && take_one(notify, err); i++)
        ;
}

/*
 * Systemd finds out whose message it is when it reads it: whoever ends before that is nobody any more.  It
 * drops the descriptor that comes with BARRIER=1 when it has read all before (sd_notify_barrier(3)).
 */
static int await_manager(const struct host_sd_notify *n, struct err *err)
{
    static const char barrier[] = "BARRIER=1";
    int ends[2], r;
    struct pollfd read_end = { .events = 0 };

    if (pipe2(ends, O_CLOEXEC) < 0)
        return err_set(err, ERR_IO, errno, "make a pipe");
    r = host_socket_send_fd(n->manager_fd, barrier, sizeof barrier - 1, ends[1]);
    (void) close(ends[1]);
    read_end.fd = ends[0];
    if (r >= 0)
        do
            r = poll(&read_end, 1, BARRIER_TIMEOUT);
        while (r < 0 && errno == EINTR);
    (void) close(ends[0]);
    if (r <= 0)
        err_warn(err, "NOTIFY_SOCKET: the service manager has not confirmed that the container is ready");
    return 0;
}

int host_sd_notify_wait(struct host_sd_notify *notify, int pidfd, struct err *err)
{
    struct pollfd fds[] = { { .fd = notify->fd, .events = POLLIN }, { .fd = pidfd, .events = POLLIN } };

    if (notify->fd < 0)
        return 0;
    while (!notify->ready) {
        if (poll(fds, 2, -1) < 0 && errno != EINTR)
            return err_set(err, ERR_IO, errno, "wait until the container is ready");
        host_sd_notify_take(notify, err);
        if (fds[1].revents) /* it may have spoken last */
            break;
    }
    return notify->ready ? await_manager(notify, err) : 0;
}

void host_sd_notify_close(struct host_sd_notify *notify)
{
    if (notify->fd >= 0)
        (void) unlinkat(notify->dir_fd, SOCKET_NAME, 0);
    fd_cleanup(&notify->fd);
    fd_cleanup(&notify->manager_fd);
    fd_cleanup(&notify->dir_fd);
}
