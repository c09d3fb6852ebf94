"""One untrusted function on many inputs: for people who want the jail without the evolution.

The file is as untrusted as the function: it is imported in the jail, within limits, and of its
directory the jail sees that one file unless more is given. What comes back is data: plain values,
and `wire.Opaque` records for instances of classes.

Example:
    >>> import tempfile
    >>> from pathlib import Path
    >>> from codegenesis.sandbox import Call, run
    >>> with tempfile.TemporaryDirectory() as directory:
    ...     path = Path(directory, "halves.py")
    ...     _ = path.write_text("def half(x):\\n    return 1 / x / 2\\n")
    ...     for result in run(path, "half", [Call(args=(4,)), Call(args=(0,))]):
    ...         print(result.kind, result.value, result.error)
    returned 0.125 None
    raised None Opaque(type_name='builtins.ZeroDivisionError', state=('division by zero',))
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal

from msgspec.structs import replace

from codegenesis import wire
from codegenesis.errors import FragmentError, TargetError, WireError
from codegenesis.model import Outcome, Record
from codegenesis.sandbox.candidate import JailedCandidate
from codegenesis.sandbox.environment import Environment
from codegenesis.sandbox.executor import Limits, Tier
from codegenesis.sandbox.parent import Sandbox

Kind = Literal["returned", "raised", "limit", "died"]
LimitName = Literal["cpu", "wall", "memory", "output"]

_MOST_INPUT_BYTES = 64 << 20
_MOST_STARTS = 3
_SCRIPT = "__main__"
#: How the sandbox says which limit was exceeded.
_LIMITS: tuple[tuple[str, LimitName], ...] = (
    ("it used more CPU", "cpu"),
    ("it took longer", "wall"),
    ("it used more memory", "memory"),
    ("its answer is larger", "output"),
    ("cannot be encoded: more than", "output"),
)


class Call(Record, frozen=True, kw_only=True):
    """Arguments of one call."""

    args: tuple[Any, ...] = ()
    kwargs: dict[str, Any] = {}


class Result(Record, frozen=True, kw_only=True):
    """What the function came to on one input. All but the figures was said by untrusted code.

    Attributes:
        index: of the call, from 0.
        kind: `limit` when a limit was exceeded; `died` when the process ended otherwise, or when
            its result is of a kind that cannot leave the jail.
        value: the result; None when there is none.
        error: the exception: `type_name` is `module.qualname`, `state` its arguments.
        limit: which limit it was; empty when it was none.
        detail: the exception or the end in words, without control characters.
        cpu_ns, wall_ns: what the call took.
        peak_bytes: real memory that the process had at most so far, above what it began with.
    """

    index: int
    kind: Kind
    value: Any = None
    error: wire.Opaque | None = None
    limit: LimitName | Literal[""] = ""
    detail: str = ""
    cpu_ns: int = 0
    wall_ns: int = 0
    peak_bytes: int = 0


def run(
    path: str | Path,
    function: str,
    calls: Iterable[Call],
    *,
    limits: Limits | None = None,
    tier: Tier = "L3",
    root: str | Path | None = None,
    fresh: bool = False,
    told: Callable[[str], None] | None = None,
) -> Generator[Result, None, None]:
    """Call an untrusted function on each input, jailed; results come as they are made.

    Args:
        path: the Python file; it is imported in the jail.
        function: a function of it, `Class.method` for a method.
        calls: taken one by one, each when the result before it was taken.
        limits: what each call may use, and the import.
        tier: the lowest isolation to be content with (`Sandbox`).
        root: directory that the file may read and import from, without what looks like a secret;
            None for nothing but the file and the installed packages.
        fresh: a new process for each call. Otherwise one serves all, so what a call leaves behind
            is seen by the next, until one ends it and the next gets a new one.
        told: is told when the tier is lower than L3.

    Raises:
        TargetError: there is no such file or function.
        WireError: an argument is of a kind that cannot travel.
        SandboxUnavailableError: this machine cannot isolate code so well.
        SandboxImportError: the file cannot be imported in the jail.
    """
    environment = _environment(Path(path), None if root is None else Path(root))
    with Sandbox(environment, limits=limits, tier=tier, told=told) as sandbox:
        server = _Server(sandbox, f"{path}:{function}", function)
        for index, call in enumerate(calls):
            yield _result(index, server.call(_encoded(call)))
            if fresh:
                server.dismiss()


def _environment(path: Path, root: Path | None) -> Environment:
    path = path.absolute()
    if not path.is_file():
        raise TargetError(f"there is no file {path}", remedy="Check the path before the colon.")
    if root is None:
        return Environment(root=str(path.parent), module=_SCRIPT, path=str(path), alone=True)
    root, path = root.resolve(), path.resolve()
    if not root.is_dir() or not path.is_relative_to(root):
        raise TargetError(
            f"expected a directory that holds {path}, got {root}",
            remedy="Name as root a directory above the file.",
        )
    return Environment(root=str(root), module=_module(path.relative_to(root)), path=str(path))


def _module(relative: Path) -> str:
    parts = relative.with_suffix("").parts
    importable = relative.suffix == ".py" and all(map(str.isidentifier, parts))
    return ".".join(parts) if importable else _SCRIPT


def _encoded(call: Call) -> bytes:
    return wire.encode_call(tuple(call.args), dict(call.kwargs), max_bytes=_MOST_INPUT_BYTES)


class _Server:
    """A candidate whenever one is needed."""

    def __init__(self, sandbox: Sandbox, target: str, function: str) -> None:
        self._sandbox, self._target, self._function = sandbox, target, function
        self._candidate = self._new()

    def call(self, call: bytes) -> Outcome:
        if not self._candidate.alive:
            self._candidate = self._again()
        return self._candidate.call(call)

    def dismiss(self) -> None:
        """End it; the next call gets another."""
        self._candidate.close()

    def _new(self) -> JailedCandidate:
        try:
            return self._sandbox.candidate(self._function, None)
        except FragmentError as error:
            raise TargetError(
                f"{self._target} cannot be called: {error}",
                remedy="Name a function that the file defines with `def`; Class.method for a "
                "method, which takes its instance as the first argument.",
            ) from None

    def _again(self) -> JailedCandidate:
        """It came up once, so that it does not now is a matter of load, or of the file."""
        for _ in range(_MOST_STARTS - 1):
            with suppress(TargetError):
                return self._new()
        return self._new()


def _result(index: int, outcome: Outcome) -> Result:
    result = Result(
        index=index,
        kind=outcome.kind,
        detail=outcome.detail,
        cpu_ns=outcome.cpu_ns,
        wall_ns=outcome.wall_ns,
        peak_bytes=outcome.peak_bytes,
    )
    try:
        if outcome.kind == "returned":
            return replace(result, value=wire.decode(outcome.value))
        if outcome.kind == "raised":
            return replace(result, error=_exception(outcome.value))
    except WireError as error:
        return replace(result, kind="died", detail=f"its answer is malformed: {error}"[:500])
    limit = next((name for words, name in _LIMITS if outcome.detail.startswith(words)), "")
    return replace(result, kind="limit" if limit else "died", limit=limit)


def _exception(data: bytes) -> wire.Opaque:
    error = wire.decode(data)
    if not isinstance(error, wire.Opaque):
        raise WireError("expected an exception, came another value")
    return error
