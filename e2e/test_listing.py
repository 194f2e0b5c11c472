"""From signing up to being booked, with staff in between; and a late move that the other side agrees to."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.urls import reverse
from PIL import Image
from playwright.sync_api import Page, expect

from bookings.models import Booking, MoveRequest, Party
from bookings.services import consent
from bookings.tests.cast import Cast
from bookings.tests.factories import booked, in_days, local_time
from e2e.conftest import DESK, Visit
from instainstru.accounts.models import User
from instructors.models import Instructor

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

with_and_without_js = pytest.mark.parametrize("js", [True, False], ids=["js", "no-js"])
SAVE = "Save and go on"


def sign_up(page: Page) -> None:
    page.get_by_label("First name").fill("Dora")
    page.get_by_label("Last name").fill("Dean")
    page.get_by_label("Email").fill("dora@example.com")
    page.get_by_label("Password").first.fill("correct horse battery")
    page.get_by_role("button", name="Sign up").click()
    expect(page.get_by_role("heading", name="Confirm your address")).to_be_visible()
    code = re.search(r"^Your code: (\d{6})$", str(mail.outbox[-1].body), re.MULTILINE)
    assert code
    page.get_by_label("Code").fill(code.group(1))
    page.get_by_role("button", name="Go on").click()


def photograph(folder: Path) -> Path:
    path = folder / "me.jpg"
    Image.new("RGB", (900, 1200), "teal").save(path)
    return path


@with_and_without_js
def test_somebody_signs_up_gets_listed_and_is_found(
    visit: Visit, cast: Cast, settings: Any, tmp_path: Path, js: bool
):
    settings.MEDIA_ROOT = tmp_path / "media"
    start = reverse("instructors:office_start")
    page = visit(f"{reverse('account_signup')}?next={start}", js=js)
    sign_up(page)
    page.get_by_role("button", name="Begin").click()
    expect(page.get_by_text("0 of 4 done")).to_be_visible()
    page.get_by_role("link", name="Go on: About you").click()
    write_about(page)
    send_photo(page, photograph(tmp_path))
    add_subject(page)
    page.get_by_label("Where you are").fill("11215")
    page.get_by_role("button", name=SAVE).click()
    page.get_by_label("To", exact=True).fill("12:00")
    page.get_by_role("button", name=SAVE).click()
    expect(page.get_by_text("4 of 4 done")).to_be_visible()
    page.get_by_role("link", name="See the preview").click()
    expect(page.get_by_text("Only you see this page.")).to_be_visible()
    expect(page.get_by_role("heading", name="Dora D.")).to_be_visible()
    page.get_by_role("button", name="Submit for checking").click()
    expect(page.get_by_text("Submitted. We check it and write to you.")).to_be_visible()
    staff_send_it_back_and_then_verify_it(visit, page, cast, js=js)
    visitor = visit("/search?q=chess", js=js)
    expect(visitor.locator(".result")).to_have_count(1)


def write_about(page: Page) -> None:
    page.get_by_label("In one line").fill("Chess for the whole family")
    page.get_by_label("About you").fill("Short.")
    page.get_by_role("button", name=SAVE).click()
    expect(page.get_by_role("alert")).to_contain_text("That is short")
    expect(page.get_by_label("In one line")).to_have_value("Chess for the whole family")
    page.get_by_label("About you").fill("I have played for thirty years and taught for ten of them.")
    page.get_by_role("button", name=SAVE).click()


def send_photo(page: Page, path: Path) -> None:
    expect(page.get_by_role("heading", name="A photo")).to_be_visible()
    page.get_by_label("Photo").set_input_files(path)
    page.get_by_role("button", name="Upload the photo").click()
    expect(page.get_by_alt_text("Your photo as students see it")).to_be_visible()
    page.get_by_role("link", name="Go on").click()


def add_subject(page: Page) -> None:
    expect(page.get_by_role("heading", name="Your first subject")).to_be_visible()
    page.get_by_label("Subject").select_option(label="Chess")
    page.get_by_label("Price for an hour, dollars").fill("60")
    page.get_by_label("Online").check()
    page.get_by_role("button", name=SAVE).click()
    expect(page.get_by_text("Chess is saved.")).to_be_visible()


def staff_send_it_back_and_then_verify_it(visit: Visit, page: Page, cast: Cast, *, js: bool) -> None:
    office = visit(reverse("admin:index"), user=cast.staff, js=js, width=DESK)
    office.get_by_role("link", name="1 Instructors to verify").click()
    office.get_by_role("link", name="Dora Dean").click()
    expect(office.get_by_alt_text("Photo of Dora Dean")).to_be_visible()
    here = office.url
    office.get_by_role("link", name="Send back with a reason").click()
    office.get_by_label("Reason").fill("Please say which openings you teach.")
    office.get_by_role("button", name="Send the profile back").click()
    expect(office.get_by_text("Dora Dean is asked to change the profile.")).to_be_visible()
    page.goto(reverse("instructors:listing"))
    expect(page.get_by_text("Please say which openings you teach.")).to_be_visible()
    page.get_by_role("button", name="Submit for checking").click()
    expect(page.get_by_text("Submitted. We check it and write to you.")).to_be_visible()
    office.goto(here)
    office.get_by_role("link", name="Verify this instructor").click()
    office.get_by_role("button", name="Verified: list the instructor").click()
    expect(office.get_by_text("Dora Dean is verified and listed.")).to_be_visible()
    dora = Instructor.objects.get(user=User.objects.get(email="dora@example.com"))
    assert (dora.status, dora.is_verified) == (Instructor.Status.LISTED, True)


@with_and_without_js
def test_the_own_address_is_changed_and_the_old_one_still_leads_there(visit: Visit, cast: Cast, js: bool):
    page = visit(reverse("instructors:your_page"), user=cast.ana, js=js)
    expect(page.get_by_alt_text(re.compile("^QR code of ")).first).to_be_visible()
    assert page.evaluate("document.querySelector('.qr img').naturalWidth") > 100
    expect(page.get_by_role("button", name="Copy the link")).to_have_count(1 if js else 0)
    page.get_by_label("Address of your page").fill("ana-plays")
    page.get_by_role("button", name="Change the address").click()
    expect(page.get_by_text("Your old address leads to the new one.")).to_be_visible()
    visitor = visit("/@ana-a", js=js)
    assert visitor.url.endswith("/@ana-plays")
    expect(visitor.get_by_role("heading", name="Ana A.")).to_be_visible()


@pytest.fixture
def soon(cast: Cast) -> Any:
    """Ben's lesson at noon, in five hours."""
    lesson = booked(cast.piano, local_time(in_days(3), 12), cast.ben_student)
    with time_machine.travel(lesson.starts_at - timedelta(hours=5)):
        yield lesson


