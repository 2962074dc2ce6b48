"""Files through the doors of the portal: who sends them, who gets them, and what comes back over an error."""

from __future__ import annotations

import re

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Draft
from cases import services
from cases.files import inspect_files
from cases.models import Attachment, Case, CaseEvent, Message, Redaction, StoredFile
from cases.services import Origin
from tests.cases.agent_page import filled_out, page_of
from tests.cases.pages import hidden, masked, shape
from tests.cases.sample_files import CSV, DOCX, PDF, PNG, TEXT, chosen, incoming

pytestmark = pytest.mark.django_db
AGAIN = "Choose your files again: they are not kept when the form comes back."
RTL = "\u202e"


def give(write, case, *files, by, body="See the files."):
    """Write a message with files through its service."""
    with services.staged(inspect_files([incoming(*each) for each in files])) as parcel:
        return write(by=by, case=case, body=body, origin=Origin(files=parcel))


def address(attachment: Attachment, case: Case | None = None) -> str:
    extension = {"text": "txt", "jpeg": "jpg"}.get(attachment.stored.kind, attachment.stored.kind)
    return f"/cases/{(case or attachment.case).case_id}/files/{attachment.pk}/file.{extension}"


@pytest.fixture
def of_paula(paula, case):
    return give(services.add_information, case, ("Invoice 3.pdf", PDF), by=paula).attachments.get()


@pytest.fixture
def of_agnes(agnes, case):
    return give(services.add_reply, case, ("report.docx", DOCX), by=agnes).attachments.get()


@pytest.fixture
def in_note(agnes, case):
    return give(services.add_note, case, ("scan.png", PNG), by=agnes).attachments.get()


@pytest.fixture
def information(client_for, paula, case):
    """Return a function that posts the form of the case page with files, as Paula's browser would."""
    browser = client_for(paula)
    path = f"/cases/{case.case_id}/"

    def post(*files, body="See the files.", **typed):
        html = browser.get(path).text
        data = {name: hidden(html, name) for name in ("key", "stamp", "drafts")}
        return browser.post(f"{path}add-information/", data | {"body": body, "files": list(files)} | typed)

    return post


# --- intake ----------------------------------------------------------------------------------


def test_intake_files_a_case_with_its_files(client_for, paula, intake):
    browser = client_for(paula)
    data = intake(browser) | {"files": [chosen("Invoice 3.pdf"), chosen("stock.csv", CSV)]}
    answer = browser.post("/cases/new/", data)
    case = Case.objects.get()
    assert answer["Location"] == f"/cases/{case.case_id}/filed/"
    page = browser.get(f"/cases/{case.case_id}/").text
    for attachment in case.attachments.all():
        assert f'href="{address(attachment)}"><bdi>{attachment.name}</bdi>' in page
    assert f"PDF, {len(PDF)} bytes" in page
    assert f"CSV table, {len(CSV)} bytes" in page


def test_intake_says_what_is_wrong_with_a_file_beside_the_field_and_keeps_the_text(client_for, paula, intake):
    browser = client_for(paula)
    data = intake(browser) | {"files": [chosen("good.pdf"), chosen("setup.exe", b"MZ")], "description": "Two < vials"}
    page = browser.post("/cases/new/", data).text
    errors = re.search(r'<div id="id_files_error">(.*?)</div>', page, re.DOTALL)[1]
    assert "“setup.exe” is of a kind that is not taken. Choose PDF, PNG" in errors
    assert AGAIN in errors
    assert 'aria-describedby="id_files_helptext id_files_error"' in page
    assert "Two &lt; vials" in page
    assert not Case.objects.exists()
    assert not StoredFile.objects.exists()


def test_files_are_asked_for_again_when_another_field_is_wrong(client_for, paula, intake):
    browser = client_for(paula)
    page = browser.post("/cases/new/", intake(browser, description="") | {"files": [chosen()]}).text
    assert "Describe your request." in page
    assert AGAIN in page
    assert AGAIN not in browser.post("/cases/new/", intake(browser, description="")).text


def test_second_click_with_the_same_files_is_the_same_case(client_for, paula, intake):
    browser = client_for(paula)
    data = intake(browser)
    first = browser.post("/cases/new/", data | {"files": [chosen()]})
    assert browser.post("/cases/new/", data | {"files": [chosen()]})["Location"] == first["Location"]
    page = browser.post("/cases/new/", data | {"files": [chosen("other.png", PNG)]}).text
    assert f"You already filed {Case.objects.get().case_id} from this form." in " ".join(
        re.sub(r"<[^>]+>", "", page).split()
    )
    assert AGAIN in page
    assert (Case.objects.count(), Attachment.objects.count()) == (1, 1)


