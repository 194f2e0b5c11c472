"""The walk's SQL: an index in its order, cheap conditions, the calendar by its key, a limit.

Candidates come out of an index alone, which holds all that ``Walk.covered`` asks. Those that pass are
looked up in the table, those that pass there in the calendar, and the limit stops all of it.

Measured with 100,000 instructors: the index-only part skips 3,000 candidates a millisecond, a look at the
calendar takes 10 µs. Statements are planned once a connection (``lib/prepared.py``), for no values in
particular. What is in braces is put in by ``walk.py``.
"""

# Which sorts begin with the least, and the columns they go by; distance and start are computed.
ASCENDS = {"recommended": False, "price_asc": True, "rating_desc": False, "distance": True, "soonest": True}
COLUMN = {"recommended": "rank", "price_asc": "price_per_hour", "rating_desc": "rating"}

FIRST_WANTED = "(SELECT way FROM unnest({o}.modalities) way WHERE way = ANY(%(modality)s::varchar[]) LIMIT 1)"
# What one offering demands: how it is shown, from when on it can be booked, and the dates to look at.
# ``zones`` knows for each zone: [first date, last date, today, overnight's morning, that with travel].
TERMS = """
    SELECT chosen.duration_min, chosen.modality, chosen.grid, make_interval(mins => chosen.grid) AS step,
        30 %% chosen.grid = 0 AS is_fine,
        coalesce((zone ->> 0)::date, %(first_day)s::date) AS first_day,
        least(coalesce((zone ->> 1)::date, %(last_day)s::date),
            (zone ->> 2)::date + least(%(horizon)s::int, i.horizon_days)) AS last_day,
        greatest(
            %(now)s::timestamptz + interval '1 minute' * greatest(
                ((%(notice)s::jsonb) ->> chosen.modality)::int,
                CASE chosen.modality WHEN 'online' THEN i.notice_online_min
                    WHEN 'at_student' THEN i.notice_at_student_min ELSE i.notice_at_instructor_min END),
            CASE WHEN i.overnight_rule THEN
                (zone ->> CASE chosen.modality WHEN 'at_student' THEN 4 ELSE 3 END)::timestamptz END
        ) AS earliest
    FROM (SELECT {duration} AS duration_min, {modality} AS modality, %(zones)s::jsonb -> i.time_zone AS zone,
            lcm(%(grid)s::int, coalesce(i.grid_min, 1)) AS grid
        OFFSET 0) chosen
    OFFSET 0
"""

# The instructor's grid. No change of clocks shifts one that half an hour is a multiple of (``is_fine``), so
# that counts from the beginning of a free range, which is on it; the others count in wall time.
UP = """
    {at} + (date_bin({{terms}}.step, ({at} AT TIME ZONE i.time_zone) + {{terms}}.step - interval '1 us',
        date_trunc('day', {at} AT TIME ZONE i.time_zone)) - ({at} AT TIME ZONE i.time_zone))
"""
# The first start in each window of a lesson that fits into the free range ``gap``. Up to the grid twice:
# the first time may have led over a change of clocks. Only what the windows share with the range is taken
# apart: a month of evenings is thirty windows, of which a range meets one.
FITS = f"""
    FROM unnest(%(windows)s::tstzmultirange * tstzmultirange(gap.span)) AS wish (span)
    CROSS JOIN LATERAL (
        SELECT CASE WHEN {{terms}}.is_fine THEN
            greatest(lower(gap.span), date_bin({{terms}}.step,
                greatest(lower(wish.span), {{terms}}.earliest) + {{terms}}.step - interval '1 us',
                lower(gap.span)))
        ELSE
            (SELECT {UP.format(at="once.start")}
            FROM (SELECT {UP.format(at="bound.start")} AS start
                FROM (SELECT greatest(lower(gap.span), lower(wish.span), {{terms}}.earliest) AS start
                ) bound) once)
        END AS start) first
    WHERE first.start < upper(wish.span)
        AND first.start <= upper(gap.span) - {{terms}}.duration_min * interval '1 min'
"""
HAS_TIME = """
    EXISTS (
        SELECT FROM instructors_openday day CROSS JOIN LATERAL unnest({free}) AS gap (span)
        WHERE day.instructor_id = i.id AND day.date BETWEEN {terms}.first_day AND {terms}.last_day
            AND {free} && %(windows)s::tstzmultirange AND EXISTS (SELECT {fits})
        OFFSET 0)
"""
# For the soonest, who are limited before it is known who has time: a first look, so that few of them have
# none. ``free`` holds all that ``free_travel`` does. As a join the planner would put it last.
MAY_HAVE_TIME = """
    AND EXISTS (
        SELECT FROM instructors_openday day
        WHERE day.instructor_id = o.instructor_id AND day.date BETWEEN %(first_day)s AND %(last_day)s
            AND day.free && %(windows)s::tstzmultirange
        OFFSET 0)
"""
# The key gives the days in order, so the first day that will do is the last one read.
FIRST_START = """
    SELECT first_of_day.start
    FROM instructors_openday day
    CROSS JOIN LATERAL (
        SELECT min(fit.start) AS start
        FROM unnest({free}) AS gap (span) CROSS JOIN LATERAL (SELECT first.start {fits}) fit) first_of_day
    WHERE day.instructor_id = i.id AND day.date BETWEEN terms.first_day AND terms.last_day
        AND {free} && %(windows)s::tstzmultirange AND first_of_day.start IS NOT NULL {conditions}
    ORDER BY day.date LIMIT 1
"""

