"""The command `recours`: how it begins, and what it says when it ends otherwise than well."""

import signal
import sys
from collections.abc import Sequence
from types import FrameType
from typing import Final, NoReturn

from typer.main import get_command

from api.command_line.commands.application import make_command_line

FAULT: Final = 1
UNANTICIPATED: Final = 70
"""EX_SOFTWARE of sysexits.h: a fault of the product itself."""

STOPPED: Final = 130
TERMINATED: Final = 143


def run() -> NoReturn:
    """Be the command `recours`."""
    signal.signal(signal.SIGTERM, _terminate)
    sys.exit(obey(sys.argv[1:]))


def obey(arguments: Sequence[str]) -> int:
    """Run one command; answers with the exit code."""
    try:
        get_command(make_command_line()).main(args=list(arguments), prog_name="recours")
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else FAULT
    except KeyboardInterrupt:
        return STOPPED
    except Exception as error:  # noqa: BLE001 - the last place where an error can be told
        return _tell(error)
    return 0


def _tell(error: Exception) -> int:
    from api.command_line.faults import tell_fault

    return FAULT if tell_fault(error) else UNANTICIPATED


def _terminate(_signal: int, _frame: FrameType | None) -> NoReturn:
    # Unwinds like ^C, so that the embedded server is given back.
    raise SystemExit(TERMINATED)
