"""Parquet, where pyarrow is installed: exact decimals, instants in UTC."""

from importlib import import_module
from itertools import islice
from typing import IO, Any, Final

from application.exports import Kind, Sheet

pa: Any = import_module("pyarrow")  # Any: it ships no types
pq: Any = import_module("pyarrow.parquet")  # the same

ROWS_AT_ONCE: Final = 5_000

_TYPES: Final = {
    Kind.TEXT: pa.string(),
    Kind.AMOUNT: pa.decimal128(22, 4),
    Kind.NUMBER: pa.int64(),
    Kind.DAY: pa.date32(),
    Kind.INSTANT: pa.timestamp("us", tz="UTC"),
}


def write_parquet(sheet: Sheet, *, into: IO[bytes]) -> None:
    """Write the whole file."""
    schema = pa.schema([(column.name, _TYPES[column.kind]) for column in sheet.columns])
    with pq.ParquetWriter(into, schema) as writer:
        rows = iter(sheet.rows)
        while some := list(islice(rows, ROWS_AT_ONCE)):
            columns = zip(*some, strict=True)
            arrays = [
                pa.array(cells, type=field.type)
                for cells, field in zip(columns, schema, strict=True)
            ]
            writer.write_table(pa.Table.from_arrays(arrays, schema=schema))
