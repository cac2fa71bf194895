"""Entity tags in requests, as RFC 9110 reads them: one, a list, weak ones, or any."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from api.http.errors import VersionUnmatched, VersionUnreadable

MOST_VERSIONS: Final = 20
"""More tags than anybody has seen of one case are not looked through."""

_TAG: Final = r'(?:W/)?"[\x21\x23-\x7e\x80-\xff]*"'
_LIST: Final = re.compile(rf"{_TAG}(?:[ \t]*,[ \t]*{_TAG}){{0,{MOST_VERSIONS - 1}}}")
TAGS: Final = re.compile(rf"^(\*|{_LIST.pattern})$")
"""What the document says of both headers."""

_EACH: Final = re.compile(r'(?P<weak>W/)?"(?P<opaque>[^"]*)"')
_VERSION: Final = re.compile("[1-9][0-9]{0,8}")


@dataclass(frozen=True, slots=True)
class Tags:
    """The versions that a header names; without any, it means every one."""

    strong: frozenset[int] | None
    weak: frozenset[int]

    @property
    def is_any(self) -> bool:
        """Whether every version will do."""
        return self.strong is None

    def names(self, version: int) -> bool:
        """Whether the version is named, compared weakly, as If-None-Match does."""
        return self.strong is None or version in self.strong or version in self.weak


def read_tags(header: str) -> Tags:
    """Read If-Match or If-None-Match.

    Raises:
        VersionUnreadable: it is no list of entity tags.
    """
    told = header.strip()
    if told == "*":
        return Tags(None, frozenset())
    if _LIST.fullmatch(told) is None:
        raise VersionUnreadable
    found = list(_EACH.finditer(told))
    return Tags(
        _versions(tag["opaque"] for tag in found if tag["weak"] is None),
        _versions(tag["opaque"] for tag in found if tag["weak"] is not None),
    )


def seen_versions(if_match: str) -> frozenset[int] | None:
    """The versions that whoever changes a case has seen; nothing when any will do.

    Raises:
        VersionUnreadable: it is no list of entity tags.
        VersionUnmatched: none of them can match, because a case never gave it.
    """
    seen = read_tags(if_match).strong
    if seen is not None and not seen:
        raise VersionUnmatched
    return seen


def _versions(opaque: Iterable[str]) -> frozenset[int]:
    # What is no version of ours is a tag all the same: it matches nothing.
    return frozenset(int(one) for one in opaque if _VERSION.fullmatch(one))
