"""What compiled code says when an input is not one it was made for."""

from __future__ import annotations


class Outside(Exception):
    """The input leaves the types and ranges that the build was made for.

    Raised before anything outside the compiled code has changed, so the Python body can be run from
    the start. Users never see it.
    """
