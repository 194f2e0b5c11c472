"""What an instructor earned: the page, the table for spreadsheets, the statements of months."""

from __future__ import annotations

import functools
from collections.abc import Callable
from datetime import date, datetime
from itertools import groupby
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from bookings import earned, earned_csv, getting_paid
from bookings.earned_forms import PeriodForm
from bookings.models import Entry
from bookings.services import connect, earnings
from instainstru.accounts.services import signed_in
from instainstru.events.kinds import Kind
from instainstru.lib import clock, money, paging
from instainstru.lib import presentation as words
from instainstru.lib.errors import NotFound
from instructors.models import Instructor, PayoutAccount
from instructors.services.profile import instructor_of

SOON, PAYOUTS = 5, 5
# What ``?show=`` may ask for; the first is shown otherwise.
SHOWS = {
    "earned": ("Earned", earnings.earned_only),
    "sent": ("Sent to your account", earnings.sent_only),
    "all": ("Everything", lambda entries: entries),
}


def office(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Decorate a page about an instructor's money: for that instructor alone, and never kept."""

    @never_cache
    @login_required
    @functools.wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        instructor = instructor_of(signed_in(request))
        # For the line on every page of the office that says where one stands (``instructors.context``).
        request.office = instructor  # type: ignore[attr-defined]
        return view(request, instructor, *args, **kwargs)

    return guarded


@office
@require_GET
def index(request: HttpRequest, instructor: Instructor) -> HttpResponse:
    """Where the money is, a year as a chart, and the lines that ``?month=`` and ``?show=`` ask for."""
    return _index(request, instructor)


def _index(request: HttpRequest, instructor: Instructor, *, form: PeriodForm | None = None) -> HttpResponse:
    now = clock.now()
    this = earnings.month_of(now)
    months = earnings.months(instructor, until=this)
    account = connect.account_of(instructor)
    sums = earnings.of(instructor)
    context = {
        "section": "earnings",
        "here": "earnings",
        "sums": _sums(sums, account),
        "this": _this(months, this),
        "waits": getting_paid.waits(account, owed=sums.owed),
        "drawn": earned.drawn(months, this=this),
        "commission": _commission(instructor, now),
        "soon": [earned.soon(one) for one in earnings.coming(instructor)[:SOON]],
        "payouts": [earned.payout(one) for one in connect.payouts_of(account)[:PAYOUTS]] if account else [],
        "getting_paid_url": reverse("bookings:getting_paid"),
        "statements_url": reverse("bookings:statements"),
        "csv_url": reverse("bookings:earnings_csv"),
        "form": form or PeriodForm(initial=_period(months, this)),
        **_lines(request, instructor, months, account),
    }
    return render(request, "bookings/earnings.html", context, status=422 if form else 200)


def _sums(sums: earnings.Earnings, account: PayoutAccount | None) -> dict[str, Any]:
    return {
        "earned": money.exact(sums.earned),
        "sent": money.exact(sums.sent),
        "on_its_way": money.exact(abs(sums.on_its_way)),
        "is_less": sums.on_its_way < 0,
        "is_moving": account is not None and account.is_ready,
        "held": money.exact(sums.held) if sums.held else "",
        "coming": money.exact(sums.coming),
        "in_question": money.exact(sums.in_question) if sums.in_question else "",
    }


def _this(months: list[earnings.Month], this: date) -> dict[str, str]:
    """The present month, and the tips in it."""
    found = next((month for month in months if month.first == this), None)
    return {
        "month": f"{this:%B}",
        "earned": money.exact(found.earned if found else 0),
        "tips": money.exact(found.tips) if found and found.tips else "",
        "back": money.exact(-found.back) if found and found.back else "",
    }


def _commission(instructor: Instructor, now: datetime) -> dict[str, Any]:
    found = earnings.commission_of(instructor, now=now)
    return {
        "pct": found.pct,
        "is_founding": found.is_founding,
        "lessons": words.count(found.lessons, "lesson"),
        "falls": found.soon_pct < found.pct,
        "rises": found.soon_pct > found.pct,
        "soon_pct": found.soon_pct,
        "needed": f"{found.needed:,}" if found.needed else "",
        "next_pct": found.next_pct,
        "done": found.lessons,
        "of": found.lessons + found.needed,
    }


def _period(months: list[earnings.Month], this: date) -> dict[str, date]:
    """The present year as far as there is anything."""
    first = max(months[0].first, this.replace(month=1)) if months else this
    return {"first": first, "last": clock.today(settings.SITE_TIME_ZONE)}


def _lines(
    request: HttpRequest,
    instructor: Instructor,
    months: list[earnings.Month],
    account: PayoutAccount | None,
) -> dict[str, Any]:
    """A page of lines under their months, and what to choose among them by."""
    month = _month(request.GET.get("month", ""))
    show = request.GET.get("show", "")
    show = show if show in SHOWS else next(iter(SHOWS))
    low, high = earnings.bounds(month) if month else (None, None)
    entries = SHOWS[show][1](earnings.lines(instructor, low=low, high=high))
    page = paging.page(entries, request=request, order=("-id",))
    return {
        "groups": [
            {"label": words.month(first), "lines": [earned.line(entry, account) for entry in some]}
            for first, some in groupby(page.results, _month_of)
        ],
        "pager": {"previous_url": page.previous, "next_url": page.next, "label": ""},
        "shows": [{"key": key, "label": label, "on": key == show} for key, (label, _) in SHOWS.items()],
        "months": [
            {"key": earned.month_key(one.first), "label": words.month(one.first), "on": one.first == month}
            for one in reversed(months)
            if one.lines
        ],
        "is_filtered": month is not None or show != next(iter(SHOWS)),
        "month_key": earned.month_key(month) if month else "",
        "month_label": words.month(month) if month else "",
    }


def _month_of(entry: Entry) -> date:
    return earnings.month_of(entry.posting.created_at)


def _month(text: str) -> date | None:
    """The month of an address; anything else is none."""
    try:
        found = date.fromisoformat(f"{text}-01")
    except ValueError:
        return None
    return found if 2000 <= found.year < 2200 else None


@office
@require_GET
def table(request: HttpRequest, instructor: Instructor) -> HttpResponse:
    """The lines of a period as CSV: ``?month=``, or the days from ``?first=`` to ``?last=``."""
    month = _month(request.GET.get("month", ""))
    if month:
        (low, high), name = earnings.bounds(month), earned.month_key(month)
    else:
        form = PeriodForm(request.GET)
        if not form.is_valid():
            return _index(request, instructor, form=form)
        low, high = form.bounds()
        name = f"{form.cleaned_data['first']}-to-{form.cleaned_data['last']}"
    entries = earnings.lines(instructor, low=low, high=high)
    response = HttpResponse(earned_csv.written(reversed(entries)), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="earnings-{name}.csv"'
    return response


@office
@require_GET
def statements(request: HttpRequest, instructor: Instructor) -> HttpResponse:
    """The months that are over, the latest first."""
    this = earnings.month_of(clock.now())
    context = {
        "section": "earnings",
        "here": "earnings",
        "back_url": reverse("bookings:earnings"),
        "statements": [
            {
                "month": words.month(one.first),
                "number": earned.statement_number(instructor.pk, one.first),
                "earned": money.exact(one.earned),
                "sent": money.exact(one.sent),
                "closing": money.exact(one.closing),
                "url": reverse("bookings:statement", args=[earned.month_key(one.first)]),
            }
            for one in reversed(earnings.months(instructor, until=this))
            if one.first < this
        ],
    }
    return render(request, "bookings/statements.html", context)


@office
@require_GET
def statement(request: HttpRequest, instructor: Instructor, month: str) -> HttpResponse:
    """One month that is over: what was owed before, every line, what was owed after."""
    now = clock.now()
    months = {one.first: one for one in earnings.months(instructor, until=earnings.month_of(now))}
    first = _month(month)
    found = months.get(first) if first else None
    if found is None or found.first >= earnings.month_of(now):
        raise NotFound
    low, high = earnings.bounds(found.first)
    entries = list(reversed(earnings.lines(instructor, low=low, high=high)))
    kept = earnings.commission_kept(entries)
    lessons = sum(entry.amount for entry in entries if entry.posting.kind == Kind.PAYMENT_CAPTURED)
    context = {
        "section": "earnings",
        "here": "earnings",
        "month": words.month(found.first),
        "number": earned.statement_number(instructor.pk, found.first),
        "name": instructor.user.full_name,
        "address": instructor.address,
        "zone": words.zone(settings.SITE_TIME_ZONE),
        "currency": settings.CURRENCY,
        "opening": money.exact(found.opening),
        "closing": money.exact(found.closing),
        "sums": [
            {"label": label, "amount": money.signed(figure)}
            for label, figure in (
                ("Lessons, before commission", lessons + kept),
                ("Commission", -kept),
                ("Tips", found.tips),
                ("Your share of refunds", found.back),
                ("Other", found.earned - lessons - found.tips - found.back),
                ("Sent to your account", -found.sent),
            )
            if figure
        ],
        "lines": earned.statement_lines(entries, opening=found.opening),
        "back_url": reverse("bookings:statements"),
        "csv_url": f"{reverse('bookings:earnings_csv')}?month={earned.month_key(found.first)}",
    }
    return render(request, "bookings/statement.html", context)
