"""How the report of an import is printed: in tables as wide as the terminal allows, or line by line into a pipe."""

from collections.abc import Iterable, Iterator, Sequence

import click
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from service.bundles.report import COUNTS, Group, Issue, Report, shortened
from service.bundles.summary import counted, summary

CAUSES = 10  # that are named
VALUE_SHARE = 2  # a cell takes at most half of the width of the terminal


def print_report(report: Report, console: Console) -> None:
    """First what happened and what to do, then causes, what follows from them, warnings, and the rows of each file."""
    if console.is_terminal:
        print_tables(report, console)
    else:
        for line in plain_lines(report):
            click.echo(printable(line).encode(console.encoding, "replace").decode(console.encoding))


def print_tables(report: Report, console: Console) -> None:
    console.print(Text(printable(summary(report)), style="bold"))
    for group in report.roots():
        print_group(group, console)
    for group in report.consequences():
        print_consequences(group, report, console)
    for group in report.warned():
        print_group(group, console)
    console.print()
    console.print(counts_table(report))


def print_consequences(group: Group, report: Report, console: Console) -> None:
    if report.causes:
        console.print(heading(group))
        for line in consequences(report):
            console.print(Text(printable(line)))
    else:
        print_group(group, console)


def heading(group: Group) -> Text:
    return Text(f"\n{title(group)}", style="bold red" if group.rule.is_error else "bold yellow")


def print_group(group: Group, console: Console) -> None:
    console.print(heading(group))
    console.print(issues_table(group.samples, max(20, console.width // VALUE_SHARE)))
    if more := more_of(group):
        console.print(Text(more, style="dim"))


def issues_table(samples: Sequence[Issue], value_shown: int) -> Table:
    """Without the columns in which there is nothing."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False)
    columns = {
        "file": [issue.file for issue in samples],
        "line": [str(issue.line or "") for issue in samples],
        "field": [issue.field for issue in samples],
        "value": [shortened(issue.value, value_shown) for issue in samples],
        "hint": [issue.hint for issue in samples],
    }
    filled = {name: cells for name, cells in columns.items() if any(cells)}
    for name in filled:
        table.add_column(name, overflow="fold", no_wrap=name in ("file", "line"))
    for row in zip(*filled.values(), strict=True):
        table.add_row(*(Text(printable(cell)) for cell in row))
    return table


def counts_table(report: Report) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0))  # fits into 80 columns
    table.add_column("rows", no_wrap=True)
    for name in COUNTS:
        table.add_column(name, justify="right", no_wrap=True)
    for file, counts in report.counted.items():
        table.add_row(file, *(f"{count:,}" for count in counts.values()))
    return table


def plain_lines(report: Report) -> Iterator[str]:
    yield summary(report)
    for group in report.roots():
        yield from plain_group(group)
    for group in report.consequences():
        yield from ("", title(group), *consequences(report)) if report.causes else plain_group(group)
    for group in report.warned():
        yield from plain_group(group)
    yield from ("", *aligned([("rows", *COUNTS), *count_rows(report)]))


def plain_group(group: Group) -> Iterator[str]:
    yield from ("", title(group))
    for issue in group.samples:
        yield plain_issue(issue)
    if more := more_of(group):
        yield more


def plain_issue(issue: Issue) -> str:
    """`file:line: field: value: message`, as compilers write; without what is not there."""
    place = f"{issue.file}:{issue.line}" if issue.line else issue.file
    message = issue.rule.explanation + (f"; {issue.hint}" if issue.hint else "")
    cells = (place, issue.field, issue.value, f"{issue.rule.severity.value} {issue.rule.label}: {message}")
    return ": ".join(filter(None, cells))


def count_rows(report: Report) -> Iterator[tuple[str, ...]]:
    for file, counts in report.counted.items():
        yield file, *(str(count) for count in counts.values())


def aligned(rows: Iterable[Sequence[str]]) -> Iterator[str]:
    rows = list(rows)
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for first, *others in rows:
        numbers = (cell.rjust(width) for cell, width in zip(others, widths[1:], strict=True))
        yield "  ".join([first.ljust(widths[0]), *numbers])


def title(group: Group) -> str:
    return f"{group.rule.severity.value} {group.rule.label}: {group.rule.explanation} ({group.found:,})"


def more_of(group: Group) -> str:
    more = group.found - len(group.samples)
    return f"and {more:,} more" if more else ""


def consequences(report: Report) -> Iterator[str]:
    """A line for each cause that took others with it, the biggest first."""
    causes = report.causes.biggest(CAUSES)
    for cause in causes:
        why = f" ({cause.rule.label})" if cause.rule else ""
        rows = f"{counted(cause.rows, 'row')} refused"
        yield f"{rows} because {cause.place} was{why}"
    if more := len(report.causes) - len(causes):
        yield f"and {counted(more, 'more row')} took others with {'it' if more == 1 else 'them'}"


def printable(text: str) -> str:
    """A cell of a bundle may hold what a terminal takes for a command."""
    return "".join(letter if letter.isprintable() else "�" for letter in text)
