"""All of the migrations that it replaces in one, for databases that begin with it."""

import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from instainstru.lib import clock


def write_first_rules(apps, schema_editor):
    """There always are rules: the defaults are the first version."""
    apps.get_model("rules", "Rules").objects.create(created_at=clock.now())


class Migration(migrations.Migration):

    replaces = [
        ("rules", "0001_initial"),
        ("rules", "0002_first_rules"),
        ("rules", "0010_money"),
    ]

    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Rules',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('notice_online_min', models.PositiveIntegerField(default=60, help_text='Minimum notice for lessons online, minutes. 0–20160.', validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(20160)])),
                ('notice_at_instructor_min', models.PositiveIntegerField(default=60, help_text="Minimum notice at the instructor's place, minutes. 0–20160.", validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(20160)])),
                ('notice_at_student_min', models.PositiveIntegerField(default=180, help_text="Minimum notice at the student's place, minutes. 0–20160.", validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(20160)])),
                ('horizon_days', models.PositiveIntegerField(default=90, help_text='How far ahead lessons can be booked, days. 7–365.', validators=[django.core.validators.MinValueValidator(7), django.core.validators.MaxValueValidator(365)])),
                ('buffer_min', models.PositiveIntegerField(default=15, help_text='Free time between two lessons, minutes. 0–180.', validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(180)])),
                ('travel_min', models.PositiveIntegerField(default=45, help_text="Free time around lessons at the student's place, minutes. 0–180.", validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(180)])),
                ('overnight_from_hour', models.PositiveIntegerField(default=20, help_text="The overnight rule starts at this hour, instructor's time. 12–24.", validators=[django.core.validators.MinValueValidator(12), django.core.validators.MaxValueValidator(24)])),
                ('overnight_until_hour', models.PositiveIntegerField(default=8, help_text="The overnight rule ends at this hour, instructor's time. 0–12.", validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(12)])),
                ('overnight_earliest_hour', models.PositiveIntegerField(default=9, help_text='Booked overnight: not before this hour. 0–23.', validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(23)])),
                ('overnight_earliest_travel_hour', models.PositiveIntegerField(default=11, help_text="Booked overnight, at the student's: not before. 0–23.", validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(23)])),
                ('grid_min', models.PositiveIntegerField(default=15, help_text='Lessons start on this grid, minutes. 5–60.', validators=[django.core.validators.MinValueValidator(5), django.core.validators.MaxValueValidator(60)])),
                ('hold_min', models.PositiveIntegerField(default=5, help_text='How long a hold lasts, minutes. 1–15.', validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(15)])),
                ('free_cancel_h', models.PositiveIntegerField(default=24, help_text='Cancelled this long before: full refund, hours. 0–168.', validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(168)])),
                ('late_cancel_h', models.PositiveIntegerField(default=12, help_text='Cancelled this long before: credit; later: half. Hours. 0–168.', validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(168)])),
                ('flexible_free_cancel_h', models.PositiveIntegerField(default=12, help_text='Preset “flexible”: free until this long before, hours. 0–168.', validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(168)])),
                ('strict_free_cancel_h', models.PositiveIntegerField(default=48, help_text='Preset “strict”: free until this long before, hours. 0–336.', validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(336)])),
                ('cooling_off_min', models.PositiveIntegerField(default=15, help_text='Free to cancel for this long after booking, minutes. 0–120.', validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(120)])),
                ('cooling_off_min_lead_h', models.PositiveIntegerField(default=2, help_text='Cooling-off needs a start more than this ahead, hours. 0–48.', validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(48)])),
                ('no_show_wait_min', models.PositiveIntegerField(default=15, help_text='A no-show can be reported this long after the start, minutes. 0–60.', validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(60)])),
                ('no_show_report_h', models.PositiveIntegerField(default=24, help_text='A no-show can be reported until this long after the end, hours. 1–168.', validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(168)])),
                ('booking_fee_pct', models.PositiveIntegerField(default=12, help_text='Students pay this on top of the lesson, per cent. 0–25.', validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(25)])),
                ('commission_1_pct', models.PositiveIntegerField(default=15, help_text="Kept of a lesson's price at first, per cent. 0–50.", validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(50)])),
                ('commission_2_pct', models.PositiveIntegerField(default=12, help_text='Kept from the second step on, per cent. 0–50.', validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(50)])),
                ('commission_3_pct', models.PositiveIntegerField(default=10, help_text='Kept from the third step on, per cent. 0–50.', validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(50)])),
                ('commission_2_lessons', models.PositiveIntegerField(default=5, help_text='The second step begins with so many lessons in 30 days. 1–100.', validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(100)])),
                ('commission_3_lessons', models.PositiveIntegerField(default=11, help_text='The third step begins with so many lessons in 30 days. 1–200.', validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(200)])),
                ('commission_idle_days', models.PositiveIntegerField(default=90, help_text='Without a lesson for so long: back to the first step, days. 30–365.', validators=[django.core.validators.MinValueValidator(30), django.core.validators.MaxValueValidator(365)])),
                ('founding_pct', models.PositiveIntegerField(default=8, help_text="Kept of a founding instructor's lessons, per cent. 0–50.", validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(50)])),
                ('founding_places', models.PositiveIntegerField(default=0, help_text='How many founding instructors there may be; 0 is off. 0–1000.', validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(1000)])),
                ('price_floor_units', models.PositiveIntegerField(default=0, help_text='An hour costs no less than this, whole units of money. 0–200.', validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(200)])),
                ('authorise_before_h', models.PositiveIntegerField(default=24, help_text='The card is authorised this long before a lesson, hours. 1–72.', validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(72)])),
                ('capture_after_h', models.PositiveIntegerField(default=24, help_text="The card is charged this long after a lesson's end, hours. 0–72.", validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(72)])),
                ('retry_1_h', models.PositiveIntegerField(default=1, help_text='A failed authorisation is tried again after hours. 1–24.', validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(24)])),
                ('retry_2_h', models.PositiveIntegerField(default=4, help_text='And again after hours. 1–48.', validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(48)])),
                ('retry_3_h', models.PositiveIntegerField(default=8, help_text='And again after hours, and then as often. 1–48.', validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(48)])),
                ('last_warning_h', models.PositiveIntegerField(default=13, help_text='Without an authorisation: last warning this long before, hours. 1–72.', validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(72)])),
                ('give_up_h', models.PositiveIntegerField(default=12, help_text='Without an authorisation: cancelled this long before, hours. 0–72.', validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(72)])),
                ('credit_months', models.PositiveIntegerField(default=12, help_text='Credit is good for so long, months. 1–60.', validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(60)])),
                ('package_months', models.PositiveIntegerField(default=12, help_text='Packages are good for so long, months. 3–24.', validators=[django.core.validators.MinValueValidator(3), django.core.validators.MaxValueValidator(24)])),
                ('grace_lessons', models.PositiveIntegerField(default=4, help_text='A late cancellation may be waived after so many lessons. 0–100.', validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(100)])),
                ('grace_a_year', models.PositiveIntegerField(default=1, help_text='How many late cancellations are waived a year. 0–3.', validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(3)])),
                ('answer_h', models.PositiveIntegerField(default=24, help_text='Who is said not to have come has so long to answer, hours. 1–168.', validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(168)])),
                ('created_at', models.DateTimeField()),
                ('created_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name_plural': 'rules',
                'ordering': ['-id'],
            },
        ),
        migrations.RunPython(write_first_rules, migrations.RunPython.noop),
    ]
