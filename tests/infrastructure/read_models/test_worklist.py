"""The list of cases: what it shows, how it is filtered, and that its pages miss nothing."""

import base64
from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

import orjson
import pytest

from application import complaints, disputes
from application.errors import BadCursor
from application.queries import WorkFilter, WorkItem, WorkOrder
from domain.complaints.events import CorrectableField
from tests import examples as an
from tests.infrastructure.read_models.office import Office

EVERYTHING = WorkFilter()
BOTH = list(WorkOrder)
NOBODY = an.numbered(0xDEAD)


def found(office: Office, wanted: WorkFilter = EVERYTHING) -> set[UUID]:
    office.project()
    page = office.questions.worklist(wanted, order=WorkOrder.NEWEST, limit=100, cursor=None)
    return {item.case_id for item in page.items}


def pages(
    office: Office, *, order: WorkOrder, limit: int, wanted: WorkFilter = EVERYTHING
) -> Iterator[tuple[WorkItem, ...]]:
    cursor = None
    while True:
        page = office.questions.worklist(wanted, order=order, limit=limit, cursor=cursor)
        yield page.items
        cursor = page.next_cursor
        if cursor is None:
            return


def item(office: Office, case_id: UUID) -> WorkItem:
    office.project()
    shown = office.questions.work_item(case_id)
    assert shown is not None
    return shown


def cursor(*told: object) -> str:
    return base64.urlsafe_b64encode(orjson.dumps(told)).decode()


def test_a_list_is_filtered_by_each_of_its_properties(office: Office) -> None:
    mine = office.register(customer_id=an.OTHER_CUSTOMER)
    routed = office.register()
    complaints.route(office.on(routed), queue="claims", cases=office.cases)
    complaints.claim_work(office.on(routed, by=an.MARC), cases=office.cases)
    closed = office.register()
    complaints.withdraw(office.on(closed), cases=office.cases)
    dispute = office.dispute()
    assert found(office) == {mine, routed, closed, dispute}
    assert found(office, WorkFilter(case_kind="dispute")) == {dispute}
    assert found(office, WorkFilter(status="closed")) == {closed}
    assert found(office, WorkFilter(is_open=False)) == {closed}
    assert found(office, WorkFilter(is_open=True)) == {mine, routed, dispute}
    assert found(office, WorkFilter(customer_id=an.OTHER_CUSTOMER)) == {mine}
    assert found(office, WorkFilter(queue="claims")) == {routed}
    assert found(office, WorkFilter(claimed_by="marc")) == {routed}
    assert found(office, WorkFilter(claimed_by="marc", is_open=False)) == set()


@pytest.mark.parametrize(
    "words", ["deja payee", "Déjà Payée", "DEJA", "coeur", "cœur", "FA-2027-0042", "facturation"]
)
def test_words_are_found_without_accents_ligatures_and_case(words: str, office: Office) -> None:
    told = "Facture déjà payée, cela me tient à cœur."
    case_id = office.register(text=told, category="facturation", invoice="FA-2027-0042")
    office.register(text="Rien à voir.")
    assert found(office, WorkFilter(words=words)) == {case_id}


def test_all_words_must_be_found(office: Office) -> None:
    office.register(text="Facture déjà payée.")
    assert found(office, WorkFilter(words="facture impayée")) == set()


def test_a_dispute_is_found_by_its_document_and_by_what_was_added_later(office: Office) -> None:
    first, second = office.claim(), office.claim(reason="price")
    dispute_id = office.dispute(first)
    assert found(office, WorkFilter(words=second.document.number)) == set()
    disputes.add_line(office.on(dispute_id), line=second, cases=office.cases)
    for words in (first.document.number, second.document.number, "price"):
        assert found(office, WorkFilter(words=words)) == {dispute_id}


def test_a_corrected_word_is_found_and_the_wrong_one_too(office: Office) -> None:
    case_id = office.register(category="billing")
    correct(office, case_id, was="billing", now="delivery")
    assert (
        found(office, WorkFilter(words="delivery"))
        == found(office, WorkFilter(words="billing"))
        == {case_id}
    )
    assert item(office, case_id).category == "delivery"


def test_a_category_that_was_wrong_is_shown_until_the_right_one_is_known(office: Office) -> None:
    case_id = office.register(category="billing")
    correct(office, case_id, was="billing", now=None)
    assert item(office, case_id).category == "billing"


def test_routing_takes_the_claim_away_and_a_release_gives_it_back(office: Office) -> None:
    case_id = office.register()
    complaints.claim_work(office.on(case_id), cases=office.cases)
    assert item(office, case_id).claimed_by == "anna"
    complaints.route(office.on(case_id), queue="claims", cases=office.cases)
    shown = item(office, case_id)
    assert (shown.queue, shown.claimed_by) == ("claims", None)
    complaints.claim_work(office.on(case_id), cases=office.cases)
    complaints.release_claim(office.on(case_id), cases=office.cases)
    assert item(office, case_id).claimed_by is None


def test_a_complaint_and_its_dispute_name_each_other(office: Office) -> None:
    complaint_id = office.register()
    dispute_id = office.convert(complaint_id)
    shown, of_dispute = item(office, complaint_id), item(office, dispute_id)
    assert (shown.dispute_id, shown.status) == (dispute_id, "in_dispute")
    assert (of_dispute.complaint_id, of_dispute.status) == (complaint_id, "opened")
    assert of_dispute.customer_id == an.CUSTOMER


