"""The loop of discovery, with an evaluator that runs nothing."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest
from msgspec.structs import replace

from codegenesis.core.budget import Budget, Meter
from codegenesis.errors import NotEvolvableError
from codegenesis.scenarios.discover.individual import Evaluation
from codegenesis.scenarios.discover.proposer import Draft
from codegenesis.scenarios.discover.run import discover


def test_the_best_is_better_and_its_lineage_leads_back_to_the_program_that_was_given(discovered):
    found = discovered(400)

    assert found.better
    assert found.individuals == 400
    assert found.lineage[0] == found.best
    assert found.lineage[-1] == found.first
    assert [each.score for each in found.steps] == sorted(each.score for each in found.steps)
    pairs = zip(found.lineage, found.lineage[1:], strict=False)
    assert all(older.id in younger.parents for younger, older in pairs)


def test_a_run_repeats_to_the_letter_with_one_evaluation_at_a_time(discovered, numbers):
    first = discovered(200, jobs=1, seed=7)
    programs = list(numbers.seen)
    numbers.seen.clear()

    again = discovered(200, jobs=1, seed=7)

    assert numbers.seen == programs
    assert again.best == first.best


def test_another_seed_makes_other_programs(discovered, numbers):
    discovered(60, jobs=1, seed=1)
    first = set(numbers.seen)
    numbers.seen.clear()
    discovered(60, jobs=1, seed=2)

    assert set(numbers.seen) != first


def test_no_program_is_evaluated_twice_whatever_its_layout(discovered, numbers, problem):
    class Formats:
        name = "formats"

        def applies(self, problem):
            return True

        def propose(self, task):
            body = "    return (0.5 * x\n            + 1.0)  # again\n"
            text = problem.program.replace("    return 0.5 * x + 1.0\n", body)
            return [Draft(program=text, operator="formats")]

        def learn(self, draft, evaluation, *, parent):
            raise AssertionError("nothing was evaluated")

    found = discovered(100, proposers=[Formats()])

    assert numbers.seen == [problem.program]
    assert found.known > 0
    assert found.reason == "nobody has anything new to propose"


def test_what_is_no_python_or_out_of_bounds_is_never_evaluated(discovered, numbers, problem):
    class Vandal:
        name = "vandal"

        def applies(self, problem):
            return True

        def propose(self, task):
            text = problem.program
            changed = text.replace("value", f"value{task.seed}")
            return [Draft(program=each, operator="vandal") for each in (changed, text + "(")]

        def learn(self, draft, evaluation, *, parent):
            raise AssertionError("nothing was evaluated")

    found = discovered(100, proposers=[Vandal()])

    assert numbers.seen == [problem.program]
    assert found.tallies[0].unfit == found.tallies[0].drafts


def test_failures_are_shown_to_whoever_writes_next_and_are_never_bred_from(discovered, nudges):
    discovered(400)

    assert all(task.parent.evaluation.score is not None for task in nudges.tasks)
    shown = [failure for task in nudges.tasks for failure in task.failures]
    assert any(failure.evaluation.feedback == "smaller numbers, please" for failure in shown)


def test_whoever_wrote_a_draft_learns_what_became_of_it(discovered, nudges, numbers):
    discovered(50, jobs=1)

    assert [draft.program for draft, _, _ in nudges.learnt] == numbers.seen[1:]


def test_trials_are_never_overrun(discovered, numbers):
    assert discovered(37, jobs=3).individuals == 37
    assert len(numbers.seen) == 37


def test_a_program_without_a_score_ends_the_run_with_what_the_evaluator_said(problem, nudges):
    class Broken:
        def evaluate(self, program):
            return Evaluation(error="ZeroDivisionError: division by zero", feedback="line 3")

        confirm = evaluate

    with pytest.raises(NotEvolvableError, match="ZeroDivisionError") as caught:
        discover(problem, Broken(), [nudges], meter=Meter(Budget(trials=9)))

    assert "line 3" in str(caught.value)
    assert caught.value.remedy


def test_a_problem_for_which_nobody_can_write_is_refused(problem, numbers, nudges):
    without = replace(problem, program="def value(x):\n    return x\n", regions=())

    with pytest.raises(NotEvolvableError, match="nobody can write"):
        discover(without, numbers, [nudges], meter=Meter(Budget(trials=9)))


def test_a_cancelled_run_ends_with_what_it_has(problem, numbers, nudges):
    meter = Meter(Budget())

    def stop(standing):
        if standing.evaluated > 20:
            meter.cancel("stopped")

    found = discover(problem, numbers, [nudges], meter=meter, watch=stop)

    assert found.reason == "stopped"
    assert found.individuals > 20


def test_a_score_that_does_not_hold_disqualifies(discovered, numbers, problem):
    class Forged:
        """Every other program says that it is the best there ever was."""

        def evaluate(self, program):
            honest = numbers.evaluate(program)
            lies = program != problem.program and len(program) % 2
            return replace(honest, score=1e9 + len(program)) if lies else honest

        def confirm(self, program):
            return numbers.confirm(program)

    told = []
    claims = replace(problem, kind="run")
    found = discovered(300, problem=claims, evaluators=Forged(), tell=told.append)

    assert found.disqualified > 0
    assert found.best.score == numbers.evaluate(found.best.program).score
    assert all(step.score <= 0 for step in found.steps)
    assert any("disqualified" in words for words in told)


class Dice:
    """Scores nothing but luck, the same luck in every run."""

    def __init__(self, numbers):
        self._numbers, self._chance, self.times = numbers, Random(5), Counter()

    def evaluate(self, program):
        self.times[program] += 1
        scored = self._numbers.evaluate(program)
        return scored if scored.score is None else replace(scored, score=self._chance.random())

    confirm = evaluate


def test_where_scores_are_luck_a_record_is_the_mean_of_several(discovered, numbers):
    dice = Dice(numbers)

    found = discovered(300, jobs=1, evaluators=dice)

    assert dice.times[found.best.program] >= 5
    assert found.best.score < 0.95  # of 300 throws the highest is above 0.99
    assert found.best.score == max(each.score for each in found.steps)


def test_where_scores_do_not_vary_nothing_is_evaluated_again_but_the_first(discovered, numbers):
    found = discovered(200, jobs=1)

    again = [found.first.program, found.best.program]  # the best once more, at the end
    assert numbers.confirmed == again
    assert len(numbers.seen) == len(set(numbers.seen))
