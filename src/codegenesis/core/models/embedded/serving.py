"""The child process: llama.cpp's own server over one model file, on loopback.

Run as a script by `process.py`, not imported: `python -m` would first import the whole engine
(0.5 s and its memory) into a process that needs none of it. The settings come as one line
on stdin, because anybody on the machine can read a command line. Stdin is then the lifeline: when
the parent ends, however it ends, the kernel kills this process.
"""

from __future__ import annotations

import json
import os
import select
import sys
import time
from importlib import import_module
from typing import Any

#: Seconds between looks for a parent that has gone, though a child of it holds the lifeline.
_LOOK_S = 2.0


def main() -> None:
    """Serve until the parent goes away."""
    settings = json.loads(sys.stdin.readline())
    sys.path.append(settings["home"])
    _hold(settings["parent"])
    # What libraries print goes to stderr; stdout carries the one line that the parent waits for.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    try:
        server = _serve(settings)
    except RuntimeError as error:  # what the library raises for a file that it cannot read
        answers.write(json.dumps({"error": str(error)}) + "\n")
        return
    answers.write(json.dumps({"url": server.listening_address}) + "\n")
    answers.close()
    while os.getppid() == settings["parent"]:
        time.sleep(_LOOK_S)


def _hold(parent: int) -> None:
    from codegenesis.sandbox.lifeline import die_with

    die_with(0)
    # It only tells of what happens from now on.
    poll = select.poll()
    poll.register(0, select.POLLIN)
    if poll.poll(0) or os.getppid() != parent:
        sys.exit(1)


def _serve(settings: dict[str, Any]) -> Any:
    # The library has no types.
    xllamacpp: Any = import_module("xllamacpp")
    wanted = xllamacpp.CommonParams()
    wanted.model.path = settings["path"]
    wanted.model_alias = {settings["name"]}
    wanted.hostnames, wanted.port = ["127.0.0.1"], 0
    wanted.api_keys = [settings["key"]] if settings["key"] else []
    wanted.n_ctx, wanted.n_parallel = settings["context"], 1
    wanted.cpuparams.n_threads = wanted.cpuparams_batch.n_threads = settings["threads"]
    # Off: a cache of prompts of up to 8 GB, web pages, and looks at what others ask.
    wanted.cache_ram_mib = 0
    wanted.ui = wanted.endpoint_slots = wanted.ui_mcp_proxy = False
    wanted.offline = True
    wanted.verbosity = 1
    return xllamacpp.Server(wanted)


if __name__ == "__main__":
    main()
