"""What is said about errors: one line that helps for those we know, everything for the others."""

import logging
import traceback
from typing import Final

from pydantic import ValidationError

from api.command_line.output import say
from application.errors import ApplicationError
from domain.refusals import Refusal
from infrastructure.imports.files import InputError
from infrastructure.logs import is_machine_read
from infrastructure.settings import Settings

_LOG: Final = logging.getLogger("recours")


class SettingsWrong(ApplicationError):
    """The environment says something that cannot be."""

    def __init__(self, error: ValidationError) -> None:
        faults = [
            f"{'.'.join(map(str, fault['loc'])).upper()} {_lower_first(fault['msg'])}".strip()
            for fault in error.errors(include_url=False, include_input=False)
        ]
        super().__init__(f"the settings are wrong: {'; '.join(faults)}")


class Stopped(ApplicationError):
    """The work cannot go on, and why was said."""


def read_settings(*, tenant: str | None = None) -> Settings:
    """Read what the environment says, for the tenant that it names, or for this one.

    Raises:
        SettingsWrong: something in it cannot be.
    """
    try:
        return Settings() if tenant is None else Settings(recours_tenant=tenant)
    except ValidationError as error:
        raise SettingsWrong(error) from error


def tell_fault(error: Exception) -> bool:
    """Say what went wrong; answers whether the error was one that we know."""
    match error:
        case ApplicationError() | Refusal() | InputError():
            say("[red]recours:[/red] {}", str(error))
        case OSError(filename=str(name), strerror=str(why)):
            say("[red]recours:[/red] {}", f"{name}: {why.lower()}")
        case _ if is_machine_read():
            _LOG.critical("a fault of the product ends this process", exc_info=error)
            return False
        case _:
            say("{}", "".join(traceback.format_exception(error)).rstrip())
            say("[red]recours:[/red] this is a fault of the product; please report the lines above")
            return False
    return True


def _lower_first(message: str) -> str:
    message = message.removeprefix("Value error, ")
    # A setting's name keeps its capitals.
    return message if message[:2].isupper() else message[:1].lower() + message[1:]
