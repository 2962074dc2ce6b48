"""Files of cases: what comes in, where it lies, and that nothing is lost or left over."""

from __future__ import annotations

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.db import IntegrityError, connection, transaction

from cases import services
from cases.files import MOST_FILES, inspect_files
from cases.models import Attachment, Case, CaseEvent, LooseFile, Message, StoredFile
from cases.services import Origin, files
from cases.storage import PrivateFileStorage
from tests.cases.sample_files import CSV, DOCX, PDF, PNG, incoming

pytestmark = pytest.mark.django_db


def looked_at(*chosen):
    return inspect_files([incoming(*each) for each in chosen])


def keys_in_storage() -> set[str]:
    storage = storages["attachments"]
    try:
        folders = storage.listdir("")[0]
    except FileNotFoundError:
        return set()
    return {f"{folder}/{name}" for folder in folders for name in storage.listdir(folder)[1]}


def keys_in_rows() -> set[str]:
    return {*StoredFile.objects.values_list("key", flat=True), *LooseFile.objects.values_list("key", flat=True)}


@pytest.fixture
def shelf(settings, tmp_path):
    """The real storage, in a folder of its own."""
    backend = {"BACKEND": "cases.storage.PrivateFileStorage", "OPTIONS": {"location": tmp_path / "files"}}
    settings.STORAGES = settings.STORAGES | {"attachments": backend}
    return tmp_path / "files"


@pytest.fixture
def send(paula, case):
    """Return a function that adds information with files."""

    def add(*chosen, body="See the files.", key="", by=paula, **more) -> Message:
        with services.staged(looked_at(*chosen)) as parcel:
            origin = Origin(key=key, files=parcel)
            return services.add_information(by=by, case=case, body=body, origin=origin, **more)

    return add


def test_files_come_with_a_message(shelf, send, paula, case):
    message = send(("Invoice 3.pdf", PDF), ("label.png", PNG))
    rows = list(message.attachments.order_by("pk"))
    assert [(row.name, row.stored.kind, row.stored.size) for row in rows] == [
        ("Invoice 3.pdf", "pdf", len(PDF)),
        ("label.png", "png", len(PNG)),
    ]
    assert {(row.case, row.by, row.at, row.stored.state) for row in rows} == {
        (case, paula, message.created_at, "unscanned")
    }
    assert [(shelf / row.stored.key).read_bytes() for row in rows] == [PDF, PNG]
    case.refresh_from_db()
    assert case.has_files


def test_a_key_tells_neither_name_nor_case(shelf, send):
    stored = send(("Invoice 3.pdf", PDF)).attachments.get().stored
    folder, _, name = stored.key.partition("/")
    assert len(name) == 32
    assert name.startswith(folder)
    assert "nvoice" not in stored.key


def test_nobody_but_the_portal_reads_the_folder(settings, tmp_path):
    storage = PrivateFileStorage(**settings.FILE_STORAGE["OPTIONS"] | {"location": tmp_path / "files"})
    name = storage.save("ab/abc", ContentFile(PDF))
    assert oct((tmp_path / "files" / name).stat().st_mode)[-3:] == "600"
    assert oct((tmp_path / "files/ab").stat().st_mode)[-3:] == "700"
    with pytest.raises(ValueError, match="no address"):
        storage.url(name)


def test_files_come_with_the_description(file, paula):
    with services.staged(looked_at(("stock.csv", CSV))) as parcel:
        case = file(paula, files=parcel)
    row = Attachment.objects.get()
    assert (row.case, row.message, row.name) == (case, None, "stock.csv")


def test_agents_send_files_with_replies_and_notes(agnes, case):
    for write in (services.add_reply, services.add_note):
        with services.staged(looked_at(("report.docx", DOCX))) as parcel:
            message = write(by=agnes, case=case, body="See the file.", origin=Origin(files=parcel))
        assert message.attachments.get().name == "report.docx"


