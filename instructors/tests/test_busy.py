"""When a calendar file says that somebody is busy: repeated, moved, in other zones, malformed."""

from __future__ import annotations

import tracemalloc
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instainstru.lib import ical
from instainstru.lib.intervals import clip, normal
from instructors.services.busy import MOST_EVENTS, Busy, Question, Unreadable, busy, busy_apart
from instructors.tests.hosts import calendar

NEW_YORK = "America/New_York"
LOW, HIGH = datetime(2026, 10, 1, 4, tzinfo=UTC), datetime(2027, 4, 1, 4, tzinfo=UTC)
ASKED = Question(NEW_YORK, LOW, HIGH, "instainstru.example")


def read(*events: str, head: str = "", asked: Question = ASKED) -> list[str]:
    """The busy times as ``1203T1500–1600``, in UTC."""
    found = busy(calendar(*events, head=head).decode(), asked)
    return [f"{start:%m%dT%H%M}–{end:%H%M}" for start, end in found.ranges]


def event(start: str, end: str = "", *more: str, uid: str = "one") -> str:
    lines = [f"UID:{uid}", f"DTSTART{start if start[0] in ':;' else ':' + start}"]
    if end:
        lines.append(f"DTEND{end if end[0] in ':;' else ':' + end}")
    return "\n".join([*lines, *more])


def test_times_in_utc_in_a_zone_and_on_the_instructors_clocks():
    assert read(
        event("20261203T150000Z", "20261203T160000Z", uid="a"),
        event(";TZID=Europe/Berlin:20261204T100000", ";TZID=Europe/Berlin:20261204T110000", uid="b"),
        event("20261205T100000", "20261205T110000", uid="c"),
    ) == ["1203T1500–1600", "1204T0900–1000", "1205T1500–1600"]


def test_a_zone_that_the_file_explains_itself():
    zone = """BEGIN:VTIMEZONE
TZID:Our office
BEGIN:STANDARD
DTSTART:19700101T000000
TZOFFSETFROM:+0300
TZOFFSETTO:+0300
TZNAME:X
END:STANDARD
END:VTIMEZONE""".replace("\n", "\r\n")
    found = read(event(";TZID=Our office:20261203T150000", ";TZID=Our office:20261203T160000"), head=zone)
    assert found == ["1203T1200–1300"]


def test_names_of_zones_as_windows_has_them():
    start, end = ";TZID=Eastern Standard Time:20261203T100000", ";TZID=Eastern Standard Time:20261203T110000"
    assert read(event(start, end)) == ["1203T1500–1600"]


def test_a_length_instead_of_an_end_and_neither():
    assert read(event("20261203T150000Z", "", "DURATION:PT45M")) == ["1203T1500–1545"]
    assert read(event("20261203T150000Z")) == []
    assert read(event(";VALUE=DATE:20261203")) == ["1203T0500–0500"]


def test_whole_days_are_the_calendars_or_else_the_instructors():
    days = event(";VALUE=DATE:20261203", ";VALUE=DATE:20261205")
    assert read(days) == ["1203T0500–0500"]
    assert read(days, head="X-WR-TIMEZONE:Europe/Berlin") == ["1202T2300–2300"]
    assert read(days, head="X-WR-TIMEZONE:Mars/Olympus") == ["1203T0500–0500"]
    # The day on which clocks are put back has 25 hours.
    assert read(event(";VALUE=DATE:20261101", ";VALUE=DATE:20261102")) == ["1101T0400–0500"]


@pytest.mark.parametrize(
    "line",
    ["TRANSP:TRANSPARENT", "STATUS:CANCELLED", "X-MICROSOFT-CDO-BUSYSTATUS:FREE", "transp:transparent"],
)
def test_what_is_free_or_cancelled_does_not_count(line: str):
    assert read(event("20261203T150000Z", "20261203T160000Z", line)) == []


def test_what_is_tentative_counts_and_so_does_what_says_nothing():
    assert read(event("20261203T150000Z", "20261203T160000Z", "STATUS:TENTATIVE", "TRANSP:OPAQUE")) != []


def test_our_own_lessons_do_not_block_themselves():
    """They get into people's calendars by the letters we send, and would come back from there."""
    lesson = event("20261203T150000Z", "20261203T160000Z", uid="0193@instainstru.example")
    assert read(lesson) == []
    assert read(lesson.replace("@instainstru", "@notinstainstru")) == ["1203T1500–1600"]


