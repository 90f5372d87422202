/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * terminal.c - the user's terminal, and the master side of the container's.
 */
#include "host/terminal.h"

#include <errno.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <unistd.h>

int host_terminal_raw(struct host_terminal *terminal, int fd)
{
    struct termios raw;

    *terminal = (struct host_terminal){ .fd = -1 };
    if (!isatty(fd))
        return 0;
    if (tcgetattr(fd, &terminal->saved) < 0)
        return -errno;
    raw = terminal->saved;
    cfmakeraw(&raw);
    if (tcsetattr(fd, TCSANOW, &raw) < 0)
        return -errno;
    terminal->fd = fd;
    terminal->raw = true;
    return 0;
}

void host_terminal_restore(struct host_terminal *terminal)
{
    sigset_t background, old;

    if (!terminal->raw)
        return;
    /* From the background, tcsetattr would stop us: the terminal must not stay raw for that. */
    (void) sigemptyset(&background);
    (void) sigaddset(&background, SIGTTOU);
    (void) sigprocmask(SIG_BLOCK, &background, &old);
    (void) tcsetattr(terminal->fd, TCSANOW, &terminal->saved);
    (void) sigprocmask(SIG_SETMASK, &old, NULL);
    terminal->raw = false;
}

void host_terminal_copy_size(int from_fd, int to_fd)
{
    struct winsize size;

    if (ioctl(from_fd, TIOCGWINSZ, &size) == 0 && size.ws_row && size.ws_col)
        (void) ioctl(to_fd, TIOCSWINSZ, &size);
}

int host_terminal_set_size(int fd, unsigned short rows, unsigned short columns)
{
    struct winsize size = { .ws_row = rows, .ws_col = columns };

    return ioctl(fd, TIOCSWINSZ, &size) < 0 ? -errno : 0;
}
