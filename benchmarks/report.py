"""The rows of the result, as a table for people and as JSON."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from benchmarks.timing import Times

# In the table; the JSON has all of it.
LONGEST_NOTE = 160


@dataclass(frozen=True)
class Row:
    """One line. ``value`` is what the bar is about, in ``unit``; a row without a bar is information."""

    name: str
    unit: str = "× floor"
    value: float | None = None
    bar: float | None = None
    times: Times | None = None
    floor: Times | None = None
    note: str = ""

    @property
    def passed(self) -> bool | None:
        if self.bar is None:
            return None
        return self.value is not None and self.value <= self.bar

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "passed": self.passed}


def against_floor(name: str, times: dict[str, Times], *, bar: float, note: str = "") -> Row:
    """A row from targets ``floor`` and ``site``, measured by turns."""
    site, floor = times["site"], times["floor"]
    return Row(name, "× floor", site.median / floor.median, bar, site, floor, note)


def table(rows: list[Row]) -> str:
    """Markdown."""
    head = ("measured", "median ms", "p95 ms", "floor ms", "result", "bar", "", "note")
    lines = [head, ("---", "--:", "--:", "--:", "--:", "--:", "---", "---"), *(_cells(row) for row in rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _cells(row: Row) -> tuple[str, ...]:
    verdict = {None: "", True: "pass", False: "**fail**"}[row.passed]
    return (
        row.name,
        f"{row.times.median:.2f}" if row.times else "",
        f"{row.times.p95:.2f}" if row.times else "",
        f"{row.floor.median:.2f}" if row.floor else "",
        "" if row.value is None else f"{_plain(row.value)} {row.unit}",
        "" if row.bar is None else f"{row.bar:g} {row.unit}",
        verdict,
        row.note[:LONGEST_NOTE].replace("|", "/").replace("\n", " "),
    )


def _plain(value: float) -> str:
    """Counts as counts, ratios with two places."""
    return f"{value:d}" if isinstance(value, int) else f"{value:.2f}"
