"""How much money is blocked: only what the ERP holds, from its confirmation to its release."""

from datetime import timedelta
from decimal import Decimal

import psycopg
import pytest

from application import blocks, disputes
from application.exposures import ExposureGroup, Selection
from domain.blocks.events import Scope
from domain.disputes.dispute import Dispute
from domain.disputes.lifecycle import Status
from domain.parties import SYSTEM
from tests import examples as an
from tests.databases import Database
from tests.infrastructure.read_models.office import Office

HUNDRED = Decimal("100.00")
NOTHING = Decimal(0)


def test_nothing_is_blocked_before_the_erp_confirms(office: Office) -> None:
    dispute_id = office.dispute()
    assert office.blocked() == NOTHING
    (block,) = office.request_block(dispute_id)
    assert office.blocked() == NOTHING
    office.confirm(block)
    assert office.blocked() == HUNDRED


def test_each_line_counts_from_its_own_confirmation_on(office: Office) -> None:
    dispute_id = office.dispute(office.claim("100.00"), office.claim("20.50"))
    first, second = office.request_block(dispute_id)
    office.confirm(first)
    assert office.blocked() == first.amount
    office.confirm(second)
    assert office.blocked() == Decimal("120.50")


def test_a_block_that_the_erp_rejects_or_leaves_unanswered_blocks_nothing(office: Office) -> None:
    rejected, unanswered = (office.request_block(office.dispute())[0] for _ in range(2))
    on = office.on(rejected.block_id, by=an.ERP)
    blocks.reject(on, cause="document_locked", cases=office.cases)
    blocks.give_up(office.on(unanswered.block_id, by=SYSTEM), cases=office.cases)
    assert office.blocked() == NOTHING


def test_the_rejection_of_one_line_leaves_the_other_blocked(office: Office) -> None:
    first, second = office.request_block(office.dispute(office.claim("30.00"), office.claim()))
    office.confirm(first)
    on = office.on(second.block_id, by=an.ERP)
    blocks.reject(on, cause="document_locked", cases=office.cases)
    assert office.blocked() == first.amount


def test_a_reduced_line_blocks_less(office: Office) -> None:
    claim = office.claim()
    dispute_id = office.dispute(claim)
    office.block(dispute_id)
    disputes.reduce_line(
        office.on(dispute_id), line_id=claim.line_id, amount=Decimal(30), cases=office.cases
    )
    assert office.blocked() == Decimal(70)


def test_what_was_reduced_before_the_request_was_never_blocked(office: Office) -> None:
    claim = office.claim()
    dispute_id = office.dispute(claim)
    disputes.reduce_line(
        office.on(dispute_id), line_id=claim.line_id, amount=Decimal(30), cases=office.cases
    )
    office.block(dispute_id)
    assert office.blocked() == Decimal(70)


def test_split_and_merged_lines_block_what_they_dispute_then(office: Office) -> None:
    claim = office.claim()
    dispute_id, part_id = office.dispute(claim), office.new()
    disputes.split_line(
        office.on(dispute_id),
        line_id=claim.line_id,
        amount=Decimal(40),
        reason_code="price",
        part_id=part_id,
        cases=office.cases,
    )
    office.block(dispute_id)
    assert office.exposure(by=ExposureGroup.REASON) == {
        ("EUR", "goods_damaged"): Decimal(60),
        ("EUR", "price"): Decimal(40),
    }


def test_merged_lines_block_their_sum(office: Office) -> None:
    claim = office.claim()
    dispute_id, part_id = office.dispute(claim), office.new()
    disputes.split_line(
        office.on(dispute_id),
        line_id=claim.line_id,
        amount=Decimal(40),
        reason_code="price",
        part_id=part_id,
        cases=office.cases,
    )
    disputes.merge_lines(
        office.on(dispute_id), line_id=part_id, into_line_id=claim.line_id, cases=office.cases
    )
    assert len(office.block(dispute_id)) == 1
    assert office.blocked() == HUNDRED


