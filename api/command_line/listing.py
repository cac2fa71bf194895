"""The list of cases."""

from datetime import datetime

from api.command_line.opening import opened_to_read
from api.command_line.output import Column, answer_json, answers, money, say, show, span, table
from application.queries import WorkFilter, WorkItem, WorkOrder

COLUMNS = (
    Column("case", style="bold"),
    Column("kind"),
    Column("status"),
    Column("customer"),
    Column("waits", align="right"),
    Column("amount", align="right"),
    Column("category", squeezed=True),
)
WIDE = 110
"""Columns of a terminal that has room for whole identities."""


def show_cases(
    wanted: WorkFilter, *, order: WorkOrder, limit: int, cursor: str | None, as_json: bool
) -> None:
    """List complaints and disputes."""
    with opened_to_read() as wiring:
        services = wiring.services
        page = services.questions.worklist(wanted, order=order, limit=limit, cursor=cursor)
        now = services.clock.now()
    if as_json:
        answer_json(page)
        return
    if not page.items:
        say("no case is like that")
        return
    show(table(COLUMNS, (_row(item, now=now) for item in page.items)))
    if page.next_cursor is not None:
        say("there are more: add --cursor {}", page.next_cursor)


def _row(item: WorkItem, *, now: datetime) -> tuple[object, ...]:
    amount = (
        None if item.amount is None or item.currency is None else money(item.amount, item.currency)
    )
    whole = answers().width >= WIDE
    return (
        item.case_id if whole else str(item.case_id).rpartition("-")[2],
        item.case_kind,
        item.status,
        item.customer_id,
        span(item.waiting_since, now=now),
        amount,
        item.category,
    )
