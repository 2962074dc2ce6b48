"""Customer Registration: /register/ and what the worker makes of it."""

import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client

from accounts import services
from accounts.models import Registration, User
from accounts.services.registration import answer_registration
from desk.models import TermsVersion
from mail.models import OutboxEvent, OutboxMessage
from tests.accounts.letters import temporary_password_in, user_id_in
from tests.accounts.pages import masked, says_error

JANE = {"first_name": "Jane", "last_name": "Doe", "email": "jane@clinic.example.org", "terms": "on", "website": ""}


def register(browser=None, *, address="203.0.113.5", **changes):
    return (browser or Client()).post("/register/", JANE | changes, REMOTE_ADDR=address)


@pytest.mark.django_db
def test_asks_for_what_the_guide_names(client):
    page = client.get("/register/").content.decode()
    for words in ("Customer Registration", "First name", "Last name", "Business email", "Terms &amp; Conditions"):
        assert words in page
    assert 'href="/terms/"' in page


def test_mailed_user_id_and_password_log_in(mailbox, log_in):
    response = register()
    assert (response.status_code, response["Location"]) == (302, "/register/done/")
    assert User.objects.count() == 0, "the worker makes the account, not the request"
    [letter] = mailbox()
    assert letter.to == ["jane@clinic.example.org"]
    assert user_id_in(letter) == "jane.doe"
    assert "http://testserver/login/" in letter.body
    assert "24 hours" in letter.body
    answer = log_in(user_id_in(letter), temporary_password_in(letter))
    assert (answer.status_code, answer["Location"]) == (302, "/")
    assert answer.wsgi_request.user.must_change_password


def test_one_registration_and_one_owed_mail(db):
    register()
    [registration] = Registration.objects.all()
    assert (registration.first_name, registration.last_name, registration.email) == (
        "Jane", "Doe", "jane@clinic.example.org",
    )  # fmt: skip
    [event] = OutboxEvent.objects.all()
    assert (event.code, event.refs) == ("registration_received", {"registration": registration.pk})


def test_known_and_unknown_address_look_alike(paula, statements):
    register(email="first.of.all@clinic.example.org")  # makes the network's counter
    known, unknown = [], []
    known_statements = statements(lambda: known.append(register(email=paula.email)))
    unknown_statements = statements(lambda: unknown.append(register(email="nobody.yet@clinic.example.org")))
    assert known_statements == unknown_statements
    assert any("INSERT" in statement for statement in known_statements)
    assert masked(known[0]) == masked(unknown[0])
    assert masked(Client().get("/register/done/")) == masked(Client().get("/register/done/"))


def test_known_address_is_told_of_its_account(paula, mailbox):
    register(email=paula.email.upper(), first_name="Mallory")
    [letter] = mailbox()
    assert letter.to == [paula.email]
    assert letter.subject == "You already have a Help Desk account"
    assert user_id_in(letter) == paula.username
    assert "Mallory" not in letter.body + letter.alternatives[0][0]
    assert User.objects.count() == 1


def test_terms_version_and_time_are_recorded(mailbox):
    register()
    mailbox()
    registration = Registration.objects.get()
    [acceptance] = User.objects.get().terms_acceptances.all()
    assert acceptance.version == registration.terms == TermsVersion.objects.current()
    assert acceptance.accepted_at == registration.created_at


