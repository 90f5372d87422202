/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* errno_text_test.c - the words for errno are glibc's, and no number is without words. */
#include "src/base/errno_text.c"

#include <limits.h>

#include "tests/spec/tap.h"

int main(void)
{
#ifdef __GLIBC__
    for (int number = 1; number < 4096; number++) /* the kernel returns no greater one */
        if (strerrordesc_np(number))
            check_text(errno_text(number), strerrordesc_np(number), strerrorname_np(number));
#endif
    check_text(errno_text(EBUSY), "Device or resource busy", "EBUSY, with each libc");
    check_text(errno_text(ENOMEM), "Cannot allocate memory", "ENOMEM, with each libc");
    check_text(errno_text(0), "error 0", "a number that is none");
    check_text(errno_text(4095), "error 4095", "a number without words");
    check_text(errno_text(INT_MIN), "error -2147483648", "the longest");
    printf("1..%u\n", tap_number);
    return tap_failed != 0;
}
