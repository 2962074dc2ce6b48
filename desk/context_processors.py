"""What every page knows about the help desk."""

from django.conf import settings
from django.http import HttpRequest

from desk.services import help_desk_facts


def help_desk(request: HttpRequest) -> dict:
    """Give templates `help_desk` (phone, hours, open or closed) and `release`."""
    return {"help_desk": help_desk_facts(), "release": getattr(settings, "RELEASE", "")}
