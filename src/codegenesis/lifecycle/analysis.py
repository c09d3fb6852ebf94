"""One function, looked at from all sides: what is weak in it, where, and what could help.

Nothing is written, tried or kept: operators are asked what they would change, and what they promise
follows from traits and from what became of such versions before.
"""

from __future__ import annotations

import ast
import difflib
from collections.abc import Sequence

from codegenesis import core, genome
from codegenesis.config import Config
from codegenesis.core.experience import Learner, book, lessons_of
from codegenesis.core.operator import module_source
from codegenesis.core.tuning import Tune, propose_tuning, sites
from codegenesis.errors import SandboxUnavailableError
from codegenesis.genome.lines import Profile, profile
from codegenesis.lifecycle.grounds import lay_grounds
from codegenesis.lifecycle.jails import limits_for, open_sandbox
from codegenesis.model import Gene, Observation, Proposal, Record, Trait
from codegenesis.parsing import syntax_tree
from codegenesis.sandbox import Limits

#: A traced call takes many times what it takes by itself.
_WATCHED = Limits(cpu_s=20.0, wall_s=40.0, setup_s=5.0)


class Remedy(Record, frozen=True, kw_only=True):
    """What one operator could do.

    Attributes:
        hypothesis: why it should help.
        lines: of the function, from 1, that it would change.
        share: of the function's time that is spent there, and where names are read that are given
            or changed there, 0..1; 0 where nothing was watched.
    """

    proposal: Proposal
    hypothesis: str = ""
    lines: tuple[int, ...] = ()
    share: float = 0.0


class Analysis(Record, frozen=True, kw_only=True):
    """What there is to say about one function.

    Attributes:
        weaknesses: sentences, the gravest first.
        remedies: the best predicted gain per second first.
    """

    gene: Gene
    traits: tuple[Trait, ...] = ()
    weaknesses: tuple[str, ...] = ()
    crashes: tuple[genome.Crash, ...] = ()
    profile: Profile = Profile()
    remedies: tuple[Remedy, ...] = ()


def analyse(
    gene: Gene,
    config: Config,
    *,
    observations: Sequence[Observation] = (),
    traits: Sequence[Trait] = (),
) -> Analysis:
    """Look at a function.

    Args:
        observations: calls of it; without any that can be replayed, those that the tests of
            `config` make.
        traits: as they are known; measured on the observations when there are none.

    Raises:
        SandboxImportError: its module cannot be imported in the jail.
        UsageError: a path of tests does not exist.
    """
    seen = _seen(gene, config, tuple(observations))
    known = tuple(traits) or tuple(genome.measure(gene, seen))
    watched = _watched(gene, config, seen)
    return Analysis(
        gene=gene,
        traits=known,
        weaknesses=tuple(genome.weaknesses(gene, known)),
        crashes=tuple(genome.crashes(seen)),
        profile=watched,
        remedies=tuple(_remedies(gene, config, seen, known, watched)),
    )


def _seen(
    gene: Gene, config: Config, observations: tuple[Observation, ...]
) -> tuple[Observation, ...]:
    if gene.refused or not config.tests or any(each.call for each in observations):
        return observations
    with open_sandbox(gene, config, limits=limits_for(observations)) as sandbox:
        return lay_grounds(gene, sandbox, observations, config).observations


def _watched(gene: Gene, config: Config, seen: Sequence[Observation]) -> Profile:
    calls = [each.call for each in seen if each.call is not None]
    if gene.refused:
        return Profile(reason=gene.refused)
    if not calls:
        return Profile(
            reason="there are no calls of it to watch: give --inputs FILE or --tests PATH"
        )
    try:
        with open_sandbox(gene, config, limits=_WATCHED) as sandbox:
            return profile(gene, sandbox, calls)
    except SandboxUnavailableError as error:
        return Profile(reason=f"nothing is run without a sandbox: {error}")


def _remedies(
    gene: Gene,
    config: Config,
    seen: Sequence[Observation],
    traits: Sequence[Trait],
    watched: Profile,
) -> list[Remedy]:
    learner = Learner(lessons_of(book(config.experience)))
    # Whether it is pure is only measured when it is evolved: operators may be hopeful here.
    context = core.context_for(gene, seen, traits=traits, pure=True, deterministic=True)
    shares = {line.number: line.share for line in watched.lines}
    found = []
    for proposal in core.propose(gene, traits, learner=learner):
        written = core.operator(proposal.operator).write(gene, context=context)
        if written:
            lines = _changed(gene.source, written[0].source)
            share = sum(shares.get(line, 0.0) for line in _reached(gene.source, lines))
            hypothesis = written[0].hypothesis
            found.append(Remedy(proposal=proposal, hypothesis=hypothesis, lines=lines, share=share))
    tuning = propose_tuning(gene, traits, module_source=module_source(gene))
    return [*found, _tuning(gene, tuning)] if tuning else found


def _tuning(gene: Gene, proposal: Proposal) -> Remedy:
    places = sites(gene.source, module_source=module_source(gene))
    lines = {gene.source.count("\n", 0, site.start) + 1 for site in places}
    names = ", ".join(site.name for site in places)
    return Remedy(
        proposal=proposal,
        hypothesis=f"{Tune.hypothesis} Could be moved: {names}.",
        lines=tuple(sorted(lines)),
    )


def _reached(source: str, lines: Sequence[int]) -> set[int]:
    """The lines, and those that read what is given a value or changed in them."""
    nodes = [node for node in ast.walk(syntax_tree(source)) if hasattr(node, "lineno")]
    names: set[str] = set()
    for node in nodes:
        match node:
            case ast.Name(id=name, ctx=ast.Store(), lineno=line) if line in lines:
                names.add(name)
            case ast.Attribute(value=ast.Name(id=name), lineno=line) if line in lines:
                names.add(name)
    return {*lines, *(n.lineno for n in nodes if isinstance(n, ast.Name) and n.id in names)}


def _changed(before: str, after: str) -> tuple[int, ...]:
    """Lines of the first text that are not in the second, or next to which it has more."""
    old, new = before.splitlines(), after.splitlines()
    found: set[int] = set()
    for tag, start, end, _, _ in difflib.SequenceMatcher(
        a=old, b=new, autojunk=False
    ).get_opcodes():
        if tag in ("replace", "delete"):
            found |= set(range(start + 1, end + 1))
        elif tag == "insert" and 0 < start < len(old) and not found:
            found.add(start + 1)
    return tuple(sorted(found))
