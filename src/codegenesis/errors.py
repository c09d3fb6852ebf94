"""One tree of errors, so that a caller can catch as little or as much as it means to.

    CodeGenesisError                 exit 1
    ├── UsageError                   exit 2   what was asked for does not make sense
    │   ├── ConfigError                       a setting is unknown or has the wrong form
    │   ├── TargetError                       TARGET names nothing that can be found or imported
    │   └── NotEvolvableError                 the function is of a kind that is not evolved
    ├── NoBetterVersionError         exit 3   everything was tried, the original stays
    ├── PolicyRefusedError           exit 4   the owner's policy says no
    ├── VerificationError            exit 5   a signature, a digest or the chain does not hold
    ├── BudgetSpentError             exit 6   time, trials or money ran out
    ├── UnhealthyError               exit 7   a release was rolled back, or the loop is not healthy
    ├── SandboxError                 exit 1   a trial could not be carried out
    │   ├── SandboxUnavailableError  exit 8   this machine cannot isolate code; never run without
    │   └── SandboxImportError       exit 2   the target's module cannot be imported in the jail
    ├── StoreError                   exit 1   the store cannot be read or written
    │   ├── StoreVersionError        exit 2   the store was written by a newer CodeGenesis
    │   └── LeaseLostError           exit 1   another engine has taken this work over
    ├── WireError                    exit 1   a value cannot be encoded, or bytes are not a value
    ├── FragmentError                exit 1   a variant's source does not fit its function
    └── ModelError                   exit 1   a language model gave no answer

Every error carries what happened (`str(error)`) and, in `remedy`, the next step for the person who
reads it. The exit code belongs to the class, so the command line has one place that maps errors.
"""

from __future__ import annotations


class CodeGenesisError(Exception):
    """Base of all errors raised on purpose.

    Args:
        message: what was expected and what came instead.
        remedy: what to do next, as one sentence; empty when there is nothing to do.
    """

    exit_code = 1

    def __init__(self, message: str, *, remedy: str = "") -> None:
        super().__init__(message)
        self.remedy = remedy


class UsageError(CodeGenesisError):
    """What was asked for does not make sense as it stands."""

    exit_code = 2


class ConfigError(UsageError):
    """A setting is unknown, or its value has the wrong form."""


class TargetError(UsageError):
    """TARGET names nothing that can be found or imported."""


class NotEvolvableError(UsageError):
    """The function exists, but is of a kind that is not evolved."""


class NoBetterVersionError(CodeGenesisError):
    """Everything allowed was tried and the original stays."""

    exit_code = 3


class PolicyRefusedError(CodeGenesisError):
    """The owner's policy does not allow it."""

    exit_code = 4


class VerificationError(CodeGenesisError):
    """A signature, a digest or the chain of the ledger does not hold."""

    exit_code = 5


class BudgetSpentError(CodeGenesisError):
    """Time, trials or money ran out before an answer."""

    exit_code = 6


class UnhealthyError(CodeGenesisError):
    """A release was rolled back, or the loop is not healthy."""

    exit_code = 7


class SandboxError(CodeGenesisError):
    """A trial could not be carried out."""


class SandboxUnavailableError(SandboxError):
    """This machine cannot isolate code, and code is never run without isolation."""

    exit_code = 8


class SandboxImportError(SandboxError):
    """The target's module cannot be imported inside the jail."""

    exit_code = 2


class StoreError(CodeGenesisError):
    """The store cannot be read or written."""


class StoreVersionError(StoreError):
    """The store was written by a newer CodeGenesis."""

    exit_code = 2


class LeaseLostError(StoreError):
    """Another engine has taken over what this one was working on."""


class WireError(CodeGenesisError):
    """A value cannot be encoded, or bytes are not an encoded value."""


class FragmentError(CodeGenesisError):
    """A variant's source does not fit the function that it is to replace."""


class ModelError(CodeGenesisError):
    """A language model gave no answer: it is not there, refuses, is too slow, or was cancelled."""
