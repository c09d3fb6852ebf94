"""What the jail needs of this machine, and what to do where it is missing: for errors and `doctor`.

The probe builds a real jail around an empty module, because asking for single features (a sysctl, a
kernel version) says yes on machines where a container's own filter says no.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Final

from codegenesis.errors import SandboxUnavailableError
from codegenesis.model import Record
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
    """Whether this machine has one of the features; None when an earlier one is missing."""

    name: str
    available: bool | None
    purpose: str
    remedy: str


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
    """Try to build a jail and tell how far it came."""
    missing = _first_missing()
    found: bool | None = True
    told = []
    for name, step in STEPS.items():
        if name == missing:
            found = False
        told.append(Feature(name=name, available=found, purpose=step.purpose, remedy=step.remedy))
        found = found or None
    return told


def _first_missing() -> str:
    from codegenesis.sandbox.environment import Environment
    from codegenesis.sandbox.parent import Sandbox

    with tempfile.TemporaryDirectory() as directory:
        Path(directory, "codegenesis_probe.py").write_text("def probe():\n    return 1\n")
        try:
            with (
                Sandbox(Environment(root=directory, module="codegenesis_probe")) as sandbox,
                sandbox.candidate("probe", None),
            ):
                return ""
        except MissingFeatureError as error:
            return error.step
