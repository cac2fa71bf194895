"""Cases in every state that a story leads to, for requests that somebody else makes up."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Final, NamedTuple
from uuid import UUID

from httpx2 import Response
from starlette.testclient import TestClient

from domain.parties import Role
from tests.api.doors import Door
from tests.api.requests import Said
from tests.api.test_every_command_repeated import STORIES, Story, Twice

_NUMBERS: Final = count()
_MEASURED: Final = frozenset({"amount", "line", "corrects_version", "field", "now"})


class Enough(Exception):
    """The story has come to the step before which it ends."""


class Scene(NamedTuple):
    """A case before a step of a story, and what the story says with that step."""

    case: str
    said: Said

    @property
    def case_id(self) -> str:
        """The case's identity."""
        return self.case.rpartition("/")[2]

    @property
    def known(self) -> Said:
        """What cannot be made up: the identities of parts of the case, and what they bear."""
        return {name: said for name, said in self.said.items() if _is_of_the_case(name, said)}


@dataclass
class Once(Twice):
    """Tells a story up to a step; each command is sent once."""

    until: tuple[str, str] | None = None
    scene: Scene | None = None
    begun: dict[str, str] = field(default_factory=dict[str, str])
    """A case of each kind."""

    def begin(self, role: Role, kind: str, said: Said) -> str:
        """Begin a case, about documents of its own."""
        self.begun[kind] = case = super().begin(role, kind, _renumbered(said))
        return case

    def take(self, role: Role, case: str, noun: str, **said: Any) -> Said:  # noqa: ANN401 - JSON
        """Take a step, unless it is the one before which the story ends."""
        kind, said = case.split("/")[2], _renumbered(said)
        self.begun[kind] = case
        if self.until == (kind, noun):
            self.scene = Scene(case, said)
            raise Enough
        return super().take(role, case, noun, **said)

    def _send(
        self, client: TestClient, address: str, said: Said, headers: dict[str, str]
    ) -> Response:
        answer = client.post(address, json=said, headers=headers)
        assert answer.status_code in {200, 201}, f"{address}: {answer.text}"
        return answer


class Stage:
    """Sets the scene for any step of any story, and leaves it while it serves."""

    def __init__(self, door: Door) -> None:
        self._door = door
        self._story_of: dict[tuple[str, str], Story] = {}
        self._scenes: dict[tuple[str, str], Scene] = {}
        self.begun: dict[str, str] = {}
        for story in STORIES:
            teller = Once(door)
            story(teller)
            self.begun |= teller.begun
            self._story_of |= dict.fromkeys(teller.taken, story)

    def scene(self, kind: str, noun: str) -> Scene:
        """A case for which this step comes next."""
        step = (kind, noun)
        if step not in self._scenes:
            self._scenes[step] = self._tell(step)
        return self._scenes[step]

    def taken(self, kind: str, noun: str, shown: Mapping[str, Any]) -> None:
        """Forget a scene, unless the case still offers the step."""
        offered = {link["href"].rpartition("/")[2] for link in shown.get("allowed_actions", ())}
        if noun not in offered:
            self._scenes.pop((kind, noun), None)

    def _tell(self, step: tuple[str, str]) -> Scene:
        teller = Once(self._door, until=step)
        with suppress(Enough):
            self._story_of[step](teller)
        assert teller.scene is not None, "the story has this step: it was told before"
        return teller.scene


def _renumbered(said: Any) -> Any:  # noqa: ANN401 - JSON
    # What a document still has open is used up, however often a story is told.
    if isinstance(said, list):
        return [_renumbered(one) for one in said]  # pyright: ignore[reportUnknownVariableType]
    if not isinstance(said, dict):
        return said
    told: Said = {name: _renumbered(one) for name, one in said.items()}  # pyright: ignore[reportUnknownVariableType]
    if "number" in told:
        told["number"] = f"told-{next(_NUMBERS)}"
    return told


def _is_of_the_case(name: str, said: Any) -> bool:  # noqa: ANN401 - JSON
    one = said[0] if isinstance(said, list) and said else said  # pyright: ignore[reportUnknownVariableType] - JSON
    return name in _MEASURED or (isinstance(one, str) and _is_identity(one))


def _is_identity(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
