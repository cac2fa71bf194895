"""The pages for people: what each holds, and that a browser may be forbidden everything else."""

import re
from hashlib import sha256
from html.parser import HTMLParser
from typing import Final

import pytest

from api.http.documentation import ASSETS, FOLDER, READING_POLICY, SWAGGER_UI, TRYING_POLICY
from api.http.problem_catalogue import rows
from api.http.problems import TYPES
from domain.parties import Role
from tests.api.doors import Door

VENDORED: Final = FOLDER / "vendored" / "swagger-ui"
SOURCE: Final = (VENDORED / "SOURCE.md").read_text(encoding="utf-8")
RECORDED: Final = {
    name: (int(size), digest)
    for name, size, digest in re.findall(
        r"^\| ([\w.-]+) \| (\d+) \| ([0-9a-f]{64}) \|$", SOURCE, re.MULTILINE
    )
}
BROWSER: Final = {"Accept": "text/html,application/xhtml+xml;q=0.9"}


class Elements(HTMLParser):
    """What a page makes a browser do."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.inline: list[str] = []
        self.loaded: list[str] = []
        self.linked: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.inline += [name for name in given if name == "style" or name.startswith("on")]
        if tag == "style" or (tag == "script" and "src" not in given):
            self.inline.append(tag)
        (self.linked if tag == "a" else self.loaded).extend(
            str(given[name]) for name in ("src", "href") if name in given
        )


@pytest.mark.parametrize("file", [path.name for path in sorted(VENDORED.iterdir())])
def test_a_vendored_file_is_the_recorded_one(file: str) -> None:
    content = (VENDORED / file).read_bytes()

    assert file == "SOURCE.md" or (len(content), sha256(content).hexdigest()) == RECORDED[file]


def test_the_vendored_version_is_the_recorded_one() -> None:
    assert f"`swagger-ui-dist` {SWAGGER_UI}" in SOURCE
    assert RECORDED.keys() == {path.name for path in VENDORED.iterdir()} - {"SOURCE.md"}
    assert {"LICENSE", "NOTICE"} <= RECORDED.keys()


@pytest.mark.parametrize("address", ["/docs", "/problems", *(TYPES + row.slug for row in rows())])
def test_a_page_runs_nothing_and_styles_nothing_of_its_own(door: Door, address: str) -> None:
    answer = door.stranger().get(address, headers=BROWSER)
    found = Elements(answer.text)

    assert (answer.status_code, found.inline) == (200, [])
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert answer.headers["Content-Security-Policy"] == (
        TRYING_POLICY if address == "/docs" else READING_POLICY
    )
    assert set(found.loaded) <= ASSETS.keys()
    assert all(door.stranger().get(linked).status_code == 200 for linked in found.linked)


def test_a_policy_lets_nothing_in_from_elsewhere_and_nothing_inline() -> None:
    for policy in (READING_POLICY, TRYING_POLICY):
        assert policy.startswith("default-src 'none'")
        assert "unsafe" not in policy
        assert "http" not in policy


@pytest.mark.parametrize("address", ASSETS)
def test_an_asset_is_served_as_it_lies_there(door: Door, address: str) -> None:
    answer = door.stranger().get(address)

    assert answer.content == (FOLDER / ASSETS[address].file).read_bytes()
    assert answer.headers["Content-Type"].startswith(ASSETS[address].media_type)
    assert ("immutable" in answer.headers["Cache-Control"]) == (SWAGGER_UI in address)


def test_the_type_of_a_problem_leads_to_its_page(door: Door) -> None:
    problem = door.client(Role.AGENT).get("/v1/cases?limit=0").json()

    page = door.stranger().get(problem["type"], headers=BROWSER)

    assert problem["title"] in page.text
    assert all(
        name in page.text
        for name in problem.keys() - {"type", "title", "detail"} - {"correlation_id"}
    )


def test_no_page_is_an_operation(door: Door) -> None:
    assert all(
        path.startswith(("/v1/", "/healthz", "/readyz")) for path in door.app.openapi()["paths"]
    )


def test_the_module_of_pages_lists_every_file_of_its_folders() -> None:
    served = {FOLDER / asset.file for asset in ASSETS.values()}

    assert set((FOLDER / "pages").iterdir()) <= served
