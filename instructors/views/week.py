"""The week editor: seven days in two scopes, every week or only this one, saved as one state.

Each button posts all that is typed with what it asks for as ``act``. Scripts post the same form and get
JSON with the same parts of the page, so there is one way for both.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from datetime import date
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from instainstru.accounts.services import signed_in
from instainstru.lib import clock, presentation
from instainstru.lib.errors import DomainError, Invalid, NotFound
from instainstru.lib.fields import Unreadable, read_date
from instructors import editing, week_fields
from instructors.editing import EveryWeek, OneWeek, Scope
from instructors.models import Instructor
from instructors.models.calendar import DAY_MINUTES
from instructors.services import outside, schedule, weeks
from instructors.views.office import office
from instructors.week_fields import TypedDay

SHORT = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


@office
@require_http_methods(["GET", "POST"])
def pattern(request: HttpRequest, instructor: Instructor) -> HttpResponse:
    """The hours of every week."""
    return _Editor(request, EveryWeek(instructor)).answer()


@office
@require_http_methods(["GET", "POST"])
def week(request: HttpRequest, instructor: Instructor, day: str = "") -> HttpResponse:
    """Only the week of a date, by default this one."""
    try:
        at = read_date(day) if day else clock.today(instructor.time_zone)
    except Unreadable:
        raise NotFound from None
    return _Editor(request, OneWeek(instructor, at)).answer()


class _Editor:
    """One request to the editor."""

    def __init__(self, request: HttpRequest, scope: EveryWeek | OneWeek) -> None:
        self.request, self.scope = request, scope
        self.wants_json = request.headers.get("Accept", "").startswith("application/json")
        self.typed = [week_fields.shown(windows) for windows in scope.saved]
        self.seen = scope.version
        self.error = ""

    def answer(self) -> HttpResponse:
        if self.request.method != "POST":
            return self.page()
        post = self.request.POST
        try:
            self.typed = week_fields.read(post)
        except DomainError as refusal:
            self.error = refusal.message
            return self.page(status=422)
        self.seen = post.get("version", "")[:64]
        name, _, detail = post.get("act", "save").partition("-")
        act = ACTS.get(name)
        if act is None:
            self.error = "That button is not known here. Nothing was saved."
            return self.page(status=422)
        return act(self, detail)

    def switch(self, detail: str) -> HttpResponse:
        """The other scope, with the days that were edited in the one that was left."""
        edited = [day.is_edited for day in self.typed]
        if not any(edited):
            return redirect(self.scope.url)
        for number, windows in enumerate(self.scope.saved):
            if not edited[number] or self.scope.is_locked(number):
                self.typed[number] = week_fields.shown(windows)
            else:
                self.typed[number].was = windows
        self.seen = self.scope.version
        return self.page()

    def copy(self, detail: str) -> HttpResponse:
        if isinstance(self.scope, OneWeek):
            self.fill(dict(enumerate(self.scope.week_before)))
        return self.page()

    def clear(self, detail: str) -> HttpResponse:
        self.fill({number: [] for number in range(7)})
        return self.page()

    def preset(self, detail: str) -> HttpResponse:
        if detail in editing.PRESETS:
            _, days, window = editing.PRESETS[detail]
            self.fill({n: editing.combined(self.typed[n].windows, [window]) for n in days})
        return self.page()

    def fill(self, days: dict[int, list[schedule.Window]]) -> None:
        for number, windows in days.items():
            if not self.scope.is_locked(number):
                self.typed[number] = week_fields.shown(windows, was=self.typed[number].was)

    def preview(self, detail: str) -> HttpResponse:
        def show() -> HttpResponse:
            changes = self.scope.changes(self.windows)
            panel = {"kind": "preview", "changes": changes, "outside": self.scope.outside(self.windows)}
            return self.page(panel=panel, said=f"{presentation.count(len(changes), 'day')} would change.")

        return self.guarded(show)

    def save(self, detail: str) -> HttpResponse:
        def write() -> HttpResponse:
            self.scope.save(self.windows, by=signed_in(self.request), seen=self.seen)
            return self.saved(changes)

        changes = self.words()
        return self.guarded(write)

    def merge(self, detail: str) -> HttpResponse:
        """Day by day mine, theirs or both; what is neither chosen nor different stays mine."""
        self.seen = self.request.POST.get("merge-version", "")[:64]
        for number, theirs in enumerate(self.scope.saved):
            mine = self.typed[number]
            chosen = self.request.POST.get(f"merge-{number}")
            if chosen == "theirs":
                self.typed[number] = week_fields.shown(theirs, was=mine.was)
            elif chosen == "both":
                both = editing.combined(mine.windows, theirs)
                self.typed[number] = week_fields.shown(both, was=mine.was)
        return self.save(detail)

    def apply(self, detail: str) -> HttpResponse:
        """What applying would change, or with ``apply-now`` doing it."""
        if not isinstance(self.scope, OneWeek):
            raise Invalid("The hours of every week apply to all of them.", field="weeks")
        scope: OneWeek = self.scope
        days = scope.by_date(self.windows)
        text = self.request.POST.get("weeks", "")
        number = int(text) if text.isascii() and text.isdecimal() and len(text) < 4 else 0

        def show() -> HttpResponse:
            _, changes = weeks.plan_apply(scope.instructor, scope.monday, weeks=number, windows=days)
            hours = {one.date: one.after for one in changes}
            left = editing.lessons_said(scope.instructor, outside.of_dates(scope.instructor, hours))
            panel = {"kind": "apply", "weeks": number, "changes": editing.said(changes), "outside": left}
            count = presentation.count(len(changes), "day")
            return self.page(panel=panel, said=f"{count} would change.")

        def write() -> HttpResponse:
            changes = weeks.apply(
                scope.instructor, scope.monday, weeks=number, windows=days,
                by=signed_in(self.request), seen=self.seen,
            )  # fmt: skip
            scope.load()
            count, span = presentation.count(len(changes), "day"), presentation.count(number, "week")
            return self.saved([f"Applied to {span}: {count} changed."])

        return self.guarded(write if detail == "now" else show)

    @property
    def windows(self) -> editing.State:
        return [day.windows for day in self.typed]

    def words(self) -> list[str]:
        """What saving changes, a sentence for each day."""
        pairs = zip(self.scope.names, self.scope.saved, self.windows, strict=True)
        return [f"{name}: {presentation.windows(after)}." for name, before, after in pairs if before != after]

    def guarded(self, step: Callable[[], HttpResponse]) -> HttpResponse:
        """The step, unless something typed is wrong; refusals go to their days, and nothing typed is lost."""
        if any(day.is_wrong for day in self.typed):
            return self.page(status=422)
        try:
            return step()
        except schedule.Stale:
            return self.stale()
        except DomainError as refusal:
            if not week_fields.put_refusal(self.typed, refusal):
                self.error = refusal.message
            return self.page(status=422)

    def stale(self) -> HttpResponse:
        """Both versions of every day that differs; where none does, a save whose answer was lost arrived."""
        self.scope.load()
        days = [
            _Conflict.of(number, name, mine, theirs)
            for number, (name, mine, theirs) in enumerate(
                zip(self.scope.names, self.typed, self.scope.saved, strict=True)
            )
            if mine.windows != theirs
        ]
        if not days:
            return self.saved([])
        panel = {"kind": "merge", "days": [day.__dict__ for day in days], "version": self.scope.version}
        return self.page(status=412, panel=panel)

    def saved(self, changes: list[str]) -> HttpResponse:
        if not self.wants_json:
            for sentence in changes or ["Nothing changed."]:
                messages.success(self.request, sentence)
            return redirect(self.scope.url)
        self.typed = [week_fields.shown(windows) for windows in self.scope.saved]
        self.seen = self.scope.version
        return self.page(
            panel={"kind": "saved", "sentences": changes},
            said=" ".join(["Saved.", *(changes or ["Nothing changed."])]),
        )

    def page(self, *, status: int = 200, panel: dict[str, Any] | None = None, said: str = "") -> HttpResponse:
        """The whole page, or for scripts the parts of it that changed."""
        if not self.wants_json:
            context = _context(self, panel)
            return render(self.request, "instructors/office/week.html", context, status=status)
        context = {"panel": panel, "outside": self.scope.outside(), "error": self.error}
        wrong = {
            number: [*day.errors, *(row.error for row in day.rows if row.error)]
            for number, day in enumerate(self.typed)
            if day.is_wrong
        }
        answer = {
            "version": self.scope.version,
            "days": self.scope.saved,
            "said": said,
            "error": self.error,
            "wrong": wrong,
            "panel": render_to_string("instructors/office/week_panel.html", context, self.request),
            "outside": render_to_string("instructors/office/week_outside.html", context, self.request),
        }
        return JsonResponse(answer, status=status)


class _Conflict:
    """A day that is not the same in both versions; ``choice`` is what a person would mostly want."""

    def __init__(self, number: int, label: str, mine: str, theirs: str, choice: str) -> None:
        self.number, self.label, self.mine, self.theirs, self.choice = number, label, mine, theirs, choice

    @classmethod
    def of(cls, number: int, label: str, mine: TypedDay, theirs: list[schedule.Window]) -> _Conflict:
        choice = "theirs" if mine.windows == mine.was else "mine" if theirs == mine.was else "both"
        words = (presentation.windows(mine.windows), presentation.windows(theirs))
        return cls(number, label, *words, choice)


ACTS: dict[str, Callable[[_Editor, str], HttpResponse]] = {
    "switch": _Editor.switch, "copy": _Editor.copy, "clear": _Editor.clear, "preset": _Editor.preset,
    "preview": _Editor.preview, "save": _Editor.save, "merge": _Editor.merge, "apply": _Editor.apply,
}  # fmt: skip


def _context(editor: _Editor, panel: dict[str, Any] | None) -> dict[str, Any]:
    """What ``office/week.html`` shows."""
    scope, today = editor.scope, clock.today(editor.scope.instructor.time_zone)
    one_week = scope if isinstance(scope, OneWeek) else None
    days = [_day(scope, number, typed) for number, typed in enumerate(editor.typed)]
    return {
        "section": "hours",
        "here": "hours",
        "scope": scope.key,
        "url": scope.url,
        "every_url": reverse("instructors:office_hours"),
        "week_url": one_week.url if one_week else reverse("instructors:office_week"),
        "zone": presentation.zone(scope.instructor.time_zone),
        "version": editor.seen,
        "days": days,
        "wrong": [day for day in days if day["typed"].is_wrong],
        "dirty": editor.windows != scope.saved,
        "error": editor.error,
        "panel": panel,
        "outside": scope.outside(),
        "presets": [{"key": key, "label": label} for key, (label, _, _) in editing.PRESETS.items()],
        "nav": _nav(one_week, today) if one_week else None,
        "weeks": editor.request.POST.get("weeks", "4")[:3],
        "most_weeks": weeks.MOST_WEEKS,
        "state": _state(editor, days),
    }


def _day(scope: Scope, number: int, typed: TypedDay) -> dict[str, Any]:
    blocks = scope.blocks(number)
    return {
        "number": number,
        "name": scope.names[number],
        "typed": typed,
        "was": week_fields.as_text(typed.was),
        "locked": scope.is_locked(number),
        "hours": presentation.windows(typed.windows),
        "bars": [_bar("open", *one) for one in typed.windows] + [_bar(b.kind, b.low, b.high) for b in blocks],
        "blocks": [
            {
                "kind": block.kind,
                "time": presentation.window(block.low, block.high),
                "text": block.text,
                "url": block.url,
            }
            for block in blocks
        ],
    }


def _bar(kind: str, low: int, high: int) -> dict[str, str]:
    """A stretch in percent of the day."""
    drawn = "off" if kind in ("time_off", "external") else kind
    return {
        "kind": drawn,
        "x": f"{low * 100 / DAY_MINUTES:.2f}",
        "w": f"{(high - low) * 100 / DAY_MINUTES:.2f}",
    }


def _nav(scope: OneWeek, today: date) -> dict[str, str]:
    monday, sunday = scope.dates[0], scope.dates[6]
    first = f"{monday.day} {monday:%B}" if monday.month != sunday.month else str(monday.day)

    def week_of(day: date) -> str:
        return reverse("instructors:office_week_of", args=[day])

    return {
        "label": f"{first} – {sunday.day} {sunday:%B} {sunday.year}",
        "date": monday.isoformat(),
        "previous_url": week_of(monday - weeks.WEEK),
        "next_url": week_of(monday + weeks.WEEK),
        "this_url": "" if today in scope.dates else week_of(today),
    }


def _state(editor: _Editor, days: list[dict[str, Any]]) -> dict[str, Any]:
    """The same for scripts; times are minutes of the day."""
    scope = editor.scope
    return {
        "cell": settings.EDITOR_CELL_MIN,
        "saved": copy.copy(scope.saved),
        "days": editor.windows,
        "before": scope.week_before if isinstance(scope, OneWeek) else None,
        "presets": {
            key: {"days": list(numbers), "window": window}
            for key, (_, numbers, window) in editing.PRESETS.items()
        },
        "columns": [
            {
                "name": day["name"],
                "short": SHORT[day["number"]],
                "date": str(scope.dates[day["number"]].day) if isinstance(scope, OneWeek) else "",
                "locked": day["locked"],
                "blocks": [
                    {"kind": b.kind, "low": b.low, "high": b.high, "text": b.text, "url": b.url}
                    for b in scope.blocks(day["number"])
                ],
            }
            for day in days
        ],
    }
