/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * network.c - the thread that makes a network namespace.
 */
#include "host/network.h"

#include <errno.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "base/fd.h"
#include "base/sys.h"

enum { STACK_SIZE = 128 << 10 };

/*
 * ThreadSanitizer takes locks of its own in whatever is called, and a child made by clone3(2) while another
 * thread has one of them waits for ever.  The libcs have none in what our children call.
 */
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define __SANITIZE_THREAD__ 1
#endif
#endif
#ifdef __SANITIZE_THREAD__
static const bool hangs_in_children = true;
#else
static const bool hangs_in_children = false;
#endif

static int set_up_loopback(int socket_fd)
{
    struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP };

    return ioctl(socket_fd, SIOCSIFFLAGS, &request) < 0 ? -errno : 0;
}

/*
 * A descriptor of the namespace without procfs: a socket tells in which one it was made (SIOCGSKNS, Linux
 * 4.9, which no man page has).
 */
static int make(struct host_network *n)
{
    int type = SOCK_DGRAM | SOCK_CLOEXEC, r = sys_unshare(CLONE_NEWNET);

    if (r < 0)
        return r;
    autoclose int socket_fd = socket(AF_INET, type, 0);
    if (socket_fd < 0 && errno == EAFNOSUPPORT) { /* no IPv4: no loopback address to offer */
        n->set_loopback = false;
        socket_fd = socket(AF_UNIX, type, 0);
    }
    if (socket_fd < 0)
        return -errno;
    if (n->set_loopback)
        r = set_up_loopback(socket_fd);
    n->loopback_failed = r < 0;
    if (r < 0)
        return r;
    r = ioctl(socket_fd, SIOCGSKNS); /* the kernel makes it close-on-exec */
    return r < 0 ? -errno : r;
}

static void *work(void *context)
{
    struct host_network *n = context;

    n->fd = make(n);
    return NULL;
}

/* The signals of the program are not for this thread. */
static int begin_thread(struct host_network *n, const pthread_attr_t *attributes)
{
    sigset_t all, before;
    int r;

    sigfillset(&all);
    r = pthread_sigmask(SIG_SETMASK, &all, &before);
    if (r)
        return -r;
    r = pthread_create(&n->thread, attributes, work, n);
    (void) pthread_sigmask(SIG_SETMASK, &before, NULL);
    return -r;
}

int host_network_begin(struct host_network *n, bool loopback)
{
    pthread_attr_t attributes;
    int r;

    *n = (struct host_network){ .set_loopback = loopback, .fd = -EBADF };
    r = hangs_in_children ? -ENOSYS : -pthread_attr_init(&attributes);
    if (r < 0)
        return r;
    r = -pthread_attr_setstacksize(&attributes, STACK_SIZE);
    if (r == 0) /* make() goes no deeper than a few calls */
        r = -pthread_attr_setguardsize(&attributes, 0);
    if (r == 0)
        r = begin_thread(n, &attributes);
    (void) pthread_attr_destroy(&attributes);
    n->at_work = r == 0;
    return r;
}

int host_network_end(struct host_network *n)
{
    int fd = -EBADF;

    if (!n->at_work)
        return fd;
    n->at_work = false;
    if (pthread_join(n->thread, NULL) == 0)
        fd = n->fd;
    n->fd = -EBADF;
    return fd;
}
