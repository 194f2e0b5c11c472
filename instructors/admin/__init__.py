from instructors.admin import catalogue, instructor

__all__ = ["catalogue", "instructor"]
