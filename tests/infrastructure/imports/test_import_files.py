"""Any CSV file is cut into its records; what is no record is rejected with its line."""

import csv
import gzip
import io
import os
import threading
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from infrastructure.imports.files import MAX_RECORD, Record, UnreadableFile, open_table
from infrastructure.imports.rejects import RejectedRow

Write = Callable[[bytes | str], Path]


def records_of(path: Path) -> list[Record | RejectedRow]:
    with open_table(path) as table:
        return list(table.records())


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_a_file_is_read_by_its_content_not_its_name(
    write: Write,
    delimiter: str,
    line_end: str,
    mark: bytes,
    pack: Callable[[bytes], bytes],
) -> None:
    text = line_end.join([delimiter.join(row) for row in (["a", "b"], ["é", "2"])])
    path = write(pack(mark + text.encode()))
    with open_table(path) as table:
        assert table.header == ("a", "b")
        assert list(table.records()) == [(2, ["é", "2"])]
        assert table.bytes_read == table.size == path.stat().st_size


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    rows=st.lists(
        st.lists(st.text(st.characters(codec="utf-8"), min_size=1), min_size=3, max_size=3),
    ),
    delimiter=st.sampled_from(",;\t"),
    line_end=st.sampled_from(["\n", "\r\n"]),
)
def test_whatever_was_quoted_comes_back_as_it_was(
    write: Write,
    rows: list[list[str]],
    delimiter: str,
    line_end: str,
) -> None:
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=delimiter, lineterminator=line_end, quoting=csv.QUOTE_ALL)
    writer.writerows([["a", "b", "c"], *rows])
    records = records_of(write(out.getvalue()))
    assert [record[1] for record in records if not isinstance(record, RejectedRow)] == rows


def test_a_record_stands_on_its_first_physical_line(write: Write) -> None:
    path = write('a,b\n1,"two\nlines"\r\n\n2,x\n')
    assert records_of(path) == [(2, ["1", "two\nlines"]), (5, ["2", "x"])]


def test_a_stated_delimiter_is_believed(write: Write) -> None:
    path = write("sep=;\r\na,b,c;d\r\n1;2\r\n")
    with open_table(path) as table:
        assert table.header == ("a,b,c", "d")
        assert list(table.records()) == [(3, ["1", "2"])]


@pytest.mark.parametrize(("row", "count"), [("1", 1), ("1,2,3", 3)])
def test_a_row_with_too_many_or_too_few_fields_is_rejected(
    write: Write, row: str, count: int
) -> None:
    path = write(f"a,b\n{row}\n3,4\n")
    reason = f"has {count} fields where the header has 2"
    assert records_of(path) == [RejectedRow(2, reason, tuple(row.split(","))), (3, ["3", "4"])]


@pytest.mark.parametrize("broken", ['1,"open', '1,"closed" twice'])
def test_a_stray_quotation_mark_costs_one_line_and_not_the_rest(write: Write, broken: str) -> None:
    rejected, *rest = records_of(write(f'a,b\n{broken}\n3,4\n"5",6\n7,"8\n9"\n'))
    assert isinstance(rejected, RejectedRow)
    assert (rejected.line, rejected.record) == (2, (f"{broken}\n",))
    assert "is no CSV record" in rejected.reason
    assert rest == [(3, ["3", "4"]), (4, ["5", "6"]), (5, ["7", "8\n9"])]


def test_an_unclosed_quotation_mark_far_from_the_end_costs_one_line(write: Write) -> None:
    rows = "".join(f"{number},x\n" for number in range(40_000))
    rejected, *rest = records_of(write(f'a,b\n1,"open\n{rows}'))
    assert isinstance(rejected, RejectedRow)
    assert len(rest) == 40_000
    assert rest[-1] == (40_002, ["39999", "x"])


def test_quotation_marks_that_never_end_are_given_up_in_linear_time(write: Write) -> None:
    lines = 100_000
    records = records_of(write("a,b\n" + 'x","y\n' * lines))
    assert all(isinstance(record, RejectedRow) for record in records)
    assert 0 < len(records) < lines


def test_a_line_without_end_is_rejected_in_bounded_memory(write: Write) -> None:
    path = write(b"a,b\n" + b"x" * (20 * MAX_RECORD) + b"\n3,4\n")
    tracemalloc.start()
    rejected, rest = records_of(path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert isinstance(rejected, RejectedRow)
    assert rejected.line == 2
    assert rest == (3, ["3", "4"])
    assert peak < 10 * MAX_RECORD


def test_bytes_that_are_not_utf8_cost_no_other_row(write: Write) -> None:
    assert records_of(write(b"a,b\n\xff,2\n3,4\n"))[1] == (3, ["3", "4"])


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is empty"),
        (b"\n\n", "is empty"),
        ("a,b\n1,2\n".encode("utf-16"), "is UTF-16"),
        (b"PK\x03\x04 and more", "is a ZIP archive"),
        (b"PAR1 and more", "is a Parquet file"),
        (b"\x00\x01\x02\n", "is no text"),
        (b'a,"b\n', "has no readable header"),
        (b"x" * 200_000, "has no readable header"),
        (b"[" + b"1," * MAX_RECORD, "has no readable header"),
    ],
)
def test_what_is_no_table_is_refused_with_advice(write: Write, content: bytes, reason: str) -> None:
    with pytest.raises(UnreadableFile, match=reason), open_table(write(content)):
        pass


@pytest.mark.parametrize("cut", [12, 2_000])
def test_a_compressed_file_that_ends_too_early_is_no_shorter_file(write: Write, cut: int) -> None:
    rows = "".join(f"{number},{hash(number * 7919)}\n" for number in range(10_000))
    path = write(gzip.compress(f"a,b\n{rows}".encode())[:cut])
    with pytest.raises(UnreadableFile, match="is damaged after line"):
        records_of(path)


def test_a_missing_file_is_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), open_table(tmp_path / "nothing"):
        pass


def test_a_pipe_has_no_size_but_is_read(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=(b"a,b\n1,2\n",))
    writer.start()
    with open_table(pipe) as table:
        assert table.size is None
        assert list(table.records()) == [(2, ["1", "2"])]
        assert table.bytes_read == 8
    writer.join()
