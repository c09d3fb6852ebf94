"""Whole programs: what a model is told, and where its answers go."""

from __future__ import annotations

import textwrap
import threading

import msgspec
import pytest

from codegenesis.core.coders import Dud, ProgramAttempt, ProgramBrief, ProgramCoder, Region
from codegenesis.core.models.fake import FakeModel
from codegenesis.errors import ModelError

PROGRAM = '''\
"""Packs."""

import math

# EVOLVE-BLOCK-START
STEP = 0.5


def helper(x):
    return x + STEP


# keeps the best
def pack(n):
    best = 0
    for i in range(n):
        best = max(best, helper(i))
    return best
# EVOLVE-BLOCK-END


def run():
    return pack(math.floor(10.5))


if __name__ == "__main__":
    print(run())
'''
LINES = PROGRAM.splitlines()
BLOCK = Region(first=LINES.index("STEP = 0.5") + 1, last=LINES.index("    return best") + 1)
HEAD = "\n".join(LINES[: BLOCK.first - 1]) + "\n"
TAIL = "\n".join(LINES[BLOCK.last :]) + "\n"
INSIDE = PROGRAM[len(HEAD) : len(PROGRAM) - len(TAIL)]
PACK = "def pack(n):\n    return helper(n - 1)\n"


@pytest.fixture
def brief() -> ProgramBrief:
    return ProgramBrief(
        program=PROGRAM,
        regions=(BLOCK,),
        goal="Pack more.",
        score=9.5,
        metrics={"density": 0.25},
        feedback="too loose",
        inspirations=((HEAD + INSIDE.replace("0.5", "0.7") + TAIL, 9.7),),
        failures=((HEAD + INSIDE.replace("0.5", "'a'") + TAIL, "TypeError: int and str"),),
    )


def written(brief: ProgramBrief, answer: str, *, style: str = "rewrite") -> ProgramAttempt | Dud:
    return ProgramCoder(FakeModel([answer])).write(brief, seed=1, style=style)


ANSWERS = {
    "the function": f"Shorter:\n```python\n{PACK}```",
    "the function and calls of it": f"```python\n{PACK}\nprint(pack(3))\n```",
    "the block": f"```python\nSTEP = 0.5\n\n\ndef helper(x):\n    return x + STEP\n\n\n{PACK}```",
    "the block with its marks": f"```\n# EVOLVE-BLOCK-START\nSTEP = 0.5\n\n\ndef helper(x):\n"
    f"    return x + STEP\n\n\n{PACK}# EVOLVE-BLOCK-END\n```",
    "the program": f"```python\n{PROGRAM[: PROGRAM.index('# keeps')]}{PACK}{TAIL}```",
    "the program without marks": "```python\nimport math\n\nSTEP = 0.5\n\ndef helper(x):\n"
    f"    return x + STEP\n\n{PACK}\ndef run():\n    return pack(10)\n```",
    "the program and a better ending": f"```python\n{HEAD}STEP = 0.5\n\n\ndef helper(x):\n"
    f"    return x + STEP\n\n\n{PACK}# EVOLVE-BLOCK-END\n\ndef run():\n    return 10**9\n```",
}


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS.keys())
def test_answers_go_into_the_region_and_nowhere_else(answer: str, brief: ProgramBrief) -> None:
    found = written(brief, answer)
    assert isinstance(found, ProgramAttempt), found
    assert found.program.startswith(HEAD)
    assert found.program.endswith(TAIL)
    assert PACK in found.program
    assert "10**9" not in found.program
    space: dict[str, object] = {"__name__": "packed"}
    exec(compile(found.program, "<program>", "exec"), space)
    assert space["run"]() == 9.5


def test_new_helpers_and_imports_come_before_what_needs_them(brief: ProgramBrief) -> None:
    answer = """```python
from itertools import accumulate

def pack(n):
    return _last(accumulate(map(helper, range(n)), max))

def _last(xs):
    return list(xs)[-1]
```"""
    found = written(brief, answer)
    assert isinstance(found, ProgramAttempt)
    inside = found.program[len(HEAD) : -len(TAIL)]
    assert inside.startswith("STEP = 0.5\n")
    assert inside.index("from itertools") < inside.index("def _last") < inside.index("def pack")


