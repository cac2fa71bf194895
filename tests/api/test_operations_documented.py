"""What docs/operations.md says of metrics and settings is what there is."""

import re
from pathlib import Path
from typing import Final

from api.command_line.metering import count_lost_lines
from infrastructure.settings import Settings
from tests.api.doors import Door

DOCS: Final = Path(__file__).resolve().parents[2] / "docs"
TEXT: Final = (DOCS / "operations.md").read_text(encoding="utf-8")
ROWS: Final = [row for row in TEXT.splitlines() if row.startswith("| `recours_")]
DOCUMENTED: Final = {name for row in ROWS for name in re.findall(r"`(recours_\w+)`", row[:120])}
SERIES: Final = re.compile(r"_(?:total|bucket|sum|count)$")


def told_by(door: Door) -> dict[str, set[str]]:
    """Every family of ours, with the labels that it has been seen with."""
    count_lost_lines(door.app.state.metrics)
    door.stranger().get("/v1/cases")
    families = door.app.state.metrics.registry.collect()
    return {
        family.name: {label for sample in family.samples for label in sample.labels} - {"le"}
        for family in families
        if family.name.startswith("recours_")
    }


def test_every_metric_is_documented_and_every_documented_one_is_told(door: Door) -> None:
    assert DOCUMENTED
    assert set(told_by(door)) == DOCUMENTED


def test_labels_are_documented(door: Door) -> None:
    labels = told_by(door)
    for row in ROWS:
        _, names, documented, _, _ = row.split("|")
        for name in re.findall(r"`(\w+)`", names):
            assert labels[name] <= set(re.findall(r"`(\w+)`", documented)), name


def test_alerts_are_about_metrics_that_there_are() -> None:
    (alerts,) = re.findall(r"### Alerts worth having\n\n```\n(.*?)```", TEXT, re.DOTALL)
    named = {SERIES.sub("", name) for name in re.findall(r"\brecours_\w+", alerts)}

    assert named
    assert named <= DOCUMENTED


def test_every_setting_that_is_named_exists_and_the_table_of_settings_is_whole() -> None:
    settings = {name.upper() for name in Settings.model_fields}
    table = (DOCS / "command-line.md").read_text(encoding="utf-8")
    rows = set(re.findall(r"^\| `((?:RECOURS|DATABASE)_[A-Z_]+)` \|", table, re.MULTILINE))
    named = set(re.findall(r"\bRECOURS_[A-Z_]+\b", TEXT))

    assert rows == settings
    assert named <= settings
