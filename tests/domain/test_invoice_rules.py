"""What can be disputed of an invoice, and cleared."""

from decimal import Decimal

import pytest

from domain.disputes.lines import AmountOutOfRange
from domain.event import Event
from domain.invoices import events
from domain.invoices.invoice import (
    ClearedWhileDisputed,
    DisputedBeyondOpen,
    Invoice,
    InvoiceInOtherCurrency,
    InvoiceOfOtherCustomer,
    mirror_invoice,
)
from domain.money import UnknownCurrency, WrongPrecision
from domain.refusals import RuleBroken
from tests import examples as an
from tests.domain.given import given

OTHER_DISPUTE_ID = an.numbered(0xD02)
DISPUTED = events.InvoiceDisputed(dispute_id=an.DISPUTE_ID, amount=Decimal(200))


def claim(invoice: Invoice, **changes: an.Change) -> list[Event]:
    usual: dict[str, an.Change] = {
        "dispute_id": OTHER_DISPUTE_ID,
        "customer_id": an.CUSTOMER,
        "amount": Decimal(50),
        "currency": "EUR",
    }
    return invoice.dispute(**{**usual, **changes})


def test_all_disputes_together_claim_at_most_what_is_open() -> None:
    disputed = given(Invoice, an.mirrored(), DISPUTED)

    disputed.when(claim).then(
        events.InvoiceDisputed(dispute_id=OTHER_DISPUTE_ID, amount=Decimal(50)),
    )
    refusal = disputed.when(lambda i: claim(i, amount=Decimal("50.01"))).refused(DisputedBeyondOpen)
    assert [refusal.open_amount, refusal.disputed] == [250, 200]


@pytest.mark.parametrize(
    "freed",
    [
        events.InvoiceDisputeEnded(dispute_id=an.DISPUTE_ID),
        events.InvoiceDisputeReduced(dispute_id=an.DISPUTE_ID, amount=Decimal(150)),
    ],
    ids=["ended", "reduced"],
)
def test_what_a_dispute_claims_no_more_others_may_claim(freed: Event) -> None:
    (
        given(Invoice, an.mirrored(), DISPUTED, freed)
        .when(lambda i: claim(i, amount=Decimal(200)))
        .then(events.InvoiceDisputed(dispute_id=OTHER_DISPUTE_ID, amount=Decimal(200)))
    )


def test_a_customer_disputes_their_own_invoices() -> None:
    (
        given(Invoice, an.mirrored())
        .when(lambda i: claim(i, customer_id=an.OTHER_CUSTOMER))
        .refused(InvoiceOfOtherCustomer)
    )


def test_an_invoice_is_disputed_in_its_own_currency() -> None:
    (
        given(Invoice, an.mirrored())
        .when(lambda i: claim(i, currency="USD"))
        .refused(InvoiceInOtherCurrency)
    )


@pytest.mark.parametrize(
    ("amount", "rule"),
    [
        (Decimal(0), AmountOutOfRange),
        (Decimal("250.01"), AmountOutOfRange),
        (Decimal("0.001"), WrongPrecision),
    ],
)
def test_a_possible_part_of_what_is_open_is_cleared(
    amount: Decimal, rule: type[RuleBroken]
) -> None:
    given(Invoice, an.mirrored()).when(lambda i: i.clear(amount=amount)).refused(rule)


def test_what_is_disputed_is_not_cleared_behind_the_back_of_the_dispute() -> None:
    disputed = given(Invoice, an.mirrored(), DISPUTED)

    disputed.when(lambda i: i.clear(amount=Decimal(50))).then(
        events.InvoiceCleared(amount=Decimal(50)),
    )
    refusal = disputed.when(lambda i: i.clear(amount=Decimal(51))).refused(ClearedWhileDisputed)
    assert refusal.undisputed == 50


def test_a_clearing_that_the_erp_took_back_can_be_disputed_again() -> None:
    cleared = events.InvoiceCleared(amount=Decimal(250))

    given(Invoice, an.mirrored(), cleared).when(claim).refused(DisputedBeyondOpen)
    case = (
        given(Invoice, an.mirrored(), cleared)
        .when(lambda i: i.reset_clearing(amount=Decimal(250)))
        .then(events.InvoiceClearingReset(amount=Decimal(250)))
    )
    assert claim(case)


@pytest.mark.parametrize("amount", [Decimal(0), Decimal(101)])
def test_no_more_is_taken_back_than_was_cleared(amount: Decimal) -> None:
    (
        given(Invoice, an.mirrored(), events.InvoiceCleared(amount=Decimal(100)))
        .when(lambda i: i.reset_clearing(amount=amount))
        .refused(AmountOutOfRange)
    )


def test_ending_what_was_not_claimed_changes_nothing() -> None:
    given(Invoice, an.mirrored()).when(lambda i: i.end_dispute(dispute_id=an.DISPUTE_ID)).then()


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"open_amount": Decimal(-1)}, AmountOutOfRange),
        ({"open_amount": Decimal("0.001")}, WrongPrecision),
        ({"currency": "EUX"}, UnknownCurrency),
    ],
)
def test_a_mirrored_invoice_has_a_possible_open_amount(
    changes: dict[str, an.Change],
    rule: type[RuleBroken],
) -> None:
    usual: dict[str, an.Change] = {
        "customer_id": an.CUSTOMER,
        "document": an.document(),
        "open_amount": Decimal(250),
        "currency": "EUR",
        "invoiced_on": None,
        "due_on": None,
    }

    with pytest.raises(rule):
        mirror_invoice(**{**usual, **changes})
