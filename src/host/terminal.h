/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * terminal.h - the user's terminal, and the master side of the container's.
 */
#ifndef OCIRT_HOST_TERMINAL_H
#define OCIRT_HOST_TERMINAL_H

#include <stdbool.h>
#include <termios.h>

struct host_terminal {
    int fd; /* the user's terminal; -1: none */
    bool raw;
    struct termios saved;
};

/*
 * Makes FD raw, so that every byte goes to the container's terminal.  Not a terminal: 0, and nothing is
 * done. -errno else.
 */
int host_terminal_raw(struct host_terminal *terminal, int fd);
void host_terminal_restore(struct host_terminal *terminal);

/* Gives terminal TO the size of terminal FROM; nothing if FROM is no terminal or has no size. */
void host_terminal_copy_size(int from_fd, int to_fd);
int host_terminal_set_size(int fd, unsigned short rows, unsigned short columns);

#endif
