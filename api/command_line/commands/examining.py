"""`recours doctor`: what is wrong with this installation."""

from api.command_line.commands.options import AsJson


def doctor(*, as_json: AsJson = False) -> None:
    """Look the installation over; each fault comes with its fix, and makes the exit code 1."""
    from api.command_line.doctor import examine_installation

    examine_installation(as_json=as_json)
