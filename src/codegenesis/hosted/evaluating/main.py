"""Where the evaluator's host starts, in the workshop: it pulls programs until there are no more.

The evaluator is loaded once, as OpenEvolve loads it, and what it keeps between programs (random
numbers, caches) it keeps here too. What would pile up over thousands of programs is taken away
after each: modules and search paths of that program, files in the temporary directory, alarms.
"""

from __future__ import annotations

import importlib
import linecache
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from codegenesis.hosted.evaluating import messages
from codegenesis.hosted.evaluating.distance import line
from codegenesis.hosted.evaluating.line import BACK, LOCK, OUT, pass_on
from codegenesis.hosted.evaluating.messages import Verdict
from codegenesis.hosted.evaluating.printed import Printed

Judge = Callable[[str], Verdict]


def main(file: str) -> None:
    """Do what the plan in this file says; the end is abrupt, as for the tests' host."""
    scratch = Path.cwd()
    plan = messages.plan(Path(file).read_bytes())
    os.environ[LOCK] = str(scratch / ".line")
    pass_on((int(os.environ[OUT]), int(os.environ[BACK])))
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 1)
    printed = Printed()
    sys.stdout = sys.stderr = printed
    from codegenesis.hosted.evaluating.kinds import load

    try:
        judge, ready = load(plan, scratch)
    except BaseException as error:  # noqa: BLE001 (boundary to the evaluator's import)
        line().tell(messages.Ready(f"{type(error).__name__}: {error}"[:1000]))
        os._exit(1)
    os.dup2(null, 2)  # what it has to say from here on comes with its verdicts
    Host(scratch, judge, printed).serve(line().tell(ready))
    os._exit(0)


class Host:
    """Evaluates what it is handed, and cleans up."""

    def __init__(self, scratch: Path, judge: Judge, printed: Printed) -> None:
        self._judge, self._printed = judge, printed
        self._home = scratch / "programs"
        self._home.mkdir()
        self._directory = Path.cwd()
        self._path, self._modules = list(sys.path), set(sys.modules)
        self._temporary = Path(tempfile.gettempdir())
        self._kept = set(_entries(self._temporary))

    def serve(self, heard: messages.Heard) -> None:
        """Until the engine has nothing more."""
        while isinstance(heard, messages.Evaluate):
            verdict = self._evaluated(heard)
            heard = line().tell(messages.Done(heard.token, verdict, self._printed.taken()))

    def _evaluated(self, work: messages.Evaluate) -> Verdict:
        place = self._home / str(work.token)
        place.mkdir()
        path = place / f"program_{work.token}.py"
        path.write_text(work.text, encoding="utf-8")
        importlib.invalidate_caches()
        try:
            return self._judge(str(path))
        finally:
            self._clean(place, path)

    def _clean(self, place: Path, path: Path) -> None:
        signal.setitimer(signal.ITIMER_REAL, 0)
        sys.stdout = sys.stderr = self._printed
        os.chdir(self._directory)
        sys.path[:] = self._path
        sys.path_importer_cache.pop(str(place), None)
        shutil.rmtree(place, ignore_errors=True)
        linecache.checkcache(str(path))
        for name in set(sys.modules) - self._modules:
            file = getattr(sys.modules.get(name), "__file__", None)
            if isinstance(file, str) and file.startswith(str(place)):
                del sys.modules[name]
            else:
                self._modules.add(name)
        for name in _entries(self._temporary):
            if name not in self._kept:
                _remove(self._temporary / name)


def _entries(directory: Path) -> list[str]:
    with suppress(OSError):
        return os.listdir(directory)  # noqa: PTH208 (once per program)
    return []


def _remove(path: Path) -> None:
    with suppress(OSError):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink()
