"""Finds the operation of an address at once.

The framework tries one route after the other until one fits, a hundred and more. The index knows
them by the parts of their addresses. What it does not find is left to the framework, which knows
what to say of it.
"""

from collections.abc import Iterable
from typing import Final

from starlette.routing import BaseRoute, Match, Route
from starlette.types import Receive, Scope, Send

_ANY: Final = ""
"""A part that is a parameter: no part of an address that was found is empty."""


class _Place:
    """What follows a part of an address, and what stands there."""

    __slots__ = ("names", "parts", "routes")

    def __init__(self) -> None:
        self.parts: dict[str, _Place] = {}
        self.routes: dict[str, Route] = {}
        self.names: tuple[str, ...] = ()


class Index(BaseRoute):
    """The first route of an application: it leads to one of the others, or to none."""

    def __init__(self, routes: Iterable[BaseRoute]) -> None:
        self._root = _Place()
        for route in routes:
            if isinstance(route, Route) and ":" not in route.path:
                self._enter(route)

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Look an address up; see Starlette."""
        if scope["type"] != "http" or scope.get("root_path"):
            return Match.NONE, {}
        found = self._follow(scope["path"])
        route = None if found is None else found[0].routes.get(scope["method"])
        if found is None or route is None:
            return Match.NONE, {}
        parameters = dict(zip(found[0].names, found[1], strict=True))
        return Match.FULL, {"route": route, "endpoint": route.endpoint, "path_params": parameters}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand a request to the route that was found."""
        await scope["route"].handle(scope, receive, send)

    def _follow(self, path: str) -> tuple[_Place, list[str]] | None:
        place: _Place = self._root
        values: list[str] = []
        for part in path.split("/")[1:]:
            if not part:
                return None
            following = place.parts.get(part)
            if following is None:
                following = place.parts.get(_ANY)
                values.append(part)
            if following is None:
                return None
            place = following
        return place, values

    def _enter(self, route: Route) -> None:
        place: _Place = self._root
        names: list[str] = []
        for part in route.path.split("/")[1:]:
            is_parameter = part.startswith("{")
            if is_parameter:
                names.append(part[1:-1])
            place = place.parts.setdefault(_ANY if is_parameter else part, _Place())
        place.names = tuple(names)
        for method in route.methods or ():
            place.routes.setdefault(method, route)