def test_same_bytes_lie_once_in_a_case_and_apart_in_another(shelf, send, file, rosa, case):
    first, second = send(("a.pdf", PDF)), send(("b.pdf", PDF))
    assert first.attachments.get().stored == second.attachments.get().stored
    with services.staged(looked_at(("a.pdf", PDF))) as parcel:
        file(rosa, files=parcel, organization_name="Hill", primary_name="Hill")
    assert StoredFile.objects.count() == 2
    assert keys_in_storage() == keys_in_rows()
    assert len(keys_in_storage()) == 2


# --- one click, one message ------------------------------------------------------------------


def test_same_form_with_the_same_files_is_one_message(shelf, send, case):
    first = send(("a.pdf", PDF), key="k" * 20)
    assert send(("a.pdf", PDF), key="k" * 20) == first
    assert Attachment.objects.count() == 1
    assert keys_in_storage() == set(StoredFile.objects.values_list("key", flat=True))


@pytest.mark.parametrize("others", [[], [("b.pdf", PDF)], [("a.pdf", PDF), ("c.png", PNG)], [("a.pdf", PDF + b"\n")]])
def test_same_form_and_text_with_other_files_is_another_message(shelf, send, others):
    send(("a.pdf", PDF), key="k" * 20)
    with pytest.raises(services.AlreadySent):
        send(*others, key="k" * 20)
    assert keys_in_storage() == set(StoredFile.objects.values_list("key", flat=True))


def test_same_intake_form_with_other_files_is_another_case(file, paula):
    with services.staged(looked_at(("a.pdf", PDF))) as parcel:
        first = file(paula, key="k" * 20, files=parcel)
    with services.staged(looked_at(("a.pdf", PDF))) as parcel:
        assert file(paula, key="k" * 20, files=parcel) == first
    with services.staged(looked_at(("b.png", PNG))) as parcel, pytest.raises(services.AlreadyFiled):
        file(paula, key="k" * 20, files=parcel)
    with pytest.raises(services.AlreadyFiled):
        file(paula, key="k" * 20)
    assert Attachment.objects.count() == 1


# --- nothing lost, nothing left --------------------------------------------------------------


def test_refused_message_leaves_no_file(shelf, send, case):
    services.withdraw_case(by=case.provider, case=case)
    with pytest.raises(services.CaseIsFinal):
        send(("a.pdf", PDF))
    assert keys_in_storage() == keys_in_rows() == set()


def test_what_is_written_is_named_before_it_is_there(shelf, monkeypatch):
    named = []
    save = PrivateFileStorage.save
    monkeypatch.setattr(
        PrivateFileStorage,
        "save",
        lambda self, name, content: (
            named.append(LooseFile.objects.filter(key=name).exists()) or save(self, name, content)
        ),
    )
    with services.staged(looked_at(("a.pdf", PDF))):
        pass
    assert named == [True]


def test_what_a_crash_leaves_is_swept(shelf, pass_time, monkeypatch):
    monkeypatch.setattr("cases.services.files._drop_loose", lambda keys: None)  # a kill: nothing tidies up
    with services.staged(looked_at(("a.pdf", PDF), ("b.png", PNG))):
        pass
    assert len(keys_in_storage()) == 2
    assert services.delete_loose_files() == 0, "it may be on its way in"
    pass_time(hours=2)
    assert services.delete_loose_files() == 2
    assert keys_in_storage() == keys_in_rows() == set()


def test_a_file_that_was_swept_too_early_cannot_be_attached(send, monkeypatch):
    write = files._write
    monkeypatch.setattr("cases.services.files._write", lambda given: (write(given), LooseFile.objects.all().delete()))
    with pytest.raises(services.FileGone):
        send(("a.pdf", PDF))
    assert not Attachment.objects.exists()
    assert not Message.objects.exists()


