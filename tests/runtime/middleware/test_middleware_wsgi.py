"""WSGI applications, with real frameworks and servers: a use lasts to the last byte."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any
from wsgiref.util import FileWrapper, setup_testing_defaults
from wsgiref.validate import validator

import pytest

import codegenesis
from codegenesis.runtime.context import current, stuck

if TYPE_CHECKING:
    from conftest import Site

Get = Callable[..., Any]
TRACE = "0af7651916cd43dd8448eb211c80319c"


def environ(**headers: str) -> dict[str, Any]:
    made: dict[str, Any] = {f"HTTP_{name.upper()}": value for name, value in headers.items()}
    made["QUERY_STRING"] = ""
    setup_testing_defaults(made)
    return made


def start(*_: Any) -> Callable[[bytes], object]:
    return lambda data: None


def segment() -> bytes:
    use = current()
    return use.segment.encode() if use else b"-"


class Body:
    """An answer whose every step looks at its use."""

    def __init__(self) -> None:
        self.seen: list[bytes] = []

    def __iter__(self) -> Iterator[bytes]:
        self.seen.append(segment())
        for _ in range(2):
            yield segment()

    def close(self) -> None:
        self.seen.append(segment())


def test_all_of_a_streamed_answer_is_part_of_the_use() -> None:
    body = Body()
    app = codegenesis.WSGIMiddleware(lambda env, start: body, segment="header:x-plan")
    first = app(environ(x_plan="gold"), start)
    other = app(environ(x_plan="free"), start)
    assert [next(iter(first)), segment(), *first, segment()] == [b"gold", b"-", b"gold", b"-"]
    assert list(other) == [b"free", b"free"]
    first.close()  # type: ignore[attr-defined]
    assert body.seen == [b"gold", b"free", b"gold"]
    assert current() is None


@pytest.mark.parametrize("answer", [[b"a"], (b"a", b"b"), FileWrapper(io.BytesIO(b"file"))])
def test_answers_that_servers_treat_specially_are_handed_on_as_they_are(answer: Any) -> None:
    app = codegenesis.WSGIMiddleware(lambda env, start: answer)
    made = {**environ(), "wsgi.file_wrapper": FileWrapper}
    assert app(made, start) is answer


def test_a_file_wrapper_that_is_a_function_does_not_matter() -> None:
    app = codegenesis.WSGIMiddleware(lambda env, start: iter([b"a"]))
    made = {**environ(), "wsgi.file_wrapper": lambda file: file}
    assert list(app(made, start)) == [b"a"]


def test_it_keeps_to_the_protocol_of_both_sides() -> None:
    def app(environ: Any, start_response: Any) -> Iterator[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain")])
        return iter([segment()])

    wrapped = validator(codegenesis.WSGIMiddleware(validator(app), segment="header:x-plan"))
    answer = wrapped(environ(x_plan="gold"), start)
    assert list(answer) == [b"gold"]
    answer.close()  # type: ignore[attr-defined]


def test_an_error_of_the_application_is_the_servers_and_the_use_ends() -> None:
    def app(environ: Any, start_response: Any) -> list[bytes]:
        raise LookupError("theirs")

    def body(environ: Any, start_response: Any) -> Iterator[bytes]:
        yield b"a"
        raise LookupError("theirs")

    for each in (app, body):
        with pytest.raises(LookupError, match="theirs"):
            list(codegenesis.WSGIMiddleware(each)(environ(), start))
        assert current() is None


def test_disabled_it_looks_at_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CODEGENESIS_DISABLED", "1")
    answer = iter([b"a"])
    app = codegenesis.WSGIMiddleware(lambda env, start: answer, key=lambda environ: 1 / 0)
    assert app(environ(), start) is answer


def test_flask_under_gunicorn_sees_its_use_in_every_worker(site: Site, get: Get) -> None:
    pytest.importorskip("flask")
    pytest.importorskip("gunicorn")
    site.write(
        "web.py",
        """
        import codegenesis
        from flask import Flask, Response, stream_with_context
        from seen import seen

        app = Flask(__name__)
        app.wsgi_app = codegenesis.WSGIMiddleware(
            app.wsgi_app, segment="header:X-Plan", key="cookie:sid", segments=["gold", "free"]
        )

        @app.get("/")
        def plain():
            return seen()

        @app.get("/streamed")
        def streamed():
            @stream_with_context
            def body():
                yield seen()
            return Response(body())
        """,
    )
    command = ("-m", "gunicorn", "web:app", "--bind", "127.0.0.1:{port}")
    port = site.start(*command, "--workers", "2", "--threads", "2")
    headers = {"X_Plan": "gold", "Cookie": "sid=ann", "traceparent": f"00-{TRACE}-{'b' * 16}-01"}
    answers = [get(port, path, **headers) for path in ("/", "/streamed") * 20]
    assert {(each["segment"], each["key"], each["trace"]) for each in answers} == {
        ("gold", stuck("ann"), TRACE)
    }
    assert get(port, X_Plan="made up")["segment"] == "other"


def test_django_under_gunicorn_sees_its_use(site: Site, get: Get) -> None:
    pytest.importorskip("django")
    pytest.importorskip("gunicorn")
    site.write(
        "web.py",
        """
        from django.conf import settings
        from django.http import HttpResponse, StreamingHttpResponse
        from django.urls import path
        from seen import seen

        settings.configure(SECRET_KEY="x", ROOT_URLCONF=__name__, ALLOWED_HOSTS=["*"])

        def plain(request):
            return HttpResponse(seen())

        def streamed(request):
            def body():
                yield seen()
            return StreamingHttpResponse(body())

        urlpatterns = [path("plain", plain), path("streamed", streamed)]

        from django.core.wsgi import get_wsgi_application
        import codegenesis
        application = codegenesis.WSGIMiddleware(
            get_wsgi_application(), segment="path:0", key=lambda environ: environ["HTTP_X_USER"]
        )
        """,
    )
    port = site.start("-m", "gunicorn", "web:application", "--bind", "127.0.0.1:{port}")
    for path in ("plain", "streamed"):
        answer = get(port, f"/{path}", X_User="ann")
        assert (answer["segment"], answer["key"]) == (path, stuck("ann"))
    assert get(port, "/plain")["segment"] == ""  # the function raises: served all the same
