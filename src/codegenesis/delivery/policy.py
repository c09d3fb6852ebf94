"""Under which terms a release may move: the owner's settings, and the rule that follows."""

from __future__ import annotations

import msgspec

from codegenesis.config import Config
from codegenesis.delivery.sequential import Rule
from codegenesis.model import Champion, Release, Strength, digest

#: Settings that decide what may be released, and how carefully.
TERMS = (
    "autonomy",
    "heal",
    "native",
    "min_strength",
    "objective",
    "float_tolerance",
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


def needs_person(config: Config, champion: Champion) -> str:
    """Why the owner wants to approve this champion before anything happens; empty for go ahead."""
    if config.autonomy == "approve":
        return "the owner approves every change"
    if champion.objective == "heal" and config.heal == "approve":
        return "it changes what happens where the original fails"
    if champion.variant.backend != "python" and config.native != "auto":
        return "it is compiled code"
    return _weak_evidence(config, champion.strength)


def _weak_evidence(config: Config, strength: Strength | None) -> str:
    """Evidence that does not notice wrong versions proves nothing about this one."""
    if not config.min_strength:
        return ""
    if strength is None or not strength.mutants:
        return "how much its evidence would notice was not measured"
    if strength.score >= config.min_strength:
        return ""
    return (
        f"its evidence noticed {strength.killed} of {strength.mutants} wrong versions, "
        f"{config.min_strength:.0%} are asked for"
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
