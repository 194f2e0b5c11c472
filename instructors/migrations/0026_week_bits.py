from django.db import migrations, models

# As ``services/week_bits.py`` says it, for all who have open days.
FILL = """
UPDATE instructors_offering o SET week_bits = has.bits
FROM (
    SELECT day.instructor_id, bit_or(1::bigint << (stretch % 56)::int) AS bits
    FROM instructors_openday day CROSS JOIN LATERAL unnest(day.free) AS gap (span)
    CROSS JOIN LATERAL generate_series(
        floor(extract(epoch FROM lower(gap.span)) / 10800)::bigint,
        ceil(extract(epoch FROM upper(gap.span)) / 10800)::bigint - 1) AS stretch
    WHERE day.date >= CURRENT_DATE - 2
    GROUP BY day.instructor_id) has
WHERE o.instructor_id = has.instructor_id
"""
COVERED = ("subject", "instructor", "price_per_hour", "latitude", "longitude", "week_bits")
INDEXES = (
    (("subject",), "-rank", "offering_by_subject_rank"),
    (("subject",), "price_per_hour", "offering_by_price"),
    (("subject",), "-rating", "offering_by_rating"),
    (("subject",), "next_free_at", "offering_by_next_free"),
    ((), "-rank", "offering_by_rank"),
    ((), "price_per_hour", "offering_by_price_alone"),
    ((), "-rating", "offering_by_rating_alone"),
    ((), "next_free_at", "offering_by_next_free_alone"),
    (("latitude",), "longitude", "offering_by_point"),
)


class Migration(migrations.Migration):
    dependencies = [("instructors", "0025_blocks_guard_their_time")]

    operations = [
        *(migrations.RemoveIndex("offering", name) for _, _, name in INDEXES),
        migrations.AddField(
            model_name="offering",
            name="week_bits",
            field=models.BigIntegerField(default=-1, editable=False),
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
        *(
            migrations.AddIndex(
                "offering",
                models.Index(
                    fields=[*first, key, "id"],
                    name=name,
                    include=[column for column in COVERED if column not in (*first, key.removeprefix("-"))],
                    condition=models.Q(is_listed=True),
                ),
            )
            for first, key, name in INDEXES
        ),
        migrations.AddIndex(
            "offering",
            models.Index(
                fields=["subject", "latitude", "longitude", "id"],
                name="offering_by_subject_point",
                include=["instructor", "price_per_hour", "week_bits", "rank"],
                condition=models.Q(is_listed=True),
            ),
        ),
    ]
