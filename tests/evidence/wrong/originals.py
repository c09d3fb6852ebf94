"""Functions of installed packages, each with a maker of arguments in the manner of its callers."""

# ruff: noqa: E501 (a table)

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from wrong.chance import Chance

Make = Callable[[Chance], tuple[Any, ...]]


class Original(NamedTuple):
    """One function, by `module:name`, and what it is called with."""

    target: str
    make: Make


_PATH = ("/", "/", "a", "b", "usr", ".", "..", "lib.d", "//")
_DOS = ("\\", "/", "C:", "a", "b", "..", ".", "\\\\", "srv")
_URL = ("a", "/", "b", "..", ".", "?", "q=1", "#", "x y", "%41", "&", "=", "+")
_MARKUP = ("<", ">", "&", '"', "'", "text", "&amp;", " ", "b")
_ESCAPED = ("=", "3D", "=20", "a", "B", "\n", " ", "%41", "%zz", "\\", '"', "n")
_SHELL = ("echo", " ", "'a b'", '"c"', "\\", "x", "-n", "#", "  ")


def _rows(c: Chance) -> list[tuple[str, ...]]:
    return c.many(lambda: tuple(c.word() for _ in range(c.randint(1, 3))))


def _ratios(c: Chance) -> tuple[Any, ...]:
    n = c.small(2, 5) % 12 + 1
    return tuple([c.number(1, 9) for _ in range(n)] for _ in range(3))


