"""Following the live stream in a terminal, and passing what comes on to a program at work."""

import asyncio
import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, Final

import httpx2
import orjson

from api.command_line.faults import Stopped
from api.command_line.output import answer_json, say, show
from application.feed.cloud_events import MEDIA_TYPE
from infrastructure.erp.signatures import Signatures, new_secret
from infrastructure.webhooks.guard import Guard
from infrastructure.webhooks.posting import Poster

KEY: Final = "RECOURS_KEY"
"""Where the key is looked for: on the command line everybody on the machine could read it."""

SILENCE_SECONDS: Final = 60.0
"""A stream that does not even beat for so long is dead."""

PAUSE_SECONDS: Final = 2.0
_AGAIN: Final = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})

Event = dict[str, Any]  # Any: a CloudEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class Forwarding:
    """Passes events on, signed like a webhook."""

    url: str
    secret: str

    def pass_on(self, event: Event) -> str:
        """Pass an event on; answers with what came of it."""
        body = orjson.dumps(event)
        signed = Signatures(self.secret).sign(
            body, message_id=f"listen_{event['position']}", at=datetime.now(UTC)
        )
        outcome = asyncio.run(self._post(body, {**signed, "content-type": MEDIA_TYPE}))
        return outcome.fault or f"answered {outcome.status}"

    async def _post(self, body: bytes, headers: dict[str, str]) -> Any:  # noqa: ANN401
        async with Poster(Guard(loopback=True)) as poster:
            return await poster.post(self.url, body, headers=headers)


def listen(
    *, url: str, types: Sequence[str], after: int | None, forward: str | None, as_json: bool
) -> None:
    """Tell every event as it comes, until told to stop.

    Raises:
        Stopped: there is no key, or it does not open the stream.
        AddressRefused: events may not be passed on to this address.
    """
    forwarding = None if forward is None else _forwarding(forward)
    for event in _events(url, types=types, after=after, key=_key()):
        outcome = None if forwarding is None else forwarding.pass_on(event)
        if as_json:
            answer_json(event)
        else:
            show(f"{event['time']}  {event['position']}  {event['type']}  {event['subject']}")
        if outcome is not None:
            say("  {} {}", forward, outcome)


def _forwarding(forward: str) -> Forwarding:
    Guard(loopback=True).read(forward)
    secret = new_secret()
    say("passing on to {}, signed with {}", forward, secret)
    return Forwarding(url=forward, secret=secret)


def _key() -> str:
    key = os.environ.get(KEY)
    if not key:
        raise Stopped(
            f"set {KEY} to a key that may follow events; make one with:"
            " recours keys issue --role connector --scope events --subject NAME"
        )
    return key


def _events(url: str, *, types: Sequence[str], after: int | None, key: str) -> Iterator[Event]:
    headers = {"authorization": f"Bearer {key}", "accept": "text/event-stream"}
    place = None if after is None else str(after)
    timeout = httpx2.Timeout(10.0, read=SILENCE_SECONDS)
    with httpx2.Client(base_url=url, headers=headers, timeout=timeout, trust_env=False) as client:
        while True:
            asked = {} if place is None else {"last-event-id": place}
            try:
                with client.stream(
                    "GET", "/v1/events/stream", params={"types": list(types)}, headers=asked
                ) as stream:
                    _check(stream)
                    for fields in _blocks(stream):
                        place = fields.get("id", place)
                        if "data" in fields:
                            yield orjson.loads(fields["data"])
            except httpx2.TransportError as error:
                say("the stream broke off ({}); coming back", type(error).__name__)
            time.sleep(PAUSE_SECONDS)


def _check(stream: httpx2.Response) -> None:
    if stream.status_code == HTTPStatus.OK:
        say("following {}; ^C stops it", stream.url)
    elif stream.status_code in _AGAIN:
        say("the stream is refused for now ({}); coming back", stream.status_code)
    else:
        stream.read()
        raise Stopped(f"the stream is refused: {_why(stream)}")


def _why(refused: httpx2.Response) -> str:
    try:
        problem = refused.json()
        return str(problem.get("detail") or problem["title"])
    except (ValueError, KeyError, AttributeError):
        return f"status {refused.status_code}"


def _blocks(stream: httpx2.Response) -> Iterator[dict[str, str]]:
    fields: dict[str, str] = {}
    for line in stream.iter_lines() if stream.status_code == HTTPStatus.OK else ():
        if line:
            name, _, value = line.partition(":")
            fields[name] = value.removeprefix(" ")
        else:
            yield fields
            fields = {}
