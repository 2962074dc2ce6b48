"""Cases that have to do with each other."""

from __future__ import annotations

import pytest
from django.urls import reverse

from accounts.models import Draft
from cases import services
from cases.models import Case, CaseLink
from tests.cases.pages import hidden

pytestmark = pytest.mark.django_db


@pytest.fixture
def other(rosa, file):
    """A case of another provider."""
    return file(rosa, description="A fridge is warm.")


def address(case: Case) -> str:
    return reverse("admin:cases_case_link", args=[case.pk])


def case_page(case: Case) -> str:
    return f"/admin/cases/case/{case.pk}/change/"


def kinds(case: Case) -> list[str]:
    return list(case.events.order_by("pk").values_list("kind", flat=True))[1:]


def test_link_is_kept_once_whichever_side_it_comes_from(case, other, agnes):
    assert services.link_cases(by=agnes, case=other, other=case) is True
    assert services.link_cases(by=agnes, case=case, other=other) is False
    link = CaseLink.objects.get()
    assert (link.case, link.other, link.by) == (case, other, agnes)
    assert kinds(case) == kinds(other) == ["case_linked"]


def test_link_is_taken_back_from_either_side(case, other, agnes):
    services.link_cases(by=agnes, case=case, other=other)
    assert services.unlink_cases(by=agnes, case=other, other=case) is True
    assert services.unlink_cases(by=agnes, case=case, other=other) is False
    assert not CaseLink.objects.exists()
    assert kinds(case) == kinds(other) == ["case_linked", "case_unlinked"]


def test_link_to_a_merged_case_is_one_to_the_larger(case, other, paula, file, agnes):
    second = file(paula)
    services.merge_case(by=agnes, case=second, into=case)
    services.link_cases(by=agnes, case=other, other=second)
    assert CaseLink.objects.filter(case=case, other=other).exists()
    with pytest.raises(services.SameCase):
        services.link_cases(by=agnes, case=case, other=second)


def test_only_agents_link(case, other, paula, vera):
    for person in (paula, vera):
        for change in (services.link_cases, services.unlink_cases):
            with pytest.raises(services.NotAllowed):
                change(by=person, case=case, other=other)
    assert not CaseLink.objects.exists()


def test_provider_learns_nothing_of_it(case, other, agnes, paula, client_for, mailbox):
    client = client_for(paula)
    before = Case.objects.get(pk=case.pk).public_updated_at
    mailbox().clear()
    services.link_cases(by=agnes, case=case, other=other)
    page = client.get(f"/cases/{case.case_id}/").text
    assert other.case_id not in page
    assert "linked" not in page
    assert Case.objects.get(pk=case.pk).public_updated_at == before
    assert mailbox() == []


def test_agents_see_it_on_both_pages_with_its_state(case, other, agnes, client_for):
    client = client_for(agnes)
    services.link_cases(by=agnes, case=case, other=other)
    for one, partner in ((case, other), (other, case)):
        page = client.get(case_page(one)).text
        assert f'<a href="{case_page(partner)}">{partner.case_id}</a>' in page
        assert f"linked to {partner.case_id}" in page


def test_follow_ups_are_shown_also_those_of_a_merged_case(case, paula, file, agnes, client_for):
    for _twice in range(2):
        first = file(paula)
        services.withdraw_case(by=paula, case=first)
        follow_up = file(paula, follow_up_to=Case.objects.get(pk=first.pk))
        assert follow_up.case_id in client_for(agnes).get(case_page(first)).text
        services.merge_case(by=agnes, case=first, into=case)
        assert follow_up.case_id in client_for(agnes).get(case_page(case)).text


def test_page_costs_the_same_for_few_and_many(case, rosa, paula, file, agnes, client_for, statements):
    client = client_for(agnes)
    services.link_cases(by=agnes, case=case, other=file(rosa))
    services.merge_case(by=agnes, case=file(paula), into=case)
    client.get(case_page(case))
    few = statements(lambda: client.get(case_page(case)))
    for _n in range(3):
        services.link_cases(by=agnes, case=case, other=file(rosa))
        services.merge_case(by=agnes, case=file(paula), into=case)
    assert statements(lambda: client.get(case_page(case))) == few


# --- the page --------------------------------------------------------------------------------


def test_agent_links_by_case_id(case, other, agnes, client_for):
    client = client_for(agnes)
    assert "Case ID" in client.get(address(case)).text
    for _twice in range(2):
        answer = client.post(address(case), {"other": f" cs{other.pk} "})
        assert answer["Location"] == case_page(case)
    assert CaseLink.objects.count() == 1
    assert f"{case.case_id} and {other.case_id} are linked." in client.get(case_page(case)).text


@pytest.mark.parametrize("typed", ["", "CS0", "CS9999999", "9" * 18, "9" * 30, "x\0y"])
def test_junk_is_refused_beside_the_field(typed, case, agnes, client_for):
    page = client_for(agnes).post(address(case), {"other": typed})
    assert page.status_code == 200
    assert 'class="errorlist"' in page.text
    assert typed.replace("\0", "") in page.text.replace("\0", "")


def test_case_is_not_linked_to_itself(case, agnes, client_for):
    page = client_for(agnes).post(address(case), {"other": case.case_id})
    assert f"{case.case_id} is this case itself." in page.text


def test_agent_takes_a_link_back_and_keeps_the_reply_that_is_being_written(case, other, agnes, client_for):
    client = client_for(agnes)
    services.link_cases(by=agnes, case=case, other=other)
    html = client.get(case_page(case)).text
    assert f'formaction="{address(case)}"' in html
    posted = {name: hidden(html, name) for name in ("key", "stamp", "drafts", "seen")}
    posted |= {"kind": "public", "body": "Half an answer", "unlink": str(other.pk)}
    assert client.post(address(case), posted)["Location"] == case_page(case)
    assert not CaseLink.objects.exists()
    assert Draft.objects.get(owner=agnes).data["body"] == "Half an answer"
    assert "Half an answer" in client.get(case_page(case)).text


@pytest.mark.parametrize("unlink", ["", "x", "9" * 18, "9" * 30, "-1", "\0"])
def test_junk_link_is_no_link(unlink, case, agnes, client_for):
    assert client_for(agnes).post(address(case), {"unlink": unlink}).status_code == 404


def test_page_is_for_agents(case, other, paula, vera, client_for):
    for person in (None, paula, vera):
        answer = client_for(person).post(address(case), {"other": other.case_id})
        assert answer.status_code in (302, 403, 404), person
    assert not CaseLink.objects.exists()
