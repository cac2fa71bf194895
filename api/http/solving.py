"""What an operation needs of a request, found out once and read many times.

FastAPI says what each parameter of a function is, and finds that out anew for every request: a
quarter of what a command costs. Its description is kept, and read here with what cannot change
worked out before the first request. What none of our operations needs is refused at the start.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from inspect import iscoroutinefunction
from typing import Any, Final, Self, cast

from fastapi import Request
from fastapi._compat import ModelField
from fastapi.dependencies.models import Dependant
from fastapi.dependencies.utils import request_params_to_args
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import QueryParams

Arguments = dict[str, Any]  # Any: FastAPI types it so
Faults = list[Any]  # Any: FastAPI types it so

SAID: Final = "said"
"""Where the body stands in the state of a request, read; nothing stands there without one."""

_MISSING: Final = {"type": "missing", "loc": ("body",), "msg": "Field required", "input": None}
_NOTHING: Final = object()


class NotForOperations(TypeError):
    """A function wants something of a request that is not read here."""


@dataclass(slots=True)
class Asked:
    """A request while it is read: what was found, and what is wrong with it."""

    request: Request
    headers: Mapping[bytes, bytes]
    faults: Faults = field(default_factory=list[Any])
    found: dict[Callable[..., object], object] = field(
        default_factory=dict[Callable[..., object], object]
    )


@dataclass(frozen=True, slots=True)
class Parameter:
    """A part of the path, or a header: one word."""

    name: str
    alias: str
    header: bytes
    field: ModelField
    place: tuple[str, str]
    default: object
    is_required: bool

    @classmethod
    def of(cls, described: ModelField, where: str) -> Self:
        """Keep what FastAPI says of it."""
        return cls(
            name=described.name,
            alias=described.alias,
            header=described.alias.lower().encode(),
            field=described,
            place=(where, described.alias),
            default=described.default,
            is_required=described.field_info.is_required(),
        )

    def read(self, given: str | bytes | None, asked: Asked) -> object:
        """Read what was given for it, if anything was."""
        if given is None:
            if self.is_required:
                asked.faults.append({**_MISSING, "loc": self.place})
            return self.default
        text = given.decode("latin-1") if isinstance(given, bytes) else given
        value, faults = self.field.validate(text, {}, loc=self.place)
        asked.faults += faults
        return value


class Need:
    """A function, and how its arguments are read from a request."""

    def __init__(self, dependant: Dependant) -> None:
        call = dependant.call
        assert call is not None, "FastAPI describes functions"
        _check(dependant)
        self.call = call
        self._is_awaited = iscoroutinefunction(call) or iscoroutinefunction(type(call).__call__)
        self._needs = [(each.name, Need(each)) for each in dependant.dependencies]
        self._path = [Parameter.of(each, "path") for each in dependant.path_params]
        self._headers = [Parameter.of(each, "header") for each in dependant.header_params]
        self._query = dependant.query_params
        self._without_query = request_params_to_args(self._query, QueryParams())
        self._body = dependant.body_params[0] if dependant.body_params else None
        self._request = dependant.request_param_name or dependant.http_connection_param_name

    async def arguments(self, asked: Asked) -> Arguments | None:
        """Read what the function takes; nothing, where that cannot be done."""
        faults = len(asked.faults)
        arguments: Arguments = {}
        for name, need in self._needs:
            value = await need.value(asked)
            if name is not None:
                arguments[name] = value
        for each in self._path:
            arguments[each.name] = each.read(asked.request.path_params.get(each.alias), asked)
        for each in self._headers:
            arguments[each.name] = each.read(asked.headers.get(each.header), asked)
        if self._query:
            found, wrong = self._asked_in_query(asked.request)
            arguments.update(found)
            asked.faults += wrong
        if self._body is not None:
            arguments[self._body.name] = self._said(asked)
        if self._request is not None:
            arguments[self._request] = asked.request
        return arguments if len(asked.faults) == faults else None

    async def value(self, asked: Asked) -> object:
        """Call the function, once for each request."""
        found = asked.found.get(self.call, _NOTHING)
        if found is not _NOTHING:
            return found
        arguments = await self.arguments(asked)
        if arguments is None:
            return None  # what needs it is not called either
        value = await self._called(arguments)
        asked.found[self.call] = value
        return value

    async def _called(self, arguments: Arguments) -> object:
        if self._is_awaited:
            return await cast("Callable[..., Awaitable[object]]", self.call)(**arguments)
        return await run_in_threadpool(self.call, **arguments)

    def _asked_in_query(self, request: Request) -> tuple[Arguments, Faults]:
        if not request.scope["query_string"]:
            return self._without_query
        return request_params_to_args(self._query, request.query_params)

    def _said(self, asked: Asked) -> object:
        body = self._body
        assert body is not None, "only what takes a body asks for it"
        said = asked.request.scope["state"].get(SAID, _NOTHING)
        if said is _NOTHING:
            if body.field_info.is_required():
                asked.faults.append(_MISSING)
            return body.default
        value, faults = body.validate(said, {}, loc=("body",))
        asked.faults += faults
        return value


def _check(dependant: Dependant) -> None:
    unread = (
        dependant.cookie_params,
        dependant.body_params[1:],
        dependant.response_param_name,
        dependant.background_tasks_param_name,
        dependant.security_scopes_param_name,
    )
    if any(unread):
        raise NotForOperations(f"{dependant.call} wants what is not read of a request")
