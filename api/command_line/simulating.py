"""An ERP to try against, in the foreground."""

import os
from pathlib import Path

from api.command_line.faults import Stopped
from api.command_line.output import say
from infrastructure.erp.signatures import UnusableSecret, new_secret
from infrastructure.erp.simulator_faults import Faults
from infrastructure.erp.simulator_server import run_simulator


def simulate_erp(*, host: str, port: int, state_file: Path | None, faults: Faults) -> None:
    """Serve the simulated ERP until told to stop.

    What both sides sign with comes from the environment: others can read a command line.
    """
    secret = os.environ.get("RECOURS_ERP_SECRET") or None
    shared = new_secret() if secret is None else secret

    def on_ready(address: str) -> None:
        say("the ERP simulator serves at {}; ^C stops it", address)
        if secret is None:
            say("export RECOURS_ERP_URL={} RECOURS_ERP_SECRET={}", address, shared)

    try:
        run_simulator(
            host=host,
            port=port,
            state_file=state_file,
            secret=shared,
            faults=faults,
            on_ready=on_ready,
        )
    except UnusableSecret as error:
        raise Stopped(f"{error}; unset RECOURS_ERP_SECRET to have one made") from error
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise Stopped(f"{host} port {port} cannot be taken: {why}; see --port") from error
