"""A log analyser: strings, regular expressions, dates."""

from __future__ import annotations

import re
from datetime import datetime
from random import Random


def error_lines(lines):
    out = []
    for line in lines:
        if re.match(r"\d+-\d+ ERROR ", line):
            out.append(line)
    return out


def words(text):
    result = []
    for word in re.split(r"[^a-z]+", text):
        if word != "":
            result.append(word)
    return result


def known_words(text, vocabulary):
    found = []
    for word in text.split():
        if word in vocabulary:
            found.append(word)
    return found


def joined(lines):
    out = ""
    for i in range(len(lines)):
        if i > 0:
            out = out + ", "
        out = out + lines[i]
    return out


def last_days(stamps):
    return [datetime.strptime(stamp, "%Y-%m-%d").day for stamp in stamps]


def slow_requests(requests, limit):
    slow = []
    for request in requests:
        if request[1] > limit:
            slow.append(request[0])
    return slow


def pad(text, width):
    while len(text) < width:
        text = " " + text
    return text


def drain(queue, most):
    done = []
    while queue and len(done) < most:
        done.append(queue.pop(0))
    return done


def has_fatal(lines):
    for line in lines:
        if "FATAL" in line:
            return True
    return False


def distinct_levels(lines):
    levels = []
    for line in lines:
        level = line.split(" ")[1]
        if level not in levels:
            levels.append(level)
    return sorted(levels)


def repeated(names):
    again = []
    for name in names:
        if names.count(name) > 1 and name not in again:
            again.append(name)
    return again


def strip_comments(lines):
    return [re.sub(r"#.*$", "", line).strip() for line in lines]


def mask(text, letters):
    masked = ""
    for letter in text:
        if letter in letters:
            masked += "*"
        else:
            masked += letter
    return masked


_LEVELS = ("INFO", "ERROR", "DEBUG", "FATAL", "WARN")


def _lines(chance: Random, count: int = 200) -> list[str]:
    return [f"{n}-7 {chance.choice(_LEVELS[:3])} text {chance.randrange(99)}" for n in range(count)]


def _names(chance: Random, count: int) -> list[str]:
    return ["".join(chance.choices("abcde", k=4)) for _ in range(count)]


CALLS = {
    "error_lines": lambda r: (_lines(r),),
    "words": lambda r: (" ".join(_names(r, 200)),),
    "known_words": lambda r: (" ".join(_names(r, 300)), _names(r, 150)),
    "joined": lambda r: (_names(r, 300),),
    "last_days": lambda r: ([f"2024-{r.randrange(1, 13):02}-{r.randrange(1, 29):02}"] * 30,),
    "slow_requests": lambda r: ([[f"/{n}", r.randrange(900)] for n in range(200)], 700),
    "pad": lambda r: ("x" * r.randrange(20), 40),
    "drain": lambda r: ([r.randrange(99) for _ in range(2000)], 1500),
    "has_fatal": lambda r: (_lines(r),),
    "distinct_levels": lambda r: (_lines(r),),
    "repeated": lambda r: (_names(r, 200),),
    "strip_comments": lambda r: ([f"{line} # note" for line in _lines(r, 100)],),
    "mask": lambda r: ("".join(r.choices("abcdefghij ", k=400)), "aeiou"),
}
