"""Whose right ends somewhere: what lies beyond is not there, whichever way it is asked for."""

from dataclasses import replace
from typing import Any, Final, NoReturn, cast

import pytest
from httpx2 import Response
from starlette.testclient import TestClient

from api.http.app import create_app
from application.errors import CaseChanged
from application.once import Once
from application.ports import RepeatableCases
from application.reach import EVERYWHERE
from domain.parties import Role
from tests.api.doors import Door
from tests.api.reaches import BOTH, FRANCE, GERMANY, LYON, PARIS, missing
from tests.api.requests import begin, complaint, dispute, document, line, slug, step, taken

PEOPLE: Final = {
    "francine": FRANCE,
    "gerd": GERMANY,
    "bea": BOTH,
    "lea": LYON,
    "paul": PARIS,
}


def who(door: Door, name: str, role: Role = Role.AGENT) -> TestClient:
    return door.client(role, subject_id=name, reach=PEOPLE.get(name, EVERYWHERE))


def german_line(**changes: Any) -> Any:  # noqa: ANN401 - JSON
    return line(document=document(company_code="DE01"), **changes)


def told(answer: Response) -> tuple[int, int, Any]:
    """What can be told of an answer; two requests never have the same correlation or request."""
    body = answer.json()
    for own in ("correlation_id", "request_id"):
        body.pop(own, None)
    return answer.status_code, len(answer.content), body


def alike(client: TestClient, method: str, foreign: str, absent: str, **sent: Any) -> None:  # noqa: ANN401 - JSON
    """A foreign object is answered as a missing one is, to the byte but for its own name."""
    one = client.request(method, foreign, **sent)
    other = client.request(method, absent, **sent)
    there, not_there = foreign.split("/")[3][:36], absent.split("/")[3][:36]
    status, length, body = told(one)
    assert slug(one) == "case-not-found", one.text
    assert (status, length, str(body)) == (
        told(other)[0],
        told(other)[1],
        str(told(other)[2]).replace(not_there, there),
    )


def test_a_foreign_case_is_answered_as_a_missing_one(door: Door) -> None:
    gerd, francine = who(door, "gerd", Role.FINANCE), who(door, "francine")
    case = begin(gerd, "/v1/disputes", dispute(lines=[german_line()]))
    taken(gerd, case, "block-request", review_by="2199-12-31")
    door.projector.catch_up()
    (block,) = gerd.get(f"{case}/payment-blocks").json()
    invoice = gerd.get(case).json()["lines"][0]["invoice_id"]
    of_kinds = (case, f"/v1/payment-blocks/{block['block_id']}", f"/v1/invoices/{invoice}")

    for foreign in of_kinds:
        assert gerd.get(foreign).status_code == 200
        alike(francine, "GET", foreign, missing(foreign))
        alike(francine, "GET", f"{foreign}?version=1", f"{missing(foreign)}?version=1")
    for view in ("timeline", "audit-trail", "contacts", "history"):
        as_case = case.replace("disputes", "cases")
        assert gerd.get(f"{as_case}/{view}").status_code == 200
        alike(francine, "GET", f"{as_case}/{view}", f"{missing(as_case)}/{view}")
    alike(francine, "GET", f"{case}/payment-blocks", f"{missing(case)}/payment-blocks")


@pytest.mark.parametrize("if_match", ["*", '"1"', '"7"'])
def test_a_foreign_case_is_changed_as_a_missing_one_whatever_version_is_named(
    door: Door, if_match: str
) -> None:
    case = begin(who(door, "gerd"), "/v1/disputes", dispute(lines=[german_line()]))
    headers = {"If-Match": if_match}
    francine = who(door, "francine")

    for noun in ("block-request", "notes", "withdrawal", "reopening", "closure"):
        said = {
            "block-request": {"review_by": "2199-12-31"},
            "notes": {"text": "What is this?"},
            "closure": {"root_cause": "none_found"},
        }.get(noun, {})
        alike(
            francine,
            "POST",
            f"{case}/{noun}",
            f"{missing(case)}/{noun}",
            json=said,
            headers=headers,
        )
    assert who(door, "gerd").get(case).json()["version"] == 1


def test_nothing_is_merged_into_a_foreign_complaint(door: Door) -> None:
    theirs = begin(who(door, "gerd"), "/v1/complaints", complaint())
    ours = begin(who(door, "francine"), "/v1/complaints", complaint())

    def merged_into(address: str) -> Response:
        identity = address.rpartition("/")[2]
        return step(who(door, "francine"), ours, "merge", into_complaint_id=identity)

    foreign, absent = merged_into(theirs), merged_into(missing(theirs))
    assert slug(foreign) == slug(absent) == "case-not-found"
    assert len(foreign.content) == len(absent.content)
    assert (
        step(who(door, "bea"), theirs, "merge", into_complaint_id=ours.rpartition("/")[2])
        .json()["detail"]
        .startswith("the other complaint was received later")
    )


