"""Putting back what instructors had before an import."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.db import transaction

from instainstru.lib import clock
from instainstru.lib.errors import Conflict, DomainError, NotFound
from instructors.legacy import states
from instructors.models import Instructor
from instructors.models.legacy import AvailabilityImport, ImportedInstructor
from instructors.services import calendar
from instructors.services.replace import replace

Status = AvailabilityImport.Status


@dataclass(frozen=True, slots=True)
class Undone:
    """What became of one instructor: ``restored``, or left as ``edited_since`` or ``refused``."""

    instructor: int
    email: str
    what: str
    detail: str = ""


def run_of(number: int) -> AvailabilityImport:
    """The run; raises ``NotFound``, or ``Conflict`` where it is undone already."""
    run = AvailabilityImport.objects.filter(pk=number).first()
    if run is None:
        raise NotFound(f"There is no import {number}.")
    if run.status == Status.UNDONE:
        raise Conflict(f"Import {number} was undone, {run.undone_at:%Y-%m-%d %H:%M} UTC.")
    return run


def undo(run: AvailabilityImport, *, force: bool = False) -> Iterator[Undone]:
    """Put back each instructor's hours, in a transaction each; may be stopped and started again.

    Whoever has edited since is left as they are, unless ``force``. A run of which all is put back may be
    imported again; the others count as finished.
    """
    waiting = run.parts.filter(undone_at=None).order_by("pk").values_list("pk", "instructor_id")
    for pk, instructor_id in list(waiting):
        try:
            yield _undo_one(pk, instructor_id, force=force)
        except DomainError as error:
            email = Instructor.objects.values_list("user__email", flat=True).get(pk=instructor_id)
            yield Undone(instructor_id, email, "refused", error.message)
    if not run.parts.filter(undone_at=None).exists():
        run.status, run.undone_at = Status.UNDONE, clock.now()
    elif run.status == Status.RUNNING:
        run.status, run.finished_at = Status.FINISHED, clock.now()
    run.save(update_fields=["status", "undone_at", "finished_at"])


@transaction.atomic
def _undo_one(pk: int, instructor_id: int, *, force: bool) -> Undone:
    locked = calendar.lock_instructor(Instructor(pk=instructor_id))
    part = ImportedInstructor.objects.get(pk=pk)
    now = states.read(locked)
    is_edited = states.version(now) != part.after
    if part.undone_at is None:
        if is_edited and part.outcome != ImportedInstructor.Outcome.KEPT and not force:
            return Undone(locked.pk, locked.user.email, "edited_since", "The hours are not as imported.")
        if part.outcome != ImportedInstructor.Outcome.KEPT:
            _restore(locked, part, now)
        part.undone_at = clock.now()
        part.save(update_fields=["undone_at"])
    return Undone(locked.pk, locked.user.email, "restored", "Edits since are gone." if is_edited else "")


def _restore(instructor: Instructor, part: ImportedInstructor, now: dict[str, object]) -> None:
    before = states.dates(part.before)
    touched = {**dict.fromkeys(states.dates(now)), **before}
    replace(instructor, states.week(part.before), touched, by=None)
    states.write_slots(instructor, states.slots(part.before))
    if not part.before["is_open"] and not instructor.is_listed:
        instructor.refresh_from_db(fields=["open_until"])
        calendar.unmake(instructor)
