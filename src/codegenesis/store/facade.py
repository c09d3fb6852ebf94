"""`Store`: all that the rooms may ask of the database, in one list.

It is thin on purpose: each method is one transaction around a function of the module that knows
the table. What must survive a power cut once acknowledged (releases, ledger entries, champions,
variants) is written with a sync to disk; observations, samples and the like survive a crash of
the process, and may lose the last moments before a power cut.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Literal

from codegenesis.model import (
    Ack,
    Champion,
    Entry,
    Gene,
    Observation,
    Process,
    Release,
    Sample,
    Stage,
    Trait,
    Trial,
    Variant,
)
from codegenesis.store import (
    entries,
    genome,
    location,
    observations,
    processes,
    releases,
    variants,
)
from codegenesis.store.attempts import Attempts
from codegenesis.store.buckets import Buckets
from codegenesis.store.database import Database
from codegenesis.store.discoveries import Discoveries
from codegenesis.store.events import Events
from codegenesis.store.rewards import Rewards
from codegenesis.store.runs import Runs
from codegenesis.store.upkeep import Upkeep


class Store(Upkeep):
    """Everything the house knows, in one SQLite file or PostgreSQL database; for any thread.

    Open it with `Store.open`. Every method raises `StoreError` with a remedy when the database
    cannot be read or written.
    """

    def __init__(self, database: Database, *, directory: Path) -> None:
        super().__init__(database, directory=directory)
        #: Runs of commands, their steps, and what they did to the working tree.
        self.runs = Runs(database)
        #: Programs of runs of `discover`.
        self.discoveries = Discoveries(database)
        #: What uses of the application were worth.
        self.rewards = Rewards(database)
        #: What applications, their tests and their telemetry told.
        self.events = Events(database)
        #: On what knowledge each gene was last tried.
        self.attempts = Attempts(database)
        #: Calls rolled up by time.
        self.buckets = Buckets(database)

    @classmethod
    def open(
        cls,
        path_or_url: str | Path,
        *,
        create: bool = True,
        read_only: bool = False,
        directory: str | Path | None = None,
    ) -> Store:
        """Open the store, making or migrating it where needed.

        Args:
            path_or_url: a file, `sqlite:///file`, or `postgresql://user@host/database`.
            create: make the file (0600) and its directory (0700) when missing. The database on a
                server must be there; its tables are made.
            read_only: neither create, nor migrate, nor write.
            directory: where keys, freeze switch and anchor of this host are; where the file is
                when left out, `.codegenesis` with a server.

        Raises:
            StoreVersionError: the store was written by a newer CodeGenesis.
            StoreError: it is missing, damaged, out of reach, not writable, or the disk is full.
        """
        backend = location.find(path_or_url, create=create and not read_only, read_only=read_only)
        database = Database(backend, read_only=read_only)
        try:
            database.prepare()
        except BaseException:
            database.close()
            raise
        beside = backend.path.parent if backend.path else Path(".codegenesis")
        return cls(database, directory=Path(directory or beside).absolute())

    # Processes

    def put_process(self, process: Process) -> None:
        """Note that a process exists, or that it is still alive."""
        with self._database.write(durable=False) as connection:
            processes.put(connection, process)

    def processes(
        self, *, role: Literal["app", "engine"] | None = None, seen_since_ns: int = 0
    ) -> list[Process]:
        """Processes last seen at or after `seen_since_ns`, by the time of their start."""
        with self._database.read() as connection:
            return processes.find(connection, role=role, seen_since_ns=seen_since_ns)

    # Genes and what is known of them

    def put_genes(self, genes: Iterable[Gene]) -> None:
        """Describe genes; the latest description of an id wins."""
        batch = list(genes)
        with self._database.write(durable=False) as connection:
            genome.put_genes(connection, batch)

    def gene(self, gene_id: str) -> Gene | None:
        """The gene with this id."""
        with self._database.read() as connection:
            return genome.gene(connection, gene_id)

    def genes(self, *, service: str | None = None) -> list[Gene]:
        """All genes (of a service), by id."""
        with self._database.read() as connection:
            return genome.genes(connection, service=service)

    def find_genes(self, target: str) -> list[Gene]:
        """All genes that `target` may mean: none, one, or several when it is ambiguous.

        Args:
            target: `package.module:qualname`, `path/to/file.py:qualname` (relative to here, or
                the last components of the path) or a bare `qualname`.
        """
        with self._database.read() as connection:
            return genome.find_genes(connection, target)

    def add_observations(self, batch: Iterable[Observation]) -> None:
        """Add sampled calls in one transaction."""
        encoded = observations.to_rows(batch)
        with self._database.write(durable=False) as connection:
            observations.add(connection, encoded)

    def observations(
        self,
        gene_id: str,
        *,
        since_ns: int = 0,
        limit: int | None = None,
        newest: bool = False,
        replayable: bool = False,
    ) -> list[Observation]:
        """Observations of a gene by `at_ns`, oldest first.

        Args:
            newest: the last `limit` of them instead of the first.
            replayable: only those that were recorded with their arguments.
        """
        with self._database.read() as connection:
            return observations.find(
                connection,
                gene_id,
                since_ns=since_ns,
                limit=limit,
                newest=newest,
                replayable=replayable,
            )

    def observation_counts(self) -> dict[str, int]:
        """How many observations are kept, by gene id."""
        with self._database.read() as connection:
            return observations.counts(connection)

    def traces(self, *, since_ns: int = 0) -> dict[str, set[str]]:
        """Traces of the uses in which calls were sampled, by gene id."""
        with self._database.read() as connection:
            return observations.traces(connection, since_ns=since_ns)

    def put_traits(self, traits: Iterable[Trait]) -> None:
        """Keep measured properties; a new measurement takes the place of the old."""
        batch = list(traits)
        with self._database.write(durable=False) as connection:
            genome.put_traits(connection, batch)

    def traits(
        self,
        gene_id: str | None = None,
        *,
        variant: str = "",
        names: Collection[str] | None = None,
    ) -> list[Trait]:
        """Traits of a gene (of all genes when None), or of one of its variants, by name."""
        with self._database.read() as connection:
            return genome.traits(connection, gene_id, variant=variant, names=names)

    # Variants

    def put_variant(self, variant: Variant) -> None:
        """Keep a variant."""
        with self._database.write() as connection:
            variants.put(connection, variant)

    def variant(self, id_or_prefix: str) -> Variant | None:
        """The variant with this id, or the only one whose id begins so.

        Raises:
            TargetError: when several ids begin so.
        """
        with self._database.read() as connection:
            return variants.one(connection, id_or_prefix)

    def variants(self, gene_id: str) -> list[Variant]:
        """Variants of a gene in the order of their arrival."""
        with self._database.read() as connection:
            return variants.of_gene(connection, gene_id)

    def add_trials(self, trials: Iterable[Trial]) -> None:
        """Keep what happened to variants at the gates."""
        batch = list(trials)
        with self._database.write(durable=False) as connection:
            variants.add_trials(connection, batch)

    def trials(self, variant_id: str) -> list[Trial]:
        """Trials of a variant in the order in which they were added."""
        with self._database.read() as connection:
            return variants.trials(connection, variant_id)

    def put_champion(self, champion: Champion) -> None:
        """Keep a champion with its whole evidence, and its variant."""
        with self._database.write() as connection:
            variants.put_champion(connection, champion)

    def champion(self, variant_id: str) -> Champion | None:
        """The champion made of this variant."""
        with self._database.read() as connection:
            return variants.champion(connection, variant_id)

    def champions(self, gene_id: str) -> list[Champion]:
        """Champions of a gene in the order in which they were first selected."""
        with self._database.read() as connection:
            return variants.champions(connection, gene_id)

    # Releases

    def put_release(self, release: Release) -> None:
        """Keep a release; on disk when this returns."""
        with self._database.write(tell=True) as connection:
            releases.put(connection, release)

    def release(self, id_or_prefix: str) -> Release | None:
        """The release with this id, or the only one whose id begins so.

        Raises:
            TargetError: when several ids begin so.
        """
        with self._database.read() as connection:
            return releases.one(connection, id_or_prefix)

    def releases(
        self,
        *,
        service: str | None = None,
        gene: str | None = None,
        stages: Collection[Stage] | None = None,
    ) -> list[Release]:
        """Releases that match all that is given, by `created_ns`."""
        with self._database.read() as connection:
            return releases.find(connection, service=service, gene=gene, stages=stages)

    def move_release(
        self,
        release_id: str,
        *,
        expect: Collection[Stage],
        stage: Stage,
        weight: float = 0.0,
        decision: str = "",
        reason: str = "",
        at_ns: int | None = None,
    ) -> Release | None:
        """Move a release to another stage if it still is where the caller believes it to be.

        Args:
            expect: stages from which the move is allowed.
            at_ns: the new `updated_ns`; now when left out.

        Returns:
            The release as moved; None when somebody else moved it first. On disk on return.
        """
        values = {
            "stage": stage,
            "weight": weight,
            "decision": decision,
            "reason": reason,
            "updated_ns": time.time_ns() if at_ns is None else at_ns,
        }
        with self._database.write(tell=True) as connection:
            return releases.move(connection, release_id, expect=expect, values=values)

    def add_samples(self, samples: Iterable[Sample]) -> None:
        """Add randomised calls of a canary."""
        batch = list(samples)
        with self._database.write(durable=False) as connection:
            releases.add_samples(connection, batch)

    def samples(self, release_id: str, *, after_id: int = 0) -> list[Sample]:
        """Samples of a release in the order of their arrival."""
        return [sample for _, sample in self.numbered_samples(release_id, after_id=after_id)]

    def numbered_samples(self, release_id: str, *, after_id: int = 0) -> list[tuple[int, Sample]]:
        """Samples with their ids, so that the next call can go on `after_id` the last of them."""
        with self._database.read() as connection:
            return releases.samples(connection, release_id, after_id=after_id)

    def add_acks(self, acks: Iterable[Ack]) -> None:
        """Keep what processes did with releases."""
        batch = list(acks)
        with self._database.write(durable=False) as connection:
            releases.add_acks(connection, batch)

    def acks(self, release_id: str) -> list[Ack]:
        """Acknowledgements of a release in the order of their arrival."""
        with self._database.read() as connection:
            return releases.acks(connection, release_id)

    # The ledger's lines

    def append_entry(
        self,
        *,
        kind: Literal["provenance", "evidence", "decision", "event"],
        gene: str,
        variant: str,
        envelope: str,
        at_ns: int,
    ) -> Entry:
        """Chain an entry to the head: never lost, never forked, on disk when this returns."""
        fields = {
            "kind": kind,
            "gene": gene,
            "variant": variant,
            "envelope": envelope,
            "at_ns": at_ns,
        }
        with self._database.write() as connection:
            return entries.append(connection, fields=fields)

    def entries(
        self, *, after_seq: int = 0, gene: str | None = None, variant: str | None = None
    ) -> list[Entry]:
        """Entries in the order of the chain."""
        with self._database.read() as connection:
            return entries.find(connection, after_seq=after_seq, gene=gene, variant=variant)

    def head(self) -> Entry | None:
        """The last entry of the chain."""
        with self._database.read() as connection:
            return entries.head(connection)

    def prune(self, *, before_ns: int) -> int:
        """Delete observations older than `before_ns` and give the space back; how many."""
        total = 0
        while gone := self._prune_some(before_ns):
            total += gone
        self._database.compact()
        return total

    def _prune_some(self, before_ns: int) -> int:
        with self._database.write(durable=False) as connection:
            return observations.prune(connection, before_ns=before_ns)
