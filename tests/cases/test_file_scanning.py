"""The virus scanner: a real socket, states in the database, and nothing given out before its verdict."""

from __future__ import annotations

import threading

import pytest
from django.core.exceptions import ImproperlyConfigured

from cases import services, tasks
from cases.files import inspect_files, scanner
from cases.models import Attachment, Case, CaseEvent, StoredFile
from cases.services import Origin
from helpdesk.environment import checked_scanner_url
from tests.cases.clamd import FakeClamd
from tests.cases.sample_files import EICAR, PDF, PNG, TEXT, incoming

pytestmark = pytest.mark.django_db
VIRUS = b"Letter.\n" + EICAR


@pytest.fixture
def clamd(settings):
    fake = FakeClamd()
    settings.CLAMD_URL = fake.url
    yield fake
    fake.close()


@pytest.fixture
def send(paula, case):
    """Return a function that sends files with a message and returns their stored rows."""

    def add(*chosen, body="See the files.") -> list[StoredFile]:
        inspection = inspect_files([incoming(*each) for each in chosen])
        assert not inspection.refused
        with services.staged(inspection) as parcel:
            message = services.add_information(by=paula, case=case, body=body, origin=Origin(files=parcel))
        return [row.stored for row in message.attachments.select_related("stored").order_by("pk")]

    return add


def states() -> list[str]:
    return list(StoredFile.objects.order_by("pk").values_list("state", flat=True))


def servable() -> list[str]:
    return list(Attachment.objects.servable().order_by("pk").values_list("name", flat=True))


def test_nothing_is_given_out_before_the_scanner_has_found_it_clean(clamd, send):
    send(("a.txt", TEXT), ("b.txt", VIRUS))
    assert (states(), servable()) == (["pending", "pending"], [])
    assert services.scan_files() is False
    assert (states(), servable()) == (["clean", "infected"], ["a.txt"])
    assert clamd.seen == [TEXT, VIRUS]


def test_without_a_scanner_files_are_given_out_and_say_so(send):
    send(("a.txt", VIRUS))
    assert services.scan_files() is False
    assert (states(), servable()) == (["unscanned"], ["a.txt"])


def test_a_scanner_that_is_set_later_scans_what_was_there(send, settings, clamd):
    url, settings.CLAMD_URL = settings.CLAMD_URL, ""
    send(("a.txt", VIRUS), ("b.pdf", PDF))
    assert servable() == ["a.txt", "b.pdf"]
    settings.CLAMD_URL = url
    assert servable() == [], "not before it has looked"
    services.scan_files()
    assert (states(), servable()) == (["infected", "clean"], ["b.pdf"])


def test_files_wait_for_no_scanner_that_is_not_set_any_more(send, settings, clamd):
    send(("a.txt", TEXT))
    settings.CLAMD_URL = ""
    services.scan_files()
    assert (states(), servable()) == (["unscanned"], ["a.txt"])


def test_infected_file_is_an_event_of_the_portal_that_everybody_may_read(clamd, send, case, paula):
    before = Case.objects.get(pk=case.pk).public_updated_at
    (stored,) = send(("b.txt", VIRUS))
    services.scan_files()
    attachment = stored.attachments.get()
    event = CaseEvent.objects.get(kind="file_infected")
    assert (event.case, event.by) == (case, None)
    assert (event.from_value, event.to_value) == (str(attachment.message_id), str(attachment.pk))
    stored.refresh_from_db()
    assert stored.finding == "Eicar-Test-Signature"
    assert Case.objects.get(pk=case.pk).public_updated_at > before


def test_infected_file_that_comes_again_is_not_scanned_again(clamd, send):
    send(("b.txt", VIRUS))
    services.scan_files()
    send(("c.txt", VIRUS))
    assert (states(), servable()) == (["infected"], [])
    assert len(clamd.seen) == 1


def test_event_of_a_merged_case_is_on_the_one_that_goes_on(clamd, send, file, paula, agnes, case):
    send(("b.txt", VIRUS))
    into = file(paula)
    services.merge_case(by=agnes, case=case, into=into)
    services.scan_files()
    assert CaseEvent.objects.get(kind="file_infected").case == into


# --- trouble ---------------------------------------------------------------------------------


