/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * table.c - columns under heads, as runc aligns them.
 */
#include "cli/table.h"

#include <string.h>

#define MIN_WIDTH 12
#define PADDING   3
#define COLUMNS   16

void cli_table_cell(struct cli_table *table, const char *text)
{
    cli_out_printable(&table->cells, text ? text : "");
    cli_out_put(&table->cells, "", 1);
}

void cli_table_number(struct cli_table *table, long number)
{
    cli_out_add(&table->cells, "%ld", number);
    cli_out_put(&table->cells, "", 1);
}

/* Characters, not bytes: what continues a UTF-8 character has no width. */
static size_t width_of(const char *text)
{
    size_t n = 0;

    for (; *text; text++)
        n += (*text & 0xc0) != 0x80;
    return n;
}

static void measure(const struct cli_table *table, size_t widths[COLUMNS])
{
    const char *end = table->cells.s + table->cells.n;
    size_t column = 0;

    for (const char *cell = table->cells.s; cell < end; cell += strlen(cell) + 1) {
        size_t width = width_of(cell) + PADDING;

        if (width > widths[column])
            widths[column] = width;
        column = (column + 1) % table->columns;
    }
}

void cli_table_print(const struct cli_table *table, struct cli_out *out)
{
    const char *end = table->cells.s + table->cells.n;
    size_t widths[COLUMNS], column = 0;

    if (table->cells.failed || table->columns > COLUMNS) {
        out->failed = true;
        return;
    }
    for (size_t i = 0; i < COLUMNS; i++)
        widths[i] = MIN_WIDTH;
    measure(table, widths);
    for (const char *cell = table->cells.s; cell < end; cell += strlen(cell) + 1) {
        cli_out_word(out, cell);
        if (++column == table->columns) {
            cli_out_word(out, "\n");
            column = 0;
        } else {
            cli_out_pad(out, widths[column - 1] - width_of(cell));
        }
    }
}

void cli_table_done(struct cli_table *table)
{
    cli_out_done(&table->cells);
}
