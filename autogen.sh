#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Makes configure and its companions out of configure.ac and Makefile.am.
set -eu
cd "$(dirname "$0")"
exec autoreconf --force --install "$@"
