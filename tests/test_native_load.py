"""Artifacts are loaded by digest: what was signed, for this Python, or not at all."""

import hashlib
import os
import shutil
import subprocess
import sysconfig

import pytest

from codegenesis import native
from codegenesis.errors import FragmentError
from codegenesis.native import artifacts as loading

SOURCE = """
#include <Python.h>
static PyObject *answer(PyObject *self, PyObject *none) { return PyLong_FromLong(ANSWER); }
static PyMethodDef methods[] = {{"answer", answer, METH_NOARGS, 0}, {0}};
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "x", 0, 0, methods};
PyMODINIT_FUNC INIT(void) { return PyModuleDef_Init(&module); }
"""


@pytest.fixture(scope="module")
def compiled(tmp_path_factory):
    """A maker of small extension modules: (bytes, name) that answer a given number."""
    if shutil.which("cc") is None:
        pytest.skip("there is no C compiler")
    home = tmp_path_factory.mktemp("extension")
    (home / "x.c").write_text(SOURCE)

    def make(answer, name=""):
        name = name or f"cg_{answer}_{native.abi()}"
        include = sysconfig.get_paths()["include"]
        command = ["cc", "-shared", "-fPIC", "-O0", f"-I{include}", f"-DANSWER={answer}"]
        command += [f"-DINIT=PyInit_{name}", "x.c", "-o", "x.so"]
        subprocess.run(command, cwd=home, check=True)
        return (home / "x.so").read_bytes(), name

    return make


@pytest.fixture
def shelf(tmp_path, monkeypatch):
    """A directory in use, and a maker that puts data there under its digest."""
    monkeypatch.setattr(loading, "_loaded", {})
    monkeypatch.setattr(loading, "_directory", None)
    native.use(tmp_path)

    def put(data, name=""):
        digest = name or hashlib.sha256(data).hexdigest()
        (tmp_path / f"{digest}.so").write_bytes(data)
        return digest

    return put


def test_what_was_signed_is_loaded_once(compiled, shelf):
    data, name = compiled(42)
    digest = shelf(data)
    module = native.load(digest, name)
    assert module.answer() == 42
    assert native.load(digest, name) is module


def test_two_artifacts_do_not_take_each_others_place(compiled, shelf):
    made = [compiled(number) for number in (1, 2, 3)]
    loaded = [native.load(shelf(data), name) for data, name in made]
    assert [module.answer() for module in loaded] == [1, 2, 3]


def test_another_file_under_the_signed_digest_is_refused(compiled, shelf):
    data, name = compiled(42)
    wanted = hashlib.sha256(data).hexdigest()
    shelf(data + b"\0", wanted)
    with pytest.raises(FragmentError, match="was signed"):
        native.load(wanted, name)


def test_a_file_that_is_exchanged_after_the_check_is_not_what_is_loaded(
    compiled, shelf, monkeypatch, tmp_path
):
    data, name = compiled(42)
    other, _ = compiled(666, name)
    digest, checked = shelf(data), loading._checked

    def exchanged(wanted):
        path = checked(wanted)
        (tmp_path / f"{wanted}.so").write_bytes(other)
        return path

    monkeypatch.setattr(loading, "_checked", exchanged)
    assert native.load(digest, name).answer() == 42


def test_without_memory_files_a_directory_that_can_be_written_is_refused(
    compiled, shelf, monkeypatch
):
    def refuse(*_):
        raise OSError

    data, name = compiled(42)
    monkeypatch.setattr(os, "memfd_create", refuse)
    with pytest.raises(FragmentError, match="kept from changing"):
        native.load(shelf(data), name)


def test_an_artifact_that_is_not_there_is_told_in_words(shelf):
    with pytest.raises(FragmentError, match="cannot be read") as caught:
        native.load("0" * 64, f"cg_x_{native.abi()}")
    assert "artifacts directory" in caught.value.remedy


def test_an_artifact_for_another_python_is_refused_with_words(compiled, shelf):
    data, _ = compiled(42)
    with pytest.raises(FragmentError, match=r"built for cp27_vax, this process is cp3"):
        native.load(shelf(data), "cg_1_cp27_vax")


@pytest.mark.parametrize("digest", ["", "../../etc/passwd", "0" * 63, "G" * 64])
def test_only_digests_name_artifacts(shelf, digest):
    with pytest.raises(FragmentError, match="expected a SHA-256"):
        native.load(digest, f"cg_x_{native.abi()}")


def test_what_is_no_extension_module_is_refused(shelf):
    with pytest.raises(FragmentError, match="cannot be loaded"):
        native.load(shelf(b"not an ELF file"), f"cg_x_{native.abi()}")


def test_a_process_without_a_directory_says_so(shelf, monkeypatch):
    monkeypatch.setattr(loading, "_directory", None)
    with pytest.raises(FragmentError, match="no directory"):
        native.load("0" * 64, f"cg_x_{native.abi()}")
