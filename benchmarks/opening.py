"""case.200: opening a case of 200 events: the case itself, what may be done, its timeline."""

from functools import partial
from statistics import median
from time import perf_counter

from application.replay import Moment, load_as_of
from benchmarks.figures import Figures, Scale, at_most, percentile95, stated
from benchmarks.site import Ground
from benchmarks.stores import fill, fill_mixed
from benchmarks.stories import AGENT, long_running
from domain.complaints.complaint import Complaint
from domain.complaints.lifecycle import LIFECYCLE
from infrastructure.clock import TimeOrderedIdentities

EVENTS = 200
CASES = 10


def run(ground: Ground, scale: Scale) -> Figures:
    """Measure what an agent waits for, among other cases."""
    identities = TimeOrderedIdentities()
    case_ids = [identities.new() for _ in range(CASES)]
    with ground.site() as site, site.product(remembered=100) as wiring:
        cases, questions = wiring.services.cases, wiring.services.questions
        fill_mixed(site, cases=min(scale.cases, 1_000))
        fill(cases, [partial(long_running, case_id=case_id, events=EVENTS) for case_id in case_ids])
        wiring.projector.catch_up()
        opened: list[float] = []
        earlier: list[float] = []
        for number in range(scale.questions):
            case_id = case_ids[number % CASES]
            began = perf_counter()
            complaint = cases.load(Complaint, case_id)
            item = questions.work_item(case_id)
            actions = LIFECYCLE.actions(complaint.status, role=AGENT.role)
            timeline = questions.timeline(case_id)
            opened.append(1_000 * (perf_counter() - began))
            assert item is not None, "the read models are level"
            assert actions, "an open case offers a next step"
            assert len(timeline) == complaint.version == EVENTS, "everything is told"
            began = perf_counter()
            load_as_of(Complaint, case_id, moment=Moment(version=EVENTS // 2), cases=cases)
            earlier.append(1_000 * (perf_counter() - began))
    yield at_most(
        20,
        figure="case.200",
        value=percentile95(opened),
        unit="ms p95",
        median=round(median(opened), 2),
    )
    yield stated("case.200.earlier_state", value=percentile95(earlier), unit="ms p95")
