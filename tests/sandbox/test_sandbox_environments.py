"""What stands around a target: hooks, artifacts, data files, compiled modules, interpreters."""

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
from jail_bench import call, write_project

import codegenesis
from codegenesis import wire
from codegenesis.errors import SandboxImportError
from codegenesis.model import Gene
from codegenesis.sandbox import Environment, Sandbox

_OURS = str(Path(codegenesis.__file__).parents[1])

CONNECTS = """
import socket
import sqlite3

LINE = socket.create_connection(("127.0.0.1", 9), 1)
TABLE = sqlite3.connect("/var/lib/shop/app.db")


def probe(x=None):
    return [type(LINE).__name__, x]
"""
HOOKS = """
import socket
import sqlite3


class Silence:
    pass


def prepare():
    socket.create_connection = lambda *_: Silence()
    sqlite3.connect = lambda *_: Silence()


class Sets:
    def up():
        prepare()


def broken():
    raise KeyError("no such table")


WORD = "not a function"
"""


def answer(environment, *args, qualname="probe"):
    with Sandbox(environment) as sandbox, sandbox.candidate(qualname, None) as candidate:
        outcome = candidate.call(call(*args))
    assert outcome.kind == "returned", outcome
    return wire.decode(outcome.value)


@pytest.fixture
def connecting(tmp_path):
    return write_project(tmp_path, {"cg_connects.py": CONNECTS, "cg_hooks.py": HOOKS})


def test_a_module_that_connects_when_imported_names_the_hook_that_helps(connecting):
    with pytest.raises(SandboxImportError, match="PermissionError") as caught:
        Sandbox(Environment(root=str(connecting), module="cg_connects"))
    assert "sandbox_setup" in caught.value.remedy


@pytest.mark.parametrize("hook", ["cg_hooks:prepare", "cg_hooks:Sets.up"])
def test_a_hook_that_patches_the_effects_lets_it_be_imported(connecting, hook):
    environment = Environment(root=str(connecting), module="cg_connects", setup=hook)
    assert answer(environment, 3) == ["Silence", 3]


@pytest.mark.parametrize(
    ("hook", "words"),
    [
        ("cg_hooks:broken", "KeyError: 'no such table'"),
        ("cg_hooks:missing", "has no attribute 'missing'"),
        ("cg_hooks:WORD", "not callable"),
        ("cg_hooks", "no attribute"),
        ("cg_nowhere:prepare", "No module named 'cg_nowhere'"),
    ],
)
def test_a_hook_that_does_not_work_says_why(connecting, hook, words):
    with pytest.raises(SandboxImportError, match="sandbox_setup") as caught:
        Sandbox(Environment(root=str(connecting), module="cg_connects", setup=hook))
    assert words in str(caught.value)
    assert "module:function" in caught.value.remedy


def test_modules_to_preload_come_before_the_target(tmp_path):
    write_project(
        tmp_path,
        {
            "cg_early.py": "import sys\nLATE = 'cg_preloads' not in sys.modules\n",
            "cg_preloads.py": "import sys\nTHERE = 'cg_early' in sys.modules\n"
            "def probe():\n    return [THERE, sys.modules['cg_early'].LATE]\n",
        },
    )
    environment = Environment(root=str(tmp_path), module="cg_preloads", preload=("cg_early",))
    assert answer(environment) == [True, True]
    with pytest.raises(SandboxImportError, match="cg_absent cannot be imported") as caught:
        Sandbox(Environment(root=str(tmp_path), module="cg_preloads", preload=("cg_absent",)))
    assert "install" in caught.value.remedy


READS = """
from pathlib import Path


def probe(path):
    try:
        Path(path, "new").write_bytes(b"x")
    except OSError as error:
        return [Path(path, "later.bin").read_bytes(), type(error).__name__]
"""
PASSES_THEM_ON = """
import sys
import types

native = types.ModuleType("codegenesis.native")
native.use = lambda directory: setattr(native, "used", directory)
sys.modules["codegenesis.native"] = native
"""


