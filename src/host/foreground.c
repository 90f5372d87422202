/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * foreground.c - one loop that copies, passes signals on, and waits.
 *
 * The kernel drops no output of a terminal whose last slave was closed: it can be read until EIO.  A
 * terminal of which *all* slaves are closed says EIO at once, though, also if the program will open it
 * again: we hold a slave of our own as long as the process lives.
 */
#include "host/foreground.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/sys.h"
#include "host/sd_notify.h"
#include "host/terminal.h"

#ifndef TIOCGPTPEER
#define TIOCGPTPEER _IO('T', 0x41) /* Linux 4.13 */
#endif

enum {
    COPY_SIZE = 16384,
    WRITE_SIZE = 4096,   /* PIPE_BUF: as much as poll() promises */
    DRAIN_MAX = 1 << 20, /* far more than a terminal holds (64 KiB): what comes later was written later */
};

/* Bytes on their way. */
struct copy {
    char *v; /* COPY_SIZE bytes; NULL without a terminal */
    size_t start, end;
};

enum { AT_PROCESS, AT_SIGNAL, AT_NOTIFY, AT_IN, AT_MASTER, AT_OUT, N_POLLED };

struct session {
    struct pollfd fds[N_POLLED];
    struct host_sd_notify *notify;
    struct err *err; /* for warnings */
    int pidfd, master_fd, slave_fd;
    int in_fd, out_fd; /* -1: closed, or nobody wants it */
    int own_out_fd;    /* descriptor 1 opened again, so that it doesn't block; -1: not possible */
    struct copy to_master, to_out;
    struct host_terminal terminal;
    bool ended, aborted;
    bool got_input;
    size_t drained;
};

/* ---- signals ----------------------------------------------------------------------------------------- */

/*
 * Not SIGCHLD and SIGURG, which mean nothing to others; not SIGTTIN and SIGTTOU, which must stop us when we
 * use the terminal from the background.
 */
static const int not_taken[] = { SIGKILL, SIGSTOP, SIGCHLD, SIGURG, SIGTTIN, SIGTTOU };

int host_foreground_open(struct host_foreground *foreground, bool leave_signals, struct err *err)
{
    sigset_t set;

    (void) (leave_signals ? sigemptyset(&set) : sigfillset(&set));
    (void) sigaddset(&set, SIGPIPE);
    for (size_t i = 0; i < sizeof not_taken / sizeof *not_taken; i++)
        (void) sigdelset(&set, not_taken[i]);
    foreground->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (foreground->signal_fd < 0)
        return err_set(err, ERR_PROCESS, errno, "signalfd");
    if (sigprocmask(SIG_BLOCK, &set, &foreground->old_mask) < 0) {
        int r = err_set(err, ERR_PROCESS, errno, "block signals");

        fd_cleanup(&foreground->signal_fd);
        return r;
    }
    return 0;
}

void host_foreground_close(struct host_foreground *foreground)
{
    struct signalfd_siginfo info;

    if (foreground->signal_fd < 0)
        return;
    /* What is still pending was for a process that is gone. */
    while (read(foreground->signal_fd, &info, sizeof info) > 0)
        ;
    fd_cleanup(&foreground->signal_fd);
    (void) sigprocmask(SIG_SETMASK, &foreground->old_mask, NULL);
}

static void resize(const struct session *s)
{
    for (int fd = 0; s->master_fd >= 0 && fd <= 2; fd++)
        if (isatty(fd)) {
            host_terminal_copy_size(fd, s->master_fd);
            return;
        }
}

/* The shell that brought us to the foreground again has set the terminal as it likes. */
static void make_raw(struct session *s)
{
    struct host_terminal again;

    if (s->terminal.raw)
        (void) host_terminal_raw(&again, s->terminal.fd);
    resize(s);
}

static void pass_on(struct session *s, int signal)
{
    if (signal == SIGWINCH) {
        resize(s);
        return;
    }
    if (signal == SIGPIPE) /* of our own write; EPIPE has told it */
        return;
    if (signal == SIGCONT)
        make_raw(s);
    if (!s->ended)
        (void) sys_pidfd_send_signal(s->pidfd, signal);
    else if (signal == SIGTERM || signal == SIGINT || signal == SIGHUP || signal == SIGQUIT)
        s->aborted = true; /* nobody reads our output, and the user will not wait */
}