def test_files_can_be_added_to_the_case_that_a_form_became(client_for, paula, intake):
    browser = client_for(paula)
    data = intake(browser)
    browser.post("/cases/new/", data)
    case = Case.objects.get()
    page = browser.post("/cases/new/", data | {"files": [chosen()]}).text
    again = data | {name: hidden(page, name) for name in ("key", "stamp")}
    browser.post("/cases/new/", again | {"files": [chosen()], "add_to": case.case_id})
    assert Message.objects.get().attachments.get().name == "invoice.pdf"


# --- add information -------------------------------------------------------------------------


def test_provider_adds_files(information, case, client_for, agnes, paula):
    answer = information(chosen("Invoice 3.pdf"), chosen("label.png", PNG))
    assert answer.status_code == 302
    message = Message.objects.get()
    assert sorted(row.name for row in message.attachments.all()) == ["Invoice 3.pdf", "label.png"]
    for browser, path in ((client_for(paula), f"/cases/{case.case_id}/"), (client_for(agnes), page_of(case))):
        listed = re.search(r'<ul class="files".*?</ul>', browser.get(path).text, re.DOTALL)[0]
        assert listed.count("<li>") == 2
        assert "Invoice 3.pdf" in listed


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("setup.exe", b"MZ", "“setup.exe” is of a kind that is not taken."),
        ("invoice.pdf.exe", PDF, "“invoice_pdf.exe” is of a kind that is not taken."),
        (f"invoice{RTL}fdp.exe", PDF, "“invoicefdp.exe” is of a kind that is not taken."),
        ("label.png", PDF, "“label.png” is not what its name says"),
        ("page.pdf", b"<html>" + PDF, "“page.pdf” is not what its name says"),
        ("notes.txt", b"<script>alert(1)</script>", "“notes.txt” is not plain text"),
        ("notes.txt", b"two\0vials", "“notes.txt” is not plain text"),
        ("report.docx", PDF, "“report.docx” holds macros, programs or embedded objects"),
        ("empty.pdf", b"", "“empty.pdf” is empty."),
        ("large.pdf", PDF + b" " * (10 * 1024 * 1024), "“large.pdf” is larger than 10 MB."),
        ("letter.doc", b"\xd0\xcf\x11\xe0", "“letter.doc” is of an older kind. Save it as DOCX or PDF"),
    ],
)
def test_file_that_is_not_taken_is_named_with_what_to_do(information, name, data, said):
    page = information(chosen(name, data), body="My long text.").text
    assert said in page
    assert ">\nMy long text.</textarea>" in page
    assert not Message.objects.exists()
    assert not StoredFile.objects.exists()


def test_eleven_files_are_one_too_many(information):
    page = information(*[chosen(f"{number}.pdf") for number in range(11)]).text
    assert "“10.pdf” is one file too many: a message takes up to 10 files." in page
    assert not Message.objects.exists()


def test_one_byte_more_than_25_mb_comes_back_with_the_text(information):
    big = PDF.replace(b"\n%%EOF", b" " * (9 * 1024 * 1024 - len(PDF)) + b"\n%%EOF")
    rest = PDF.replace(b"\n%%EOF", b" " * (7 * 1024 * 1024 + 1 - len(PDF)) + b"\n%%EOF")
    page = information(chosen("a.pdf", big), chosen("b.pdf", big), chosen("c.pdf", rest), body="My text.").text
    assert "With “c.pdf” the files are larger than 25 MB together." in page
    assert "My text.</textarea>" in page


def test_name_is_shown_escaped_and_without_tricks(information, client_for, paula, case):
    information(
        chosen("<b>x</b>&quot;.pdf"), chosen("../../up.pdf", PDF + b"\n"), chosen(f"a{RTL}b.pdf", PDF + b"\n\n")
    )
    page = client_for(paula).get(f"/cases/{case.case_id}/").text
    assert "<b>" not in page
    assert RTL not in page
    names = set(Attachment.objects.values_list("name", flat=True))
    assert {"up.pdf", "ab.pdf"} < names
    assert not any(set(name) & set("<>/&") for name in names)