# What is shown of an offering and its instructor, carried along so that nobody looks it up again.
SHOWN = """
    o.instructor_id, o.price_per_hour, o.durations, o.modalities, o.latitude, o.longitude, o.subject_id,
    i.slug, i.headline, i.time_zone, i.photo, i.rating, i.rating_count,
    i.verified_at IS NOT NULL AS is_verified, i.user_id, i.place_id
"""
# The first days that have time, as the free ranges in which a lesson fits: epoch seconds in a row.
TIMES = """
    SELECT string_agg(of_day.free, ',') AS free
    FROM (
        SELECT of_gaps.free
        FROM instructors_openday day
        CROSS JOIN LATERAL (
            SELECT string_agg(concat(extract(epoch FROM lower(gap.span))::bigint, ',',
                extract(epoch FROM upper(gap.span))::bigint), ',') AS free
            FROM unnest({free}) AS gap (span) WHERE EXISTS (SELECT {fits})) of_gaps
        WHERE day.instructor_id = i.id AND day.date BETWEEN {terms}.first_day AND {terms}.last_day
            AND {free} && %(windows)s::tstzmultirange AND of_gaps.free IS NOT NULL
        ORDER BY day.date LIMIT %(days)s) of_day
"""

HITS = """
    SELECT o.id, candidate.sort_key::float8 AS sort_key, 0::float8 AS tie,
        terms.duration_min, terms.modality, extract(epoch FROM terms.earliest)::float8 AS earliest,
        terms.grid, {shown}, times.free
    FROM ({candidates}) candidate
    JOIN instructors_offering o ON o.id = candidate.id
    JOIN instructors_instructor i ON i.id = o.instructor_id
    CROSS JOIN LATERAL ({terms}) terms
    CROSS JOIN LATERAL ({times}) times
    WHERE times.free IS NOT NULL {conditions} {first_of_instructor}
    ORDER BY candidate.sort_key {direction}, candidate.id LIMIT %(limit)s
"""

# Most candidates have no time. What is said of ``times`` puts this question after that one.
FIRST_OF_INSTRUCTOR = """
    AND NOT EXISTS (
        SELECT FROM instructors_offering b CROSS JOIN LATERAL ({terms}) other
        WHERE times.free IS NOT NULL AND b.instructor_id = o.instructor_id AND b.is_listed AND b.id <> o.id
            AND (b.{column} {beyond} o.{column} OR (b.{column} = o.{column} AND b.id < o.id))
            AND {passes} AND {has_time})
"""

# Several subjects: the index of each in its order, merged as they are read. An ``ANY`` would have to collect
# and sort all that there is.
MERGED = """(
    {each})"""
