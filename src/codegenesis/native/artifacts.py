"""From a digest to a loaded extension module: what is loaded is what was proven and signed.

The digest is checked on the bytes that the loader maps, not on a path that could change between
the check and `dlopen`: they are copied into a sealed memory file (`memfd_create`), and that is
mapped. Its descriptor stays open for good, because glibc knows libraries by name and would take
the next file at `/proc/self/fd/N` for this one. In the jail there is neither `/proc` nor memfd;
there the directory itself cannot be written, so the plain path serves.

A private copy in a temporary directory was rejected: `/tmp` is often `noexec`, and copies
outlive a process that is killed. Builds are for one version of Python on one kind of machine,
which is the end of their module's name; without the check a process of another version would
crash, not refuse.
"""

from __future__ import annotations

import hashlib
import importlib.machinery
import importlib.util
import os
import platform
import re
import sys
import sysconfig
import threading
from pathlib import Path
from types import ModuleType

from codegenesis.errors import FragmentError

_SEALS = 0x0F  # F_SEAL_SEAL | SHRINK | GROW | WRITE
_F_ADD_SEALS = 1033
_DIGEST = re.compile(r"[0-9a-f]{64}")
_MODULE = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,200}")

_lock = threading.RLock()
_loaded: dict[tuple[str, str], ModuleType] = {}
_directory: Path | None = None


def use(directory: str | Path) -> None:
    """Look for compiled artifacts in `directory` from now on; it need not exist yet."""
    global _directory  # noqa: PLW0603 (one place per process, told once)
    _directory = Path(directory)


def abi() -> str:
    """What a compiled module must have been built for: `cp311_x86_64`, `cp313t_aarch64`."""
    free = "t" if sysconfig.get_config_var("Py_GIL_DISABLED") else ""
    return f"cp{sys.version_info.major}{sys.version_info.minor}{free}_{platform.machine()}"


def load(digest: str, module: str) -> ModuleType:
    """The extension module `module` from `<directory>/<digest>.so`.

    Args:
        digest: hex SHA-256 of the file.
        module: the name that it was built under; it ends with the `abi` it was built for.

    Raises:
        FragmentError: it is absent, was built for another Python, or is not what was signed.
    """
    _require_fit(digest, module)
    with _lock:
        found = _loaded.get((digest, module))
        if found is None:
            found = _loaded[digest, module] = _mapped(module, _checked(digest))
        return found


def _require_fit(digest: str, module: str) -> None:
    if not _DIGEST.fullmatch(digest) or not _MODULE.fullmatch(module):
        raise FragmentError("expected a SHA-256 and the name of a module, came something else")
    if not module.endswith(f"_{abi()}"):
        built = "_".join(module.split("_")[2:]) or module
        raise FragmentError(
            f"the compiled artifact was built for {built}, this process is {abi()}",
            remedy="evolve the function again with the Python that runs it",
        )


def _checked(digest: str) -> str:
    """A path whose bytes have this digest, and keep it."""
    if _directory is None:
        raise FragmentError("no directory of compiled artifacts is set in this process")
    path = _directory / f"{digest}.so"
    try:
        data = path.read_bytes()
    except OSError as error:
        raise FragmentError(
            f"the compiled artifact {path.name} cannot be read: {error.strerror}",
            remedy="copy the artifacts directory along with the store, or evolve again",
        ) from None
    came = hashlib.sha256(data).hexdigest()
    if came != digest:
        raise FragmentError(
            f"the compiled artifact has the digest {came[:12]}…, {digest[:12]}… was signed",
            remedy="it was changed after it was built: find out by whom, then evolve again",
        )
    return _sealed(data, path)


def _sealed(data: bytes, path: Path) -> str:
    """The data as a file that nobody can change any more."""
    try:
        descriptor = os.memfd_create(path.stem[:16], os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    except OSError:
        return _unwritable(path)
    try:
        with os.fdopen(os.dup(descriptor), "wb") as file:
            file.write(data)
        import fcntl

        fcntl.fcntl(descriptor, _F_ADD_SEALS, _SEALS)
        name = f"/proc/self/fd/{descriptor}"
        if not os.path.exists(name):  # noqa: PTH110 (a link that `Path` would resolve)
            raise OSError
    except OSError:
        os.close(descriptor)
        return _unwritable(path)
    return name  # the descriptor stays open for good, see above


def _unwritable(path: Path) -> str:
    """The plain path, where its directory cannot be written: in the jail."""
    if not os.access(path.parent, os.W_OK):
        return str(path)
    raise FragmentError(
        f"{path.name} cannot be kept from changing while it is loaded",
        remedy="mount /proc and allow memfd_create, or take the right to write the directory away",
    )


def _mapped(module: str, path: str) -> ModuleType:
    loader = importlib.machinery.ExtensionFileLoader(module, path)
    spec = importlib.util.spec_from_loader(module, loader)
    try:
        if spec is None:
            raise ImportError(module)
        made = importlib.util.module_from_spec(spec)
        loader.exec_module(made)
    except ImportError as error:
        raise FragmentError(f"the compiled artifact cannot be loaded: {error}") from error
    return made
