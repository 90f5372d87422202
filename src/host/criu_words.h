/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * criu_words.h - words of checkpoint and restore as CRIU's library knows them, and what its log says.
 *
 * Pure: nothing is read or written.
 */
#ifndef OCIRT_HOST_CRIU_WORDS_H
#define OCIRT_HOST_CRIU_WORDS_H

#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

/* "soft" (also NULL: what runc and crun take), "full", "strict", "ignore".  -EINVAL. */
int host_criu_cgroup_mode(const char *word);

/* "iptables", "nftables", "skip".  -EINVAL. */
int host_criu_network_lock(const char *word);

/* CLONE_NEW* of a namespace whose content can be left out: "network".  -EINVAL. */
int host_criu_empty_namespace(const char *word);

/*
 * "ADDRESS:PORT", the address of IPv6 in brackets: the address into *RET_ADDRESS (for free(3)).  0,
 * -EINVAL or -ENOMEM.
 */
int host_criu_page_server(const char *text, char **ret_address, uint32_t *ret_port);

/*
 * Adds to OUT the first error of a log of N bytes, which mostly is the reason, and the last two, without
 * times and places in CRIU's source, with "; " between them; not those that tell only that it failed, or
 * that a program was looked for.
 */
void host_criu_log_errors(const char *log, size_t n, struct text *out);

#endif
