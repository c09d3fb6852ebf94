"""What the jail needs of this machine, and what to do where it is missing: for errors and `doctor`.

The probe builds a real jail around an empty module, because asking for single features (a sysctl, a
kernel version) says yes on machines where a container's own filter says no.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from codegenesis.errors import SandboxUnavailableError
from codegenesis.model import Record
from codegenesis.sandbox import landlock
from codegenesis.sandbox.executor import Tier
from codegenesis.sandbox.syscalls import machine

MACHINES: Final = ("x86_64", "aarch64")


class Step(Record, frozen=True, kw_only=True):
    """A feature of the kernel that the jail is built of.

    Attributes:
        purpose: what it keeps a candidate from.
        remedy: how to get it.
    """

    purpose: str
    remedy: str


class Feature(Record, frozen=True, kw_only=True):
    """Whether this machine has one of the features; None when an earlier one is missing.

    Attributes:
        tier: the lowest tier that needs it.
        detail: which version the kernel has, where that matters.
    """

    name: str
    available: bool | None
    purpose: str
    remedy: str
    tier: Tier = "L2"
    detail: str = ""


#: In the order in which the jail takes them.
STEPS: Final = {
    "platform": Step(
        purpose="Linux on x86_64 or aarch64",
        remedy="run the engine in a Linux container or on a Linux machine",
    ),
    "namespaces": Step(
        purpose="no other process, no network, no host files",
        remedy="allow user namespaces (sysctl user.max_user_namespaces=10000, and where they exist "
        "kernel.unprivileged_userns_clone=1 and kernel.apparmor_restrict_unprivileged_userns=0); "
        "in Docker add --security-opt seccomp=unconfined --security-opt apparmor=unconfined",
    ),
    "mounts": Step(
        purpose="nothing writable, nothing of the host but interpreter and project",
        remedy="use Linux 5.13 or newer; in Docker add --security-opt seccomp=unconfined "
        "--security-opt apparmor=unconfined --security-opt systempaths=unconfined",
    ),
    "landlock": Step(
        purpose="files refused a second time, by another part of the kernel",
        remedy="use Linux 5.13 or newer with landlock among the security modules (lsm= on the "
        "kernel's command line); in Docker add --security-opt seccomp=unconfined",
    ),
    "seccomp": Step(
        purpose="no system calls but those that computing needs",
        remedy="use a kernel with CONFIG_SECCOMP_FILTER",
    ),
    "proc": Step(
        purpose="real memory read from outside",
        remedy="mount /proc without hidepid, or run the engine as a user who sees every process",
    ),
}

#: What tier L2 does without.
ONLY_L3: Final = ("namespaces", "mounts")
TIERS: Final[dict[Tier, str]] = {
    "L3": "namespaces, an empty file tree, Landlock and seccomp",
    "L2": "Landlock and seccomp, no namespaces: names, sizes and dates of files can be seen",
}


class MissingFeatureError(SandboxUnavailableError):
    """One step of building the jail failed.

    Args:
        step: its name in `STEPS`.
        reason: what the kernel said.
    """

    def __init__(self, step: str, reason: str) -> None:
        known = STEPS[step]
        super().__init__(
            f"this machine cannot isolate code: {step} ({known.purpose}): {reason}",
            remedy=known.remedy,
        )
        self.step = step


def require_platform() -> None:
    """Refuse machines for which there is no jail.

    Raises:
        SandboxUnavailableError: not Linux, or an unknown processor.
    """
    if sys.platform != "linux" or machine() not in MACHINES:
        raise MissingFeatureError("platform", f"this is {sys.platform} on {machine()}")


def features() -> list[Feature]:
    """Try to build a jail and tell how far it came; where namespaces fail, without them as well."""
    missing = _first_missing("L3")
    lower = _first_missing("L2") if missing in ONLY_L3 else missing
    found = _order(list(STEPS), missing)
    found |= _order([name for name in STEPS if name not in ONLY_L3], lower)
    return [
        Feature(
            name=name,
            available=found[name],
            purpose=step.purpose,
            remedy=step.remedy,
            tier="L3" if name in ONLY_L3 else "L2",
            detail=_detail(name),
        )
        for name, step in STEPS.items()
    ]


def reached(found: Sequence[Feature]) -> Tier | None:
    """The strongest tier that these features give; None when code cannot be isolated at all."""
    if all(feature.available for feature in found):
        return "L3"
    return "L2" if all(f.available for f in found if f.tier == "L2") else None


def _order(names: Sequence[str], missing: str) -> dict[str, bool | None]:
    """What comes before the missing one is there, of what comes after nothing is known."""
    if not missing:
        return dict.fromkeys(names, True)
    at = names.index(missing)
    return {
        name: True if place < at else False if place == at else None
        for place, name in enumerate(names)
    }


def _detail(name: str) -> str:
    if name != "landlock":
        return ""
    try:
        return f"ABI version {landlock.version()}"
    except OSError:
        return ""


def _first_missing(tier: Tier) -> str:
    from codegenesis.sandbox.environment import Environment
    from codegenesis.sandbox.parent import Sandbox

    with tempfile.TemporaryDirectory() as directory:
        Path(directory, "codegenesis_probe.py").write_text("def probe():\n    return 1\n")
        environment = Environment(root=directory, module="codegenesis_probe")
        try:
            with (
                Sandbox(environment, tier=tier, highest=tier) as sandbox,
                sandbox.candidate("probe", None),
            ):
                return ""
        except MissingFeatureError as error:
            return error.step
