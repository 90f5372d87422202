# SPDX-License-Identifier: LGPL-2.1-or-later
"""The library of tests/bench/bench: workers that measure, bundles, cases, targets, and the reports."""
