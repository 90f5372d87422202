/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * init.c - /init of the test guest's initramfs: load the modules of /modules, mount the root, go on with
 * systemd there.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define ROOT "/dev/vda"

static void say(const char *what)
{
    (void) dprintf(1, "init: %s: %s\n", what, strerror(errno));
}

static void die(const char *what)
{
    say(what);
    for (;;)
        (void) pause(); /* the end of process 1 would be a panic that hides the message */
}

static void load(const char *name)
{
    char path[300];
    int fd;

    (void) snprintf(path, sizeof path, "/modules/%s", name);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || syscall(SYS_finit_module, fd, "", 0) < 0)
        say(path);
    if (fd >= 0)
        (void) close(fd);
}

/* They are called 10-NAME.ko, 11-NAME.ko: the order in which they need each other. */
static void load_all(void)
{
    struct dirent **list;
    int n = scandir("/modules", &list, NULL, alphasort);

    for (int i = 0; i < n; i++)
        if (list[i]->d_name[0] != '.')
            load(list[i]->d_name);
}

static void wait_for_disk(void)
{
    struct stat st;

    for (int i = 0; i < 5000 && stat(ROOT, &st) < 0; i++)
        (void) nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
}

int main(void)
{
    int console_fd;

    (void) mount("devtmpfs", "/dev", "devtmpfs", 0, NULL);
    console_fd = open("/dev/console", O_RDWR);
    for (int fd = 0; console_fd >= 0 && fd < 3; fd++)
        (void) dup2(console_fd, fd);
    load_all();
    wait_for_disk();
    if (mount(ROOT, "/root", "ext4", MS_NOATIME, NULL) < 0)
        die("mount " ROOT);
    if (mount("/dev", "/root/dev", NULL, MS_MOVE, NULL) < 0 || chdir("/root") < 0 ||
        mount(".", "/", NULL, MS_MOVE, NULL) < 0 || chroot(".") < 0 || chdir("/") < 0)
        die("make it the root");
    (void) execl("/sbin/init", "/sbin/init", (char *) NULL);
    die("execute /sbin/init");
    return 1;
}
