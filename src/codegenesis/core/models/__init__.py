"""Language models behind one small protocol (DESIGN §8)."""

from codegenesis.core.models.fake import FakeModel
from codegenesis.core.models.fleet import Fleet, fleet
from codegenesis.core.models.model import Answer, Message, Model, Request, Usage
from codegenesis.core.models.replay import Recorder, Replay

__all__ = [
    "Answer",
    "FakeModel",
    "Fleet",
    "Message",
    "Model",
    "Recorder",
    "Replay",
    "Request",
    "Usage",
    "fleet",
]
