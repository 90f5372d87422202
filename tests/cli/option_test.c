/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* option_test.c - every way to write an option, and where its value goes. */
#include "src/cli/option.c"
#include "src/cli/out.c"
#include "src/cli/value.c"

#include "tests/spec/tap.h"

struct values {
    const char *bundle, *format, *groups;
    char *const *env;
    unsigned fds, interval;
    int status_fd;
    bool detach, keep;
};

/* clang-format off */
static const struct cli_option first[] = {
    { CLI_INTO(struct values, bundle), 'b', "bundle", "DIR", "" },
    { CLI_INTO(struct values, format), 0, "format", "table|json", "" },
    { CLI_INTO(struct values, env), 'e', "env", "NAME=VALUE", "" },
    CLI_END,
};
static const struct cli_option second[] = {
    { CLI_INTO_AS(struct values, groups, CLI_JOINED), 'g', "groups", "GID", "" },
    { CLI_INTO(struct values, fds), 0, "fds", "N", "" },
    { CLI_INTO(struct values, status_fd), 0, "status-fd", "N", "" },
    { CLI_INTO_AS(struct values, interval, CLI_DURATION), 0, "interval", "TIME", "" },
    { CLI_INTO(struct values, detach), 'd', "detach", NULL, "" },
    { CLI_INTO(struct values, keep), 'k', "keep-it", NULL, "" },
    CLI_END,
};
/* clang-format on */

static const struct cli_option *const tables[CLI_TABLES] = { first, second };

#define MOST 16

struct parsed {
    struct values values;
    char *words[MOST];
    struct cli_parsed found;
    struct cli_out fault;
    int result;
};

static struct parsed parse(const char *in_order, const char *const *words)
{
    struct parsed p = { 0 };

    for (size_t i = 0; words[i] && i < MOST - 1; i++)
        p.words[i] = (char *) (uintptr_t) words[i];
    p.result = cli_option_parse(tables, &p.values, p.words, in_order, &p.found, &p.fault);
    return p;
}

#define WORDS(...) ((const char *const[]){ __VA_ARGS__, NULL })

static void done(struct parsed *p)
{
    cli_option_done(tables, &p->values);
    cli_out_done(&p->fault);
}

static void spellings_of_a_value(void)
{
    static const char *const ways[][4] = {
        { "--bundle", "/b", NULL }, { "--bundle=/b", NULL }, { "-bundle", "/b", NULL },
        { "-bundle=/b", NULL },     { "-b", "/b", NULL },    { "-b/b", NULL },
        { "-b=/b", NULL },          { "-db", "/b", NULL },   { "--bundle", "/x", "-b/b", NULL },
    };

    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        struct parsed p = parse(NULL, ways[i]);

        check(p.result == 0 && p.found.n == 0, "%s is taken", ways[i][0]);
        check_text(p.values.bundle, "/b", "  its value is /b");
        done(&p);
    }
    struct parsed p = parse(NULL, WORDS("--bundle="));
    check_text(p.values.bundle, "", "--bundle= is the empty word");
    done(&p);
    p = parse(NULL, WORDS("--bundle", "--detach"));
    check_text(p.values.bundle, "--detach", "a value may look like an option");
    done(&p);
}

static void spellings_of_a_flag(void)
{
    static const struct {
        const char *word;
        bool want;
    } ways[] = { { "--keep-it", true },   { "-keep-it", true },         { "-k", true },
                 { "-dk", true },         { "--keep-it=true", true },   { "-k=1", true },
                 { "--keep-it=T", true }, { "--keep-it=false", false }, { "-keep-it=False", false },
                 { "--keep-it=0", false } };

    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        struct parsed p = parse(NULL, WORDS(ways[i].word, "ID"));

        check(p.result == 0 && p.values.keep == ways[i].want && p.found.n == 1, "%s is %s", ways[i].word,
              ways[i].want ? "true" : "false");
        done(&p);
    }
}

static void kinds(void)
{
    struct parsed p = parse(NULL, WORDS("-e", "A=1", "--env=B=2,3", "-g1", "--groups", "2", "--fds", "3",
                                        "--status-fd=4", "--interval", "1m30s"));

    check(p.result == 0, "all kinds of values: %s", p.fault.s ? p.fault.s : "");
    check_text(p.values.env[0], "A=1", "a list has the first");
    check_text(p.values.env[1], "B=2,3", "and the second, which is not broken at commas");
    check(p.values.env[2] == NULL, "and ends");
    check_text(p.values.groups, "1,2", "groups are joined");
    check_number(p.values.fds, 3, "a number");
    check_number(p.values.status_fd, 4, "a number that is an int");
    check_number(p.values.interval, 90000, "milliseconds");
    done(&p);
}

