"""`python -m conformance`: explain requirements; merge, trace, compare reports; install, try hosts; judge mutants."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from conformance.drivers.smoke_command import smoke
from refhost.arguments import sentence
from refhost.errors import HostError

if TYPE_CHECKING:
    from collections.abc import Sequence

_REPORTS = click.argument("reports", nargs=-1, type=click.Path(path_type=Path))


class _Commands(click.Group):
    """Turns what cannot be used into a sentence and exit code 2, never a traceback."""

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 - as click has it
        """Run a command."""
        try:
            return super().invoke(ctx)
        except HostError as error:
            raise click.UsageError(sentence("", error)) from None
        except OSError as error:
            raise click.UsageError(f"{error.filename}: {error.strerror}.") from None


@click.group(cls=_Commands)
@click.version_option(package_name="pytest-signalk-wasm")
def main() -> None:
    """Requirements and reports of pytest-signalk-wasm."""


@main.command()
@click.argument("requirement_id", metavar="ID")
def explain(requirement_id: str) -> None:
    """Print a requirement such as DELTA-001 or HVFS-001: where it comes from, why, how to mend, and an example."""
    from conformance.explanation import explanation  # noqa: PLC0415 - a command loads what it needs

    click.echo(explanation(requirement_id), nl=False)


@main.command()
@_REPORTS
@click.option("--into", type=click.Path(path_type=Path), required=True, help="The folder for the reports.")
def merge(reports: Sequence[Path], into: Path) -> None:
    """Put reports of many runs or machines together.

    Each of REPORTS is a report.json or a folder of --wasm-report; that of a run that was killed will do.
    """
    from conformance.files import writable  # noqa: PLC0415 - as above
    from conformance.report.folder import write  # noqa: PLC0415 - as above
    from conformance.report.reading import merged, read  # noqa: PLC0415 - as above

    if not reports:
        raise click.UsageError("Name at least one report: a report.json, or a folder that --wasm-report wrote.")
    found = merged(report for path in reports for report in read(path))
    writable(into)
    write(found, into)
    click.echo(into / "report.html")


@main.command()
@_REPORTS
@click.pass_context
def trace(context: click.Context, reports: Sequence[Path]) -> None:
    """Say of each requirement whether runs have tested it, and which clauses nothing can judge.

    Each of REPORTS is a report.json or a folder of --wasm-report. The exit code is 1 when a requirement is missing:
    it has no check, or no report knows of it.
    """
    from conformance.report.reading import read  # noqa: PLC0415 - as above
    from conformance.trace import traced  # noqa: PLC0415 - as above

    found = traced([report for path in reports for report in read(path)])
    click.echo(found.to_text(), nl=False)
    context.exit(1 if found.missing else 0)


@main.command()
@_REPORTS
@click.option("--known", type=click.Path(path_type=Path), help='A TOML file of known differences: HVFS-011 = "why".')
@click.pass_context
def agree(context: click.Context, reports: Sequence[Path], known: Path | None) -> None:
    """Compare two reports on hosts, requirement by requirement: a profile of refhost, and the server it stands for.

    Each of REPORTS is a report.json or a folder of --wasm-report; there are two reports on hosts in all. The exit code
    is 1 when a requirement holds on one host only and is not known to, when one is known to and does not, or when
    nothing was judged on both.
    """
    from conformance.agreement import agreement, known_differences  # noqa: PLC0415 - as above
    from conformance.report.reading import read  # noqa: PLC0415 - as above

    listed = known_differences(known) if known else {}
    found = agreement([report for path in reports for report in read(path)], listed)
    click.echo(found.to_text(), nl=False)
    context.exit(0 if found.complete else 1)


@main.command()
@click.argument("host", type=click.Choice(["signalk-server"]))
def install(host: str) -> None:  # noqa: ARG001 - there is one
    """Install the program of a host, in the version that its driver is for, into the user's cache folder."""
    from conformance.drivers.signalk_server.install import install as install_it  # noqa: PLC0415 - as above

    click.echo(install_it())


@main.command()
@click.argument("names", nargs=-1)
@click.option("--only", type=click.Choice(["plugins", "hosts"]), help="Judge plugins only, or hosts; writes nothing.")
@click.option("--whole", is_flag=True, help="Judge each host mutant by all requirements; writes nothing.")
@click.option("--check", is_flag=True, help="Write nothing; fail when docs/kill-matrix.md is not what was found.")
@click.option("--processes", type=click.IntRange(min=0), default=0, help="How many at the same time; 0: one a core.")
@click.pass_context
def kill(
    context: click.Context,
    names: tuple[str, ...],
    only: Literal["plugins", "hosts"] | None,
    whole: bool,  # noqa: FBT001 - a flag of a command line
    check: bool,  # noqa: FBT001 - as above
    processes: int,
) -> None:
    """Judge all mutants, plugins and hosts with one thing broken, and write docs/kill-matrix.md.

    With NAMES, of requirements or mutants, such as DELTA-001 or HVFS-011, only those mutants are judged, and nothing is
    written. The exit code is 1 when a mutant is not killed by the requirement that it is made for, when no mutant is
    killed by a requirement, when something honest is, or when nothing was judged.
    """
    from conformance.kill.command import run  # noqa: PLC0415 - as above

    context.exit(run(names, only=only, whole=whole, check=check, processes=processes))


main.add_command(smoke)
