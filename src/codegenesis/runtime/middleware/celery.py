"""Celery: a task is part of the use that sent it, in whatever process it runs.

Celery's own signals are enough: when a task is published, the sender's segment, key (a digest) and
trace go into the message's headers, with the arms that its canaries have drawn, so that a reward
that is earned in a worker (the payment came in) counts for the version that the request had met.
A task that nobody's use has sent is a use of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

from codegenesis.errors import UsageError
from codegenesis.model import Arm
from codegenesis.runtime.context import (
    OTHER,
    Context,
    current,
    disabled,
    enter,
    is_trace,
    leave,
    make,
)

#: The header of a message that carries the use.
HEADER = "codegenesis"
#: Arms that travel with a task, at most.
ARMS = 16

_ENTERED = "_codegenesis_entered"


def follow_celery(
    *,
    segment: Callable[[Any], object] | None = None,
    key: Callable[[Any], object] | None = None,
    segments: Collection[str] = (),
) -> None:
    """Let the tasks of this process' Celery applications be uses. Call it where the app is made.

    Args:
        segment, key: functions of the task (its `request` holds arguments and headers) that say
            whose it is and what it sticks to; by default what the sender's use says.
        segments: the only ones that there are; the rest is `other`.

    Raises:
        UsageError: Celery is not installed.
    """
    if disabled():
        return
    try:
        from celery import signals  # type: ignore[import-untyped]
    except ImportError as error:
        raise UsageError(
            "there is no Celery to follow", remedy="Install it: pip install celery"
        ) from error
    following = _Following(segment, key, frozenset(segments))
    for signal, receiver in (
        (signals.before_task_publish, following.publish),
        (signals.task_prerun, following.begin),
        (signals.task_postrun, following.end),
    ):
        name = f"codegenesis.{receiver.__name__}"
        signal.disconnect(dispatch_uid=name)  # the last call of this holds
        signal.connect(receiver, weak=False, dispatch_uid=name)


class _Following:
    """Receivers of signals; Celery logs what they raise and goes on."""

    def __init__(
        self,
        segment: Callable[[Any], object] | None,
        key: Callable[[Any], object] | None,
        segments: frozenset[str],
    ) -> None:
        self._segment = segment
        self._key = key
        self._segments = segments

    def publish(self, headers: dict[str, Any] | None = None, **_: object) -> None:
        """In the sender: the use goes along, unless somebody said otherwise."""
        use = current()
        if use is not None and headers is not None:
            headers.setdefault(HEADER, packed(use))

    def begin(self, task: Any, **_: object) -> None:
        """In the worker, before the task."""
        sent = unpacked(getattr(task.request, HEADER, None))
        token = enter(self._use(task, sent or current()))
        setattr(task.request, _ENTERED, token)

    def end(self, task: Any, **_: object) -> None:
        """In the worker, after it."""
        token = getattr(task.request, _ENTERED, None)
        if token is not None:
            leave(token)

    def _use(self, task: Any, around: Context | None) -> Context:
        segment = self._segment(task) if self._segment else None
        if segment and self._segments and segment not in self._segments:
            segment = OTHER
        key = self._key(task) if self._key else None
        return make(segment=segment, key=key or None, within=around)


def packed(use: Context) -> dict[str, Any]:
    """A use as it travels: plain data for any serialiser."""
    arms = dict(list(use.arms.items())[-ARMS:])
    return {"segment": use.segment, "key": use.key, "trace": use.trace, "arms": arms}


def unpacked(header: object) -> Context | None:
    """The use that was sent; None when there is none, or it has not got its form."""
    if not isinstance(header, Mapping):
        return None
    trace, key = str(header.get("trace", "")), str(header.get("key", ""))
    if not is_trace(trace):
        return None
    use = make(segment=header.get("segment"), key="", trace=trace)
    use.key = key if is_trace(key) else ""
    use.arms = _arms(header.get("arms"))
    return use


def _arms(sent: object) -> dict[str, Arm]:
    if not isinstance(sent, Mapping):
        return {}
    named = {str(name)[:64]: arm for name, arm in list(sent.items())[:ARMS]}
    return {name: arm for name, arm in named.items() if arm in ("control", "variant")}
