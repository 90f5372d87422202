# SPDX-License-Identifier: LGPL-2.1-or-later

# OCIRT_TRY_FLAGS(VARIABLE, FLAGS): append to VARIABLE each of FLAGS that the compiler takes without a warning.
# The program is linked too: some flags only fail there.
AC_DEFUN([OCIRT_TRY_FLAGS], [
  for ocirt_flag in $2; do
    AC_MSG_CHECKING([whether $CC accepts $ocirt_flag])
    ocirt_saved_cflags=$CFLAGS
    CFLAGS="$CFLAGS -Werror $ocirt_flag"
    AC_LINK_IFELSE([AC_LANG_PROGRAM([[#include <string.h>]], [[char b[4]; memset(b, 0, sizeof b); return b[0];]])],
      [AC_MSG_RESULT([yes]); $1="$$1 $ocirt_flag"],
      [AC_MSG_RESULT([no])])
    CFLAGS=$ocirt_saved_cflags
  done
])

# OCIRT_TRY_LDFLAGS(VARIABLE, FLAGS): the same for the linker.
AC_DEFUN([OCIRT_TRY_LDFLAGS], [
  for ocirt_flag in $2; do
    AC_MSG_CHECKING([whether the linker accepts $ocirt_flag])
    ocirt_saved_ldflags=$LDFLAGS
    LDFLAGS="$LDFLAGS $ocirt_flag"
    AC_LINK_IFELSE([AC_LANG_PROGRAM([], [])],
      [AC_MSG_RESULT([yes]); $1="$$1 $ocirt_flag"],
      [AC_MSG_RESULT([no])])
    LDFLAGS=$ocirt_saved_ldflags
  done
])