static void take_signals(struct session *s, int signal_fd)
{
    struct signalfd_siginfo info;

    while (read(signal_fd, &info, sizeof info) == (ssize_t) sizeof info)
        pass_on(s, (int) info.ssi_signo);
}

/* ---- copying ----------------------------------------------------------------------------------------- */

static bool copy_is_empty(const struct copy *copy)
{
    return copy->start == copy->end;
}

static void copy_drop(struct copy *copy)
{
    copy->start = copy->end;
}

/* Reads into an empty buffer.  Bytes, 0 at the end, -EAGAIN, or another -errno. */
static ssize_t copy_read(struct copy *copy, int fd)
{
    ssize_t n = read(fd, copy->v, COPY_SIZE);

    if (n < 0)
        return errno == EINTR ? -EAGAIN : -errno;
    copy->start = 0;
    copy->end = (size_t) n;
    return n;
}

static ssize_t copy_write(struct copy *copy, int fd)
{
    size_t n = copy->end - copy->start;
    ssize_t done = write(fd, copy->v + copy->start, n < WRITE_SIZE ? n : WRITE_SIZE);

    if (done < 0)
        return errno == EINTR ? -EAGAIN : -errno;
    copy->start += (size_t) done;
    return done;
}

/*
 * The end of a file or pipe becomes the end-of-file character, as a person would type it; twice if it only
 * ends the line that was begun.  Nothing at all (/dev/null) says nothing.
 */
static void end_of_input(struct session *s, char last)
{
    struct termios modes;

    s->in_fd = -1;
    if (isatty(0) || !s->got_input || tcgetattr(s->master_fd, &modes) < 0 || !(modes.c_lflag & ICANON))
        return;
    s->to_master.v[0] = s->to_master.v[1] = (char) modes.c_cc[VEOF];
    s->to_master.start = 0;
    s->to_master.end = last == '\n' ? 1 : 2;
}

static void read_input(struct session *s)
{
    char last = s->to_master.end ? s->to_master.v[s->to_master.end - 1] : '\n';
    ssize_t n = copy_read(&s->to_master, s->in_fd);

    if (n > 0)
        s->got_input = true;
    else if (n != -EAGAIN)
        end_of_input(s, last);
}

static void read_master(struct session *s)
{
    ssize_t n = copy_read(&s->to_out, s->master_fd);

    if (n > 0 && s->ended)
        s->drained += (size_t) n;
    if (s->out_fd < 0)
        copy_drop(&s->to_out);
    /* EIO: no slave is open.  EAGAIN when the process is gone: all it had written has been read. */
    if ((n <= 0 && n != -EAGAIN) || (n == -EAGAIN && s->ended) || s->drained > DRAIN_MAX)
        s->master_fd = -1;
}

static void write_output(struct session *s)
{
    ssize_t n = copy_write(&s->to_out, s->out_fd);

    if (n >= 0 || n == -EAGAIN)
        return;
    s->out_fd = -1; /* nobody reads it: go on, and drop the rest */
    copy_drop(&s->to_out);
}

static void write_input(struct session *s)
{
    ssize_t n = copy_write(&s->to_master, s->master_fd);

    if (n < 0 && n != -EAGAIN)
        copy_drop(&s->to_master);
}

/* ---- the loop ---------------------------------------------------------------------------------------- */

static void want(struct pollfd *p, int fd, short events)
{
    *p = (struct pollfd){ .fd = events ? fd : -1, .events = events };
}

static void choose(struct session *s)
{
    bool input = copy_is_empty(&s->to_master), output = copy_is_empty(&s->to_out);
    bool alive = s->master_fd >= 0 && !s->ended;
    short master = (short) ((output ? POLLIN : 0) | (!input && !s->ended ? POLLOUT : 0));

    want(&s->fds[AT_PROCESS], s->pidfd, s->ended ? 0 : POLLIN);
    want(&s->fds[AT_IN], s->in_fd, alive && input ? POLLIN : 0);
    want(&s->fds[AT_MASTER], s->master_fd, master);
    want(&s->fds[AT_OUT], s->out_fd, output ? 0 : POLLOUT);
}