ORIGINALS = (
    # the standard library
    Original("textwrap:dedent", lambda c: (c.of("  ", "    ", "\t", "a", "b c", "\n", "\n  "),)),
    Original("heapq:nlargest", lambda c: (c.small(1, 4), c.many(lambda: c.number(0, 50)))),
    Original("heapq:nsmallest", lambda c: (c.small(1, 4), c.many(lambda: c.number(0, 50)))),
    Original("statistics:median", lambda c: (c.many(lambda: c.number(0, 99)),)),
    Original("statistics:median_high", lambda c: (c.many(lambda: c.number(0, 99)),)),
    Original("statistics:mode", lambda c: (c.many(lambda: c.choice("aabbcd")),)),
    Original("statistics:multimode", lambda c: (c.many(lambda: c.choice("aabbcd")),)),
    Original("difflib:_calculate_ratio", lambda c: (c.number(0, 9), c.number(0, 30))),
    Original("difflib:_format_range_unified", lambda c: (c.number(0, 20), c.number(5, 40))),
    Original("difflib:get_close_matches", lambda c: (c.word("abc"), c.many(lambda: c.word("abc")))),
    Original("colorsys:rgb_to_hls", lambda c: (c.real(), c.real(), c.real())),
    Original("colorsys:hsv_to_rgb", lambda c: (c.real(), c.real(), c.real())),
    Original("calendar:isleap", lambda c: (c.number(1990, 2030),)),
    Original("calendar:leapdays", lambda c: (c.number(1900, 2000), c.number(2000, 2030))),
    Original("calendar:monthrange", lambda c: (c.number(1990, 2030), c.number(1, 12))),
    Original("shlex:quote", lambda c: (c.of(*_SHELL),)),
    Original("shlex:join", lambda c: (c.many(lambda: c.of(*_SHELL, most=2)),)),
    Original("shlex:split", lambda c: (c.of(*_SHELL),)),
    Original("posixpath:commonpath", lambda c: (c.many(lambda: "/" + c.of(*_PATH)),)),
    Original("posixpath:join", lambda c: (c.of(*_PATH, most=3), c.of(*_PATH, most=3))),
    Original("posixpath:split", lambda c: (c.of(*_PATH),)),
    Original("genericpath:commonprefix", lambda c: (c.many(lambda: c.word("ab")),)),
    Original("ntpath:splitdrive", lambda c: (c.of(*_DOS),)),
    Original("ntpath:join", lambda c: (c.of(*_DOS, most=3), c.of(*_DOS, most=3))),
    Original("html:escape", lambda c: (c.of(*_MARKUP),)),
    Original("urllib.parse:quote", lambda c: (c.of(*_URL),)),
    Original("urllib.parse:unquote", lambda c: (c.of(*_URL),)),
    Original("urllib.parse:parse_qsl", lambda c: (c.of("a", "=", "&", "b", "1", "+", "%41"),)),
    Original("urllib.parse:urljoin", lambda c: ("http://h/" + c.of(*_URL), c.of(*_URL))),
    Original("base64:b85decode", lambda c: (c.word("0A9za{", 0, 12).encode("latin-1", "ignore"),)),
    Original("quopri:unhex", lambda c: (c.word("0123456789abcdef", 2, 2).encode(),)),
    Original("fnmatch:translate", lambda c: (c.of("*", "?", "[", "]", "a", "b-d", "!", "."),)),
    Original("string:capwords", lambda c: (c.text(" \t"),)),
    Original("inspect:cleandoc", lambda c: (c.of("  ", "a", "b c", "\n", "\n    ", "\t"),)),
    Original("json.encoder:py_encode_basestring_ascii", lambda c: (c.of("a", '"', "\\", "é", "\n"),)),
    Original("email.quoprimime:unquote", lambda c: ("=" + c.word("0123456789ABCDEF", 2, 2),)),
    Original("email.quoprimime:body_encode", lambda c: (c.of(*_ESCAPED),)),
    Original("email.utils:unquote", lambda c: (c.choice('<"') + c.of(*_ESCAPED) + c.choice('>"'),)),
    Original("http.cookies:_unquote", lambda c: ('"' + c.of(*_ESCAPED, "\\101", "\\n") + '"',)),
    Original("ipaddress:_count_righthand_zero_bits", lambda c: (c.number(0, 512), c.small(1, 32))),
    Original("tomllib._parser:skip_chars", lambda c: (c.text(" \t"), c.small(0, 4), "ab \t")),
    Original("heapq:_siftdown", lambda c: (c.many(lambda: c.number(0, 50), 3), 0, c.small(0, 2))),
    Original("urllib.parse:urlencode", lambda c: (
        {c.word(): c.choice((c.word(), c.number(), ["a", "b"])) for _ in range(c.randint(0, 4))},)),
    Original("optparse:_match_abbrev", lambda c: (
        "--" + c.word("abc", 0, 3), {"--" + c.word("abc"): 1 for _ in range(c.randint(1, 4))})),
    # installed packages
    Original("markdown2:_dedentlines", lambda c: (c.many(lambda: c.of("  ", "\t", "a", "b")),)),
    Original("sqlalchemy.util._collections:merge_lists_w_ordering", lambda c: (
        c.many(lambda: c.word("abcd", 1, 1)), c.many(lambda: c.word("abcd", 1, 1)))),
    Original("sqlalchemy.util.topological:find_cycles", lambda c: (
        {(c.word("abcd", 1, 1), c.word("abcd", 1, 1)) for _ in range(c.randint(0, 5))}, set("abcd"))),
    Original("markdown_it.helpers.parse_link_destination:parseLinkDestination", lambda c: (
        c.of("<", ">", "a", " ", "\\", "(", ")"), 0, c.small(1, 6))),
    Original("pygments.regexopt:regex_opt", lambda c: (c.many(lambda: c.word("abc", 1, 3)),)),
    Original("click.formatting:measure_table", lambda c: (_rows(c),)),
    Original("click.formatting:wrap_text", lambda c: (c.text(" "), c.small(10, 40))),
    Original("click._compat:strip_ansi", lambda c: (c.of("\x1b[1m", "a", "\x1b[0m", " b"),)),
    Original("rich._ratio:ratio_reduce", lambda c: (c.number(0, 9), *_ratios(c))),
    Original("rich._ratio:ratio_distribute", lambda c: (c.number(1, 60), c.many(lambda: c.number(1, 9)))),
    Original("rich.filesize:decimal", lambda c: (c.number(0, 10**7),)),
    Original("markdown2:_dedent", lambda c: (c.of("  ", "a", "b c", "\n", "\n    ", "\t"),)),
    Original("markdown2:_slugify", lambda c: (c.text(" -."),)),
    Original("jinja2.filters:do_filesizeformat", lambda c: (c.number(0, 10**7),)),
    Original("jinja2.filters:do_title", lambda c: (c.text(" -("),)),
    Original("packaging.utils:canonicalize_name", lambda c: (c.of("a", "-", "_", ".", "B"),)),
    Original("idna.intranges:intranges_from_list", lambda c: (c.many(lambda: c.small(0, 12)),)),
    Original("idna.core:check_hyphen_ok", lambda c: (c.word("ab-", 1, 6),)),
    Original("hypothesis.internal.conjecture.floats:reverse64", lambda c: (c.number(0, 1 << 20),)),
    Original("hypothesis.internal.conjecture.floats:is_simple", lambda c: (c.real(0, 9),)),
    Original("httpx2._urlparse:normalize_path", lambda c: ("/" + c.of(*_PATH),)),
    Original("httpx2._urlparse:percent_encoded", lambda c: (c.of(*_URL), "abcxyz/=")),
    Original("sqlalchemy.util._collections:to_list", lambda c: (
        c.choice((None, 1, "ab", [1, 2], (3,), [])),)),
    Original("markdown_it.common.utils:unescapeAll", lambda c: (c.of("\\", "*", "a", "&amp;", "&"),)),
    Original("markdown_it.common.utils:isValidEntityCode", lambda c: (c.number(0, 70000),)),
    Original("pygments.util:get_bool_opt", lambda c: (
        {"full": c.choice((True, "yes", "0", "off", 1, "maybe", None))}, "full", c.choice((True, None)))),
    Original("pygments.util:get_list_opt", lambda c: (
        {"tags": c.choice(("a b", ["x"], ("y", "z"), 5))}, c.choice(("tags", "other")), [])),
    Original("pandas.io.formats.format:_trim_zeros_float", lambda c: (
        c.many(lambda: f"{c.number(0, 99)}.{c.word('0012', 1, 4)}"),)),
    Original("pandas.io.formats.printing:adjoin", lambda c: (c.small(1, 4), *_columns(c))),
    Original("numpy.f2py.crackfortran:markouterparen", lambda c: (c.of("(", ")", "a", "b,", "(c)"),)),
    Original("numpy.f2py.crackfortran:markoutercomma", lambda c: (c.of("(", ")", "a", ",", "'x'"),)),
    Original("Cython.Build.Dependencies:parse_list", lambda c: (c.of("a", " ", "b ", "[x, y]", "c"),)),
    Original("dateutil.easter:easter", lambda c: (c.number(1990, 2030),)),
    Original("pyperf._formatter:format_filesize", lambda c: (c.number(0, 10**7),)),
    Original("pyperf._utils:percentile", lambda c: (
        sorted(c.many(lambda: c.number(0, 99))), c.choice((0.0, 0.25, 0.5, 0.9)))),
)  # fmt: skip


def _columns(c: Chance) -> list[list[str]]:
    return [c.many(c.word) for _ in range(c.randint(1, 3))]
