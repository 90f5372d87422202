/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fuzz_passwd.c - any bytes as an image's passwd file, from which init takes the home directory.
 *
 * The first four bytes are the user's id.  A home that was found is a field of a line of the file, and fits.
 */
#include "src/init/program.c"

#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char field_of_line[512] = ":", *home = field_of_line + 1, *text;
    const size_t room = sizeof field_of_line - 1;
    uint32_t uid;
    size_t n;

    if (size < sizeof uid)
        return 0;
    memcpy(&uid, data, sizeof uid);
    n = size - sizeof uid;
    text = malloc(n ? n : 1); /* of exactly that size, for the sanitizer */
    require(text);
    memcpy(text, data + sizeof uid, n);
    memset(home, 'x', room);
    if (find_home(text, n, uid, home, room)) {
        require(memchr(home, '\0', room) && *home && !strpbrk(home, ":\n"));
        require(memmem(text, n, field_of_line, strlen(field_of_line)));
    }
    free(text);
    return 0;
}
