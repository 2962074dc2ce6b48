"""The admin's base classes, see desk.model_admin."""

from desk.model_admin import CarefulAdmin, CarefulForm, ClosedAdmin, KeptAdmin

__all__ = ["CarefulAdmin", "CarefulForm", "ClosedAdmin", "KeptAdmin"]
