/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * criu_request.h - what checkpoint and restore have in common: the caller's options, the directories, and the
 * talk with CRIU.
 */
#ifndef OCIRT_ENGINE_CRIU_REQUEST_H
#define OCIRT_ENGINE_CRIU_REQUEST_H

#include "engine/context.h"
#include "engine/criu_images.h"
#include "host/criu.h"

struct criu_request {
    const struct ocirt *ocirt;
    struct ocirt_checkpoint_options options;
    struct criu_images images;
    struct host_criu criu;
    char *page_server; /* its address; NULL: none */
    uint32_t page_server_port;
    int empty; /* CLONE_NEW* whose content is left out */
    int config_fd;
    int inherited[8]; /* descriptors that CRIU gets */
    size_t n_inherited;

    /*
     * Called for each step that CRIU announces, in the thread that asked it; PID is that of the restored
     * process, or 0.  An error ends the request.  NULL: nothing is of interest.
     */
    int (*notify)(void *data, const char *action, pid_t pid, struct err *err);
    void *data;
};

#define CRIU_REQUEST_INIT \
    { \
        .images = CRIU_IMAGES_INIT, .config_fd = -1 \
    }

/* Takes the options and checks them; needs nothing of the host. */
int criu_request_init(struct criu_request *q, const struct ocirt *ocirt,
                      const struct ocirt_checkpoint_options *options, struct err *err);

/* Only root of the initial user namespace can ask CRIU for a container. */
int criu_request_allowed(const struct plan *plan, struct err *err);

/* Opens the directories and CRIU, and tells it of the options of both commands.  LOG: the name of its log. */
int criu_request_open(struct criu_request *q, const struct plan *plan, bool make_images, const char *log,
                      struct err *err);

/* The directories again, in the mount namespace that the calling thread is in now. */
int criu_request_reopen(struct criu_request *q, struct err *err);

/* CRIU and the kernel must have what --pre-dump, --parent-path and --lazy-pages need. */
int criu_request_check_features(struct criu_request *q, bool mem_track, bool lazy_pages, struct err *err);

/* CRIU gets a copy of FD, as what the images call KEY. */
int criu_request_inherit(struct criu_request *q, int fd, const char *key, struct err *err);

/*
 * Asks for one of the library's requests: RUN returns a negative number on failure.  WHAT it does, for the
 * error.  Returns what RUN did, or a negative errno.
 */
int criu_request_run(struct criu_request *q, int (*run)(void *opts), const char *what, struct err *err);

void criu_request_done(struct criu_request *q);

#endif
