"""After a test that commits, the database is as migrations left it."""

import pytest
from django.contrib.contenttypes.models import ContentType

from instainstru.accounts.models import User
from instructors.models import Category, Place, Subject
from ops.testing import pristine


def known() -> dict[str, list[object]]:
    return {
        model.__name__: list(model.objects.order_by("pk").values_list())
        for model in (Category, Subject, Place, ContentType, User)
    }


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("role", [pristine.MAY_DO_ANYTHING, "SELECT false"], ids=["superuser", "other role"])
def test_what_was_added_changed_or_deleted_is_undone(monkeypatch: pytest.MonkeyPatch, role: str):
    monkeypatch.setattr(pristine, "MAY_DO_ANYTHING", role)
    before = known()
    assert before["Subject"]
    assert before["Place"]
    assert before["User"] == []

    User.objects.create(email="ana@example.com")
    Subject.objects.filter(pk=before["Subject"][0][0]).update(name="Something else")
    Place.objects.filter(pk=Place.objects.earliest("pk").pk).delete()
    pristine.restore()

    assert known() == before


@pytest.mark.django_db(transaction=True)
def test_what_nobody_touched_is_not_written_again():
    written_by = """
        SELECT (SELECT max(xmin::text::bigint) FROM instructors_place),
            (SELECT max(xmin::text::bigint) FROM instructors_subject)
    """
    with pristine.connection.cursor() as cursor:
        cursor.execute(written_by)
        before = cursor.fetchone()
        User.objects.create(email="ana@example.com")
        pristine.restore()
        cursor.execute(written_by)
        assert cursor.fetchone() == before
    assert not User.objects.exists()