def test_artifacts_are_seen_when_they_come_later_and_cannot_be_changed(tmp_path):
    write_project(tmp_path, {"cg_reads.py": READS, "cg_native.py": PASSES_THEM_ON})
    artifacts = tmp_path / ".codegenesis" / "artifacts"  # in a directory that is hidden
    artifacts.mkdir(parents=True)
    (artifacts.parent / "store.db").write_text("hidden")
    environment = Environment(
        root=str(tmp_path), module="cg_reads", preload=("cg_native",), artifacts=str(artifacts)
    )
    with Sandbox(environment) as sandbox, sandbox.candidate("probe", None) as candidate:
        (artifacts / "later.bin").write_bytes(b"compiled")
        seen = candidate.call(call(str(artifacts)))
        hidden = candidate.call(call(str(artifacts.parent)))
    assert wire.decode(seen.value) == [b"compiled", "OSError"]
    assert hidden.kind == "raised"
    assert not (artifacts / "new").exists()


def test_artifacts_that_are_not_there_are_named(tmp_path):
    write_project(tmp_path, {"cg_reads.py": READS})
    missing = str(tmp_path / "missing")
    with pytest.raises(SandboxImportError, match="expected a directory of artifacts"):
        Sandbox(Environment(root=str(tmp_path), module="cg_reads", artifacts=missing))


def test_the_environment_of_a_gene_takes_all_of_it():
    gene = Gene(
        service="s", module="shop.cart", qualname="total", kind="function", path="/p/shop/cart.py",
        root="/p", line=1, source="def total(): pass",
    )  # fmt: skip
    made = Environment.for_gene(gene, setup="a:b", preload=("numba",), artifacts="/p/artifacts")
    assert (made.root, made.module, made.path) == ("/p", "shop.cart", "/p/shop/cart.py")
    assert (made.setup, made.preload, made.artifacts) == ("a:b", ("numba",), "/p/artifacts")


def test_a_project_reads_the_data_beside_its_code(tmp_path):
    write_project(
        tmp_path,
        {
            "cg_rates/__init__.py": "",
            "cg_rates/rates.json": '{"EUR": 1.5}',
            "cg_rates/lookup.py": "import json\nfrom pathlib import Path\n"
            "from importlib.resources import files\n"
            "RATES = json.loads(Path(__file__).with_name('rates.json').read_text())\n"
            "def probe(name):\n"
            "    later = json.loads((files('cg_rates') / 'rates.json').read_text())\n"
            "    with open('rules.txt') as rules:\n"
            "        return [RATES[name], later[name], rules.read()]\n",
            "rules.txt": "round down",
        },
    )
    environment = Environment(root=str(tmp_path), module="cg_rates.lookup")
    assert answer(environment, "EUR") == [1.5, 1.5, "round down"]


COMPILED = """
import msgspec
import numpy as np
import pydantic


class Line(pydantic.BaseModel):
    price: float


def probe(n):
    square = np.arange(float(n * n)).reshape(n, n)
    return [float((square @ square).trace()), Line(price="2.5").price, len(msgspec.json.encode(n))]
"""


def test_compiled_modules_work_inside(tmp_path):
    """400 x 400 is beyond where a threaded matrix product would wait for its lost threads."""
    pytest.importorskip("numpy")
    pytest.importorskip("pydantic")
    write_project(tmp_path, {"cg_compiled.py": COMPILED})
    n = 400
    trace = float(sum((i * n + j) * (j * n + i) for i in range(n) for j in range(n)))
    found = answer(Environment(root=str(tmp_path), module="cg_compiled"), n)
    assert found == [trace, 2.5, 3]


# --- interpreters ---------------------------------------------------------------------------------

WHERE = """
import sys

import only_here


def probe():
    return [sys.prefix, sys.version_info[:2], only_here.WORD]
"""


@pytest.fixture
def project(tmp_path):
    return write_project(tmp_path / "project", {"cg_where.py": WHERE})


def asks(python, project):
    environment = Environment(root=str(project), module="cg_where", python=str(python))
    return answer(environment)


def _virtual(directory: Path, python: str, *options: str) -> Path:
    subprocess.run([python, "-m", "venv", "--without-pip", *options, directory], check=True)
    return directory / "bin" / "python"


