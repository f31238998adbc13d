#!/usr/bin/env python3
"""Draws dashboard.json with the figures of a Prometheus, for who has no Grafana or wants a picture for a report.

    pip install matplotlib==3.11.2
    python3 deploy/observability/picture.py --minutes 30 --to dashboard.png

Reads Prometheus' HTTP API only. Ends with 1 if a panel's query fails.
"""

import argparse
import json
import math
import pathlib
import sys
import time
import urllib.parse
import urllib.request

import matplotlib

matplotlib.use("Agg")
import matplotlib.dates
import matplotlib.pyplot as plt
from matplotlib.ticker import FuncFormatter

GRID_WIDTH = 24  # Grafana's columns
UNIT_INCHES = (0.72, 0.46)  # of one column and one row
STEP_SECONDS = 5


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--prometheus", default="http://127.0.0.1:9090")
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--to", type=pathlib.Path, required=True, help="the PNG to write")
    return parser.parse_args()


def series(prometheus, expression, start, end):
    """The query's lines: (labels, times, values)."""
    query = urllib.parse.urlencode(
        {"query": expression, "start": start, "end": end, "step": STEP_SECONDS}
    )
    with urllib.request.urlopen(f"{prometheus}/api/v1/query_range?{query}", timeout=30) as answer:
        found = json.load(answer)["data"]["result"]
    for line in found:
        points = [(float(at), float(value)) for at, value in line["values"]]
        points = [(at, value) for at, value in points if math.isfinite(value)]
        if points:
            yield line["metric"], *zip(*points)


def name_of(legend, labels, expression):
    """Grafana's legend, with the labels filled in."""
    name = legend or expression
    for label, value in labels.items():
        name = name.replace("{{" + label + "}}", value)
    return name


def as_read(unit):
    """How a value of Grafana's unit is read."""

    def read(value, _position=None):
        if unit == "s":
            return f"{value * 1000:.3g} ms" if abs(value) < 1 else f"{value:.3g} s"
        if unit == "bytes":
            return f"{value / 1024 / 1024:.3g} MiB"
        return f"{value:.3g}" + ("/s" if unit in ("ops", "reqps") else "")

    return read


def draw_numbers(axes, lines, read):
    axes.set_axis_off()
    # A row for each number that fits a panel.
    for row, (name, _, values) in enumerate(lines):
        height = 1 - (row + 0.5) / max(len(lines), 1)
        axes.text(0.5, height, read(values[-1]), ha="center", va="center", fontsize=20)
        if len(lines) > 1:
            axes.text(0.02, height, name, ha="left", va="center", fontsize=8)


def draw_lines(axes, lines, read):
    for name, times, values in lines:
        days = [at / 86400 for at in times]  # matplotlib's dates: days since 1970
        axes.plot(days, values, label=name, linewidth=1.2)
    axes.xaxis.set_major_formatter(matplotlib.dates.DateFormatter("%H:%M"))
    axes.yaxis.set_major_formatter(FuncFormatter(read))
    axes.set_ylim(0, axes.get_ylim()[1] * 1.25)  # room for the legend
    axes.tick_params(labelsize=7)
    axes.grid(alpha=0.25)
    if lines:
        axes.legend(fontsize=6, loc="upper left", frameon=False, ncols=2)


def main():
    given = arguments()
    board = json.loads((pathlib.Path(__file__).parent / "dashboard.json").read_text())
    end = time.time()
    start = end - given.minutes * 60
    rows = max(panel["gridPos"]["y"] + panel["gridPos"]["h"] for panel in board["panels"])
    width, height = UNIT_INCHES
    figure = plt.figure(figsize=(GRID_WIDTH * width, rows * height))
    failed = []
    for panel in board["panels"]:
        at = panel["gridPos"]
        axes = figure.add_axes(
            (
                (at["x"] + 0.9) / GRID_WIDTH,
                1 - (at["y"] + at["h"] - 0.8) / rows,
                (at["w"] - 1.2) / GRID_WIDTH,
                (at["h"] - 1.9) / rows,
            )
        )
        axes.set_title(panel["title"], fontsize=10, loc="left")
        lines = []
        for target in panel["targets"]:
            expression = target["expr"].replace("$__rate_interval", "1m")
            try:
                for labels, times, values in series(given.prometheus, expression, start, end):
                    name = name_of(target.get("legendFormat"), labels, target["expr"])
                    lines.append((name, times, values))
            except OSError as error:
                failed.append(f"{panel['title']}: {error}")
        draw = draw_numbers if panel["type"] == "stat" else draw_lines
        draw(axes, lines, as_read(panel["fieldConfig"]["defaults"].get("unit")))
    figure.savefig(given.to, dpi=100)
    for problem in failed:
        print(problem, file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