def test_only_who_filed_the_case_adds_files(client_for, case, quinn, rosa, agnes, vera, nadia):
    path = f"/cases/{case.case_id}/add-information/"
    for person, status in ((None, 302), (quinn, 404), (rosa, 404), (agnes, 404), (vera, 404), (nadia, 303)):
        answer = client_for(person).post(path, {"body": "Hello", "files": [chosen()]})
        assert answer.status_code == status, person
    assert not StoredFile.objects.exists()


def test_refusal_of_the_service_asks_for_the_files_again(information, paula, case, client_for):
    browser, path = client_for(paula), f"/cases/{case.case_id}/"
    html = browser.get(path).text
    services.withdraw_case(by=paula, case=case)
    data = {name: hidden(html, name) for name in ("key", "stamp", "drafts")}
    page = browser.post(f"{path}add-information/", data | {"body": "Late.", "files": [chosen()]}).text
    assert "cannot be changed any more" in page
    assert AGAIN in page
    assert not StoredFile.objects.exists()


def test_full_storage_keeps_the_text(information, monkeypatch):
    def full(self, name, content):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("django.core.files.storage.InMemoryStorage.save", full)
    page = information(chosen(), body="My text.").text
    assert "Files cannot be stored at the moment." in page
    assert "My text.</textarea>" in page


def test_ended_session_keeps_the_text_and_says_that_files_are_not_kept(client_for, paula, case):
    browser, path = client_for(paula), f"/cases/{case.case_id}/"
    html = browser.get(path).text
    data = {name: hidden(html, name) for name in ("key", "stamp", "drafts")}
    browser.logout()
    answer = browser.post(f"{path}add-information/", data | {"body": "My text.", "files": [chosen()]}, follow=True)
    assert "Files cannot be kept. Choose them again before you send." in answer.text
    assert Draft.objects.get().data["body"] == "My text."
    assert not StoredFile.objects.exists()


# --- agents ----------------------------------------------------------------------------------


@pytest.fixture
def answer(client_for, agnes, case):
    """Return a function that posts the agents' form with files."""
    browser = client_for(agnes)

    def post(*files, action="reply", **typed):
        data = filled_out(browser.get(page_of(case)).text, **({"body": "See the files."} | typed))
        return browser.post(page_of(case), data | {"action": action, "files": list(files)})

    post.browser = browser
    return post


@pytest.mark.parametrize("kind", ["public", "internal"])
def test_agent_sends_files(answer, kind):
    assert answer(chosen("report.docx", DOCX), kind=kind).status_code == 302
    message = Message.objects.get()
    assert (message.kind, message.attachments.get().name) == (kind, "report.docx")


def test_agents_form_names_a_bad_file_and_keeps_the_text(answer, case):
    page = answer(chosen("good.pdf"), chosen("setup.exe", b"MZ"), body="My text.").text
    assert '<a href="#id_files">“setup.exe” is of a kind that is not taken.' in page
    assert "The files that you chose were not sent." in page
    assert "My text.</textarea>" in page
    assert not Message.objects.exists()


@pytest.mark.parametrize("action", ["save_draft", "take", "insert", "discard", "save"])
def test_other_buttons_say_that_files_were_not_sent(answer, action):
    said = "The files that you chose were not sent. Choose them again when you send your text."
    response = answer(chosen(), action=action)
    page = response.text if response.status_code == 200 else answer.browser.get(response["Location"]).text
    assert page.count(said) == 1
    assert not StoredFile.objects.exists()


def test_second_click_of_an_agent_sends_files_once(answer, case):
    browser = answer.browser
    data = filled_out(browser.get(page_of(case)).text, body="See the files.", set_status="resolved")
    for _time in range(2):
        response = browser.post(page_of(case), data | {"action": "reply", "files": [chosen()]})
        assert response.status_code == 302
    assert (Message.objects.count(), Attachment.objects.count()) == (1, 1)
    other = data | {"action": "reply", "files": [chosen("b.png", PNG)], "set_status": ""}
    again = browser.post(page_of(case), other)
    assert again.status_code == 200
    assert "You already sent a message from this form." in again.text


def test_mail_with_an_answer_says_how_many_files_and_names_none(answer, mailbox):
    mailbox().clear()
    answer(chosen("Jane Doe.pdf"), chosen("b.png", PNG))
    (mail,) = mailbox()
    html = mail.alternatives[0][0]
    for text in (mail.body, html):
        assert "2 files come with this answer. They are on the page of the case." in text
        assert "Jane" not in text
    assert not mail.attachments
    mailbox().clear()
    answer(body="No file.")
    assert "with this answer" not in mailbox()[0].body


