"""`python -m api.command_line` is `recours`."""

from api.command_line.main import run

run()
