/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* json_path.c - presence of members, and the places in the text that they came from. */
#include "json_internal.h"

#include <assert.h>
#include <string.h>

/* ---- members ------------------------------------------------------------------------------------------- */

static bool is_node_itself(size_t offset)
{
    return offset == 0 || offset == JSON_NO_MEMBER;
}

/* Index of the field that fills the member at OFFSET; -1 if there is none. */
static int field_index(const struct json_node *node, size_t offset)
{
    for (size_t i = 0; node->type && i < node->type->n_fields; i++)
        if (node->type->fields[i].offset == offset)
            return (int) i;
    return -1;
}

bool json_has_member(const struct json_node *node, size_t offset)
{
    int i = field_index(node, offset);

    return i >= 0 && node->given >> i & 1;
}

void json_mark_member(struct json_node *node, size_t offset, bool given)
{
    int i = field_index(node, offset);

    assert(i >= 0);
    if (i < 0)
        return;
    node->given = (node->given & ~(UINT64_C(1) << i)) | (uint64_t) given << i;
}

uint32_t json_member_offset(const struct json_node *node, size_t offset)
{
    int i = field_index(node, offset);

    if (is_node_itself(offset))
        return node->start;
    return i >= 0 && node->at ? node->at[i] : 0;
}

/* ---- paths --------------------------------------------------------------------------------------------- */

void json_text_put_step(struct json_text *text, const char *name)
{
    if (text->n)
        json_text_put(text, ".", 1);
    json_text_puts(text, name);
}

void json_text_put_key(struct json_text *text, const char *key)
{
    json_text_puts(text, "[");
    json_text_put_string(text, key, strlen(key));
    json_text_puts(text, "]");
}

char *json_dict_key(const struct json_type *type, const void *object)
{
    char *key;

    memcpy(&key, (const char *) object + type->key, sizeof key);
    return key;
}

void json_text_put_path(struct json_text *text, const struct json_node *node)
{
    if (!node->up)
        return;

    const struct json_field *f = &node->up->type->fields[node->via];

    json_text_put_path(text, node->up);
    json_text_put_step(text, f->name);
    if (f->kind == JSON_OBJECTS)
        json_text_printf(text, "[%u]", (unsigned) node->index);
    else if (f->kind == JSON_DICT)
        json_text_put_key(text, json_dict_key(node->type, node));
}

static void put_member_path(struct json_text *text, const struct json_node *node, size_t offset)
{
    int i = field_index(node, offset);

    json_text_put_path(text, node);
    if (i >= 0)
        json_text_put_step(text, node->type->fields[i].name);
}

size_t json_member_path(char *buf, size_t size, const struct json_node *node, size_t offset)
{
    struct json_text text = { 0 };

    put_member_path(&text, node, offset);

    size_t n = text.n;

    if (size) {
        size_t copied = n < size ? n : size - 1;

        if (copied)
            memcpy(buf, text.v, copied);
        buf[copied] = '\0';
    }
    json_text_free(&text);
    return n;
}

char *json_member_path_in(struct arena *arena, const struct json_node *node, size_t offset)
{
    struct json_text text = { 0 };

    put_member_path(&text, node, offset);

    char *path = text.failed ? NULL : arena_strndup(arena, text.v, text.n);

    json_text_free(&text);
    return path;
}

/* ---- places in the text -------------------------------------------------------------------------------- */

unsigned json_line(const char *text, size_t offset)
{
    unsigned line = 1;

    for (size_t i = 0; i < offset; i++)
        line += text[i] == '\n';
    return line;
}

unsigned json_column(const char *text, size_t offset)
{
    unsigned column = 1;

    for (size_t i = offset; i > 0 && text[i - 1] != '\n'; i--)
        column += ((unsigned char) text[i - 1] & 0xc0) != 0x80;
    return column;
}

/* A quote in a string is escaped, and the one that begins it is not. */
static size_t string_start(const char *text, size_t end)
{
    size_t i = end - 1;

    while (i > 0) {
        size_t slashes = 0;

        i--;
        while (slashes < i && text[i - 1 - slashes] == '\\')
            slashes++;
        if (text[i] == '"' && slashes % 2 == 0)
            break;
    }
    return i;
}

static bool is_word(char c)
{
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '+' || c == '-' ||
           c == '.';
}

size_t json_token_start(const char *text, size_t end)
{
    if (!end)
        return 0;
    if (text[end - 1] == '"')
        return string_start(text, end);

    size_t i = end - 1;

    while (is_word(text[i]) && i > 0 && is_word(text[i - 1]))
        i--;
    return i;
}

static const char *skip_string(const char *s)
{
    for (s++; *s && *s != '"'; s++)
        if (*s == '\\' && s[1])
            s++;
    return *s ? s + 1 : s;
}

size_t json_element_offset(const char *text, size_t offset, size_t index)
{
    const char *s = text + offset;
    size_t depth = 0;

    if (*s != '[' && *s != '{')
        return offset;
    for (s++; *s && index; s++) {
        if (*s == '"')
            s = skip_string(s) - 1;
        else if (*s == '[' || *s == '{')
            depth++;
        else if (*s == ']' || *s == '}')
            depth -= depth > 0;
        else if (*s == ',' && depth == 0)
            index--;
    }
    return (size_t) (s + strspn(s, " \t\r\n") - text);
}
