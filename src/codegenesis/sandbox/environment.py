"""Where a target lives: what its module is called and which files it needs."""

from __future__ import annotations

import sys

from codegenesis.model import Gene, Record


class Environment(Record, frozen=True, kw_only=True):
    """One importable target, as the sandbox needs to know it.

    Attributes:
        root: directory to put first on `sys.path`; visible in the jail, except for what looks like
            a secret (`codegenesis.sandbox.exposure`).
        module: importable name, `__main__` for a script.
        path: absolute path of the file of the module; required for a script, else a check that
            the import finds the same file. Empty for none.
        python: interpreter to run it with; it needs CodeGenesis installed.
        read_only: further files and directories that the jail may read.
        setup: `module:function`, called without arguments in the jail before the target's module is
            imported: the place to replace what must not happen there (connections, processes).
        preload: modules to import before all that.
        alone: whether the jail sees nothing of `root` but the file at `path`.
        artifacts: absolute directory of compiled artifacts; the jail may read what is there, and
            what is put there later. Empty for none.
    """

    root: str
    module: str
    path: str = ""
    python: str = sys.executable
    read_only: tuple[str, ...] = ()
    setup: str = ""
    preload: tuple[str, ...] = ()
    artifacts: str = ""
    alone: bool = False

    @classmethod
    def for_gene(
        cls,
        gene: Gene,
        *,
        read_only: tuple[str, ...] = (),
        setup: str = "",
        preload: tuple[str, ...] = (),
        artifacts: str = "",
    ) -> Environment:
        """The environment that a gene was found in."""
        return cls(
            root=gene.root,
            module=gene.module,
            path=gene.path,
            read_only=read_only,
            setup=setup,
            preload=preload,
            artifacts=artifacts,
        )
