"""`gepa.optimize_anything` and `gepa.utils.code_execution`, as far as evaluators go.

`optimize_anything` is caught by whoever runs a file that calls it. Code is executed in this process
in either mode: what is executed is a stand-in, and the program is in a jail of its own already.
"""

from __future__ import annotations

import hashlib
import signal
import time
import traceback
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, NoReturn

__all__ = ["CodeExecutionResult", "ExecutionMode", "TimeLimitError", "execute_code"]


class Captured(BaseException):
    """`optimize_anything` was called; not an Exception, so that nobody on the way takes it."""

    def __init__(self, call: dict[str, Any]) -> None:
        super().__init__("optimize_anything was called")
        self.call = call


def optimize_anything(seed_candidate: Any = None, **named: Any) -> NoReturn:
    """Catch the call."""
    raise Captured({"seed_candidate": seed_candidate, **named})


class Settings:
    """Any of GEPA's records of settings: they are taken, and mean nothing here."""

    def __init__(self, *args: Any, **named: Any) -> None:
        self.given = args
        self.__dict__.update(named)


@dataclass
class OptimizationState:
    """What an evaluator may be told of earlier evaluations: nothing, each stands for itself."""

    best_example_evals: list[dict[str, Any]] = field(default_factory=list)


class ExecutionMode(Enum):
    """Where code is executed; here it makes no difference."""

    IN_PROCESS = "in_process"
    SUBPROCESS = "subprocess"


class TimeLimitError(Exception):
    """The code took too long."""


@dataclass
class CodeExecutionResult:
    """What executing some code came to."""

    success: bool
    stdout: str = ""
    stderr: str = ""
    error: str = ""
    traceback: str = ""
    variables: dict[str, Any] = field(default_factory=dict)
    execution_time: float = 0.0
    code_hash: str = ""

    def get_variable(self, name: str, default: Any = None) -> Any:
        """One variable."""
        return self.variables.get(name, default)

    def to_side_info_dict(self) -> dict[str, Any]:
        """What is said of it to a model."""
        said = {"Stdout": self.stdout, "Stderr": self.stderr}
        wrong = {"Error": self.error, "Traceback": self.traceback}
        return said | {name: text for name, text in wrong.items() if text}


def execute_code(  # noqa: PLR0917 (the peer's signature)
    code: str,
    timeout: float = 30.0,
    mode: ExecutionMode = ExecutionMode.IN_PROCESS,
    global_vars: dict[str, Any] | None = None,
    entry_point: str | None = None,
    entry_point_args: tuple[Any, ...] = (),
    entry_point_kwargs: dict[str, Any] | None = None,
    capture_variables: list[str] | None = None,
    seed: int | None = None,
    kill_child_processes: bool = True,
) -> CodeExecutionResult:
    """Execute code that is a stand-in, and perhaps call a function of it.

    A seed is not passed on: chance in the program's jail is its own.
    """
    del mode, seed, kill_child_processes
    started = time.monotonic()
    space: dict[str, Any] = {"__name__": "__main__", **(global_vars or {})}
    error = story = ""
    before = signal.signal(signal.SIGALRM, _too_long)
    signal.setitimer(signal.ITIMER_REAL, max(0.0, timeout))
    try:
        exec(code, space)  # noqa: S102 (a stand-in, in the evaluator's jail)
        if entry_point and entry_point in space:
            function = space[entry_point]
            space["__return__"] = function(*entry_point_args, **(entry_point_kwargs or {}))
    except Exception as caught:  # noqa: BLE001 (boundary to the program)
        error, story = str(caught) or type(caught).__name__, traceback.format_exc()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    return CodeExecutionResult(
        success=not error,
        error=error,
        traceback=story,
        variables=_variables(space, capture_variables),
        execution_time=time.monotonic() - started,
        code_hash=hashlib.sha256(code.encode()).hexdigest(),
    )


def _variables(space: dict[str, Any], wanted: list[str] | None) -> dict[str, Any]:
    names = wanted or [name for name in space if not name.startswith("__")]
    found = {name: space.get(name) for name in names}
    if "__return__" in space:
        found["__return__"] = space["__return__"]
    return found


def _too_long(_number: int, _frame: object) -> None:
    raise TimeLimitError("Code execution timed out")
