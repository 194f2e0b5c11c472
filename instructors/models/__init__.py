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
from instructors.models.legacy import AvailabilityImport, ImportedInstructor, OldSlot
from instructors.models.outside import OutsideCalendar
from instructors.models.payouts import Payout, PayoutAccount
from instructors.models.places import Place, PlaceAlias
from instructors.models.profile import Instructor, OldAddress
from instructors.models.searches import SavedSearch, SearchLog

__all__ = [
    "IN_PERSON", "Alias", "Audience", "AvailabilityImport", "CalendarBlock", "Category", "DateHours",
    "ImportedInstructor", "Instructor", "Level", "Modality", "Offering", "OldAddress", "OldSlot", "OpenDay",
    "OutsideCalendar", "Payout", "PayoutAccount", "Place", "PlaceAlias", "SavedSearch", "SearchLog",
    "Subject", "WeeklyHours",
]  # fmt: skip
