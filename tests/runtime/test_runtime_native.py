"""A compiled release in a live process: it comes and goes by the same road as any other."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sysconfig
from typing import TYPE_CHECKING, Any

import pytest

from codegenesis import native

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import House, Import

SOURCE = """
#include <Python.h>
static PyObject *twice(PyObject *self, PyObject *x) { return PyNumber_Add(x, x); }
static PyMethodDef methods[] = {{"twice", twice, METH_O, 0}, {0}};
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "x", 0, 0, methods};
PyMODINIT_FUNC INIT(void) { return PyModuleDef_Init(&module); }
"""

FRAGMENT = """
from codegenesis.native import load as _load


def _python_double(x):
    return 2 * x


_native = _load("{digest}", "{module}").twice


def double(x):
    if type(x) is int:
        return _native(x)
    return _python_double(x)
"""


@pytest.fixture
def fragment(tmp_path: Path) -> tuple[str, bytes, str]:
    """A compiled variant of `double`: its fragment, its artifact, the artifact's digest."""
    if shutil.which("cc") is None:
        pytest.skip("there is no C compiler")
    module = f"cg_twice_{native.abi()}"
    (tmp_path / "x.c").write_text(SOURCE)
    include = sysconfig.get_paths()["include"]
    command = ["cc", "-shared", "-fPIC", f"-I{include}", f"-DINIT=PyInit_{module}", "x.c"]
    subprocess.run([*command, "-o", "x.so"], cwd=tmp_path, check=True)
    data = (tmp_path / "x.so").read_bytes()
    digest = hashlib.sha256(data).hexdigest()
    return FRAGMENT.format(digest=digest, module=module), data, digest


def put(house: House, data: bytes, digest: str) -> None:
    shelf = house.store.directory / "artifacts"
    shelf.mkdir()
    (shelf / f"{digest}.so").write_bytes(data)


def test_a_compiled_release_goes_live_and_back(
    house: House, imported: Import, fragment: tuple[str, bytes, str]
) -> None:
    source, data, digest = fragment
    shop: Any = imported("def double(x):\n    return 2 * x\n")
    gene = house.add(shop.double)
    house.visit()
    put(house, data, digest)
    release = house.release(gene, source)
    house.visit()
    assert house.outcomes(release) == ["swapped"]
    assert gene.current.release == release.id
    assert (shop.double(21), shop.double("a")) == (42, "aa")
    house.move(release, "rolled_back")
    house.visit()
    assert gene.current.release == ""
    assert shop.double(21) == 42


def test_a_compiled_release_without_its_artifact_is_refused(
    house: House, imported: Import, fragment: tuple[str, bytes, str]
) -> None:
    source = fragment[0].replace(fragment[2], "0" * 64)
    shop: Any = imported("def double(x):\n    return 2 * x\n")
    gene = house.add(shop.double)
    house.visit()
    release = house.release(gene, source)
    house.visit()
    assert house.outcomes(release) == ["refused"]
    assert gene.current.release == ""
    assert shop.double(21) == 42
    assert "cannot be read" in house.acks(release)[0].detail