def test_lists_searches_and_sums_hold_what_is_within(door: Door) -> None:
    gerd, francine, bea = (who(door, name) for name in ("gerd", "francine", "bea"))
    ours = begin(francine, "/v1/complaints", complaint(text="Une palette introuvable"))
    theirs = begin(gerd, "/v1/complaints", complaint(text="Palette verschwunden"))
    taken(gerd, theirs, "contacts", channel="phone", direction="inbound", reached="yes")
    taken(francine, ours, "contacts", channel="phone", direction="inbound", reached="yes")
    opened = begin(gerd, "/v1/disputes", dispute(lines=[german_line()]))
    taken(gerd, opened, "block-request", review_by="2199-12-31")
    door.projector.catch_up()
    (block,) = gerd.get(f"{opened}/payment-blocks").json()
    held = f"/v1/payment-blocks/{block['block_id']}"
    taken(who(door, "gerd", Role.ADMIN), held, "sending")
    taken(who(door, "gerd", Role.CONNECTOR), held, "confirmation")
    door.projector.catch_up()

    def listed(client: TestClient, **asked: str) -> set[str]:
        items = client.get("/v1/cases", params=asked).json()["items"]
        return {f"/v1/{item['case_kind']}s/{item['case_id']}" for item in items}

    assert listed(francine) == {ours}
    assert listed(gerd) == {theirs, opened}
    assert listed(bea) == {ours, theirs, opened}
    assert listed(francine, q="palette") == {ours}
    assert listed(gerd, q="palette") == {theirs}

    contacts = {
        client: client.get("/v1/customers/C-1001/contacts").json() for client in (francine, gerd)
    }
    assert [len(contacts[client]["contacts"]) for client in (francine, gerd)] == [1, 1]
    assert [len(contacts[client]["waiting"]) for client in (francine, gerd)] == [1, 2]

    for client, amounts in ((francine, []), (gerd, ["100.00"]), (bea, ["100.00"])):
        for query in ("", "?by=company", "?by=customer", "?by=reason", "?by=age"):
            rows = client.get(f"/v1/blocked-payments{query}").json()["exposure"]
            assert [row["amount"] for row in rows] == amounts
        lines = client.get("/v1/blocked-payments/lines").json()["lines"]
        assert [row["amount"] for row in lines] == amounts


def test_a_customer_of_others_is_as_one_that_nobody_knows(door: Door) -> None:
    begin(who(door, "gerd"), "/v1/complaints", complaint(customer_id="C-2002"))
    door.projector.catch_up()
    francine = who(door, "francine")

    known, unknown = (
        francine.get(f"/v1/customers/{customer}/contacts") for customer in ("C-2002", "C-3003")
    )
    assert known.json() == {**unknown.json(), "customer_id": "C-2002"}
    assert len(known.content) == len(unknown.content)


def test_what_somebody_begins_is_theirs(door: Door) -> None:
    case = begin(who(door, "francine"), "/v1/complaints", complaint())
    routed = begin(who(door, "lea"), "/v1/complaints", complaint())

    assert who(door, "bea").get(case).json()["company_code"] == "FR01"
    assert who(door, "lea").get(routed).json()["queue"] == "lyon"


@pytest.mark.parametrize(
    ("name", "address", "said"),
    [
        ("francine", "/v1/complaints", complaint(company_code="DE01")),
        ("bea", "/v1/complaints", complaint()),
        ("lea", "/v1/complaints", complaint(queue="paris")),
        ("francine", "/v1/disputes", dispute(lines=[german_line()])),
        ("francine", "/v1/disputes", dispute(lines=[line(), german_line()])),
        ("francine", "/v1/disputes", dispute(lines=[])),
        ("lea", "/v1/disputes", dispute()),
    ],
)
def test_nothing_begins_out_of_reach(door: Door, name: str, address: str, said: Any) -> None:  # noqa: ANN401 - JSON
    refused = who(door, name).post(address, json=said)

    assert slug(refused) == "out-of-reach"
    assert refused.status_code == 403


def test_a_foreign_invoice_is_refused_whether_it_is_there_or_not(door: Door) -> None:
    invoice = {
        "customer_id": "C-1001",
        "document": document(company_code="DE01"),
        "open_amount": "250.00",
        "currency": "EUR",
    }
    francine = who(door, "francine", Role.FINANCE)
    line_too_dear = german_line(open_amount="999.00", amount="999.00")
    before = francine.post("/v1/invoices", json=invoice)
    begin(who(door, "gerd", Role.FINANCE), "/v1/invoices", invoice)
    after = francine.post("/v1/invoices", json=invoice)
    disputed = francine.post("/v1/disputes", json=dispute(lines=[line_too_dear]))

    assert slug(before) == slug(after) == slug(disputed) == "out-of-reach"
    assert told(before) == told(after)


def test_no_line_and_no_correction_takes_a_case_out_of_reach(door: Door) -> None:
    francine = who(door, "francine")
    opened = begin(francine, "/v1/disputes", dispute())
    case = begin(francine, "/v1/complaints", complaint())
    corrected = {"corrects_version": 1, "field": "company_code", "was": "FR01", "now": "DE01"}

    assert slug(step(francine, opened, "lines", line=german_line())) == "out-of-reach"
    assert slug(step(francine, case, "corrections", **corrected)) == "out-of-reach"
    assert taken(who(door, "bea"), case, "corrections", **corrected)["company_code"] == "DE01"
    assert slug(francine.get(case)) == "case-not-found"


