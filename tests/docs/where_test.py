#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""docs/where.md has a row for each property of config.json, with its table and with files that exist."""

import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir, "spec"))

import spec                                                                       # noqa: E402

ROW = re.compile(r"^\| (`.*`) \| (\w+) \| (.*?) \| *(.*?) *\|$", re.M)
FILE = re.compile(r"\b[a-z]+/\w+\.[ch]\b")


def text_of(*path):
    with open(os.path.join(spec.TOP, *path), encoding="utf-8") as file:
        return file.read()


def properties():
    """What the tables have: {path: kind}, only those that have nothing below them."""
    status, out, err = spec.tool("paths", "config")
    assert status == 0, err
    found = {line.split()[0]: line.split()[1] for line in out.splitlines()}
    return {path: kind for path, kind in found.items()
            if not any(other != path and re.match(re.escape(path) + r"(\[\]|\{\})?\.", other) for other in found)}


def tables():
    """{name of a FIELDS() table: the names of its properties}"""
    source = text_of("libocispec", "oci_spec.c")
    return {name: set(re.findall(r'"(\w+)"', body))
            for name, body in re.findall(r"^FIELDS\((\w+)\) = \{(.*?)\};", source, re.M | re.S)}


def rows():
    """[(property, table, plan, carried out by)]"""
    return [(name, table, plan, by) for names, table, plan, by in ROW.findall(text_of("docs", "where.md"))
            for name in re.findall(r"`([^`]+)`", names)]


def covers(name, path):
    return path.startswith(name[:-1]) if name.endswith(".*") else path == name


def best(listed, path):
    """The row for a property: the longest name that covers it."""
    found = [row for row in listed if covers(row[0], path)]
    return max(found, key=lambda row: len(row[0])) if found else None


def files_of(text):
    return {os.path.join("src", name) for name in FILE.findall(text)}


def main():
    spec.need_tool()
    wanted, listed, known = properties(), rows(), tables()
    chosen = {path: best(listed, path) for path in wanted}

    missing = [path for path, row in chosen.items() if row is None]
    spec.check(len(wanted) > 150 and not missing, f"each of {len(wanted)} properties has a row", *missing)

    needless = [row[0] for row in listed if row not in chosen.values()]
    spec.check(not needless, f"each of {len(listed)} rows is for a property", *needless)

    twice = sorted({row[0] for row in listed if [other[0] for other in listed].count(row[0]) > 1})
    spec.check(not twice, "no property has two rows", *twice)

    wrong = [f"{path}: not in FIELDS({row[1]})" for path, row in chosen.items()
             if row and path.rpartition(".")[2].rstrip("[]{}") not in known.get(row[1], ())]
    spec.check(not wrong, "the tables have the properties", *wrong)

    absent = sorted({name for _, _, plan, by in listed for name in files_of(plan + " " + by)
                     if not os.path.exists(os.path.join(spec.TOP, name))})
    absent += [f"{name}: no file of plan" for name, _, plan, by in listed if by and not files_of(plan)]
    absent += [f"{name}: nothing carries it out" for name, _, plan, by in listed if files_of(plan) and not files_of(by)]
    spec.check(not absent, "the files exist", *absent)
    spec.done()


main()
