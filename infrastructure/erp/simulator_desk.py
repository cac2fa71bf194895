"""The simulated ERP's desk: believes, counts, handles and answers messages.

Messages are handled whole inside the event loop, one after the other, so that what a fault does
depends on their order alone.
"""

import asyncio
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Final, NoReturn
from uuid import UUID

from fastapi import Request, Response
from pydantic import ValidationError

from application.erp import ErpBlockState, ErpReply
from infrastructure.erp import wire
from infrastructure.erp.dropped import DroppedConnection
from infrastructure.erp.signatures import BadSignature, Signatures, is_about, new_message_id
from infrastructure.erp.simulator_faults import Faults, Plan
from infrastructure.erp.simulator_ledger import BlockDiffers, Ledger, MessageIdReused

_ANSWER: Final = "answer"
NO_BLOCK: Final = UUID(int=0)
"""Stands in the id of an answer to a message about no block at all."""


class Refused(Exception):
    """A problem is the answer."""

    def __init__(self, status: int, kind: str, title: str, *, detail: str | None = None) -> None:
        super().__init__(title)
        self.status = status
        self.kind = kind
        self.title = title
        self.detail = detail


@dataclass(frozen=True, slots=True)
class _Message:
    operation: str
    block_id: UUID
    message_id: str
    body: bytes

    @property
    def digest(self) -> str:
        return hashlib.sha256(
            f"{self.operation}\n{self.block_id}\n".encode() + self.body
        ).hexdigest()


