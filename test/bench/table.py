"""Prints bench figures (JSON lines on stdin) as a table; exit 1 when a goal was missed."""
import json
import sys


def text(value):
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "NO"
    if isinstance(value, float):
        return f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"
    return f"{value:,}" if isinstance(value, int) else value


columns = ("name", "ours", "bare", "unit", "ratio", "goal", "met")
figures = [json.loads(line) for line in sys.stdin if line.strip()]
rows = [columns] + [tuple(text(figure[column]) for column in columns) for figure in figures]
widths = [max(len(row[i]) for row in rows) for i in range(len(columns))]
for row in rows:
    print("  ".join(cell.rjust(width) if 0 < i < 3 or i == 4 else cell.ljust(width)
                    for i, (cell, width) in enumerate(zip(row, widths))).rstrip())
missed = [figure["name"] for figure in figures if figure["met"] is False]
print(f"{len(figures)} figures, {len(missed)} goals missed" + (": " + ", ".join(missed) if missed else ""))
sys.exit(1 if missed else 0)