# --- giving out ------------------------------------------------------------------------------


HEADERS = ("Content-Type", "Content-Length", "Content-D", "Content-S", "X-Content", "Cache")


def test_file_is_given_out_as_something_to_save(client_for, paula, of_paula):
    answer = client_for(paula).get(address(of_paula))
    assert b"".join(answer) == PDF
    assert {name: answer[name] for name in answer.headers if name.startswith(HEADERS)} == {
        "Content-Type": "application/pdf",
        "Content-Length": str(len(PDF)),
        "Content-Disposition": 'attachment; filename="Invoice 3.pdf"',
        "Content-Security-Policy": "sandbox; default-src 'none'",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-store",
    }
    assert answer.streaming
    assert client_for(paula).head(address(of_paula)).status_code == 200
    assert client_for(paula).post(address(of_paula)).status_code == 405


def test_name_with_other_letters_is_said_as_rfc_6266_wants_it(client_for, paula, case):
    row = give(services.add_information, case, ('Informe "n.º 3".txt', TEXT), by=paula).attachments.get()
    said = client_for(paula).get(address(row))["Content-Disposition"]
    assert said == "attachment; filename*=utf-8''Informe%20_n.%C2%BA%203.txt"


def test_address_holds_no_word_of_the_name(client_for, paula, case):
    row = give(services.add_information, case, ("Jane Doe.pdf", PDF), by=paula).attachments.get()
    page = client_for(paula).get(f"/cases/{case.case_id}/").text
    assert "Jane Doe.pdf" in page
    assert "Jane" not in address(row)
    assert client_for(paula).get(address(row).replace("file.pdf", "Jane%20Doe.pdf")).status_code == 404


def test_who_sees_the_case_gets_its_public_files(client_for, paula, quinn, agnes, sven, vera, of_paula, of_agnes):
    for person in (paula, quinn, agnes, sven, vera):
        for row in (of_paula, of_agnes):
            assert client_for(person).get(address(row)).status_code == 200, person


def test_files_of_notes_are_for_agents_alone(client_for, paula, quinn, agnes, sven, vera, in_note):
    for person, status in ((agnes, 200), (sven, 200), (paula, 404), (quinn, 404), (vera, 404)):
        assert client_for(person).get(address(in_note)).status_code == status, person
    for person in (paula, quinn, vera):
        assert "scan.png" not in client_for(person).get(f"/cases/{in_note.case.case_id}/").text


def test_who_is_not_logged_in_is_led_to_the_login(client_for, nadia, of_paula):
    assert client_for().get(address(of_paula))["Location"].startswith("/login/")
    assert client_for(nadia).get(address(of_paula))["Location"] == "/set-password/"


def test_strangers_file_looks_like_no_file(client_for, rosa, of_paula):
    answers, asked = [], []
    nobodys = str(of_paula.pk)[:-1] + str((of_paula.pk + 1) % 10)
    for number in (of_paula.pk, nobodys):
        path = address(of_paula).replace(f"/{of_paula.pk}/", f"/{number}/")
        browser = client_for(rosa)
        browser.get("/")
        with CaptureQueriesContext(connection) as captured:
            answer = browser.get(path)
        status, headers, body = masked(answer)
        answers.append((status, headers, re.sub(rf"files(/|%2F){number}(/|%2F)", "-", body)))
        asked.append([shape(query["sql"]) for query in captured])
    assert answers[0][0] == 404
    assert answers[0] == answers[1]
    assert asked[0] == asked[1]
    assert any("cases_attachment" in statement for statement in asked[0])


@pytest.mark.parametrize(
    "end", ["0/file.pdf", f"{'9' * 18}/file.pdf", f"{'9' * 40}/file.pdf", "x/file.pdf", "1/%00", "-1/f"]
)
def test_junk_is_no_fault(client_for, paula, of_paula, end):
    assert client_for(paula).get(f"/cases/{of_paula.case.case_id}/files/{end}").status_code == 404


def test_file_under_the_address_of_another_case_is_not_found(client_for, paula, file, of_paula):
    assert client_for(paula).get(address(of_paula, file(paula))).status_code == 404


