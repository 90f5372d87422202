/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* files.c - the probe's actions on files: each makes one system call and tells how it went. */
#include "probe.h"

#include "json.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <unistd.h>

static int say(const char *name, int r)
{
    return say_result(name, r < 0 ? errno : 0);
}

static int do_write(int n, char **args)
{
    const char *text = n > 1 ? args[1] : "probe\n";
    int fd = open(args[0], O_WRONLY | O_CREAT | O_CLOEXEC | O_NOCTTY, 0644);
    ssize_t written = fd < 0 ? -1 : write(fd, text, strlen(text));
    int error = written < 0 ? errno : 0;

    if (fd >= 0)
        close(fd);
    return say_result("write", error);
}

static int do_read(int n, char **args)
{
    size_t size = 0;
    char *text = read_whole(args[0], &size);
    int error = text ? 0 : errno;

    (void) n;
    json_object();
    json_put_string("action", "read");
    json_put_int("errno", error);
    if (text) {
        json_key("text");
        json_bytes(text, size);
    }
    json_end();
    free(text);
    return 0;
}

static int do_stat(int n, char **args)
{
    struct stat st;
    int r = lstat(args[0], &st);

    (void) n;
    json_object();
    json_put_string("action", "stat");
    json_put_int("errno", r < 0 ? errno : 0);
    if (r == 0) {
        json_put_int("type", (st.st_mode & S_IFMT) >> 12);
        json_put_int("mode", st.st_mode & 07777);
        json_put_int("uid", st.st_uid);
        json_put_int("gid", st.st_gid);
        json_put_int("size", st.st_size);
        json_put_uint("dev", st.st_dev);
        json_put_uint("ino", st.st_ino);
        json_put_uint("nlink", st.st_nlink);
        json_put_uint("major", major(st.st_rdev));
        json_put_uint("minor", minor(st.st_rdev));
    }
    json_end();
    return 0;
}

static int do_statfs(int n, char **args)
{
    struct statfs fs;
    struct statvfs vfs;
    int r = statfs(args[0], &fs);

    (void) n;
    json_object();
    json_put_string("action", "statfs");
    json_put_int("errno", r < 0 ? errno : 0);
    if (r == 0 && statvfs(args[0], &vfs) == 0) {
        json_put_int("type", (long long) fs.f_type);
        json_put_uint("flags", vfs.f_flag);
        json_put_uint("bytes", (unsigned long long) vfs.f_blocks * vfs.f_frsize);
        json_put_uint("files", vfs.f_files);
    }
    json_end();
    return 0;
}

static int do_list(int n, char **args)
{
    DIR *dir = opendir(args[0]);
    struct dirent *entry;

    (void) n;
    json_object();
    json_put_string("action", "list");
    json_put_int("errno", dir ? 0 : errno);
    json_key("names");
    json_array();
    while (dir && (entry = readdir(dir)))
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            json_string(entry->d_name);
    json_end();
    json_end();
    if (dir)
        closedir(dir);
    return 0;
}

static int do_readlink(int n, char **args)
{
    char target[4096];
    ssize_t size = readlink(args[0], target, sizeof(target));
    int error = size < 0 ? errno : 0;

    (void) n;
    json_object();
    json_put_string("action", "readlink");
    json_put_int("errno", error);
    if (size >= 0) {
        json_key("target");
        json_bytes(target, (size_t) size);
    }
    json_end();
    return 0;
}

static int do_open(int n, char **args)
{
    int flags = n > 1 ? (int) strtol(args[1], NULL, 0) : O_RDONLY;
    int fd = open(args[0], flags | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

    say("open", fd);
    if (fd >= 0)
        close(fd);
    return 0;
}

static int do_mkdir(int n, char **args)
{
    return say("mkdir", mkdir(args[0], n > 1 ? (mode_t) strtoul(args[1], NULL, 8) : 0755));
}

static int do_unlink(int n, char **args)
{
    (void) n;
    return say("unlink", unlink(args[0]));
}

static int do_chmod(int n, char **args)
{
    (void) n;
    return say("chmod", chmod(args[0], (mode_t) strtoul(args[1], NULL, 8)));
}

static int do_chown(int n, char **args)
{
    (void) n;
    return say("chown",
               lchown(args[0], (uid_t) strtoul(args[1], NULL, 10), (gid_t) strtoul(args[2], NULL, 10)));
}

static int do_symlink(int n, char **args)
{
    (void) n;
    return say("symlink", symlink(args[0], args[1]));
}

static mode_t node_type(const char *word)
{
    return *word == 'b' ? S_IFBLK : *word == 'p' ? S_IFIFO : S_IFCHR;
}

/* open-mknod PATH c|b MAJOR MINOR [FLAGS]: makes a node and opens it: the way a device rule is tried. */
static int do_open_mknod(int n, char **args)
{
    dev_t dev = makedev((unsigned) atoi(args[2]), (unsigned) atoi(args[3]));
    int flags = n > 4 ? (int) strtol(args[4], NULL, 0) : O_RDONLY;
    int made = mknod(args[0], node_type(args[1]) | 0666, dev) < 0 ? errno : 0;
    int fd = made ? -1 : open(args[0], flags | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    int opened = made || fd < 0 ? errno : 0;

    if (fd >= 0)
        close(fd);
    if (!made)
        (void) unlink(args[0]);
    json_object();
    json_put_string("action", "open-mknod");
    json_put_int("errno", made ? made : opened);
    json_put_int("mknod", made);
    json_put_int("open", opened);
    json_end();
    return 0;
}

/* mount SOURCE TARGET TYPE FLAGS [DATA] */
static int do_mount(int n, char **args)
{
    return say("mount", mount(args[0], args[1], args[2], strtoul(args[3], NULL, 0), n > 4 ? args[4] : NULL));
}

static int do_umount(int n, char **args)
{
    (void) n;
    return say("umount", umount2(args[0], MNT_DETACH));
}

static int do_chdir(int n, char **args)
{
    (void) n;
    return say("chdir", chdir(args[0]));
}

/* exists PATH...: which of the paths are there. */
static int do_exists(int n, char **args)
{
    json_object();
    json_put_string("action", "exists");
    json_key("paths");
    json_object();
    for (int i = 0; i < n; i++) {
        struct stat st;

        json_put_bool(args[i], lstat(args[i], &st) == 0);
    }
    json_end();
    json_end();
    return 0;
}

/* wait-file PATH: returns once the path exists; the caller's time limit is the only one. */
static int do_wait_file(int n, char **args)
{
    struct stat st;

    (void) n;
    while (lstat(args[0], &st) < 0)
        usleep(5000);
    return say_result("wait-file", 0);
}

const struct action probe_file_actions[] = {
    { "write", 1, do_write },
    { "read", 1, do_read },
    { "stat", 1, do_stat },
    { "statfs", 1, do_statfs },
    { "list", 1, do_list },
    { "readlink", 1, do_readlink },
    { "open", 1, do_open },
    { "mkdir", 1, do_mkdir },
    { "unlink", 1, do_unlink },
    { "chmod", 2, do_chmod },
    { "chown", 3, do_chown },
    { "symlink", 2, do_symlink },
    { "open-mknod", 4, do_open_mknod },
    { "mount", 4, do_mount },
    { "umount", 1, do_umount },
    { "chdir", 1, do_chdir },
    { "exists", 1, do_exists },
    { "wait-file", 1, do_wait_file },
    { NULL, 0, NULL },
};