def test_scanner_that_is_away_holds_all_and_is_asked_again_in_a_minute(clamd, send, pass_time, settings):
    clamd.close()
    send(("a.txt", TEXT), ("b.pdf", PDF))
    services.scan_files()
    assert (states(), servable()) == (["held", "held"], [])
    back = FakeClamd()
    settings.CLAMD_URL = back.url
    services.scan_files()
    assert states() == ["held", "held"], "not before the minute is over"
    pass_time(seconds=61)
    services.scan_files()
    assert states() == ["clean", "clean"]
    back.close()


def test_only_one_file_is_tried_while_the_scanner_is_away(clamd, send, monkeypatch):
    tried = []
    connect = scanner._connect
    monkeypatch.setattr(scanner, "_connect", lambda: tried.append(1) or connect())
    clamd.close()
    send(*[(f"{number}.txt", TEXT + str(number).encode()) for number in range(5)])
    services.scan_files()
    assert (len(tried), set(states())) == (1, {"held"})


def test_files_that_make_the_scanner_fall_over_keep_no_other_waiting(clamd, send, monkeypatch, pass_time):
    scan = scanner.scan

    def falls_over(content):
        if b"heavy" in content.read():
            raise scanner.ScannerAway("no answer in time")
        content.seek(0)
        return scan(content)

    monkeypatch.setattr(scanner, "scan", falls_over)
    send(("1.txt", b"heavy one"), ("2.txt", b"heavy two"), ("3.txt", TEXT))
    for _minute in range(4):
        services.scan_files()
        pass_time(seconds=61)
    assert states() == ["held", "held", "clean"]


def test_tries_are_counted_no_further_than_they_are_told_apart(clamd, send, pass_time):
    clamd.close()
    send(("a.txt", TEXT))
    for _minute in range(9):
        services.scan_files()
        pass_time(seconds=61)
    assert StoredFile.objects.get().scan_tries == 7


@pytest.mark.parametrize("answer", [b"stream: Can't allocate memory ERROR\0", b"what?\0", b"x" * 5000, b"\0"])
def test_answer_without_a_verdict_holds_that_file_alone(clamd, send, answer):
    clamd.answer = answer
    send(("a.txt", TEXT))
    services.scan_files()
    clamd.answer = FakeClamd.VERDICT
    send(("b.pdf", PDF))
    services.scan_files()
    assert (states(), servable()) == (["held", "clean"], ["b.pdf"])


def test_a_file_that_is_never_judged_is_tried_less_and_less_often(clamd, send, pass_time):
    clamd.answer = b"ERROR\0"
    send(("a.txt", TEXT))
    for _time in range(20):
        services.scan_files()
        pass_time(minutes=3)
    assert 3 < len(clamd.seen) < 10


def test_scanner_that_hangs_up_over_its_limit_holds_the_file(clamd, send):
    clamd.most = 100
    send(("a.txt", TEXT * 200_000))
    services.scan_files()
    assert states() == ["held"]


def test_scanner_without_a_word_counts_as_away(clamd, send):
    clamd.answer = None
    send(("a.txt", TEXT), ("b.pdf", PDF))
    services.scan_files()
    assert states() == ["held", "held"]


def test_scanner_that_hangs_is_given_up(clamd, send, monkeypatch):
    gate = threading.Event()
    clamd.before_verdict = lambda: gate.wait(10)
    monkeypatch.setattr(scanner, "WHOLE_SECONDS", 0.3)
    send(("a.txt", TEXT))
    services.scan_files()
    gate.set()
    assert states() == ["held"]


def test_finding_is_kept_printable_and_short(clamd, send):
    clamd.answer = b"stream: Bad\x07" + b"x" * 300 + b" FOUND\0"
    (stored,) = send(("a.txt", TEXT))
    services.scan_files()
    stored.refresh_from_db()
    assert stored.state == "infected"
    assert stored.finding == ("Bad" + "x" * 300)[:100]


def test_file_that_is_missing_from_the_storage_is_held_and_stops_nothing(clamd, send):
    stored = send(("a.txt", TEXT), ("b.pdf", PDF))
    services.attachment_storage().delete(stored[0].key)
    services.scan_files()
    assert states() == ["held", "clean"]


