"""Look at answers."""

import re

from django.http import HttpResponse


def says_error(response: HttpResponse) -> bool:
    """Tell whether the page's title begins with the word that screen readers say first."""
    return re.search(r"<title>\s*Error:", response.content.decode()) is not None


PASSING = {"X-Request-Reference", "Expires"}


def masked(response: HttpResponse) -> str:
    """Return the whole answer without what differs at each request: tokens, the reference and the second."""
    token = r'(?<=name="csrfmiddlewaretoken" value=")[^"]+'
    head = sorted(f"{name}: {value}" for name, value in response.items() if name not in PASSING)
    cookies = sorted((name, cookie["path"], cookie["max-age"]) for name, cookie in response.cookies.items())
    return f"{response.status_code}\n{head}\n{cookies}\n{re.sub(token, '-', response.content.decode())}"
