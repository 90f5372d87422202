# SPDX-License-Identifier: LGPL-2.1-or-later
"""Holds a JSON document against the specification's schemas, which the variable OCI_SCHEMA_DIR names.

By Debian's python3-jsonschema if it is installed; else by a small validator of our own that knows the words
which these schemas use, and refuses a schema with others.
"""

import json
import os
import re

KINDS = {"object": dict, "array": list, "string": str, "boolean": bool, "integer": int,
         "number": (int, float),
         "null": type(None)}
SILENT = {"description", "$schema", "id", "definitions", "default", "title"}


class Mismatch(Exception):
    pass


def directory():
    return os.environ.get("OCI_SCHEMA_DIR")


def load(name):
    with open(os.path.join(directory(), name), encoding="utf-8") as file:
        return json.load(file)


class Validator:
    """The words of JSON Schema draft 4 that the schemas of runtime-spec use."""

    def __init__(self):
        self.files = {}

    def file(self, name):
        if name not in self.files:
            self.files[name] = load(name)
        return self.files[name]

    def resolve(self, name, reference):
        target, _, pointer = reference.partition("#")
        name = target or name
        schema = self.file(name)
        for part in filter(None, pointer.split("/")):
            schema = schema[part.replace("~1", "/").replace("~0", "~")]
        return name, schema

    def check(self, name, schema, value, path="$"):
        for word, rule in schema.items():
            if word in SILENT:
                continue
            rule_of = getattr(self, "do_" + word.lstrip("$"), None)
            if rule_of is None:
                raise NotImplementedError(f"{name}: the validator does not know {word}")
            rule_of(name, schema, rule, value, path)

    def fail(self, path, text):
        raise Mismatch(f"{path}: {text}")

    def do_ref(self, name, _schema, rule, value, path):
        self.check(*self.resolve(name, rule), value, path)

    def do_type(self, _name, _schema, rule, value, path):
        kinds = [rule] if isinstance(rule, str) else rule
        for kind in kinds:
            if isinstance(value, KINDS[kind]) and (kind == "boolean" or not isinstance(value, bool)):
                return
        self.fail(path, f"{value!r} is no {rule}")

    def do_properties(self, name, _schema, rule, value, path):
        for key, below in rule.items():
            if isinstance(value, dict) and key in value:
                self.check(name, below, value[key], f"{path}.{key}")

    def do_patternProperties(self, name, _schema, rule, value, path):
        for pattern, below in rule.items():
            for key in value if isinstance(value, dict) else ():
                if re.search(pattern, key):
                    self.check(name, below, value[key], f"{path}.{key}")

    def do_additionalProperties(self, name, schema, rule, value, path):
        for key in value if isinstance(value, dict) else ():
            if key in schema.get("properties", {}) or any(re.search(p, key)
                                                          for p in schema.get("patternProperties", {})):
                continue
            if rule is False:
                self.fail(path, f"has {key}")
            if isinstance(rule, dict):
                self.check(name, rule, value[key], f"{path}.{key}")

    def do_required(self, _name, _schema, rule, value, path):
        for key in rule:
            if isinstance(value, dict) and key not in value:
                self.fail(path, f"{key} is missing")

    def do_items(self, name, _schema, rule, value, path):
        for i, item in enumerate(value if isinstance(value, list) else ()):
            self.check(name, rule, item, f"{path}[{i}]")

    def do_enum(self, _name, _schema, rule, value, path):
        if value not in rule:
            self.fail(path, f"{value!r} is not one of {rule}")

    def do_pattern(self, _name, _schema, rule, value, path):
        if isinstance(value, str) and not re.search(rule, value):
            self.fail(path, f"{value!r} is not like {rule}")

    def do_minimum(self, _name, _schema, rule, value, path):
        if isinstance(value, (int, float)) and value < rule:
            self.fail(path, f"{value} is less than {rule}")

    def do_maximum(self, _name, _schema, rule, value, path):
        if isinstance(value, (int, float)) and value > rule:
            self.fail(path, f"{value} is more than {rule}")

    def do_minItems(self, _name, _schema, rule, value, path):
        if isinstance(value, list) and len(value) < rule:
            self.fail(path, f"has fewer than {rule} items")

    def do_uniqueItems(self, _name, _schema, rule, value, path):
        if rule and isinstance(value, list) and len({json.dumps(v, sort_keys=True)
                                                     for v in value}) < len(value):
            self.fail(path, "has an item twice")

    def matching(self, name, rule, value, path):
        found = 0
        for below in rule:
            try:
                self.check(name, below, value, path)
                found += 1
            except Mismatch:
                pass
        return found

    def do_anyOf(self, name, _schema, rule, value, path):
        if not self.matching(name, rule, value, path):
            self.fail(path, "matches none of several")

    def do_oneOf(self, name, _schema, rule, value, path):
        if self.matching(name, rule, value, path) != 1:
            self.fail(path, "matches not exactly one of several")

    def do_not(self, name, _schema, rule, value, path):
        if self.matching(name, [rule], value, path):
            self.fail(path, "matches what it must not")

    def do_allOf(self, name, _schema, rule, value, path):
        for below in rule:
            self.check(name, below, value, path)


def by_jsonschema(name, document):
    """None if the package is not installed; else the complaints."""
    try:
        import jsonschema  # pylint: disable=import-outside-toplevel
    except ImportError:
        return None
    base = "file://" + os.path.abspath(directory()) + "/"
    schema = load(name)
    resolver = jsonschema.RefResolver(base + name, schema)
    checker = jsonschema.Draft4Validator(schema, resolver=resolver)
    return [f"{'/'.join(str(p) for p in e.path)}: {e.message}" for e in checker.iter_errors(document)]


def by_ourselves(name, document):
    validator = Validator()
    try:
        validator.check(name, validator.file(name), document)
    except Mismatch as mismatch:
        return [str(mismatch)]
    return []


def complaints(name, document):
    """What is wrong with a document; the two validators must agree."""
    own, other = by_ourselves(name, document), by_jsonschema(name, document)
    if other is not None and bool(own) != bool(other):
        raise AssertionError(f"the validators do not agree on {name}: {own} and {other}")
    return own if other is None else other
