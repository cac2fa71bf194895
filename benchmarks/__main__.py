"""Run the benchmarks: `python -m benchmarks [--quick] [NAME ...]`, all of them without a name."""

import argparse
import sys
from collections.abc import Callable, Sequence
from os import cpu_count, getloadavg
from typing import Final

from benchmarks import (
    adding,
    appending,
    commanding,
    exporting,
    exposing,
    importing,
    opening,
    projecting,
    reading,
    serving,
)
from benchmarks.figures import FULL, QUICK, TINY, Figures, Scale, line_of
from benchmarks.site import Ground

Benchmark = Callable[[Ground, Scale], Figures]

BENCHMARKS: Final[dict[str, Benchmark]] = {
    "append": appending.run,
    "command": commanding.run,
    "command10": commanding.run_ten,
    "http": serving.run,
    "history": reading.history,
    "replay": reading.replay,
    "bytes_per_event": reading.bytes_per_event,
    "project": projecting.rebuilds,
    "project.lag": projecting.lag,
    "exposure": exposing.run,
    "exposure.added": adding.run,
    "export": exporting.run,
    "case": opening.run,
    "import": importing.run,
}


def main(arguments: Sequence[str]) -> int:
    """Print the figures of the benchmarks that were asked for; the exit status is 0."""
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument("names", metavar="NAME", nargs="*", help=", ".join(BENCHMARKS))
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--quick", action="store_const", dest="scale", const=QUICK)
    size.add_argument("--tiny", action="store_const", dest="scale", const=TINY)
    parser.set_defaults(scale=FULL)
    asked = parser.parse_args(arguments)
    wanted = dict.fromkeys(name for told in asked.names for name in _named(told, parser))
    with Ground.open() as ground:
        _say(f"PostgreSQL {ground.version}, {cpu_count()} processors, load {getloadavg()[0]:.1f}")
        for name in wanted or BENCHMARKS:
            for figure in BENCHMARKS[name](ground, asked.scale):
                print(line_of(figure), flush=True)
    return 0


def _named(told: str, parser: argparse.ArgumentParser) -> Sequence[str]:
    """The benchmark of this name, or the one that gives the figure of this name."""
    fitting = [name for name in BENCHMARKS if told == name or told.startswith(f"{name}.")]
    if not fitting:
        parser.error(f"there is no benchmark {told}; there are: {', '.join(BENCHMARKS)}")
    return fitting[-1:]


def _say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
