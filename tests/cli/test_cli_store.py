"""Commands on the store: data on stdout, talk on stderr, a JSON document each, documented exits."""

import os
import sqlite3

import pytest

from codegenesis.cli.main import COMMANDS
from codegenesis.store import Store


@pytest.fixture
def store(project):
    """An empty store where the commands look for it."""
    with Store.open(project / ".codegenesis" / "genesis.db") as opened:
        yield opened


@pytest.mark.parametrize("command", ["genome", "status", "verify"])
def test_without_a_store_commands_say_how_to_get_one(run, command):
    done = run(command)
    assert done.code == 1
    assert "codegenesis run" in done.err
    assert done.out == ""


def test_errors_are_a_json_document_too(run):
    done = run("status", "--json")
    assert done.document["error"]["kind"] == "StoreError"
    assert done.document["error"]["remedy"]


@pytest.mark.parametrize("command", ["genome", "status", "verify", "config", "doctor"])
def test_each_command_prints_one_json_document(run, store, command):
    done = run(command, "--json")
    assert done.code == 0, done.err
    assert isinstance(done.document, dict | list)


def test_freeze_and_thaw_work_without_an_engine(run, store):
    assert run("freeze", "--reason", "Friday evening").code == 0
    assert store.frozen() == "Friday evening"
    assert "Friday evening" in run("status").out
    assert run("thaw").code == 0
    assert store.frozen() is None
    assert run("verify").code == 0


def test_a_setting_that_does_not_exist_is_a_usage_error_with_a_suggestion(run, store):
    done = run("status", "--set", "probe_bugdet=0.1")
    assert done.code == 2
    assert "probe_budget" in done.err


def test_config_says_where_each_value_comes_from(run, monkeypatch):
    monkeypatch.setenv("CODEGENESIS_BURST", "7")
    rows = {row["name"]: row for row in run("config", "--json", "--set", "seed=3").document}
    assert rows["burst"]["value"] == 7
    assert rows["burst"]["origin"] == "environment CODEGENESIS_BURST"
    assert rows["seed"]["origin"] == "command line"
    assert rows["poll_s"]["origin"] == "default"


def test_rollback_of_what_runs_its_original_code_is_a_usage_error(run, store):
    done = run("rollback", "guests:repeated")
    assert done.code == 2
    assert "next:" in done.err


def test_a_store_of_a_newer_version_is_left_alone(run, store, project):
    store.close()
    connection = sqlite3.connect(project / ".codegenesis" / "genesis.db")
    with connection:
        connection.execute("INSERT INTO schema_version VALUES (9999, 0)")
    connection.close()
    done = run("status")
    assert done.code == 2
    assert "version 9999" in done.err
    assert "Upgrade CodeGenesis" in done.err


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_directory_is_named(run, project):
    project.chmod(0o500)
    done = run("evolve", "guests:repeated", "--inputs", "calls.jsonl")
    project.chmod(0o700)
    assert done.code == 1
    assert "next:" in done.err


def test_unknown_commands_and_options_are_usage_errors(run):
    assert run("evolv").code == 2
    assert run("status", "--jsn").code == 2


def test_every_command_explains_itself(run):
    for command in COMMANDS:
        done = run(command, "--help")
        assert done.code == 0
        assert len(done.out.splitlines()) > 4