DUDS = {
    "nothing": ("", "empty"),
    "prose": ("Try a denser packing.", "empty"),
    "no Python": ("```python\ndef pack(n:\n```", "unparsable"),
    "the same": (f"```python\n{PROGRAM}```", "unchanged"),
    "the same in other words": (f"```python\n# denser\n{INSIDE}```", "unchanged"),
    "what another has": (f"```python\n{INSIDE.replace('0.5', '0.7')}```", "duplicate"),
    "only what is fixed": ("```python\ndef run():\n    return 10**9\n```", "signature"),
    "something else": ("```python\nprint('score: 1e9')\n```", "signature"),
}


@pytest.mark.parametrize(("answer", "why"), DUDS.values(), ids=DUDS.keys())
def test_answers_without_a_program_die(answer: str, why: str, brief: ProgramBrief) -> None:
    found = written(brief, answer)
    assert isinstance(found, Dud)
    assert found.why == why


def test_edits_only_find_places_in_regions(brief: ProgramBrief) -> None:
    inside = "<<<<<<< SEARCH\nSTEP = 0.5\n=======\nSTEP = 0.9\n>>>>>>> REPLACE\n"
    outside = inside.replace("STEP = 0.5", "    return pack(math.floor(10.5))")
    found = written(brief, inside + outside, style="edit")
    assert isinstance(found, ProgramAttempt)
    assert found.program == PROGRAM.replace("STEP = 0.5", "STEP = 0.9")


def test_a_region_inside_a_function_takes_lines() -> None:
    program = "def f(xs):\n    # start\n    total = 0\n    # end\n    return total\n"
    brief = ProgramBrief(program=program, regions=(Region(first=3, last=3),))
    for answer in (
        "```python\ntotal = sum(xs)\n```",
        "```python\ndef f(xs):\n    # start\n    total = sum(xs)\n    # end\n    return 10**9\n```",
    ):
        found = written(brief, answer)
        assert isinstance(found, ProgramAttempt)
        assert found.program == program.replace("total = 0", "total = sum(xs)")


def test_a_method_is_a_region_by_its_name() -> None:
    program = "class A:\n    def f(self):\n        return 1\n\n    def g(self):\n        return 2\n"
    brief = ProgramBrief(program=program, regions=(Region(first=2, last=3, name="A.f"),))
    found = written(brief, "```python\ndef f(self):\n    return 3\n```")
    assert isinstance(found, ProgramAttempt)
    assert found.program == program.replace("return 1", "return 3")


def test_methods_of_one_name_are_told_apart_by_their_class() -> None:
    method = "    def f(self):\n        return"
    program = f"class A:\n{method} 1\n\n\nclass B(A):\n{method} 2\n"
    regions = (Region(first=2, last=3, name="f"), Region(first=7, last=8, name="f"))
    brief = ProgramBrief(program=program, regions=regions)
    found = written(brief, "```python\nclass B(A):\n    def f(self):\n        return 3\n```")
    assert isinstance(found, ProgramAttempt)
    assert found.program == program.replace("return 2", "return 3")


@pytest.mark.parametrize("indent", ["", "    "])
def test_decorators_above_a_region_are_not_repeated(indent: str) -> None:
    text = "@evolve\ndef f(n):\n    return 1\n"
    program = f"class A:\n{textwrap.indent(text, indent)}" if indent else text
    first = 3 if indent else 2
    brief = ProgramBrief(program=program, regions=(Region(first=first, last=first + 1, name="f"),))
    found = written(brief, f"```python\n{text.replace('return 1', 'return n')}```")
    assert isinstance(found, ProgramAttempt)
    assert found.program == program.replace("return 1", "return n")


def test_functions_that_follow_each_other_each_stay_in_their_region() -> None:
    program = "def a():\n    x = 1\n    return x\n\n\ndef b():\n    return 2\n"
    regions = (Region(first=1, last=3, name="a"), Region(first=6, last=7, name="b"))
    brief = ProgramBrief(program=program, regions=regions)
    found = written(brief, "```python\ndef b():\n    x = 3\n    return x\n```")
    assert isinstance(found, ProgramAttempt)
    assert found.program == program.replace("return 2", "x = 3\n    return x")


def test_a_block_with_one_function_keeps_what_else_is_in_it() -> None:
    program = "# EVOLVE-BLOCK-START\nN = 3\n\n\ndef f():\n    return N\n\n\n# EVOLVE-BLOCK-END\n"
    brief = ProgramBrief(program=program, regions=(Region(first=2, last=8, name="f"),))
    found = written(brief, "```python\ndef f():\n    return N + 1\n```")
    assert isinstance(found, ProgramAttempt)
    assert "N = 3\n\n\ndef f():\n    return N + 1\n" in found.program


