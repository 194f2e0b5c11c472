"""What we write into calendar files comes out of another program's parser as it went in."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar

from instainstru.lib import ical

# Control characters cannot be written at all; the two others the parser takes for ends of lines.
WORDS = st.text(
    st.characters(exclude_categories=("Cc", "Cs"), exclude_characters="\u2028\u2029"), max_size=400
)


def read(*lines: str) -> Calendar:
    return Calendar.from_ical("".join(["BEGIN:VCALENDAR\r\n", *lines, "END:VCALENDAR\r\n"]))


@given(WORDS)
def test_text_comes_back(words: str):
    assert str(read(ical.line(f"SUMMARY:{ical.text(words)}"))["summary"]) == words


@given(st.lists(WORDS, min_size=1, max_size=4), st.sampled_from(["\n", "\r\n", "\r"]))
def test_lines_within_a_text_stay_in_it(words: list[str], end: str):
    assert str(read(ical.line(f"SUMMARY:{ical.text(end.join(words))}"))["summary"]) == "\n".join(words)


@given(WORDS.filter(lambda words: '"' not in words and "^" not in words))
def test_parameters_come_back(words: str):
    written = ical.line(f"ATTENDEE;CN={ical.quoted(words)}:mailto:a@example.com")
    assert written.replace("\r\n ", "") == f'ATTENDEE;CN="{words}":mailto:a@example.com\r\n'
    # The reader takes these for signs of an escape, which parameters do not have (RFC 5545, 3.2).
    if "\\" not in words and "%" not in words:
        assert str(read(written)["attendee"].params["CN"]) == words


@given(st.text(max_size=400))
def test_no_line_is_too_long_and_none_ends_early(words: str):
    written = ical.line(f"SUMMARY:{ical.text(words.encode('utf-8', 'replace').decode())}")
    lines = written.encode().split(b"\r\n")
    assert lines[-1] == b""
    assert all(len(line) <= 75 for line in lines)
    assert not re.search(rb"[\x00-\x08\x0a-\x1f]", b"".join(lines))
    assert all(line.startswith(b" ") for line in lines[1:-1])
    # Each is whole characters, so that a reader may decode them one by one.
    for line in lines:
        line.decode()


@pytest.mark.parametrize("length", [74, 75, 76, 148, 149, 150, 151, 300])
@pytest.mark.parametrize("letter", ["x", "é", "🎹"])
def test_folding_at_every_edge(length: int, letter: str):
    content = "X:" + letter * (length - 2)
    lines = ical.line(content).encode().split(b"\r\n")
    assert max(map(len, lines)) <= 75
    assert b"".join([lines[0], *(line[1:] for line in lines[1:])]).decode() == content


def test_instants_are_written_in_utc():
    east = timezone(timedelta(hours=5, minutes=45))
    assert ical.utc(datetime(2026, 12, 3, 23, 0, 59, tzinfo=UTC)) == "20261203T230059Z"
    assert ical.utc(datetime(2026, 12, 4, 1, 0, tzinfo=east)) == "20261203T191500Z"
