"""The agent: one daemon thread per process, which never takes the application down.

Trouble with the store is said once, and tried again later and later. Anything unexpected switches
the agent off for the rest of the process' life: the functions keep the code that they have, with
nothing in front of it, and the application serves on. That includes exceptions that end other
threads in silence, want of memory, and a system that gives no more threads.

Around `os.fork` the thread is stopped and started again, on both sides: a child must not inherit a
lock that a thread held which it does not have, and from 3.12 on Python warns of such forks. The
child is a process of its own, with its own id, store and books.
"""

from __future__ import annotations

import atexit
import contextlib
import logging
import os
import threading
from typing import TYPE_CHECKING

from codegenesis.errors import CodeGenesisError, StoreError, StoreVersionError
from codegenesis.runtime.registry import Registry, registry

if TYPE_CHECKING:
    from codegenesis.config import Config
    from codegenesis.runtime.mail import Mail
    from codegenesis.runtime.session import Session

log = logging.getLogger("codegenesis")

#: Seconds until a store in trouble is tried again, at most.
_LONGEST_S = 30.0
#: Seconds that the end of the process, or a fork, waits for the thread.
_JOIN_S = 3.0
_FIRST_S = 0.05
#: Different troubles that are said, at most: an application's log is not ours to fill.
_SAID = 8


class Agent:
    """Starts, stops and restarts the thread; one per process.

    Args:
        genes: what it looks after.
    """

    def __init__(self, genes: Registry) -> None:
        self._registry = genes
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._leaving: threading.Thread | None = None
        self._session: Session | None = None
        self._config: Config | None = None
        self._discovering = False
        self._off = False
        self._told: set[str] = set()
        self._hooked = self._hooked_after_store = False
        self._paused = False
        self._pid = os.getpid()
        self._mail: Mail | None = None

    @property
    def running(self) -> bool:
        """Is the thread there?"""
        return self._thread is not None and self._thread.is_alive()

    @property
    def session(self) -> Session | None:
        """What it works on, once it has begun."""
        return self._session

    def start(self, config: Config | None = None, *, discovering: bool = False) -> None:
        """Start the thread, unless it runs or was switched off.

        Args:
            config: settings; gathered from here when left out. New ones end what went before.
            discovering: look for targets among the imported modules, too.
        """
        with self._lock:
            if config is not None or (discovering and not self._discovering):
                self._end()
                session, self._session = self._session, None
                if session is not None:
                    session.close()
                self._config = config or self._config
                self._discovering = self._discovering or discovering
            if self._off or self.running:
                return
            self.hook()
            self._begin()

    def stop(self) -> None:
        """Write down what waits and end the thread; `start` begins anew."""
        with self._lock:
            self._end()
            session, self._session = self._session, None
        if session is not None:
            session.close()

    def _begin(self) -> None:
        self._stop = threading.Event()
        thread = threading.Thread(target=self._run, name="codegenesis", daemon=True)
        try:
            thread.start()
        except RuntimeError as error:  # as many threads as allowed, or the interpreter ends
            self._switch_off(str(error))
        else:
            self._thread = thread

    def _end(self) -> None:
        self._stop.set()
        if self._session is not None:
            self._session.wake()
        thread, self._thread = self._thread, None
        if thread is not None and thread is not threading.current_thread():
            thread.join(_JOIN_S)
            self._leaving = thread if thread.is_alive() else None

    def hook(self) -> None:
        """Be told of forks and of the end of the process, from now on."""
        if not self._hooked:
            self._hooked = True
            atexit.register(self._at_exit)
            self._hook_forks()

    def _hook_after_store(self) -> None:
        """Hooks run last registered first, and our thread must end before the store lets go."""
        if not self._hooked_after_store:
            self._hooked_after_store = True
            self._hook_forks()

    def _hook_forks(self) -> None:
        os.register_at_fork(
            before=self._before_fork,
            after_in_parent=self._after_fork,
            after_in_child=self._after_fork_in_child,
        )

    # --- the thread ------------------------------------------------------------------------------

    def _run(self) -> None:
        stop, wait, leaving = self._stop, _FIRST_S, self._leaving
        try:
            if leaving is not None:
                leaving.join()  # one thread to a session
            session = self._begun()
            while not session.rest(stop, wait):
                wait = self._round(session, wait)
        except CodeGenesisError as error:
            self._switch_off(f"{error}. {error.remedy}")
        except BaseException as error:  # noqa: BLE001 - boundary: even what ends threads
            self._switch_off(f"{type(error).__name__}: {error}")

    def _begun(self) -> Session:
        if self._session is None:
            from codegenesis.config import load
            from codegenesis.runtime.mail import Mail
            from codegenesis.runtime.session import Session

            self._config = self._config or load()
            self._mail = self._mail or Mail()
            self._session = Session(
                self._config,
                registry=self._registry,
                mail=self._mail,
                discovering=self._discovering,
                on_store=self._hook_after_store,
            )
        return self._session

    def _round(self, session: Session, wait: float) -> float:
        """One visit; the seconds to sleep after it."""
        try:
            session.visit()
        except StoreVersionError:
            raise
        except StoreError as error:
            session.retreat()
            self._say(f"{error}. {error.remedy}")
            return min(max(wait, session.config.poll_s) * 2, _LONGEST_S)
        return session.pause_s()

    def _say(self, trouble: str) -> None:
        if trouble not in self._told and len(self._told) < _SAID:
            self._told.add(trouble)
            log.warning("nothing is observed or evolved for now: %s", trouble)

    def _switch_off(self, why: str) -> None:
        """Clear the way first, for words may need the memory that there is not."""
        self._off = True
        for gene in self._registry:
            gene.uncover()
        with contextlib.suppress(Exception):  # boundary: the application's handlers
            log.warning("the agent is switched off, the application serves on: %s", why)
        self._close()

    def _close(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            with contextlib.suppress(Exception):  # boundary: the store may be what failed
                session.close()

    # --- ends and forks --------------------------------------------------------------------------

    def _at_exit(self) -> None:
        self._end()
        self._close()

    def _before_fork(self) -> None:
        if self.running:
            self._paused = True
            self._end()

    def _after_fork(self) -> None:
        if self._paused:
            self._paused = False
            self._begin()

    def _after_fork_in_child(self) -> None:
        if self._pid == os.getpid():
            return  # this hook may be registered twice
        self._pid = os.getpid()
        self._lock = threading.Lock()
        self._session = None
        if self._mail is not None:
            self._mail.clear()
        self._registry.after_fork()
        self._after_fork()


agent = Agent(registry)
