"""Who comes in: every request passes here first, whatever its operation says about itself."""

from http import HTTPStatus
from typing import Annotated, Final, cast

from fastapi import Depends, FastAPI, Request
from fastapi.routing import APIRoute, iter_route_contexts
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.concurrency import run_in_threadpool
from starlette.types import ASGIApp, Receive, Scope, Send

from api.http.errors import KeyMissing
from api.http.permissions import OPEN, OPEN_ADDRESSES, OPEN_FOLDERS, PERMISSIONS, require
from api.http.problems import row_of
from api.http.rates import Rates, rates_of
from application.keys import KEY_PREFIX, KeyRefused, Principal, tenant_named
from application.services import Services
from application.tenancy import Lease, Tenants
from application.tokens import TokenFault, TokenRefused, Tokens

Bearer = Annotated[
    HTTPAuthorizationCredentials | None,
    Depends(
        HTTPBearer(
            auto_error=False, description="An API key (`rcs_…`), or an access token of the issuer"
        )
    ),
]

_HEADER: Final = "authorization"
REFUSED: Final = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})


class UnguardedRoute(Exception):
    """An address would be served without the table of permissions saying to whom."""

    def __init__(
        self, named: str, lacks: str = "has no row in api/http/permissions.py, or two"
    ) -> None:
        super().__init__(f"{named} {lacks}")


async def let_in(request: Request, bearer: Bearer) -> Principal | None:
    """Find out who asks, and whether they may; nobody in particular where everybody may.

    Raises:
        KeyMissing: nobody says who they are.
        KeyRefused: they cannot show it.
        TokenRefused: the same, of a token.
        IssuerAway: the token cannot be checked now.
        NotPermitted: they may not.
        TooManyRequests: they ask too often.
    """
    operation = cast("APIRoute", request.scope["route"]).operation_id
    assert operation is not None, "the application does not start with an operation without its id"
    if operation in OPEN:
        return None
    rates = rates_of(request)
    try:
        principal = await _identify(request, bearer, rates=rates)
    except (KeyMissing, KeyRefused):
        rates.admit_stranger(request)
        raise
    rates.admit(request, principal)
    request.state.principal = principal  # for the log, which tells its role
    require(operation, principal=principal)
    return principal


def admitted(request: Request) -> Principal:
    """Who was let in: `let_in` stands before whatever else is read of a request."""
    principal: Principal | None = getattr(request.state, "principal", None)
    assert principal is not None, "what is open to everybody asks nobody who they are"
    return principal


def services_of(request: Request) -> Services:
    """The ports of the tenant of whoever was let in."""
    lease: Lease = request.state.lease
    return lease.services


def tenants_of(request: Request) -> Tenants:
    """The tenants that this process serves."""
    return cast("Tenants", request.app.state.tenants)


class GivingBack:
    """Gives back what a request leased of its tenant, when its answer has gone to its end."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        try:
            await self._app(scope, receive, send)
        finally:
            lease: Lease | None = scope.get("state", {}).pop("lease", None)
            if lease is not None:
                lease.give_back()


def refuse_unguarded_routes(app: FastAPI) -> None:
    """Let no application start that serves something of which the table says nothing.

    Raises:
        UnguardedRoute: this address has no row.
    """
    for found in iter_route_contexts(app.routes):
        route = found.original_route
        if not isinstance(route, APIRoute):
            if not (found.path in OPEN_ADDRESSES or f"{found.path}/".startswith(OPEN_FOLDERS)):
                raise UnguardedRoute(str(found.path))
        elif not any(each.call is let_in for each in route.dependant.dependencies):
            raise UnguardedRoute(f"{route.operation_id} {found.path}", "asks nobody who they are")
        elif (route.operation_id in OPEN) == (route.operation_id in PERMISSIONS):
            raise UnguardedRoute(f"{route.operation_id or 'an operation without id'} {found.path}")


async def is_still_let_in(services: Services, bearer: Bearer, operation: str) -> bool:
    """Look again whether somebody may go on; an outage is no refusal."""
    try:
        assert bearer is not None, "without it nobody was let in"
        require(operation, principal=await _look_again(bearer.credentials, services=services))
    except Exception as error:  # noqa: BLE001 - whatever it is, the table of problems knows it
        return row_of(type(error)).status not in REFUSED
    return True


async def _identify(request: Request, bearer: Bearer, *, rates: Rates) -> Principal:
    if len(request.headers.getlist(_HEADER)) > 1:
        # Which of them counts would be for each proxy on the way to guess.
        raise KeyRefused
    if bearer is None:
        raise KeyMissing
    secret, tenants = bearer.credentials, tenants_of(request)
    if tenants.tokens is not None and not secret.startswith(KEY_PREFIX):
        return await _bearer_of_token(request, secret, tokens=tenants.tokens)
    return await _holder_of_key(request, secret, rates=rates)


async def _bearer_of_token(request: Request, token: str, *, tokens: Tokens) -> Principal:
    principal = await tokens.authenticate(token)
    tenants, name = tenants_of(request), principal.tenant
    if not (
        _enter(request, tenants.at_hand(name))
        or _enter(request, await run_in_threadpool(tenants.lease, name))
    ):
        raise TokenRefused(TokenFault.CLAIM)
    return principal


async def _holder_of_key(request: Request, secret: str, *, rates: Rates) -> Principal:
    tenants, name = tenants_of(request), tenant_named(secret)
    is_open = _enter(request, tenants.at_hand(name))
    keys = services_of(request).keys if is_open else None
    remembered = None if keys is None else keys.recall(secret)
    if remembered is not None:
        return remembered
    if keys is None or not keys.has_opened(secret):
        # Whoever guesses may not have the store asked, nor a tenant opened, more often than they
        # may guess. A secret that opened something lately is no guess: nobody else at its holder's
        # address can shut them out.
        rates.require_stranger(request)
    if not (is_open or _enter(request, await run_in_threadpool(tenants.lease, name))):
        raise KeyRefused
    return await run_in_threadpool(services_of(request).keys.authenticate, secret)


def _enter(request: Request, lease: Lease | None) -> bool:
    if lease is None:
        return False
    request.state.lease = lease
    return True


async def _look_again(secret: str, *, services: Services) -> Principal:
    if services.tokens is not None and not secret.startswith(KEY_PREFIX):
        return await services.tokens.authenticate(secret)
    remembered = services.keys.recall(secret)
    if remembered is not None:
        return remembered
    return await run_in_threadpool(services.keys.authenticate, secret)
