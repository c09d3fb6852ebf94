"""The command line: a face over lifecycle and store. Data on stdout, talk on stderr."""

from codegenesis.cli.main import main

__all__ = ["main"]
