"""The table of permissions, as the OpenAPI document tells it."""

from collections.abc import Iterable
from http import HTTPStatus
from typing import Any, Final

from api.http.permissions import OPEN, PERMISSIONS, Row
from application.keys import GRANTABLE
from application.scopes import ConnectorScope
from domain.parties import Role

_ROLES: Final = tuple(role for role in GRANTABLE if role is not Role.CONNECTOR)
_REFUSALS: Final = (str(HTTPStatus.UNAUTHORIZED.value), str(HTTPStatus.FORBIDDEN.value))


def say_who_may(operations: Iterable[dict[str, Any]]) -> None:  # Any: OpenAPI
    """Say of each operation of an OpenAPI document who may, and drop what cannot happen to it."""
    for operation in operations:
        name = operation["operationId"]
        if name in OPEN:
            operation["security"] = []
            for status in _REFUSALS:
                operation["responses"].pop(status, None)
            continue
        row = PERMISSIONS[name]
        operation["x-roles"] = _named(row)
        operation["x-connector-scopes"] = sorted(row.scopes)
        operation["description"] = f"{operation['description']}\n\n{_sentence(row)}"


def _sentence(row: Row) -> str:
    who = [*_named(row), *(f"a connector with the scope `{scope}`" for scope in _in_order(row))]
    return f"Permitted to: {', '.join(who)}."


def _named(row: Row) -> list[str]:
    return [str(role) for role in _ROLES if role in row.roles]


def _in_order(row: Row) -> list[str]:
    return [str(scope) for scope in ConnectorScope if scope in row.scopes]
