"""Under which terms a release may move: the owner's settings, and the rule that follows."""

from __future__ import annotations

import msgspec

from codegenesis.config import Config
from codegenesis.delivery.sequential import Rule
from codegenesis.model import Release, digest

#: Settings that decide what may be released, and how carefully.
TERMS = (
    "autonomy",
    "heal",
    "min_gain",
    "canary_weight",
    "canary_pairs",
    "canary_s",
    "shadow_calls",
    "ttl_s",
)


def policy_digest(config: Config) -> str:
    """Hex SHA-256 of the terms and of the rule: the same for the same terms anywhere."""
    terms = {name: getattr(config, name) for name in TERMS}
    rule = msgspec.to_builtins(_rule(config))
    return digest(msgspec.json.encode({"terms": terms, "rule": rule}, order="deterministic"))


def needs_person(config: Config, release: Release) -> bool:
    """Whether the owner wants to approve this release before anything happens."""
    return config.autonomy == "approve" or (
        release.objective == "heal" and config.heal == "approve"
    )


def rule_for(config: Config, release: Release, *, attempt: int) -> Rule:
    """What the canary of this release must prove.

    Args:
        attempt: the how-manieth release of this gene on this base it is, from 1.
    """
    rule = _rule(config, retried=release.pure)
    return rule.for_attempt(attempt)


def _rule(config: Config, *, retried: bool = False) -> Rule:
    """A quarter of a short canary is enough to tell what a slow call is."""
    pairs = config.canary_pairs
    return Rule(min_pairs=pairs, warm_up=max(1, min(100, pairs // 4)), retried=retried)
