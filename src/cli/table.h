/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * table.h - columns under heads, as runc aligns them.
 *
 * Each is at least 12 wide, with 3 spaces behind its longest cell; the last one is as it is.
 */
#ifndef OCIRT_CLI_TABLE_H
#define OCIRT_CLI_TABLE_H

#include "cli/out.h"

struct cli_table {
    size_t columns;
    struct cli_out cells; /* each with its NUL, row by row */
};

#define autotable __attribute__((cleanup(cli_table_done)))

void cli_table_cell(struct cli_table *table, const char *text); /* NULL is "" */
void cli_table_number(struct cli_table *table, long number);
void cli_table_print(const struct cli_table *table, struct cli_out *out);
void cli_table_done(struct cli_table *table);

#endif
