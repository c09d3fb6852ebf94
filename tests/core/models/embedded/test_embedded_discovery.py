"""Servers that run here are found, whatever else answers at their ports."""

import json
import socket
import threading

import pytest

from codegenesis.core.models.embedded import running
from codegenesis.core.models.embedded.discovery import Place, Running

TAGS = json.dumps({"models": [{"name": "qwen2.5-coder:7b", "size": 1}, {"name": "llama3.2:3b"}]})


def listed(*names, owner="someone"):
    data = [{"id": name, "object": "model", "owned_by": owner} for name in names]
    return json.dumps({"object": "list", "data": data})


@pytest.fixture
def serve():
    """Serve bytes at a port of its own: `serve(answer)`; pieces come until the client has gone."""
    listeners = []

    def one(listener, pieces):
        try:
            line, _ = listener.accept()
            with line:
                line.recv(4096)
                for piece in pieces:
                    line.sendall(piece)
        except OSError:
            pass

    def begin(pieces):
        listener = socket.create_server(("127.0.0.1", 0))
        thread = threading.Thread(target=one, args=(listener, pieces))
        thread.start()
        listeners.append((listener, thread))
        return listener.getsockname()[1]

    yield begin
    for listener, thread in listeners:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()


def whole(body, status="200 OK", kind="application/json"):
    head = (
        f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body.encode())}\r\n\r\n"
    )
    return [head.encode() + body.encode()]


def chunked(body):
    data = body.encode()
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    return [head, b"%x\r\n%s\r\n" % (len(data), data), b"0\r\n\r\n"]


def test_each_kind_is_found_with_its_models(serve):
    ports = [serve(whole(TAGS)), serve(whole(listed("coder"))), serve(chunked(listed("a", "b")))]
    places = tuple(
        Place(kind=kind, port=port)
        for kind, port in zip(("ollama", "llamacpp", "lmstudio"), ports, strict=True)
    )
    url = "http://127.0.0.1:{}/v1"
    assert running(environ={}, places=places) == (
        Running(
            url=url.format(ports[0]), kind="ollama", models=("qwen2.5-coder:7b", "llama3.2:3b")
        ),
        Running(url=url.format(ports[1]), kind="llamacpp", models=("coder",)),
        Running(url=url.format(ports[2]), kind="lmstudio", models=("a", "b")),
    )


def test_a_server_at_the_port_of_another_is_called_what_it_is(serve):
    place = Place(kind="vllm", port=serve(whole(listed("local", owner="llamacpp"))))
    assert running(environ={}, places=(place,))[0].kind == "llamacpp"


def endless():
    yield b"HTTP/1.1 200 OK\r\n\r\n"
    while True:
        yield b" " * 65536


def dripping(rest):
    yield b"HTTP/1.1 200 OK\r\nX-Slow: "
    while not rest.wait(0.02):
        yield b"."


LIES = {
    "a web page": whole("<html>hello</html>", kind="text/html"),
    "no models": whole(listed()),
    "an error": whole(listed("a"), status="404 Not Found"),
    "other json": whole(json.dumps({"data": {"id": "a"}})),
    "names that are none": whole(listed("", "\x1b[2J", "x" * 201)),
    "half an answer": [b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{"],
    "no http": [b"220 mail ready\r\n"],
    "nothing": [],
    "no end": endless(),
}


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES.keys())
def test_what_answers_otherwise_is_no_server(serve, lie):
    place = Place(kind="vllm", port=serve(lie))
    assert running(environ={}, places=(place,)) == ()


def test_one_that_drips_is_not_waited_for_and_hides_no_other(serve):
    rest = threading.Event()
    slow = Place(kind="llamacpp", port=serve(dripping(rest)))
    quick = Place(kind="vllm", port=serve(whole(listed("a", owner="vllm"))))
    found = running(environ={}, places=(slow, quick))
    rest.set()
    assert [server.kind for server in found] == ["vllm"]


def test_ports_where_nobody_listens_are_no_trouble(serve):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    assert running(environ={}, places=(Place(kind="ollama", port=port),)) == ()


@pytest.mark.parametrize("form", ["127.0.0.1:{}", "http://localhost:{}/", "0.0.0.0:{}", ":{}"])
def test_ollama_is_followed_to_another_port_of_this_machine(serve, form):
    port = serve(whole(TAGS))
    said = {"OLLAMA_HOST": form.format(port)}
    found = running(environ=said, places=(Place(kind="ollama", port=9),))
    assert [server.url for server in found] == [f"http://127.0.0.1:{port}/v1"]


@pytest.mark.parametrize("elsewhere", ["10.0.0.1:80", "http://models.example:80", "[::", "a:b:c"])
def test_ollama_is_not_followed_to_another_machine(serve, elsewhere):
    port = serve(whole(TAGS))
    found = running(environ={"OLLAMA_HOST": elsewhere}, places=(Place(kind="ollama", port=port),))
    assert [server.url for server in found] == [f"http://127.0.0.1:{port}/v1"]
