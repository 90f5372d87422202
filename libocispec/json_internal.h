/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* json_internal.h - what the files of the JSON layer share among themselves. */
#ifndef OCIRT_JSON_INTERNAL_H
#define OCIRT_JSON_INTERNAL_H

#include "json.h"

/* What every JSON_LIST, json_strings, json_numbers and json_map looks like. */
struct json_list {
    void *v;
    size_t n;
};

/*
 * The first place in the text that is not UTF-8, or an escape that is half a
 * surrogate pair: LEN if there is none, else *RET_WHY is set.
 */
size_t json_find_bad_unicode(const char *text, size_t len, const char **ret_why);

/* Length of the UTF-8 sequence that begins at S, of N > 0 bytes; 0 if there is no valid one. */
size_t json_utf8_length(const char *s, size_t n);

/* Appends S so that it can't spoil a line of a terminal or a log: escaped as in JSON, cut at MAX bytes. */
void json_text_put_shown(struct json_text *text, const char *s, size_t n, size_t max);

/* Appends the path of NODE: "" for the document. */
void json_text_put_path(struct json_text *text, const struct json_node *node);
void json_text_put_step(struct json_text *text, const char *name); /* ".name", or "name" at its beginning */
void json_text_put_key(struct json_text *text, const char *key);   /* ["key"] */

/*
 * Where in the text of a token that ends before END it begins: a string (at its quote), a number or a word.
 */
size_t json_token_start(const char *text, size_t end);

/* The name of an element of a JSON_DICT. */
char *json_dict_key(const struct json_type *type, const void *object);

/* Which of the fields of TYPE is called S; -1 if none. */
int json_field_find(const struct json_type *type, const char *s, size_t len);

#endif
