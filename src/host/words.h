/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * words.h - the words that engines look for in our errors.
 *
 * Engines have no error codes to go by: they search the text.  Whoever changes
 * a word here breaks the engine named beside it, silently.  The words are also
 * those that runc prints, since most engines were written against it.
 */
#ifndef OCIRT_HOST_WORDS_H
#define OCIRT_HOST_WORDS_H

/*
 * containerd's shim (kill, delete) and go-runc: "does not exist" is "no such container", and no error of
 * delete.
 */
#define WORDS_NOT_FOUND "container does not exist"

/* containerd's shim (kill) wants one of the two, CRI-O (case-sensitively) one of the two: always say both. */
#define WORDS_NOT_RUNNING "container not running: no such process"

/* Nobody matches these by code, but users and test suites of runc (and callers of go-runc) know them. */
#define WORDS_EXISTS        "container with given ID already exists"
#define WORDS_INVALID_ID    "invalid container ID format"
#define WORDS_EMPTY_ID      "container id cannot be empty"
#define WORDS_PAUSED        "container paused"
#define WORDS_NOT_PAUSED    "container not paused"
#define WORDS_STILL_RUNNING "container still running"
#define WORDS_NOT_STOPPED   "cannot delete container %s that is not stopped: %s"
#define WORDS_START_STOPPED "cannot start a container that has stopped"
#define WORDS_START_RUNNING "cannot start an already running container"
#define WORDS_EXEC_STOPPED  "cannot exec in a stopped container"
#define WORDS_EXEC_PAUSED   "cannot exec in a paused container (use --ignore-paused to override)"

/*
 * podman (127; case-insensitive), moby (127; lower-cased): the program is not there.  podman tests for
 * "permission denied" and "operation not permitted" first: never let these stand in the same message.
 */
#define WORDS_NOT_IN_PATH  "executable file not found in $PATH: no such file or directory"
#define WORDS_NO_SUCH_FILE "no such file or directory"

/* podman and moby (126; lower-cased). */
#define WORDS_PERMISSION   "permission denied"
#define WORDS_IS_DIRECTORY "is a directory"

/* podman: a failed write of an LSM label is told with the path in backquotes ("`/proc/self/attr/exec`"). */
#define WORDS_LSM_PATH "`/proc/thread-self/attr/%s`"

/* podman probes `restore --lsm-mount-context` without a value for this. */
#define WORDS_NEEDS_ARGUMENT "flag needs an argument: it requires an argument"

#endif