def test_overlapping_and_touching_events_are_one_time():
    found = busy(
        calendar(
            event("20261203T150000Z", "20261203T160000Z", uid="a"),
            event("20261203T153000Z", "20261203T163000Z", uid="b"),
            event("20261203T163000Z", "20261203T170000Z", uid="c"),
        ).decode(),
        ASKED,
    )
    start = datetime(2026, 12, 3, 15, tzinfo=UTC)
    assert found == Busy([(start, start + timedelta(hours=2))], 3)


def test_long_events_are_clipped_and_those_outside_left_out():
    found = busy(
        calendar(
            event("20200101T000000Z", "20300101T000000Z", uid="a"),
            event("20260901T000000Z", "20260902T000000Z", uid="b"),
            event("20270901T000000Z", "20270902T000000Z", uid="c"),
        ).decode(),
        ASKED,
    )
    assert found == Busy([(LOW, HIGH)], 1)
    assert read(event("20100101T000000Z", "", "DURATION:P12000D"))[0].startswith("1001T0400")


WEEKLY = ";TZID=America/New_York:20261026T180000", ";TZID=America/New_York:20261026T190000"


def test_a_weekly_event_keeps_its_hour_when_clocks_change():
    assert read(event(*WEEKLY, "RRULE:FREQ=WEEKLY;COUNT=3")) == [
        "1026T2200–2300", "1102T2300–0000", "1109T2300–0000",
    ]  # fmt: skip


def test_until_is_the_last():
    found = read(event("20261203T150000Z", "20261203T160000Z", "RRULE:FREQ=DAILY;UNTIL=20261205T150000Z"))
    assert found == ["1203T1500–1600", "1204T1500–1600", "1205T1500–1600"]


def test_dates_that_are_left_out_and_dates_that_are_added():
    found = read(event(
        *WEEKLY, "RRULE:FREQ=WEEKLY;COUNT=3", "EXDATE;TZID=America/New_York:20261102T180000",
        "RDATE;TZID=America/New_York:20261104T180000",
    ))  # fmt: skip
    assert found == ["1026T2200–2300", "1104T2300–0000", "1109T2300–0000"]


def test_one_of_a_series_that_was_moved_or_cancelled_or_is_free():
    series = event(*WEEKLY, "RRULE:FREQ=WEEKLY;COUNT=4")
    moved = event(
        ";TZID=America/New_York:20261103T120000", ";TZID=America/New_York:20261103T123000",
        "RECURRENCE-ID;TZID=America/New_York:20261102T180000",
    )  # fmt: skip
    free = event(
        ";TZID=America/New_York:20261109T180000", ";TZID=America/New_York:20261109T190000",
        "RECURRENCE-ID;TZID=America/New_York:20261109T180000", "TRANSP:TRANSPARENT",
    )  # fmt: skip
    cancelled = event(
        ";TZID=America/New_York:20261116T180000", ";TZID=America/New_York:20261116T190000",
        "RECURRENCE-ID;TZID=America/New_York:20261116T180000", "STATUS:CANCELLED",
    )  # fmt: skip
    assert read(series, moved, free, cancelled) == ["1026T2200–2300", "1103T1700–1730"]


def test_what_repeats_without_end_ends_with_what_is_asked():
    found = busy(calendar(event("20200101T120000Z", "20200101T130000Z", "RRULE:FREQ=DAILY")).decode(), ASKED)
    assert found.events == (HIGH - LOW).days
    assert found.ranges[-1][1] <= HIGH


def test_whole_days_that_repeat():
    found = read(event(";VALUE=DATE:20261030", ";VALUE=DATE:20261031", "RRULE:FREQ=DAILY;INTERVAL=2;COUNT=2"))
    assert found == ["1030T0400–0400", "1101T0400–0500"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "not a calendar file"),
        ("hello", "not a calendar file"),
        ("<!doctype html><html><body>Sign in</body></html>", "a page, not of a calendar"),
        ("\x00" * 100, "not a calendar file"),
        ("BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:1\r\n", "not complete"),
    ],
)
def test_what_is_no_calendar_is_refused_in_words(text: str, said: str):
    with pytest.raises(Unreadable, match=said):
        busy(text, ASKED)


@pytest.mark.parametrize(
    "broken",
    [
        "UID:x", "UID:x\nDTSTART:yesterday\nDTEND:today", "UID:x\nDTSTART;TZID=:20261203T100000",
        "UID:x\nDTSTART:20261399T999999Z\nDTEND:20261203T160000Z",
        "DTSTART:20261203T170000Z\nDTEND:20261203T160000Z",
        "UID:x\nDTSTART:20261203T150000Z\nDTEND:20261203T160000Z\nRRULE:FREQ=NEVER",
        "UID:x\nDTSTART:20261203T150000Z\nDTEND:20261203T160000Z\nRRULE:INTERVAL=-1",
        "UID:x\nDTSTART:20261203T150000Z\nDTEND;VALUE=DATE:20261204\nEXDATE:never", "X\nY;;;=:::", ":::",
    ],
)  # fmt: skip
def test_one_broken_event_is_refused_or_left_out_but_never_an_accident(broken: str):
    good = event("20261205T150000Z", "20261205T160000Z", uid="good")
    try:
        found = read(broken, good)
    except Unreadable:
        return
    assert "1205T1500–1600" in found


