# SPDX-License-Identifier: LGPL-2.1-or-later

# OCIRT_LIBRARY(NAME, HEADER, FUNCTION, LIBRARY, ARCHIVES, DEBIAN-PACKAGE)
#
# Finds a library that is wanted in two forms.  NAME_LIBS names the shared library, for libocirt.so.
# NAME_ARCHIVE is the static archive, for the program, which should load nothing but libc when it
# starts; where no archive links it falls back to the shared library, and the summary says so.
AC_DEFUN([OCIRT_LIBRARY], [
  AC_CHECK_HEADER([$2], [],
    [AC_MSG_ERROR([$2 is missing: install the development files of lib$1 (Debian: $6)])])
  $1_LIBS="-l$4"
  $1_ARCHIVE=
  AC_MSG_CHECKING([for a static archive of lib$1])
  for ocirt_name in $5; do
    ocirt_file=`$CC $CFLAGS -print-file-name=$ocirt_name`
    for ocirt_dir in `$PKG_CONFIG --variable=libdir $1 2>/dev/null` `$PKG_CONFIG --variable=libdir lib$1 2>/dev/null`; do
      test -f "$ocirt_file" || ocirt_file=$ocirt_dir/$ocirt_name
    done
    test -f "$ocirt_file" || continue
    OCIRT_LINKS([$ocirt_file $PIE_LDFLAGS], [$3], [$1_ARCHIVE=$ocirt_file; break])
  done
  AS_IF([test -n "$$1_ARCHIVE"], [AC_MSG_RESULT([$$1_ARCHIVE])], [
    AC_MSG_RESULT([no])
    AC_MSG_CHECKING([for the shared library -l$4])
    OCIRT_LINKS([-l$4], [$3], [AC_MSG_RESULT([yes])],
      [AC_MSG_RESULT([no])
       AC_MSG_ERROR([lib$1 is missing: install its development files (Debian: $6)])])
    $1_ARCHIVE="-l$4"
    ocirt_loaded="$ocirt_loaded lib$1"
  ])
  AC_SUBST([$1_LIBS])
  AC_SUBST([$1_ARCHIVE])
])

# OCIRT_LINKS(LIBS, FUNCTION, IF-YES, IF-NO)
AC_DEFUN([OCIRT_LINKS], [
  ocirt_saved_libs=$LIBS
  LIBS="$1 $LIBS"
  AC_LINK_IFELSE([AC_LANG_CALL([], [$2])], [ocirt_links=yes], [ocirt_links=no])
  LIBS=$ocirt_saved_libs
  AS_IF([test $ocirt_links = yes], [$3], [$4])
])
