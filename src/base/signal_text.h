/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* signal_text.h - what the numbers of signal(7) mean, in words. */
#ifndef OCIRT_BASE_SIGNAL_TEXT_H
#define OCIRT_BASE_SIGNAL_TEXT_H

/* The words for a signal, "Real-time signal" for all of those.  They are glibc's whatever libc this is. */
const char *signal_text(int number);

#endif
