"""One real sandbox around a small target for most tests; `jail_bench` is made importable."""

import sys
from pathlib import Path

import pytest

from codegenesis.errors import SandboxUnavailableError
from codegenesis.sandbox import Environment, Limits, Sandbox

sys.path.insert(0, str(Path(__file__).parent))

from jail_bench import TARGET, Bench, write_project


@pytest.fixture(scope="session", autouse=True)
def _jail_or_skip(tmp_path_factory):
    if sys.platform != "linux":
        pytest.skip("the sandbox needs Linux")
    directory = write_project(tmp_path_factory.mktemp("first"), {"first.py": ""})
    try:
        Sandbox(Environment(root=str(directory), module="first")).close()
    except SandboxUnavailableError as error:
        pytest.skip(f"{error} ({error.remedy})")


@pytest.fixture(scope="session")
def environment(tmp_path_factory):
    directory = write_project(tmp_path_factory.mktemp("project"), {"cg_target.py": TARGET})
    return Environment(
        root=str(directory), module="cg_target", path=str(directory / "cg_target.py")
    )


@pytest.fixture(scope="session")
def sandbox(environment):
    limits = Limits(cpu_s=0.3, wall_s=30.0, output_bytes=1 << 20, memory_bytes=512 << 20)
    with Sandbox(environment, limits=limits) as sandbox:
        yield sandbox


@pytest.fixture
def bench(sandbox):
    return Bench(sandbox)


@pytest.fixture(scope="session")
def lower(environment):
    """A sandbox of tier L2."""
    limits = Limits(cpu_s=0.3, wall_s=30.0, output_bytes=1 << 20, memory_bytes=512 << 20)
    with Sandbox(environment, limits=limits, tier="L2", highest="L2") as sandbox:
        yield sandbox


@pytest.fixture(params=["L3", "L2"])
def each_bench(request):
    """One after the other, at both tiers."""
    return Bench(request.getfixturevalue("sandbox" if request.param == "L3" else "lower"))
