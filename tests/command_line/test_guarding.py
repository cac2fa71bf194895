"""Connections that get nowhere end in their time, and make room when there are too many."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, cast

import pytest
from uvicorn.server import ServerState

from api.command_line.guarding import SECONDS, Guard, Stage


@dataclass
class Transport:
    """What the guard asks of a socket."""

    unread: int = 0
    ended: bool = False

    def get_write_buffer_size(self) -> int:
        return self.unread

    def is_closing(self) -> bool:
        return self.ended

    def abort(self) -> None:
        self.ended = True


@dataclass(eq=False)
class Request:
    """What the guard asks of a request."""

    response_complete: bool = False
    more_body: bool = False


@dataclass(eq=False)
class Caller:
    """What the guard asks of a connection."""

    transport: Transport = field(default_factory=Transport)
    cycle: Request | None = None
    timeout_keep_alive_task: object | None = None

    @property
    def is_gone(self) -> bool:
        return self.transport.ended


class House:
    """A guard, its clock, and the connections that it made."""

    def __init__(self, *, most: int = 100) -> None:
        self.now = 0.0
        self.state = ServerState()
        self.guard = Guard(self.state, most=most, seconds=lambda: self.now)
        self.make = self.guard.watching(Caller)

    def caller(self, **made: Any) -> Caller:  # noqa: ANN401 - whatever a caller has
        caller: Caller = self.make(**made)
        self.state.connections.add(cast("Any", caller))
        return caller

    def after(self, seconds: float) -> None:
        """Let time pass, with a look each second."""
        for _ in range(int(seconds)):
            self.now += 1
            self.guard.sweep()


STAGES: dict[Stage, Callable[[], Caller]] = {
    Stage.HEAD: Caller,
    Stage.BODY: lambda: Caller(cycle=Request(more_body=True)),
    Stage.READING: lambda: Caller(Transport(unread=7), cycle=Request()),
    Stage.SERVED: lambda: Caller(cycle=Request()),
    Stage.IDLE: lambda: Caller(cycle=Request(response_complete=True), timeout_keep_alive_task=1),
}


@pytest.mark.parametrize("stage", Stage)
def test_each_stage_has_its_time(stage: Stage) -> None:
    house = House()
    caller = house.caller(**vars(STAGES[stage]()))
    house.after(SECONDS.get(stage, 3_600) - 1)
    before = caller.is_gone
    house.after(3)

    assert (before, caller.is_gone) == (False, stage in SECONDS)


def test_the_head_of_the_next_request_has_its_time_too() -> None:
    house = House()
    trickling = house.caller(cycle=Request(response_complete=True))
    house.after(SECONDS[Stage.HEAD] + 2)

    assert trickling.is_gone


def test_who_gets_on_stays() -> None:
    house = House()
    busy, slow = house.caller(), house.caller(cycle=Request())
    for unread in range(100, 0, -1):
        busy.cycle, slow.transport.unread = Request(more_body=True), unread
        house.after(SECONDS[Stage.BODY] - 1)

    assert (busy.is_gone, slow.is_gone) == (False, False)


def test_when_there_are_too_many_the_oldest_that_gets_nowhere_makes_room() -> None:
    house = House(most=3)
    served, oldest, younger = house.caller(cycle=Request()), house.caller(), house.caller()
    house.caller()

    assert [served.is_gone, oldest.is_gone, younger.is_gone] == [False, True, False]


def test_what_is_over_is_forgotten() -> None:
    house = House(most=2)
    first = house.caller()
    first.transport.abort()
    house.state.connections.clear()
    house.after(1)
    second, third, fourth = house.caller(), house.caller(), house.caller()

    assert [caller.is_gone for caller in (second, third, fourth)] == [True, False, False]
