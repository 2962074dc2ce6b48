"""Saved views of the agents' list: saved from the list, shared by supervisors, removed again."""

import pytest

from cases import services
from cases.models import SavedView
from tests.cases.pages import hidden

pytestmark = pytest.mark.django_db
LIST = "/admin/cases/case/"
SAVE = f"{LIST}save-view/"


def remove(view) -> str:
    return f"{LIST}saved-views/{view.pk}/delete/"


def names(client) -> list[str]:
    return [listed.view.name for listed in client.get(LIST).context["cl"].views]


@pytest.fixture
def view(agnes) -> SavedView:
    return services.save_view(by=agnes, name="Hot", query="list=open&priority=1")


@pytest.fixture
def shared(sven) -> SavedView:
    return services.save_view(by=sven, name="Everybody's", query="list=unassigned", is_shared=True)


def test_view_is_saved_from_the_list(client_for, agnes, case):
    client = client_for(agnes)
    html = client.get(f"{LIST}?list=all&status=new&q=vials&sort=filed&p=1&junk=1").text
    query = hidden(html.split(f'action="{SAVE}"')[1], "query")
    response = client.post(SAVE, {"name": "  New   vials ", "query": query}, follow=True)
    assert response.redirect_chain == [(f"{LIST}?list=all&q=vials&status=new&sort=filed", 302)]
    assert "The view “New vials” is saved." in response.text
    view = SavedView.objects.get()
    assert (view.owner, view.name, view.is_shared) == (agnes, "New vials", False)
    assert (
        'href="?list=all&amp;q=vials&amp;status=new&amp;sort=filed" aria-current="true">New vials</a>' in response.text
    )
    assert [row.pk for row in response.context["cl"].table.rows] == [case.pk]


def test_only_known_parameters_are_kept(client_for, agnes):
    query = "?list=all&status=new&password=x&priority=7&p=3&at=1-1&description__contains=a&q=%00"
    client_for(agnes).post(SAVE, {"name": "Mine", "query": query})
    assert SavedView.objects.get().query == "list=all&status=new"


@pytest.mark.parametrize("query", ["", "junk", "\0", "&" * 3000, "list=%00"])
def test_junk_becomes_the_default_list(client_for, agnes, query):
    client_for(agnes).post(SAVE, {"name": "Mine", "query": query})
    assert SavedView.objects.get().query == "list=mine"


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("", "Enter a name for the view."),
        (" \u200b ", "Enter a name for the view."),
        ("a" * 61, "Shorten the name to 60 characters."),
        ("a\0b", "hidden characters"),
    ],
)
def test_bad_name_is_said_beside_the_field_and_kept(client_for, agnes, name, sentence):
    html = client_for(agnes).post(SAVE, {"name": name, "query": "list=open"}).text
    assert sentence in html
    assert 'aria-invalid="true"' in html
    assert hidden(html, "query") == "list=open"
    assert f'href="{LIST}?list=open"' in html
    if name.startswith("aaa"):
        assert f'value="{name}"' in html
    assert not SavedView.objects.exists()


def test_taken_name_can_be_replaced(client_for, agnes, view):
    client, wish = client_for(agnes), {"name": "Hot", "query": "list=all"}
    html = client.post(SAVE, wish).text
    assert "You have a view named “Hot” already." in html
    assert 'name="replace" value="1"' in html
    assert 'value="Hot"' in html
    view.refresh_from_db()
    assert view.query == "list=open&priority=1"
    client.post(SAVE, wish | {"replace": "1"})
    view.refresh_from_db()
    assert view.query == "list=all"
    assert SavedView.objects.count() == 1


def test_two_agents_may_use_one_name(client_for, second_agent, view):
    client_for(second_agent).post(SAVE, {"name": "Hot", "query": "list=all"})
    assert SavedView.objects.filter(name="Hot").count() == 2


def test_too_long_a_search_is_refused(client_for, agnes):
    html = client_for(agnes).post(SAVE, {"name": "Long", "query": "q=" + "%C3%A9" * 200}).text
    assert "Shorten the search first." in html
    assert not SavedView.objects.exists()


def test_views_are_their_owners(client_for, agnes, second_agent, view):
    assert names(client_for(agnes)) == ["Hot"]
    assert names(client_for(second_agent)) == []


def test_supervisors_share(client_for, agnes, sven):
    client = client_for(sven)
    assert 'name="is_shared"' in client.get(LIST).text
    client.post(SAVE, {"name": "Everybody's", "query": "list=unassigned", "is_shared": "on"})
    assert names(client_for(agnes)) == ["Everybody's"]
    assert "(shared)" in client_for(agnes).get(LIST).text


def test_agents_do_not_share(client_for, agnes, second_agent):
    client = client_for(agnes)
    assert 'name="is_shared"' not in client.get(LIST).text
    client.post(SAVE, {"name": "Hot", "query": "list=open", "is_shared": "on"})
    assert not SavedView.objects.get().is_shared
    with pytest.raises(services.NotAllowed):
        services.save_view(by=agnes, name="Mine", query="", is_shared=True)
    assert names(client_for(second_agent)) == []


def test_own_view_is_removed(client_for, agnes, view):
    client = client_for(agnes)
    assert remove(view) in client.get(LIST).text
    response = client.post(remove(view), {"query": "list=open&junk=1"}, follow=True)
    assert response.redirect_chain == [(f"{LIST}?list=open", 302)]
    assert "The view “Hot” is removed." in response.text
    assert not SavedView.objects.exists()
    assert client.post(remove(view)).status_code == 404


def test_shared_view_is_removed_by_supervisors_alone(client_for, agnes, sven, shared):
    client = client_for(agnes)
    assert remove(shared) not in client.get(LIST).text
    assert "You cannot do that" in client.post(remove(shared), follow=True).text
    assert SavedView.objects.exists()
    shared.owner = agnes
    shared.save()
    assert remove(shared) in client_for(sven).get(LIST).text
    client_for(sven).post(remove(shared))
    assert not SavedView.objects.exists()


def test_stranger_gets_404(client_for, second_agent, sven, view):
    for person in (second_agent, sven):
        assert client_for(person).post(remove(view)).status_code == 404
        with pytest.raises(services.NotAllowed):
            services.delete_view(by=person, view=view)
    assert SavedView.objects.exists()


@pytest.mark.parametrize("who", ["paula", "vera", "nadia", "anonymous"])
def test_nobody_else_saves_or_removes(client_for, request, who, view):
    client = client_for(None if who == "anonymous" else request.getfixturevalue(who))
    for address in (SAVE, remove(view)):
        assert client.post(address, {"name": "Mine", "query": "list=all"}).status_code in (302, 303, 404)
    assert SavedView.objects.get() == view


@pytest.mark.parametrize("who", ["paula", "vera"])
def test_services_are_for_agents(request, who, view):
    person = request.getfixturevalue(who)
    with pytest.raises(services.NotAllowed):
        services.save_view(by=person, name="Mine", query="")
    with pytest.raises(services.NotAllowed):
        services.delete_view(by=person, view=view)


def test_get_is_refused(client_for, agnes, view):
    for address in (SAVE, remove(view)):
        assert client_for(agnes).get(address).status_code == 405
    assert SavedView.objects.exists()


def test_many_views_cost_what_one_costs(client_for, agnes, sven, view, statements):
    client = client_for(agnes)
    client.get(LIST)
    one = statements(lambda: client.get(LIST))
    for number in range(4):
        services.save_view(by=sven, name=f"Shared {number}", query="list=all", is_shared=True)
    assert statements(lambda: client.get(LIST)) == one