def test_constants_stay_as_long_as_anything_reads_them() -> None:
    one = "A = 1\nB = A + 1\nFREE = 3\nFAR = 4\n\n\ndef f():\n    return B\n"
    two = "def g():\n    return FAR\n"
    program = f"{one}\n\nKEPT = 1\n\n\n{two}"
    regions = (Region(first=1, last=8), Region(first=14, last=15))
    brief = ProgramBrief(program=program, regions=regions)
    found = written(brief, "```python\ndef f():\n    return 2 * B\n```")
    assert isinstance(found, ProgramAttempt)
    changed = one.replace("return B", "return 2 * B").replace("FREE = 3\n", "")
    assert found.program == f"{changed}\n\nKEPT = 1\n\n\n{two}"


def test_several_regions_each_get_their_own() -> None:
    program = "def a():\n    return 1\n\n\nKEPT = 1\n\n\ndef b():\n    return 2\n"
    regions = (Region(first=1, last=2, name="a"), Region(first=8, last=9, name="b"))
    brief = ProgramBrief(program=program, regions=regions)
    found = written(brief, "```python\nKEPT = 3\n\ndef b():\n    return 4\n```")
    assert isinstance(found, ProgramAttempt)
    assert found.program == program.replace("return 2", "return 4")


def test_without_regions_all_may_change() -> None:
    brief = ProgramBrief(program="def a():\n    return 1\n")
    found = written(brief, "```python\ndef a():\n    return 2\n```")
    assert isinstance(found, ProgramAttempt)
    assert found.program == "def a():\n    return 2\n"


def test_what_is_no_python_is_taken_as_it_is() -> None:
    brief = ProgramBrief(program="You are a helpful poet. Write well!", score=0.1)
    found = written(brief, "```\nYou are a poet; rhyme.\n```")
    assert isinstance(found, ProgramAttempt)
    assert found.program == "You are a poet; rhyme.\n"


def asked(brief: ProgramBrief, style: str, *, context: int = 8192) -> str:
    model = FakeModel([f"```python\n{PACK}```"])
    ProgramCoder(model, context=context).write(brief, seed=0, style=style)
    return model.requests[-1].messages[-1].text


def test_a_model_is_told_goal_score_metrics_and_feedback(brief: ProgramBrief) -> None:
    text = asked(brief, "rewrite")
    for words in ("Pack more.", PROGRAM, "score is 9.5", "density 0.25", "too loose", "`pack`"):
        assert words in text
    assert "0.7" not in text


def test_others_are_shown_without_what_they_have_in_common(brief: ProgramBrief) -> None:
    text = asked(brief, "crossover")
    assert INSIDE.replace("0.5", "0.7") in text
    assert "the score 9.7" in text
    assert text.count("def run():") == 1
    repair = asked(brief, "repair")
    assert "TypeError: int and str" in repair
    assert "STEP = 'a'" in repair


def test_of_a_long_program_only_the_regions_are_shown(brief: ProgramBrief) -> None:
    filler = "def other(a, b):\n    return a\n" + "    # more\n" * 2000
    long = msgspec.structs.replace(brief, program=PROGRAM + filler)
    text = asked(long, "rewrite")
    assert "def other(a, b): ..." in text
    assert "# more" not in text
    assert INSIDE.rstrip("\n") in text


def test_a_program_is_never_cut(brief: ProgramBrief) -> None:
    wordy = msgspec.structs.replace(brief, feedback="no " * 1000)
    for style in ("rewrite", "crossover", "repair"):
        text = asked(wordy, style, context=400)
        assert PROGRAM in text
        assert "Another version" not in text


def test_the_same_seed_asks_the_same(brief: ProgramBrief) -> None:
    model = FakeModel(["no"])
    for seed in (1, 1, 2):
        ProgramCoder(model).write(brief, seed=seed)
    first, second, third = ((each.messages, each.seed) for each in model.requests)
    assert first == second
    assert third[1] != first[1]


def test_it_learns_and_lets_errors_through(brief: ProgramBrief) -> None:
    coder = ProgramCoder(FakeModel([f"```python\n{PACK}```", ModelError("down")]))
    found = coder.write(brief, seed=1)
    assert isinstance(found, ProgramAttempt)
    coder.learn(found, 1.0)
    assert [habit.good for habit in coder.habits.known] == [1.0]
    with pytest.raises(ModelError):
        coder.write(brief, seed=2)
    stop = threading.Event()
    stop.set()
    with pytest.raises(ModelError):
        coder.write(brief, seed=3, cancelled=stop)
