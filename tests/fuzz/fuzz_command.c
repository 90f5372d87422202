/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fuzz_command.c - any words on the command line of any command: they are understood, or there is a text that
 * says why not.
 *
 * The first byte chooses the command; nothing is run.
 */
#include "cli/cli.h"
#include "tests/fuzz/fuzz.h"

static const struct cli_option *const global[CLI_TABLES] = { cli_global_options };

static void parse(const struct cli_option *const tables[CLI_TABLES], size_t size, const char *in_order,
                  char **words, size_t n)
{
    void *values = calloc(1, size + 1);
    autoout struct cli_out fault = { 0 };
    struct cli_parsed parsed = { 0 };
    int r;

    require(values);
    r = cli_option_parse(tables, values, words, in_order, &parsed, &fault);
    if (r == 0)
        require(parsed.n >= 0 && (size_t) parsed.n <= n && !words[parsed.n]);
    else
        require(fault.n > 0 && strlen(fault.s) == fault.n);
    cli_option_done(tables, values);
    free(values);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    autoarena struct arena arena = { 0 };
    size_t n, commands = 0;
    char **words;

    if (!size)
        return 0;
    while (cli_commands[commands])
        commands++;
    words = fuzz_words(&arena, data + 1, size - 1, &n);
    if (data[0] % (commands + 1) == commands)
        parse(global, sizeof(struct cli_global), CLI_ALWAYS, words, n);
    else
        parse(cli_commands[data[0] % (commands + 1)]->tables, cli_commands[data[0] % (commands + 1)]->size,
              cli_commands[data[0] % (commands + 1)]->in_order, words, n);
    return 0;
}
