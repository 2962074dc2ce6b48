"""A passage that had to go: nothing returns its words, and everybody reads that it went."""

from __future__ import annotations

import json
from urllib.parse import unquote_plus, urlencode

import pytest
from django.apps import apps
from django.db import models, transaction
from django.urls import reverse

from accounts import drafts
from accounts.models import Draft
from cases import services
from cases.agent_forms import REPLY_DRAFT
from cases.forms import INFORMATION_DRAFT
from cases.history import tell_story
from cases.models import Case, Message, Redaction, SavedView
from tests.cases.agent_page import filled_out, page_of, typed_text
from tests.cases.pages import hidden

pytestmark = pytest.mark.django_db

WORDS = "Jane Doe, born 4/7/1950"


_HOLD_TEXT = (models.CharField, models.TextField, models.JSONField, models.FileField, models.BinaryField)


def everything_stored() -> str:
    """Return every text of every row of every app, as the database gives it and as an address reads."""
    found = []
    for model in apps.get_models(include_auto_created=True):
        columns = [field.name for field in model._meta.concrete_fields if isinstance(field, _HOLD_TEXT)]
        for row in model._base_manager.values_list(*columns) if columns else ():
            found += [_read(value) for value in row]
    found += [read for text in found if (read := unquote_plus(text)) != text]
    return "\n".join(found)


def _read(value) -> str:
    if isinstance(value, bytes | memoryview):
        return bytes(value).decode(errors="replace")
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def redact(agent, case, message=None, passage=WORDS, reason="patient data", **how) -> services.Removal:
    return services.redact(by=agent, case=case, message=message, passage=passage, reason=reason, **how)


def fresh(row):
    return type(row).objects.get(pk=row.pk)


@pytest.fixture
def told(paula, file):
    """Paula's case: its description names a patient."""
    return file(paula, description=f"Two vials for {WORDS} are missing.", key="t" * 22)


@pytest.fixture
def message(case, paula):
    return services.add_information(by=paula, case=case, body=f"It was {WORDS}.\nYes, {WORDS}!")


# --- what is removed -------------------------------------------------------------------------


def test_every_occurrence_in_a_message_goes(case, message, agnes):
    removal = redact(agnes, case, message)
    assert fresh(message).body == "It was [removed].\nYes, [removed]!"
    assert (removal.places, removal.others) == (2, [])
    row = Redaction.objects.get()
    assert (row.case, row.message, row.by, row.reason) == (case, message, agnes, "patient data")
    event = case.events.latest("pk")
    assert (event.kind, event.by, event.from_value) == ("text_redacted", agnes, str(message.pk))


def test_passage_of_the_description_goes(told, agnes):
    redact(agnes, told)
    assert fresh(told).description == "Two vials for [removed] are missing."
    assert Redaction.objects.get().message is None


def test_author_and_time_stay(case, message, agnes):
    redact(agnes, case, message)
    after = fresh(message)
    assert (after.author, after.created_at, after.kind) == (message.author, message.created_at, message.kind)


def test_line_breaks_and_blanks_around_do_not_matter(case, paula, agnes):
    message = services.add_information(by=paula, case=case, body="Name:\nJane Doe\nCVMS 12")
    redact(agnes, case, message, passage="  Name:\r\nJane Doe\r\n")
    assert fresh(message).body == "[removed]\nCVMS 12"


def test_other_texts_keep_it_until_asked(told, paula, agnes):
    note = services.add_note(by=agnes, case=told, body=f"Ask about {WORDS}.")
    removal = redact(agnes, told)
    assert [text.message for text in removal.others] == [note]
    assert WORDS in fresh(note).body


def test_everywhere_takes_it_from_all_texts_of_the_family(told, case, paula, agnes):
    note = services.add_note(by=agnes, case=case, body=f"Ask about {WORDS}.")
    services.merge_case(by=agnes, case=told, into=case)
    removal = redact(agnes, fresh(case), note, everywhere=True)
    assert len(removal.others) == 1
    assert Redaction.objects.count() == 2
    assert WORDS not in everything_stored()


def test_final_case_can_be_redacted(told, paula, agnes):
    services.withdraw_case(by=paula, case=told)
    redact(agnes, told)
    assert WORDS not in fresh(told).description


def test_stale_case_is_the_larger_one(message, case, paula, file, agnes):
    target = file(paula)
    services.merge_case(by=agnes, case=case, into=target)
    redact(agnes, case, message)
    assert Redaction.objects.get().case == target


