"""What requests say of themselves is data: bounded, and never trouble."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codegenesis.errors import UsageError
from codegenesis.runtime.context import OTHER, Context, is_trace, stuck
from codegenesis.runtime.middleware.sources import Source, Sources, cookie, trace_of

TRACE = "0af7651916cd43dd8448eb211c80319c"


class Request:
    """A request as middleware sees it."""

    def __init__(self, path: str = "/", **headers: str) -> None:
        self.raw = {"asked": path}
        self._path = path
        self._headers = {name.replace("_", "-"): value for name, value in headers.items()}

    def header(self, name: str) -> str:
        return self._headers.get(name, "")

    def path(self) -> str:
        return self._path


def use_of(
    request: Request,
    *,
    segment: Source | None = None,
    key: Source | None = None,
    segments: tuple[str, ...] = (),
) -> Context:
    return Sources(segment=segment, key=key, segments=segments).use(request)


@pytest.mark.parametrize(
    ("source", "segment"),
    [
        ("header:X-Plan", "gold"),
        ("header: x-plan", "gold"),
        ("cookie:plan", "silver"),
        ("path:0", "acme"),
        ("path:1", "orders"),
        ("path:7", ""),
        ("header:x-none", ""),
        ("cookie:none", ""),
        (lambda raw: raw["asked"].upper()[:5], "/ACME"),
        (lambda raw: None, ""),
        (lambda raw: 42, "42"),
    ],
)
def test_a_segment_is_where_the_owner_says(source: Source, segment: str) -> None:
    request = Request("/acme/orders", x_plan="gold", cookie="a=b; plan=silver; c")
    assert use_of(request, segment=source).segment == segment


def test_the_same_key_is_stuck_to_and_none_is_each_by_itself() -> None:
    ann, again = (use_of(Request(cookie="sid=ann"), key="cookie:sid") for _ in range(2))
    assert ann.key == again.key == stuck("ann")
    first, second = (use_of(Request(), key="cookie:sid") for _ in range(2))
    assert first.key == first.trace != second.key


def test_only_listed_segments_count_where_there_is_a_list() -> None:
    def segment(plan: str) -> str:
        listed = ("pro", "free")
        return use_of(Request(x_plan=plan), segment="header:x-plan", segments=listed).segment

    assert [segment(plan) for plan in ("pro", "made up", "")] == ["pro", OTHER, ""]


@pytest.mark.parametrize("source", ["X-Plan", "header:", "path:x", "query:a", "", "path:-1"])
def test_another_form_is_refused_with_an_example(source: str) -> None:
    with pytest.raises(UsageError, match="header:NAME, cookie:NAME, path:N") as caught:
        Sources(segment=source, key=None, segments=())
    assert "header:X-Plan" in caught.value.remedy


def test_a_function_that_fails_costs_the_segment_not_the_request(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def failing(raw: Any) -> str:
        raise LookupError(raw["asked"])

    sources = Sources(segment=failing, key=None, segments=())
    with caplog.at_level(logging.WARNING, logger="codegenesis"):
        uses = [sources.use(Request("/a")) for _ in range(3)]
    assert [use.segment for use in uses] == ["", "", ""]
    assert len({use.key for use in uses}) == 3
    assert len(caplog.records) == 1
    assert "LookupError" in caplog.text


@pytest.mark.parametrize(
    ("header", "trace"),
    [
        (f"00-{TRACE}-b7ad6b7169203331-01", TRACE),
        (f"cc-{TRACE}-b7ad6b7169203331-01-x", TRACE),
        (f"ff-{TRACE}-b7ad6b7169203331-01", ""),
        (f"00-{TRACE.upper()}-b7ad6b7169203331-01", ""),
        (f"00-{'0' * 32}-b7ad6b7169203331-01", ""),
        (f"00-{TRACE}", ""),
        (TRACE, ""),
        ("", ""),
    ],
)
def test_a_trace_is_read_as_the_w3c_says(header: str, trace: str) -> None:
    assert trace_of(header) == trace
    use = use_of(Request(traceparent=header))
    assert use.trace == trace or (not trace and is_trace(use.trace))


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("a=1; b=2", "2"), ('b="quoted"', "quoted"), ("xb=1;b =2", "2"), ("b", ""), ("", ""),
        ("b=x=y", "x=y"), ("bad\x00;;=;b=2", "2"), ("c=" + "x" * (1 << 20) + "; b=2", ""),
    ],
)  # fmt: skip
def test_cookies_are_read_from_a_bounded_text(header: str, value: str) -> None:
    assert cookie(header, "b") == value


@given(st.text(), st.text(), st.text(), st.text())
def test_nothing_that_a_client_sends_is_trouble(
    path: str, plan: str, cookies: str, parent: str
) -> None:
    request = Request(path, x_plan=plan, cookie=cookies, traceparent=parent)
    for segment, key in (("header:x-plan", "cookie:b"), ("path:0", "header:cookie")):
        use = use_of(request, segment=segment, key=key)
        assert len(use.segment) <= 64
        assert is_trace(use.trace)
        assert is_trace(use.key)