def test_full_disk_is_an_error_in_words(send, monkeypatch):
    def full(self, name, content):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("django.core.files.storage.InMemoryStorage.save", full)
    with pytest.raises(services.FilesNotStored, match="without them, or try again later"):
        send(("a.pdf", PDF))
    assert not Message.objects.exists()
    assert not LooseFile.objects.exists()


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_files_are_not_staged_inside_a_transaction(shelf):
    with transaction.atomic(), pytest.raises(RuntimeError), services.staged(looked_at(("a.pdf", PDF))):
        pass
    assert not keys_in_storage()


def test_a_row_is_kept_or_refused_and_never_neither(case, paula):
    with pytest.raises(IntegrityError), transaction.atomic():
        Attachment.objects.create(case=case, name="a.pdf", by=paula, at=case.filed_at)


# --- mail ------------------------------------------------------------------------------------


def test_mail_files_what_is_fine_and_leaves_a_line_about_the_rest(paula, case):
    message = services.add_information(by=paula, case=case, body="By mail.")
    results = services.attach_files(
        by=paula,
        message=message,
        files=[incoming("logo.png", PNG, inline=True), incoming("setup.exe", b"MZ"), incoming("a.pdf", PDF)],
    )
    assert [bool(result.refused) for result in results] == [False, False, True]
    assert results[2].refused.startswith("“setup.exe” is of a kind that is not taken.")
    rows = {row.name: (row.is_inline, row.refusal, row.stored_id is None) for row in message.attachments.all()}
    assert rows == {
        "logo.png": (True, "", False),
        "a.pdf": (False, "", False),
        "setup.exe": (False, "kind", True),
    }


def test_same_file_is_attached_to_a_message_once(paula, case):
    message = services.add_information(by=paula, case=case, body="By mail.")
    for _time in range(2):
        services.attach_files(by=paula, message=message, files=[incoming("a.pdf", PDF)])
    assert message.attachments.count() == 1


def test_too_many_parts_of_a_mail_are_refused_each(paula, case):
    message = services.add_information(by=paula, case=case, body="By mail.")
    services.attach_files(
        by=paula, message=message, files=[incoming(f"{number}.pdf", PDF) for number in range(MOST_FILES + 2)]
    )
    assert message.attachments.filter(refusal="too_many").count() == 2
    assert message.attachments.filter(refusal="").count() == MOST_FILES


# --- merging ---------------------------------------------------------------------------------


def test_files_go_with_a_merge(file, paula, agnes, case, send):
    with services.staged(looked_at(("stock.csv", CSV))) as parcel:
        source = file(paula, description="The same again.", files=parcel)
    with services.staged(looked_at(("a.pdf", PDF))) as parcel:
        services.add_information(by=paula, case=source, body="One more.", origin=Origin(files=parcel))
    services.merge_case(by=agnes, case=source, into=case)
    rows = {row.name: (row.case_id, row.message.body) for row in Attachment.objects.select_related("message")}
    assert rows == {"stock.csv": (case.pk, "The same again."), "a.pdf": (case.pk, "One more.")}
    assert Case.objects.get(pk=case.pk).has_files
    send(("again.pdf", PDF))
    assert StoredFile.objects.count() == 2, "what came with the merged case is not stored again"


# --- removing --------------------------------------------------------------------------------


def removed(case, attachment, by, reason="patient data") -> int:
    return services.remove_file(by=by, case=case, attachment=attachment, reason=reason)


def test_removed_file_is_gone_from_rows_and_storage(
    shelf, send, agnes, case, django_capture_on_commit_callbacks, pass_time
):
    message = send(("Jane Doe.pdf", PDF), ("label.png", PNG))
    chosen = message.attachments.get(name="Jane Doe.pdf")
    with django_capture_on_commit_callbacks(execute=True):
        assert removed(case, chosen, agnes) == 1
    assert [row.name for row in message.attachments.all()] == ["label.png"]
    assert len(keys_in_storage()) == 1
    assert keys_in_storage() == keys_in_rows()
    tables = connection.introspection.table_names()
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f'SELECT * FROM "{table}"')  # noqa: S608
            assert "Jane" not in str(cursor.fetchall()), table
    event = CaseEvent.objects.get(kind="file_removed")
    redaction = message.redactions.get()
    assert (event.by, event.from_value, event.to_value) == (agnes, str(message.pk), str(redaction.pk))
    assert (redaction.what, redaction.reason, redaction.by) == ("file", "patient data", agnes)