def test_a_drifted_block_blocks_nothing_until_it_stands_again(office: Office) -> None:
    dispute_id = office.dispute()
    (block,) = office.block(dispute_id)
    blocks.drift(office.on(block.block_id, by=an.ERP), cases=office.cases)
    assert office.blocked() == NOTHING
    office.block(dispute_id)
    assert office.blocked() == HUNDRED


def test_a_line_counts_once_and_when_the_erp_holds_it_in_every_scope(office: Office) -> None:
    dispute_id = office.dispute()
    dunning, collection = office.request_block(dispute_id, scopes=(Scope.DUNNING, Scope.COLLECTION))
    office.confirm(dunning)
    assert office.blocked() == NOTHING
    office.confirm(collection)
    assert office.blocked() == HUNDRED
    disputes.withdraw(office.on(dispute_id), cases=office.cases)
    office.release(collection)
    assert office.blocked() == HUNDRED
    office.release(dunning)
    assert office.blocked() == NOTHING


def test_what_waits_for_a_refused_scope_is_blocked_once_that_is_given_up(office: Office) -> None:
    dispute_id = office.dispute()
    dunning, interest = office.request_block(dispute_id, scopes=(Scope.DUNNING, Scope.INTEREST))
    office.confirm(dunning)
    refused = office.on(interest.block_id, by=an.ERP)
    blocks.reject(refused, cause="no_such_scope", cases=office.cases)
    assert office.blocked() == NOTHING
    office.order_block(dispute_id)
    assert office.blocked() == HUNDRED
    assert office.cases.load(Dispute, dispute_id).status is Status.PAYMENT_BLOCKED


def test_two_people_can_say_that_the_erp_holds_what_it_did_not_confirm(office: Office) -> None:
    dispute_id = office.dispute(office.claim("30.00"), office.claim())
    first, second = office.request_block(dispute_id)
    office.confirm(first)
    blocks.give_up(office.on(second.block_id, by=SYSTEM), cases=office.cases)
    disputes.propose_manual_confirmation(office.on(dispute_id, by=an.FAYE), cases=office.cases)
    assert office.blocked() == first.amount
    disputes.confirm_block_manually(
        office.on(dispute_id, by=an.MARC), seen=[second.block_id], cases=office.cases
    )
    assert office.blocked() == first.amount + second.amount


def test_money_stays_blocked_until_the_erp_has_let_it_go(office: Office) -> None:
    dispute_id = office.dispute(office.claim("30.00"), office.claim())
    first, second = office.block(dispute_id)
    disputes.withdraw(office.on(dispute_id), cases=office.cases)
    assert office.blocked() == first.amount + second.amount
    office.release(first)
    assert office.blocked() == second.amount
    blocks.fail_release(
        office.on(second.block_id, by=SYSTEM), cause="no_answer", cases=office.cases
    )
    assert office.blocked() == second.amount
    office.release(second)
    assert office.blocked() == NOTHING


def test_a_reopened_dispute_blocks_again_once_the_erp_holds_it_again(office: Office) -> None:
    dispute_id = office.dispute()
    (block,) = office.block(dispute_id)
    disputes.withdraw(office.on(dispute_id), cases=office.cases)
    office.release(block)
    disputes.reopen(office.on(dispute_id), cases=office.cases)
    assert office.blocked() == NOTHING
    (again,) = office.block(dispute_id)
    assert again.block_id != block.block_id
    assert office.blocked() == HUNDRED


def test_money_in_two_currencies_is_never_summed(office: Office) -> None:
    dispute_id = office.dispute(
        office.claim("10.00"), office.claim("500", currency="JPY"), office.claim("1.00")
    )
    office.block(dispute_id)
    assert office.exposure() == {("EUR", None): Decimal(11), ("JPY", None): Decimal(500)}
    assert office.exposure(by=ExposureGroup.CUSTOMER) == {
        ("EUR", an.CUSTOMER): Decimal(11),
        ("JPY", an.CUSTOMER): Decimal(500),
    }


