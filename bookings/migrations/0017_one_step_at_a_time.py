from django.db import migrations

# 0015 took it along with another index of the same column; databases that begin with the squashed history
# have it already.
ONE_STEP = """
CREATE UNIQUE INDEX IF NOT EXISTS one_step_of_a_payment_at_a_time ON bookings_step (payment_id)
WHERE state IN ('attempting', 'unknown') AND name IN ('authorise', 'capture', 'release')
"""


class Migration(migrations.Migration):
    dependencies = [("bookings", "0016_light_updates")]

    operations = [migrations.RunSQL(ONE_STEP, migrations.RunSQL.noop)]