# --- no row returns the words ----------------------------------------------------------------


def test_nothing_in_the_database_returns_the_words(told, paula, agnes, second_agent, client_for, mailbox):
    origin = services.Origin(key=f"{told.case_id}-replykey0123456789")
    services.add_reply(by=agnes, case=told, body=f"You wrote of {WORDS}.", origin=origin)
    services.add_note(by=agnes, case=told, body=f"Never name {WORDS}.")
    drafts.save_draft(second_agent, REPLY_DRAFT, f"{told.case_id}-abc", {"body": f"Is {WORDS}\r\nthe one?"})
    drafts.save_draft(paula, INFORMATION_DRAFT, "elsewhere", {"body": f"Also {WORDS}"})
    drafts.save_draft(paula, services.INTAKE_DRAFT, "t" * 22, {"description": f"Two vials for {WORDS} are missing."})
    client_for(agnes).get("/admin/cases/case/", {"q": WORDS})
    services.save_view(by=second_agent, name="Patient", query=urlencode({"q": WORDS}))
    mailbox()
    assert everything_stored().count(WORDS) == 7
    redact(agnes, told, everywhere=True)
    assert WORDS not in everything_stored()
    assert Draft.objects.get(owner=second_agent).data["body"] == "Is [removed]\nthe one?"


def test_walk_sees_every_model_and_kind_of_column(paula):
    """Proves that the walk above could fail."""
    names = {model._meta.label for model in apps.get_models()}
    assert names >= {"cases.Case", "accounts.Draft", "mail.OutboxEvent", "sessions.Session", "admin.LogEntry"}
    drafts.save_draft(paula, INFORMATION_DRAFT, "k" * 22, {"body": "é “quoted”"})
    assert "é" in everything_stored()
    assert paula.email in everything_stored()


@pytest.mark.parametrize(
    ("query", "kept"),
    [
        ("list=all&q=Jane+Doe&status=new", "list=all&status=new"),
        ("list=all&q=lot+JANE%20%20doe+vials", "list=all&q=lot+vials"),
        ("list=all&q=Jane+Doesn", "list=all&q=sn"),
        ("list=all&q=Jane+Poe", "list=all&q=Jane+Poe"),
    ],
)
def test_saved_search_for_the_passage_forgets_it(query, kept, agnes, second_agent, paula, file):
    told = file(paula, description="Jane Doe was here.")
    SavedView.objects.create(owner=second_agent, name="Hot", query=query)
    redact(agnes, told, passage="Jane Doe")
    view = SavedView.objects.get()
    assert (view.query, view.name) == (kept, "Hot")


def test_names_of_views_lose_the_passage_and_stay_apart(told, agnes, second_agent):
    for owner, name in ((agnes, "jane doe"), (agnes, "Jane Doe"), (second_agent, "Jane Doe " * 6)):
        SavedView.objects.create(owner=owner, name=name, query="list=mine")
    redact(agnes, told, passage="Jane Doe")
    names = list(SavedView.objects.order_by("pk").values_list("name", flat=True))
    assert names == ["[removed]", "[removed] 2", "[removed] " * 6]


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_what_is_kept_before_the_commit_loses_the_passage_too(told, agnes, second_agent):
    with transaction.atomic():
        redact(agnes, told)
        drafts.save_draft(second_agent, REPLY_DRAFT, f"{told.case_id}-abc", {"body": f"About {WORDS}"})
        services.save_view(by=second_agent, name="Patient", query=urlencode({"q": WORDS}))
    assert Draft.objects.get().data["body"] == "About [removed]"
    assert WORDS not in everything_stored()


def test_draft_of_a_colleague_on_another_case_stays(told, case, agnes, second_agent):
    drafts.save_draft(second_agent, REPLY_DRAFT, f"{case.case_id}-abc", {"body": WORDS})
    redact(agnes, told)
    assert Draft.objects.get().data["body"] == WORDS


def test_mail_that_is_sent_later_does_not_say_it(told, agnes, mailbox):
    reply = services.add_reply(by=agnes, case=told, body=f"You wrote of {WORDS}.")
    redact(agnes, told, reply)
    mails = [mail for mail in mailbox() if mail.to == [told.provider.email]]
    assert any("You wrote of [removed]." in mail.body for mail in mails)
    assert all(WORDS not in mail.body + mail.alternatives[0][0] for mail in mails)


