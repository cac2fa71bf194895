"""Tokens checked: read, their key found, their signature proven, their claims judged."""

import time
from collections.abc import Callable
from concurrent.futures import Future
from hashlib import sha256
from types import TracebackType
from typing import Final, NamedTuple, Self

from application.keys import Principal
from application.ports import Clock
from application.tokens import TokenFault, TokenRefused
from infrastructure.erp.deadline import LoopThread
from infrastructure.oidc.claims import ClaimRules
from infrastructure.oidc.issuer import PATIENCE, Issuer
from infrastructure.oidc.issuer_keys import IssuerKey
from infrastructure.oidc.known_keys import KnownKeys
from infrastructure.oidc.reading import Token, read_object, read_token
from infrastructure.remembering import Memory

BELIEVED: Final = 30.0
"""Seconds for which a token that was checked is not checked again."""

REMEMBERED: Final = 1_024


class IssuedTokens:
    """Tokens of one issuer. May be shared between event loops; close it when done."""

    def __init__(
        self,
        issuer: Issuer,
        *,
        rules: ClaimRules,
        clock: Clock,
        seconds: Callable[[], float] = time.monotonic,
        patience: float = PATIENCE,
    ) -> None:
        self._issuer = issuer
        self._patience = patience
        self._rules = rules
        self._clock = clock
        self._thread = LoopThread("issuer-keys")
        self._keys = KnownKeys(self._look_up, seconds=seconds)
        self._checked = Memory[_Bearer](most=REMEMBERED, seconds=seconds)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._thread.close()

    async def authenticate(self, token: str) -> Principal:
        """Find out who bears the token; see the port."""
        digest = sha256(token.encode("utf-8", "surrogatepass")).digest()
        bearer = self._checked.recall(digest)
        if bearer is not None and self._clock.now().timestamp() < bearer.ends:
            return bearer.principal
        read, forgettings = read_token(token), self._checked.forgettings
        await self._prove(read)
        now = self._clock.now()
        principal, ends = self._rules.judge(read_object(read.payload), now=now)
        bearer = _Bearer(principal, ends.timestamp())
        self._checked.keep(digest, bearer, lifetime=BELIEVED, forgettings=forgettings)
        return principal

    async def _prove(self, token: Token) -> None:
        keys = self._keys.fitting(token.kid, algorithm=token.algorithm)
        if keys:
            self._keys.keep_fresh()
        else:
            await self._keys.look_again()
            keys = self._keys.fitting(token.kid, algorithm=token.algorithm)
        if not keys:
            raise TokenRefused(TokenFault.KEY)
        signature, signed = token.signature, token.signed
        if not any(k.verifies(signature, signed=signed, algorithm=token.algorithm) for k in keys):
            raise TokenRefused(TokenFault.SIGNATURE)

    def _look_up(self) -> Future[tuple[IssuerKey, ...]]:
        return self._thread.begin(self._issuer.fetch_keys(), within=self._patience)


class _Bearer(NamedTuple):
    principal: Principal
    ends: float
