"""`python -m bench.scaling`: two web processes behind nginx, two workers and a beat are killed in turn, under load.

Sets up what README, Scaling describes, each web process with a disk of its own and the files of cases in a bucket,
lets providers work for about a minute, and says which promise held. Exit code 1: one did not. DATABASE_URL names a
PostgreSQL server where databases may be made and dropped: `make scaling` starts a throw-away one.
"""

from __future__ import annotations

import os
import re
import shutil
import statistics
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

from bench.scaling.machines import EMAIL_TIMEOUT, Desk
from bench.scaling.visitors import BROKEN, BROKEN_OFF, Asked, Browser, Provider, Traffic, intake

PROVIDERS = 6
AGENTS = 2
LOCKED_OUT = 429
_STATIC = re.compile(r'"(/static/[^"]+)"')
GUESSES = 10  # AXES_FAILURE_LIMIT
# Seconds: what a killed worker was sending waits for the end of its lease, and the sweep comes every ten.
ALL_MAIL_LEAVES = 12 * EMAIL_TIMEOUT + 60


@dataclass(frozen=True)
class Kill:
    """One moment of the run, in time.monotonic().

    Arguments:
        of_web: requests were in its hands.
        mails: the Message-IDs that workers were sending.
    """

    what: str
    began: float
    ended: float
    of_web: bool
    mails: frozenset[str]

    def hit(self, asked: Asked) -> bool:
        return self.of_web and asked.began <= self.ended and asked.ended >= self.began


def _few(found: Iterable) -> str:
    """Return what broke a promise, the first of it in full."""
    every = list(found)
    return f"({len(every)}: {', '.join(map(str, every[:3]))})" if every else ""