static void serve(struct session *s)
{
    if (s->fds[AT_OUT].revents)
        write_output(s);
    if (s->fds[AT_MASTER].revents & POLLOUT)
        write_input(s);
    if (s->fds[AT_MASTER].revents & (POLLIN | POLLHUP | POLLERR) && copy_is_empty(&s->to_out))
        read_master(s);
    if (s->fds[AT_IN].revents)
        read_input(s);
}

/* Our slave goes, so that the end of the output can be seen. */
static void process_ended(struct session *s)
{
    s->ended = true;
    s->in_fd = -1;
    fd_cleanup(&s->slave_fd);
}

/* Everything is said: the process is gone, and what it wrote is written. */
static bool is_over(const struct session *s)
{
    return s->ended && (s->aborted || (s->master_fd < 0 && copy_is_empty(&s->to_out)));
}

static int loop(struct session *s, int signal_fd)
{
    want(&s->fds[AT_SIGNAL], signal_fd, POLLIN);
    want(&s->fds[AT_NOTIFY], s->notify ? s->notify->fd : -1, POLLIN);
    while (!is_over(s)) {
        choose(s);
        /* Once it has ended there is no event for "nothing more will come": read_master() finds out. */
        if (poll(s->fds, N_POLLED, s->ended && copy_is_empty(&s->to_out) ? 0 : -1) < 0 && errno != EINTR)
            return -errno;
        if (s->fds[AT_SIGNAL].revents)
            take_signals(s, signal_fd);
        /* Also when the process is gone: it may have spoken last. */
        if (s->notify && s->notify->fd >= 0 && (s->fds[AT_NOTIFY].revents || s->fds[AT_PROCESS].revents))
            host_sd_notify_take(s->notify, s->err);
        serve(s);
        if (s->ended && s->master_fd >= 0 && copy_is_empty(&s->to_out))
            read_master(s);
        if (s->fds[AT_PROCESS].revents)
            process_ended(s);
    }
    return 0;
}

/* ---- beginning and end ------------------------------------------------------------------------------- */

/*
 * A description of our own of what descriptor 1 is, that can be non-blocking without the shell noticing; for
 * terminals and pipes.  A regular file never blocks; sockets can't be opened again.
 */
static int open_output_again(void)
{
    struct stat st;

    if (fstat(1, &st) < 0 || !(S_ISFIFO(st.st_mode) || isatty(1)))
        return -1;
    return sys_openat(AT_FDCWD, "/proc/self/fd/1", O_WRONLY | O_NONBLOCK | O_NOCTTY, 0);
}

static int session_begin(struct session *s, int master_fd)
{
    int flags;

    s->master_fd = master_fd;
    s->slave_fd = s->own_out_fd = s->in_fd = s->out_fd = s->terminal.fd = -1;
    if (master_fd < 0)
        return 0;
    s->to_master.v = malloc(COPY_SIZE);
    s->to_out.v = malloc(COPY_SIZE);
    if (!s->to_master.v || !s->to_out.v)
        return -ENOMEM;
    flags = fcntl(master_fd, F_GETFL);
    if (flags < 0 || fcntl(master_fd, F_SETFL, flags | O_NONBLOCK) < 0)
        return -errno;
    s->slave_fd = ioctl(master_fd, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
    s->own_out_fd = open_output_again();
    s->in_fd = 0;
    s->out_fd = s->own_out_fd >= 0 ? s->own_out_fd : 1;
    resize(s);
    return host_terminal_raw(&s->terminal, 0);
}

static void session_end(struct session *s)
{
    host_terminal_restore(&s->terminal);
    fd_cleanup(&s->slave_fd);
    fd_cleanup(&s->own_out_fd);
    free(s->to_master.v);
    free(s->to_out.v);
}

int host_foreground_wait(struct host_foreground *foreground, int pidfd, int master_fd, int *ret_status,
                         struct err *err)
{
    struct session s = { .pidfd = pidfd, .notify = foreground->notify, .err = err };
    int r = session_begin(&s, master_fd);

    if (r == 0)
        r = loop(&s, foreground->signal_fd);
    session_end(&s);
    if (r < 0)
        return err_set(err, ERR_TERMINAL, r, "copy between the terminals");
    r = host_process_end_usage(pidfd, ret_status, &foreground->end_signal, &foreground->usage);
    return r < 0 ? err_set(err, ERR_PROCESS, r, "wait for the container's process") : 0;
}