OF_ONE = """
    (SELECT o.id, o.instructor_id, o.{column}, o.latitude, o.longitude FROM instructors_offering o
    WHERE o.is_listed AND o.subject_id = (%(subjects)s::bigint[])[{number}] {covered}
    ORDER BY o.{column} {direction}, o.id)
"""

CANDIDATES = """
    SELECT o.id, o.instructor_id, {key} AS sort_key FROM {source} o WHERE {where} {page}
    ORDER BY {key} {direction}, o.id OFFSET 0
"""

BEST_NEARBY = """(
    SELECT o.id, o.instructor_id, o.rank, o.latitude, o.longitude FROM {source} o WHERE {where}
    ORDER BY o.rank DESC, o.id LIMIT {most})
"""

SOONEST = """
    SELECT o.id, o.instructor_id, extract(epoch FROM soon.start)::float8,
        -extract(epoch FROM candidate.next_free_at)::float8, terms.duration_min, terms.modality,
        terms.earliest, terms.last_day, terms.grid
    FROM (
        SELECT o.id, o.next_free_at FROM instructors_offering o
        WHERE {where} AND o.next_free_at < upper(%(windows)s::tstzmultirange) AND {beyond}
        ORDER BY o.next_free_at {direction}, o.id LIMIT %(limit)s) candidate
    JOIN instructors_offering o ON o.id = candidate.id
    JOIN instructors_instructor i ON i.id = o.instructor_id
    CROSS JOIN LATERAL ({terms}) terms
    LEFT JOIN LATERAL ({first_start}) soon ON TRUE
    ORDER BY candidate.next_free_at {direction}, candidate.id
"""
# Who begins at night.
AWAKE = """
    AND o.next_free_at < to_timestamp(%(until)s)
    AND NOT (SELECT its.overnight_rule FROM instructors_instructor its WHERE its.id = o.instructor_id)
"""
RISING = "(o.next_free_at, o.id) > (to_timestamp(%(free_at)s), %(after_id)s)"
FALLING = """o.next_free_at <= to_timestamp(%(free_at)s)
    AND (o.next_free_at < to_timestamp(%(free_at)s) OR o.id > %(after_id)s)"""

DRESSED = """
    SELECT hit.id, hit.sort_key, hit.tie, hit.duration_min, hit.modality, hit.earliest, hit.grid,
        hit.instructor_id, hit.price_per_hour, hit.durations, hit.modalities, hit.latitude, hit.longitude,
        hit.subject_id, hit.slug, hit.headline, hit.time_zone, hit.photo, hit.rating, hit.rating_count,
        hit.is_verified, person.first_name, person.last_name, place.name, hit.free
    FROM ({hits}) hit
    JOIN accounts_user person ON person.id = hit.user_id
    LEFT JOIN instructors_place place ON place.id = hit.place_id
    ORDER BY hit.sort_key {direction}, hit.tie, hit.id
"""
GIVEN = """
    SELECT given.id, given.sort_key, given.tie, given.duration_min, given.modality,
        extract(epoch FROM given.earliest)::float8 AS earliest, given.grid, {shown}, times.free
    FROM (
        SELECT *, %(first_day)s::date AS first_day,
            make_interval(mins => grid) AS step, 30 %% grid = 0 AS is_fine
        FROM unnest(%(ids)s::bigint[], %(sort_keys)s::float8[], %(ties)s::float8[], %(durations)s::int[],
            %(modalities)s::varchar[], %(earliest)s::timestamptz[], %(last_days)s::date[], %(grids)s::int[])
            AS given (id, sort_key, tie, duration_min, modality, earliest, last_day, grid)) given
    JOIN instructors_offering o ON o.id = given.id
    JOIN instructors_instructor i ON i.id = o.instructor_id
    CROSS JOIN LATERAL ({times}) times
"""


# A borough is no circle: what lies in the circle must also belong to it. ZIP codes name their post town.
# A scalar, because an EXISTS may be turned round to begin with every place there is.
IN_BOROUGH = """
    AND (SELECT its.parent = %(borough)s OR its.slug = %(borough)s
            OR lower(split_part(its.parent, ',', 1)) = %(city)s
        FROM instructors_place its WHERE its.id = i.place_id)
"""
