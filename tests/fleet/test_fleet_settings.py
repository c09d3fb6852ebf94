"""The store as a setting: named once, found by every command, its password never shown."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from codegenesis.cli.main import main
from codegenesis.config import load
from codegenesis.store import Store

SECRET = "postgresql://me:se%40cret@db/shop"


def run(*arguments: str) -> object:
    """The exit code of a command."""
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    return ended.value.code


def test_a_store_that_is_a_path_is_relative_to_where_it_was_written(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.codegenesis]\nstore = "var/shop.db"\n')
    (tmp_path / "sub").mkdir()
    assert load(environ={}, start=tmp_path / "sub").location == str(tmp_path / "var" / "shop.db")
    given = load(overrides={"store": "x.db"}, environ={}, start=tmp_path / "sub")
    assert given.location == str(tmp_path / "sub" / "x.db")


def test_without_it_the_store_is_in_the_directory(tmp_path: Path) -> None:
    settings = load(environ={}, start=tmp_path)
    assert settings.location == str(tmp_path / ".codegenesis" / "genesis.db")


def test_a_url_is_left_as_it_is_and_shown_without_its_password() -> None:
    settings = load(environ={"CODEGENESIS_STORE": SECRET})
    assert settings.location == SECRET
    assert settings.environment()["CODEGENESIS_STORE"] == SECRET
    assert settings.place == "postgresql://me:***@db/shop"
    shown = {row.name: row.value for row in settings.describe()}
    assert shown["store"] == settings.place


def test_a_store_in_another_place_leaves_keys_and_switch_in_the_directory(tmp_path: Path) -> None:
    with Store.open(tmp_path / "a" / "x.db", directory=tmp_path / "b") as store:
        (tmp_path / "b").mkdir()
        store.freeze("now")
        assert store.frozen() == "now"
        assert (tmp_path / "b" / "FREEZE").exists()
        assert store.path == tmp_path / "a" / "x.db"


def test_commands_find_the_store_on_the_server(
    url: str, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CODEGENESIS_STORE", url)
    assert run("freeze", "--reason", "black friday") == 0
    assert store.frozen() == "black friday"
    capsys.readouterr()
    assert run("status", "--json") == 0
    assert json.loads(capsys.readouterr().out)["frozen"] == "black friday"
    assert run("verify") == 0
    assert not (tmp_path / ".codegenesis" / "genesis.db").exists()
