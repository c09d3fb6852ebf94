"""Whatever an answer is like: reading it never fails, and what is fixed stays as it is."""

from __future__ import annotations

import hypothesis
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from codegenesis import fragment
from codegenesis.core.coders import (
    Attempt,
    Brief,
    Coder,
    Dud,
    ProgramAttempt,
    ProgramBrief,
    ProgramCoder,
    Region,
)
from codegenesis.core.models.fake import FakeModel

PIECES = [
    "```", "```python\n", "\n```\n", "def dedupe(xs):\n", "    return xs\n", "    yield 1\n",
    "class Cart:\n", "    def dedupe(self, xs):\n        return 1\n", "async ", "@x\n",
    "def known(x, pool):\n    return 1\n", "def dedupe(xs):\n    return known(1, xs)\n",
    "known(1, 2)\n", "LIMIT = 3\n", "import os\n", "from . import y\n", "from a import *\n",
    "global x\n", "nonlocal q\n", "\"\"\"", "'''", "\\\n", "\t", "\f", "\r", "\0", "\ud800", "é",
    "\u2028", "(", ")", "# c\n", "f'{x!r}'", "<<<<<<< SEARCH\n", "=======\n", ">>>>>>> REPLACE\n",
    "    out = []\n", "Prose: here.\n", "if True:\n",
]  # fmt: skip
ANSWERS = st.lists(st.sampled_from(PIECES), max_size=20).map("".join)
STYLES = st.sampled_from(["rewrite", "edit"])
settings = hypothesis.settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@settings
@given(answer=ANSWERS, style=STYLES)
def test_what_comes_of_an_answer_is_a_fragment_or_a_dud(
    brief: Brief, answer: str, style: str
) -> None:
    found = Coder(FakeModel([answer])).write(brief, style=style)
    assert isinstance(found, Attempt | Dud)
    if isinstance(found, Attempt):
        fragment.check(found.source, name="dedupe")


@settings
@given(answer=ANSWERS, style=STYLES)
def test_no_answer_changes_what_is_fixed(brief: Brief, answer: str, style: str) -> None:
    program = brief.module_source
    lines = program.splitlines(keepends=True)
    first = lines.index("def dedupe(xs):\n") + 1
    last = lines.index("    return out[:LIMIT]\n") + 1
    task = ProgramBrief(program=program, regions=(Region(first=first, last=last, name="dedupe"),))
    found = ProgramCoder(FakeModel([answer])).write(task, seed=1, style=style)
    if isinstance(found, ProgramAttempt):
        assert found.program.startswith("".join(lines[: first - 1]))
        assert found.program.endswith("".join(lines[last:]))
