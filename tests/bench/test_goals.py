"""What a run has seen is held against what is promised."""

from __future__ import annotations

from bench.check import complaints
from bench.goals import Results, goals
from bench.load import Load, Request
from bench.measure import Figures
from bench.plan import USUAL, USUAL_CASES, Plan, texts
from bench.scenes import LIST, Scene, at_size

READS = "SELECT 1"


def figures(name: str, *, p50: float = 10, processor: float = 5, sent: int = 0, wrong: int = 0, **scene) -> Figures:
    request = Request("/", "", "")
    load = Load(requests=100, wrong=wrong, seconds=1, p50=p50, p99=2 * p50, longest=3 * p50)
    return Figures(
        Scene(name, request, **scene),
        loads={1: [load], 8: [load]},
        processor_ms={1: [processor], 8: [processor]},
        statements={READS: sent},
    )


def met(results: Results) -> dict[str, bool]:
    return {each.what: each.met for each in goals(results)}


def test_a_page_within_its_multiple_is_met_and_one_beyond_is_not():
    base = figures(LIST)
    assert met(Results(1000, 0, [base, figures("MY LISTS", p50=16, processor=8)])) == {f"MY LISTS / {LIST}": True}
    assert met(Results(1000, 0, [base, figures("MY LISTS", p50=16.1, processor=8)])) == {f"MY LISTS / {LIST}": False}
    assert met(Results(1000, 0, [base, figures("MY LISTS", p50=16, processor=8.1)])) == {f"MY LISTS / {LIST}": False}


def test_wrong_answers_meet_nothing_however_fast():
    assert met(Results(1000, 0, [figures(LIST), figures("MY LISTS", p50=1, wrong=1)])) == {f"MY LISTS / {LIST}": False}


def test_growth_is_large_by_small():
    small = at_size("case page", 1000)
    grown = Results(100_000, 1000, [figures("case page", p50=12), figures(small, p50=10)])
    assert met(grown) == {f"case page / {small}": False}
    shrunk = Results(100_000, 1000, [figures("case page", p50=10), figures(small, p50=12)])
    assert met(shrunk) == {f"case page / {small}": True}


def test_a_page_that_nobody_bounds_may_send_what_it_likes():
    assert complaints(Results(1000, 0, [figures("start page", sent=99)])) == []


def test_one_statement_too_many_is_named():
    bounded = {"statements": 14}
    assert complaints(Results(1000, 0, [figures("agents' list", sent=14, **bounded)])) == []
    (said,) = complaints(Results(1000, 0, [figures("agents' list", sent=15, **bounded)]))
    assert "agents' list sends 15 statements, more than 14" in said
    assert f"15 x {READS}" in said


def test_few_and_many_rows_take_the_same_statements():
    small = at_size("agents' list", 500)
    (said,) = complaints(Results(1000, 500, [figures("agents' list", sent=9), figures(small, sent=8)]))
    assert said == "agents' list sends 9 statements, with fewer rows 8"


def test_a_wrong_answer_is_named():
    assert complaints(Results(1000, 0, [figures("start page", wrong=2)])) == ["start page: 4 answers are wrong"]


def test_the_same_size_is_filled_with_the_same_rows():
    plan = Plan(1000)
    assert list(plan.owners()) == list(plan.owners())
    assert list(plan.owners()).count(USUAL) == USUAL_CASES
    assert list(texts(20)) == list(texts(20))
    assert {len(text) for text in texts(20)} == {600}
