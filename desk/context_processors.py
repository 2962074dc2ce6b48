"""What every page knows about the help desk."""

from django.http import HttpRequest

from desk.services import help_desk_facts


def help_desk(request: HttpRequest) -> dict:
    """Give templates `help_desk`: phone, hours, open or closed."""
    return {"help_desk": help_desk_facts()}
