/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fortify_musl.c - what static archives ask for that were built with glibc's _FORTIFY_SOURCE, for the program
 * that is linked with musl, which has no such functions.
 *
 * Each checks the size of its destination as glibc's does, and ends the program where it is too small.  They
 * are called by libyajl, libcap and libseccomp only: m4/musl.m4 sees whether these are all that is needed.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Declared here, for no header has them. */
void *__memcpy_chk(void *to, const void *from, size_t n, size_t room);
int __sprintf_chk(char *to, int flag, size_t room, const char *format, ...);
int __snprintf_chk(char *to, size_t n, int flag, size_t room, const char *format, ...);
int __asprintf_chk(char **ret, int flag, const char *format, ...);
int __fprintf_chk(FILE *file, int flag, const char *format, ...);
unsigned long __isoc23_strtoul(const char *text, char **end, int base);

void *__memcpy_chk(void *to, const void *from, size_t n, size_t room)
{
    if (n > room)
        abort();
    return memcpy(to, from, n);
}

int __sprintf_chk(char *to, int flag, size_t room, const char *format, ...)
{
    va_list ap;
    int n;

    (void) flag;
    va_start(ap, format);
    n = vsnprintf(to, room, format, ap);
    va_end(ap);
    if (n >= 0 && (size_t) n >= room)
        abort();
    return n;
}

int __snprintf_chk(char *to, size_t n, int flag, size_t room, const char *format, ...)
{
    va_list ap;
    int r;

    (void) flag;
    if (n > room)
        abort();
    va_start(ap, format);
    r = vsnprintf(to, n, format, ap);
    va_end(ap);
    return r;
}

int __asprintf_chk(char **ret, int flag, const char *format, ...)
{
    va_list ap;
    int n;

    (void) flag;
    va_start(ap, format);
    n = vasprintf(ret, format, ap);
    va_end(ap);
    return n;
}

int __fprintf_chk(FILE *file, int flag, const char *format, ...)
{
    va_list ap;
    int n;

    (void) flag;
    va_start(ap, format);
    n = vfprintf(file, format, ap);
    va_end(ap);
    return n;
}

/* strtoul(3) as C23 has it, with "0b11", which archives of glibc 2.38 and later call. */
unsigned long __isoc23_strtoul(const char *text, char **end, int base)
{
    return strtoul(text, end, base);
}
