"""All of the migrations that it replaces in one, for databases that begin with it."""

import django.contrib.postgres.constraints
import django.contrib.postgres.fields
import django.contrib.postgres.fields.ranges
import django.contrib.postgres.indexes
import django.contrib.postgres.operations
import django.core.validators
import django.db.models.deletion
import django.db.models.expressions
import django.db.models.functions.comparison
import django.db.models.functions.text
import instainstru.lib.clock
import instainstru.lib.multirange
import instructors.models.catalogue
import instructors.models.profile
from django.conf import settings
from django.db import migrations, models

from instructors.data import catalogue, new_york, zip_codes


def load(apps, schema_editor):
    """The catalogue and the places everything else refers to."""
    catalogue.load(*(apps.get_model("instructors", name) for name in ("Category", "Subject", "Alias")))
    new_york.load(*(apps.get_model("instructors", name) for name in ("Place", "PlaceAlias")))
    zip_codes.load(apps.get_model("instructors", "Place"))


class Migration(migrations.Migration):

    replaces = [
        ("instructors", "0001_initial"),
        ("instructors", "0002_catalogue_and_places"),
        ("instructors", "0003_search_indexes"),
        ("instructors", "0004_search_by_point"),
        ("instructors", "0005_derived_under"),
        ("instructors", "0006_availability_import"),
        ("instructors", "0007_listing"),
        ("instructors", "0008_more_aliases"),
        ("instructors", "0009_outside_calendars"),
        ("instructors", "0010_limits"),
        ("instructors", "0011_searching"),
        ("instructors", "0020_payouts"),
        ("instructors", "0021_earn"),
        ("instructors", "0022_staff"),
        ("instructors", "0023_leaner_indexes"),
        ("instructors", "0024_light_updates"),
        ("instructors", "0025_blocks_guard_their_time"),
        ("instructors", "0026_week_bits"),
    ]

    initial = True

    dependencies = [
        ('accounts', '__first__'),
    ]

    operations = [
        django.contrib.postgres.operations.BtreeGistExtension(
        ),
        django.contrib.postgres.operations.TrigramExtension(
        ),
        django.contrib.postgres.operations.UnaccentExtension(
        ),
        migrations.CreateModel(
            name='Category',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('slug', models.SlugField(unique=True)),
                ('name', models.CharField(max_length=60)),
                ('position', models.PositiveSmallIntegerField(default=0)),
            ],
            options={
                'verbose_name_plural': 'categories',
                'ordering': ['position', 'slug'],
            },
        ),
        migrations.CreateModel(
            name='AvailabilityImport',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('digest', models.CharField(help_text='Of the files and options.', max_length=64)),
                ('files', models.JSONField(default=list)),
                ('options', models.JSONField(default=dict)),
                ('status', models.CharField(choices=[('running', 'Not finished'), ('finished', 'Finished'), ('undone', 'Undone')], default='running', max_length=10)),
                ('counts', models.JSONField(default=dict)),
                ('findings', models.JSONField(default=list)),
                ('started_at', models.DateTimeField(default=instainstru.lib.clock.now)),
                ('finished_at', models.DateTimeField(null=True)),
                ('undone_at', models.DateTimeField(null=True)),
            ],
            options={
                'constraints': [models.UniqueConstraint(condition=models.Q(('status', 'undone'), _negated=True), fields=('digest',), name='availability_import_once', violation_error_message='These files were imported already.')],
            },
        ),
        migrations.CreateModel(
            name='Instructor',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('slug', models.CharField(error_messages={'unique': 'Someone else has this address.'}, max_length=60, unique=True, validators=[django.core.validators.RegexValidator('^[a-z0-9]+(-[a-z0-9]+)*$', 'Use small letters, digits and single hyphens between them.')])),
                ('headline', models.CharField(blank=True, max_length=120)),
                ('bio', models.TextField(blank=True, max_length=4000)),
                ('photo', models.ImageField(blank=True, upload_to='portraits/')),
                ('languages', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=30), blank=True, default=list, size=None)),
                ('time_zone', models.CharField(default='America/New_York', max_length=64, validators=[instructors.models.profile.validate_zone])),
                ('status', models.CharField(choices=[('draft', 'Not listed yet'), ('submitted', 'Waiting for us'), ('listed', 'Listed'), ('suspended', 'Suspended')], default='draft', max_length=10)),
                ('verified_at', models.DateTimeField(blank=True, null=True)),
                ('suspended_reason', models.CharField(blank=True, max_length=300)),
                ('is_hidden', models.BooleanField(default=False, editable=False)),
                ('hidden_until', models.DateTimeField(blank=True, editable=False, null=True)),
                ('submitted_at', models.DateTimeField(blank=True, help_text='Since when it waits for staff.', null=True)),
                ('sent_back_reason', models.CharField(blank=True, max_length=300)),
                ('cancellation_preset', models.CharField(choices=[('flexible', 'Flexible'), ('standard', 'Standard'), ('strict', 'Strict')], default='standard', max_length=10)),
                ('address', models.CharField(blank=True, help_text='Shown only after booking.', max_length=200)),
                ('latitude', models.FloatField(blank=True, help_text='Public point, shifted 25–50 m.', null=True)),
                ('longitude', models.FloatField(blank=True, null=True)),
                ('notice_online_min', models.PositiveIntegerField(blank=True, null=True, validators=[django.core.validators.MaxValueValidator(20160)])),
                ('notice_at_instructor_min', models.PositiveIntegerField(blank=True, null=True, validators=[django.core.validators.MaxValueValidator(20160)])),
                ('notice_at_student_min', models.PositiveIntegerField(blank=True, null=True, validators=[django.core.validators.MaxValueValidator(20160)])),
                ('buffer_min', models.PositiveIntegerField(blank=True, null=True, validators=[django.core.validators.MaxValueValidator(180)])),
                ('travel_min', models.PositiveIntegerField(blank=True, null=True, validators=[django.core.validators.MaxValueValidator(180)])),
                ('horizon_days', models.PositiveIntegerField(blank=True, null=True, validators=[django.core.validators.MaxValueValidator(365)])),
                ('overnight_rule', models.BooleanField(default=True)),
                ('lessons_per_day', models.PositiveSmallIntegerField(blank=True, null=True)),
                ('lessons_per_week', models.PositiveSmallIntegerField(blank=True, null=True)),
                ('grid_min', models.PositiveSmallIntegerField(blank=True, null=True)),
                ('rating', models.FloatField(default=0)),
                ('rating_count', models.PositiveIntegerField(default=0)),
                ('lesson_count', models.PositiveIntegerField(default=0)),
                ('commission_step', models.PositiveSmallIntegerField(default=0, editable=False)),
                ('founding_place', models.PositiveSmallIntegerField(blank=True, editable=False, error_messages={'unique': 'Somebody else has this founding place.'}, null=True, unique=True)),
                ('open_until', models.DateField(editable=False, null=True)),
                ('derived_under', models.BigIntegerField(editable=False, null=True)),
                ('created_at', models.DateTimeField(default=instainstru.lib.clock.now)),
                ('user', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='instructor', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'indexes': [models.Index(fields=['open_until', 'id'], name='instructor_open_until'), models.Index(fields=['status', '-id'], name='instructor_by_status'), models.Index(condition=models.Q(('status', 'submitted')), fields=['submitted_at', 'id'], name='instructor_waiting'), models.Index(condition=models.Q(('is_hidden', True)), fields=['hidden_until', 'id'], name='instructor_hidden')],
                'constraints': [models.CheckConstraint(condition=models.Q(('slug__regex', '^[a-z0-9]+(-[a-z0-9]+)*$')), name='instructor_slug_form', violation_error_message='Use small letters, digits and single hyphens between them.'), models.CheckConstraint(condition=models.Q(models.Q(('latitude__isnull', True), ('longitude__isnull', True)), models.Q(('latitude__range', (-90, 90)), ('longitude__range', (-180, 180))), _connector='OR'), name='instructor_point_on_earth', violation_error_message='That point is not on Earth.'), models.CheckConstraint(condition=models.Q(('status__in', ['draft', 'submitted', 'listed', 'suspended'])), name='instructor_status_known', violation_error_message='That is not a standing of an instructor.'), models.CheckConstraint(condition=models.Q(models.Q(('status', 'submitted'), ('submitted_at__isnull', False)), models.Q(models.Q(('status', 'submitted'), _negated=True), ('submitted_at__isnull', True)), _connector='OR'), name='instructor_waits_since', violation_error_message='A submitted profile waits since some time, and no other does.'), models.CheckConstraint(condition=models.Q(('sent_back_reason', ''), ('status', 'draft'), _connector='OR'), name='instructor_sent_back_is_draft', violation_error_message='Only a draft can have been sent back.'), models.CheckConstraint(condition=models.Q(('suspended_reason', ''), ('status', 'suspended'), _connector='OR'), name='instructor_suspended_has_reason', violation_error_message='Only a suspended instructor has a reason for it.'), models.CheckConstraint(condition=models.Q(models.Q(('hidden_until__isnull', True), ('is_hidden', False)), models.Q(('is_hidden', True), ('status', 'suspended')), _connector='OR'), name='instructor_hidden_is_suspended', violation_error_message='Only a suspended instructor is hidden.'), models.CheckConstraint(condition=models.Q(('grid_min__isnull', True), ('grid_min__range', (5, 60)), _connector='OR'), name='instructor_grid_sane', violation_error_message='Lessons start every 5 to 60 minutes.')],
            },
        ),
        migrations.CreateModel(
            name='OldAddress',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('slug', models.CharField(error_messages={'unique': 'Somebody had this address before.'}, max_length=60, unique=True, validators=[django.core.validators.RegexValidator('^[a-z0-9]+(-[a-z0-9]+)*$', 'Use small letters, digits and single hyphens between them.')])),
                ('left_at', models.DateTimeField(default=instainstru.lib.clock.now)),
                ('instructor', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='old_addresses', to='instructors.instructor')),
            ],
            options={
                'verbose_name_plural': 'old addresses',
            },
        ),
        migrations.CreateModel(
            name='OutsideCalendar',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=60)),
                ('url', models.CharField(max_length=2000)),
                ('created_at', models.DateTimeField(default=instainstru.lib.clock.now)),
                ('etag', models.CharField(blank=True, max_length=300)),
                ('last_modified', models.CharField(blank=True, max_length=100)),
                ('digest', models.CharField(blank=True, max_length=64)),
                ('read_for', models.CharField(blank=True, max_length=120)),
                ('events', models.PositiveIntegerField(default=0)),
                ('checked_at', models.DateTimeField(help_text='When it was last read well.', null=True)),
                ('tried_at', models.DateTimeField(help_text='When it was last asked for.', null=True)),
                ('next_check_at', models.DateTimeField(default=instainstru.lib.clock.now)),
                ('failures', models.PositiveSmallIntegerField(default=0, help_text='In a row.')),
                ('error', models.CharField(blank=True, max_length=300)),
                ('missed_at', models.DateTimeField(null=True)),
                ('warned_at', models.DateTimeField(null=True)),
                ('instructor', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='outside_calendars', to='instructors.instructor')),
            ],
            options={
                'ordering': ['id'],
                'indexes': [models.Index(fields=['next_check_at'], name='outside_calendar_due')],
                'constraints': [models.UniqueConstraint(fields=('instructor', 'url'), name='outside_calendar_once', violation_error_message='You have added that calendar already.')],
            },
        ),
        migrations.CreateModel(
            name='CalendarBlock',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('lesson', 'Lesson'), ('hold', 'Hold'), ('time_off', 'Time off'), ('external', 'Outside event')], max_length=10)),
                ('period', django.contrib.postgres.fields.ranges.DateTimeRangeField()),
                ('buffered', django.contrib.postgres.fields.ranges.DateTimeRangeField()),
                ('reach', django.contrib.postgres.fields.ranges.DateTimeRangeField()),
                ('lane', models.BigIntegerField(default=0)),
                ('booking_id', models.UUIDField(blank=True, null=True, unique=True)),
                ('label', models.CharField(blank=True, max_length=120)),
                ('created_at', models.DateTimeField(default=instainstru.lib.clock.now)),
                ('instructor', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='blocks', to='instructors.instructor')),
                ('outside', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='blocks', to='instructors.outsidecalendar')),
            ],
            options={
                'indexes': [django.contrib.postgres.indexes.GistIndex(fields=['instructor', 'period'], name='block_by_period')],
                'constraints': [models.CheckConstraint(condition=models.Q(('period__isempty', False), ('period__lower_inf', False), ('period__upper_inf', False)), name='block_period_finite', violation_error_message='The end must be after the start.'), models.CheckConstraint(condition=models.Q(('buffered__contains', models.F('period')), ('reach__contains', models.F('period'))), name='block_guards_its_time', violation_error_message='The time to keep free begins with the time that is taken.'), models.CheckConstraint(condition=models.Q(models.Q(('booking_id__isnull', False), ('kind__in', ['lesson', 'hold'])), models.Q(('booking_id__isnull', True), ('kind__in', ['time_off', 'external'])), _connector='OR'), name='block_kind_has_booking', violation_error_message='Lessons and holds belong to a booking, other blocks do not.'), models.CheckConstraint(condition=models.Q(models.Q(('kind', 'external'), ('outside__isnull', False)), models.Q(models.Q(('kind', 'external'), _negated=True), ('outside__isnull', True)), _connector='OR'), name='block_external_has_calendar', violation_error_message='Outside events belong to a calendar, other blocks do not.'), django.contrib.postgres.constraints.ExclusionConstraint(condition=models.Q(('booking_id__isnull', False)), expressions=[('instructor', '='), ('buffered', '&&')], name='no_double_booking', violation_error_message='That time was just taken.'), django.contrib.postgres.constraints.ExclusionConstraint(condition=models.Q(('booking_id__isnull', False)), expressions=[('instructor', '='), ('reach', '&&'), ('lane', '<>')], name='no_double_booking_with_travel', violation_error_message='There is not enough time to travel to or from another lesson.')],
            },
        ),
        migrations.CreateModel(
            name='PayoutAccount',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('stripe_id', models.CharField(max_length=64, unique=True)),
                ('takes_transfers', models.BooleanField(default=False)),
                ('pays_out', models.BooleanField(default=False)),
                ('details_submitted', models.BooleanField(default=False)),
                ('requirements', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=100), blank=True, default=list, size=None)),
                ('disabled_reason', models.CharField(blank=True, max_length=100)),
                ('held_at', models.DateTimeField(blank=True, null=True)),
                ('held_why', models.CharField(blank=True, max_length=300)),
                ('held_is_told', models.BooleanField(default=False)),
                ('checked_at', models.DateTimeField(blank=True, null=True)),
                ('created_at', models.DateTimeField()),
                ('instructor', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='payout_account', to='instructors.instructor')),
            ],
        ),
        migrations.CreateModel(
            name='Payout',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('stripe_id', models.CharField(max_length=64, unique=True)),
                ('amount', models.IntegerField()),
                ('currency', models.CharField(max_length=3)),
                ('status', models.CharField(choices=[('pending', 'Being prepared'), ('in_transit', 'On its way'), ('paid', 'Arrived'), ('failed', 'Sent back by the bank'), ('canceled', 'Called off')], max_length=10)),
                ('arrives_at', models.DateTimeField(blank=True, null=True)),
                ('failure', models.CharField(blank=True, max_length=300)),
                ('created_at', models.DateTimeField()),
                ('account', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='payouts', to='instructors.payoutaccount')),
            ],
            options={
                'ordering': ['-id'],
                'indexes': [models.Index(fields=['account', '-id'], name='payout_by_account')],
                'constraints': [models.CheckConstraint(condition=models.Q(('status__in', ['pending', 'in_transit', 'paid', 'failed', 'canceled'])), name='payout_status_known', violation_error_message='That is not a status of a payout.')],
            },
        ),
        migrations.CreateModel(
            name='Place',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('slug', models.CharField(help_text='Lower case, as in addresses and queries.', max_length=60, unique=True)),
                ('name', models.CharField(max_length=80)),
                ('kind', models.CharField(choices=[('borough', 'Borough'), ('neighbourhood', 'Neighbourhood'), ('zip', 'ZIP code')], max_length=15)),
                ('parent', models.CharField(blank=True, help_text='Slug of the borough or “city, state”.', max_length=60)),
                ('latitude', models.FloatField()),
                ('longitude', models.FloatField()),
                ('radius_km', models.FloatField(help_text='How far it reaches from its centre.')),
            ],
            options={
                'indexes': [models.Index(fields=['kind', 'name'], name='place_by_kind')],
            },
        ),
        migrations.AddField(
            model_name='instructor',
            name='place',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='instructors.place'),
        ),
        migrations.CreateModel(
            name='PlaceAlias',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('text', models.CharField(help_text='Lower case.', max_length=60, unique=True)),
                ('place', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='aliases', to='instructors.place')),
            ],
            options={
                'verbose_name_plural': 'place aliases',
            },
        ),
        migrations.CreateModel(
            name='SavedSearch',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('email', models.EmailField(max_length=254)),
                ('time_zone', models.CharField(max_length=64)),
                ('title', models.CharField(help_text='The search in words.', max_length=200)),
                ('params', models.JSONField()),
                ('subjects', django.contrib.postgres.fields.ArrayField(base_field=models.SlugField(), blank=True, default=list, size=None)),
                ('created_at', models.DateTimeField(default=instainstru.lib.clock.now)),
                ('confirmed_at', models.DateTimeField(blank=True, null=True)),
                ('checked_at', models.DateTimeField(blank=True, null=True)),
                ('changed_at', models.DateTimeField(blank=True, null=True)),
                ('told_at', models.DateTimeField(blank=True, null=True)),
                ('told', django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), blank=True, default=list, size=None)),
                ('ended_at', models.DateTimeField(blank=True, null=True)),
                ('user', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name_plural': 'saved searches',
                'ordering': ['-id'],
                'indexes': [models.Index(condition=models.Q(('confirmed_at__isnull', False), ('ended_at__isnull', True)), fields=['checked_at', 'id'], name='saved_search_waiting'), models.Index(fields=['email'], name='saved_search_of')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('ended_at__isnull', True)), fields=('email', 'params'), name='saved_search_once', violation_error_message='You are waiting for that already.'), models.CheckConstraint(condition=models.Q(('email', django.db.models.functions.text.Lower('email'))), name='saved_search_email_lower', violation_error_message='Addresses are kept in lower case.')],
            },
        ),
        migrations.CreateModel(
            name='SearchLog',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(default=instainstru.lib.clock.now)),
                ('source', models.CharField(choices=[('page', 'Page'), ('api', 'API')], max_length=4)),
                ('text', models.CharField(blank=True, max_length=200)),
                ('subjects', django.contrib.postgres.fields.ArrayField(base_field=models.SlugField(), blank=True, default=list, size=None)),
                ('unknown', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=40), blank=True, default=list, size=None)),
                ('relaxed', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=10), blank=True, default=list, size=None)),
                ('found', models.PositiveSmallIntegerField()),
                ('user_id', models.BigIntegerField(blank=True, null=True)),
                ('address', models.CharField(blank=True, max_length=50, null=True)),
            ],
            options={
                'ordering': ['-id'],
                'indexes': [django.contrib.postgres.indexes.BrinIndex(autosummarize=True, fields=['created_at'], name='search_log_by_time')],
            },
        ),
        migrations.CreateModel(
            name='Subject',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('slug', models.SlugField(unique=True)),
                ('name', models.CharField(max_length=60)),
                ('position', models.PositiveSmallIntegerField(default=0)),
                ('category', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='subjects', to='instructors.category')),
            ],
            options={
                'ordering': ['category__position', 'position', 'slug'],
            },
        ),
        migrations.CreateModel(
            name='Offering',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('price_per_hour', models.PositiveIntegerField(help_text='Minor units (cents).', validators=[django.core.validators.MinValueValidator(100), django.core.validators.MaxValueValidator(10000000)])),
                ('durations', django.contrib.postgres.fields.ArrayField(base_field=models.PositiveSmallIntegerField(), default=instructors.models.catalogue.default_durations, help_text='Minutes, ascending.', size=None)),
                ('modalities', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(choices=[('online', 'Online'), ('at_instructor', "At the instructor's place"), ('at_student', "At the student's place")], max_length=15), help_text='In the order of Modality.', size=None)),
                ('levels', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(choices=[('beginner', 'Beginner'), ('intermediate', 'Intermediate'), ('advanced', 'Advanced')], max_length=15), default=list, size=None)),
                ('audiences', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(choices=[('kids', 'Kids'), ('teens', 'Teens'), ('adults', 'Adults')], max_length=10), default=list, size=None)),
                ('description', models.CharField(blank=True, max_length=300)),
                ('is_active', models.BooleanField(default=True)),
                ('is_listed', models.BooleanField(default=False, editable=False)),
                ('rank', models.FloatField(default=0, editable=False)),
                ('rating', models.FloatField(default=0, editable=False)),
                ('latitude', models.FloatField(editable=False, null=True)),
                ('longitude', models.FloatField(editable=False, null=True)),
                ('notice_min', models.PositiveIntegerField(default=60, editable=False)),
                ('next_free_at', models.DateTimeField(editable=False, null=True)),
                ('week_bits', models.BigIntegerField(default=-1, editable=False)),
                ('instructor', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='offerings', to='instructors.instructor')),
                ('subject', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='offerings', to='instructors.subject')),
            ],
            options={
                'ordering': ['id'],
                'indexes': [models.Index(condition=models.Q(('is_listed', True)), fields=['subject', '-rank', 'id'], include=('instructor', 'price_per_hour', 'latitude', 'longitude', 'week_bits'), name='offering_by_subject_rank'), models.Index(condition=models.Q(('is_listed', True)), fields=['subject', 'price_per_hour', 'id'], include=('instructor', 'latitude', 'longitude', 'week_bits'), name='offering_by_price'), models.Index(condition=models.Q(('is_listed', True)), fields=['subject', '-rating', 'id'], include=('instructor', 'price_per_hour', 'latitude', 'longitude', 'week_bits'), name='offering_by_rating'), models.Index(condition=models.Q(('is_listed', True)), fields=['subject', 'next_free_at', 'id'], include=('instructor', 'price_per_hour', 'latitude', 'longitude', 'week_bits'), name='offering_by_next_free'), models.Index(condition=models.Q(('is_listed', True)), fields=['subject', 'latitude', 'longitude', 'id'], include=('instructor', 'price_per_hour', 'week_bits', 'rank'), name='offering_by_subject_point'), models.Index(condition=models.Q(('is_listed', True)), fields=['-rank', 'id'], include=('subject', 'instructor', 'price_per_hour', 'latitude', 'longitude', 'week_bits'), name='offering_by_rank'), models.Index(condition=models.Q(('is_listed', True)), fields=['price_per_hour', 'id'], include=('subject', 'instructor', 'latitude', 'longitude', 'week_bits'), name='offering_by_price_alone'), models.Index(condition=models.Q(('is_listed', True)), fields=['-rating', 'id'], include=('subject', 'instructor', 'price_per_hour', 'latitude', 'longitude', 'week_bits'), name='offering_by_rating_alone'), models.Index(condition=models.Q(('is_listed', True)), fields=['next_free_at', 'id'], include=('subject', 'instructor', 'price_per_hour', 'latitude', 'longitude', 'week_bits'), name='offering_by_next_free_alone'), models.Index(condition=models.Q(('is_listed', True)), fields=['latitude', 'longitude', 'id'], include=('subject', 'instructor', 'price_per_hour', 'week_bits'), name='offering_by_point')],
                'constraints': [models.UniqueConstraint(fields=('instructor', 'subject'), name='offering_once', violation_error_message='You already offer this subject. Change that offering instead.'), models.CheckConstraint(condition=models.Q(('durations__len__gte', 1)), name='offering_has_durations', violation_error_message='Choose at least one lesson length.'), models.CheckConstraint(condition=models.Q(('modalities__len__gte', 1)), name='offering_has_modalities', violation_error_message='Choose at least one way to meet.'), models.CheckConstraint(condition=models.Q(('price_per_hour__gte', 100), ('price_per_hour__lte', 10000000)), name='offering_price_sane', violation_error_message='A price is between $1 and $100,000 an hour.')],
            },
        ),
        migrations.CreateModel(
            name='Alias',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('text', models.CharField(help_text='Lower case.', max_length=60, unique=True)),
                ('category', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='aliases', to='instructors.category')),
                ('subject', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='aliases', to='instructors.subject')),
            ],
            options={
                'verbose_name_plural': 'aliases',
                'ordering': ['text'],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('category__isnull', True), ('subject__isnull', False)), models.Q(('category__isnull', False), ('subject__isnull', True)), _connector='OR'), name='alias_of_one_thing', violation_error_message='An alias stands for a subject or for a category, not both.')],
            },
        ),
        migrations.CreateModel(
            name='WeeklyHours',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('weekday', models.PositiveSmallIntegerField(choices=[(0, 'Monday'), (1, 'Tuesday'), (2, 'Wednesday'), (3, 'Thursday'), (4, 'Friday'), (5, 'Saturday'), (6, 'Sunday')])),
                ('from_min', models.PositiveSmallIntegerField()),
                ('to_min', models.PositiveSmallIntegerField()),
                ('instructor', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='weekly_hours', to='instructors.instructor')),
            ],
            options={
                'verbose_name_plural': 'weekly hours',
                'ordering': ['weekday', 'from_min'],
                'constraints': [models.CheckConstraint(condition=models.Q(('from_min__gte', 0), ('from_min__lt', models.F('to_min')), ('to_min__lte', 1440)), name='weekly_hours_order', violation_error_message='The end must be after the start, on the same day.'), models.CheckConstraint(condition=models.Q(('weekday__lte', 6)), name='weekly_hours_weekday', violation_error_message='A weekday is 0 (Monday) to 6 (Sunday).'), django.contrib.postgres.constraints.ExclusionConstraint(expressions=[('instructor', '='), ('weekday', '='), (models.Func('from_min', 'to_min', function='int4range'), '&&')], name='weekly_hours_disjoint', violation_error_message='Two windows of one day overlap.')],
            },
        ),
        migrations.CreateModel(
            name='ImportedInstructor',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('outcome', models.CharField(choices=[('imported', 'Hours written'), ('unchanged', 'The hours were so already'), ('kept', 'Had hours of their own')], max_length=10)),
                ('before', models.JSONField()),
                ('after', models.CharField(max_length=32)),
                ('counts', models.JSONField(default=dict)),
                ('findings', models.JSONField(default=list)),
                ('undone_at', models.DateTimeField(null=True)),
                ('run', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='parts', to='instructors.availabilityimport')),
                ('instructor', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='instructors.instructor')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('run', 'instructor'), name='imported_instructor_once')],
            },
        ),
        migrations.CreateModel(
            name='DateHours',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('date', models.DateField()),
                ('is_closed', models.BooleanField(default=False)),
                ('from_min', models.PositiveSmallIntegerField(blank=True, null=True)),
                ('to_min', models.PositiveSmallIntegerField(blank=True, null=True)),
                ('instructor', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='date_hours', to='instructors.instructor')),
            ],
            options={
                'verbose_name_plural': 'date hours',
                'ordering': ['date', 'from_min'],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('from_min__isnull', True), ('is_closed', True), ('to_min__isnull', True)), models.Q(('from_min__gte', 0), ('from_min__lt', models.F('to_min')), ('is_closed', False), ('to_min__lte', 1440)), _connector='OR'), name='date_hours_order', violation_error_message='The end must be after the start, on the same day.'), django.contrib.postgres.constraints.ExclusionConstraint(expressions=[('instructor', '='), (models.Func(django.db.models.expressions.CombinedExpression(models.Func('date', output_field=models.IntegerField(), template="((%(expressions)s - DATE '2000-01-01') * 1440)"), '+', django.db.models.functions.comparison.Coalesce('from_min', 0)), django.db.models.expressions.CombinedExpression(models.Func('date', output_field=models.IntegerField(), template="((%(expressions)s - DATE '2000-01-01') * 1440)"), '+', django.db.models.functions.comparison.Coalesce('to_min', 1440)), function='int4range'), '&&')], name='date_hours_disjoint', violation_error_message='Two windows of one date overlap, or the date is also closed.')],
            },
        ),
        migrations.CreateModel(
            name='OldSlot',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('date', models.DateField()),
                ('from_min', models.PositiveSmallIntegerField()),
                ('to_min', models.PositiveSmallIntegerField()),
                ('instructor', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='instructors.instructor')),
            ],
            options={
                'indexes': [models.Index(fields=['instructor', 'date'], name='old_slot_by_date')],
            },
        ),
        migrations.CreateModel(
            name='OpenDay',
            fields=[
                ('pk', models.CompositePrimaryKey('instructor_id', 'date', blank=True, editable=False, primary_key=True, serialize=False)),
                ('date', models.DateField()),
                ('free', instainstru.lib.multirange.DateTimeMultiRangeField()),
                ('free_travel', instainstru.lib.multirange.DateTimeMultiRangeField(null=True)),
                ('instructor', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='open_days', to='instructors.instructor')),
            ],
            options={
                'indexes': [models.Index(fields=['date'], name='open_day_by_date')],
            },
        ),
        migrations.RunSQL(
            sql='\n            ALTER TABLE instructors_oldslot ALTER COLUMN id SET START WITH 1000000000;\n            ALTER TABLE instructors_oldslot ALTER COLUMN id RESTART WITH 1000000000;\n            ',
            reverse_sql='',
        ),
        migrations.RunSQL(
            sql='ALTER TABLE instructors_calendarblock SET (fillfactor = 85)',
            reverse_sql='ALTER TABLE instructors_calendarblock RESET (fillfactor)',
        ),
        migrations.RunPython(load, migrations.RunPython.noop),
    ]
