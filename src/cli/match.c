/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * match.c - kill --regex and delete --regex: the same to each container whose id matches.
 *
 * The ids are gathered first: what is done to one changes the directory that
 * is being listed.
 */
#include "cli/match.h"

#include <regex.h>
#include <string.h>

struct match {
    regex_t regex;
    bool (*wanted)(const struct ocirt_container *container);
    struct cli_out ids; /* each with its NUL */
};

static int gather(void *context, const struct ocirt_container *container)
{
    struct match *match = context;

    if (match->wanted && !match->wanted(container))
        return 0;
    if (regexec(&match->regex, container->id, 0, NULL, 0) == 0)
        cli_out_put(&match->ids, container->id, strlen(container->id) + 1);
    return 0;
}

static int compile(struct cli *cli, regex_t *regex, const char *pattern)
{
    char words[128];
    int r = regcomp(regex, pattern, REG_EXTENDED | REG_NOSUB);

    if (r == 0)
        return 0;
    (void) regerror(r, regex, words, sizeof words);
    cli_log_usage(&cli->log, NULL, "invalid regular expression \"%s\": %s", pattern, words);
    return -1;
}

static int each(struct cli *cli, const struct match *match,
                int (*do_it)(struct cli *cli, const char *id, const void *values), const void *values)
{
    int status = 0;

    for (size_t at = 0; at < match->ids.n; at += strlen(match->ids.s + at) + 1)
        status |= do_it(cli, match->ids.s + at, values);
    return status;
}

int cli_match_each(struct cli *cli, const char *pattern,
                   bool (*wanted)(const struct ocirt_container *container),
                   int (*do_it)(struct cli *cli, const char *id, const void *values), const void *values)
{
    struct match match = { .wanted = wanted };
    struct ocirt_error *error = NULL;

    if (compile(cli, &match.regex, pattern) < 0)
        return 1;
    int r = ocirt_list(cli->ocirt, gather, &match, &error);
    int status = r < 0 ? cli_result(cli, r, error) : each(cli, &match, do_it, values);
    cli_out_done(&match.ids);
    regfree(&match.regex);
    return status;
}
