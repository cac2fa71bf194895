"""What can be disputed of an invoice's lines, and how they change."""

from decimal import Decimal

import pytest

from domain.disputes import events, opening
from domain.disputes.dispute import Dispute
from domain.disputes.lines import (
    Allocation,
    AmountOutOfRange,
    Line,
    LinesUnlike,
    LineTwice,
    UnknownLine,
)
from domain.event import Event
from domain.money import UnknownCurrency, WrongPrecision
from domain.refusals import RuleBroken
from tests import examples as an
from tests.domain.dispute_histories import (
    CONFIRMED,
    HUNDRED,
    REQUESTED,
    TWO_LINES,
    executed,
)
from tests.domain.given import given


def opening_with(*lines: Line) -> list[Event]:
    return opening.open_dispute(
        customer_id=an.CUSTOMER,
        complaint_id=None,
        reason_code="price",
        requested_action=None,
        lines=lines,
    )


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"amount": Decimal(0)}, AmountOutOfRange),
        ({"amount": Decimal(-1)}, AmountOutOfRange),
        ({"amount": Decimal("250.01")}, AmountOutOfRange),
        ({"vat": Decimal("100.01")}, AmountOutOfRange),
        ({"vat": Decimal("-0.01")}, AmountOutOfRange),
        ({"amount": Decimal("1.001")}, WrongPrecision),
        ({"currency": "JPY"}, WrongPrecision),
        ({"currency": "EUX"}, UnknownCurrency),
    ],
)
def test_a_line_disputes_a_possible_part_of_what_is_open(
    changes: dict[str, object],
    rule: type[RuleBroken],
) -> None:
    with pytest.raises(rule):
        opening_with(an.line(**changes))


def test_a_line_is_named_once() -> None:
    with pytest.raises(LineTwice):
        opening_with(an.line(), an.other_line(line_id=an.LINE_ID))


def test_a_document_line_is_disputed_once_in_a_dispute() -> None:
    (
        given(Dispute, an.opened())
        .when(lambda d: opening.add_line(d, line=an.line(line_id=an.PART_ID), by=an.ANNA))
        .refused(LineTwice)
    )


def test_a_reduced_line_keeps_the_account_of_what_it_was() -> None:
    case = (
        given(Dispute, an.opened())
        .when(lambda d: opening.reduce_line(d, line_id=an.LINE_ID, amount=Decimal(30), by=an.ANNA))
        .then(events.LineReduced(line_id=an.LINE_ID, amount=Decimal(30)))
    )
    account = case.accounts[an.LINE_ID]

    assert [account.original, account.adjusted, account.current] == [100, -30, 70]


@pytest.mark.parametrize("amount", [Decimal(0), HUNDRED, Decimal(101)])
def test_a_line_is_not_reduced_to_nothing(amount: Decimal) -> None:
    (
        given(Dispute, an.opened())
        .when(lambda d: opening.reduce_line(d, line_id=an.LINE_ID, amount=amount, by=an.ANNA))
        .refused(AmountOutOfRange)
    )


def test_only_a_line_of_the_dispute_is_reduced() -> None:
    (
        given(Dispute, an.opened())
        .when(lambda d: opening.reduce_line(d, line_id=an.PART_ID, amount=HUNDRED, by=an.ANNA))
        .refused(UnknownLine)
    )


def split(dispute: Dispute, **changes: an.Change) -> list[Event]:
    usual: dict[str, an.Change] = {
        "line_id": an.LINE_ID,
        "part_id": an.PART_ID,
        "amount": Decimal(40),
        "reason_code": "price",
    }
    return opening.split_line(dispute, **{**usual, **changes}, by=an.ANNA)


def test_splitting_and_merging_conserves_the_amounts() -> None:
    dispute = given(Dispute, an.opened()).case
    for event in split(dispute):
        dispute = dispute.after(event, an.envelope())

    assert {k: a.current for k, a in dispute.accounts.items()} == {an.LINE_ID: 60, an.PART_ID: 40}

    (merged,) = opening.merge_lines(
        dispute,
        line_id=an.LINE_ID,
        into_line_id=an.PART_ID,
        by=an.ANNA,
    )
    (account,) = dispute.after(merged, an.envelope()).accounts.values()
    assert account.current == HUNDRED
    assert account.conserved


def test_a_part_needs_an_identity_of_its_own() -> None:
    given(Dispute, an.opened()).when(lambda d: split(d, part_id=an.LINE_ID)).refused(LineTwice)


def test_a_part_is_less_than_the_line() -> None:
    given(Dispute, an.opened()).when(lambda d: split(d, amount=HUNDRED)).refused(AmountOutOfRange)


def test_lines_of_different_documents_are_not_merged() -> None:
    (
        given(Dispute, TWO_LINES)
        .when(
            lambda d: opening.merge_lines(
                d,
                line_id=an.LINE_ID,
                into_line_id=an.OTHER_LINE_ID,
                by=an.ANNA,
            ),
        )
        .refused(LinesUnlike)
    )


def test_merged_lines_take_along_where_their_money_went() -> None:
    half = (Allocation(line_id=an.LINE_ID, amount=Decimal(60)),)
    part = an.line(line_id=an.PART_ID, amount=Decimal(40))
    history = (an.opened(), events.LineSplit(line_id=an.LINE_ID, part=part), REQUESTED, CONFIRMED)
    reopened = (*history, *executed(allocations=half), events.DisputeReopened())
    merged = events.LinesMerged(line_id=an.LINE_ID, into_line_id=an.PART_ID)

    (account,) = given(Dispute, *reopened, merged).case.accounts.values()

    assert [account.credited, account.current] == [60, 40]
    assert account.conserved
