"""The books: accounts with their balances, postings with their entries. Nobody at all writes here."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from bookings.admin import money
from bookings.models import Account, AccountKind, Entry, Posting
from bookings.services import ledger
from instainstru.accounts.models import User
from instainstru.lib.acting import ActingAdmin
from instainstru.lib.backoffice import Table, all_in_one, person
from instainstru.lib.money import exact, signed
from instructors.models import Instructor
from students.models import Student

LATEST = 100
# Whose accounts are whose.
OWNED = {
    "student": (AccountKind.STUDENT, AccountKind.CREDIT, AccountKind.PACKAGE),
    "instructor": (AccountKind.INSTRUCTOR,),
}
PEOPLE: dict[str, type[Student] | type[Instructor]] = {"student": Student, "instructor": Instructor}


def owners(accounts: list[Account]) -> dict[tuple[str, int], str]:
    """Names of those whose accounts these are, by part and key: two queries at most."""
    found = {}
    for part, kinds in OWNED.items():
        keys = {each.owner_id for each in accounts if each.kind in kinds and each.owner_id}
        if keys:
            rows = PEOPLE[part].objects.filter(pk__in=keys).select_related("user")
            found.update({(part, row.pk): money.name(row.user) for row in rows})
    return found


def part_of(account: Account) -> str:
    return next((part for part, kinds in OWNED.items() if account.kind in kinds), "")


class AccountChangeList(ChangeList):
    """Knows owners and balances of the page's rows: three queries, however large the books are."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        rows = list(self.result_list)
        held, names = ledger.balances(row.pk for row in rows), owners(rows)
        for row in rows:
            row.held = held.get(row.pk, 0)
            row.owner_name = names.get((part_of(row), row.owner_id), "")
        self.result_list = rows


@admin.register(Account)
class AccountAdmin(ActingAdmin):
    list_display = ("kind", "owner", "balance", "currency")
    list_filter = ("kind",)
    search_fields = ("owner_id",)
    search_help_text = "Parts of the name or address of a student or an instructor."
    change_form_template = "admin/tables.html"
    change_list_template = "admin/bookings/account/change_list.html"
    fields = ("kind", "owner", "balance", "currency")

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return AccountChangeList

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        account = super().get_object(request, object_id, from_field)
        if account is not None:
            account.held = ledger.balances([account.pk]).get(account.pk, 0)
            account.owner_name = owners([account]).get((part_of(account), account.owner_id), "")
        return account

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Account], search_term: str
    ) -> tuple[QuerySet[Account], bool]:
        """By people: an account knows only its owner's key."""
        words = search_term.replace("\x00", "").split()
        if not words:
            return queryset, False
        people = list(User.objects.filter(all_in_one(person(), words)).values_list("pk", flat=True)[:LATEST])
        theirs = Q(pk__in=[])
        for part, kinds in OWNED.items():
            keys = list(PEOPLE[part].objects.filter(user__in=people).values_list("pk", flat=True))
            theirs |= Q(kind__in=kinds, owner_id__in=keys)
        return queryset.filter(theirs), False

    def title_of(self, account: Account) -> str:
        owner = getattr(account, "owner_name", "")
        return f"{account.get_kind_display()}{f', {owner}' if owner else ''}"

    def panels(self, request: HttpRequest, account: Account) -> dict[str, Any]:
        entries = Entry.objects.filter(account=account).select_related("posting").order_by("-pk")
        rows = [
            [money.moment(entry.posting.created_at),
             money.link("bookings_posting", entry.posting_id, money.kind(entry.posting.kind)),
             signed(entry.amount, account.currency)]
            for entry in entries[:LATEST]
        ]  # fmt: skip
        head = ["When (UTC)", "What", "Amount"]
        note = f"the latest {LATEST}" if len(rows) == LATEST else ""
        links = [("All postings of this account", _postings_url(account))]
        if part := part_of(account):
            links.insert(0, ("Statement", statement_url(part, account.owner_id)))
        table = Table("entries", "Entries", head, rows, "None.", note=note, figures=(2,))
        return {"tables": [table], "links": links}

    @admin.display(description="whose")
    def owner(self, account: Account) -> str | SafeString:
        part = part_of(account)
        if not part:
            return money.NOTHING
        text = account.owner_name or f"{part} {account.owner_id}"  # type: ignore[attr-defined]
        return format_html('<a href="{}">{}</a>', statement_url(part, account.owner_id), text)

    @admin.display(description="balance")
    def balance(self, account: Account) -> str:
        return exact(account.held, account.currency)  # type: ignore[attr-defined]

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        own = [path("trial/", view(self.trial), name="bookings_account_trial")]
        own += [
            path(f"statement/{part}/<int:key>/", view(partial(self.statement, part=part)),
                 name=f"bookings_account_{part}")
            for part in OWNED
        ]  # fmt: skip
        return own + super().get_urls()

    def trial(self, request: HttpRequest) -> HttpResponse:
        """Sums of each kind of account; together they are nothing."""
        sums = ledger.by_kind()
        currencies = sorted({currency for _, currency in sums})
        rows: list[list[Any]] = [
            [kind.label, *(signed(sums.get((kind, each), 0), each) for each in currencies)]
            for kind in AccountKind
        ]
        totals = {each: sum(of for (_, at), of in sums.items() if at == each) for each in currencies}
        rows.append(["Together", *(exact(of, each) for each, of in totals.items())])
        table = Table("trial", "Sums by kind of account", ["Kind", *currencies], rows, "",
                      figures=range(1, len(currencies) + 1))  # fmt: skip
        is_right = not any(totals.values())
        return self._books(request, "Trial balance", table, is_right=is_right)

    def statement(self, request: HttpRequest, key: int, *, part: str) -> HttpResponse:
        """All that moved on the accounts of one person, the latest first."""
        whose = PEOPLE[part].objects.select_related("user").filter(pk=key).first()
        if whose is None:
            raise Http404
        accounts = list(Account.objects.filter(kind__in=OWNED[part], owner_id=key))
        touching = Entry.objects.filter(posting=OuterRef("pk"), account__in=accounts)
        found = Posting.objects.filter(Exists(touching)).prefetch_related("entries__account").order_by("-pk")
        if (before := request.GET.get("before", "")).isdecimal() and len(before) < 19:
            found = found.filter(pk__lt=int(before))
        postings = list(found[: LATEST + 1])
        held = ledger.balances(account.pk for account in accounts)
        balances = [
            (account.get_kind_display(), exact(held.get(account.pk, 0), account.currency))
            for account in accounts
        ]
        table = money.postings_table(postings[:LATEST], title="What moved, the latest first (UTC)")
        older = f"?before={postings[LATEST - 1].pk}" if len(postings) > LATEST else ""
        title = f"Statement of {money.name(whose.user)}"
        return self._books(request, title, table, balances=balances, older=older)

    def _books(self, request: HttpRequest, title: str, table: Table, **more: Any) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        context = {
            **self.admin_site.each_context(request),
            "title": title, "opts": self.opts, "table": table, **more,
        }  # fmt: skip
        return TemplateResponse(request, "admin/bookings/account/books.html", context)


