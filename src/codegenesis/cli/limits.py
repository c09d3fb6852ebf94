"""`--limit cpu=2s,memory=512MiB`: limits of the sandbox, as people write them."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable

from codegenesis.errors import UsageError
from codegenesis.sandbox import Limits

_SECONDS = {"": 1.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "m": 60.0, "min": 60.0}
_BYTES = {
    "": 1, "B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30,
    "kB": 1000, "KB": 1000, "MB": 1000**2, "GB": 1000**3,
}  # fmt: skip
_UNITS: dict[str, dict[str, float]] = {
    "cpu": _SECONDS,
    "wall": _SECONDS,
    "import": _SECONDS,
    "memory": {**_BYTES},
    "output": {**_BYTES},
}
_VALUE = re.compile(r"(\d+(?:\.\d*)?)\s*([A-Za-zµ]*)")
#: An import needs this much whatever a call may use.
_IMPORT_BYTES = 256 << 20


def parse_limits(texts: Iterable[str]) -> Limits:
    """Limits from `NAME=VALUE,…`; a later one wins.

    Raises:
        UsageError: an unknown name or unit, or no positive number.
    """
    found: dict[str, float] = {}
    for part in (part.strip() for text in texts for part in text.split(",")):
        name, _, value = part.partition("=")
        if name not in _UNITS:
            raise UsageError(
                f"expected a limit NAME=VALUE, got {part!r}",
                remedy=f"The names are {', '.join(_UNITS)}; for example --limit cpu=2s,memory=1GiB",
            )
        found[name] = _parsed(part, value, _UNITS[name])
    return _limits(found)


def _parsed(part: str, value: str, units: dict[str, float]) -> float:
    match = _VALUE.fullmatch(value.strip())
    number = float(match[1]) * units.get(match[2], math.nan) if match else math.nan
    if not 0 < number < math.inf:
        raise UsageError(
            f"expected a positive number with a unit, got {part!r}",
            remedy=f"The units are {', '.join(filter(None, units))}.",
        )
    return number


def _limits(found: dict[str, float]) -> Limits:
    usual = Limits()
    memory = int(found.get("memory", usual.real_bytes))
    import_s = found.get("import", usual.import_s)
    return Limits(
        cpu_s=found.get("cpu", usual.cpu_s),
        wall_s=found.get("wall", usual.wall_s),
        memory_bytes=2 * memory,  # address space; what is really there is looked at
        real_bytes=memory,
        output_bytes=int(found.get("output", usual.output_bytes)),
        import_s=import_s,
        import_cpu_s=import_s,
        import_bytes=max(memory, _IMPORT_BYTES),
    )
