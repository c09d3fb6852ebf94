"""The smallest change that does the job."""

from codegenesis import fragment
from codegenesis.compiler import crown, minimise
from codegenesis.evidence import standard_gates

SEEN = """
def unique(items):
    \"\"\"Without repeats.\"\"\"
    # a remark that serves nothing
    found = []
    seen = set()
    spare = None
    for item in items:
        if item not in seen:
            seen.add(item)
            found.append(item)
    return  found
"""


def uses_a_set(source):
    return "seen.add(item)" in source and "not in seen" in source and "seen = set()" in source


def test_only_the_edits_that_earn_their_place_remain(bench):
    gene = bench.gene("unique")
    asked = []

    def survives(source):
        fragment.check(source, name="unique")
        asked.append(source)
        return uses_a_set(source)

    done = minimise(gene, bench.variant("unique", SEEN), survives=survives)
    expected = gene.source.replace("found = []\n", "found = []\n    seen = set()\n").replace(
        "not in found:\n", "not in seen:\n            seen.add(item)\n"
    )
    assert done.source == expected
    assert done.attempts == len(asked)
    assert done.hunks < done.hunks_before


def test_the_number_of_attempts_is_bounded(bench):
    asked = []
    done = minimise(
        bench.gene("unique"),
        bench.variant("unique", SEEN),
        survives=lambda source: bool(asked.append(source)),
        most_attempts=1,
    )
    assert len(asked) == done.attempts == 1
    assert uses_a_set(done.source)


def test_layout_is_restored_without_asking_anyone(bench):
    gene = bench.gene("unique")
    source = gene.source.replace("found = []", "found  =  list()").replace(
        "    return found", "    # done\n    return (found)"
    )
    done = minimise(gene, bench.variant("unique", source), survives=lambda _source: False)
    assert done.source == gene.source.replace("found = []", "found  =  list()")


def test_no_dead_code_is_left_behind_for_a_smaller_diff(bench):
    """An early `return` above the old loop would be the smallest diff of all."""
    gene = bench.gene("unique")
    source = "def unique(items):\n    return list(dict.fromkeys(items))\n"
    done = minimise(gene, bench.variant("unique", source), survives=lambda _source: True)
    assert "for item" not in done.source
    assert '"""Without repeats."""' in done.source


def test_from_survivors_to_a_champion(bench):
    lists = [([f"tag{i % 40}" for i in range(size)],) for size in (4, 300, 200, 500, 3, 100)]
    case = bench.case("unique", *lists)
    survivor = bench.variant("unique", SEEN)
    done = crown(case, [survivor], gates=standard_gates(), pure=True)
    champion = done.champion
    assert champion is not None, done.reason
    assert uses_a_set(champion.variant.source)
    assert "spare" not in champion.variant.source
    assert done.variants == (champion.variant,)
    assert [trial.gate for trial in champion.trials] == [
        *("parse", "policy", "replay", "effects", "differential", "race")
    ]
    assert champion.diff.count("\n+") == 4  # the header and three lines
    assert champion.gain.low > 1.05


def test_healing_is_crowned_without_a_gain(bench):
    case = bench.case(
        "mean",
        *[([1, 2, 3],), ([4, 5],), ([],)],
        objective="heal",
        crashes={"builtins.ZeroDivisionError"},
    )
    guard = "    if not values:\n        return 0.0\n"
    source = bench.gene("mean").source.replace("    return", f"{guard}    return")
    done = crown(
        case, [bench.variant("mean", source)], gates=standard_gates(), pure=True, min_gain=0.5
    )
    assert done.champion is not None, done.reason
    assert done.champion.objective == "heal"
    assert done.champion.diff.count("\n+    ") == 2


