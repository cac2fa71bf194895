"""The log: one JSON object a line, or a readable line on a terminal; never anybody's words.

An exception is told by its class, its SQLSTATE and where it was raised. Its message is left out:
a database quotes the row that it refused, a parser the text that it could not read.
"""

import logging
import sys
import traceback
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, TextIO

import orjson

from infrastructure.log_lines import UnwaitingLines

OURS: Final = ("recours", "api", "application", "infrastructure")
"""The loggers that obey the level of the settings; those of libraries tell warnings only."""

FRAMES: Final = 30
"""The innermost calls of a traceback that are told."""

_ROOT: Final = Path(__file__).resolve().parents[1]
_TOLD_ELSEWHERE: Final = "Exception in ASGI application"
"""What the web server says of an exception that was logged with its request before."""


class LogForm(StrEnum):
    """How the log is written."""

    JSON = "json"
    TEXT = "text"


class LogLevel(StrEnum):
    """From which weight on something is written."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


def form_for(stream: TextIO) -> LogForm:
    """A terminal is read by people, everything else by programs."""
    return LogForm.TEXT if stream.isatty() else LogForm.JSON


def start_logging(form: LogForm | None, *, level: LogLevel, stream: TextIO | None = None) -> None:
    """Write everything that this process logs to one stream, the standard error unless named."""
    out = sys.stderr if stream is None else stream
    handler = _handler_for(out)
    chosen = form_for(out) if form is None else form
    handler.setFormatter(JsonLines() if chosen is LogForm.JSON else TextLines())
    handler.addFilter(_is_told_here)
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    for name in OURS:
        logging.getLogger(name).setLevel(level.upper())


def _handler_for(stream: TextIO) -> logging.Handler:
    try:
        descriptor = stream.fileno()
    except OSError:  # kept in memory, as by a test
        return logging.StreamHandler(stream)
    stream.flush()
    return UnwaitingLines(descriptor)


def is_machine_read() -> bool:
    """Tell whether the log of this process is JSON: then nothing else goes to its stream."""
    return any(isinstance(handler.formatter, JsonLines) for handler in logging.root.handlers)


class JsonLines(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        """Write one record."""
        line = {
            "time": _instant(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": _message(record),
            **_fields(record),
        }
        return orjson.dumps(line, default=str).decode()


class TextLines(logging.Formatter):
    """One readable line a record; the calls of a traceback on lines of their own."""

    def format(self, record: logging.LogRecord) -> str:
        """Write one record."""
        fields = _fields(record)
        errors = fields.pop("error", [])
        told = " ".join(f"{name}={value}" for name, value in fields.items() if value is not None)
        line = f"{_instant(record)[11:23]} {record.levelname:<8}{_message(record)} {told}".rstrip()
        return "\n".join([line, *_told_errors(errors)])


def _is_told_here(record: logging.LogRecord) -> bool:
    return not str(record.msg).startswith(_TOLD_ELSEWHERE)


def _instant(record: logging.LogRecord) -> str:
    at = datetime.fromtimestamp(record.created, UTC)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _message(record: logging.LogRecord) -> str:
    # Whoever logs an error as a value means its words, which may be somebody's.
    if isinstance(record.args, Mapping):
        record.args = {name: _wordless(value) for name, value in record.args.items()}
    elif record.args:
        record.args = tuple(map(_wordless, record.args))
    return record.getMessage()


def _wordless(value: object) -> object:
    return _name(value) if isinstance(value, BaseException) else value


def _fields(record: logging.LogRecord) -> dict[str, Any]:  # Any: whatever JSON can hold
    fields = dict(getattr(record, "fields", {}))
    error = record.exc_info[1] if record.exc_info else None
    if error is not None:
        fields["error"] = list(_chain(error))
    return fields


def _chain(error: BaseException | None) -> Iterator[dict[str, Any]]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        told: dict[str, Any] = {"type": _class(error), "frames": _frames(error)}
        if getattr(error, "sqlstate", None):
            told["sqlstate"] = error.sqlstate  # type: ignore[attr-defined]  # the driver's errors have it
        yield told
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def _frames(error: BaseException) -> list[str]:
    frames = traceback.extract_tb(error.__traceback__)[-FRAMES:]
    return [f"{_shortened(frame.filename)}:{frame.lineno} {frame.name}" for frame in frames]


def _shortened(filename: str) -> str:
    path = Path(filename)
    if path.is_relative_to(_ROOT):
        return str(path.relative_to(_ROOT)).rpartition("site-packages/")[2]
    return "/".join(path.parts[-3:])


def _class(error: BaseException) -> str:
    return f"{type(error).__module__}.{type(error).__qualname__}".removeprefix("builtins.")


def _name(error: BaseException) -> str:
    sqlstate = getattr(error, "sqlstate", None)
    return f"{_class(error)} ({sqlstate})" if sqlstate else _class(error)


def _told_errors(errors: list[dict[str, Any]]) -> Iterator[str]:
    for error in errors:
        yield f"    {error['type']} {error.get('sqlstate', '')}".rstrip()
        yield from (f"        {frame}" for frame in error["frames"])
