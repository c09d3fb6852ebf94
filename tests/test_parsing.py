"""Source becomes a syntax tree whatever other threads parse meanwhile."""

import ast
import gc
import sys
import threading

import pytest

from codegenesis.parsing import literal, syntax_tree

SOURCE = "\n".join(
    f"def f{i}(x):\n    return (x + {i}) * (x - [y for y in x][{i}])" for i in range(40)
)


class Restless:
    """Garbage whose end runs Python, so that another thread may get its turn."""

    def __init__(self):
        self.me = self

    def __del__(self):
        for _ in range(200):
            pass


@pytest.fixture
def turns():
    """Collections and changes of thread as often as can be."""
    threshold, interval = gc.get_threshold(), sys.getswitchinterval()
    gc.set_threshold(50)
    sys.setswitchinterval(1e-6)
    yield
    gc.set_threshold(*threshold)
    sys.setswitchinterval(interval)


def test_threads_parse_at_the_same_time(turns):
    trees = []

    def work():
        for _ in range(60):
            Restless()
            trees.append(ast.dump(syntax_tree(SOURCE)))

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(trees) == 180
    assert set(trees) == {ast.dump(syntax_tree(SOURCE))}


def test_what_is_wrong_with_a_source_is_said_as_ever():
    with pytest.raises(SyntaxError, match="never closed"):
        syntax_tree("(")


def test_a_literal_may_be_indented():
    assert literal("  [1, (2,)]") == [1, (2,)]
    with pytest.raises(ValueError, match="malformed"):
        literal("print()")
