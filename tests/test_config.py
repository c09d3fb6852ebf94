"""Settings: where they come from, in which order, and what is said when they are wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from codegenesis import config
from codegenesis.config import SETTINGS, Config, as_text, load
from codegenesis.errors import ConfigError


def project(folder: Path, text: str) -> Path:
    """A folder with this pyproject.toml; what `load(start=…)` is given."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "pyproject.toml").write_text(text)
    return folder


def test_defaults_hold_where_nothing_is_said(tmp_path: Path) -> None:
    (tmp_path / "shop").mkdir()
    settings = load(environ={}, start=tmp_path / "shop")
    assert settings.capture == "plain"
    assert settings.heal == "approve"
    assert settings.ttl_s == 30 * 24 * 3600
    assert settings.origin("capture") == "default"
    assert settings.service == "shop"
    assert settings.directory == str(tmp_path / "shop" / ".codegenesis")
    assert settings.database == tmp_path / "shop" / ".codegenesis" / "genesis.db"
    assert settings.origins == {}


def test_the_stronger_source_wins_and_says_so(tmp_path: Path) -> None:
    start = project(tmp_path, "[tool.codegenesis]\nburst = 8\nseed = 1\npoll_s = 1\n")
    environ = {"CODEGENESIS_SEED": "2", "CODEGENESIS_POLL_S": "2"}
    settings = load(overrides={"poll_s": 3.0}, environ=environ, start=start)
    assert (settings.burst, settings.seed, settings.poll_s) == (8, 2, 3.0)
    assert settings.origin("burst") == f"{tmp_path}/pyproject.toml [tool.codegenesis]"
    assert settings.origin("seed") == "environment CODEGENESIS_SEED"
    assert settings.origin("poll_s") == "command line"
    assert set(settings.origins) == {"poll_s", "burst", "seed"}


def test_the_nearest_pyproject_counts_and_paths_are_relative_to_it(tmp_path: Path) -> None:
    project(tmp_path, "[tool.codegenesis]\nburst = 2\n")
    near = project(tmp_path / "near", '[tool.codegenesis]\ndirectory = "var/cg"\n')
    (near / "deep" / "er").mkdir(parents=True)
    settings = load(environ={}, start=near / "deep" / "er")
    assert settings.burst == 16
    assert settings.directory == str(near / "var" / "cg")


def test_a_directory_on_the_command_line_is_relative_to_here(tmp_path: Path) -> None:
    project(tmp_path, "")
    (tmp_path / "sub").mkdir()
    settings = load(overrides={"directory": "mine"}, environ={}, start=tmp_path / "sub")
    assert settings.directory == str(tmp_path / "sub" / "mine")
    absolute = load(overrides={"directory": "/var/x"}, environ={}, start=tmp_path)
    assert absolute.directory == "/var/x"


def test_the_service_is_named_after_the_project(tmp_path: Path) -> None:
    start = project(tmp_path, '[project]\nname = "web-shop"\n')
    assert load(environ={}, start=start).service == "web-shop"
    assert load(environ={"CODEGENESIS_SERVICE": "other"}, start=start).service == "other"
    both = project(tmp_path, '[project]\nname = "a"\n[tool.codegenesis]\nservice = "b"\n')
    assert load(environ={}, start=both).service == "b"


@pytest.mark.parametrize(
    ("overrides", "environ", "toml", "place"),
    [
        ({"min_gian": 2}, {}, "", "command line"),
        ({}, {"CODEGENESIS_MIN_GIAN": "2"}, "", "environment CODEGENESIS_MIN_GIAN"),
        ({}, {}, "[tool.codegenesis]\nmin_gian = 2\n", "pyproject.toml [tool.codegenesis]"),
        ({}, {}, "[tool.codegenesis]\nmin-gain = 2\n", "pyproject.toml [tool.codegenesis]"),
    ],
)
def test_an_unknown_setting_is_an_error_with_a_suggestion(
    tmp_path: Path,
    overrides: dict[str, object],
    environ: dict[str, str],
    toml: str,
    place: str,
) -> None:
    start = project(tmp_path, toml)
    with pytest.raises(ConfigError) as caught:
        load(overrides=overrides, environ=environ, start=start)
    assert place in str(caught.value)
    assert "Did you mean 'min_gain'?" in caught.value.remedy


