/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* socket_test.c - sockets below long paths, descriptors sent over them, and the pid file. */
#include "host/socket.h"

#include <stdlib.h>
#include <sys/socket.h>

#include "host.h"
#include "host/pidfile.h"

static struct err err;

/* Receives one message; its data in BUF, its descriptors counted. */
static int receive(int fd, char *buf, size_t size, int *ret_fd)
{
    union {
        struct cmsghdr header;
        char room[CMSG_SPACE(8 * sizeof(int))];
    } control;
    struct iovec iov = { buf, size - 1 };
    struct msghdr message = {
        .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control
    };
    ssize_t n = recvmsg(fd, &message, MSG_CMSG_CLOEXEC);
    struct cmsghdr *header = n < 0 ? NULL : CMSG_FIRSTHDR(&message);

    buf[n < 0 ? 0 : n] = '\0';
    if (!header || header->cmsg_type != SCM_RIGHTS)
        return 0;
    memcpy(ret_fd, CMSG_DATA(header), sizeof *ret_fd);
    return (int) ((header->cmsg_len - CMSG_LEN(0)) / sizeof(int));
}

static void sent_over(const char *directory, const char *name)
{
    char path[4096], data[64];
    int dir_fd, listener, master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC), connection, got = -1;
    struct stat st;

    (void) snprintf(path, sizeof path, "%s/%s", directory, name);
    dir_fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    listener = host_socket_listen(dir_fd, name, SOCK_STREAM, 1);
    check(listener >= 0, "listen at a path of %zu bytes", strlen(path));
    check(stat(path, &st) == 0 && (st.st_mode & 0777) == 0600, "for us alone");
    check_good(host_console_send(path, master, &err), &err, "send a terminal");
    connection = accept(listener, NULL, NULL);
    check_number(receive(connection, data, sizeof data, &got), 1, "one descriptor comes");
    check(strncmp(data, "/dev/pts/", 9) == 0, "with the terminal's name: %s", data);
    check(got >= 0 && isatty(got), "and is a terminal");
    check_number(recv(connection, data, 1, 0), 0, "then the connection is closed");
    (void) close(got);
    (void) close(connection);
    (void) close(master);
    (void) close(listener);
    check_number(host_socket_connect_at(dir_fd, name, SOCK_STREAM), -ECONNREFUSED, "nobody listens");
    check_error(host_pidfd_send(path, 0, &err), &err, "Connection refused", "which is told");
    check_number(unlinkat(dir_fd, name, 0), 0, "the file is gone");
    check_number(host_socket_connect_at(dir_fd, name, SOCK_STREAM), -ENOENT, "and the socket with it");
    (void) close(dir_fd);
}

static void packets(void)
{
    int dir_fd = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int listener = host_socket_listen(dir_fd, "start.sock", SOCK_SEQPACKET, 1), other, connection;
    char data[8] = "";

    connection = host_socket_connect_at(dir_fd, "start.sock", SOCK_SEQPACKET);
    check(connection >= 0, "packets as well");
    other = accept(listener, NULL, NULL);
    check(write(connection, "go", 2) == 2 && read(other, data, sizeof data) == 2, "arrive");
    check_number(host_socket_connect("start.sock", SOCK_STREAM), -EPROTOTYPE, "a stream is another thing");
    (void) close(listener);
    (void) close(other);
    (void) close(connection);
    (void) close(dir_fd);
}

static void pid_files(void)
{
    char *text;

    write_file(".web.pid", "left by a runtime that was killed", 0400);
    check_good(host_pidfile_write("web.pid", 4711, &err), &err, "a pid file");
    text = read_file("web.pid");
    check_text(text, "4711", "is the number alone");
    free(text);
    check(access(".web.pid", F_OK) < 0, "and nothing else is left");
    check_good(host_pidfile_write("web.pid", 5, &err), &err, "it replaces one that is there");
    text = read_file("web.pid");
    check_text(text, "5", "wholly");
    free(text);
    check_error(host_pidfile_write("no/such/web.pid", 5, &err), &err, "no/such/web.pid: No such file",
                "no directory");
}

int main(void)
{
    char directory[1024] = "", *end = directory;

    enter_test_directory();
    end += sprintf(end, "%s", test_directory);
    sent_over(directory, "console.sock");
    for (int i = 0; i < 6; i++) {
        end += sprintf(end, "/%s", "a-directory-with-a-name-that-is-rather-long");
        check_number(mkdir(directory, 0700), 0, "a longer path");
    }
    sent_over(directory, "s");
    packets();
    pid_files();
    return tap_done();
}
