"""The demo: a small real shop, shoppers, and the whole life of a change played on them."""

from codegenesis.demo.board import FunctionRow
from codegenesis.demo.show import DemoReport, play

__all__ = ["DemoReport", "FunctionRow", "play"]