def test_file_is_in_the_storage_until_the_removal_is_committed(shelf, send, agnes, case, pass_time):
    chosen = send(("a.pdf", PDF)).attachments.get()
    removed(case, chosen, agnes)
    assert len(keys_in_storage()) == 1
    pass_time(hours=2)
    services.delete_loose_files()
    assert keys_in_storage() == set()


def test_removed_file_goes_from_every_text_that_it_hangs_on(send, agnes, case):
    chosen = send(("a.pdf", PDF)).attachments.get()
    send(("b.pdf", PDF), ("c.png", PNG))
    assert removed(case, chosen, agnes) == 2
    assert [row.name for row in Attachment.objects.all()] == ["c.png"]
    assert CaseEvent.objects.filter(kind="file_removed").count() == 2


def test_removed_file_goes_with_the_copy_that_a_merged_case_brought(file, paula, agnes, case, send):
    send(("a.pdf", PDF))
    with services.staged(looked_at(("same.pdf", PDF))) as parcel:
        source = file(paula, description="The same again.", files=parcel)
    services.merge_case(by=agnes, case=source, into=case)
    assert removed(case, Attachment.objects.get(name="a.pdf"), agnes) == 2
    assert not Attachment.objects.exists()
    assert not StoredFile.objects.exists()


def test_name_of_a_refused_file_can_be_removed_too(paula, agnes, case):
    message = services.add_information(by=paula, case=case, body="By mail.")
    services.attach_files(by=paula, message=message, files=[incoming("Jane.exe", b"MZ"), incoming("x.exe", b"MZ")])
    assert removed(case, message.attachments.get(name="Jane.exe"), agnes) == 1
    assert [row.name for row in Attachment.objects.all()] == ["x.exe"]


def test_only_agents_remove_files(send, paula, vera, case):
    chosen = send(("a.pdf", PDF)).attachments.get()
    for person in (paula, vera):
        with pytest.raises(services.NotAllowed):
            removed(case, chosen, person)
    assert Attachment.objects.exists()


@pytest.mark.parametrize(
    ("reason", "error"), [("  ", services.ReasonNeeded), ("It is jane doe.PDF", services.ReasonQuotes)]
)
def test_removal_needs_a_reason_that_does_not_repeat_the_name(send, agnes, case, reason, error):
    chosen = send(("Jane Doe.pdf", PDF)).attachments.get()
    with pytest.raises(error):
        removed(case, chosen, agnes, reason)
    assert Attachment.objects.exists()


def test_file_is_removed_once(send, agnes, case):
    chosen = send(("a.pdf", PDF)).attachments.get()
    removed(case, chosen, agnes)
    with pytest.raises(services.FileGone):
        removed(case, chosen, agnes)


def test_file_of_another_case_is_not_removed(send, file, rosa, agnes, case):
    chosen = send(("a.pdf", PDF)).attachments.get()
    with pytest.raises(services.FileGone):
        removed(file(rosa), chosen, agnes)


def test_removal_from_a_note_does_not_move_the_providers_time(agnes, case):
    with services.staged(looked_at(("a.pdf", PDF))) as parcel:
        note = services.add_note(by=agnes, case=case, body="Look.", origin=Origin(files=parcel))
    before = Case.objects.get(pk=case.pk)
    removed(case, note.attachments.get(), agnes)
    after = Case.objects.get(pk=case.pk)
    assert after.public_updated_at == before.public_updated_at
    assert after.updated_at > before.updated_at
