from bookings.admin import booking

__all__ = ["booking"]
