"""A network call without a timeout can wait for ever; with one, it fails after a while.

`requests`, `urlopen`, `create_connection` and the clients of the standard library wait without end
unless told otherwise. Retries were considered and left out: whether a request may be made twice is
nothing that can be seen from here.
"""

from __future__ import annotations

import libcst as cst

from codegenesis.core.rule import RewriteRule
from codegenesis.core.syntax import Edits, Unit, View, code

#: Seconds, above what a user waits for and below what a pool of workers can bear.
SECONDS = 10

#: Functions -> position at which the timeout may stand already.
CALLS = {
    "requests.get": 9,
    "requests.post": 9,
    "requests.put": 9,
    "requests.patch": 9,
    "requests.delete": 9,
    "requests.head": 9,
    "requests.options": 9,
    "requests.request": 9,
    "urllib.request.urlopen": 2,
    "socket.create_connection": 1,
    "http.client.HTTPConnection": 2,
    "http.client.HTTPSConnection": 2,
    "smtplib.SMTP": 3,
    "smtplib.SMTP_SSL": 5,
    "ftplib.FTP": 4,
    "telnetlib.Telnet": 2,
    "imaplib.IMAP4": 2,
    "poplib.POP3": 2,
}


def rewrite(view: View) -> Unit | None:
    """Give one call a timeout."""
    for node in view.nodes:
        if isinstance(node, cst.Call) and _waits(view, node):
            timeout = cst.ensure_type(cst.parse_expression(f"f(timeout={SECONDS})"), cst.Call)
            args = [*node.args, timeout.args[0]]
            if node.args:
                comma = cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))
                args[-2] = node.args[-1].with_changes(comma=comma)
            return Edits(view).swap_node(node, node.with_changes(args=args)).apply()
    return None


def _waits(view: View, call: cst.Call) -> bool:
    text = code(call.func).strip()
    base, _, rest = text.partition(".")
    origin = view.module.imports().get(base, base)
    if origin.startswith(f"{base}.") and text.startswith(f"{origin}."):
        full = text
    else:
        full = f"{origin}.{rest}" if rest else origin
    if full not in CALLS or any(arg.star for arg in call.args):
        return False
    named = {arg.keyword.value for arg in call.args if arg.keyword}
    return "timeout" not in named and len(call.args) - len(named) <= CALLS[full]


OPERATOR = RewriteRule(
    name="timeouts",
    improves=("wall_ns_p99", "error_rate"),
    hypothesis=f"A peer that never answers costs {SECONDS} seconds instead of a worker for good.",
    risk="An answer that takes longer is an error now.",
    steps=(rewrite,),
    gain=1.2,
)
