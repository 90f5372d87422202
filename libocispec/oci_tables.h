/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * oci_tables.h - the short words that the tables of oci_*.c are written in.
 *
 * F(user, uid, "uid") says: the property "uid" fills uid of struct oci_user.
 */
#ifndef OCIRT_OCI_TABLES_H
#define OCIRT_OCI_TABLES_H

#include "json.h"

/* clang-format off */
#define REQ JSON_REQUIRED

#define FIELDS(s)                       static const struct json_field s##_fields[]
#define F(s, m, json, ...)              JSON_FIELD(struct oci_##s, m, json, __VA_ARGS__)
#define CHOICE(s, m, json, words, ...) \
    JSON_FIELD_OF(struct oci_##s, m, json, JSON_CHOICE, &words, __VA_ARGS__)
#define OBJ(s, m, json, t, ...) \
    JSON_FIELD_OF(struct oci_##s, m, json, JSON_OBJECT, &oci_##t##_type, __VA_ARGS__)
#define OBJS(s, m, json, t, ...) \
    JSON_FIELD_OF(struct oci_##s, m, json, JSON_OBJECTS, &oci_##t##_type, __VA_ARGS__)
#define DICT(s, m, json, t)             JSON_FIELD_OF(struct oci_##s, m, json, JSON_DICT, &oci_##t##_type, 0)

/* The type of a table whose fields fill struct oci_S. */
#define TYPE_OF(link, t, s, k)                                                                  \
    _Static_assert(sizeof t##_fields / sizeof *t##_fields <= 64, "one bit a field");            \
    link const struct json_type oci_##t##_type = {                                              \
        .size = sizeof(struct oci_##s), .n_fields = sizeof t##_fields / sizeof *t##_fields,     \
        .fields = t##_fields, .key = k }
#define TYPE(s)                         TYPE_OF(static, s, s, 0)
#define KEYED_TYPE(s)                   TYPE_OF(static, s, s, offsetof(struct oci_##s, key))
#define PUBLIC_TYPE(s)                  TYPE_OF(, s, s, 0)

/* A set of words, indexed by its enum. */
#define WORDS(name, ...)                                                                        \
    static const char *const name##_v[] = { __VA_ARGS__ };                                      \
    const struct json_words name = { .v = name##_v, .n = sizeof name##_v / sizeof *name##_v }
/* clang-format on */

/* Choices are stored as unsigned int. */
_Static_assert(sizeof(enum { OCI_ENUM_SIZE }) == sizeof(unsigned), "enums of another size than int");

#endif
