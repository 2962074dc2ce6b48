"""Rows of lists are written without templates: what people type must not become markup there."""

import pytest

from cases import services
from cases.models import Case, RequestType
from cases.request_types import forget_request_types

pytestmark = pytest.mark.django_db
HOSTILE = "<script>\"'&"
ESCAPED = ("&lt;script&gt;&quot;&#x27;&amp;", "&lt;script&gt;&quot;&#39;&amp;")


@pytest.fixture
def hostile(paula, agnes, file) -> Case:
    """A case each of whose words is an attempt."""
    case = file(paula)
    services.take_case(by=agnes, case=case)
    Case.objects.filter(pk=case.pk).update(organization_name=f"o{HOSTILE}")
    RequestType.objects.filter(pk=case.request_type_id).update(name=f"t{HOSTILE}")
    forget_request_types()
    for person, letter in ((paula, "p"), (agnes, "a")):
        person.first_name, person.last_name = f"{letter}{HOSTILE}", ""
        person.save(update_fields=["first_name", "last_name"])
    return case


@pytest.mark.parametrize(
    ("reader", "address", "letters"),
    [
        ("paula", "/my-lists/?tab=all", "ot"),
        ("agnes", "/my-lists/?tab=all", "otpa"),
        ("vera", "/my-lists/?tab=all", "otpa"),
        ("agnes", "/admin/cases/case/?list=all", "otpa"),
    ],
)
def test_words_stay_words(client_for, hostile, request, reader, address, letters):
    html = client_for(request.getfixturevalue(reader)).get(address).text
    rows = html[html.index("<tbody>") : html.index("</tbody>")]
    assert "<script" not in rows
    for letter in letters:
        assert any(f"{letter}{escaped}" in rows for escaped in ESCAPED), letter


def test_each_cell_says_its_heading(client_for, paula, case):
    html = client_for(paula).get("/my-lists/?tab=all").text
    rows = html[html.index("<tbody>") : html.index("</tbody>")]
    labels = ["Case ID", "Request type", "Organization", "Status", "Filed", "Updated", "Waiting since"]
    assert [part.partition('"')[0] for part in rows.split('data-label="')[1:]] == labels