def test_blocked_money_is_grouped_by_customer_reason_and_company(office: Office) -> None:
    office.block(office.dispute(office.claim("10.00", company="FR01", reason="price")))
    office.block(office.dispute(office.claim("20.00", company="FR02", reason="price")))
    other = office.dispute(
        office.claim("40.00", company="FR02", reason="late"), customer_id=an.OTHER_CUSTOMER
    )
    office.block(other)
    assert office.exposure(by=ExposureGroup.CUSTOMER) == {
        ("EUR", an.CUSTOMER): Decimal(30),
        ("EUR", an.OTHER_CUSTOMER): Decimal(40),
    }
    assert office.exposure(by=ExposureGroup.REASON) == {
        ("EUR", "price"): Decimal(30),
        ("EUR", "late"): Decimal(40),
    }
    assert office.exposure(by=ExposureGroup.COMPANY) == {
        ("EUR", "FR01"): Decimal(10),
        ("EUR", "FR02"): Decimal(60),
    }


@pytest.mark.parametrize(
    ("days", "age"),
    [
        (0, "0-30"),
        (30, "0-30"),
        (31, "31-60"),
        (60, "31-60"),
        (61, "61-90"),
        (91, "91-180"),
        (180, "91-180"),
        (181, "181+"),
    ],
)
def test_blocked_money_is_as_old_as_its_dispute(days: int, age: str, office: Office) -> None:
    office.block(office.dispute(at=an.MONDAY), at=an.MONDAY)
    valid_at = an.MONDAY + timedelta(days=days)
    aged = office.exposure(by=ExposureGroup.AGE, valid_at=valid_at)
    assert aged == {("EUR", age): HUNDRED}


def test_the_blocked_lines_are_told_longest_first(office: Office) -> None:
    young = office.dispute(office.claim("20.00"), at=an.MONDAY)
    old = office.dispute(office.claim("10.00"), customer_id=an.OTHER_CUSTOMER, at=an.MONDAY)
    office.block(old, at=an.MONDAY + timedelta(hours=1))
    office.block(young, at=an.TUESDAY)
    office.project()
    found = office.exposures.lines(valid_at=an.NEXT_YEAR, known_at=None, limit=9)
    assert [(b.dispute_id, b.amount, b.blocked_since) for b in found] == [
        (old, Decimal(10), an.MONDAY + timedelta(hours=1)),
        (young, Decimal(20), an.TUESDAY),
    ]
    of_one = office.exposures.lines(
        valid_at=an.NEXT_YEAR, known_at=None, among=Selection(customer_id=an.CUSTOMER), limit=9
    )
    assert of_one == found[1:]
    assert found[:1] == office.exposures.lines(valid_at=an.NEXT_YEAR, known_at=None, limit=1)


def test_a_block_stands_as_the_list_of_blocks_says(office: Office) -> None:
    dispute_id = office.dispute()
    (block,) = office.block(dispute_id)
    (shown,) = office.blocks_of(dispute_id)
    assert (shown.status, shown.attempts, shown.amount) == ("confirmed", 1, HUNDRED)
    assert office.questions.unfinished_blocks(limit=9) == ()
    disputes.withdraw(office.on(dispute_id), cases=office.cases)
    office.project()
    (waiting,) = office.questions.unfinished_blocks(limit=9)
    assert (waiting.block_id, waiting.status) == (block.block_id, "release_requested")


def test_what_the_erp_is_to_be_asked_is_on_the_disk_before_anybody_is_told(
    office: Office, database: Database
) -> None:
    office.request_block(office.dispute())
    with psycopg.connect(database.admin_url, autocommit=True) as admin:
        # As between the two commits of an append: visible, and not flushed yet.
        admin.execute("SET synchronous_commit = off")
        admin.execute("SELECT pg_logical_emit_message(true, 'a test', repeat('x', 100))")
        visible = admin.execute("SELECT pg_current_wal_insert_lsn()").fetchone()
        assert office.questions.unfinished_blocks(limit=9)
        assert visible is not None
        flushed = admin.execute("SELECT pg_current_wal_flush_lsn() >= %s", visible).fetchone()
        assert flushed == (True,)
