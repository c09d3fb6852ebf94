"""A variant as a change of the project's own file."""

import shutil
import subprocess
import textwrap
from pathlib import Path

import msgspec
import pytest

from codegenesis.compiler import apply, patch
from codegenesis.compiler.formatting import format_fragment, format_lines
from codegenesis.compiler.layout import indented, renamed
from codegenesis.errors import FragmentError, UsageError


def fragment(source):
    return textwrap.dedent(source).lstrip("\n")


MODULE = '''
"""A module."""

from __future__ import annotations

import json
from os import path

WORDS = ["a"]


# about the function
@property
@staticmethod
def known(word):
    """Is it?"""
    return word in WORDS


class Box:
    """Holds things."""

    LIMIT = 3

    # about the method
    def has(self, thing):
        text = """
  kept as it is
"""
        return thing in self.things, text


async def other():
    pass
'''


def test_only_the_body_changes(file):
    gene = file(MODULE, "known")
    after = apply(gene, 'def known(word):\n    """Is it?"""\n    return bool(word)\n')
    assert after == fragment(MODULE).replace("word in WORDS", "bool(word)")


def test_imports_join_the_imports_and_helpers_stand_before_the_function(file):
    gene = file(MODULE, "known")
    after = apply(
        gene,
        fragment('''
        import functools
        import json
        from os import path, sep

        # fast
        _WORDS = frozenset(WORDS)


        @functools.cache
        def known(word):
            """Is it?"""
            return word in _WORDS
        '''),
    )
    expected = fragment(MODULE)
    expected = expected.replace(
        "from os import path\n", "from os import path\nimport functools\nfrom os import sep\n"
    )
    expected = expected.replace(
        "# about the function", "# fast\n_WORDS = frozenset(WORDS)\n\n\n# about the function"
    )
    expected = expected.replace("@staticmethod\n", "@staticmethod\n@functools.cache\n")
    expected = expected.replace("word in WORDS", "word in _WORDS")
    assert after == expected


def test_a_method_keeps_its_indentation_and_its_helpers_stand_before_the_class(file):
    gene = file(MODULE, "Box.has")
    source = gene.source.replace("thing in self.things", "_has(self.things, thing)")
    after = apply(gene, "def _has(things, thing):\n    return thing in things\n\n\n" + source)
    expected = fragment(MODULE).replace(
        "class Box:", "def _has(things, thing):\n    return thing in things\n\n\nclass Box:"
    )
    expected = expected.replace("return thing in self.things", "return _has(self.things, thing)")
    assert after == expected


def test_a_coroutine_is_changed_like_any_other(file):
    gene = file(MODULE, "other")
    after = apply(gene, "async def other():\n    return 1\n")
    assert after == fragment(MODULE).replace("    pass\n", "    return 1\n")


def test_the_first_import_of_a_file_keeps_its_distance(file):
    gene = file("def root(x):\n    return x\n", "root")
    after = apply(gene, "import math\n\n\ndef root(x):\n    return math.isqrt(x)\n")
    assert after == "import math\n\n\ndef root(x):\n    return math.isqrt(x)\n"


def test_line_ends_stay_what_they_are(file):
    text = fragment(MODULE).replace("\n", "\r\n")
    gene = file(text, "known", dedent=False)
    after = apply(gene, "import re\ndef known(word):\n    return bool(re.match('x', word))\n")
    assert after.count("\n") == after.count("\r\n")
    assert "import re\r\n" in after
    assert "def known(word):\r\n    return bool(re.match('x', word))\r\n" in after


def test_tabs_stay_tabs(file):
    text = "class A:\n\tdef f(self, x):\n\t\tif x:\n\t\t\treturn 1\n\t\treturn 2\n"
    gene = file(text, "A.f", dedent=False)
    after = apply(gene, "def f(self, x):\n    if x:\n        return 3\n    return 2\n")
    assert after == text.replace("return 1", "return 3")


def test_a_helper_whose_name_is_taken_gets_another_one(file):
    gene = file("def _key(a):\n    return a\n\n\ndef f(x):\n    return _key(x)\n", "f")
    after = apply(gene, "def _key(a):\n    return a.key\n\n\ndef f(x):\n    return _key(x.key)\n")
    assert "def _key(a):\n    return a\n" in after
    assert "def _key_2(a):\n    return a.key\n" in after
    assert "return _key_2(x.key)" in after


def test_a_helper_that_is_there_already_is_not_written_twice(file):
    text = "_A = frozenset((1, 2))\n\n\ndef f(x):\n    return x in (1, 2)\n"
    gene = file(text, "f")
    after = apply(gene, "_A = frozenset((1, 2))\ndef f(x):\n    return x in _A\n")
    assert after == text.replace("x in (1, 2)", "x in _A")


def test_an_import_whose_name_is_taken_is_refused(file):
    gene = file("bisect = 3\n\n\ndef f(x):\n    return x\n", "f")
    with pytest.raises(FragmentError, match="bisect means something else"):
        apply(gene, "import bisect\ndef f(x):\n    return bisect.bisect([], x)\n")


def test_helpers_stand_after_what_they_read(file):
    gene = file("def f(x):\n    return x in LATER\n\n\nLATER = [1]\n", "f")
    after = apply(gene, "_LATER = frozenset(LATER)\ndef f(x):\n    return x in _LATER\n")
    assert after.index("LATER = [1]") < after.index("_LATER = frozenset")
    space = {}
    exec(after, space)
    assert space["f"](1)


