"""How much the evidence would notice, and what it says of what it would not."""

import pytest

from codegenesis.evidence import standard_gates
from codegenesis.evidence.mutants import mutants
from codegenesis.evidence.probes import conditions
from codegenesis.evidence.strength import strength
from codegenesis.model import Trial
from codegenesis.parsing import syntax_tree

SOURCE = '''
def price(amount, tier="basic"):
    """Words that are no code: 1 < 2."""
    log.info("asked for %s", amount + 1)
    if amount < 10 and tier:
        return amount * 2
    for step in range(3):
        amount -= step
    if not amount:
        raise ValueError("nothing left")
    return amount
'''


def test_mistakes_are_small_different_and_say_where():
    found = mutants(SOURCE, most=200)
    assert len({mutant.source for mutant in found}) == len(found) > 20
    assert {mutant.operator for mutant in found} >= {
        "comparison",
        "arithmetic",
        "boolean",
        "condition",
        "constant",
        "deletion",
        "return",
        "exception",
    }
    assert "line 5: `amount < 10` → `amount <= 10`" in {mutant.words for mutant in found}
    assert not any("asked" in mutant.words or "no code" in mutant.words for mutant in found)
    for mutant in found:
        assert syntax_tree(mutant.source).body[0].name == "price"


def test_the_same_seed_makes_the_same_mistakes():
    assert mutants(SOURCE, most=10, seed=3) == mutants(SOURCE, most=10, seed=3)
    assert len(mutants(SOURCE, most=10)) == 10


def test_code_that_compiles_to_the_same_is_no_mistake():
    assert mutants("def f(x):\n    if False:\n        return 1\n    return x\n", most=50)
    words = [each.words for each in mutants("def f(x):\n    return x\n", most=50)]
    assert words == ["line 2: `return x` → `return None`"]


def test_conditions_are_numbered_by_line():
    assert sorted(conditions(SOURCE).values()) == [5, 5, 9]


@pytest.mark.parametrize(
    ("qualname", "calls"),
    [
        ("unique", [(["a", "b", "a"],), (["x"],), ([],), (["p", "q", "p", "q"],)]),
        ("ratio", [(1, 2), (3, 4), (1, 0)]),
        ("tidy", [([3, 1],), ([],), ([2],)]),
    ],
)
def test_rich_evidence_is_strong(bench, qualname, calls):
    found = strength(bench.case(qualname, *calls), standard_gates(), budget_s=20.0)
    assert found.mutants >= 3
    assert found.score >= 0.9, found.survivors


def test_evidence_that_does_not_reach_a_branch_is_weak(bench):
    case = bench.case("hidden", ("plain", 3), ("simple", 4), ("text", 1))
    found = strength(case, standard_gates(), budget_s=6.0)
    assert found.score < 0.6
    assert any("never reached" in words for words in found.survivors)


def test_equivalent_mistakes_do_not_count_where_the_evidence_has_been(bench):
    case = bench.case("largest", ([3, 1, 2],), ([1],), ([5, 5, 4, 6],))
    found = strength(case, standard_gates(), budget_s=20.0)
    assert found.score >= 0.9, found.survivors


def test_gates_without_inputs_notice_nothing(bench):
    found = strength(bench.case("unique", (["a"],)), standard_gates()[:2], budget_s=5.0)
    assert found.mutants > 0
    assert found.score == 0.0


class Unfair:
    """Fails whatever it sees."""

    name = "unfair"

    def run(self, variant, case):
        return Trial(variant=variant.id, gate=self.name, verdict="failed")


def test_a_gate_that_fails_the_original_gets_no_credit(bench):
    found = strength(bench.case("unique", (["a"],)), [Unfair()], budget_s=5.0)
    assert found.score == 0.0
