"""How a live function is described to the rest of the house: as a `Gene`."""

from __future__ import annotations

import sys
import time
from importlib.machinery import ModuleSpec
from pathlib import Path

from codegenesis.errors import FragmentError
from codegenesis.fragment import LOCALS, Definition, find
from codegenesis.model import Gene, GeneKind
from codegenesis.runtime.discover import Found
from codegenesis.runtime.live import LiveGene


def gene_of(live: LiveGene, *, service: str) -> Gene:
    """The record of a gene whose source is known.

    Raises:
        FragmentError: its source is not known.
    """
    path = Path(live.path).absolute()
    return Gene(
        service=service,
        module=live.module,
        qualname=live.qualname,
        kind=_kind(live.qualname),
        path=str(path),
        root=str(root_of(live.module, path)),
        line=live.definition.line,
        source=live.definition.source,
        free=live.free,
        decorated=live.definition.decorated,
        noted_at_ns=time.time_ns(),
    )


def refused(found: Found | LiveGene, reason: str, *, service: str) -> Gene:
    """The record of what is not evolved, so that the map can say why."""
    path = Path(found.path).absolute()
    source, line, decorated = _looked_up(path, found.qualname)
    return Gene(
        service=service,
        module=found.module,
        qualname=found.qualname,
        kind=_kind(found.qualname),
        path=str(path),
        root=str(root_of(found.module, path)),
        line=line,
        source=source,
        decorated=decorated,
        refused=reason,
        noted_at_ns=time.time_ns(),
    )


def root_of(module: str, path: Path) -> Path:
    """The directory to put on `sys.path` so that `module`, defined in `path`, imports."""
    if module == "__main__":
        spec = getattr(sys.modules.get("__main__"), "__spec__", None)  # set by `python -m`
        module = spec.name if isinstance(spec, ModuleSpec) else path.stem
    parts = module.split(".")
    if path.stem == "__init__":
        parts.append("__init__")
    inside = Path(*parts).with_suffix(path.suffix)
    if path.parts[-len(parts) :] == inside.parts:
        return Path(*path.parts[: -len(parts)])
    return path.parent


def _kind(qualname: str) -> GeneKind:
    return "method" if "." in qualname.rpartition(LOCALS)[2] else "function"


def _looked_up(path: Path, qualname: str) -> Definition:
    try:
        return find(path.read_text(encoding="utf-8"), qualname)
    except (FragmentError, OSError, UnicodeDecodeError):
        return Definition("", 0)
