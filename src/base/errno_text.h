/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* errno_text.h - what the numbers of errno(3) mean, in words. */
#ifndef OCIRT_BASE_ERRNO_TEXT_H
#define OCIRT_BASE_ERRNO_TEXT_H

/*
 * The words for a positive errno, "error N" for a number that has none.  They are glibc's whatever libc this
 * is: people search for them, and engines look for some of them in what a runtime says.  The string is
 * constant, or else the thread's own until its next call.
 */
const char *errno_text(int number);

#endif
