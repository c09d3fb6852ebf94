"""One real sandbox around one small project for all tests; `evidence_bench` is made importable."""

import sys
from pathlib import Path

import pytest

from codegenesis.errors import SandboxUnavailableError
from codegenesis.sandbox import Environment, Limits, Sandbox

sys.path.insert(0, str(Path(__file__).parent))

from evidence_bench import Bench, write_project


@pytest.fixture(scope="session")
def bench(tmp_path_factory):
    directory = write_project(tmp_path_factory.mktemp("evidence"))
    environment = Environment(
        root=str(directory),
        module="cg_evidence_target",
        path=str(directory / "cg_evidence_target.py"),
    )
    try:
        sandbox = Sandbox(environment, limits=Limits(cpu_s=0.5, wall_s=5.0))
    except SandboxUnavailableError as error:
        pytest.skip(f"{error} ({error.remedy})")
    with sandbox:
        yield Bench(directory, sandbox)