def test_the_amount_of_a_dispute_is_the_sum_of_its_lines(office: Office) -> None:
    first, second = office.claim("100.00"), office.claim("20.50")
    dispute_id = office.dispute(first)
    disputes.add_line(office.on(dispute_id), line=second, cases=office.cases)
    disputes.reduce_line(
        office.on(dispute_id), line_id=first.line_id, amount=first.amount / 4, cases=office.cases
    )
    shown = item(office, dispute_id)
    assert (str(shown.amount), shown.currency) == ("95.50", "EUR")


def test_no_amount_is_shown_that_would_sum_two_currencies(office: Office) -> None:
    at_once = office.dispute(office.claim("10.00"), office.claim("10", currency="JPY"))
    later = office.dispute(office.claim("10.00"))
    yen = office.claim("10", currency="JPY")
    disputes.add_line(office.on(later), line=yen, cases=office.cases)
    for dispute_id in (at_once, later):
        shown = item(office, dispute_id)
        assert (shown.amount, shown.currency) == (None, None)


def test_those_who_wait_longest_come_first_and_those_who_do_not_wait_come_last(
    office: Office,
) -> None:
    day = timedelta(days=1)
    late, early = (office.register(received=an.MONDAY - day * n) for n in (1, 5))
    answered = office.register(received=an.MONDAY - day * 9)
    office.contact(answered)
    office.project()
    (shown,) = pages(office, order=WorkOrder.WAITING, limit=9)
    assert [each.case_id for each in shown] == [early, late, answered]


@pytest.mark.parametrize("order", BOTH)
@pytest.mark.parametrize("limit", [1, 2, 3, 7])
def test_pages_show_every_case_once_and_in_order_though_many_are_alike(
    order: WorkOrder, limit: int, office: Office
) -> None:
    for number in range(14):
        case_id = office.register(received=an.MONDAY - timedelta(days=number % 3))
        if number % 4 == 1:
            office.contact(case_id)
        if number % 4 == 2:
            complaints.withdraw(office.on(case_id), cases=office.cases)
    office.project()
    (at_once,) = pages(office, order=order, limit=100)
    in_pages = [each for page in pages(office, order=order, limit=limit) for each in page]
    assert in_pages == list(at_once)
    assert len({each.case_id for each in in_pages}) == 14


@pytest.mark.parametrize("order", BOTH)
def test_cases_that_arrive_between_two_pages_hide_none_and_repeat_none(
    order: WorkOrder, office: Office
) -> None:
    known = {office.register(received=an.MONDAY - timedelta(days=n)) for n in range(9)}
    office.project()
    seen: list[UUID] = []
    for number, page in enumerate(pages(office, order=order, limit=2)):
        seen += [each.case_id for each in page]
        office.register(received=an.MONDAY - timedelta(hours=30 * number))
        office.project()
        if number > 20:
            break
    assert len(seen) == len(set(seen))
    assert known <= set(seen)


def test_the_last_page_has_no_cursor_even_when_it_is_full(office: Office) -> None:
    for _ in range(4):
        office.register()
    office.project()
    assert [len(page) for page in pages(office, order=WorkOrder.NEWEST, limit=2)] == [2, 2]


@pytest.mark.parametrize(
    "broken",
    [
        "",
        "?",
        "é",
        "bm90aGluZw==",
        cursor(),
        cursor("newest"),
        cursor("waiting", None, str(NOBODY)),
        cursor("newest", "yesterday", str(NOBODY)),
        cursor("newest", "", str(NOBODY)),
        cursor("newest", 7, str(NOBODY)),
        cursor("newest", "0001-01-01T00:00:00+14:00", str(NOBODY)),
        cursor("newest", "2027-03-01T09:00:00+00:00", "nobody"),
        cursor("newest", "2027-03-01T09:00:00+00:00", 7),
        cursor("newest", "2027-03-01T09:00:00+00:00", str(NOBODY), "more"),
    ],
)
def test_a_cursor_that_the_list_did_not_give_is_refused(broken: str, office: Office) -> None:
    with pytest.raises(BadCursor):
        office.questions.worklist(EVERYTHING, order=WorkOrder.NEWEST, limit=2, cursor=broken)


def test_a_cursor_of_the_other_order_is_refused(office: Office) -> None:
    for _ in range(3):
        office.register()
    office.project()
    page = office.questions.worklist(EVERYTHING, order=WorkOrder.WAITING, limit=1, cursor=None)
    with pytest.raises(BadCursor):
        office.questions.worklist(
            EVERYTHING, order=WorkOrder.NEWEST, limit=1, cursor=page.next_cursor
        )


@pytest.mark.parametrize("at", ["2027-W09-1T09:00", "20270301T090000+00:00:01.000004"])
def test_a_forged_cursor_is_at_worst_another_place_in_the_list(at: str, office: Office) -> None:
    forged = cursor("newest", at, str(NOBODY))
    page = office.questions.worklist(EVERYTHING, order=WorkOrder.NEWEST, limit=2, cursor=forged)
    assert page.items == ()


def correct(office: Office, case_id: UUID, *, was: str | None, now: str | None) -> None:
    complaints.correct(
        office.on(case_id),
        corrects_version=1,
        field=CorrectableField.CATEGORY,
        was=was,
        now=now,
        cases=office.cases,
    )
