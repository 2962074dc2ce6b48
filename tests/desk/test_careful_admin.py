"""Two supervisors keep the same facts: neither overwrites unseen what the other has saved."""

import re
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.forms import modelform_factory

from cases.models import Queue, RequestType
from desk.model_admin import SHOWN, CarefulForm
from desk.models import OpeningHours, PhoneLine, Resource
from tests.conftest import make_person

TYPED = {"section": "", "title": "Guide", "description": "", "url": "", "position": "1", "is_active": "on"}


@pytest.fixture
def resource(db) -> Resource:
    return Resource.objects.create(title="Guide", position=1)


@pytest.fixture
def browser(sven, client_for):
    return client_for(sven)


def address(resource: Resource) -> str:
    return f"/admin/desk/resource/{resource.pk}/change/"


def shown_on(html: str) -> dict[str, str]:
    """Return the hidden field of the digests as the browser would post it."""
    [value] = re.findall(rf'name="{SHOWN}" value="([^"]*)"', html)
    return {SHOWN: value}


def opened(browser, resource: Resource) -> dict[str, str]:
    return shown_on(browser.get(address(resource)).content.decode())


def test_first_save_goes_through_and_names_only_what_changed(browser, resource):
    stamp = opened(browser, resource)
    assert browser.post(address(resource), TYPED | stamp | {"title": "Handbook"}).status_code == 302
    resource.refresh_from_db()
    assert resource.title == "Handbook"
    assert LogEntry.objects.get().get_change_message() == "Changed Title."


@pytest.mark.parametrize(
    ("before", "typed", "is_warned"),
    [
        ("Guía", {"title": "Handbook", "title_es": "Guía"}, True),
        ("Guía", {"title": "Handbook", "title_es": "Manual"}, False),
        ("Guía", {"title": "Handbook", "title_es": ""}, False),
        ("Guía", {"title_es": "Manual"}, False),
        ("", {"title": "Handbook", "title_es": ""}, False),
    ],
)
def test_words_changed_beside_a_translation_that_stays_are_named(browser, resource, before, typed, is_warned):
    Resource.objects.filter(pk=resource.pk).update(title_es=before)
    answer = browser.post(address(resource), TYPED | opened(browser, resource) | typed, follow=True)
    assert "was changed successfully" in answer.text
    assert ("Changed in English alone: Title." in answer.text) is is_warned


def test_request_types_and_the_phone_line_name_them_too(browser, db):
    kind, line = RequestType.objects.get(name="Training"), PhoneLine.objects.get()
    form = {"name": "Courses", "name_es": kind.name_es, "queue": kind.queue_id, "default_priority": 3, "position": 1}
    page = browser.post(f"/admin/cases/requesttype/{kind.pk}/change/", form, follow=True).text
    assert "Changed in English alone: Name." in page
    form = {each.name: getattr(line, each.name) for each in PhoneLine._meta.fields}
    form["answer_time"] = "We answer most cases within three business days."
    page = browser.post(f"/admin/desk/phoneline/{line.pk}/change/", form, follow=True).text
    assert "Changed in English alone: When to expect an answer." in page


def test_stale_save_says_what_it_is_now_and_the_next_one_replaces_it(browser, resource):
    stamp = opened(browser, resource)
    Resource.objects.filter(pk=resource.pk).update(title="Handbook of somebody else")
    answer = browser.post(address(resource), TYPED | stamp | {"title": "My handbook"})
    html = answer.content.decode()
    assert answer.status_code == 200
    assert "Now: Handbook of somebody else<" in html
    assert 'value="My handbook"' in html, "what was typed is kept"
    resource.refresh_from_db()
    assert resource.title == "Handbook of somebody else"
    assert list(answer.context["adminform"].form.errors) == ["title"]
    assert browser.post(address(resource), TYPED | shown_on(html) | {"title": "My handbook"}).status_code == 302
    resource.refresh_from_db()
    assert resource.title == "My handbook"


def test_second_change_in_between_is_told_again(browser, resource):
    stamp = opened(browser, resource)
    Resource.objects.filter(pk=resource.pk).update(title="First")
    html = browser.post(address(resource), TYPED | stamp | {"title": "Mine"}).content.decode()
    Resource.objects.filter(pk=resource.pk).update(title="Second")
    assert "Now: Second<" in browser.post(address(resource), TYPED | shown_on(html)).content.decode()


def test_field_that_one_left_alone_is_not_taken_back_unseen(browser, resource):
    stamp = opened(browser, resource)
    Resource.objects.filter(pk=resource.pk).update(is_active=False, position=7)
    answer = browser.post(address(resource), TYPED | stamp | {"title": "Mine"})
    assert list(answer.context["adminform"].form.errors) == ["position", "is_active"]
    assert "Now: No<" in answer.content.decode()
    resource.refresh_from_db()
    assert (resource.title, resource.position, resource.is_active) == ("Guide", 7, False)


