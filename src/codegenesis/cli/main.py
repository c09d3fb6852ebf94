"""Entry point: the group of commands, and the one place where errors become exit codes.

Exit codes: 0 ok, 1 internal, 2 usage, 3 no better version, 4 refused by policy, 5 verification
failed, 6 budget spent, 7 rolled back or unhealthy, 8 no sandbox, 130 interrupted.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.metadata import version

import click

from codegenesis.cli.output import report_error, talk
from codegenesis.errors import CodeGenesisError

#: Command → module and attribute; imported only when asked for, so that `--help` stays quick.
COMMANDS = {
    "run": "codegenesis.cli.run:run",
    "engine": "codegenesis.cli.run:engine",
    "evolve": "codegenesis.cli.evolve:evolve",
    "fix": "codegenesis.cli.fix:fix",
    "synthesise": "codegenesis.cli.synthesise:synthesise",
    "discover": "codegenesis.cli.discover:discover",
    "runs": "codegenesis.cli.runs:runs",
    "undo": "codegenesis.cli.runs:undo",
    "genome": "codegenesis.cli.genome:genome",
    "telemetry": "codegenesis.cli.telemetry:telemetry",
    "status": "codegenesis.cli.observe:status",
    "show": "codegenesis.cli.inspect:show",
    "diff": "codegenesis.cli.inspect:diff",
    "lineage": "codegenesis.cli.inspect:lineage",
    "approve": "codegenesis.cli.control:approve",
    "rollback": "codegenesis.cli.control:rollback",
    "freeze": "codegenesis.cli.control:freeze",
    "thaw": "codegenesis.cli.control:thaw",
    "doctor": "codegenesis.cli.health:doctor",
    "verify": "codegenesis.cli.health:verify",
    "config": "codegenesis.cli.health:config",
    "models": "codegenesis.cli.models:models",
    "sandbox": "codegenesis.cli.sandbox:sandbox",
    "demo": "codegenesis.cli.demo:demo",
}


class LazyGroup(click.Group):
    """A group whose commands are imported when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names in the order of a first day with the tool, not of the alphabet."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command, or None when there is no such name."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[cmd_name].partition(":")
        command = getattr(import_module(module), attribute)
        assert isinstance(command, click.Command)
        return command


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(version("codegenesis"), prog_name="codegenesis")
def cli() -> None:
    """Software that evolves itself, in production, safely.

    Watch a running Python program, write better versions of its weak functions, prove them in a
    sandbox, and let the fittest into the live process, with a signed record of why.

    A TARGET is `package.module:qualname` or `path/to/file.py:qualname`.
    """


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit with its documented code.

    Args:
        arguments: without the program's name; `sys.argv` when None.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    sys.exit(_run(given))


def _run(arguments: list[str]) -> int:
    try:
        result = cli.main(args=arguments, prog_name="codegenesis", standalone_mode=False)
    except CodeGenesisError as error:
        report_error(error, as_json="--json" in arguments)
        return error.exit_code
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        talk().print("interrupted")
        return 130
    except BrokenPipeError:
        # The reader went away (`codegenesis genome | head`): not our failure.
        sys.stderr.close()
        return 0
    return result if isinstance(result, int) else 0