class Desk:
    """Believes, counts, handles and answers messages, and does wrong what the faults say."""

    def __init__(self, ledger: Ledger, *, secret: str, faults: Faults) -> None:
        self.ledger = ledger
        self.faults = faults
        self.refused = 0
        self._signatures = Signatures(secret)
        self._last_answers: dict[UUID, Response] = {}

    async def answer(self, request: Request, *, operation: str, block_id: UUID) -> Response:
        """Answer one message, whatever goes wrong."""
        message_id: str | None = None
        try:
            body = await _body_of(request)
            message_id = self._believed(request, body=body, operation=operation, block_id=block_id)
            message = _Message(operation, block_id, message_id, body)
            return await self._answer(message)
        except Refused as refused:
            return self.problem(refused, block_id=block_id, in_reply_to=message_id)

    async def _answer(self, message: _Message) -> Response:
        number, attempt = self._receive(message)
        plan = self.faults.plan(message.block_id, attempt=attempt)
        if plan.lose_before:
            return DroppedConnection()
        if plan.error:
            raise Refused(HTTPStatus.INTERNAL_SERVER_ERROR, "about:blank", "the ERP broke down")
        answer = self._handle(message, number=number)
        if plan.repeat:
            number, _ = self._receive(message)
            answer = self._handle(message, number=number)
        await asyncio.sleep(plan.delay_s)
        return self._spoilt(answer, message=message, plan=plan)

    def _believed(self, request: Request, *, body: bytes, operation: str, block_id: UUID) -> str:
        try:
            message_id = self._signatures.verify(body, headers=request.headers)
        except BadSignature as error:
            self._refuse(str(error))
        if not is_about(message_id, operation=operation, block_id=block_id):
            self._refuse("the message id was made for another operation or block")
        return message_id

    def _refuse(self, why: str) -> NoReturn:
        self.refused += 1
        raise Refused(
            HTTPStatus.UNAUTHORIZED,
            wire.BAD_SIGNATURE,
            "the message cannot be believed",
            detail=why,
        )

    def _receive(self, message: _Message) -> tuple[int, int]:
        try:
            return self.ledger.receive(
                message.block_id,
                operation=message.operation,
                message_id=message.message_id,
                digest=message.digest,
            )
        except MessageIdReused:
            self.refused += 1
            raise Refused(
                HTTPStatus.CONFLICT,
                wire.MESSAGE_ID_REUSED,
                "this message id was used before for another message",
            ) from None

    def _handle(self, message: _Message, *, number: int) -> Response:
        handlers: dict[str, Callable[[], ErpReply]] = {
            wire.REQUEST: lambda: self._request(message, number=number),
            wire.RELEASE: lambda: self._release(message, number=number),
            wire.LOOK_UP: lambda: self._look_up(message),
        }
        try:
            reply = handlers[message.operation]()
        except Refused as refused:
            return self.problem(refused, block_id=message.block_id, in_reply_to=message.message_id)
        return self._reply(reply, message=message)

    def _request(self, message: _Message, *, number: int) -> ErpReply:
        try:
            order = wire.BlockRequest.model_validate_json(message.body)
        except ValidationError as error:
            raise Refused(
                HTTPStatus.UNPROCESSABLE_ENTITY,
                wire.INVALID_REQUEST,
                "the request does not follow the contract",
                detail=wire.complaints_of(error),
            ) from error
        try:
            return self.ledger.request(
                message.block_id, order=order, number=number, faults=self.faults
            )
        except BlockDiffers:
            raise Refused(
                HTTPStatus.CONFLICT,
                wire.BLOCK_DIFFERS,
                "this block id was used before for another block",
            ) from None

    def _release(self, message: _Message, *, number: int) -> ErpReply:
        if message.body != wire.EMPTY_BODY:
            raise Refused(
                HTTPStatus.UNPROCESSABLE_ENTITY,
                wire.INVALID_REQUEST,
                "the body of a release is an empty object",
            )
        return self.ledger.release(message.block_id, number=number, faults=self.faults)

    def _look_up(self, message: _Message) -> ErpReply:
        reply = self.ledger.look_up(message.block_id)
        if reply is None:
            raise Refused(
                HTTPStatus.NOT_FOUND, wire.BLOCK_NOT_FOUND, "no message ever told of this block"
            )
        return reply

    def _reply(self, reply: ErpReply, *, message: _Message) -> Response:
        pending = reply.state is ErpBlockState.PENDING
        written = wire.Reply.of(reply, block_id=message.block_id, in_reply_to=message.message_id)
        return self._signed(
            written.model_dump_json().encode(),
            block_id=message.block_id,
            status=HTTPStatus.ACCEPTED if pending else HTTPStatus.OK,
            media_type="application/json",
        )

    def problem(self, refused: Refused, *, block_id: UUID, in_reply_to: str | None) -> Response:
        """Write a signed problem."""
        problem = wire.Problem(
            type=refused.kind,
            title=refused.title,
            status=refused.status,
            detail=refused.detail,
            in_reply_to=in_reply_to,
        )
        return self._signed(
            problem.model_dump_json(exclude_none=True).encode(),
            block_id=block_id,
            status=refused.status,
            media_type="application/problem+json",
        )

    def _signed(self, body: bytes, *, block_id: UUID, status: int, media_type: str) -> Response:
        headers = self._signatures.sign(
            body, message_id=new_message_id(_ANSWER, block_id=block_id), at=datetime.now(UTC)
        )
        return Response(body, status_code=status, headers=headers, media_type=media_type)

    def _spoilt(self, answer: Response, *, message: _Message, plan: Plan) -> Response:
        earlier = self._last_answers.get(message.block_id)
        if self.faults.stale:
            self._last_answers[message.block_id] = answer
        if plan.lose:
            return DroppedConnection()
        if plan.stale and earlier is not None:
            return earlier
        if plan.garble:
            other = self._signatures.sign(
                bytes(answer.body) + b" ",
                message_id=answer.headers["webhook-id"],
                at=datetime.now(UTC),
            )
            answer.headers["webhook-signature"] = other["webhook-signature"]
        return answer


async def _body_of(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > wire.LARGEST_BODY:
            raise Refused(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
                wire.BODY_TOO_LARGE,
                f"a body has at most {wire.LARGEST_BODY} bytes",
            )
    return bytes(body)
