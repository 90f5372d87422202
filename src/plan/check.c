/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * check.c - rules that belong to no other file: the version of the specification.
 *
 * "The OCI specification version follows SemVer; a configuration that complies with 1.x is compatible with
 * every runtime that supports that or a later 1.y" (config.md "Specification version"), and with no earlier
 * one.
 */
#include "plan/compile.h"

#include <string.h>

#include "plan/version.h"

/* A number without leading zeros; NULL if there is none at S. */
static const char *number(const char *s, unsigned *ret)
{
    unsigned n = 0;
    size_t digits = strspn(s, "0123456789");

    if (digits == 0 || digits > 6 || (digits > 1 && *s == '0'))
        return NULL;
    for (; digits; digits--)
        n = n * 10 + (unsigned) (*s++ - '0');
    *ret = n;
    return s;
}

/* Dot-separated identifiers of letters, digits and "-", as behind the "-" and the "+". */
static const char *identifiers(const char *s)
{
    for (;; s++) {
        size_t n = strspn(s, "0123456789-abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");

        if (n == 0)
            return NULL;
        s += n;
        if (*s != '.')
            return s;
    }
}

static bool parse(const char *s, unsigned *ret_major, unsigned *ret_minor)
{
    unsigned major, minor, patch;

    if (!(s = number(s, &major)) || *s++ != '.' || !(s = number(s, &minor)) || *s++ != '.' ||
        !(s = number(s, &patch)))
        return false;
    if (*s == '-')
        s = identifiers(s + 1);
    if (s && *s == '+')
        s = identifiers(s + 1);
    if (!s || *s)
        return false;
    *ret_major = major;
    *ret_minor = minor;
    return true;
}

static int check_version(const struct oci_spec *spec, struct err *err)
{
    unsigned major, minor;
    int r;

    if (!parse(spec->oci_version, &major, &minor)) {
        r = ERR_AT(err, spec, oci_version, ERR_CONFIG_VALUE, 0, "\"%s\" is not a version", spec->oci_version);
        err_hint(err, "versions have three numbers: \"%s\"", PLAN_VERSION_MAX);
        return r;
    }
    if (major == PLAN_VERSION_MAJOR && minor <= PLAN_VERSION_MINOR)
        return 0;
    r = ERR_AT(err, spec, oci_version, ERR_UNSUPPORTED, 0, "version %s of the specification is not supported",
               spec->oci_version);
    err_hint(err, "ocirt supports %s to %s", PLAN_VERSION_MIN, PLAN_VERSION_MAX);
    return r;
}

int plan_check(struct plan *plan, struct err *err)
{
    return check_version(plan->spec, err);
}