def statement_url(part: str, key: int | None) -> str:
    return reverse(f"admin:bookings_account_{part}", args=[key])


def _postings_url(account: Account) -> str:
    return f"{reverse('admin:bookings_posting_changelist')}?account={account.pk}"


class AccountFilter(admin.SimpleListFilter):
    """Only by address: a menu of 100,000 accounts is none."""

    title = "account"
    parameter_name = "account"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        key = request.GET.get(self.parameter_name, "")
        return [(key, f"Account {key}")] if key.isdecimal() else []

    def queryset(self, request: HttpRequest, queryset: QuerySet[Posting]) -> QuerySet[Posting]:
        key = self.value()
        if not key or not key.isdecimal() or len(key) > 18:
            return queryset
        return queryset.filter(Exists(Entry.objects.filter(posting=OuterRef("pk"), account=int(key))))


@admin.register(Posting)
class PostingAdmin(ActingAdmin):
    list_display = ("id", "when", "what", "moved", "of_payment")
    list_filter = (AccountFilter,)
    search_fields = ("id",)
    search_help_text = "A posting's number, or the whole id of a payment or a booking."
    change_form_template = "admin/tables.html"
    fields = ("id", "when", "what", "of_payment", "of_booking", "of_event")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Posting]:
        return super().get_queryset(request).prefetch_related("entries__account")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Posting], search_term: str
    ) -> tuple[QuerySet[Posting], bool]:
        word = search_term.replace("\x00", "").strip()
        if not word:
            return queryset, False
        if word.isdecimal() and len(word) <= 18:
            return queryset.filter(pk=int(word)), False
        if money.is_uuid(word):
            return queryset.filter(Q(payment=word) | Q(booking=word)), False
        return queryset.none(), False

    def title_of(self, posting: Posting) -> str:
        return f"{money.kind(posting.kind)}, {self.when(posting)}"

    def panels(self, request: HttpRequest, posting: Posting) -> dict[str, Any]:
        entries = list(posting.entries.all())
        names = owners([entry.account for entry in entries])
        rows = []
        for entry in entries:
            account = entry.account
            whose = names.get((part_of(account), account.owner_id or 0), "")
            text = f"{account.get_kind_display()}{f', {whose}' if whose else ''}"
            linked = money.link("bookings_account", account.pk, text)
            rows.append([linked, signed(entry.amount, account.currency)])
        return {"tables": [Table("entries", "Entries", ["Account", "Amount"], rows, "", figures=(1,))]}

    @admin.display(description="when (UTC)")
    def when(self, posting: Posting) -> str:
        return money.moment(posting.created_at)

    @admin.display(description="what")
    def what(self, posting: Posting) -> str:
        return money.kind(posting.kind)

    @admin.display(description="entries")
    def moved(self, posting: Posting) -> str:
        return ", ".join(
            f"{entry.account.get_kind_display().partition(' (')[0]} "
            f"{signed(entry.amount, entry.account.currency)}"
            for entry in posting.entries.all()
        )

    @admin.display(description="payment")
    def of_payment(self, posting: Posting) -> str | SafeString:
        key = posting.payment_id
        return money.link("bookings_payment", key, str(key)) if key else money.NOTHING

    @admin.display(description="booking")
    def of_booking(self, posting: Posting) -> str | SafeString:
        key = posting.booking_id
        return money.link("bookings_booking", key, str(key)) if key else money.NOTHING

    @admin.display(description="because of the event")
    def of_event(self, posting: Posting) -> SafeString:
        return money.link("events_event", posting.event_id, f"Event {posting.event_id}")
