"""A small model for those who have no key: fetched once, run on this machine (DESIGN §8).

Nothing here starts, fetches or looks for anything by being imported.
"""

from codegenesis.core.models.embedded.cache import Installed, directory, installed, remove
from codegenesis.core.models.embedded.catalogue import CATALOGUE, DEFAULT, Entry
from codegenesis.core.models.embedded.discovery import Running, running
from codegenesis.core.models.embedded.embedded import Embedded
from codegenesis.core.models.embedded.installing import SourceName, install
from codegenesis.core.models.embedded.resources import gigabytes

__all__ = [
    "CATALOGUE",
    "DEFAULT",
    "Embedded",
    "Entry",
    "Installed",
    "Running",
    "SourceName",
    "directory",
    "gigabytes",
    "install",
    "installed",
    "remove",
    "running",
]