def _add(python: Path, *places: str) -> None:
    """Install by path file, as an editable install does, and one module that is nowhere else."""
    asked = [str(python), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]
    site = Path(subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip())
    (site / "cg_editable.pth").write_text("\n".join(places))
    (site / "only_here.py").write_text("WORD = 'installed'\n")


@pytest.mark.parametrize("options", [(), ("--system-site-packages",)], ids=["own", "system"])
def test_a_virtual_environment_works(tmp_path, project, options):
    python = _virtual(tmp_path / "venv", sys.executable, *options)
    _add(python, _OURS, _copy_of_msgspec(tmp_path))
    assert asks(python, project) == [str(tmp_path / "venv"), sys.version_info[:2], "installed"]


def test_a_virtual_environment_of_the_system_python_works(tmp_path, project):
    system = "/usr/bin/python3.11"
    if not os.access(system, os.X_OK) or sys.version_info[:2] != (3, 11):
        pytest.skip("there is no system Python of the version that runs these tests")
    (tmp_path / "venv" / "bin").mkdir(parents=True)  # as `venv` makes it; Debian ships it apart
    python = tmp_path / "venv" / "bin" / "python"
    python.symlink_to(system)
    (tmp_path / "venv" / "pyvenv.cfg").write_text(f"home = {Path(system).parent}\n")
    (tmp_path / "venv" / "lib" / "python3.11" / "site-packages").mkdir(parents=True)
    _add(python, _OURS, _copy_of_msgspec(tmp_path))
    assert asks(python, project) == [str(tmp_path / "venv"), (3, 11), "installed"]


def test_the_system_python_itself_works(tmp_path, project):
    system = "/usr/bin/python3.11"
    if not os.access(system, os.X_OK) or sys.version_info[:2] != (3, 11):
        pytest.skip("there is no system Python of the version that runs these tests")
    (project / "only_here.py").write_text("WORD = 'installed'\n")
    python = _with_path(tmp_path, system, _OURS, _copy_of_msgspec(tmp_path))
    prefix, version, word = asks(python, project)
    assert (prefix, version, word) == ("/usr", (3, 11), "installed")


@pytest.mark.parametrize("version", ["3.12.1", "3.13.0"])
def test_an_interpreter_of_pyenv_works(tmp_path, project, version):
    python = Path.home() / ".pyenv" / "versions" / version / "bin" / "python"
    if not python.exists():
        pytest.skip(f"there is no {python}")
    site = _msgspec_for(version, tmp_path / "site")
    (project / "only_here.py").write_text("WORD = 'installed'\n")
    prefix, found, word = asks(_with_path(tmp_path, str(python), _OURS, site), project)
    assert (prefix, found, word) == (
        str(python.parents[1]), tuple(map(int, version.split(".")[:2])), "installed"
    )  # fmt: skip


def _with_path(directory: Path, python: str, *places: str) -> Path:
    """The interpreter with a search path, as a shell with PYTHONPATH would start it."""
    starter = directory / "python"
    starter.write_text(f'#!/bin/sh\nPYTHONPATH={":".join(places)} exec {python} "$@"\n')
    starter.chmod(0o755)
    return starter


def _copy_of_msgspec(directory: Path) -> str:
    """All that CodeGenesis needs in the jail beside itself, and nothing else that we have here."""
    copy = directory / "needed"
    shutil.copytree(Path(sysconfig.get_path("platlib"), "msgspec"), copy / "msgspec")
    return str(copy)


def _msgspec_for(version: str, site: Path) -> str:
    """From the cache of an earlier install: tests reach for no network."""
    uv = shutil.which("uv")
    if uv is None:
        pytest.skip("there is no uv to install msgspec for another version with")
    command = [uv, "pip", "install", "--offline", "--no-deps", "--python-version", version]
    done = subprocess.run(
        [*command, "--target", str(site), "msgspec"], capture_output=True, text=True, check=False
    )
    if done.returncode:
        pytest.skip(f"msgspec for {version} is not in the cache of uv: {done.stderr.strip()[:200]}")
    return str(site)
