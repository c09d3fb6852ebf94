"""Found first on PYTHONPATH by every Python below `codegenesis run`; starts the agent there.

It must cost nothing to a child that ends at once, and must not break one that runs another Python:
the rest of CodeGenesis is imported on a thread, once the imports under way have ended (two threads
that import at once can see half of a module). A fork waits for our imports, some 0.2 s once: the
child would have the locks of half imported modules, and no thread to release them (workers of
gunicorn hung so). A `sitecustomize` that this one hides is run as well.
Written so that old Pythons can read it, too.
"""

import _thread
import os
import sys

_STEP_S = 0.1
_LONGEST_S = 5.0


def _importing() -> bool:
    for module in list(sys.modules.values()):
        try:
            spec = object.__getattribute__(module, "__dict__").get("__spec__")
        except AttributeError:
            continue
        if getattr(spec, "_initializing", False):
            return True
    return False


def _begin() -> None:
    import time

    waited = 0.0
    while waited == 0.0 or (_importing() and waited < _LONGEST_S):
        time.sleep(_STEP_S)
        waited += _STEP_S
    try:
        _hook()
        with _State.importing:
            import logging  # noqa: F401 - whose hook takes a lock that what follows needs
        _hook()
        with _State.importing:
            from codegenesis.runtime.install import begin, prepare

            prepare()
        while _State.waiting:  # a fork that does not know the hooks which came just now
            time.sleep(_STEP_S)
        begin()
    except Exception as error:  # noqa: BLE001 - boundary: whatever it is, the application must start
        message = "codegenesis: {} is not watched, the application runs as it is: {}: {}\n"
        sys.stderr.write(message.format(sys.executable, type(error).__name__, error))
    else:
        _State.begun = True


class _State:
    begun = False
    importing = _thread.allocate_lock()
    held = False
    waiting = False


def _hook() -> None:
    """Hooks run last registered first: ours must wait before that of `logging` takes its lock."""
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(
            before=_before_fork,
            after_in_parent=_after_fork,
            after_in_child=_renew,
        )


def _before_fork() -> None:
    if _State.held:
        return  # it is registered twice
    _State.waiting = True
    _State.held = not _State.begun and _State.importing.acquire(timeout=_LONGEST_S)


def _after_fork() -> None:
    _State.waiting = False
    if _State.held:
        _State.held = False
        _State.importing.release()


def _renew() -> None:
    _State.waiting = _State.held = False
    _State.importing = _thread.allocate_lock()


def _start() -> None:
    import threading

    if not _State.begun:
        try:
            threading.Thread(target=_begin, name="codegenesis", daemon=True).start()
        except RuntimeError:
            sys.stderr.write("codegenesis: no thread to be had, nothing is watched here\n")


def _chain() -> None:
    """Run the sitecustomize that would have been found without us."""
    from importlib.machinery import PathFinder
    from importlib.util import module_from_spec

    ours = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH100, PTH120 (pathlib is slow here)
    sys.path[:] = [path for path in sys.path if os.path.abspath(path) != ours]  # noqa: PTH100
    spec = PathFinder.find_spec("sitecustomize", sys.path)
    if spec is not None and spec.loader is not None:
        module = module_from_spec(spec)
        sys.modules["sitecustomize"] = module
        spec.loader.exec_module(module)


if os.environ.get("CODEGENESIS_DISABLED") != "1":
    _start()
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=_start)  # a fork before the agent is there
_chain()
