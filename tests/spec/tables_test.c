/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The tables themselves.  With arguments this is the tool of the scripts beside it:
 *
 *   tables_test paths ROOT         each property: path, kind, "required", and the words of a choice
 *   tables_test read ROOT FILE     reads a text, prints the error; properties that are unknown go to stderr
 *   tables_test write ROOT FILE    reads it and prints it again; "compact" does so on one line
 */
#include "libocispec/json.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "libocispec/oci_features.h"
#include "libocispec/oci_spec.h"
#include "libocispec/oci_state.h"

#include "tap.h"

static const struct {
    const char *name;
    const struct json_type *type;
} roots[] = {
    { "config", &oci_spec_type },
    { "process", &oci_process_type },
    { "resources", &oci_resources_type },
    { "seccomp", &oci_seccomp_type },
    { "features", &oci_features_type },
    { "state", &oci_state_type },
    { "container_process_state", &oci_container_process_state_type },
};

/* ---- each table ---------------------------------------------------------------------------------------- */

static bool names_differ(const struct json_type *type)
{
    for (size_t i = 0; i < type->n_fields; i++)
        for (size_t j = 0; j < i; j++)
            if (!strcmp(type->fields[i].name, type->fields[j].name))
                return false;
    return true;
}

static bool members_differ(const struct json_type *type)
{
    for (size_t i = 0; i < type->n_fields; i++)
        for (size_t j = 0; j < i; j++)
            if (type->fields[i].offset == type->fields[j].offset && type->fields[i].kind != JSON_ELSEWHERE)
                return false;
    return true;
}

static bool members_are_inside(const struct json_type *type)
{
    for (size_t i = 0; i < type->n_fields; i++) {
        const struct json_field *f = &type->fields[i];

        if (strlen(f->name) != f->length)
            return false;
        if (f->kind != JSON_ELSEWHERE && (f->offset < sizeof(struct json_node) || f->offset >= type->size))
            return false;
    }
    return true;
}

static bool is_container(enum json_kind kind)
{
    return kind == JSON_OBJECT || kind == JSON_OBJECTS || kind == JSON_DICT;
}

static bool targets_fit(const struct json_type *type)
{
    for (size_t i = 0; i < type->n_fields; i++) {
        const struct json_field *f = &type->fields[i];
        const struct json_type *of = f->of;

        if ((is_container(f->kind) || f->kind == JSON_CHOICE) != (f->of != NULL))
            return false;
        if (f->kind == JSON_DICT && of->key < sizeof(struct json_node))
            return false;
    }
    return true;
}

static bool words_differ(const struct json_words *words)
{
    if (words->n < 2 || words->v[0])
        return false;
    for (size_t i = 1; i < words->n; i++)
        for (size_t j = 1; j < i; j++)
            if (words->v[i] && words->v[j] && !strcmp(words->v[i], words->v[j]))
                return false;
    return words->v[words->n - 1] != NULL;
}

static void check_table(const struct json_type *type, const char *path, unsigned depth)
{
    check(type->n_fields && type->n_fields <= 64 && names_differ(type) && members_differ(type) &&
              members_are_inside(type) && targets_fit(type),
          "the table of %s", path);
    check(depth <= 10, "%s is nested less deeply than the reader's stack", path);
    for (size_t i = 0; i < type->n_fields; i++) {
        const struct json_field *f = &type->fields[i];
        char below[256];

        snprintf(below, sizeof below, "%s.%s", path, f->name);
        if (f->kind == JSON_CHOICE)
            check(words_differ(f->of), "the words of %s", below);
        if (is_container(f->kind))
            check_table(f->of, below, depth + 1 + (f->kind != JSON_OBJECT));
    }
}

/* ---- the tool ------------------------------------------------------------------------------------------ */

static const char *const kinds[] = {
    [JSON_BOOL] = "bool",       [JSON_U16] = "uint16",      [JSON_I32] = "int32",
    [JSON_U32] = "uint32",      [JSON_I64] = "int64",       [JSON_U64] = "uint64",
    [JSON_STRING] = "string",   [JSON_STRINGS] = "strings", [JSON_NUMBERS] = "uint32s",
    [JSON_MAP] = "map",         [JSON_CHOICE] = "choice",   [JSON_OBJECT] = "object",
    [JSON_OBJECTS] = "objects", [JSON_DICT] = "dict",       [JSON_ELSEWHERE] = "elsewhere",
};

static void print_words(const struct json_words *words)
{
    for (size_t i = 1; i < words->n; i++)
        if (words->v[i])
            printf(" %s", words->v[i]);
}

static void print_paths(const struct json_type *type, const char *prefix)
{
    for (size_t i = 0; i < type->n_fields; i++) {
        const struct json_field *f = &type->fields[i];
        char below[256];

        printf("%s%s %s%s", prefix, f->name, kinds[f->kind], f->flags & JSON_REQUIRED ? " required" : "");
        if (f->kind == JSON_CHOICE)
            print_words(f->of);
        printf("\n");
        snprintf(below, sizeof below, "%s%s%s.", prefix, f->name,
                 f->kind == JSON_OBJECTS ? "[]"
                 : f->kind == JSON_DICT  ? "{}"
                                         : "");
        if (is_container(f->kind))
            print_paths(f->of, below);
    }
}

static void tell(void *data, const struct json_unknown *u)
{
    fprintf(data, "%u:%u: %s: %s%s%s\n", u->line, u->column, u->path,
            u->elsewhere ? "for other platforms" : "unknown", u->nearest ? ", did you mean " : "",
            u->nearest ? u->nearest : "");
}

static int read_file(const char *command, const struct json_type *type, const char *path)
{
    autoarena struct arena arena = { 0 };
    const char *slash = strrchr(path, '/');
    int fd = open(path, O_RDONLY | O_CLOEXEC), r;
    struct json_node *root = json_new(&arena, type);
    struct json_watch watch = { tell, stderr };
    struct json_error err;
    char *text;
    size_t len;

    if (!root || fd < 0 || json_slurp(fd, &arena, &text, &len) < 0) {
        perror(path);
        return 2;
    }
    close(fd);
    r = json_read_watched(type, root, slash ? slash + 1 : path, text, len, &arena, &watch, &err);
    if (r < 0) {
        puts(err.text);
        return 1;
    }
    if (!strcmp(command, "read"))
        return 0;
    return json_write(root, strcmp(command, "compact") ? JSON_PRETTY : JSON_COMPACT, stdout) ? 3 : 0;
}

int main(int argc, char **argv)
{
    for (size_t i = 0; i < sizeof roots / sizeof *roots; i++) {
        if (argc < 2) {
            check_table(roots[i].type, roots[i].name, 1);
        } else if (argc == 3 && !strcmp(argv[1], "paths") && !strcmp(argv[2], roots[i].name)) {
            print_paths(roots[i].type, "");
            return 0;
        } else if (argc == 4 && !strcmp(argv[2], roots[i].name)) {
            return read_file(argv[1], roots[i].type, argv[3]);
        }
    }
    if (argc < 2)
        return tap_done();
    fprintf(stderr, "usage: tables_test [paths ROOT | read|write|compact ROOT FILE]\n");
    return 2;
}