def test_file_that_is_removed_while_it_is_scanned_leaves_no_verdict(clamd, send, agnes, case):
    (stored,) = send(("a.txt", TEXT))
    settle = services.scanning._settle

    def remove_first(row, verdict):
        services.remove_file(by=agnes, case=case, attachment=stored.attachments.get(), reason="patient data")
        settle(row, scanner.Verdict(finding="Late"))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("cases.services.scanning._settle", remove_first)
        services.scan_files()
    assert states() == []
    assert not CaseEvent.objects.filter(kind="file_infected").exists()


def test_second_verdict_on_a_file_changes_nothing(clamd, send):
    (stored,) = send(("a.txt", TEXT))
    services.scan_files()
    services.scanning._settle(stored, scanner.Verdict(finding="Late"))
    assert states() == ["clean"]
    assert not CaseEvent.objects.filter(kind="file_infected").exists()


def test_file_that_another_worker_has_is_left_alone_until_its_lease_ends(clamd, send, pass_time):
    send(("a.txt", TEXT))
    assert services.scanning._claim()
    services.scan_files()
    assert (states(), clamd.seen) == (["pending"], [])
    pass_time(minutes=3)
    services.scan_files()
    assert states() == ["clean"]


# --- waking ----------------------------------------------------------------------------------


def test_worker_is_woken_at_the_commit_where_a_scanner_is_set(
    clamd, send, monkeypatch, django_capture_on_commit_callbacks
):
    rung = []
    monkeypatch.setattr("mail.wake.ring", lambda task="mail.drain": rung.append(task))
    with django_capture_on_commit_callbacks(execute=True):
        send(("a.txt", TEXT))
    assert rung.count("cases.scan_files") == 1


def test_nobody_is_woken_without_a_scanner(send, monkeypatch, django_capture_on_commit_callbacks):
    rung = []
    monkeypatch.setattr("mail.wake.ring", lambda task="mail.drain": rung.append(task))
    with django_capture_on_commit_callbacks(execute=True):
        send(("a.txt", TEXT))
    assert "cases.scan_files" not in rung


def test_task_goes_on_in_another_one_when_its_time_is_over(clamd, send, monkeypatch):
    woken = []
    monkeypatch.setattr("mail.wake.send", woken.append)
    send(("a.txt", TEXT), ("b.png", PNG))
    monkeypatch.setattr("cases.services.scan_files", lambda: services.scanning.scan_files(seconds=0))
    tasks.scan_files()
    assert (states(), woken) == (["clean", "pending"], ["cases.scan_files"])
    tasks.scan_files()
    tasks.scan_files()
    assert (states(), len(woken)) == (["clean", "clean"], 2)


def test_beat_sweeps_what_waits_and_what_lies_loose(settings):
    by_task = {entry["task"]: entry["schedule"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    assert by_task["cases.scan_files"].total_seconds() == 60
    assert "cases.delete_loose_files" in by_task


# --- the line --------------------------------------------------------------------------------


def test_scanner_on_a_unix_socket(tmp_path, settings, send):
    fake = FakeClamd(str(tmp_path / "clamd.ctl"))
    settings.CLAMD_URL = fake.url
    send(("a.txt", VIRUS))
    services.scan_files()
    assert states() == ["infected"]
    fake.close()


def test_unix_socket_that_is_not_there_counts_as_away(tmp_path, settings, send):
    settings.CLAMD_URL = f"unix://{tmp_path}/nothing.ctl"
    send(("a.txt", TEXT))
    services.scan_files()
    assert states() == ["held"]


@pytest.mark.parametrize("url", ["", " ", "tcp://127.0.0.1:3310", "unix:///run/clamav/clamd.ctl"])
def test_address_of_the_scanner_is_taken(url):
    assert checked_scanner_url(url) == url.strip()


@pytest.mark.parametrize(
    "url", ["clamd", "http://x:1", "tcp://host", "tcp://host:x", "tcp://h:1/x", "unix://run/c", "unix:"]
)
def test_bad_address_of_the_scanner_stops_the_start_with_a_sentence(url):
    with pytest.raises(ImproperlyConfigured, match="CLAMD_URL is .* Set it to tcp://host:3310 or unix"):
        checked_scanner_url(url)