# --- the same form again ---------------------------------------------------------------------


def test_same_message_form_again_brings_nothing_back(case, agnes, paula, client_for):
    client = client_for(paula)
    html = client.get(f"/cases/{case.case_id}/").text
    posted = {name: hidden(html, name) for name in ("key", "stamp", "drafts")} | {"body": f"It was {WORDS}."}
    client.post(f"/cases/{case.case_id}/add-information/", posted)
    redact(agnes, case, Message.objects.get())
    answer = client.post(f"/cases/{case.case_id}/add-information/", posted)
    assert answer.status_code == 302
    assert Message.objects.count() == 1
    assert WORDS not in everything_stored()


def test_other_text_from_the_same_form_is_not_swallowed(case, agnes, paula):
    origin = services.Origin(key=f"{case.case_id}-somekey0123456789ab")
    message = services.add_information(by=paula, case=case, body=f"It was {WORDS}.", origin=origin)
    redact(agnes, case, message)
    with pytest.raises(services.AlreadySent):
        services.add_information(by=paula, case=case, body="Lot 42.", origin=origin)


def test_same_intake_form_again_brings_nothing_back(agnes, paula, client_for, intake):
    client = client_for(paula)
    posted = intake(client, description=f"Two vials for {WORDS} are missing.")
    client.post("/cases/new/", posted)
    case = Case.objects.get()
    redact(agnes, case)
    assert client.post("/cases/new/", posted)["Location"] == f"/cases/{case.case_id}/filed/"
    assert WORDS not in everything_stored()


@pytest.mark.parametrize("form", ["intake", "information"])
def test_same_form_again_without_a_session_brings_nothing_back(form, agnes, paula, client_for, intake):
    client = client_for(paula)
    posted = intake(client, description=f"Two vials for {WORDS} are missing.")
    client.post("/cases/new/", posted)
    case, url, message = Case.objects.get(), "/cases/new/", None
    if form == "information":
        redact(agnes, case)
        url = f"/cases/{case.case_id}/add-information/"
        html = client.get(f"/cases/{case.case_id}/").text
        posted = {name: hidden(html, name) for name in ("key", "stamp", "drafts")} | {"body": f"It was {WORDS}."}
        client.post(url, posted)
        message = Message.objects.get()
    redact(agnes, case, message)
    client_for(None).post(url, posted)
    assert Draft.objects.filter(owner=paula).exists()
    assert WORDS not in everything_stored()


def test_corrected_text_from_the_same_page_is_not_swallowed(case, agnes, paula, client_for):
    client, url = client_for(paula), f"/cases/{case.case_id}/"
    html = client.get(url).text
    posted = {name: hidden(html, name) for name in ("key", "stamp", "drafts")}
    client.post(f"{url}add-information/", posted | {"body": f"The dose of {WORDS} was wasted."}, follow=True)
    redact(agnes, case, Message.objects.get())
    posted["body"] = "The dose of CVMS record 4711 was wasted."
    answer = client.post(f"{url}add-information/", posted, follow=True)
    assert "CVMS record 4711" in answer.text
    assert "was sent" not in answer.text
    again = {name: hidden(answer.text, name) for name in ("key", "stamp", "drafts")}
    client.post(f"{url}add-information/", posted | again)
    assert Message.objects.filter(body=posted["body"]).exists()


def test_corrected_reply_is_not_swallowed(case, agnes, client_for):
    client = client_for(agnes)
    posted = filled_out(client.get(page_of(case)).text, body=WORDS, action="reply")
    client.post(page_of(case), posted, follow=True)
    redact(agnes, case, Message.objects.get())
    answer = client.post(page_of(case), posted | {"body": "Another answer"}, follow=True)
    assert typed_text(answer.text) == "Another answer"
    assert "Your reply was sent." not in answer.text
    assert "Your reply was sent." in client.post(page_of(case), posted, follow=True).text
    assert Message.objects.count() == 1


def test_message_from_before_the_fingerprints_is_known_by_its_text(case, paula):
    origin = services.Origin(key=f"{case.case_id}-somekey0123456789ab")
    message = services.add_information(by=paula, case=case, body="Lot\n42", origin=origin)
    models.QuerySet(Message).update(form_digest="")
    assert services.add_information(by=paula, case=case, body="Lot\r\n42", origin=origin) == message
    with pytest.raises(services.AlreadySent):
        services.add_information(by=paula, case=case, body="Lot 43", origin=origin)


