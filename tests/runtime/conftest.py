"""A module of its own for each test, a store with keys, and releases signed by the real ledger."""

from __future__ import annotations

import importlib.util
import itertools
import sys
import textwrap
import time
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from codegenesis.config import Config, load
from codegenesis.ledger.book import Ledger
from codegenesis.ledger.keys import KeyRing
from codegenesis.model import Ack, Observation, Release, Stage, Variant
from codegenesis.runtime.capture import Capture, Ring
from codegenesis.runtime.live import LiveGene
from codegenesis.runtime.mail import Mail
from codegenesis.runtime.redaction import Redactor
from codegenesis.runtime.registry import Registry
from codegenesis.runtime.session import Session
from codegenesis.store import Store

sys.path.append(str(Path(__file__).parent))
from launched_app import App
from other_pythons import VERSIONS, Python

_numbers = itertools.count()

Import = Callable[..., types.ModuleType]


@pytest.fixture
def imported(tmp_path: Path) -> Iterator[Import]:
    """Writes source to a file and imports it under a name of its own."""
    names: list[str] = []

    def import_(source: str, name: str = "") -> types.ModuleType:
        name = name or f"shop_{next(_numbers)}"
        path = tmp_path / f"{name}.py"
        path.write_text(textwrap.dedent(source))
        spec = importlib.util.spec_from_file_location(name, path)
        assert spec
        assert spec.loader
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        names.append(name)
        spec.loader.exec_module(module)
        return module

    yield import_
    for name in names:
        sys.modules.pop(name, None)


@pytest.fixture(scope="session", params=VERSIONS)
def each_python(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Python:
    """Runs scripts on one version of Python after the other; skips those that are not here."""
    return Python(request.param, tmp_path_factory.mktemp("site"))


class Purse:
    """Counts what watching cost."""

    def __init__(self) -> None:
        self.spent_ns = 0

    def spend(self, cpu_ns: int) -> None:
        self.spent_ns += cpu_ns


@pytest.fixture
def purse() -> Purse:
    return Purse()


@pytest.fixture
def capture() -> Capture:
    return make_capture()


@pytest.fixture
def new_capture() -> Callable[..., Capture]:
    """Makes captures with settings."""
    return make_capture


def make_capture(mode: str = "plain", redact: tuple[str, ...] = ()) -> Capture:
    return Capture(mode=mode, sensitive=Redactor(redact).sensitive, key=b"k" * 32, ring=Ring())


class House:
    """A store with keys, one session of an agent on it, and releases for its genes."""

    def __init__(self, directory: Path, **settings: object) -> None:
        overrides = {"service": "shop", "directory": str(directory), **settings}
        self.config: Config = load(overrides=overrides, environ={}, start=directory.parent)
        self.keys = KeyRing(directory / "keys").ensure()
        self.store = Store.open(self.config.database)
        self.ledger = Ledger(self.store, self.keys)
        self.registry = Registry()
        self.mail = Mail()
        self.session = self.new_session()
        self._ids = itertools.count()

    def new_session(self, *, discovering: bool = False) -> Session:
        return Session(self.config, registry=self.registry, mail=self.mail, discovering=discovering)

    def add(self, function: Any, *, owner: type | None = None) -> LiveGene:
        return self.registry.add(function, owner=owner)

    def variant(self, gene: LiveGene, source: str) -> Variant:
        variant = Variant(
            gene=f"shop/{gene.target}",
            base=gene.base,
            source=textwrap.dedent(source),
            operator="test",
        )
        self.store.put_variant(variant)
        return variant

    def release(
        self,
        gene: LiveGene,
        source: str | Variant,
        *,
        stage: Stage = "live",
        weight: float = 0.5,
        pure: bool = False,
        ttl_s: float = 1000.0,
        signed: bool = True,
    ) -> Release:
        """Put a release into the store, decided on in its very stage."""
        variant = source if isinstance(source, Variant) else self.variant(gene, source)
        now_ns = time.time_ns()
        release = Release(
            id=f"release{next(self._ids)}",
            gene=variant.gene,
            variant=variant.id,
            base=variant.base,
            stage=stage,
            weight=weight if stage == "canary" else 0.0,
            pure=pure,
            created_ns=now_ns,
            updated_ns=now_ns,
            expires_ns=now_ns + int(ttl_s * 1e9),
        )
        decision = self.decide(release, variant, stage, release.weight) if signed else ""
        release = _with(release, decision=decision)
        self.store.put_release(release)
        return release

    def decide(self, release: Release, variant: Variant, stage: Stage, weight: float) -> str:
        return self.ledger.decide(
            release, variant, stage=stage, weight=weight, policy_digest="p", reason="test"
        )

    def move(self, release: Release, stage: Stage, *, weight: float = 0.0) -> Release:
        variant = self.store.variant(release.variant)
        assert variant
        decision = ""
        if stage in ("shadow", "canary", "live"):
            decision = self.decide(release, variant, stage, weight)
        moved = self.store.move_release(
            release.id,
            expect=(release.stage,),
            stage=stage,
            weight=weight,
            decision=decision,
            at_ns=time.time_ns(),
        )
        assert moved
        return moved

    def visit(self, times: int = 1) -> None:
        for _ in range(times):
            self.session.visit()

    def acks(self, release: Release) -> list[Ack]:
        return self.store.acks(release.id)

    def outcomes(self, release: Release) -> list[str]:
        return [ack.outcome for ack in self.acks(release)]

    def observations(self, gene: LiveGene) -> list[Observation]:
        return self.store.observations(f"shop/{gene.target}")

    def close(self) -> None:
        self.session.close()
        self.store.close()


def _with(release: Release, **changes: Any) -> Release:
    fields = {name: getattr(release, name) for name in release.__struct_fields__}
    return Release(**{**fields, **changes})


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path / ".codegenesis")
    yield made
    made.close()


@pytest.fixture
def open_house(tmp_path: Path) -> Iterator[Callable[..., House]]:
    """A house with settings."""
    made: list[House] = []

    def build(**settings: object) -> House:
        made.append(House(tmp_path / ".codegenesis", **settings))
        return made[-1]

    yield build
    for each in made:
        each.close()


@pytest.fixture
def app(house: House, tmp_path: Path, until: Callable[..., None]) -> Iterator[App]:
    """A program launched as `codegenesis run` does, with the house's store."""
    (tmp_path / "app").mkdir()
    made = App(house, tmp_path / "app", until)
    yield made
    made.end()


@pytest.fixture
def until() -> Callable[..., None]:
    """Polls until something has come about, or fails the test."""
    return _until


def _until(condition: Callable[[], object], *, what: str, seconds: float = 20.0) -> None:
    """Poll until something has come about."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"{what} did not come about"
        time.sleep(0.01)
