"""Taking over the old system's availability: files → rows → a plan for each instructor → their hours.

Each instructor is one transaction, with a row that says it was done. Who is killed in the middle and
started again with the same files goes on where it stopped.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from django.db import transaction

from instainstru.lib import clock
from instainstru.lib.errors import DomainError
from instructors.legacy import files, plan, rows, states, walls
from instructors.legacy.rows import Finding, Place
from instructors.legacy.spool import Spool
from instructors.models import Instructor
from instructors.models.legacy import AvailabilityImport, ImportedInstructor
from instructors.services import calendar
from instructors.services.replace import replace

# Kept with the run itself; all of them are printed.
MOST_FINDINGS_KEPT = 1000
DIGEST_BLOCK = 1024 * 1024
Outcome = ImportedInstructor.Outcome


@dataclass(frozen=True, slots=True)
class Options:
    """``until``: dates without rows up to there were closed. ``goes_on``: the pattern outlasts the rows."""

    until: date | None = None
    goes_on: bool = True
    keep_existing: bool = False

    def told(self) -> dict[str, Any]:
        return {**asdict(self), "until": self.until and self.until.isoformat()}


@dataclass(slots=True)
class Job:
    """An import ready to run. ``run`` is None in a dry run."""

    spool: Spool
    options: Options
    members: dict[str, int]
    run: AvailabilityImport | None
    resumed: bool = False
    counts: Counter[str] = field(default_factory=Counter)

    def work(self) -> Iterator[Outcome | None]:
        """Import instructor by instructor; yields what became of each, None where nothing was coming."""
        for key, pk in self.members.items():
            outcome, findings = self._one(key, pk)
            for finding in findings:
                self.spool.note(finding)
            self.counts[outcome.value if outcome else "nothing_coming"] += 1
            yield outcome
        if self.run:
            _finish(self.run, self.spool, self.counts)

    def _one(self, key: str, pk: int) -> tuple[Outcome | None, list[Finding]]:
        try:
            return _import(self.spool, key, pk, self.options, self.run)
        except DomainError as error:
            number = self.spool.leave_out(key, "refused", error.message)
            self.counts["rows_left_out"] += number
            return None, []


class AlreadyDone(DomainError):
    """These files were imported; the run is named."""

    code = "already_imported"


def digest_of(paths: Sequence[Path], options: Options) -> str:
    """What makes a run the same run."""
    digest = hashlib.sha256(json.dumps(options.told()).encode())
    for path in paths:
        with path.open("rb") as file:
            while block := file.read(DIGEST_BLOCK):
                digest.update(block)
        digest.update(b"\0")
    return digest.hexdigest()


def prepare(paths: Sequence[Path], options: Options, *, dry_run: bool = False) -> Job:
    """Read the files and find the people. Raises ``FileProblem`` or ``AlreadyDone``; writes no hours."""
    for path in paths:
        files.check(path)
    spool = Spool()
    number = 0
    try:
        for index, path in enumerate(paths):
            for line, record in files.records(path, known=rows.COLUMNS):
                number += 1
                reading = rows.read(record, Place(index, line))
                for finding in reading.findings:
                    spool.note(finding)
                if reading.row:
                    spool.add(reading.row)
        spool.ready()
        # Only now: files that cannot be read leave no run behind.
        run, resumed = (None, False) if dry_run else _run_of(paths, options)
        job = Job(spool, options, {}, run, resumed)
        job.counts["records"] = number
        job.members = _members(job)
    except BaseException:
        spool.close()
        raise
    return job


def _run_of(paths: Sequence[Path], options: Options) -> tuple[AvailabilityImport, bool]:
    run, made = AvailabilityImport.objects.exclude(status=AvailabilityImport.Status.UNDONE).get_or_create(
        digest=digest_of(paths, options),
        defaults={"files": [path.name for path in paths], "options": options.told()},
    )
    if run.status == AvailabilityImport.Status.FINISHED:
        raise AlreadyDone(
            f"These files were imported with these options: run {run.pk}, "
            f"{run.finished_at:%Y-%m-%d %H:%M} UTC. Undo that run first if they are to be imported again."
        )
    return run, not made


def _members(job: Job) -> dict[str, int]:
    """The old numbers with rows, and whose they are here; the rows of all others are left out."""
    emails = job.spool.emails()
    keys = job.spool.keys()
    known: dict[str, tuple[int, str]] = {}
    wanted = sorted({emails[key] for key in keys if key in emails})
    for start in range(0, len(wanted), 1000):
        some = Instructor.objects.filter(user__email__in=wanted[start : start + 1000])
        for email, pk, zone in some.values_list("user__email", "pk", "time_zone"):
            known[email.lower()] = (pk, zone)
    members: dict[str, int] = {}
    taken: dict[int, str] = {}
    for key in keys:
        pk, zone = known.get(emails.get(key, ""), (0, ""))
        if not pk:
            why = f"{emails[key]} teaches nothing here." if key in emails else f"Nobody says who {key} is."
            what = "unknown_instructor"
        elif zone != walls.ZONE:
            what, why = "other_zone", f"The rows are {walls.ZONE}'s; this instructor lives by {zone}."
        elif pk in taken:
            what, why = "contradiction", f"Instructor {taken[pk]} has the same e-mail."
        else:
            members[key] = pk
            taken[pk] = key
            continue
        job.counts["instructors_left_out"] += 1
        job.counts["rows_left_out"] += job.spool.leave_out(key, what, why)
    return members


@transaction.atomic
def _import(
    spool: Spool, key: str, pk: int, options: Options, run: AvailabilityImport | None
) -> tuple[Outcome | None, list[Finding]]:
    locked = calendar.lock_instructor(Instructor(pk=pk))
    if run and (done := ImportedInstructor.objects.filter(run=run, instructor=locked).first()):
        return Outcome(done.outcome), [Finding(**found) for found in done.findings]
    wanted = plan.make(
        spool.slots(key),
        spool.blackouts(key),
        today=clock.today(walls.ZONE),
        until=options.until,
        goes_on=options.goes_on,
    )
    if wanted.is_empty:
        return None, wanted.findings
    before = states.read(locked)
    outcome = _outcome(before, wanted, options)
    if run is None:
        return outcome, wanted.findings
    after = before
    if outcome == Outcome.IMPORTED:
        replace(locked, wanted.week, wanted.dates, by=None)
        after = states.changed(before, wanted.week, wanted.dates)
    if outcome != Outcome.KEPT:
        states.write_slots(locked, ((day, slot) for day, some in wanted.slots.items() for slot in some))
    ImportedInstructor.objects.create(
        run=run,
        instructor=locked,
        outcome=outcome,
        before=before,
        after=states.version(after),
        counts=wanted.counts(),
        findings=[asdict(found) for found in wanted.findings],
    )
    return outcome, wanted.findings


def _outcome(before: Mapping[str, Any], wanted: plan.Plan, options: Options) -> Outcome:
    own = states.dates(before)
    if options.keep_existing and (any(before["week"]) or own):
        return Outcome.KEPT
    is_same = states.week(before) == wanted.week and all(
        own.get(day) == windows for day, windows in wanted.dates.items()
    )
    return Outcome.UNCHANGED if is_same else Outcome.IMPORTED


@transaction.atomic
def _finish(run: AvailabilityImport, spool: Spool, counts: Counter[str]) -> None:
    told = [asdict(found) for found, _ in zip(spool.findings(), range(MOST_FINDINGS_KEPT), strict=False)]
    run.status = AvailabilityImport.Status.FINISHED
    run.finished_at = clock.now()
    run.counts = dict(counts)
    run.findings = told
    run.save(update_fields=["status", "finished_at", "counts", "findings"])
