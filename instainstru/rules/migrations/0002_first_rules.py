from django.db import migrations

from instainstru.lib import clock


def write_first_rules(apps, schema_editor):
    """There always are rules: the defaults are the first version."""
    apps.get_model("rules", "Rules").objects.create(created_at=clock.now())


class Migration(migrations.Migration):
    dependencies = [("rules", "0001_initial")]

    operations = [migrations.RunPython(write_first_rules, migrations.RunPython.noop)]