@pytest.mark.parametrize(
    ("head", "import_line"),
    [
        ("", 1),
        ("#!/usr/bin/env python\n# -*- coding: utf-8 -*-\n", 3),
        ('"""Doc."""\n', 2),
        ('"""Doc\nof two lines."""\nfrom __future__ import annotations\n', 4),
    ],
)
def test_the_first_import_finds_its_place(file, head, import_line):
    gene = file(f"{head}def f(x):\n    return x\n", "f", dedent=False)
    after = apply(gene, "import bisect\ndef f(x):\n    return bisect.bisect([], x)\n")
    assert after.splitlines()[import_line - 1] == "import bisect"


def test_a_file_that_has_changed_since_is_left_alone(file):
    gene = file("def f(x):\n    return x\n", "f")
    path = Path(gene.path)
    path.write_text(path.read_text() + "\n\ndef f(x):\n    return x + 1\n")
    with pytest.raises(FragmentError, match="no longer holds f") as caught:
        patch(gene, "def f(x):\n    return x\n")
    assert caught.value.remedy


def test_a_file_that_is_gone_is_said_so(file, tmp_path):
    gene = file("def f(x):\n    return x\n", "f")
    (tmp_path / "module.py").unlink()
    with pytest.raises(UsageError, match="cannot read"):
        patch(gene, "def f(x):\n    return x\n")


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("last", ["", "END"])
def test_the_diff_applies_with_git(file, tmp_path, end, last):
    if shutil.which("git") is None:
        pytest.skip("git is not installed")
    text = "def f(x):\n    if x:\n        return 1\n    return 2\n\n\nX = 1" + (
        "" if last else "\n"
    )
    gene = file(text.replace("\n", end), "f", dedent=False)
    source = "import re\n_R = re.compile('a')\n\ndef f(x):\n    return 1 if x else 2\n"
    wanted, diff = apply(gene, source), patch(gene, source)
    assert diff.startswith("--- a/module.py\n+++ b/module.py\n")
    subprocess.run(
        ["git", "apply", "--whitespace=nowarn", "-"], input=diff.encode(), cwd=tmp_path, check=True
    )
    assert (tmp_path / "module.py").read_bytes().decode() == wanted


def test_no_change_is_an_empty_diff(file):
    gene = file(MODULE, "Box.has")
    assert patch(gene, gene.source) == ""


def test_only_changed_lines_are_formatted(file):
    text = "def f( a,b ):\n    x = {  'k':a }\n    return  x\n"
    gene = file(text, "f")
    after = apply(gene, "def f( a,b ):\n    x = {  'k':a }\n    x.update( b )\n    return  x\n")
    assert after == text.replace("    return", "    x.update(b)\n    return")


def test_formatting_honours_the_projects_settings(tmp_path):
    path = tmp_path / "package" / "module.py"
    path.parent.mkdir()
    text = "x = call(1111111111, 2222222222, 3333333333, 'text')\n"
    assert format_lines(text, 1, 1, path=str(path)) == text
    (tmp_path / "pyproject.toml").write_text("[tool.black]\nline-length = 30\n")
    assert format_lines(text, 1, 1, path=str(path)).count("\n") > 1
    (tmp_path / "pyproject.toml").write_text("[tool.ruff]\nline-length = 100\n")
    assert format_lines(text, 1, 1, path=str(path)) == text.replace("'", '"')


def test_what_cannot_be_formatted_stays_as_it_is(tmp_path):
    assert format_fragment("def f(:\n  pass\n", path=str(tmp_path / "m.py")) == "def f(:\n  pass\n"
    text = "def f():\n  return 1\n"
    assert format_fragment(text, path=str(tmp_path / "m.py")) == "def f():\n    return 1\n"


def test_indenting_leaves_strings_alone():
    lines = ["def f():\n", '    a = """\n', "b\n", '    """\n', "\n", '    return f"{a}"\n']
    assert indented(lines, "  ", tabs=False) == [
        *("  def f():\n", '      a = """\n', "b\n", '    """\n', "\n", '      return f"{a}"\n')
    ]


def test_renaming_takes_names_and_nothing_else():
    source = "def é(k): return k\ndef f(x): return 'é', é(x.é, é=é(x)), f'{é(1)}'\n"
    assert renamed(source, "é", "g") == (
        "def g(k): return k\ndef f(x): return 'é', g(x.é, é=g(x)), f'{g(1)}'\n"
    )
    with pytest.raises(FragmentError, match="two things"):
        renamed("def g(k): return k\ndef f(g): return g\n", "g", "h")


NESTED = """
import functools


def make(rate, _joined):
    async def unused():
        pass

    @functools.wraps(unused)
    async def price(item):
        nonlocal rate
        rate += 1
        for each in item:
            yield each * rate

    return price
"""


def test_a_function_inside_a_function_is_changed_where_it_stands(file):
    gene = msgspec.structs.replace(file(NESTED, "make.<locals>.price"), free=("rate",))
    assert "async def price(item):\n    nonlocal rate\n" in gene.source
    after = apply(gene, gene.source.replace("each * rate", "rate * each"))
    assert after == fragment(NESTED).replace("each * rate", "rate * each")


def test_a_helper_of_a_nested_function_avoids_the_names_around_it(file):
    gene = msgspec.structs.replace(file(NESTED, "make.<locals>.price"), free=("rate",))
    changed = gene.source.replace("each * rate", "_joined(each, rate)")
    after = apply(gene, "def _joined(a, b):\n    return a * b\n\n\n" + changed)
    assert "def _joined_2(a, b):\n    return a * b\n\n\ndef make(rate, _joined):" in after
    assert "            yield _joined_2(each, rate)\n" in after
