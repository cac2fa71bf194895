"""What is asked by an address: its path and its query, strictly read.

The framework decodes what is not UTF-8 to something else, lets the last of two values win and
passes over what it does not know. A question that is answered otherwise than it was meant is worse
than one that is refused.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, Final, get_args, get_origin
from urllib.parse import unquote_to_bytes

from fastapi import Request
from fastapi.dependencies.utils import get_flat_params
from fastapi.exceptions import RequestValidationError
from fastapi.params import Cookie, Header, Path
from fastapi.routing import APIRoute

NOT_UTF_8: Final = "it is not UTF-8"
UNKNOWN: Final = "this parameter is not known here"
TWICE: Final = "say it once"


class AddressReader:
    """Refuses an address that does not say one thing; a dependency of every route."""

    def __init__(self) -> None:
        self._known: dict[str, dict[str, bool]] = {}

    async def __call__(self, request: Request) -> None:
        """Look at the address of a request.

        Raises:
            RequestValidationError: it is not UTF-8, or its query names something twice, or
                something that this route does not take.
        """
        scope = request.scope
        found = list(_in_path(scope["raw_path"]))
        if scope["query_string"]:
            found += _in_query(scope["query_string"], known=self._parameters_of(scope["route"]))
        if found:
            raise RequestValidationError(found)

    def _parameters_of(self, route: APIRoute) -> dict[str, bool]:
        """The names that a query may hold here, and whether more than once."""
        known = self._known.get(route.unique_id)
        if known is None:
            known = self._known[route.unique_id] = {
                field.alias: _takes_several(field.field_info.annotation)
                for field in get_flat_params(route.dependant)
                if not isinstance(field.field_info, (Path, Header, Cookie))
            }
        return known


Fault = dict[str, Any]  # Any: FastAPI types it so


def _in_path(raw: bytes) -> Iterator[Fault]:
    if _text(raw) is None:
        yield _fault("path", "", NOT_UTF_8)


def _in_query(raw: bytes, *, known: dict[str, bool]) -> Iterator[Fault]:
    names: list[str] = []
    for pair in raw.split(b"&"):
        name, value = (_text(part.replace(b"+", b" ")) for part in _halves(pair))
        if name is None or value is None:
            yield _fault("query", name or "", NOT_UTF_8)
        elif name or value:
            names.append(name)
    for name, times in Counter(names).items():
        if name not in known:
            yield _fault("query", name, UNKNOWN)
        elif times > 1 and not known[name]:
            yield _fault("query", name, TWICE)


def _halves(pair: bytes) -> Sequence[bytes]:
    name, _, value = pair.partition(b"=")
    return name, value


def _text(encoded: bytes) -> str | None:
    try:
        return unquote_to_bytes(encoded).decode("utf-8")
    except UnicodeDecodeError:
        return None


def _takes_several(annotation: object) -> bool:
    return get_origin(annotation) in {list, tuple, set} or any(
        map(_takes_several, get_args(annotation))
    )


def _fault(where: str, name: str, message: str) -> Fault:
    return {"type": "address", "loc": (where, name), "msg": message, "input": None}
