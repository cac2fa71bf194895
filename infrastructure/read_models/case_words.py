"""The words by which a case is found, without accents."""

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Final
from uuid import UUID

import orjson
from psycopg import Cursor
from psycopg.rows import DictRow

from application.recorded import RecordedEvent
from domain.complaints.events import ComplaintCorrected, ComplaintRegistered
from domain.disputes.events import DisputeOpened, LineAdded
from domain.disputes.lines import Line
from domain.event import Event
from infrastructure.read_models.projection import Projection, Table

MOST_CHARACTERS: Final = 50_000
"""A longer text is found by its beginning: the server's limit for one case is 1 MiB of words."""

_LIGATURES: Final = str.maketrans({"œ": "oe", "æ": "ae"})
"""Letters to Unicode, and two letters to whoever types `coeur` or `soeur`."""

_WORDS: Final = Table("case_words", ("case_id",), ("case_id", "words"))
# Stripped of positions, words are a set: adding them gives the same whatever the page's bounds.
_ADD: Final = """
    INSERT INTO case_words AS known
    SELECT case_id, strip(to_tsvector('simple', words))
      FROM json_to_recordset(%s) AS r(case_id uuid, words text)
        ON CONFLICT (case_id) DO UPDATE SET words = strip(known.words || excluded.words)
"""


def without_accents(text: str) -> str:
    """Lower-case letters without their marks, as they are stored and looked up."""
    decomposed = unicodedata.normalize("NFKD", text.casefold().translate(_LIGATURES))
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))


def _project(cursor: Cursor[DictRow], page: Sequence[RecordedEvent]) -> None:
    words: defaultdict[UUID, list[str]] = defaultdict(list)
    for recorded in page:
        found = [word for word in _words(recorded.event) if word]
        if found:
            words[recorded.stream_id] += found
    if words:
        rows = [
            {"case_id": case_id, "words": without_accents(" ".join(found))}
            for case_id, found in words.items()
        ]
        cursor.execute(_ADD, [orjson.dumps(rows).decode()])


def _words(event: Event) -> Iterable[str | None]:
    match event:
        case ComplaintRegistered():
            references = event.references
            return (
                event.customer_id,
                event.text[:MOST_CHARACTERS],
                event.category,
                event.wanted_outcome,
                references.product,
                references.contract,
                references.order,
                references.invoice,
            )
        case ComplaintCorrected():
            return (event.now,)
        case DisputeOpened():
            lines = [word for line in event.lines for word in _line_words(line)]
            return (event.customer_id, event.reason_code, *lines)
        case LineAdded():
            return _line_words(event.line)
        case _:
            return ()


def _line_words(line: Line) -> Iterator[str]:
    yield line.document.number
    yield line.reason_code


CASE_WORDS: Final = Projection("case_words", (_WORDS,), _project)
