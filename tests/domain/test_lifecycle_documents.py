"""The diagrams and tables in the documentation say what the tables say."""

import pytest

from tests.domain.lifecycle_documents import DOCUMENTS, HOW, document_of, render
from tests.domain.tables import KINDS, Kind, named


@pytest.mark.parametrize("kind", KINDS, ids=named)
def test_the_document_says_what_the_table_says(kind: Kind) -> None:
    assert document_of(kind).read_text(encoding="utf-8") == render(kind), HOW


def test_no_document_is_about_a_table_that_does_not_exist() -> None:
    assert set(DOCUMENTS.glob("*.md")) == {document_of(kind) for kind in KINDS}


@pytest.mark.parametrize("kind", KINDS, ids=named)
def test_the_diagram_shows_every_status_and_every_action_that_moves(kind: Kind) -> None:
    diagram = kind.table.to_mermaid()
    moves = {a for s in kind.table.statuses for v in kind.table.next_steps(s).values() for a in v}

    assert [status for status in kind.table.statuses if f" {status}" not in diagram] == []
    assert [action for action in moves if f"{action} (" not in diagram] == []