def test_nothing_is_suggested_where_nothing_is_near(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load(overrides={"zzzzzz": 1}, environ={}, start=tmp_path)
    assert "Did you mean" not in caught.value.remedy
    assert "codegenesis config" in caught.value.remedy


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("min_gain", "0.5", "a number of at least 1"),
        ("min_gain", "nan", "a number of at least 1"),
        ("min_gain", float("nan"), "a number of at least 1"),
        ("ttl_s", "inf", "a number above 0"),
        ("budget_s", float("inf"), "a number above 0"),
        ("budget_s", "much", "a number above 0"),
        ("burst", "1.5", "a whole number of at least 1"),
        ("burst", True, "a whole number of at least 1"),
        ("burst", 0, "a whole number of at least 1"),
        ("seed", 2**70, "a whole number of at least 0"),
        ("probe_budget", 1.5, "a number above 0 and at most 1"),
        ("probe_budget", "0", "a number above 0 and at most 1"),
        ("capture", "all", "one of 'plain', 'values', 'sketch', 'off'"),
        ("engine", False, "one of 'auto', 'off'"),
        ("target", 5, "a list of texts"),
        ("target", "[1, 2]", "a list of texts"),
        ("target", "[broken", "a list of texts"),
        ("redact", ("name", "*"), "a list of regular expressions"),
        ("redact", ("(?i)name",), "a list of regular expressions"),
        ("service", "a/b", "a name without slashes and spaces"),
        ("directory", 5, "a text"),
    ],
)
def test_a_value_of_the_wrong_form_says_what_was_expected_and_what_came(
    tmp_path: Path, name: str, value: object, expected: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        load(overrides={name: value}, environ={}, start=tmp_path)
    assert str(caught.value).startswith(f"command line: {name}: expected {expected}")
    assert str(caught.value).endswith(f"got {value!r}")


def test_toml_has_types_of_its_own_so_text_is_not_parsed_there(tmp_path: Path) -> None:
    start = project(tmp_path, '[tool.codegenesis]\nburst = "16"\n')
    with pytest.raises(ConfigError, match="expected a whole number"):
        load(environ={}, start=start)
    start = project(tmp_path, '[tool.codegenesis]\ntarget = "shop.*"\n')
    with pytest.raises(ConfigError, match="expected a list of texts"):
        load(environ={}, start=start)
    start = project(tmp_path, '[tool.codegenesis]\ntarget = ["shop.*"]\nttl_s = 60\n')
    settings = load(environ={}, start=start)
    assert (settings.target, settings.ttl_s) == (("shop.*",), 60.0)


def test_a_wrong_value_is_reported_even_where_a_stronger_source_hides_it(tmp_path: Path) -> None:
    start = project(tmp_path, "[tool.codegenesis]\nburst = 0\n")
    with pytest.raises(ConfigError, match="burst"):
        load(overrides={"burst": 4}, environ={}, start=start)


@pytest.mark.parametrize("text", ["[tool", "\xff not utf-8".encode("latin-1"), "a = \x00"])
def test_a_pyproject_that_is_no_toml_is_named(tmp_path: Path, text: str | bytes) -> None:
    file = tmp_path / "pyproject.toml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ConfigError, match=str(file)):
        load(environ={}, start=tmp_path)


def test_a_tool_entry_that_is_no_table_is_an_error(tmp_path: Path) -> None:
    start = project(tmp_path, "[tool]\ncodegenesis = 3\n")
    with pytest.raises(ConfigError, match=r"expected a table \[tool.codegenesis\], got 3"):
        load(environ={}, start=start)
    assert load(environ={}, start=project(tmp_path, "tool = 3\nproject = []\n")).burst == 16


def test_empty_and_foreign_variables_are_no_settings(tmp_path: Path) -> None:
    environ = {
        "CODEGENESIS_BURST": "",
        "CODEGENESIS_DISABLED": "1",
        "CODEGENESIS_INTERNAL_PARENT": "17",
        "XCODEGENESIS_BURST": "5",
        "PATH": "/bin",
    }
    assert load(environ=environ, start=tmp_path).origins == {}


def test_none_on_the_command_line_means_not_given(tmp_path: Path) -> None:
    assert load(overrides={"burst": None}, environ={}, start=tmp_path).burst == 16


def test_text_of_lists_takes_commas_or_json(tmp_path: Path) -> None:
    environ = {"CODEGENESIS_TARGET": " shop.* , api:quote,", "CODEGENESIS_REDACT": '["a{1,2}"]'}
    settings = load(environ=environ, start=tmp_path)
    assert settings.target == ("shop.*", "api:quote")
    assert settings.redact == ("a{1,2}",)


def test_a_child_process_comes_to_the_same_settings_through_its_environment(
    tmp_path: Path,
) -> None:
    overrides = {
        "service": "shop",
        "target": ("a.*", "b"),
        "redact": (r"\d{2,}", "[x]", " padded "),
        "min_gain": 1.1,
        "seed": 2**63 - 1,
        "directory": "x",
    }
    here = load(overrides=overrides, environ={}, start=tmp_path)
    elsewhere = project(tmp_path / "other", "[tool.codegenesis]\nburst = 3\n")
    there = load(environ=here.environment(), start=elsewhere)
    assert [getattr(there, name) for name in SETTINGS] == [getattr(here, n) for n in SETTINGS]


@pytest.mark.parametrize("value", [(), ("a",), ("[a",), ("a", "b,c"), ("",), ("a ", "b")])
def test_lists_survive_being_written_as_text(tmp_path: Path, value: tuple[str, ...]) -> None:
    settings = load(overrides={"target": as_text(value)}, environ={}, start=tmp_path)
    assert settings.target == value


def test_every_setting_describes_itself_and_has_a_valid_default(tmp_path: Path) -> None:
    settings = load(environ={}, start=tmp_path)
    rows = settings.describe()
    assert tuple(row.name for row in rows) == SETTINGS
    assert all(row.help.endswith(".") and row.origin == "default" for row in rows)
    defaults = {name: getattr(settings, name) for name in SETTINGS}
    again = load(overrides=defaults, environ={}, start=tmp_path)
    assert [getattr(again, name) for name in SETTINGS] == list(defaults.values())


def test_asking_for_the_origin_of_nothing_is_an_error() -> None:
    with pytest.raises(ConfigError, match="burts"):
        Config().origin("burts")


def test_the_process_environment_is_read_by_default(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CODEGENESIS_BURST", "5")
    monkeypatch.chdir(tmp_path)
    assert load().burst == 5
    assert load().origin("seed") == config.DEFAULT
