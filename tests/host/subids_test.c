/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* subids_test.c - what lines of subuid(5) give to whom. */
#include "host/subids.h"

#include "host.h"

static char *path;

/* The ranges of user UID in a file with that TEXT: "inside:outside+size "... */
static void gives(const char *text, uid_t uid, const char *want)
{
    autoarena struct arena arena = { 0 };
    struct plan_id_range *v = NULL;
    size_t n = 0;
    char got[256] = "";

    write_file(path, text, 0644);
    int r = host_subids(path, uid, &arena, &v, &n);
    for (size_t i = 0; r == 0 && i < n; i++)
        (void) snprintf(got + strlen(got), sizeof got - strlen(got), "%u:%u+%u ", v[i].inside, v[i].outside,
                        v[i].size);
    check(r == 0 && strcmp(got, want) == 0, "%.30s for %u", text, (unsigned) uid);
    if (strcmp(got, want) != 0)
        printf("# got %s\n", got);
}

int main(void)
{
    autoarena struct arena arena = { 0 };
    struct plan_id_range *v = NULL;
    size_t n = 7;

    enter_test_directory();
    if (asprintf(&path, "%s/subuid", test_directory) < 0)
        return 1;
    check(host_subids(path, 0, &arena, &v, &n) == 0 && n == 0, "no file gives nothing");
    gives("54321:100000:65536\n", 54321, "1:100000+65536 ");
    gives("root:100000:65536\n54321:5:6", 0, "1:100000+65536 ");
    gives("54321:100000:10\n0:7:7\n54321:200000:20\n", 54321, "1:100000+10 11:200000+20 ");
    gives("5432:1:1\n543210:1:1\n", 54321, "");
    gives("54321:x:1\n54321:1:-1\n54321:1\n54321\n\n54321:1:0\n54321:8:9\n", 54321, "1:8+9 ");
    gives("54321:4294967290:10\n54321:99999999999:1\n", 54321, "");
    gives("", 54321, "");
    free(path);
    remove_test_directory();
    return tap_done();
}
