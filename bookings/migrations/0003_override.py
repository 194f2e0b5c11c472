from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("bookings", "0002_move_requests"),
    ]

    operations = [
        migrations.AddField(
            model_name="booking",
            name="override_reason",
            field=models.CharField(blank=True, editable=False, max_length=300),
        ),
    ]
