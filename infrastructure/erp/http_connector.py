"""Speaks the ERP contract over HTTP (see docs/erp-contract.md).

An answer counts only when its signature verifies, it names our message and our block, and its
status agrees with its body: anything else leaves the outcome unknown. There is no retry in here,
because the durable worker repeats, and only it survives a crash between two tries.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from ipaddress import ip_address
from types import TracebackType
from typing import Final, Self
from uuid import UUID

import httpx2
from pydantic import ValidationError

from application.erp import BlockOrder, ErpBlockState, ErpRefused, ErpReply, ErpUnavailable
from infrastructure.erp import wire
from infrastructure.erp.deadline import LoopThread
from infrastructure.erp.signatures import BadSignature, Signatures, new_message_id

_CLOCK_TOLERANCE_S: Final = 300.0
_MOST_CONNECTIONS: Final = 20
_REPLY_STATUSES: Final = frozenset({HTTPStatus.OK, HTTPStatus.ACCEPTED})
_TRY_AGAIN: Final = frozenset(
    {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS}
)


class UnusableErpAddress(ValueError):
    """The ERP's address cannot be used, or would show invoices to the network."""


@dataclass(frozen=True, slots=True)
class _Question:
    method: str
    path: str
    operation: str
    block_id: UUID
    body: bytes


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes


class HttpErp:
    """An ERP behind the HTTP contract. May be shared between threads; close it when done."""

    def __init__(
        self,
        base_url: str,
        *,
        secret: str,
        timeout: float = 10.0,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._signatures = Signatures(secret)
        self._timeout = timeout
        self._now = now
        self._client = httpx2.AsyncClient(
            base_url=_checked(base_url),
            timeout=timeout,
            limits=httpx2.Limits(max_connections=_MOST_CONNECTIONS),
            follow_redirects=False,
            # The settings name the ERP; a proxy from the environment would come between silently.
            trust_env=False,
            headers={"accept": "application/json, application/problem+json"},
        )
        self._loop = LoopThread("erp-connector")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give the connections back."""
        self._loop.call(self._client.aclose(), within=self._timeout)
        self._loop.close()

    def request_block(self, order: BlockOrder) -> ErpReply:
        """Ask for a block (see `application.erp.Erp`)."""
        try:
            body = wire.BlockRequest.of(order).model_dump_json().encode()
        except ValidationError as error:
            raise ErpRefused(
                "the order does not fit into the ERP's contract",
                problem_type=wire.INVALID_REQUEST,
                detail=wire.complaints_of(error),
            ) from error
        path = f"v1/payment-blocks/{order.block_id}"
        return self._ask(_Question("PUT", path, wire.REQUEST, order.block_id, body))

    def release_block(self, block_id: UUID) -> ErpReply:
        """Ask to lift a block (see `application.erp.Erp`)."""
        path = f"v1/payment-blocks/{block_id}/release"
        return self._ask(_Question("PUT", path, wire.RELEASE, block_id, wire.EMPTY_BODY))

    def look_up(self, block_id: UUID) -> ErpReply | None:
        """Ask how a block stands (see `application.erp.Erp`)."""
        path = f"v1/payment-blocks/{block_id}"
        try:
            return self._ask(_Question("GET", path, wire.LOOK_UP, block_id, b""))
        except ErpRefused as refused:
            if refused.problem_type == wire.BLOCK_NOT_FOUND:
                return None
            raise

    def _ask(self, question: _Question) -> ErpReply:
        message_id = new_message_id(question.operation, block_id=question.block_id)
        try:
            answer = self._loop.call(
                self._exchange(question, message_id=message_id), within=self._timeout
            )
        except TimeoutError as error:
            raise ErpUnavailable(f"the ERP did not answer within {self._timeout:g} s") from error
        except (httpx2.HTTPError, httpx2.StreamError) as error:
            raise ErpUnavailable(f"the ERP gave no answer: {type(error).__name__}") from error
        self._believe(answer)
        if answer.status in _REPLY_STATUSES:
            return self._reply(answer, question=question, message_id=message_id)
        raise _error_of(answer, message_id=message_id)

    async def _exchange(self, question: _Question, *, message_id: str) -> _Answer:
        headers = self._signatures.sign(question.body, message_id=message_id, at=self._now())
        if question.body:
            headers["content-type"] = "application/json"
        # What is signed is what travels, so the body is taken as it comes and never unpacked.
        headers["accept-encoding"] = "identity"
        received = bytearray()
        async with self._client.stream(
            question.method, question.path, content=question.body or None, headers=headers
        ) as response:
            async for chunk in response.aiter_raw():
                received += chunk
                if len(received) > wire.LARGEST_BODY:
                    raise ErpUnavailable(f"the answer is larger than {wire.LARGEST_BODY} bytes")
            return _Answer(response.status_code, response.headers, bytes(received))

    def _believe(self, answer: _Answer) -> None:
        try:
            self._signatures.verify(answer.body, headers=answer.headers)
        except BadSignature as error:
            raise ErpUnavailable(
                f"an answer with status {answer.status} cannot be believed ({error});"
                " compare the secret and the clocks of both sides"
            ) from error

    def _reply(self, answer: _Answer, *, question: _Question, message_id: str) -> ErpReply:
        try:
            reply = wire.Reply.model_validate_json(answer.body)
        except ValidationError as error:
            raise ErpUnavailable(f"the answer is broken: {wire.complaints_of(error)}") from error
        if reply.block_id != question.block_id or reply.in_reply_to != message_id:
            raise ErpUnavailable("the answer belongs to another question")
        pending = reply.state is ErpBlockState.PENDING
        if pending != (answer.status == HTTPStatus.ACCEPTED):
            raise ErpUnavailable(f"status {answer.status} does not fit the state {reply.state}")
        if wire.decided_too_far_ahead(reply, now=self._now(), tolerance_s=_CLOCK_TOLERANCE_S):
            raise ErpUnavailable("the ERP claims to have decided in the future; compare the clocks")
        return reply.read()


def _error_of(answer: _Answer, *, message_id: str) -> ErpUnavailable | ErpRefused:
    try:
        problem = wire.Problem.model_validate_json(answer.body)
    except ValidationError:
        return ErpUnavailable(f"status {answer.status} came without a readable problem")
    if problem.in_reply_to is None:
        return ErpUnavailable(
            f"the ERP does not believe us: {problem.title} ({answer.status}, {problem.detail});"
            " compare the secret and the clocks of both sides"
        )
    if problem.status != answer.status or problem.in_reply_to != message_id:
        return ErpUnavailable(f"the problem with status {answer.status} belongs elsewhere")
    if answer.status not in range(400, 500) or answer.status in _TRY_AGAIN:
        return ErpUnavailable(f"the ERP could not serve: {problem.title} ({answer.status})")
    return ErpRefused(problem.title, problem_type=problem.type, detail=problem.detail)


def _checked(base_url: str) -> httpx2.URL:
    try:
        url = httpx2.URL(base_url)
    except httpx2.InvalidURL as error:
        raise UnusableErpAddress(f"the ERP's address cannot be read: {error}") from error
    if url.scheme not in {"http", "https"} or not url.host:
        raise UnusableErpAddress("the ERP's address begins with https:// and names a host")
    if url.userinfo or url.query or url.fragment:
        raise UnusableErpAddress("the ERP's address holds no user, query or fragment")
    if url.scheme == "http" and not _is_loopback(url.host):
        raise UnusableErpAddress("an ERP on another machine is reached by https:// only")
    return url


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
