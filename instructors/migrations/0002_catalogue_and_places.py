from django.db import migrations

from instructors.data import catalogue, new_york, zip_codes


def load(apps, schema_editor):
    """The catalogue and the places everything else refers to."""
    catalogue.load(*(apps.get_model("instructors", name) for name in ("Category", "Subject", "Alias")))
    new_york.load(*(apps.get_model("instructors", name) for name in ("Place", "PlaceAlias")))
    zip_codes.load(apps.get_model("instructors", "Place"))


class Migration(migrations.Migration):
    dependencies = [("instructors", "0001_initial")]

    operations = [migrations.RunPython(load, migrations.RunPython.noop)]
