"""Lists that grow, part by part: a cursor of a list, and the link to what follows."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Annotated, Final, Protocol, TypeVar
from urllib.parse import urlencode

from fastapi import Depends, Query, Request

from api.http.calls import Call
from api.http.values import MOST_POSITION, Code, WholeInQuery
from application.errors import BadCursor
from application.queries import Part

MOST_ENTRIES: Final = 1_000
_BOUND: Final = 6
"""Bytes of the digest that bind a cursor to its list."""
_POSITION: Final = 8
_NOT_THE_LIST: Final = frozenset({"cursor", "limit", "after_position"})


class Placed(Protocol):
    """What stands somewhere in the order of the history."""

    @property
    def position(self) -> int:
        """Where."""
        ...


E = TypeVar("E", bound=Placed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Paging:
    """Which part of a list is asked for; one entry more is read, to know whether more follows."""

    request: Request
    after: int
    limit: int

    @property
    def part(self) -> Part:
        """The part to read."""
        return Part(after=self.after, limit=self.limit + 1)

    def cut(self, entries: Sequence[E], call: Call) -> Sequence[E]:
        """Keep the entries of this part, and tell where the next one is."""
        if len(entries) <= self.limit:
            return entries
        shown = entries[: self.limit]
        asked = [pair for pair in self.request.query_params.multi_items() if pair[0] != "cursor"]
        query = urlencode([*asked, ("cursor", _written(self.request, shown[-1].position))])
        call.told["Link"] = f'<{self.request.url.path}?{query}>; rel="next"'
        return shown


async def read_paging(
    request: Request,
    limit: Annotated[WholeInQuery, Query(ge=1, le=MOST_ENTRIES)] = 200,
    cursor: Annotated[
        Code | None, Query(description='From a `Link` with `rel="next"` of this very list')
    ] = None,
) -> Paging:
    """Read which part of a list is asked for.

    Raises:
        BadCursor: the cursor is not of this list.
    """
    after = 0 if cursor is None else _read(request, cursor)
    return Paging(request=request, after=after, limit=limit)


AskedPart = Annotated[Paging, Depends(read_paging)]


def bound(request: Request, cursor: str | None) -> str | None:
    """Bind the cursor of a list to what the list was asked for."""
    return None if cursor is None else f"{_bound(request).hex()}.{cursor}"


def unbound(request: Request, cursor: str | None) -> str | None:
    """Take the cursor of this very list.

    Raises:
        BadCursor: another list, or the same one with other filters, gave it.
    """
    if cursor is None:
        return None
    whose, _, own = cursor.partition(".")
    if whose != _bound(request).hex():
        raise BadCursor
    return own


def _written(request: Request, position: int) -> str:
    return urlsafe_b64encode(position.to_bytes(_POSITION) + _bound(request)).decode().rstrip("=")


def _read(request: Request, cursor: str) -> int:
    try:
        told = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    except ValueError as error:
        raise BadCursor from error
    position = int.from_bytes(told[:_POSITION])
    if told[_POSITION:] != _bound(request) or position > MOST_POSITION:
        raise BadCursor
    return position


def _bound(request: Request) -> bytes:
    # A cursor leads on in the list that gave it, whatever the size of its parts.
    items = request.query_params.multi_items()
    asked = sorted(pair for pair in items if pair[0] not in _NOT_THE_LIST)
    return sha256(repr((request.url.path, asked)).encode()).digest()[:_BOUND]
