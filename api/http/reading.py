"""Reads a body: one JSON text in UTF-8, with nothing in it that two readers read differently.

Python's JSON reader takes NaN, numbers without end, keys that stand twice, lone surrogates and
nesting until its stack is full. What a body says is looked at here, before anything is made of it.
"""

import json
import re
from typing import Final, NoReturn

from api.http.errors import BodyUnreadable

MOST_DEPTH: Final = 32
"""Arrays and objects inside one another; our deepest body has five."""

_MOST_DIGITS: Final = 19
"""As many as 2^63 has: no reader has to take more."""
_WHOLE_NUMBERS: Final = range(-(2**63), 2**63)
_LONGEST_FRACTION: Final = 40
"""Characters of a number that is not whole. No field of ours takes one."""

_MARK: Final = b"\xef\xbb\xbf"
_TOKEN: Final = re.compile(rb'"(?:[^"\\]|\\.)*"|[\[{]|[\]}]', re.DOTALL)
_SURROGATE: Final = re.compile(r"\\u[dD][89a-fA-F]")


def read_json(body: bytes) -> object:
    """Read a JSON text.

    Raises:
        BodyUnreadable: it is none, or readers could differ about what it says.
    """
    if body.startswith(_MARK):
        raise BodyUnreadable("it begins with a byte order mark")
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BodyUnreadable("it is not UTF-8") from error
    _check_depth(body)
    try:
        said: object = json.loads(
            text,
            object_pairs_hook=_object,
            parse_int=_whole,
            parse_float=_fraction,
            parse_constant=_constant,
        )
    except json.JSONDecodeError as error:
        raise BodyUnreadable(f"it is no JSON from character {error.pos} on") from error
    if _SURROGATE.search(text):
        _check_surrogates(said)
    return said


def _check_depth(body: bytes) -> None:
    if body.count(b"[") + body.count(b"{") <= MOST_DEPTH:
        return
    depth = 0
    for token in _TOKEN.finditer(body):
        if token[0] in {b"[", b"{"}:
            depth += 1
        elif token[0] in {b"]", b"}"}:
            depth -= 1
        if depth > MOST_DEPTH:
            raise BodyUnreadable(f"it is nested more than {MOST_DEPTH} deep")


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    said = dict(pairs)
    if len(said) != len(pairs):
        raise BodyUnreadable("a key stands twice in one object")
    return said


def _whole(digits: str) -> int:
    if len(digits.lstrip("-")) > _MOST_DIGITS or int(digits) not in _WHOLE_NUMBERS:
        raise BodyUnreadable("a whole number does not fit into 64 bits")
    return int(digits)


def _fraction(digits: str) -> float:
    number = float(digits) if len(digits) <= _LONGEST_FRACTION else float("inf")
    if number in {float("inf"), float("-inf")}:
        raise BodyUnreadable("a number is too large or too long")
    return number


def _constant(_name: str) -> NoReturn:
    raise BodyUnreadable("NaN and Infinity are no numbers of JSON")


def _check_surrogates(said: object) -> None:
    try:
        json.dumps(said, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError as error:
        raise BodyUnreadable("half a surrogate pair is no character") from error
