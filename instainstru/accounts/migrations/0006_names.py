from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0005_leaner_indexes")]

    operations = [
        migrations.AddIndex(
            "user",
            models.Index(fields=["id"], include=("first_name", "last_name"), name="user_names"),
        ),
    ]
