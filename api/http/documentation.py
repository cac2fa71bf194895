"""The pages for people: the documentation of the API, and one page for each kind of problem.

They are made once, when the application starts, of nothing that comes from outside. Their scripts
and styles are files of our own or vendored, so that the browser may be forbidden everything else.
"""

import json
from collections.abc import Awaitable, Callable, Iterator
from functools import cache, partial
from html import escape
from pathlib import Path
from typing import Final, NamedTuple

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from api.http.problem_catalogue import CATALOGUE, members_of, rows
from api.http.problems import TYPES, Row
from api.http.rates import rates_of

SWAGGER_UI: Final = "5.35.0"
"""The version of swagger-ui-dist in the folder `vendored`; its SOURCE.md says where it is from."""

DOCUMENT: Final = "/openapi.json"

FOLDER: Final = Path(__file__).parent

_NOTHING_ELSE: Final = "frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
READING_POLICY: Final = f"default-src 'none'; style-src 'self'; {_NOTHING_ELSE}"
TRYING_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
    f" connect-src 'self'; {_NOTHING_ELSE}"
)


class Asset(NamedTuple):
    """A file that a page loads."""

    file: str
    media_type: str


class Page(NamedTuple):
    """What is served at one address, always the same."""

    content: bytes
    media_type: str
    policy: str = READING_POLICY
    caching: str = "no-cache"


ASSETS: Final = {
    f"/docs/swagger-ui-{SWAGGER_UI}.js": Asset(
        "vendored/swagger-ui/swagger-ui-bundle.js", "text/javascript"
    ),
    f"/docs/swagger-ui-{SWAGGER_UI}.css": Asset("vendored/swagger-ui/swagger-ui.css", "text/css"),
    "/docs/pages.js": Asset("pages/pages.js", "text/javascript"),
    "/docs/pages.css": Asset("pages/pages.css", "text/css"),
}


def add_pages(app: FastAPI) -> None:
    """Serve the pages. They are no operations: the OpenAPI document does not list them."""
    for address, page in (*_assets(), *_pages()):
        app.add_route(address, _serving(page), include_in_schema=False)
    app.add_route(DOCUMENT, _serving_document(app), include_in_schema=False)


def _serving(page: Page) -> Callable[[Request], Awaitable[Response]]:
    headers = {"Content-Security-Policy": page.policy, "Cache-Control": page.caching}
    answer = partial(Response, page.content, media_type=page.media_type, headers=headers)

    async def serve(request: Request) -> Response:
        rates_of(request).admit_stranger(request)
        return answer()

    return serve


def _serving_document(app: FastAPI) -> Callable[[Request], Awaitable[Response]]:
    @cache
    def written() -> bytes:
        return json.dumps(app.openapi(), ensure_ascii=False, separators=(",", ":")).encode()

    async def serve(request: Request) -> Response:
        rates_of(request).admit_stranger(request)
        return Response(written(), media_type="application/json")

    return serve


def _assets() -> Iterator[tuple[str, Page]]:
    for address, (file, media_type) in ASSETS.items():
        lasting = "public, max-age=31536000, immutable" if SWAGGER_UI in address else "no-cache"
        yield address, Page((FOLDER / file).read_bytes(), media_type, caching=lasting)


def _pages() -> Iterator[tuple[str, Page]]:
    yield "/docs", _page("The HTTP API", _BROWSER, policy=TRYING_POLICY)
    yield TYPES.rstrip("/"), _page("Problems", _list())
    for row in rows():
        yield TYPES + row.slug, _page(row.title, _problem(row))


def _page(title: str, body: str, *, policy: str = READING_POLICY) -> Page:
    page = _FRAME.format(title=escape(title), body=body)
    return Page(page.encode(), "text/html", policy)


def _list() -> str:
    items = "".join(
        f'<tr><td><a href="{TYPES}{row.slug}"><code>{row.slug}</code></a></td>'
        f"<td>{row.status}</td><td>{escape(CATALOGUE[row.slug].means)}</td></tr>"
        for row in sorted(rows(), key=lambda row: (row.status, row.slug))
    )
    return (
        "<h1>Problems</h1><p>An error is answered with a problem (RFC 9457); its <code>type</code>"
        " is the address of one of these pages.</p>"
        f"<table><tr><th>Problem</th><th>Status</th><th>Meaning</th></tr>{items}</table>"
    )


def _problem(row: Row) -> str:
    entry = CATALOGUE[row.slug]
    told = "".join(
        f"<tr><td><code>{name}</code></td><td>{escape(member.means)}</td></tr>"
        for name, member in members_of(row).items()
    )
    members = f"<h2>It tells</h2><table>{told}</table>" if told else ""
    return (
        f"<h1>{escape(row.title)}</h1>"
        f"<p><code>{row.slug}</code>, status {row.status}</p>"
        f"<h2>What it means</h2><p>{escape(entry.means)}</p>"
        f"<h2>What to do</h2><p>{escape(entry.remedy)}</p>{members}"
        f'<p><a href="{TYPES.rstrip("/")}">All problems</a></p>'
    )


_FRAME: Final = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title} - Recours</title>
<link rel="stylesheet" href="/docs/pages.css">
</head>
<body>
{body}
</body>
</html>
"""

_BROWSER: Final = f"""\
<link rel="stylesheet" href="/docs/swagger-ui-{SWAGGER_UI}.css">
<div id="documentation"><p>The documentation needs JavaScript; the OpenAPI document itself is at
<a href="/openapi.json">/openapi.json</a>.</p></div>
<script src="/docs/swagger-ui-{SWAGGER_UI}.js"></script>
<script src="/docs/pages.js"></script>"""
