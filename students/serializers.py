"""Students on the wire."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from instainstru.events.notify import PLACEHOLDER_DOMAIN
from instainstru.lib.fields import Body
from students.models import Student


def show_student(student: Student) -> dict[str, Any]:
    """A student as whoever books for them sees them."""
    user = student.user
    return {
        "id": student.pk,
        "first_name": user.first_name,
        "last_name": user.last_name,
        "email": None if user.email.endswith(f"@{PLACEHOLDER_DOMAIN}") else user.email,
        "time_zone": user.time_zone,
        "created_at": student.created_at,
    }


class StudentBody(Body):
    """Somebody a partner books for."""

    first_name = serializers.CharField(max_length=80)
    last_name = serializers.CharField(max_length=80)
    email = serializers.EmailField(
        required=False, allow_blank=True, help_text="Where letters go; without one nobody is written to."
    )
    time_zone = serializers.CharField(
        max_length=64, required=False, allow_blank=True, help_text="IANA; by default the partner's."
    )


@extend_schema_serializer(component_name="Student")
class StudentAnswer(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    first_name = serializers.CharField()
    last_name = serializers.CharField()
    email = serializers.EmailField(allow_null=True)
    time_zone = serializers.CharField()
    created_at = serializers.DateTimeField()
