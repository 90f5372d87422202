# SPDX-License-Identifier: LGPL-2.1-or-later
"""Samples -> figures, and the targets that they are held against."""

import statistics


def quantile(values, q):
    """By the nearest rank: always a value that was measured."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(q * len(ordered)))]


def summary(samples):
    """Milliseconds and KiB."""
    walls, cpus = [s.wall * 1e3 for s in samples], [s.cpu * 1e3 for s in samples]
    return {
        "n": len(samples),
        "min": min(walls), "median": statistics.median(walls), "p90": quantile(walls, 0.9), "p99": quantile(walls, 0.99),
        "cpu_min": min(cpus), "cpu": statistics.median(cpus),
        "rss": statistics.median(s.rss for s in samples), "rss_max": max(s.rss for s in samples),
    }


# (metric, figure, other metric or None for the same, {reference: at most this multiple of it}).  "self" is ocirt; a tail
# is the 99th percentile, held against the median.
TARGETS = [
    ("run", "time", None, {"floor": 1.20, "crun": 0.40, "runc": 0.12}),
    ("seccomp1", "time", "run", {"floor": 1.30}),
    ("seccomp1", "time", None, {"crun": 0.40, "runc": 0.08}),
    ("create", "time", None, {"crun": 0.45, "runc": 0.15}),
    ("start", "time", None, {"crun": 0.25, "runc": 0.15}),
    ("delete", "time", None, {"crun": 0.25, "runc": 0.15}),
    ("delete-force", "time", None, {"crun": 0.35, "runc": 0.05}),
    ("exec", "time", None, {"floor": 1.30, "crun": 0.40, "runc": 0.10}),
    ("state", "time", None, {"crun": 0.25, "runc": 0.15}),
    ("run", "rss", None, {"crun": 0.45, "runc": 0.15}),
    ("mounts", "time", "mounts-none", {"self": 1.15}),
    ("parallel", "tail", None, {"self": 2.00}),
    ("list-each", "time", None, {"crun": 0.50, "runc": 0.10}),
    ("lowest-limit", "value", None, {"crun": 0.50}),
]
PRIVATE_MAX = 64        # KiB that a waiting container may keep for itself
RATIOS = {"time": ("median", "min", "cpu"), "rss": ("rss",), "value": ("value",), "tail": ("p99",)}
OF_REFERENCE = {"p99": "median"}        # where the other's figure is another one


def each_of(figures, count):
    """{contender: figures of one container in a list}: what the list costs more than an empty one, by count."""
    found = {}
    for name, of in figures.get("list", {}).items():
        empty = figures["list-none"].get(name)
        if empty:
            found[name] = {key: max((of[key] - empty[key]) / count, 1e-6) for key in ("median", "min", "cpu", "p90")}
    return found


def verdicts(figures, ours="ocirt"):
    """Yields (metric, figure, reference's name, reference's metric, limit, {key: ratio}) for what was measured."""
    for metric, kind, other, limits in TARGETS:
        mine = figures.get(metric, {}).get(ours)
        for reference, limit in limits.items():
            name = ours if reference == "self" else reference
            theirs = figures.get(other or metric, {}).get(name)
            if mine and theirs:
                ratios = {key: mine[key] / theirs[OF_REFERENCE.get(key, key)] for key in RATIOS[kind]
                          if theirs[OF_REFERENCE.get(key, key)] > 0}
                yield metric, kind, name, other or metric, limit, ratios