def test_a_complaint_becomes_no_dispute_of_another_company(door: Door) -> None:
    francine = who(door, "francine")
    case = begin(francine, "/v1/complaints", complaint())

    refused = step(francine, case, "dispute", reason_code="damage", lines=[german_line()])
    assert slug(refused) == "out-of-reach"
    opened = step(francine, case, "dispute", reason_code="damage", lines=[line()])
    assert francine.get(opened.headers["Location"]).status_code == 200
    assert slug(who(door, "gerd").get(case)) == "case-not-found"


def test_the_team_that_is_asked_sees_the_complaint_until_it_has_answered(door: Door) -> None:
    lea, paul = who(door, "lea"), who(door, "paul")
    case = begin(lea, "/v1/complaints", complaint())
    taken(lea, case, "review")
    assert slug(paul.get(case)) == "case-not-found"

    taken(lea, case, "handover", to_queue="paris", question="Where is the pallet?")
    assert lea.get(case).json()["status"] == paul.get(case).json()["status"] == "awaiting_internal"
    taken(paul, case, "handover-answer", answer="In Paris.")

    assert slug(paul.get(case)) == "case-not-found"
    assert lea.get(case).json()["status"] == "in_progress"


def test_whoever_gives_a_complaint_to_another_team_is_told_so_and_sees_it_no_more(
    door: Door,
) -> None:
    lea, paul = who(door, "lea"), who(door, "paul")
    case = begin(lea, "/v1/complaints", complaint())

    assert taken(lea, case, "routing", queue="paris")["queue"] == "paris"
    assert slug(lea.get(case)) == "case-not-found"
    assert paul.get(case).json()["queue"] == "paris"


def test_who_has_no_limit_sees_what_belongs_to_nobody(door: Door) -> None:
    anna = who(door, "anna")
    case = begin(anna, "/v1/complaints", complaint())

    assert anna.get(case).json()["company_code"] is None
    for name in PEOPLE:
        assert slug(who(door, name).get(case)) == "case-not-found"


def test_a_command_that_is_sent_again_tells_nothing_of_a_case_that_was_given_away(
    door: Door,
) -> None:
    francine, bea = who(door, "francine"), who(door, "bea")
    case = begin(francine, "/v1/complaints", complaint())
    version = {"If-Match": francine.get(case).headers["ETag"], "Idempotency-Key": "note-1"}
    note = {"text": "They called twice."}
    sent = [francine.post(f"{case}/notes", json=note, headers=version) for _ in range(2)]
    assert [answer.status_code for answer in sent] == [200, 200]

    corrected = {"corrects_version": 1, "field": "company_code", "was": "FR01", "now": "DE01"}
    taken(bea, case, "corrections", **corrected)

    assert slug(francine.post(f"{case}/notes", json=note, headers=version)) == "case-not-found"


def test_the_beginning_that_is_sent_again_tells_nothing_of_a_case_that_was_given_away(
    door: Door,
) -> None:
    francine, bea = who(door, "francine"), who(door, "bea")
    key = {"Idempotency-Key": "begin-1"}
    first = francine.post("/v1/complaints", json=complaint(), headers=key)
    corrected = {"corrects_version": 1, "field": "company_code", "was": "FR01", "now": "DE01"}
    taken(bea, first.headers["Location"], "corrections", **corrected)

    again = francine.post("/v1/complaints", json=complaint(), headers=key)
    assert slug(again) == "case-not-found"
    assert "ETag" not in again.headers
    assert "DE01" not in again.text


def test_what_was_missed_of_a_case_that_was_given_away_meanwhile_is_not_told(door: Door) -> None:
    francine, bea = who(door, "francine"), who(door, "bea")
    case = begin(francine, "/v1/complaints", complaint())
    corrected = {"corrects_version": 1, "field": "company_code", "was": "FR01", "now": "DE01"}
    taken(bea, case, "corrections", **corrected)
    alike(
        francine,
        "POST",
        f"{case}/review",
        f"{missing(case)}/review",
        json={},
        headers={"If-Match": '"1"'},
    )

    # As if the case had gone between the command's look and the answer.
    app = who_is_told_late(door)
    late = app.post(f"{case}/review", json={}, headers={"If-Match": '"1"'})
    assert slug(late) == "case-not-found"
    assert "changes" not in late.json()


class Late:
    """Cases of which a command learns too late that they have gone."""

    def __init__(self, cases: RepeatableCases) -> None:
        self._cases = cases

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - the port's own
        return getattr(self._cases, name)

    def once(self, _once: Once) -> NoReturn:
        """Find that the case has changed."""
        (recorded,) = self._cases.everything(after=1)
        raise CaseChanged(recorded.stream_id, expected=1, actual=2)


def who_is_told_late(door: Door) -> TestClient:
    late = cast("RepeatableCases", Late(door.services.cases))
    services = replace(door.services, cases=late)
    other = Door(create_app(services), door.services, door.projector)
    return who(other, "francine")