static void order(void)
{
    struct parsed p = parse(NULL, WORDS("ID", "--detach", "second", "--", "--keep-it"));

    check(p.found.n == 3 && p.values.detach && !p.values.keep,
          "options are found behind arguments, up to --");
    check_text(p.words[2], "--keep-it", "what follows -- is an argument");
    check(p.words[3] == NULL, "the arguments end");
    done(&p);
    p = parse(CLI_ALWAYS, WORDS("--detach", "ID", "ls", "--keep-it", "--", "-l"));
    check(p.found.n == 5 && p.values.detach && !p.values.keep,
          "in order: the first argument ends the options");
    check_text(p.words[3], "--", "and what follows is as it was");
    done(&p);
    p = parse(NULL, WORDS("-", "ID"));
    check(p.found.n == 2, "- is an argument");
    done(&p);
    p = parse(CLI_ALWAYS, WORDS("--help", "--detach"));
    check(p.result == 0 && p.found.help, "--help is found");
    done(&p);
    p = parse(CLI_ALWAYS, WORDS("-?"));
    check(p.result == 0 && p.found.help, "-? is --help");
    done(&p);
}

static void faults(void)
{
    static const struct {
        const char *words[2];
        const char *fault;
    } rows[] = {
        { { "--bundle" }, "flag needs an argument: --bundle" },
        { { "-b" }, "flag needs an argument: -b" },
        { { "-bundle" }, "flag needs an argument: -bundle" },
        { { "--frob" }, "unknown option: --frob" },
        { { "--frob=1" }, "unknown option: --frob" },
        { { "-x" }, "unknown option: -x" },
        { { "-dx" }, "unknown option: -x" },
        { { "--bundl" }, "unknown option: --bundl" },
        { { "--format", "xml" }, "invalid format: xml (table|json)" },
        { { "--format=tab" }, "invalid format: tab (table|json)" },
        { { "--format=" }, "invalid format: \"\" (table|json)" },
        { { "--detach=maybe" }, "invalid detach: maybe (true|false)" },
        { { "--fds", "-1" }, "invalid fds: -1 (a whole number is wanted)" },
        { { "--fds", "3x" }, "invalid fds: 3x (a whole number is wanted)" },
        { { "--fds", "4294967296" }, "invalid fds: 4294967296 (a whole number is wanted)" },
        { { "--interval", "0s" }, "invalid interval: 0s (a time like 5s or 500ms is wanted)" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct parsed p = parse(NULL, WORDS(rows[i].words[0], rows[i].words[1]));

        check_number(p.result, -EINVAL, rows[i].fault);
        check_text(p.fault.s, rows[i].fault, "  is what it says");
        done(&p);
    }
}

static void durations(void)
{
    static const struct {
        const char *text;
        int r;
        unsigned ms;
    } rows[] = {
        { "5s", 0, 5000 },         { "500ms", 0, 500 },
        { "5", 0, 5000 },          { "1.5h", 0, 5400000 },
        { "1us", 0, 1 },           { "1m30.5s", 0, 90500 },
        { "0.0001ms", 0, 1 },      { "", -EINVAL, 0 },
        { "s", -EINVAL, 0 },       { "0s", -EINVAL, 0 },
        { "-5s", -EINVAL, 0 },     { "5 s", -EINVAL, 0 },
        { "5x", -EINVAL, 0 },      { "1m30", -EINVAL, 0 },
        { "999999h", -ERANGE, 0 }, { "99999999999999999999s", -ERANGE, 0 },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        unsigned ms = 0;
        int r = cli_value_duration(rows[i].text, &ms);

        check(r == rows[i].r && ms == rows[i].ms, "duration \"%s\": %d, %u ms", rows[i].text, r, ms);
    }
}

static void sizes(void)
{
    static const struct {
        const char *text;
        int r;
        int64_t bytes;
    } rows[] = {
        { "0", 0, 0 },
        { "4096", 0, 4096 },
        { "512k", 0, 524288 },
        { "512K", 0, 524288 },
        { "1m", 0, 1048576 },
        { "1.5GiB", 0, 1610612736 },
        { "2gb", 0, 2147483648 },
        { "1 g", 0, 1073741824 },
        { "7b", 0, 7 },
        { "-1", 0, -1 },
        { "-2", -EINVAL, 0 },
        { "k", -EINVAL, 0 },
        { "1kk", -EINVAL, 0 },
        { "1ib", -EINVAL, 0 },
        { "9000p", -ERANGE, 0 },
        { "", -EINVAL, 0 },
        { "0x10", -EINVAL, 0 },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int64_t bytes = 0;
        int r = cli_value_size(rows[i].text, &bytes);

        check(r == rows[i].r && bytes == rows[i].bytes, "size \"%s\": %d, %lld", rows[i].text, r,
              (long long) bytes);
    }
}

static void strings(void)
{
    struct cli_out out = { 0 };

    cli_out_json(&out, "a\"\\\n\x7f \xc3\xa4 \xff \xc3 \xed\xa0\x80 \xf0\x9f\x98\x80");
    check_text(out.s,
               "\"a\\\"\\\\\\u000a\\u007f \xc3\xa4 \\ufffd \\ufffd \\ufffd\\ufffd\\ufffd \xf0\x9f\x98\x80\"",
               "a JSON string is UTF-8 whatever the bytes were");
    cli_out_done(&out);
    cli_out_printable(&out, "one\n\033[31mtwo \xc3\xa4");
    check_text(out.s, "one\\x0a\\x1b[31mtwo \xc3\xa4", "control characters do not reach the terminal");
    cli_out_done(&out);
}

int main(void)
{
    spellings_of_a_value();
    spellings_of_a_flag();
    kinds();
    order();
    faults();
    durations();
    sizes();
    strings();
    return tap_done();
}
