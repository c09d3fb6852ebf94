"""What a function should do: examples from files, recorded calls, recorded crashes."""

from __future__ import annotations

from pathlib import Path

import pytest

from codegenesis import wire
from codegenesis.errors import TargetError, UsageError
from codegenesis.lifecycle.offers.examples import crash_called, examples_for, examples_of
from codegenesis.model import Observation, Outcome


def test_each_line_of_a_file_is_an_example(tmp_path: Path) -> None:
    file = tmp_path / "cases.jsonl"
    file.write_text(
        '{"args": [4], "kwargs": {"base": 2}, "result": [1, null]}\n\n'
        '{"args": [-1], "raises": "ValueError"}\n{"result": null}\n'
    )
    first, second, third = examples_of(file)
    assert wire.decode_call(first.call) == ((4,), {"base": 2})
    assert wire.decode(first.result) == [1, None]
    assert (second.raises, second.result) == ("ValueError", None)
    assert wire.decode(third.result) is None
    assert all(each.lenient for each in (first, second, third))


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("4", "an object"),
        ("{", ":1:"),
        ('{"args": [1]}', "either a result or"),
        ('{"args": [1], "result": 1, "raises": "E"}', "either a result or"),
        ('{"arg": [1], "result": 1}', "'arg'"),
        ('{"args": 1, "result": 1}', "a list of args"),
        ('{"args": [1], "raises": 3}', "name of an exception"),
        ("", "no example"),
    ],
)
def test_what_is_no_example_is_told_with_its_line(tmp_path: Path, line: str, words: str) -> None:
    file = tmp_path / "cases.jsonl"
    file.write_text(line)
    with pytest.raises(UsageError, match=words) as caught:
        examples_of(file)
    assert '{"args": [4], "result": 2}' in caught.value.remedy


def _seen(number: int, error: str = "") -> Observation:
    kind = "raised" if error else "returned"
    outcome = Outcome(kind=kind, value=wire.encode(number))
    return Observation(
        gene="g",
        process="p",
        at_ns=number,
        wall_ns=1,
        cpu_ns=1,
        call=wire.encode_call((number,), {}),
        outcome=outcome,
        error=error,
        fingerprint=f"{error} in f" if error else "",
    )


def test_a_crash_is_called_by_number_type_or_fingerprint() -> None:
    seen = [_seen(1), _seen(2, "builtins.KeyError"), _seen(3, "builtins.ValueError"), _seen(4)]
    by_name = crash_called("KeyError", seen)
    assert by_name == crash_called("1", seen) == crash_called("builtins.KeyError in f", seen)
    assert by_name == crash_called("builtins.KeyError", seen)
    with pytest.raises(TargetError, match="found 0") as caught:
        crash_called("TypeError", seen)
    assert "1: builtins.KeyError in f; 2: builtins.ValueError in f" in caught.value.remedy


def test_crashed_calls_must_end_well_and_the_others_stay_as_they_are() -> None:
    seen = [_seen(1), _seen(2, "builtins.KeyError"), _seen(1), _seen(4)]
    crashed, one, four = examples_for(crash_called("1", seen), seen)
    assert crashed.alive
    assert crashed.call == seen[1].call
    assert [wire.decode(each.result) for each in (one, four)] == [1, 4]
