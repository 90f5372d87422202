/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * default_seccomp.h - the system calls that a container of the default filter may make, as a table.
 */
#ifndef OCIRT_ENGINE_DEFAULT_SECCOMP_H
#define OCIRT_ENGINE_DEFAULT_SECCOMP_H

#include <stdbool.h>
#include <stdint.h>

struct default_seccomp_rule {
    const char *names;      /* of system calls, with a space between; NULL ends the table */
    const char *capability; /* only where the container has it; NULL: always */
    bool lacking;           /* only where it has not */
    uint16_t error;         /* what the call returns; 0: it is allowed */
    bool compares;          /* only if argument ARG, ANDed with MASK, is VALUE */
    uint8_t arg;
    uint64_t mask, value;
};

extern const struct default_seccomp_rule default_seccomp_rules[];

/* The architectures whose programs this processor executes, as config.json names them; NULL ends. */
extern const char *const default_seccomp_architectures[];

#endif
