from instructors.admin import catalogue, instructor, offering, searches

__all__ = ["catalogue", "instructor", "offering", "searches"]
