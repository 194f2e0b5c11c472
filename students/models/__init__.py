from students.models.student import Favourite, Student

__all__ = ["Favourite", "Student"]
