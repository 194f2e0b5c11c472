from django.db import migrations

from instructors.data import catalogue


def load(apps, schema_editor):
    """More ways to say a subject, for databases that began with fewer; what is there stays."""
    catalogue.load(*(apps.get_model("instructors", name) for name in ("Category", "Subject", "Alias")))


class Migration(migrations.Migration):
    dependencies = [("instructors", "0007_listing")]

    operations = [migrations.RunPython(load, migrations.RunPython.noop)]