def test_both_typed_the_same(browser, resource):
    stamp = opened(browser, resource)
    Resource.objects.filter(pk=resource.pk).update(title="Handbook")
    assert browser.post(address(resource), TYPED | stamp | {"title": "Handbook"}).status_code == 302


@pytest.mark.parametrize("broken", ["", "x", "\x00", "a:b:c", "9" * 5000])
def test_broken_digests_refuse_once_and_are_no_fault(broken, browser, resource):
    answer = browser.post(address(resource), TYPED | {"title": "Mine", SHOWN: broken})
    html = answer.content.decode()
    assert (answer.status_code, "Now: Guide<" in html) == (200, True)
    assert browser.post(address(resource), TYPED | shown_on(html) | {"title": "Mine"}).status_code == 302


def test_digests_of_another_row_do_not_pass(browser, resource):
    other = Resource.objects.create(title="Guide", position=1)
    stamp = opened(browser, other)
    assert "Now: Guide<" in browser.post(address(resource), TYPED | stamp | {"title": "Mine"}).content.decode()


def test_choices_and_times_are_said_in_words(browser):
    hours = OpeningHours.objects.get(weekday=0)
    where = f"/admin/desk/openinghours/{hours.pk}/change/"
    stamp = shown_on(browser.get(where).content.decode())
    OpeningHours.objects.filter(weekday=6).delete()
    OpeningHours.objects.filter(pk=hours.pk).update(weekday=6, closes_at="18:30")
    typed = {"weekday": 0, "opens_at": hours.opens_at, "closes_at": "18:00"}
    html = browser.post(where, typed | stamp).content.decode()
    assert "Now: Sunday<" in html
    assert "Now: 6:30 p.m.<" in html


def test_many_rows_are_compared_and_named(db, agnes, sven):
    queue = Queue.objects.get(is_default=True)
    queue.members.set([agnes])
    form_class = modelform_factory(Queue, form=CarefulForm, fields=["name", "members"])
    shown = form_class(instance=queue).initial[SHOWN]
    typed = {"name": queue.name, "members": [agnes.pk, sven.pk]}
    assert form_class(typed | {SHOWN: shown}, instance=queue).is_valid()
    third = make_person("third.agent", group="Agents")
    queue.members.set([third])
    form = form_class(typed | {SHOWN: shown}, instance=Queue.objects.get(pk=queue.pk))
    assert not form.is_valid()
    assert "Now: third.agent<" in str(form.errors["members"])
    again = form_class(typed | {SHOWN: form.data[SHOWN]}, instance=Queue.objects.get(pk=queue.pk))
    assert again.is_valid(), again.errors


def test_who_only_looks_and_who_adds_get_no_digests(browser, agnes, client_for):
    assert SHOWN not in browser.get("/admin/desk/resource/add/").content.decode()
    line = PhoneLine.objects.get()
    assert SHOWN in browser.get(f"/admin/desk/phoneline/{line.pk}/change/").content.decode()


@pytest.mark.parametrize("query", ["is_active__exact=%00", "q=%00", "is_active__exact=x", "o=9.x", "p=x", "%00=1"])
def test_junk_in_the_address_is_no_fault(query, browser, resource):
    assert browser.get(f"/admin/desk/resource/?{query}").status_code in {200, 302, 400}


@pytest.mark.parametrize("key", ["abc", "\x00", "9" * 30, "9" * 5000, "-1", ""])
def test_junk_among_the_chosen_rows_chooses_nothing(key, browser, resource):
    chosen = {"action": "delete_selected", "_selected_action": [key], "post": "yes", "index": "0"}
    assert browser.post("/admin/desk/resource/", chosen).status_code in {200, 302}
    assert Resource.objects.filter(pk=resource.pk).exists()


@pytest.mark.parametrize("lookup", ["title__startswith", "url__regex", "pk__in", "is_active__gt"])
def test_lists_obey_their_own_filters_only(lookup, browser, resource):
    assert browser.get(f"/admin/desk/resource/?{lookup}=a").status_code == 400
    assert browser.get("/admin/desk/resource/?is_active__exact=1").status_code == 200


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_of_four_saves_at_once_one_goes_through(client_for):
    resource = Resource.objects.create(title="Guide", position=1)
    people = [make_person(f"super{n}.visor", group="Supervisors") for n in range(4)]
    browsers = [client_for(person) for person in people]
    stamps = [opened(browser, resource) for browser in browsers]
    barrier = threading.Barrier(4)

    def save(n: int) -> int:
        try:
            barrier.wait(timeout=20)
            return browsers[n].post(address(resource), TYPED | stamps[n] | {"title": f"Title {n}"}).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        codes = list(pool.map(save, range(4)))
    assert sorted(codes) == [200, 200, 200, 302]
    assert Resource.objects.get(pk=resource.pk).title == f"Title {codes.index(302)}"
