"""Whatever a customer writes can be projected, and found again."""

from pathlib import Path

import orjson
import pytest

from application.queries import WorkFilter, WorkOrder
from infrastructure.read_models.case_words import MOST_CHARACTERS
from tests.infrastructure.read_models.office import Office

NAUGHTY = Path(__file__).parents[4] / "shared" / "data" / "naughty-strings" / "blns.json"


@pytest.mark.skipif(not NAUGHTY.exists(), reason="../shared/data is not beside this repository")
def test_no_naughty_string_stops_the_search(office: Office) -> None:
    told: list[str] = orjson.loads(NAUGHTY.read_bytes())
    for text in dict.fromkeys(text.replace("\0", "") for text in told):
        office.register(text=text or "…", category=text or "…", invoice=text)
    office.project()
    for text in told:
        page = office.questions.worklist(
            WorkFilter(words=text.replace("\0", "")),
            order=WorkOrder.NEWEST,
            limit=1,
            cursor=None,
        )
        assert len(page.items) <= 1


def test_a_very_long_text_is_found_by_its_beginning(office: Office) -> None:
    # Every one of these letters becomes three of three bytes: the longest words there can be.
    letters = [chr(0xAC01 + number) for number in range(11_000)]
    words = [letters[n % 11_000] + letters[(n * 7) % 11_000] + str(n) for n in range(20_000)]
    case_id = office.register(text="commencement " + " ".join(words) + " fin")
    assert len(" ".join(words)) > MOST_CHARACTERS
    office.project()
    wanted = {"commencement": 1, "fin": 0}
    for word, count in wanted.items():
        page = office.questions.worklist(
            WorkFilter(words=word), order=WorkOrder.NEWEST, limit=9, cursor=None
        )
        assert [item.case_id for item in page.items] == [case_id] * count