@given(st.text(max_size=300))
def test_any_text_in_an_event_is_read_or_refused(text: str):
    for whole in (
        f"BEGIN:VCALENDAR\r\n{text}",
        calendar(text, event("20261205T150000Z", "20261205T160000Z")).decode(),
    ):
        try:
            busy(whole, ASKED)
        except Unreadable:
            continue


@pytest.mark.parametrize("freq", ["SECONDLY", "MINUTELY", "secondly;INTERVAL=2"])
def test_what_repeats_every_moment_is_refused(freq: str):
    with pytest.raises(Unreadable, match="every minute or second"):
        read(event("20261203T150000Z", "20261203T150001Z", f"RRULE:FREQ={freq}"))


def test_too_many_events_are_refused():
    one = "BEGIN:VEVENT\r\nUID:a\r\nDTSTART:20261203T150000Z\r\nEND:VEVENT\r\n"
    with pytest.raises(Unreadable, match="more than"):
        busy("BEGIN:VCALENDAR\r\n" + one * (MOST_EVENTS + 1) + "END:VCALENDAR\r\n", ASKED)


def test_read_apart_is_read_the_same():
    file = calendar(event(*WEEKLY, "RRULE:FREQ=WEEKLY;COUNT=3"), event(";VALUE=DATE:20261203", uid="b"))
    assert busy_apart(file, ASKED, seconds=20) == busy(file.decode(), ASKED)
    with pytest.raises(Unreadable, match="not a calendar file"):
        busy_apart(b"\xff\xfe\x00", ASKED, seconds=20)


def test_a_rule_that_never_comes_true_is_given_up():
    """Looking for it goes on to the year 9999, in steps that no timer of ours can interrupt."""
    never = event("20200101T120000Z", "20200101T130000Z", "RRULE:FREQ=HOURLY;BYMONTH=2;BYMONTHDAY=30")
    with pytest.raises(Unreadable) as caught:
        busy_apart(calendar(never), ASKED, seconds=1.5)
    assert caught.value.code == "too_slow"


def test_a_megabyte_of_old_events_is_read_in_little_memory():
    old = [
        event(
            f"{2010 + n % 15}0{1 + n % 9}03T150000Z",
            "",
            "DURATION:PT1H",
            f"DESCRIPTION:{'x' * 200}",
            uid=str(n),
        )
        for n in range(2_800)
    ]
    file = calendar(*old, event("20261205T150000Z", "20261205T160000Z", uid="new"))
    assert 800_000 < len(file) < 1_000_000
    tracemalloc.start()
    assert busy(file.decode(), ASKED).events == 1
    assert tracemalloc.get_traced_memory()[1] < 20_000_000
    tracemalloc.stop()


INSTANTS = st.integers(0, 242 * 86400).map(
    lambda seconds: datetime(2026, 9, 1, tzinfo=UTC) + timedelta(seconds=seconds)
)
SPANS = st.tuples(INSTANTS, st.timedeltas(timedelta(0), timedelta(days=9)).map(
    lambda length: timedelta(seconds=int(length.total_seconds()))
))  # fmt: skip


@given(st.lists(SPANS, max_size=12))
def test_busy_times_are_the_union_of_what_the_file_says(spans):
    events = [
        event(ical.utc(start), ical.utc(start + length), uid=str(number))
        for number, (start, length) in enumerate(spans)
    ]
    found = busy(calendar(*events).decode(), ASKED)
    assert found.ranges == clip([(start, start + length) for start, length in spans], low=LOW, high=HIGH)
    assert found.ranges == normal(found.ranges)


@given(INSTANTS, st.integers(1, 5), st.integers(1, 40), st.integers(1, 20))
def test_a_daily_rule_is_what_adding_days_gives(start, interval, count, hours):
    length = timedelta(hours=hours)
    rule = f"RRULE:FREQ=DAILY;INTERVAL={interval};COUNT={count}"
    found = busy(calendar(event(ical.utc(start), ical.utc(start + length), rule)).decode(), ASKED)
    each = [start + timedelta(days=interval * number) for number in range(count)]
    assert found.ranges == clip([(one, one + length) for one in each], low=LOW, high=HIGH)
