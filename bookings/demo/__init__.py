"""Demo data of any size: believable people, weeks and lessons, the same for the same seed.

``load.py`` is the order in which it happens; the other modules each know one part.
"""