def test_no_text_can_be_read_from_a_fingerprint(case, paula, settings):
    origins = [services.Origin(key=f"{case.case_id}-somekey{number}") for number in range(2)]
    first = services.add_information(by=paula, case=case, body="yes", origin=origins[0])
    settings.SECRET_KEY = "another"
    second = services.add_information(by=paula, case=case, body="yes", origin=origins[1])
    assert len(first.form_digest) == 64
    assert first.form_digest != second.form_digest


def test_only_the_text_that_was_sent_is_screened(case, agnes):
    """What else a form keeps is no text, and another text is another."""
    key = f"{case.case_id}-somekey0123456789ab"
    sent = services.add_reply(by=agnes, case=case, body="Jane Doe", origin=services.Origin(key=key))
    redact(agnes, case, sent, passage="Jane Doe")
    other = {"kind": "public", "set_status": "Jane Doe", "drafts": ""}
    assert drafts.save_draft(agnes, REPLY_DRAFT, key, other | {"body": "Jane Doe"}).data == other | {
        "body": "[removed]"
    }
    assert drafts.save_draft(agnes, REPLY_DRAFT, key, other | {"body": "Use 4711"}).data["body"] == "Use 4711"


@pytest.mark.parametrize("merged", [False, True])
@pytest.mark.parametrize("kind", [services.INTAKE_DRAFT, services.CALL_DRAFT])
def test_description_is_screened_by_what_was_filed(kind, merged, agnes, paula, file):
    told = file(paula, description=WORDS, key="t" * 22)
    owner = agnes if kind == services.CALL_DRAFT else paula
    message = None
    if merged:
        services.merge_case(by=agnes, case=told, into=file(paula))
        told, message = fresh(told).home, Message.objects.get()
    redact(agnes, told, message)
    kept = drafts.save_draft(owner, kind, "t" * 22, {"description": WORDS}).data
    assert kept["description"] == "[removed]"
    assert drafts.save_draft(owner, kind, "t" * 22, {"description": "Lot 42"}).data["description"] == "Lot 42"


# --- refused ---------------------------------------------------------------------------------


@pytest.mark.parametrize("passage", ["", "  \r\n\t ", "removed", "]"])
def test_nothing_is_no_passage(passage, case, message, agnes):
    with pytest.raises(services.NothingToRemove):
        redact(agnes, case, message, passage=passage)


def test_passage_must_be_exact(case, message, agnes):
    with pytest.raises(services.PassageNotFound):
        redact(agnes, case, message, passage=WORDS.lower())
    assert WORDS in fresh(message).body


def test_text_of_another_case_is_not_touched(case, told, message, agnes):
    with pytest.raises(services.PassageNotFound):
        redact(agnes, told, message)


@pytest.mark.parametrize("reason", ["", "   ", "x" * 201])
def test_reason_is_required(reason, case, message, agnes):
    with pytest.raises(services.ReasonNeeded):
        redact(agnes, case, message, reason=reason)
    assert WORDS in fresh(message).body


def test_reason_does_not_repeat_the_passage(case, message, agnes):
    with pytest.raises(services.ReasonQuotes):
        redact(agnes, case, message, reason=f"Names {WORDS.upper()}")
    assert not Redaction.objects.exists()


def test_only_agents_redact(case, message, paula, vera):
    for person in (paula, vera):
        with pytest.raises(services.NotAllowed):
            redact(person, case, message)


# --- the tombstone ---------------------------------------------------------------------------


def test_tombstone_says_by_whom_when_and_why(told, agnes, paula, client_for, time_machine):
    time_machine.move_to("2026-11-22T15:00:00Z")
    redact(agnes, told)
    agents = client_for(agnes).get(f"/admin/cases/case/{told.pk}/change/").text
    assert "A passage was removed by Agnes Archer on Nov 22, 2026: patient data" in agents
    page = client_for(paula).get(f"/cases/{told.case_id}/").text
    assert "A passage was removed by the Help Desk on Nov 22, 2026: patient data" in page
    assert "The Help Desk removed a passage from the description." in page
    assert "Agnes" not in page


def test_tombstone_of_a_note_is_not_for_the_provider(case, agnes, paula, client_for):
    note = services.add_note(by=agnes, case=case, body=f"Ask {WORDS}.")
    public = fresh(case).public_updated_at
    redact(agnes, case, note)
    assert "passage" not in client_for(paula).get(f"/cases/{case.case_id}/").text
    assert fresh(case).public_updated_at == public
    (entry,) = [each for each in tell_story(case, internal=True).entries if each.message]
    assert len(entry.message.tombstones) == 1


