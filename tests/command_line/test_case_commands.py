"""Looking at cases from the command line."""

from uuid import UUID

import pytest

from tests.command_line.commands import Here, Outcome


@pytest.fixture
def live(first_demo: Outcome) -> dict[str, str]:
    """The identities of the case that the demo played."""
    played: dict[str, str] = first_demo.document["live"]
    return played


def test_a_list_holds_only_what_was_asked_for(told: Here) -> None:
    page = told(
        "case", "list", "--kind", "dispute", "--status", "payment_blocked", "--open", "--json"
    ).document

    assert {(i["case_kind"], i["status"], i["is_open"]) for i in page["items"]} == {
        ("dispute", "payment_blocked", True)
    }


def test_a_list_goes_on_behind_its_cursor(told: Here) -> None:
    first = told("case", "list", "--order", "newest", "--limit", "3", "--json").document
    both = told("case", "list", "--order", "newest", "--limit", "6", "--json").document
    second = told(
        *("case", "list", "--order", "newest", "--limit", "3", "--json"),
        *("--cursor", first["next_cursor"]),
    ).document

    assert first["items"] + second["items"] == both["items"]


@pytest.mark.parametrize(
    ("option", "value", "field"),
    [("--customer", "K-1005", "customer_id"), ("--queue", "service-client", "queue")],
)
def test_a_list_is_narrowed_by_an_option(told: Here, option: str, value: str, field: str) -> None:
    items = told("case", "list", option, value, "--json").document["items"]

    assert {item[field] for item in items} == {value}


def test_a_search_finds_words_without_their_accents(told: Here) -> None:
    items = told("case", "list", "--search", "eventree", "--json").document["items"]

    assert items
    assert {item["category"] for item in items} == {"delivery.damaged"}


def test_a_list_for_people_is_one_line_a_case(told: Here) -> None:
    shown = told("case", "list", "--closed", "--limit", "5")

    assert len(shown.out.splitlines()) == 6
    assert "--cursor" in shown.err


def test_an_empty_list_says_so_and_answers_nothing(told: Here) -> None:
    assert told("case", "list", "--customer", "nobody") == Outcome(0, "", "no case is like that\n")


@pytest.mark.parametrize("name", ["complaint_id", "dispute_id", "block_id", "invoice_id"])
def test_a_case_of_every_kind_is_shown(told: Here, live: dict[str, str], name: str) -> None:
    shown = told("case", "show", live[name])

    assert shown.code == 0
    assert live[name] in shown.out


def test_a_case_shows_what_is_next_for_whom(told: Here, live: dict[str, str]) -> None:
    answer = told("case", "show", live["complaint_id"], "--json").document

    assert answer["status"] == "closed"
    assert "reopen" in answer["next"]["customer"]


def test_a_case_is_shown_as_it_was_at_a_version(told: Here, live: dict[str, str]) -> None:
    answer = told("case", "show", live["complaint_id"], "--version", "2", "--json").document

    assert (answer["version"], answer["status"]) == (2, "acknowledged")


@pytest.mark.parametrize("option", ["--recorded-at", "--occurred-at"])
def test_a_case_has_no_state_before_its_birth(
    told: Here, live: dict[str, str], option: str
) -> None:
    refused = told("case", "show", live["complaint_id"], option, "2020-01-01")

    assert (refused.code, refused.out) == (1, "")
    assert "has no state there" in refused.err


def test_the_end_of_an_identity_is_enough_to_name_a_case(told: Here, live: dict[str, str]) -> None:
    end = live["dispute_id"].rpartition("-")[2]

    assert told("case", "show", end, "--json").document["id"] == live["dispute_id"]


def test_a_timeline_tells_of_the_whole_family_and_its_contacts(
    told: Here, live: dict[str, str]
) -> None:
    answer = told("case", "timeline", live["dispute_id"], "--json").document

    assert {event["case_kind"] for event in answer["events"]} >= {"complaint", "dispute", "block"}
    assert [contact["reached"] for contact in answer["contacts"]] == ["yes"]
    steps = [(e["status_before"], e["status_after"]) for e in answer["events"]]
    assert ("block_pending", "payment_blocked") in steps


def test_a_timeline_for_people_tells_who_did_what(told: Here, live: dict[str, str]) -> None:
    shown = told("case", "timeline", live["complaint_id"])

    assert "demo-finance" in shown.out
    assert "dispute.settlement_approved" in shown.out


@pytest.mark.parametrize("name", ["complaint_id", "dispute_id", "block_id", "invoice_id"])
def test_a_replay_of_every_kind_of_case_is_identical(
    told: Here, live: dict[str, str], name: str
) -> None:
    answer = told("case", "replay", live[name], "--json").document

    assert (answer["identical"], answer["differences"]) == (True, [])
    assert answer["version"] == len(answer["events"])


def test_a_replay_for_people_ends_with_its_verdict(told: Here, live: dict[str, str]) -> None:
    shown = told("case", "replay", live["dispute_id"])

    assert shown.out.splitlines()[-1] == "9 events replayed: identical to the stored case"


@pytest.mark.parametrize("command", ["show", "timeline", "replay"])
def test_a_case_that_is_not_there_is_named_in_the_refusal(told: Here, command: str) -> None:
    nobody = UUID(int=0)
    refused = told("case", command, str(nobody))

    assert refused == Outcome(1, "", f"recours: there is no case {nobody}\n")


@pytest.mark.parametrize("name", ["abcdef123456", "short", "'; DROP TABLE event"])
def test_a_name_that_fits_no_case_is_refused(told: Here, name: str) -> None:
    refused = told("case", "show", name)

    assert (refused.code, refused.out) == (1, "")
    assert "recours case list" in refused.err


def test_a_name_that_fits_several_cases_is_refused_with_them(told: Here) -> None:
    items = told("case", "list", "--json").document["items"]
    pair = next(item for item in items if item["dispute_id"])

    # A complaint and its dispute begin on the same day, so their identities begin alike.
    refused = told("case", "show", pair["case_id"][:13])

    assert refused.code == 1
    assert pair["dispute_id"] in refused.err