def test_no_champion_where_nothing_is_gained(bench):
    case = bench.case("mean", ([1, 2, 3],), ([4, 5],))
    source = bench.gene("mean").source.replace("    return", "    sum(range(9000))\n    return")
    done = crown(case, [bench.variant("mean", source)], gates=standard_gates(), pure=True)
    assert done.champion is None
    assert [trial.gate for trial in done.trials] == ["race"]
    assert "none is clearly faster" in done.reason


def test_what_fails_the_full_case_is_not_crowned_and_the_next_one_gets_its_turn(bench):
    """Whoever sends survivors here may have looked at them with fewer inputs."""
    lists = [([f"tag{i}" for i in range(size)],) for size in (200, 300, 400)]
    wrong = bench.variant("unique", "def unique(items):\n    return []\n")
    right = bench.variant("unique", SEEN)
    done = crown(bench.case("unique", *lists), [wrong, right], gates=standard_gates(), pure=True)
    assert done.champion is not None, done.reason
    assert uses_a_set(done.champion.variant.source)
    assert (wrong.id, "replay", "failed") in [
        (trial.variant, trial.gate, trial.verdict) for trial in done.trials
    ]


def large(found="[]", remember="", test="item not in found"):
    """A function of 130 lines, one of them slow."""
    checks = "".join(
        f"    if options.get('rule_{number}'):\n"
        f"        limit = options['rule_{number}'] * {number}\n"
        f"        items = [item for item in items if item < limit]\n"
        for number in range(40)
    )
    return (
        f"def sift(items, options):\n{checks}    found = {found}\n    for item in items:\n"
        f"        if {test}:\n{remember}            found.append(item)\n    return found\n"
    )


def behaves(source):
    """Does a fragment answer as it must, and look up in something else than a list?"""
    space = {}
    try:
        exec(source, space)
        right = space["sift"]([3, 1, 3, 2, 1], {}) == [3, 1, 2]
    except Exception:
        return False
    return right and "not in found" not in source


def test_one_edit_is_found_among_many_in_a_large_function(file, variant_for):
    gene = file(large(), "sift", dedent=False)
    untidy = large(test="item not in seen", remember="            seen.add(item)\n").replace(
        "    found = []\n", "    found = []\n    seen = set()\n"
    )
    for number in range(0, 40, 2):  # edits that serve nothing
        untidy = untidy.replace(f"* {number}\n", f"* ({number} + 0)\n")
    done = minimise(gene, variant_for(gene, untidy), survives=behaves)
    assert done.hunks_before > 20
    assert done.hunks <= 4
    assert "+ 0" not in done.source
    assert behaves(done.source)
    assert done.attempts <= 60


def test_helpers_that_serve_stay_and_those_that_do_not_go(file, variant_for):
    gene = file(large(), "sift", dedent=False)
    source = (
        "import functools\nimport itertools\n\n_LIMIT = 100\n\n\n"
        "def _spare(x):\n    return x + _LIMIT\n\n\n"
        "def _unique(items):\n    return list(dict.fromkeys(items))\n\n\n"
        "def sift(items, options):\n    return _unique(items)\n"
    )
    done = minimise(gene, variant_for(gene, source), survives=behaves)
    assert "def _unique" in done.source
    assert "return _unique(items)" in done.source
    for spare in ("functools", "itertools", "_LIMIT", "_spare"):
        assert spare not in done.source
    assert behaves(done.source)


def test_a_helper_with_blank_lines_and_comments_is_taken_as_one(file, variant_for):
    gene = file("def f(x):\n    return x + 0\n", "f", dedent=False)
    source = (
        "def _spare(x):\n    # about\n    a = x\n\n    b = a\n    return b\n\n\n"
        "def _serves(x):\n    # about\n    a = x\n\n    return a\n\n\n"
        "def f(x):\n    return _serves(x)\n"
    )
    done = minimise(gene, variant_for(gene, source), survives=lambda text: "_serves(x)" in text)
    assert done.attempts <= 2
    assert "_spare" not in done.source
    assert "def _serves" in done.source
