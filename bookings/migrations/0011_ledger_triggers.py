from django.db import migrations

from bookings.migrations._ledger_triggers import APPEND_ONLY, BALANCED, UNDO


class Migration(migrations.Migration):
    dependencies = [("bookings", "0010_money")]

    operations = [migrations.RunSQL(APPEND_ONLY + BALANCED, UNDO)]
