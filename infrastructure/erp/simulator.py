"""An ERP to try against: the contract of docs/erp-contract.md, with faults on demand.

Under `/simulator` the person at this machine turns the faults, reads the books and removes blocks
by hand; nobody else may.
"""

from collections.abc import Awaitable, Callable
from http import HTTPStatus
from ipaddress import ip_address
from typing import Annotated
from uuid import UUID

from fastapi import Body, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict
from starlette.exceptions import HTTPException as StarletteHTTPException

from infrastructure.erp import wire
from infrastructure.erp.simulator_desk import NO_BLOCK, Desk, Refused
from infrastructure.erp.simulator_faults import Faults
from infrastructure.erp.simulator_ledger import BlockUnknown, Ledger, LedgerEntry


class Books(BaseModel):
    """What `GET /simulator/ledger` tells."""

    model_config = ConfigDict(frozen=True)

    messages: int
    """Every message ever received, repeated ones too."""
    refused: int
    """Messages since the start that could not be believed."""
    standing_twice: list[list[UUID]]
    """Blocks that one holder holds twice on the same line and scope: empty, if all is well."""
    blocks: list[LedgerEntry]


class Drop(BaseModel):
    """How a block is removed by hand."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    forget: bool = False
    """Also forget that it ever was, as an ERP does that came back from an older backup."""


def create_simulator(ledger: Ledger, *, secret: str, faults: Faults) -> FastAPI:
    """Make the simulated ERP as an application; it needs a server that can drop connections."""
    desk = Desk(ledger, secret=secret, faults=faults)
    app = FastAPI(title="Recours ERP simulator", docs_url=None, redoc_url=None, openapi_url=None)
    _serve_contract(app, desk=desk)
    _serve_steering(app, desk=desk)
    _answer_with_problems(app, desk=desk)
    return app


def _serve_contract(app: FastAPI, *, desk: Desk) -> None:
    @app.put("/v1/payment-blocks/{block_id}")
    async def request_block(block_id: UUID, request: Request) -> Response:
        return await desk.answer(request, operation=wire.REQUEST, block_id=block_id)

    @app.put("/v1/payment-blocks/{block_id}/release")
    async def release_block(block_id: UUID, request: Request) -> Response:
        return await desk.answer(request, operation=wire.RELEASE, block_id=block_id)

    @app.get("/v1/payment-blocks/{block_id}")
    async def look_up(block_id: UUID, request: Request) -> Response:
        return await desk.answer(request, operation=wire.LOOK_UP, block_id=block_id)


def _serve_steering(app: FastAPI, *, desk: Desk) -> None:
    @app.get("/simulator/faults")
    async def read_faults() -> Faults:
        return desk.faults

    @app.put("/simulator/faults")
    async def set_faults(wanted: Faults) -> Faults:
        desk.faults = wanted
        return wanted

    @app.get("/simulator/ledger")
    async def read_ledger() -> Books:
        return Books(
            messages=desk.ledger.message_count(),
            refused=desk.refused,
            standing_twice=desk.ledger.standing_twice(),
            blocks=desk.ledger.entries(),
        )

    @app.post("/simulator/blocks/{block_id}/drop", status_code=HTTPStatus.NO_CONTENT)
    async def drop_block(block_id: UUID, how: Annotated[Drop | None, Body()] = None) -> None:
        try:
            desk.ledger.drop(block_id, forget=(how or Drop()).forget)
        except BlockUnknown:
            raise StarletteHTTPException(
                HTTPStatus.NOT_FOUND, "no message ever told of this block"
            ) from None

    @app.middleware("http")
    async def only_from_this_machine(
        request: Request, proceed: Callable[[Request], Awaitable[Response]]
    ) -> Response:
        if request.url.path.startswith("/simulator/") and not _is_local(request):
            refused = Refused(
                HTTPStatus.FORBIDDEN, "about:blank", "the simulator is steered from its own machine"
            )
            return desk.problem(refused, block_id=NO_BLOCK, in_reply_to=None)
        return await proceed(request)


def _answer_with_problems(app: FastAPI, *, desk: Desk) -> None:
    @app.exception_handler(RequestValidationError)
    async def unreadable(_request: Request, error: RequestValidationError) -> Response:
        detail = "; ".join(str(fault["msg"]) for fault in error.errors())
        refused = Refused(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            wire.INVALID_REQUEST,
            "the request does not follow the contract",
            detail=detail,
        )
        return desk.problem(refused, block_id=NO_BLOCK, in_reply_to=None)

    @app.exception_handler(StarletteHTTPException)
    async def refused_by_the_framework(
        _request: Request, error: StarletteHTTPException
    ) -> Response:
        refused = Refused(error.status_code, "about:blank", str(error.detail))
        return desk.problem(refused, block_id=NO_BLOCK, in_reply_to=None)


def _is_local(request: Request) -> bool:
    return request.client is not None and ip_address(request.client.host).is_loopback
