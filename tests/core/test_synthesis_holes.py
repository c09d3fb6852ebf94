"""Which functions are empty, how they are filled, and which examples their text states."""

from __future__ import annotations

import pytest

from codegenesis import wire
from codegenesis.core.synthesis import is_hole, stated
from codegenesis.core.synthesis.holes import fill
from codegenesis.core.synthesis.layout import laid_out
from codegenesis.errors import FragmentError

HOLES = {
    "bare": "def f(x):\n    raise NotImplementedError\n",
    "with words": "def f(x):\n    '''Doc.'''\n    raise NotImplementedError('later')\n",
    "dots": "def f(x):\n    '''Doc.'''\n    ...\n",
    "pass": "def f(x):\n    '''Doc.'''\n    pass\n",
    "docstring alone": "def f(x):\n    '''Doc.'''\n",
    "async": "async def f(x):\n    raise NotImplementedError()\n",
    "after imports": "import math\n\ndef f(x):\n    raise NotImplementedError\n",
}
FULL = {
    "a body": "def f(x):\n    return x\n",
    "more than the raise": "def f(x):\n    print(x)\n    raise NotImplementedError\n",
    "another exception": "def f(x):\n    raise ValueError\n",
    "re-raise": "def f(x):\n    raise\n",
    "pass without words": "def f(x):\n    pass\n",
    "abstract": "@abc.abstractmethod\ndef f(x):\n    raise NotImplementedError\n",
    "a class": "class A:\n    pass\n",
    "nothing": "",
    "no program": "def f(:\n",
}


@pytest.mark.parametrize("source", HOLES.values(), ids=HOLES)
def test_a_function_that_only_says_what_it_is_for_is_a_hole(source):
    assert is_hole(source)


@pytest.mark.parametrize("source", FULL.values(), ids=FULL)
def test_whatever_has_a_body_is_no_hole(source):
    assert not is_hole(source)


def test_filling_keeps_signature_comments_and_docstring_as_written():
    source = (
        "def f(\n    x: int,  # the number\n) -> int:\n"
        '    """Twice.\n\n    Really  twice.\n    """\n    raise NotImplementedError("soon")\n'
    )
    filled = fill(source, "y = x\nreturn y * 2")
    assert filled == source.replace('raise NotImplementedError("soon")', "y = x\n    return y * 2")


def test_filling_puts_imports_in_front_and_one_line_bodies_on_their_own():
    filled = fill("def f(x): raise NotImplementedError\n", "return sqrt(x)", imports=["import a"])
    assert filled == "import a\ndef f(x):\n    return sqrt(x)\n"


def test_filling_what_is_no_function_is_refused():
    with pytest.raises(FragmentError, match="ends with a `def`"):
        fill("x = 1\n", "return x")


def test_layout_changes_no_program_and_leaves_alone_what_is_none():
    assert laid_out("def f( x ):\n    return 'a'\n", path="") == 'def f(x):\n    return "a"\n'
    assert laid_out("def f(:", path="") == "def f(:"


def test_examples_are_read_from_doctests_and_asserts():
    text = '''
def double(x, times=2):
    """Double.

    >>> double(3)
    6
    >>> double(None)
    Traceback (most recent call last):
    TypeError: no number
    """
    raise NotImplementedError

def test_double():
    assert double(4) == 8
    assert 10 == double(5, times=2)
    assert double(unknown) == 3
    with pytest.raises(ValueError):
        double("x")

@pytest.mark.parametrize("x, y", [(1, 2), ([0], [0, 0])])
def test_more(x, y):
    assert double(x) == y
'''
    examples = stated(text, "double")
    told = [
        (wire.decode_call(each.call), wire.decode(each.result) if each.result else each.raises)
        for each in examples
    ]
    assert told == [
        (((3,), {}), 6),
        (((None,), {}), "TypeError"),
        (((4,), {}), 8),
        (((5,), {"times": 2}), 10),
        ((("x",), {}), "ValueError"),
        (((1,), {}), 2),
        ((([0],), {}), [0, 0]),
    ]


def test_truth_is_an_example_too():
    text = "assert is_ok(1)\nassert not is_ok(0)\nassert is_ok(2) is True\nassert other(3)\n"
    results = [wire.decode(each.result) for each in stated(text, "is_ok")]
    assert results == [True, False, True]