def test_old_address_of_a_merged_case_leads_on(client_for, paula, rosa, agnes, file, of_paula):
    old, into = address(of_paula), file(paula)
    services.merge_case(by=agnes, case=of_paula.case, into=into)
    answer = client_for(paula).get(old, follow=True)
    assert answer.redirect_chain == [(address(of_paula, into), 302)]
    assert b"".join(answer) == PDF
    assert client_for(rosa).get(old).status_code == 404


def test_file_that_the_storage_lost_is_not_found_and_logged(client_for, paula, of_paula, caplog):
    services.attachment_storage().delete(of_paula.stored.key)
    assert client_for(paula).get(address(of_paula)).status_code == 404
    assert f"Stored file {of_paula.stored_id} is missing from the storage." in caplog.text


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ("pending", "This file is being checked for viruses. Load the page again in a minute."),
        ("held", "This file could not be checked for viruses yet. The portal tries again by itself."),
        (
            "infected",
            "A virus was found in this file, so nobody can open it. Check your computer first, then send a clean",
        ),
    ],
)
def test_file_that_is_not_clean_is_given_to_nobody_and_says_why(client_for, paula, agnes, of_paula, state, said):
    StoredFile.objects.update(state=state, finding="Eicar" if state == "infected" else "")
    case = of_paula.case
    for person, path in ((paula, f"/cases/{case.case_id}/"), (agnes, page_of(case))):
        browser = client_for(person)
        page = browser.get(path).text
        assert said in page
        assert "Invoice 3.pdf" in page
        assert address(of_paula) not in page
        assert browser.get(address(of_paula)).status_code == 404
        assert ("The scanner calls it Eicar." in page) == (state == "infected" and person == agnes)


def test_virus_is_told_in_the_history_but_not_of_a_note(client_for, paula, agnes, of_paula, in_note):
    case = of_paula.case
    for row in (of_paula, in_note):
        CaseEvent.objects.create(
            case=case, kind="file_infected", at=row.at, from_value=str(row.message_id), to_value=str(row.pk)
        )
    said = "The virus scanner found a virus in a file. Nobody can open that file."
    assert client_for(paula).get(f"/cases/{case.case_id}/").text.count(said) == 1
    assert client_for(agnes).get(page_of(case)).text.count("virus found in a file of a message") >= 2


def test_refused_part_of_a_mail_is_a_line_at_its_message(client_for, paula, agnes, case):
    message = services.add_information(by=paula, case=case, body="By mail.")
    services.attach_files(by=paula, message=message, files=[incoming("setup.exe", b"MZ")])
    for person, path in ((paula, f"/cases/{case.case_id}/"), (agnes, page_of(case))):
        assert "“setup.exe” is of a kind that is not taken." in client_for(person).get(path).text


def test_print_names_the_files(client_for, agnes, of_paula, in_note):
    path = f"/admin/cases/case/{of_paula.case.pk}/print/"
    page = client_for(agnes).get(path).text
    assert "Invoice 3.pdf" in page
    assert "scan.png" not in page
    assert "Remove this file" not in page
    assert "scan.png" in client_for(agnes).get(path + "?notes=1").text


# --- removing --------------------------------------------------------------------------------


def remove(browser, row, **typed):
    return browser.post(f"/admin/cases/case/{row.case.pk}/files/{row.pk}/remove/", typed)


def test_agent_removes_a_file(client_for, paula, agnes, of_paula, mailbox):
    browser, case, gone = client_for(agnes), of_paula.case, address(of_paula)
    page = browser.get(page_of(case)).text
    assert f'href="/admin/cases/case/{case.pk}/files/{of_paula.pk}/remove/"' in page
    assert "Invoice 3.pdf" in browser.get(f"/admin/cases/case/{case.pk}/files/{of_paula.pk}/remove/").text
    answer = remove(browser, of_paula, reason="patient data")
    assert answer["Location"] == f"{page_of(case)}#message-{of_paula.message_id}"
    assert not Attachment.objects.exists()
    for person, path, who in (
        (paula, f"/cases/{case.case_id}/", "the Help Desk"),
        (agnes, page_of(case), agnes.display_name),
    ):
        page = client_for(person).get(path).text
        assert f"A file was removed by {who} on " in page
        assert "patient data" in page
        assert "Invoice 3.pdf" not in page
    assert "The Help Desk removed a file from a message." in client_for(paula).get(f"/cases/{case.case_id}/").text
    assert client_for(paula).get(gone).status_code == 404


