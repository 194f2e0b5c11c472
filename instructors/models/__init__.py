from instructors.models.calendar import CalendarBlock, DateHours, OpenDay, WeeklyHours
from instructors.models.catalogue import (
    IN_PERSON,
    Alias,
    Audience,
    Category,
    Level,
    Modality,
    Offering,
    Subject,
)
from instructors.models.payouts import PayoutAccount
from instructors.models.places import Place, PlaceAlias
from instructors.models.profile import Instructor

__all__ = [
    "IN_PERSON", "Alias", "Audience", "CalendarBlock", "Category", "DateHours", "Instructor", "Level",
    "Modality", "Offering", "OpenDay", "PayoutAccount", "Place", "PlaceAlias", "Subject", "WeeklyHours",
]  # fmt: skip
