"""Whether the words of an answer travel by mail is decided per request type."""

import pytest

from cases import services
from cases.models import RequestType
from tests.mail.every_mail import Letter
from tests.mail.test_mail_look import unsaid

pytestmark = pytest.mark.django_db
ANSWER = "The second dose of lot 42 was wasted."
ASIDE = "it does not stand in this email"


@pytest.fixture
def answered(agnes, case, mailbox):
    """Return a function that lets Agnes answer Paula's case and gives the mail."""

    def answer(*, in_mail: bool):
        RequestType.objects.filter(pk=case.request_type_id).update(answers_in_mail=in_mail)
        services.add_reply(by=agnes, case=case, body=ANSWER)
        return mailbox()[-1]

    return answer


def test_an_answer_stands_in_the_mail_and_is_a_persons(answered):
    letter = answered(in_mail=True)
    assert ANSWER in letter.body
    assert ANSWER in letter.alternatives[0][0]
    assert "Auto-Submitted" not in letter.extra_headers


def test_an_answer_about_sensitive_matters_is_only_announced(answered, case):
    letter = answered(in_mail=False)
    for text in (letter.subject, letter.body, letter.alternatives[0][0]):
        assert ANSWER not in text
    assert ASIDE in letter.body
    assert ASIDE in letter.alternatives[0][0]
    assert f"http://testserver/cases/{case.case_id}/" in letter.body
    assert letter.extra_headers["Auto-Submitted"] == "auto-generated"


def test_text_and_html_announce_it_in_the_same_words(answered, case):
    letter = answered(in_mail=False)
    assert unsaid(Letter("case_reply", case.case_id, letter)) == []


def test_it_is_announced_in_spanish_too(answered, paula):
    type(paula).objects.filter(pk=paula.pk).update(language="es")
    letter = answered(in_mail=False)
    assert ANSWER not in letter.body
    assert "no aparece en este correo" in letter.body


def test_supervisors_choose_it_and_agents_look(client_for, sven, agnes, request_type):
    page = f"/admin/cases/requesttype/{request_type.pk}/change/"
    client = client_for(sven)
    form = client.get(page).context["adminform"].form
    posted = {name: form[name].value() for name in form.fields if form[name].value() is not None}
    assert posted.pop("answers_in_mail") is True
    assert client.post(page, posted).status_code == 302
    request_type.refresh_from_db()
    assert request_type.answers_in_mail is False
    client_for(agnes).post(page, posted | {"answers_in_mail": "on"})
    request_type.refresh_from_db()
    assert request_type.answers_in_mail is False


@pytest.mark.parametrize(
    ("in_mail", "words", "not_said"),
    [(True, "mailed to the provider in full", "logs in to read it"), (False, "logs in to read it", "in full")],
)
def test_agents_are_told_what_the_mail_will_say(in_mail, words, not_said, client_for, agnes, case):
    RequestType.objects.filter(pk=case.request_type_id).update(answers_in_mail=in_mail)
    html = client_for(agnes).get(f"/admin/cases/case/{case.pk}/change/").text
    assert words in html
    assert not_said not in html
