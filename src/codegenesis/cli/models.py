"""`models`: language models that can be asked."""

from __future__ import annotations

import click

from codegenesis.cli.models_install import install


@click.group()
def models() -> None:
    """Language models: fetch a small one for this machine."""


models.add_command(install)
