"""Everything that knows how availability worked before: its rows, its operations, its ids.

Kept apart so that it can be deleted in one piece after the sunset (docs/architecture.md): this package,
``instructors/models/legacy.py``, ``instructors/api/legacy.py`` and the commands ``import_availability``,
``undo_availability_import`` and ``shadow_availability``. Nothing else imports it.
"""
