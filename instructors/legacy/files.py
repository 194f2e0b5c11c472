"""Records out of a file, one by one and with their lines: CSV with a header, or JSON with an object a line.

Nothing here holds more than one line, so a file may be as large as ``MOST_BYTES``.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import orjson

MOST_BYTES = 2 * 1024**3
LONGEST_LINE = 1_000_000
JSON_SUFFIXES = (".json", ".jsonl", ".ndjson")
_FOREIGN_BOMS = (b"\xff\xfe", b"\xfe\xff")

# A line's number with its record, or with what is wrong with it.
Record = tuple[int, Mapping[str, Any] | str]


class FileProblem(Exception):
    """The file as a whole cannot be read; the message says why and what to do."""


def records(path: Path, *, known: tuple[str, ...]) -> Iterator[Record]:
    """The file's records. Of a CSV file, columns that are not ``known`` are left out."""
    suffix = path.suffix.lower()
    if suffix == ".csv":
        yield from _csv_records(path, known)
    elif suffix in JSON_SUFFIXES:
        yield from _json_records(path)
    else:
        raise FileProblem(f"{path.name}: name it .csv or {', '.join(JSON_SUFFIXES)}.")


def check(path: Path) -> None:
    """Refuse what is no file of a sane size, before anything is read."""
    try:
        size = path.stat().st_size
    except OSError as error:
        raise FileProblem(f"{path}: {error.strerror}.") from error
    if not path.is_file():
        raise FileProblem(f"{path}: this is not a file.")
    if not size:
        raise FileProblem(f"{path.name} is empty.")
    if size > MOST_BYTES:
        raise FileProblem(f"{path.name} has more than {MOST_BYTES // 1024**2:,} MiB. Split it by instructor.")


def _lines(path: Path) -> Iterator[str]:
    check(path)
    with path.open("rb") as file:
        number = 0
        while line := file.readline(LONGEST_LINE + 1):
            number += 1
            if number == 1 and line.startswith(_FOREIGN_BOMS):
                raise FileProblem(f"{path.name} is UTF-16. Save it as UTF-8.")
            if len(line) > LONGEST_LINE:
                raise FileProblem(
                    f"{path.name}, line {number} has more than {LONGEST_LINE:,} bytes. Write one row a line."
                )
            try:
                text = line.decode("utf-8-sig" if number == 1 else "utf-8")
            except UnicodeDecodeError:
                raise FileProblem(
                    f"{path.name}, line {number} is not UTF-8. Save the file as UTF-8."
                ) from None
            if "\x00" in text:
                raise FileProblem(
                    f"{path.name}, line {number} holds the character NUL. This is not a text file."
                )
            yield text


def _csv_records(path: Path, known: tuple[str, ...]) -> Iterator[Record]:
    reader = csv.reader(_lines(path), strict=True)
    try:
        header = [name.strip().lower() for name in next(reader, [])]
        if not set(header) & set(known):
            raise FileProblem(
                f"{path.name}: the first line names none of the columns {', '.join(known)}. "
                "Give a header line, with commas between the columns."
            )
        repeated = sorted({name for name in header if name in known and header.count(name) > 1})
        if repeated:
            raise FileProblem(f"{path.name}: the column {repeated[0]} is there twice.")
        before = reader.line_num
        for cells in reader:
            line, before = before + 1, reader.line_num
            if not cells:
                continue
            if len(cells) != len(header):
                yield line, f"{len(cells)} cells under {len(header)} columns."
                continue
            yield (
                line,
                {n: cell for n, cell in zip(header, cells, strict=True) if n in known and cell.strip()},
            )
    except csv.Error as error:
        raise FileProblem(f"{path.name}, line {reader.line_num}: {error}.") from error


def _json_records(path: Path) -> Iterator[Record]:
    for number, text in enumerate(_lines(path), 1):
        text = text.strip().removesuffix(",").strip()
        if text in ("", "[", "]"):
            continue
        if text in ("{", "[{"):
            raise FileProblem(f"{path.name}, line {number}: write each object on one line of its own.")
        try:
            data = orjson.loads(text)
        except orjson.JSONDecodeError as error:
            yield number, f"This is not JSON: {error}."
            continue
        for item in data if isinstance(data, list) else [data]:
            yield number, item if isinstance(item, dict) else "This is not an object."
