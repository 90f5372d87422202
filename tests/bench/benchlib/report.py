# SPDX-License-Identifier: LGPL-2.1-or-later
"""The figures as tables in Markdown and as a chart in SVG."""

from xml.sax.saxutils import escape

from .cases import TITLES
from .figures import PRIVATE_MAX, verdicts

TITLES = {**TITLES, "list-each": "list, for each container", "lowest-limit": "lowest memory limit of run"}
REFERENCES = {"median": "median", "min": "minimum", "cpu": "CPU", "rss": "peak RSS", "value": "value",
              "p99": "99 %"}


class Report:
    """result: what `bench` measured; its member "figures" is {metric: {contender: {figure: number}}}."""

    def __init__(self, result):
        self.result, self.figures = result, result["figures"]
        self.names = [c["name"] for c in result["contenders"]]
        self.ours = next((n for n in self.names if n == "ocirt"), self.names[0])

    def title(self, metric):
        return TITLES[metric].format(**self.result["options"])

    def table(self, head, rows):
        lines = ["| " + " | ".join(head) + " |", "|---|" + "--:|" * (len(head) - 1)]
        return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])

    def cells(self, metric, show):
        return [show(self.figures[metric][n]) if n in self.figures[metric] else "" for n in self.names]

    def of_each(self, caption, show, metrics):
        rows = [[self.title(m), *self.cells(m, show)] for m in metrics if m in self.figures]
        return f"{caption}\n\n" + self.table(["", *self.names], rows) if rows else ""

    def timed(self):
        return [m for m in TITLES if m in self.figures and "median" in next(iter(self.figures[m].values()))]

    def text(self):
        whole = [m for m in self.timed() if m != "list-each"]
        parts = [
            self.head(),
            self.of_each("Milliseconds: median (minimum, 90 %)",
                         lambda f: f"{f['median']:.2f} ({f['min']:.2f}, {f['p90']:.2f})", self.timed()),
            self.of_each("Milliseconds of CPU: median (minimum)",
                         lambda f: f"{f['cpu']:.2f} ({f['cpu_min']:.2f})", whole),
            self.of_each("Peak RSS in MiB", lambda f: f"{f['rss'] / 1024:.1f}", whole),
        ]
        if "parallel" in self.figures:
            parts.append(self.of_each("Milliseconds at the same time: 50 %, 99 %",
                                      lambda f: f"{f['median']:.1f}, {f['p99']:.1f}", ["parallel"]))
        parts += [self.memory(), self.targets()]
        parts += [f"Not measured: {sentence}" for sentence in self.result["failures"]]
        return "\n\n".join(p for p in parts if p) + "\n"

    def head(self):
        machine = self.result["machine"]
        lines = [f"{machine['kernel']}, {machine['cpus']} CPUs, load {machine['load'][0]:.1f} to {machine['load'][1]:.1f}"]
        lines += [f"- {c['name']}: {c['version']}" for c in self.result["contenders"] if c.get("version")]
        return "\n".join(lines)

    def memory(self):
        kept = self.figures.get("kept", {})
        limits = self.figures.get("lowest-limit", {})
        rows = []
        if kept:
            rows.append(["a created container: private memory of its process, KiB",
                         *[str(kept[n]["private"]) if n in kept else "" for n in self.names]])
            rows.append(["a created container: processes of the runtime's program",
                         *[str(kept[n]["processes"]) if n in kept else "" for n in self.names]])
        if limits:
            rows.append(["lowest memory limit of run, KiB",
                         *[str(limits[n]["value"]) if n in limits else "" for n in self.names]])
        return "Memory\n\n" + self.table(["", *self.names], rows) if rows else ""

    def targets(self):
        rows = []
        for metric, kind, name, other, limit, ratios in verdicts(self.figures, self.ours):
            against = name + (f", {self.title(other)}" if other != metric else ", median" if kind == "tail" else "")
            shown = ", ".join(f"{ratios[k]:.2f} ({REFERENCES[k]})" for k in ratios)
            what = self.title(metric) + (": peak RSS" if kind == "rss" else "")
            rows.append([what, against, f"{limit:.2f}", shown, self.word(ratios, limit)])
        kept = self.figures.get("kept", {}).get(self.ours)
        if kept:
            ok = kept["private"] <= PRIVATE_MAX and kept["processes"] == 0
            rows.append(["kept by a created container", "none", f"0 processes, {PRIVATE_MAX} KiB",
                         f"{kept['processes']}, {kept['private']} KiB", "met" if ok else "missed"])
        return f"Targets of {self.ours}: at most so many times the other\n\n" + self.table(
            ["", "against", "target", "measured", ""], rows) if rows else ""

    @staticmethod
    def word(ratios, limit):
        """Met or missed by the first ratio; "near" where the ratios don't agree, as on a busy machine."""
        met = [ratio <= limit for ratio in ratios.values()]
        if all(met):
            return "met"
        return "near" if any(met) else "missed"

    def missed(self):
        return any(self.word(v[5], v[4]) == "missed" for v in verdicts(self.figures, self.ours))


# ---- the chart ------------------------------------------------------------------------------------------------------

COLOURS = ["#8d99ae", "#2a6f97", "#e09f3e", "#9e2a2b", "#588157", "#6d597a"]
LEFT, BAR, GAP, WIDTH = 330, 14, 16, 900


def svg(report):
    """Bars, a group for each kind of work, each group to its own scale; a bar ends at the median, a tick at the minimum."""
    colours = {name: COLOURS[i % len(COLOURS)] for i, name in enumerate(report.names)}
    parts, y = [], 58
    for metric in report.timed():
        if metric != "list-each":
            y = _group(parts, report, metric, colours, y)
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y}" font-family="sans-serif" font-size="12">',
        f'<rect width="{WIDTH}" height="{y}" fill="white"/>',
        '<text x="12" y="22" font-size="15">Milliseconds: median; the tick is the minimum. Each group has its own scale.</text>',
        *_legend(colours), *parts, "</svg>", ""])


def _legend(colours):
    for i, (name, colour) in enumerate(colours.items()):
        yield (f'<rect x="{12 + 110 * i}" y="32" width="11" height="11" fill="{colour}"/>'
               f'<text x="{28 + 110 * i}" y="42">{escape(name)}</text>')


def _group(parts, report, metric, colours, y):
    of = report.figures[metric]
    scale = (WIDTH - LEFT - 90) / max(f["median"] for f in of.values())
    height = sum(BAR for name in colours if name in of)
    parts.append(f'<text x="{LEFT - 10}" y="{y + height / 2 + 4}" text-anchor="end">{escape(report.title(metric))}</text>')
    for name, colour in colours.items():
        if name not in of:
            continue
        width, tick = of[name]["median"] * scale, LEFT + of[name]["min"] * scale
        parts.append(f'<rect x="{LEFT}" y="{y}" width="{width:.1f}" height="{BAR - 2}" fill="{colour}"/>'
                     f'<path d="M{tick:.1f} {y}v{BAR - 2}" stroke="white"/>'
                     f'<text x="{LEFT + width + 6:.1f}" y="{y + BAR - 4}" font-size="11">{of[name]["median"]:.2f}</text>')
        y += BAR
    return y + GAP
