/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* table_test.c - columns stand where runc's stand. */
#include "src/cli/out.c"
#include "src/cli/table.c"

#include "tests/spec/tap.h"

static void print(const char *const *cells, size_t columns, const char *want, const char *name)
{
    autotable struct cli_table table = { .columns = columns };
    autoout struct cli_out out = { 0 };

    for (; *cells; cells++)
        cli_table_cell(&table, *cells);
    cli_table_print(&table, &out);
    check_text(out.s, want, name);
}

int main(void)
{
    print((const char *const[]){ "ID", "PID", "OWNER", NULL }, 3, "ID          PID         OWNER\n",
          "a column is twelve wide, the last one as it is");
    print((const char *const[]){ "ID", "PID", "OWNER", "twelve-wide-", "1", "root", NULL }, 3,
          "ID             PID         OWNER\n"
          "twelve-wide-   1           root\n",
          "three spaces stand behind the longest");
    print((const char *const[]){ "ID", "X", "nine-wide", "1", "ten-wide--", "2", NULL }, 2,
          "ID           X\n"
          "nine-wide    1\n"
          "ten-wide--   2\n",
          "what fits into nine does not widen a column");
    print((const char *const[]){ "ID", "X", "d\xc3\xbcnn", "1", NULL }, 2,
          "ID          X\n"
          "d\xc3\xbcnn        1\n",
          "an umlaut is one wide");
    print((const char *const[]){ "ID", "X", "", "a\nb", NULL }, 2,
          "ID          X\n"
          "            a\\x0a"
          "b\n",
          "a newline does not break a row");
    return tap_done();
}
