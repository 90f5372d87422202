# SPDX-License-Identifier: LGPL-2.1-or-later

# OCIRT_MUSL
#
# Can the static program be linked with musl, beside a libc that is not?  Its start costs a fraction: that of static
# glibc executes some forty instructions of CPUID, each of which traps in a virtual machine.  Debian's layout is looked
# for (musl-dev): headers in /usr/include/CPU-linux-musl, archives in /usr/lib/CPU-linux-musl.  Only on machines of 64
# bits, where the structures that the other archives know are the same for both.  A program that uses all three
# libraries is run: what an archive needs that musl lacks, and src/base/fortify_musl.c has not, shows there.
#
# Sets with_musl to yes or no, MUSL_CPPFLAGS, MUSL_LDFLAGS, MUSL_BEGIN and MUSL_END, between which the objects go.
AC_DEFUN([OCIRT_MUSL], [
  AC_ARG_WITH([musl], [AS_HELP_STRING([--without-musl],
    [link the static program with the host's libc; otherwise with musl where it is installed. --with-musl insists])],
    [], [with_musl=auto])
  MUSL_CPPFLAGS= MUSL_LDFLAGS= MUSL_BEGIN= MUSL_END=
  ocirt_musl=$with_musl
  AS_IF([test "$with_musl" != no], [
    AC_MSG_CHECKING([whether the static program can be linked with musl])
    with_musl=no
    ocirt_why=
    ocirt_dir=/usr/lib/$host_cpu-linux-musl
    ocirt_gcc=`$CC $CFLAGS -print-file-name=crtbeginS.o`
    AS_CASE([$enable_static_program$STATIC_LDFLAGS], [yes*-static-pie*], [ocirt_pie=yes], [ocirt_pie=no])
    AS_IF([test $ocirt_pie = no],
        [ocirt_why="the program is not a static one with a position of its own"],
      [test "$cross_compiling" = yes], [ocirt_why="it could not be tried"],
      [test ! -f "$ocirt_dir/rcrt1.o" || test ! -f "$ocirt_dir/libc.a"], [ocirt_why="no musl in $ocirt_dir"],
      [test ! -f "$ocirt_gcc"], [ocirt_why="no crtbeginS.o"], [
      MUSL_CPPFLAGS="-nostdinc -isystem /usr/include/$host_cpu-linux-musl -isystem `$CC -print-file-name=include`"
      for ocirt_include in /usr/include/$host_cpu-linux-gnu /usr/include/`$CC -print-multiarch 2>/dev/null` /usr/include; do
        AS_CASE([$ocirt_include], [*/], [],
          [AS_IF([test -d "$ocirt_include"], [MUSL_CPPFLAGS="$MUSL_CPPFLAGS -idirafter $ocirt_include"])])
      done
      MUSL_LDFLAGS="-nostdlib -nostartfiles -static-pie"
      MUSL_BEGIN="$ocirt_dir/rcrt1.o $ocirt_dir/crti.o $ocirt_gcc"
      MUSL_END="$ocirt_dir/libc.a `$CC $CFLAGS -print-libgcc-file-name` `$CC -print-file-name=crtendS.o` $ocirt_dir/crtn.o"
      ocirt_saved="$CPPFLAGS|$LDFLAGS|$LIBS"
      CPPFLAGS="$MUSL_CPPFLAGS -D_GNU_SOURCE -I$srcdir $CPPFLAGS"
      LDFLAGS="$MUSL_LDFLAGS $PIE_CFLAGS $MUSL_BEGIN $LDFLAGS"
      LIBS="$yajl_ARCHIVE $seccomp_ARCHIVE $cap_ARCHIVE $MUSL_END"
      AC_RUN_IFELSE([AC_LANG_SOURCE([[
#include "src/base/fortify_musl.c"
#include <linux/capability.h>
#include <sys/capability.h>
#include <yajl/yajl_gen.h>
#include <yajl/yajl_parse.h>
#ifdef __GLIBC__
#error this is not musl
#endif
#if !defined(__LP64__)
#error not a machine of 64 bits
#endif
#ifdef HAVE_SECCOMP
#include <seccomp.h>
static int seccomp_works(void)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
    int r = filter ? seccomp_rule_add(filter, SCMP_ACT_KILL, SCMP_SYS(reboot), 0) : -1;

    seccomp_release(filter);
    return r == 0;
}
#else
#define seccomp_works() 1
#endif
static int cap_works(void)
{
    cap_value_t value;
    char *name = cap_to_name(CAP_KILL);
    int ok = name && !strcmp(name, "cap_kill") && cap_from_name("CAP_NET_RAW", &value) == 0 && value == CAP_NET_RAW;

    cap_free(name);
    return ok;
}
static int yajl_works(void)
{
    static const char text[] = "{\"a\": [1, 2.5, \"\\u00e4\"]}";
    static const yajl_callbacks none;
    yajl_handle parser = yajl_alloc(&none, NULL, NULL);
    yajl_gen writer = yajl_gen_alloc(NULL);
    int ok = yajl_parse(parser, (const unsigned char *) text, sizeof text - 1) == yajl_status_ok &&
             yajl_gen_double(writer, 2.5) == yajl_gen_status_ok;

    yajl_gen_free(writer);
    yajl_free(parser);
    return ok;
}
int main(void)
{
    return !(seccomp_works() && cap_works() && yajl_works());
}
]])], [with_musl=yes], [ocirt_why="see config.log"], [ocirt_why="it could not be tried"])
      LIBS=${ocirt_saved##*|} ocirt_saved=${ocirt_saved%|*}
      LDFLAGS=${ocirt_saved##*|} CPPFLAGS=${ocirt_saved%|*}
    ])
    AC_MSG_RESULT([$with_musl${ocirt_why:+: $ocirt_why}])
    AS_IF([test "$ocirt_musl" = yes && test $with_musl = no],
      [AC_MSG_ERROR([the program can't be linked with musl: $ocirt_why (Debian: musl-dev)])])
  ])
  AC_SUBST([MUSL_CPPFLAGS])
  AC_SUBST([MUSL_LDFLAGS])
  AC_SUBST([MUSL_BEGIN])
  AC_SUBST([MUSL_END])
])