def test_removal_without_a_reason_removes_nothing(client_for, agnes, of_paula):
    assert "Enter why the file is removed." in remove(client_for(agnes), of_paula, reason=" ").text
    page = remove(client_for(agnes), of_paula, reason="It is Invoice 3.pdf").text
    assert "The reason repeats what is removed." in page
    assert not Redaction.objects.exists()
    assert Attachment.objects.exists()


def test_removal_from_a_note_is_not_told_to_the_provider(client_for, paula, agnes, in_note):
    remove(client_for(agnes), in_note, reason="patient data")
    assert "removed" not in client_for(paula).get(f"/cases/{in_note.case.case_id}/").text
    assert "file removed from a message" in client_for(agnes).get(page_of(in_note.case)).text


def test_only_agents_remove_files(client_for, paula, vera, rosa, of_paula):
    for person in (None, paula, vera, rosa):
        assert remove(client_for(person), of_paula, reason="x").status_code == 302
    assert Attachment.objects.exists()


def test_file_of_another_case_is_not_removed(client_for, agnes, rosa, file, of_paula):
    path = f"/admin/cases/case/{file(rosa).pk}/files/{of_paula.pk}/remove/"
    assert client_for(agnes).post(path, {"reason": "x"}).status_code == 404


def test_removing_a_passage_warns_of_files(client_for, agnes, case, of_paula, file, rosa):
    said = "This case has files. A passage is removed from texts alone"
    assert said in client_for(agnes).get(f"/admin/cases/case/{case.pk}/redact/").text
    assert said not in client_for(agnes).get(f"/admin/cases/case/{file(rosa).pk}/redact/").text


# --- what it costs ---------------------------------------------------------------------------


def test_files_cost_one_statement_and_none_where_there_are_none(client_for, paula, agnes, case, statements):
    pages = {paula: f"/cases/{case.case_id}/", agnes: page_of(case)}
    services.add_information(by=paula, case=case, body="Hello.")
    browsers = {person: client_for(person) for person in pages}

    def cost(person) -> int:
        browsers[person].get(pages[person])
        return statements(lambda: browsers[person].get(pages[person]))

    before = {person: cost(person) for person in pages}
    for number in range(3):
        give(services.add_information, case, (f"{number}.pdf", PDF), (f"{number}.png", PNG + b"x" * number), by=paula)
    assert {person: cost(person) - before[person] for person in pages} == {paula: 1, agnes: 1}
    with_notes = cost(agnes)
    for number in range(5):
        give(services.add_reply, case, (f"{number}.txt", TEXT * (number + 1)), by=agnes)
    assert cost(agnes) == with_notes


# --- large bodies ----------------------------------------------------------------------------


def test_too_large_a_form_with_files_says_so_in_its_own_words(client_for, paula, case):
    body = b"x" * (settings.FILES_BODY_LIMIT + 1)
    path = f"/cases/{case.case_id}/add-information/"
    answer = client_for(paula).post(path, body, content_type="multipart/form-data; boundary=x")
    assert answer.status_code == 413
    assert "Your files are larger than 25 MB together, so nothing was stored." in answer.text


@pytest.mark.parametrize(
    ("path", "content_type"),
    [
        ("/login/", "multipart/form-data; boundary=x"),
        ("/account/details/", "multipart/form-data; boundary=x"),
        ("/drafts/", "multipart/form-data; boundary=x"),
        ("/cases/new/", "application/x-www-form-urlencoded"),
    ],
)
def test_elsewhere_4_mb_are_enough(client_for, paula, path, content_type):
    answer = client_for(paula).post(path, b"x" * (settings.BODY_LIMIT + 1), content_type=content_type)
    assert answer.status_code == 413
    assert "larger than 4 MB" in answer.text


def test_text_of_a_form_with_files_has_its_4_mb(information):
    answer = information(chosen(), body="x" * (settings.BODY_LIMIT + 1))
    assert answer.status_code == 413
    assert not Message.objects.exists()


def test_uploads_are_spooled_to_the_disk():
    assert settings.FILE_UPLOAD_HANDLERS == ["django.core.files.uploadhandler.TemporaryFileUploadHandler"]


def test_absurd_number_of_files_is_a_plain_400(information):
    answer = information(*[SimpleUploadedFile(f"{number}.pdf", b"x") for number in range(51)])
    assert answer.status_code == 400