class Run:
    """From the first login to the verdict."""

    def __init__(self, desk: Desk, rows) -> None:
        self.desk, self.rows = desk, rows
        self.traffic = Traffic()
        self.kills: list[Kill] = []
        self.broken_promises = 0
        self.most_connections = 0
        self._over = threading.Event()

    def happens(self) -> bool:
        """Run it all and print the report; return whether every promise held."""
        names = self.rows.make_people(PROVIDERS + 2, AGENTS)
        self.desk.start()
        self._wait_until_ready()
        *working, drafting, guessed = names
        self._across_machines_before(drafting, guessed)
        providers = [self._provider(name) for name in working]
        watch = threading.Thread(target=self._watch_connections, daemon=True)
        watch.start()
        began = time.monotonic()
        for provider in providers:
            provider.start()
        self._kill_in_turn()
        self._over.set()
        for provider in providers:
            provider.join(timeout=60)
        seconds = time.monotonic() - began
        watch.join()
        left_after = self._wait_for_mail()
        self._report(providers, seconds)
        self._judge_requests(providers)
        self._judge_cases(providers)
        self._judge_mail(left_after)
        self._across_machines_after(drafting, guessed)
        print("Every promise held." if not self.broken_promises else f"{self.broken_promises} promises were broken.")
        return not self.broken_promises

    # --- the load and the kills -----------------------------------------------------------------

    def _provider(self, name: str) -> Provider:
        provider = Provider(Browser(self.desk.port, self.traffic), name, self.rows.a_request_type(), self._over)
        provider.browser.log_in(name, self.rows.PASSWORD)
        return provider

    def _kill_in_turn(self) -> None:
        first, second = self.desk.webs
        time.sleep(2)
        self._kill("web process 1 with its workers", first.kill, of_web=True, gone=4, then=first.start)
        self._kill("a worker of web process 2", second.kill_a_worker, of_web=True, gone=4)
        self._kill("web process 2 with its workers", second.kill, of_web=True, gone=4, then=second.start)
        self._kill("Celery worker 1", self.desk.workers[0].kill, gone=4, then=self.desk.workers[0].start)
        self._kill("both Celery workers", self._kill_workers, gone=4, then=self._start_workers)
        self._kill("beat", self.desk.beats[0].kill, gone=4, then=self._start_two_beats)
        self._kill("Redis", self.desk.kill_redis, gone=4, then=self.desk.redis.start)

    def _kill_workers(self) -> None:
        for worker in self.desk.workers:
            worker.kill()

    def _start_workers(self) -> None:
        for worker in self.desk.workers:
            worker.start()

    def _start_two_beats(self) -> None:
        """Start one beat too many: it is said to be harmless."""
        for beat in self.desk.beats:
            beat.start()

    def _kill(
        self,
        what: str,
        kill: Callable[[], None],
        *,
        gone: float,
        of_web: bool = False,
        then: Callable[[], None] = lambda: None,
    ) -> None:
        """Kill something at a moment when it has work in hand, bring it back after some seconds, and wait a little."""
        if of_web:
            self.traffic.wait_for_posts(2, seconds=5)
        else:
            self._wait_for_mail_in_hand()
        began = time.monotonic()
        kill()
        ended = time.monotonic()
        self.kills.append(Kill(what, began, ended, of_web, frozenset(self.rows.mails_in_hand())))
        time.sleep(gone)
        then()
        time.sleep(2)

    def _wait_for_mail_in_hand(self) -> None:
        deadline = time.monotonic() + 3
        while not self.rows.mails_in_hand() and time.monotonic() < deadline:
            time.sleep(0.005)

    def _watch_connections(self) -> None:
        while not self._over.wait(0.5):
            self.most_connections = max(self.most_connections, self.rows.connections())
        self.rows.connection.close()

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + 40
        while time.monotonic() < deadline:
            with suppress(urllib.error.URLError):
                urllib.request.urlopen(f"http://127.0.0.1:{self.desk.port}/health/ready", timeout=5).close()
                return
            time.sleep(0.3)
        raise RuntimeError("The portal is not ready.")

    def _wait_for_mail(self) -> float:
        began = time.monotonic()
        while self.rows.mail_is_owed() and time.monotonic() < began + ALL_MAIL_LEAVES:
            time.sleep(0.5)
        return time.monotonic() - began

    # --- what two machines share ----------------------------------------------------------------

    def _across_machines_before(self, drafting: str, guessed: str) -> None:
        """Log in on one machine, type on the other; guess passwords on both in turn."""
        first, second = (web.port for web in self.desk.webs)
        self.drafting = browser = Browser(first, self.traffic)
        browser.log_in(drafting, self.rows.PASSWORD)
        form = intake(
            browser.get("/cases/new/").text, "Typed on two machines.", request_type=self.rows.a_request_type()
        )
        browser.port = second
        self._say(
            browser.get("/my-lists/").status == 200 and browser.post("/drafts/", form).status == 204,
            "a login on one web process is one on the other, which keeps a draft",
        )
        styles = set(_STATIC.findall(Browser(first, self.traffic).get("/").text))
        elsewhere = Browser(second, self.traffic)
        self._say(
            bool(styles) and all(elsewhere.get(path).status == 200 for path in styles),
            f"the {len(styles)} static files that a page of one names are files of the other",
        )
        self.guessing = Browser(first, self.traffic)
        answers = []
        for number in range(GUESSES + 1):
            self.guessing.port = (first, second)[number % 2]
            answers.append(self.guessing.log_in(guessed, f"not the password {number}").status)
        self._say(
            answers == [200] * (GUESSES - 1) + [LOCKED_OUT] * 2,
            f"{GUESSES} wrong passwords, every other on each web process, shut the login on both: {answers[-3:]}",
        )

    def _across_machines_after(self, drafting: str, guessed: str) -> None:
        """Look again after everything has been killed once, through nginx."""
        self.drafting.port = self.guessing.port = self.desk.port
        self._say(
            "Typed on two machines." in self.drafting.get("/cases/new/").text,
            "session and draft from before are there after every kill",
        )
        self._say(
            self.guessing.log_in(guessed, self.rows.PASSWORD).status == LOCKED_OUT,
            "what was shut to guesses still is",
        )

    # --- the verdict ----------------------------------------------------------------------------

    def _say(self, kept: bool, promise: str) -> None:
        self.broken_promises += not kept
        print(f"{'held' if kept else 'BROKEN':8}{promise}", flush=True)

    def _report(self, providers: list[Provider], seconds: float) -> None:
        asked = self.traffic.asked
        times = sorted(each.ended - each.began for each in asked)
        filed = sum(len(each.filed) for each in providers)
        print(
            f"{seconds:.0f} s, {PROVIDERS} providers, {len(asked)} requests, {filed} cases,"
            f" {len(self.rows.mails())} mails; answers: half within {statistics.median(times) * 1000:.0f} ms,"
            f" 99 % within {times[len(times) * 99 // 100] * 1000:.0f} ms, the longest {times[-1]:.1f} s."
            f" Connections to PostgreSQL: {self.most_connections} at most."
        )
        print(f"{'killed':34}{'errors seen':>12}{'mails in hand':>15}{'longest answer after':>22}")
        for kill in self.kills:
            errors = sum(each.status in BROKEN and kill.hit(each) for each in asked)
            after = [each.ended - each.began for each in asked if kill.began <= each.ended <= kill.ended + 10]
            print(f"{kill.what:34}{errors:12}{len(kill.mails):15}{max(after, default=0):20.1f} s")

    def _judge_requests(self, providers: list[Provider]) -> None:
        broken = [each for each in self.traffic.asked if each.status in BROKEN]
        stray = [each for each in broken if not any(kill.hit(each) for kill in self.kills)]
        pages = [each for each in broken if each.method == "GET"]
        unasked = [each for each in pages if each.status != BROKEN_OFF]
        self._say(
            not stray, f"no error beyond the requests in a killed process's hands ({len(broken)} were) {_few(stray)}"
        )
        self._say(
            not unasked,
            f"pages are asked of the other web process unless an answer had begun: {len(pages)} had {_few(unasked)}",
        )
        wrong = [each for provider in providers for each in provider.wrong]
        self._say(not wrong, f"every other answer was the right one {_few(wrong)}")

    def _judge_cases(self, providers: list[Provider]) -> None:
        stored = self.rows.cases_by_text()
        filed = {text: case for provider in providers for text, case in provider.filed.items()}
        lost = [case for text, case in filed.items() if case not in stored.get(text, [])]
        twice = [text for text, cases in stored.items() if len(cases) > 1]
        again = sum(provider.again for provider in providers)
        self._say(not lost, f"each of {len(filed)} accepted forms is a case {_few(lost)}")
        self._say(not twice, f"none is two, though {again} were sent again {_few(twice)}")
        differ = [case for provider in providers for case in provider.files_that_differ()]
        files = sum(len(provider.files) for provider in providers)
        self._say(not differ, f"each of {files} files comes back as it was sent {_few(differ)}")

    def _judge_mail(self, seconds: float) -> None:
        mails, came = self.rows.mails(), self.desk.mails_taken()
        unsent = self.rows.unsent_mails()
        missing = [one for one in mails if one not in came]
        in_hand = frozenset().union(*(kill.mails for kill in self.kills))
        twice = {one for one, times in came.items() if times > 1}
        self._say(
            not unsent and not missing and not self.rows.mail_is_owed(),
            f"each of {len(mails)} owed mails was sent, the last {seconds:.0f} s after the load"
            f" {_few(unsent)} {_few(missing)}",
        )
        self._say(
            twice <= in_hand and came.keys() <= mails,
            f"once, but for {len(twice)} of the {len(in_hand)} that were being sent at a kill: the same Message-ID",
        )


def main() -> None:
    folder = Path(tempfile.mkdtemp(prefix="scaling-"))
    with ExitStack() as stack:
        desk = Desk(os.environ["DATABASE_URL"], folder, stack)
        os.environ.update(desk.environment | {"LOG_LEVEL": "WARNING"})
        # It sets Django up, for the database that was made just before.
        from bench.scaling import rows

        held = Run(desk, rows).happens()
        rows.connection.close()
    if not held:
        sys.exit(f"The logs are in {folder}.")
    shutil.rmtree(folder)


if __name__ == "__main__":
    main()
