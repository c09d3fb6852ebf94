"""`models`: which language models there are to ask, what they cost, and how they do."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import click
import msgspec
from rich.console import Console
from rich.text import Text

from codegenesis.cli.output import emit, json_option, printable, table, talk, wants_json
from codegenesis.cli.settings import config_options
from codegenesis.config import Config
from codegenesis.core.models.finding import find
from codegenesis.core.models.listing import Listing, Tried, every, listings, tried
from codegenesis.core.models.model import Model
from codegenesis.errors import ModelError, UsageError
from codegenesis.model import Record

_HOW = (
    "None is configured or found. Without a key: codegenesis models install. With one: name it in "
    'pyproject.toml, like models = ["openai:gpt-5-mini"] in [tool.codegenesis].'
)


class Report(Record, frozen=True, kw_only=True):
    """How one model did.

    Attributes:
        edits: whether it masters the format of small edits; None when it was not asked.
    """

    tried: Tried
    edits: bool | None = None


class _Models(click.Group):
    """Its commands are imported when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return ["test", "install"]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name != "install":
            return super().get_command(ctx, cmd_name)
        from codegenesis.cli.models_install import install

        return install


@click.group(cls=_Models, invoke_without_command=True)
@click.pass_context
@json_option
@config_options
def models(context: click.Context, config: Config) -> None:
    """List the language models that are configured or found, with prices.

    A star marks those that are asked under the settings as they are.
    """
    if context.invoked_subcommand is not None:
        return
    with _closing(every(config, environ=os.environ)) as found:
        used = [model.name for model in find(config)]
        rows = listings(found, used=used, environ=os.environ)
    emit(rows, lambda out: _draw(out, rows))


@models.command()
@click.argument("name", metavar="[NAME]", required=False)
@json_option
@config_options
def test(config: Config, name: str | None) -> int:
    """Ask each model that is used, or NAME, a tiny question; exit code 1 if one does not answer.

    It costs a few hundred tokens each.
    """
    with _closing(_asked(config, name)) as found:
        if not found:
            raise UsageError("there is no model to ask", remedy=_HOW)
        reports = [_report(model) for model in found]
    emit(reports, lambda out: _draw_reports(out, reports))
    return 0 if all(report.tried.ok for report in reports) else 1


def _asked(config: Config, name: str | None) -> list[Model]:
    if name is None:
        return find(config)
    known = [model for model in every(config, environ=os.environ) if model.name == name]
    return known or find(msgspec.structs.replace(config, models=(name,)))


@contextmanager
def _closing(found: list[Model]) -> Iterator[list[Model]]:
    """Whatever was started for them ends with it."""
    with ExitStack() as stack:
        for model in found:
            if close := getattr(model, "close", None):
                stack.callback(close)
        yield found


def _report(model: Model) -> Report:
    from codegenesis.core.coders.probe import passes

    if not wants_json():
        talk().print(printable(f"asking {model.name} …"), markup=False)
    done = tried(model)
    edits: bool | None = None
    if done.ok:
        try:
            edits = passes(model)
        except ModelError:
            pass  # it answered before; what it masters stays unknown
    return Report(tried=done, edits=edits)


def _draw(console: Console, rows: list[Listing]) -> None:
    if not rows:
        console.print(_HOW, markup=False, soft_wrap=True)
        return
    columns = ["", "model", "endpoint", "key", ">USD/M in", ">USD/M out", ">context", "reachable"]
    console.print(table("", columns, (_cells(row) for row in rows)))
    for row in rows:
        if row.detail:
            console.print(printable(f"{row.name}: {row.detail}"), markup=False, soft_wrap=True)


def _cells(row: Listing) -> list[str | Text]:
    key = f"{row.key_from} ({row.key})" if row.key_from else row.key
    prices = (row.usd_per_million_in, row.usd_per_million_out)
    return [
        "*" if row.used else "",
        Text(printable(row.name)),
        Text(row.endpoint),
        Text(key),
        *("unknown" if usd is None else f"{usd:g}" if usd else "free" for usd in prices),
        str(row.context or "-"),
        "yes" if row.reachable else "no",
    ]


def _draw_reports(console: Console, reports: list[Report]) -> None:
    columns = ["model", ">first word", ">tokens/s", ">tokens in", ">out", ">USD", "task", "edits"]
    answered = [report for report in reports if report.tried.ok]
    if answered:
        console.print(table("", columns, (_figures(report) for report in answered)))
    for report in reports:
        if not report.tried.ok:
            words = f"{report.tried.error}. {report.tried.remedy}"
            console.print(printable(words), markup=False, soft_wrap=True)


def _figures(report: Report) -> list[str | Text]:
    done = report.tried
    about = "~" if done.usage.estimated else ""
    return [
        Text(printable(done.name)),
        f"{done.first_s:.2f} s",
        f"{done.tokens_per_s:.0f}" if done.tokens_per_s else "-",
        f"{about}{done.usage.input_tokens}",
        f"{about}{done.usage.output_tokens}",
        f"{done.usage.usd:.6f}".rstrip("0").rstrip("."),
        "right" if done.right else "wrong",
        {None: "-", True: "yes", False: "no"}[report.edits],
    ]
