"""What an import did and what is to be done now, in a few sentences for who has to do it."""

from collections.abc import Iterator, Sequence

from service.bundles.report import FATAL, Report
from service.records.rules import Rule

NAMED = 3  # files that a sentence names
REPAIRS = (  # what was done to what, and the warnings that say so
    ("column", "read by another name", (Rule.COLUMN_SPELLING, Rule.COLUMN_ALIAS)),
    ("row", "given the width of the header", (Rule.CELLS_BLANK, Rule.CELLS_MISSING)),
    (
        "cell",
        "repaired",
        (
            Rule.CELL_SPACES,
            Rule.BOOLEAN_CASE,
            Rule.BOOLEAN_WORD,
            Rule.DATE_FORMAT,
            Rule.DATE_ORDER,
            Rule.MOMENT_FORMAT,
            Rule.WORD_CASE,
            Rule.LIST,
            Rule.SCHOOL_YEAR,
            Rule.STATUS_INACTIVE,
        ),
    ),
    ("reference", "left out", (Rule.UNKNOWN_OPTIONAL, Rule.REFUSED_OPTIONAL)),
)
ADVICE = {
    Rule.VERSION: "Mend manifest.csv.",
    Rule.RETIRE_LIMIT: "See whether the bundle is whole; if it is, let more rows go with --missing-limit.",
}


def summary(report: Report) -> str:
    """Such as "Nothing was imported: 3 of 1,204 rows have errors. Mend orgs.csv, or import …"."""
    if report.accepted is None:
        return f"The import did not come to its end. Until then it found {seen(report)}."
    sentences = [*accepted(report)] if report.accepted else [*refused(report)]
    return " ".join(["This was a dry run, nothing was changed.", *sentences] if report.dry_run else sentences)


def refused(report: Report) -> Iterator[str]:
    nothing = "Nothing would be imported" if report.dry_run else "Nothing was imported"
    fatal = [rule for rule in FATAL if report.found[rule]]
    if fatal:
        yield f"{nothing}: {listed([rule.explanation for rule in fatal])}."
        yield from (ADVICE[rule] for rule in fatal)
        return
    yield f"{nothing}: {flaws(report)}."
    files, good = named(report.causes.files()), report.read.total() - report.refused
    if good:
        yield f"Mend {files}, or import the other {counted(good, 'row')} with --skip-bad."
    else:
        yield f"Mend {files}."


def flaws(report: Report) -> str:
    """What is wrong in itself, and how much hangs on it."""
    wrong, following = report.causes.wrong, report.causes.following
    lost = report.refused - wrong - following
    found = []
    if spoiled := report.causes.spoiled_files():
        found.append(f"{named(spoiled)} cannot be used" + (f" ({counted(lost, 'row')})" if lost else ""))
    if wrong:
        found.append(f"{wrong:,} of {counted(report.read.total(), 'row')} {'has' if wrong == 1 else 'have'} errors")
    if following:
        found.append(f"{counted(following, 'more row')} {'refers' if following == 1 else 'refer'} to what is refused")
    return listed(found)


def accepted(report: Report) -> Iterator[str]:
    loaded = counted(report.read.total() - report.refused, "row")
    what = became(report)
    yield f"{loaded} would be imported{what}." if report.dry_run else f"Imported {loaded}{what}."
    if retired := sum(counts.retired for counts in report.counts.values()):
        yield f"{counted(retired, 'row')} that the bundle no longer has {was(retired, report)} retired."
    if report.errors:
        yield f"Left out: {flaws(report)}."
    if report.warnings:
        yield f"{warned(report)}, see below."


def became(report: Report) -> str:
    """What became of the rows of the bundle."""
    words = {"created": "new", "updated": "changed", "deleted": "deleted", "unchanged": "as before"}
    rows = [report.counts[name] for name in report.read]
    totals = {word: sum(getattr(counts, name) for counts in rows) for name, word in words.items()}
    found = listed([f"{count:,} {word}" for word, count in totals.items() if count])
    return f": {found}" if found else ""


def warned(report: Report) -> str:
    told, others = [], report.warnings
    for thing, done, rules in REPAIRS:
        if count := sum(report.found[rule] for rule in rules):
            told.append(f"{counted(count, thing)} {was(count, report)} {done}")
            others -= count
    if others:
        told.append(f"there {'is' if others == 1 else 'are'} {counted(others, 'more warning' if told else 'warning')}")
    return listed(told).capitalize()


def was(number: int, report: Report) -> str:
    if report.dry_run:
        return "would be"
    return "was" if number == 1 else "were"


def seen(report: Report) -> str:
    return listed([counted(report.errors, "error"), counted(report.warnings, "warning")])


def counted(number: int, thing: str) -> str:
    return f"{number:,} {thing}" if number == 1 else f"{number:,} {thing}s"


def listed(words: Sequence[str]) -> str:
    """One, two and three."""
    *first, last = words or [""]
    return f"{', '.join(first)} and {last}" if first else last


def named(files: Sequence[str]) -> str:
    more = len(files) - NAMED
    return listed([*files[:NAMED], counted(more, "more file")] if more > 0 else files)
