"""Notice for each way to meet instead of one for all, and a start grid of one's own."""

from __future__ import annotations

from typing import Any

import django.core.validators
from django.db import migrations, models
from django.db.models import F
from django.db.models.functions import Greatest

WAYS = ("notice_online_min", "notice_at_instructor_min", "notice_at_student_min")


def keep(apps: Any, schema_editor: Any) -> None:
    """What was asked for every lesson is asked for each way to meet."""
    instructors = apps.get_model("instructors", "Instructor").objects
    instructors.filter(notice_min__isnull=False).update(**{name: F("notice_min") for name in WAYS})


def join(apps: Any, schema_editor: Any) -> None:
    """The longest of the three: nobody is booked on shorter notice than they asked for."""
    instructors = apps.get_model("instructors", "Instructor").objects
    instructors.update(notice_min=Greatest(*WAYS))


def notice() -> models.PositiveIntegerField:
    return models.PositiveIntegerField(
        blank=True, null=True, validators=[django.core.validators.MaxValueValidator(20160)]
    )


class Migration(migrations.Migration):
    dependencies = [
        ("instructors", "0009_outside_calendars"),
    ]

    operations = [
        *(migrations.AddField(model_name="instructor", name=name, field=notice()) for name in WAYS),
        migrations.RunPython(keep, join),
        migrations.RemoveField(model_name="instructor", name="notice_min"),
        migrations.AddField(
            model_name="instructor",
            name="grid_min",
            field=models.PositiveSmallIntegerField(blank=True, null=True),
        ),
        migrations.AddConstraint(
            model_name="instructor",
            constraint=models.CheckConstraint(
                condition=models.Q(("grid_min__isnull", True), ("grid_min__range", (5, 60)), _connector="OR"),
                name="instructor_grid_sane",
                violation_error_message="Lessons start every 5 to 60 minutes.",
            ),
        ),
    ]
