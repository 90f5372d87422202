/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* signal_text_test.c - the words for signals are glibc's, whichever C library there is. */
#include "base/signal_text.h"

#include <signal.h>
#include <string.h>

#include "tests/spec/tap.h"

int main(void)
{
    check(!strcmp(signal_text(SIGFPE), "Floating point exception"), "not \"Arithmetic exception\"");
    check(!strcmp(signal_text(SIGRTMIN), "Real-time signal"), "a real-time signal");
    check(!strcmp(signal_text(0), "Real-time signal"), "none");
#ifdef __GLIBC__
    for (int number = 1; number < 32; number++)
        check(!strcmp(signal_text(number), sigdescr_np(number)), "%d: %s, and glibc has %s", number,
              signal_text(number), sigdescr_np(number));
#endif
    return tap_done();
}
