"""What makes one plausible version more believable than another."""

from __future__ import annotations

from codegenesis.arena.messages import Score
from codegenesis.core.repair import Fresh, Plausible, ranked

ORIGINAL = "def f(x):\n    return x - 1\n"


def plausible(source: str, *, size: int = 1, weight: float = 1.0) -> Plausible:
    return Plausible(
        source=source, edits=(), size=size, weight=weight, trials=1, seconds=0.0, score=Score()
    )


def answers(*outcomes: int | None) -> Score:
    """A score over generated inputs; None stands for an exception."""
    return Score(
        endings=tuple("raised" if each is None else "passed" for each in outcomes),
        outcomes=tuple(each or 0 for each in outcomes),
    )


def judged_by(scores: dict[str, Score], *, passed: tuple[bool, ...] = ()) -> Fresh:
    return Fresh(judge=lambda sources: [scores[source] for source in sources], passed=passed)


def test_the_smaller_change_comes_first():
    small = plausible("def f(x):\n    return x + 1\n", size=1)
    large = plausible("def f(x):\n    return x + abs(1)\n", size=5)
    assert ranked(ORIGINAL, [large, small])[0].source == small.source


def test_a_special_case_comes_last():
    honest = plausible("def f(x):\n    return x + 1\n", size=4)
    special = plausible("def f(x):\n    if x == 41:\n        return 42\n    return x - 1\n", size=4)
    assert ranked(ORIGINAL, [special, honest])[0].source == honest.source


def test_the_likelier_edit_comes_first_among_equals():
    likely = plausible("def f(x):\n    return x + 1\n", weight=0.9)
    unlikely = plausible("def f(x):\n    return x * 1\n", weight=0.2)
    assert ranked(ORIGINAL, [unlikely, likely])[0].source == likely.source


def test_a_version_that_fails_where_others_answer_comes_last():
    safe = plausible("def f(x):\n    return x + 1\n")
    crashes = plausible("def f(x):\n    return x // 1\n")
    fresh = judged_by(
        {
            ORIGINAL: answers(1, 2, 3, 4),
            safe.source: answers(5, 6, 7, 8),
            crashes.source: answers(5, None, None, 8),
        }
    )
    best = ranked(ORIGINAL, [crashes, safe], fresh=fresh)
    assert best[0].source == safe.source
    assert any("generated inputs" in reason for reason in best[1].reasons)


def test_versions_that_agree_outrank_the_one_that_does_not():
    names = "abc"
    one, two, odd = (plausible(f"def f(x):\n    return {name}\n") for name in names)
    fresh = judged_by(
        {
            ORIGINAL: answers(1, 2),
            one.source: answers(7, 8),
            two.source: answers(7, 8),
            odd.source: answers(7, 9),
        }
    )
    best = ranked(ORIGINAL, [odd, one, two], fresh=fresh)
    assert best[-1].source == odd.source
    assert best[0].agreement is not None
    assert best[0].agreement > best[-1].agreement


def test_answers_near_passing_cases_should_stay():
    keeps = plausible("def f(x):\n    return x + 1\n")
    moves = plausible("def f(x):\n    return x * 1\n")
    fresh = judged_by(
        {
            ORIGINAL: answers(1, 2, 3),
            keeps.source: answers(1, 2, 9),
            moves.source: answers(1, 8, 9),
        },
        passed=(True, True, False),
    )
    assert ranked(ORIGINAL, [moves, keeps], fresh=fresh)[0].source == keeps.source


def test_a_name_that_is_no_longer_read_speaks_against_a_version():
    original = "def f(xs, y):\n    return [x + y for x in xs]\n"
    reads = plausible("def f(xs, y):\n    return [x - y for x in xs]\n")
    forgets = plausible("def f(xs, y):\n    return [y + y for x in xs]\n")
    assert ranked(original, [forgets, reads])[0].source == reads.source


def test_an_end_without_result_speaks_against_a_version():
    original = "def f(x):\n    while True:\n        if x:\n            return x\n        x += 1\n"
    ends = plausible(original.replace("while True", "while x"))
    stays = plausible(original.replace("x += 1", "x -= 1"))
    assert ranked(original, [ends, stays])[0].source == stays.source
