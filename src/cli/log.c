/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * log.c - what went wrong, for the person at the terminal and for the engine that reads the log.
 */
#include "cli/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/errno_text.h"
#include "cli/colour.h"
#include "cli/file.h"
#include "cli/log_daemon.h"
#include "cli/out.h"

static const char *const level_names[] = { "error", "warning", "debug" };

/* ---- forms ------------------------------------------------------------------------------------------- */

/* RFC 3339 in UTC: containerd drops the whole log if it can't read a time in it. */
static void add_time(struct cli_out *out)
{
    struct timespec now;
    struct tm tm;

    (void) clock_gettime(CLOCK_REALTIME, &now);
    (void) gmtime_r(&now.tv_sec, &tm);
    cli_out_add(out, "%04d-%02d-%02dT%02d:%02d:%02d.%06ldZ", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday,
                tm.tm_hour, tm.tm_min, tm.tm_sec, now.tv_nsec / 1000);
}

static void add_member(struct cli_out *out, const char *name, const char *value)
{
    if (!value)
        return;
    cli_out_add(out, ",\"%s\":", name);
    cli_out_json(out, value);
}

static void add_json(struct cli_out *out, const struct cli_record *record)
{
    cli_out_add(out, "{\"level\":\"%s\"", level_names[record->level]);
    add_member(out, "msg", record->text);
    cli_out_word(out, ",\"time\":\"");
    add_time(out);
    cli_out_word(out, "\"");
    add_member(out, "code", record->code);
    add_member(out, "property", record->property);
    if (record->line > 0)
        cli_out_add(out, ",\"line\":%u", record->line);
    add_member(out, "hint", record->hint);
    cli_out_word(out, "}\n");
}

/* The form of logrus, which those who read runc's logs know. */
static void add_logfmt(struct cli_out *out, const struct cli_record *record)
{
    cli_out_word(out, "time=\"");
    add_time(out);
    cli_out_add(out, "\" level=%s msg=", level_names[record->level]);
    cli_out_json(out, record->text);
    cli_out_word(out, "\n");
}

/* For a terminal in colour, with the hint; for an engine, which shows one line, without both. */
static void add_plain(struct cli_out *out, const struct cli_record *record)
{
    static const enum cli_colour colours[] = { CLI_RED, CLI_YELLOW, CLI_DIM };
    static const char *const words[] = { "", "warning: ", "debug: " };
    bool terminal = isatty(STDERR_FILENO);
    bool colour = cli_colour_wanted(STDERR_FILENO);

    cli_out_add(out, "%socirt:%s %s", cli_colour(colour, colours[record->level]),
                cli_colour(colour, CLI_PLAIN), words[record->level]);
    cli_out_printable(out, record->text);
    if (terminal && record->hint) {
        cli_out_word(out, "\n       ");
        cli_out_printable(out, record->hint);
    }
    cli_out_word(out, "\n");
}

/* ---- places ------------------------------------------------------------------------------------------ */

static void send_plain(const struct cli_record *record)
{
    autoout struct cli_out out = { 0 };

    add_plain(&out, record);
    if (cli_out_send(&out, STDERR_FILENO) == -ENOMEM)
        (void) !write(STDERR_FILENO, "ocirt: out of memory\n", 21);
}

/* Is TARGET of the kind PREFIX? *RET is what stands behind that. */
static bool is_kind(const char *target, const char *prefix, const char **ret)
{
    size_t n = strlen(prefix);

    if (strncmp(target, prefix, n) != 0)
        return false;
    *ret = target + n;
    return true;
}

/* It is opened for each record: no descriptor of it is there that a container could get. */
static int append_to_file(const char *target, const struct cli_out *text)
{
    const char *path = target;

    (void) is_kind(target, "file:", &path);
    return cli_file_append(path, text);
}

int cli_log_check(const struct cli_log *log)
{
    static const struct cli_out nothing;
    const char *name;

    if (!log->target || is_kind(log->target, "syslog:", &name) || is_kind(log->target, "journald:", &name))
        return 0;
    return append_to_file(log->target, &nothing);
}

static int send_to_target(const struct cli_log *log, const struct cli_record *record)
{
    static const int priorities[] = { CLI_DAEMON_ERROR, CLI_DAEMON_WARNING, CLI_DAEMON_DEBUG };
    autoout struct cli_out out = { 0 };
    const char *name;

    if (is_kind(log->target, "syslog:", &name))
        return cli_log_syslog(name, priorities[record->level], record->text);
    if (is_kind(log->target, "journald:", &name))
        return cli_log_journald(name, priorities[record->level], record->text);
    (log->json ? add_json : add_logfmt)(&out, record);
    return append_to_file(log->target, &out);
}

static void tell_broken(struct cli_log *log, int number)
{
    autoout struct cli_out text = { 0 };

    if (log->broken)
        return;
    log->broken = true;
    cli_out_add(&text, "log %s: %s", log->target, errno_text(-number));
    if (!text.failed)
        send_plain(&(struct cli_record){ .level = CLI_WARNING, .text = text.s });
}

static void send_to_stderr(const struct cli_log *log, const struct cli_record *record)
{
    if (log->json && !log->target) {
        autoout struct cli_out out = { 0 };

        add_json(&out, record);
        (void) cli_out_send(&out, STDERR_FILENO);
        return;
    }
    send_plain(record);
}

void cli_log_record(struct cli_log *log, const struct cli_record *record)
{
    if (record->level > log->level)
        return;
    if (log->target) {
        int r = send_to_target(log, record);
        if (r < 0)
            tell_broken(log, r);
    }
    /* With a log, warnings are there; an error is told to who called as well, as runc and crun do. */
    if (record->level == CLI_ERROR || (!log->target && !log->quiet))
        send_to_stderr(log, record);
}

/* ---- kinds of records -------------------------------------------------------------------------------- */

void cli_log_error(struct cli_log *log, const struct ocirt_error *error)
{
    for (; error; error = ocirt_error_next(error)) {
        cli_log_record(log, &(struct cli_record){ .level = CLI_ERROR,
                                                  .code = ocirt_error_code(error),
                                                  .text = ocirt_error_text(error),
                                                  .property = ocirt_error_property(error),
                                                  .hint = ocirt_error_hint(error),
                                                  .line = ocirt_error_line(error) });
    }
}

static void log_own(struct cli_log *log, const char *code, const char *hint, int number, const char *fmt,
                    va_list ap)
{
    autoout struct cli_out text = { 0 };
    char *words = NULL;

    if (vasprintf(&words, fmt, ap) < 0)
        words = NULL;
    cli_out_word(&text, words ? words : "out of memory");
    free(words);
    if (number)
        cli_out_add(&text, ": %s", errno_text(abs(number)));
    cli_log_record(log, &(struct cli_record){ .level = CLI_ERROR,
                                              .code = code,
                                              .text = text.failed ? "out of memory" : text.s,
                                              .hint = hint });
}

void cli_log_usage(struct cli_log *log, const char *hint, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    log_own(log, "E_USAGE", hint, 0, fmt, ap);
    va_end(ap);
}

void cli_log_failure(struct cli_log *log, int number, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    log_own(log, "E_IO", NULL, number, fmt, ap);
    va_end(ap);
}

void cli_log_warning(void *log, const char *text)
{
    cli_log_record(log, &(struct cli_record){ .level = CLI_WARNING, .text = text });
}

void cli_log_debug(void *log, const char *text)
{
    cli_log_record(log, &(struct cli_record){ .level = CLI_DEBUG, .text = text });
}