def test_same_address_twice_makes_one_account(mailbox):
    register()
    register(last_name="Roe")
    letters = mailbox()
    assert User.objects.count() == 1
    assert sorted(letter.subject for letter in letters) == [
        "You already have a Help Desk account",
        "Your Help Desk User ID and temporary password",
    ]


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_two_workers_make_one_account_of_one_address():
    terms = TermsVersion.objects.current()
    numbers = [
        services.register(first_name="Jane", last_name=name, email="jane@clinic.example.org", terms=terms).pk
        for name in ("Doe", "Roe", "Poe", "Loe")
    ]
    start, kinds = threading.Barrier(len(numbers)), []

    def work(number):
        start.wait()
        kinds.append(answer_registration(number)[1])
        connection.close()

    threads = [threading.Thread(target=work, args=[number]) for number in numbers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert User.objects.count() == 1
    assert sorted(kinds) == ["account_exists"] * 3 + ["temporary_password"]


@pytest.mark.parametrize(
    ("first_name", "last_name", "user_id"),
    [
        ("Jane", "Doe", "jane.doe"),
        ("José María", "Núñez", "jose-maria.nunez"),
        ("Łukasz", "Großmann", "lukasz.grossmann"),
        ("Siobhán", "O’Brien", "siobhan.obrien"),
        ("王", "小明", "provider"),
        ("محمد", "Ali", "ali"),
        ("🙂", "🙂", "provider"),
        ("J" * 100, "D" * 100, "j" * 30 + "." + "d" * 30),
    ],
)
def test_user_id_is_ascii(first_name, last_name, user_id, db):
    account = services.make_account(first_name=first_name, last_name=last_name, email="a@example.org")
    assert account.username == user_id


def test_user_ids_are_numbered_from_two(db):
    made = [
        services.make_account(first_name=first, last_name="Doe", email=f"{number}@example.org").username
        for number, first in enumerate(["Jane", "JANE", "Jané", "Janet"])
    ]
    assert made == ["jane.doe", "jane.doe2", "jane.doe3", "janet.doe"]


def test_program_that_fills_in_everything_leaves_nothing(db):
    response = register(website="https://spam.example")
    assert (response.status_code, response["Location"]) == (302, "/register/done/")
    assert not Registration.objects.exists()
    assert not OutboxEvent.objects.exists()


def test_sixth_registration_of_an_address_is_refused_whatever_its_tag(db):
    for number in range(5):
        assert register(email=f"jane+{number}@clinic.example.org").status_code == 302
    refused = register(email="JANE+six@clinic.example.org", first_name="Janina")
    assert refused.status_code == 429
    page = refused.content.decode()
    assert "There were too many attempts." in page
    for kept in ('value="Janina"', 'value="Doe"', 'value="JANE+six@clinic.example.org"', "checked"):
        assert kept in page
    assert Registration.objects.count() == 5
    assert register(email="john@clinic.example.org").status_code == 302, "other addresses are not concerned"


def test_allowance_comes_back_after_an_hour(db, time_machine):
    for _ in range(6):
        last = register()
    assert last.status_code == 429
    time_machine.move_to(timedelta(minutes=61))
    assert register().status_code == 302


def test_network_is_refused_after_sixty(db):
    for number in range(60):
        assert register(email=f"{number}@clinic.example.org", address=f"203.0.113.{number}").status_code == 302
    assert register(email="one.more@clinic.example.org", address="203.0.113.200").status_code == 429
    assert register(email="one.more@clinic.example.org", address="203.0.114.1").status_code == 302


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("first_name", "", "Enter your first name"),
        ("first_name", "   ", "Enter your first name"),
        ("first_name", "\u200b\u200d", "Enter your first name"),
        ("last_name", "", "Enter your last name"),
        ("email", "", "Enter your business email address"),
        ("email", "jane", "Enter an email address in the form name@example.org"),
        ("email", "jane@clinic.example.org\r\nBcc: x@example.org", "Enter an email address in the form"),
        ("email", f"{'j' * 250}@clinic.example.org", "at most 254"),
        ("terms", "", "Accept the Terms &amp; Conditions to go on"),
        ("first_name", "Jane\r\nBcc: x@example.org", "on one line"),
        ("last_name", "Doe\nDoe", "on one line"),
        ("last_name", "Doe\u2028Doe", "on one line"),
        ("first_name", "Ja\0ne", "without hidden characters"),
        ("first_name", "Jane \u202etxt.exe", "without hidden characters"),
        ("last_name", "D" * 101, "at most 100"),
        ("first_name", "Win at https://spam.example", "without a web or email address"),
        ("first_name", "Win at spam.example", "without a web or email address"),
        ("last_name", "me@spam.example", "without a web or email address"),
    ],
)
def test_bad_input_is_explained_and_everything_kept(field, value, sentence, client, db):
    response = client.post("/register/", JANE | {field: value})
    page = response.content.decode()
    assert response.status_code == 200
    assert sentence in page
    assert says_error(response)
    for name in {"first_name", "last_name", "email"} - {field}:
        assert f'value="{JANE[name]}"' in page
    assert not Registration.objects.exists()


@pytest.mark.parametrize(
    "name", ["O'Brien", "Anne Marie", "Jose\u0301", "王小明", "محمد", "🙂 Joy", "J. R.", "x" * 100]
)
def test_names_of_all_kinds_arrive_in_the_mail(name, mailbox):
    assert register(first_name=name).status_code == 302
    [letter] = mailbox()
    assert f"Hello {name}," in letter.body
    assert OutboxMessage.objects.get().state == "sent"


@pytest.mark.parametrize("name", [b"\xed\xa0\x80", b"%ED%A0%80", b"%ff", b"\xff\xfe"])
def test_bytes_that_are_no_text_are_no_fault(name, client, db):
    body = b"first_name=" + name + b"&last_name=Doe&email=jane%40clinic.example.org&terms=on"
    assert client.post("/register/", body, "application/x-www-form-urlencoded").status_code in {200, 302}


def test_blanks_around_and_inside_a_name_are_folded(db):
    register(first_name="  Anne   Marie ")
    assert Registration.objects.get().first_name == "Anne Marie"


def test_signed_in_person_is_led_home(paula, client_for):
    assert client_for(paula).get("/register/")["Location"] == "/"


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_other_methods_are_refused(method, client, db):
    assert getattr(client, method)("/register/").status_code == 405


def test_long_number_in_a_name_spoils_no_user_id(db):
    for last_name in ("Doe99999999999999999999", "Doe", "Doe"):
        services.make_account(first_name="Jane", last_name=last_name, email=f"{User.objects.count()}@example.org")
    assert set(User.objects.values_list("username", flat=True)) == {
        "jane.doe99999999999999999999",
        "jane.doe",
        "jane.doe2",
    }


@pytest.mark.parametrize("email", ["a@" + ".".join(["İ" * 40] * 5) + ".com", "jürgen@example.org"])
def test_address_beyond_ascii_is_refused_in_words(email, client, db):
    form = {"first_name": "Jane", "last_name": "Doe", "email": email, "terms": "on"}
    answer = client.post("/register/", form)
    assert answer.status_code == 200
    assert "Enter an email address in the form" in answer.content.decode()
