"""What holds for all tests: none reads or leaves anything in the user's data directory, and none
talks to a language model that happens to run here."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from codegenesis.core.models.embedded.process import ServerProcess
    from codegenesis.store.throwaway import Server

#: A .gguf file for tests that need a real model (default: the one that the user has installed).
TEST_MODEL = "CODEGENESIS_TEST_MODEL"


@pytest.fixture(autouse=True, scope="session")
def own_data_directory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A data directory for this run; processes that tests start inherit it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_DATA_HOME", str(tmp_path_factory.mktemp("data")))
        patch.setenv("CODEGENESIS_MODELS", "off")
        yield


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """A real PostgreSQL server for this run: `.fresh()` is the URL of a new database."""
    pytest.importorskip("psycopg", reason="no psycopg: pip install 'codegenesis[postgres]'")
    from codegenesis.store.throwaway import Server, programs

    if programs() is None:
        absent = pytest.fail if os.environ.get("CI") else pytest.skip
        absent("no PostgreSQL server here: apt install postgresql")
    with Server() as server:
        yield server


@pytest.fixture(scope="session")
def local_model() -> Iterator[ServerProcess]:
    """A real small model behind llama.cpp's server: `.url` on loopback, `.name`; no key.

    It takes 2.1 GB of memory and one thread. A test that uses it is marked slow; where CI is set
    the model is installed first (1.1 GB into the user's cache, about a minute).
    """
    if importlib.util.find_spec("xllamacpp") is None:
        pytest.skip("no xllamacpp: pip install 'codegenesis[local-llm]'")
    from codegenesis.core.models.embedded.process import ServerProcess

    server = ServerProcess(_model_file(), name="local", key="", threads=1)
    yield server
    server.close()


def _model_file() -> Path:
    from codegenesis.core.models.embedded import DEFAULT, install, installed
    from codegenesis.errors import ModelError

    if named := os.environ.get(TEST_MODEL):
        return Path(named)
    for there in installed():
        if there.name == DEFAULT:
            return there.path
    try:
        if os.environ.get("CI"):
            return install().path
    except ModelError as error:
        pytest.skip(f"no model: {error}")
    pytest.skip(f"no model: {TEST_MODEL}=FILE.gguf, or `codegenesis models install`")