def test_tombstone_of_a_description_goes_with_it_into_the_larger_case(told, case, agnes, paula, client_for):
    redact(agnes, told)
    services.merge_case(by=agnes, case=told, into=case)
    story = tell_story(fresh(case), internal=False)
    (entry,) = [each for each in story.entries if each.message]
    assert entry.message.told_as == f"Description of request of {told.case_id}"
    assert len(entry.message.tombstones) == 1
    assert story.tombstones == []


# --- the page --------------------------------------------------------------------------------


def address(case: Case, message: Message | None = None) -> str:
    query = f"?message={message.pk}" if message else ""
    return reverse("admin:cases_case_redact", args=[case.pk]) + query


def test_agent_looks_previews_and_confirms(case, message, agnes, client_for):
    client = client_for(agnes)
    page = client.get(address(case, message)).text
    assert WORDS in page
    assert "Mail that was sent cannot be recalled" in page
    posted = {"passage": WORDS, "reason": "patient data"}
    preview = client.post(address(case, message), posted | {"step": "preview"}).text
    assert "2 places" in preview
    assert "It was <mark>[removed]</mark>." in preview
    assert WORDS in fresh(message).body
    confirmed = {name: hidden(preview, name) for name in ("passage", "reason", "everywhere")}
    answer = client.post(address(case, message), confirmed | {"step": "confirm"}, follow=True)
    assert answer.redirect_chain[0][0] == f"/admin/cases/case/{case.pk}/change/#message-{message.pk}"
    assert "The passage was removed." in answer.text
    assert WORDS not in everything_stored() + answer.text


def test_preview_says_where_else_it_stands_and_keeps_the_choice(told, agnes, client_for):
    note = services.add_note(by=agnes, case=told, body=f"Ask {WORDS}.")
    client, posted = client_for(agnes), {"passage": WORDS, "reason": "patient data", "step": "preview"}
    assert "It will stay there." in client.post(address(told), posted).text
    preview = client.post(address(told), posted | {"everywhere": "on"}).text
    assert "1 other text of the case holds it too." in preview
    confirmed = {name: hidden(preview, name) for name in ("passage", "reason", "everywhere")}
    answer = client.post(address(told), confirmed | {"step": "confirm"}, follow=True)
    assert "also from 1 other text of the case" in answer.text
    assert fresh(note).body == "Ask [removed]."


def test_change_brings_the_form_back_as_it_was(told, agnes, client_for):
    posted = {"passage": WORDS, "reason": "patient data", "everywhere": "True", "step": "edit"}
    page = client_for(agnes).post(address(told), posted).text
    assert 'value="patient data"' in page
    assert "checked" in page
    assert WORDS in fresh(told).description


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"passage": ""}, "Enter the passage to remove"),
        ({"passage": "Nobody"}, "The text does not contain this passage."),
        ({"passage": "a\0b"}, "hidden control characters"),
        ({"reason": ""}, "Enter why the passage is removed."),
        ({"reason": f"names {WORDS}"}, "The reason repeats what is removed."),
        ({"reason": "x" * 201}, "at most 200 characters"),
    ],
)
@pytest.mark.parametrize("step", ["preview", "confirm", "junk"])
def test_bad_input_is_told_beside_the_field_and_kept(typed, words, step, told, agnes, client_for):
    page = client_for(agnes).post(address(told), {"passage": WORDS, "reason": "patient data", "step": step} | typed)
    assert words in page.text
    assert 'class="errorlist"' in page.text
    assert not Redaction.objects.exists()


@pytest.mark.parametrize("query", ["?message=x", "?message=0", "?message=" + "9" * 18, "?message=" + "9" * 30])
def test_unknown_message_is_404(query, told, agnes, client_for):
    assert client_for(agnes).get(address(told) + query).status_code == 404


def test_message_of_another_case_is_404(told, message, agnes, client_for):
    assert client_for(agnes).get(address(told, message)).status_code == 404


def test_page_is_for_agents(told, paula, vera, client_for):
    posted = {"passage": WORDS, "reason": "patient data", "step": "confirm"}
    for person in (None, paula, vera):
        assert client_for(person).post(address(told), posted).status_code in (302, 403, 404), person
    assert WORDS in fresh(told).description
