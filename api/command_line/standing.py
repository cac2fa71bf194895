"""A case as it stands, or as it stood."""

from collections.abc import Iterator, Mapping, Sequence

from rich.table import Table
from rich.text import Text

from api.command_line.opening import case_named, opened_to_read
from api.command_line.output import (
    Column,
    answer_json,
    answers,
    day,
    instant,
    money,
    show,
    table,
)
from api.command_line.reading import history_of, kind_of, word_for
from api.http.case_views import (
    BlockCaseView,
    CaseView,
    ComplaintView,
    DisputeView,
    HoldView,
    InvoiceView,
    LineView,
)
from application.case import Case
from application.recorded import RecordedEvent
from application.replay import Moment, load_as_of
from domain.blocks.block import PaymentBlock
from domain.complaints.complaint import Complaint
from domain.complaints.events import ComplaintRegistered
from domain.disputes.dispute import Dispute
from domain.invoices.invoice import Invoice

Fact = tuple[str, object]


def show_standing(name: str, *, moment: Moment, as_json: bool) -> None:
    """Show where a case stands, or stood, and what may happen next, by whom."""
    with opened_to_read() as wiring:
        history = history_of(case_named(name, wiring), wiring=wiring)
        case_id = history[0].stream_id
        case = load_as_of(kind_of(history), case_id, moment=moment, cases=wiring.services.cases)
    view = view_of(case)
    if as_json:
        answer_json(view.model_dump(mode="json"))
        return
    status = f" · {view.status}" if isinstance(view, CaseView) else ""
    earlier = f" of {len(history)}" if case.version < len(history) else ""
    title = f"{word_for(history)} {case.id}{status} · version {case.version}{earlier}"
    show(Text(title, style="bold"))
    _show_facts([*_facts(view), *_text_of(history)])
    if isinstance(view, DisputeView) and view.lines:
        show()
        show(table(LINE_COLUMNS, map(_line, view.lines)))
    if isinstance(view, CaseView):
        _show_next(view.next)


def view_of(case: Case) -> CaseView | InvoiceView:
    """The case as the API shows it."""
    match case:
        case Complaint():
            return ComplaintView.of(case, viewer=None)
        case Dispute():
            return DisputeView.of(case, viewer=None)
        case PaymentBlock():
            return BlockCaseView.of(case, viewer=None)
        case Invoice():
            return InvoiceView.of(case, viewer=None)
        case _:
            raise AssertionError("there are four kinds of cases")


def _facts(view: CaseView | InvoiceView) -> Iterator[Fact]:
    match view:
        case ComplaintView():
            yield "customer", view.customer_id
            yield "received", instant(view.first_received_at)
            yield "dispute", view.dispute_id
            yield "claimed by", view.claimed_by
            yield "closed", instant(view.closed_at)
        case DisputeView():
            yield "customer", view.customer_id
            yield "complaint", view.complaint_id
            yield "blocked", "yes, all of it" if view.is_blocked else "no"
            if view.settlement is not None:
                yield "settlement", f"{view.settlement.kind}, proposed by {view.proposed_by}"
        case BlockCaseView():
            yield "dispute", view.dispute_id
            yield "document", _document(view)
            yield "amount", money(view.amount, view.currency)
            yield "scope", view.scope
            yield "reason", view.reason_code
            yield "review by", day(view.review_by)
            yield "asked", f"{view.attempts} times"
        case InvoiceView():
            yield "customer", view.customer_id
            yield "document", _document(view)
            yield "open", money(view.open_amount, view.currency)
            yield "disputed", money(view.disputed, view.currency)
            yield "cleared", money(view.cleared, view.currency)
            yield "due", day(view.due_on)
        case _:
            raise AssertionError("there are four kinds of cases")
    if isinstance(view, CaseView) and view.resume:
        yield "goes back to", ", then ".join(reversed(view.resume))


def _text_of(history: Sequence[RecordedEvent]) -> Iterator[Fact]:
    first = history[0].event
    if isinstance(first, ComplaintRegistered):
        yield "category", first.category
        yield "wants", first.wanted_outcome
        yield "text", first.text


def _document(view: "BlockCaseView | InvoiceView | LineView") -> str:
    document = view.document
    return f"{document.system} {document.company_code} {document.number}/{document.line}"


def _show_facts(facts: Sequence[Fact]) -> None:
    told = [(name, str(value)) for name, value in facts if value not in {None, ""}]
    width = max(len(name) for name, _ in told)
    room = answers().width - width - 4
    for name, value in told:
        lines = Text(value).wrap(answers(), room) if answers().is_terminal else [Text(value)]
        for number, line in enumerate(lines):
            line.rstrip()
            label = name if number == 0 else ""
            show(Text.assemble(("  " + label.ljust(width), "dim"), "  ", line))


LINE_COLUMNS = (
    Column("document"),
    Column("reason"),
    Column("disputed", align="right"),
    Column("of", align="right"),
    Column("block"),
    Column("", squeezed=True),
)


def _line(line: LineView) -> tuple[object, ...]:
    went = {
        "paid": line.paid,
        "credited": line.credited,
        "written off": line.written_off,
        "cleared": line.otherwise_cleared,
        "to collection": line.returned,
    }
    where = ", ".join(f"{money(v, line.currency)} {name}" for name, v in went.items() if v)
    return (
        _document(line),
        line.reason_code,
        money(line.current, line.currency),
        money(line.original, line.currency),
        _block(line),
        where,
    )


def _block(line: LineView) -> str:
    if len(line.blocks) == 1:
        return _held(line.blocks[0])
    return ", ".join(f"{hold.scope} {_held(hold)}" for hold in line.blocks) or "none"


def _held(hold: HoldView) -> str:
    if hold.released:
        return "released"
    return "confirmed" if hold.confirmed else "unconfirmed"


def _show_next(steps: Mapping[str, Sequence[str]]) -> None:
    show()
    if not steps:
        show("  nothing needs to happen any more")
        return
    show(Text("  next", style="bold"))
    grid = Table.grid(padding=(0, 2, 0, 0))
    for party, actions in steps.items():
        grid.add_row(Text(f"    {party}", style="cyan"), Text(", ".join(actions)))
    show(grid)
