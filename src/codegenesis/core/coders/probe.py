"""Does a model master a format? Asked once, before it is asked for anything in it.

Edits save tokens and keep what they do not touch, but a small model gets them wrong nearly always
(1 of 32 useful against 21 of 32 for whole functions, 1.5 billion parameters). Three little tasks
tell in a few hundred tokens.
"""

from __future__ import annotations

import ast
import threading

from codegenesis.core.coders.edits import applied, edits
from codegenesis.core.coders.plain import fenced
from codegenesis.core.coders.prompts import EDIT_FORMAT, SYSTEM
from codegenesis.core.genetic.syntax import UNPARSABLE, module
from codegenesis.core.models.model import Message, Model, Request

_TASKS = (
    (
        "Let it return 0 for an empty list.",
        "def mean(values):\n    total = sum(values)\n    return total / len(values)\n",
        "def mean(values):\n    if not values:\n        return 0\n    total = sum(values)\n"
        "    return total / len(values)\n",
    ),
    (
        "Rename the variable `found` to `result`.",
        "def evens(numbers):\n    found = []\n    for number in numbers:\n"
        "        if number % 2 == 0:\n            found.append(number)\n    return found\n",
        "def evens(numbers):\n    result = []\n    for number in numbers:\n"
        "        if number % 2 == 0:\n            result.append(number)\n    return result\n",
    ),
    (
        "Multiply by 3 instead of 2.",
        "def scaled(x, y):\n    if x > y:\n        x = x - y\n    return (x + y) * 2\n",
        "def scaled(x, y):\n    if x > y:\n        x = x - y\n    return (x + y) * 3\n",
    ),
)
_ENOUGH = 2

_known: dict[str, bool] = {}
_lock = threading.Lock()


def passes(model: Model, *, cancelled: threading.Event | None = None) -> bool:
    """Whether the model writes edits that find their place; asked once per name and process.

    Raises:
        ModelError: no answer is to be had.
    """
    with _lock:
        known = _known.get(model.name)
    if known is None:
        known = _count(model, cancelled) >= _ENOUGH
        with _lock:
            _known[model.name] = known
    return known


def _count(model: Model, cancelled: threading.Event | None) -> int:
    right = 0
    for place, task in enumerate(_TASKS):
        if right + len(_TASKS) - place < _ENOUGH or right == _ENOUGH:
            break
        right += _solves(model, *task, cancelled)
    return right


def _solves(
    model: Model, ask: str, code: str, wanted: str, cancelled: threading.Event | None
) -> bool:
    text = f"{ask}\n\n{fenced(code)}\n\n{EDIT_FORMAT}"
    request = Request(
        messages=(Message(role="system", text=SYSTEM), Message(role="user", text=text)),
        max_tokens=256,
        temperature=0.0,
        seed=0,
        purpose="probe",
    )
    found = edits(model.ask(request, cancelled=cancelled).text)
    (changed,), _ = applied([code], found)
    try:
        return ast.dump(module(changed)) == ast.dump(module(wanted))
    except UNPARSABLE:
        return False
