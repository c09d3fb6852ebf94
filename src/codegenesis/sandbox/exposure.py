"""What the jail may see: the interpreter, its libraries, the project's code, none of its secrets.

Hidden are names that begin with a dot (`.env`, `.git`, `.ssh`, `.codegenesis`, …) and files that
look like keys, credentials or databases. A root that is a home or a temporary directory shows
nothing but what can be imported from it. The list is drawn up when the jail is built, so a
secret that is created later in a directory on view is seen; code never leaves the jail with it.
"""

from __future__ import annotations

import fnmatch
import os
import site
import sys
import sysconfig
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from codegenesis.errors import SandboxImportError
from codegenesis.sandbox.environment import Environment

#: Shared libraries and time zones: where they are, as far as they are.
_SYSTEM = (
    "/lib",
    "/lib32",
    "/lib64",
    "/usr/lib",
    "/usr/lib32",
    "/usr/lib64",
    "/usr/local/lib",
    "/nix/store",
    "/etc/ld.so.cache",
    "/etc/localtime",
    "/usr/share/zoneinfo",
)
_OWN = Path(__file__).parents[1]  # the package, wherever it is installed
_SECRET = (
    "*.pem",
    "*.key",
    "*.p12",
    "*.pfx",
    "*.kdbx",
    "*.db",
    "*.sqlite",
    "*.sqlite3",
    "*.tfstate",
    "credentials*",
    "secret*",
    "id_rsa*",
    "id_ed25519*",
    "id_ecdsa*",
)
_CODE = (".py", ".pyc", ".pyi", ".so")
_MOST_ENTRIES = 100_000


class View(NamedTuple):
    """Absolute paths that are shown, and paths below them that are not."""

    visible: tuple[str, ...]
    hidden: tuple[str, ...]


def view(environment: Environment) -> View:
    """What the jail for this environment shows; asked before anything is locked.

    Raises:
        SandboxImportError: the project is too large to be looked through for secrets.
    """
    libraries = [*_SYSTEM, *_libraries(), str(_OWN)]
    own = environment.path if environment.alone else environment.root
    paths = [own, *(path for path in sys.path if path)]
    libraries += [path for path in paths if _is_library(path)]
    projects = [Path(path) for path in paths if not _is_library(path)]
    shown = [place for root in _places(projects) for place in _shown(root, environment.module)]
    hidden = [str(secret) for place in shown for secret in _secrets(place)]
    given = (*environment.read_only, *filter(None, [environment.artifacts]))
    visible = {str(path) for path in _places(map(Path, (*libraries, *given)))}
    visible.update(map(str, shown))
    return View(tuple(_outermost(visible, hidden)), tuple(hidden))


def view_of(projects: Iterable[Path], libraries: Iterable[Path]) -> View:
    """What a jail that imports nothing itself shows: projects without their secrets, and libraries.

    Raises:
        SandboxImportError: a project is too large to be looked through for secrets.
    """
    shown = [place for root in _places(projects) for place in _shown(root, "")]
    hidden = [str(secret) for place in shown for secret in _secrets(place)]
    visible = {*map(str, shown), *map(str, _places((*libraries, *map(Path, _SYSTEM), _OWN)))}
    return View(tuple(_outermost(visible, hidden)), tuple(hidden))


def _places(paths: Iterable[Path]) -> set[Path]:
    """Those that exist, under the name they were given and under their real one."""
    existing = {path.absolute() for path in paths if path.exists()}
    return existing | {path.resolve() for path in existing}


def _libraries() -> list[str]:
    paths = sysconfig.get_paths()
    standard = [paths[name] for name in ("stdlib", "platstdlib", "purelib", "platlib")]
    return [*standard, str(Path(sys.base_prefix, "lib"))]


def _is_library(path: str) -> bool:
    """Installed code, as opposed to a project that is worked on."""
    prefixes = {sys.prefix, sys.base_prefix, sys.exec_prefix, sys.base_exec_prefix}
    homes = [Path(prefix, lib) for prefix in prefixes for lib in ("lib", "lib64")]
    homes += [*map(Path, _SYSTEM), Path(site.getusersitepackages())]
    return any(Path(path).is_relative_to(home) for home in homes)


def _shown(root: Path, module: str) -> list[Path]:
    if not _is_shared(root):
        return [root]
    wanted = module.partition(".")[0]
    return [entry for entry in root.iterdir() if _importable(entry, wanted)]


def _is_shared(root: Path) -> bool:
    """A directory that holds more than one project: home, temporary files, or above those."""
    common = (os.path.expanduser("~"), tempfile.gettempdir(), "/tmp", "/var/tmp")  # noqa: S108,PTH111
    return any(Path(place).is_relative_to(root) for place in common)


def _importable(entry: Path, wanted: str) -> bool:
    if entry.name.startswith("."):
        return False
    if entry.is_dir():
        return entry.name == wanted or (entry / "__init__.py").exists()
    return entry.suffix in _CODE


def _secrets(place: Path) -> Iterator[Path]:
    """Below `place`, what to hide; hidden directories and virtual environments are not searched."""
    if not place.is_dir():
        return
    waiting, seen = [place], 0
    while waiting:
        for entry in _entries(waiting.pop()):
            seen += 1
            if seen > _MOST_ENTRIES:
                raise SandboxImportError(
                    f"{place} has more than {_MOST_ENTRIES} files; what is secret among them "
                    "cannot be told",
                    remedy="set the root to the directory that holds the code",
                )
            if _is_secret(entry):
                yield Path(entry.path)
            elif entry.is_dir(follow_symlinks=False) and not _is_environment(entry):
                waiting.append(Path(entry.path))


def _entries(directory: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(directory) as entries:
            return list(entries)
    except PermissionError:  # then the jail cannot read it either
        return []


def _is_secret(entry: os.DirEntry[str]) -> bool:
    name = entry.name.lower()
    if name.startswith("."):
        return True
    if name.endswith(_CODE) or entry.is_dir(follow_symlinks=False):
        return name == "secrets"
    return any(fnmatch.fnmatch(name, pattern) for pattern in _SECRET)


def _is_environment(entry: os.DirEntry[str]) -> bool:
    return Path(entry.path, "pyvenv.cfg").exists() or entry.name == "node_modules"


def _outermost(visible: set[str], hidden: list[str]) -> Iterator[str]:
    """Drop what is inside something shown, unless something hidden lies between the two."""
    concealed = set(hidden)
    for path in visible:
        for parent in Path(path).parents:
            if str(parent) in concealed:
                yield path
                break
            if str(parent) in visible:
                break
        else:
            yield path