@with_and_without_js
def test_a_late_move_is_asked_for_and_agreed_to(visit: Visit, cast: Cast, soon: Booking, js: bool):
    page = visit(reverse("bookings:lesson", args=[soon.pk]), user=cast.ben, js=js)
    page.get_by_role("link", name=re.compile("^Move")).click()
    expect(page.get_by_text("Ana has to agree")).to_be_visible()
    page.get_by_role("button", name=re.compile(r"^3:00 pm,")).click()
    page.get_by_label("Reason").fill("My train is late")
    page.get_by_role("button", name="Ask to move it").click()
    expect(page.get_by_text("Ana is asked.")).to_be_visible()
    teaching = visit(reverse("bookings:today"), user=cast.ana, js=js)
    teaching.get_by_role("link", name="Answer").click()
    expect(teaching.get_by_text("My train is late")).to_be_visible()
    teaching.get_by_role("button", name="Agree and move it").click()
    expect(teaching.get_by_text("Agreed. The lesson is moved.")).to_be_visible()
    moved = Booking.objects.get()
    assert (moved.starts_at, moved.late_moves) == (soon.starts_at + timedelta(hours=3), 1)


@with_and_without_js
def test_a_question_that_came_too_late_is_answered_with_another(
    visit: Visit, cast: Cast, soon: Booking, js: bool
):
    wished = soon.starts_at + timedelta(hours=3)
    asked = consent.ask(soon, starts_at=wished, by=cast.ben, party=Party.STUDENT)
    booked(cast.piano, wished, cast.cy_student)
    address = reverse("bookings:answer_request", args=[soon.pk, asked.pk])
    page = visit(address, user=cast.ana, js=js)
    page.get_by_role("button", name="Agree and move it").click()
    expect(page.get_by_role("heading", name="That time has gone meanwhile")).to_be_visible()
    page.get_by_role("link", name=re.compile("^Ask for ")).first.click()
    page.get_by_role("button", name="Ask to move it").click()
    expect(page.get_by_text("Ben is asked.")).to_be_visible()
    states = MoveRequest.objects.order_by("pk").values_list("asked_by", "status")
    assert list(states) == [("student", "declined"), ("instructor", "open")]
    assert Booking.objects.get(pk=soon.pk).starts_at == soon.starts_at
