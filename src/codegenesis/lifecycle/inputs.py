"""Calls to evolve on that were not recorded in a live process: run in the jail instead.

A file of them has one JSON object a line: `{"args": [...], "kwargs": {...}}`, both optional. JSON
has fewer types than Python; who needs tuples or dates records real calls instead.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from pathlib import Path

from codegenesis import wire
from codegenesis.config import Config
from codegenesis.errors import UsageError, WireError
from codegenesis.lifecycle.jails import open_sandbox, require_found
from codegenesis.model import Gene, Observation, Outcome, digest
from codegenesis.sandbox import Sandbox


def calls_of(path: Path) -> list[bytes]:
    """The calls of a file, encoded.

    Raises:
        UsageError: the file cannot be read, or a line is no call.
    """
    return [call_of(line, f"{path}:{number}") for number, line in lines_of(path)]


def observe(gene: Gene, calls: Iterable[bytes], config: Config) -> list[Observation]:
    """What the original makes of each call in the jail, with its CPU.

    Raises:
        SandboxUnavailableError: this machine cannot isolate code.
        SandboxImportError: the module cannot be imported in the jail.
        NotEvolvableError: the function cannot be found in it.
    """
    with open_sandbox(gene, config) as sandbox:
        require_found(gene, sandbox)
        return [_observe(gene, sandbox, call) for call in calls]


def lines_of(path: Path) -> list[tuple[int, str]]:
    """The lines of a file that are not empty, with their numbers from 1.

    Raises:
        UsageError: it cannot be read.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            f"inputs cannot be read from {path}: {error}",
            remedy="Name a file of JSON lines, or --inputs recorded for calls that were watched.",
        ) from error
    return [(n, line) for n, line in enumerate(text.splitlines(), start=1) if line.strip()]


def call_of(line: str, place: str) -> bytes:
    """The call that a line says; `place` is named where it says none."""
    try:
        given = json.loads(line)
        return wire.encode_call(tuple(given.get("args", [])), dict(given.get("kwargs", {})))
    except (ValueError, AttributeError, TypeError, WireError) as error:
        raise UsageError(
            f"{place}: expected one call as JSON, got {line[:60]!r}",
            remedy='Write one object a line: {"args": [1, "a"], "kwargs": {"b": 2}}',
        ) from error


def _observe(gene: Gene, sandbox: Sandbox, call: bytes) -> Observation:
    # A process for each call: what one leaves behind must not answer for the next.
    with sandbox.candidate(gene.qualname, None) as original:
        outcome: Outcome = original.call(call)
    raised = wire.decode(outcome.value) if outcome.kind == "raised" else None
    error = raised.type_name if isinstance(raised, wire.Opaque) else ""
    return Observation(
        gene=gene.id,
        process="jail",
        at_ns=time.time_ns(),
        wall_ns=outcome.wall_ns,
        cpu_ns=outcome.cpu_ns,
        call=call,
        outcome=outcome,
        call_digest=digest(call),
        error=error,
        fingerprint=error,
    )
