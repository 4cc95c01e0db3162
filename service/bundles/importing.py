"""The whole act: a bundle becomes rows, in one transaction that the caller ends."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from sqlalchemy import exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from models.engines import lift_time_limits
from models.stamps import stop_writers
from service.bundles.changing import ANALYZE_ROWS, add_owners, find_again, find_all
from service.bundles.checking import check
from service.bundles.columns import DAYS
from service.bundles.dates import DayOrder
from service.bundles.files import File
from service.bundles.headers import Layout, read_header
from service.bundles.manifest import Mode, read_manifest
from service.bundles.mapping import RosterMap
from service.bundles.merging import Merge
from service.bundles.parsing import Parser
from service.bundles.reading import Bundle
from service.bundles.records import Record
from service.bundles.report import FATAL, Issue, Report
from service.bundles.retiring import may_retire
from service.bundles.source import Source, source_of
from service.bundles.staging import Stage, Staging
from service.records.history import CHANGES, Author, collection_of

IMPORT = "import"  # the kind of author


class Busy(Exception):
    """Another import is at work in the same database, or was while this one was."""


@dataclass(frozen=True, kw_only=True)
class ImportOptions:
    """`strict`: the standard's reading, nothing is repaired. `skip_bad`: load the good rows though others are refused.
    `retire_missing`: mark what a bulk file no longer has as deleted, if that is at most `missing_limit` percent of the
    active rows of its table. `roster_map`: what a mapping file says. `dates`: `dmy` or `mdy`, the order in dates that
    may be two days."""

    skip_bad: bool = False
    strict: bool = False
    retire_missing: bool = False
    missing_limit: float = 10.0
    roster_map: RosterMap | None = None
    dates: str | None = None


async def import_bundle(session: AsyncSession, bundle: Bundle, options: ImportOptions, report: Report) -> bool:
    """Check everything, then merge it, or nothing if something was refused. Returns whether it was merged.

    Never commits. `session` is a staging session in which nothing was done yet; writers wait from the merge on, until
    it ends. Raises Unreadable for a bundle that cannot be read to its end, Busy while another import runs.
    """
    source = source_of(bundle, options.roster_map, report, strict=options.strict, dates=options.dates)
    staging = Staging(await session.connection())
    await begin(staging)
    await staging.open()
    manifest = await asyncio.to_thread(read_manifest, source, report)
    source.check_map(manifest.modes)
    for file, mode in manifest.modes.items():
        stage = await stage_file(staging, source, file, mode, report)
        await check(staging, stage, report, strict=options.strict)
    retiring = []
    for stage in staging.stages.values() if options.retire_missing else ():
        if await may_retire(staging, stage, options.missing_limit, report):
            retiring.append(stage)
    merged = not any(report.found[rule] for rule in FATAL) and (options.skip_bad or not report.errors)
    if merged:
        await merge_all(staging, retiring, Author(IMPORT, bundle.name), report)
    await staging.drop()
    return merged


async def begin(staging: Staging) -> None:
    """One import at a time: PostgreSQL keeps others out. The limits of a web request would end a long one."""
    if not staging.on_postgresql:
        staging.seen_seq = await staging.connection.scalar(select(func.max(CHANGES.c.seq))) or 0
        return
    await lift_time_limits(staging.connection)
    lock = func.pg_try_advisory_xact_lock(func.hashtext("import"), func.hashtext(func.current_schema()))
    if not await staging.connection.scalar(select(lock)):
        raise Busy("another import is running")


async def expect_alone(staging: Staging) -> None:
    """On SQLite two may read their bundles at once. What this one compared with is not what the other one stored."""
    if staging.on_postgresql:
        return
    other = select(CHANGES.c.seq).where(CHANGES.c.seq > staging.seen_seq, CHANGES.c.author_kind == IMPORT)
    if await staging.connection.scalar(select(exists(other))):
        raise Busy("another import was stored while this one was read: import again")


async def stage_file(staging: Staging, source: Source, file: File, mode: Mode, report: Report) -> Stage:
    """Parses in a thread: a server that imports goes on answering."""
    name = file.csv_name
    with source.records(name) as records:
        header = next(iter(records), Record(1, [], None))
        if header.fault:
            report.add(Issue(name, 1, "", "", header.fault))
        mapped = source.roster_map.of(file)
        layout = read_header(file, header.cells, report, strict=source.strict, mapped=mapped)
        days = DayOrder(source.dates, partial(date_cells, source, layout))
        stage = await staging.open_stage(file, mode, layout)
        if not layout.usable:
            await staging.hide(stage.target.name)
        batches = Parser(stage, layout, staging.connection.dialect, report, days).batches(records)
        while batch := await asyncio.to_thread(next, batches, None):
            await staging.load(stage.table, batch.rows)
            report.read[file.name] += len(batch.rows)
            for field, rows in batch.sides.items():
                await staging.load(stage.sides[field].table, rows)
            report.watch(f"reading {name}", records.bytes_read, source.bundle.sizes[name])
        source.tell_form(records, name, report)
    await staging.ready(stage)
    return stage


def date_cells(source: Source, layout: Layout) -> Iterator[str]:
    """Every cell of the file that holds a date."""
    positions = [position for position, field in layout.fields if field.kind in DAYS]
    with source.records(layout.file.csv_name) as records:
        for record in records:
            yield from (record.cells[position] for position in positions if position < len(record.cells))


async def merge_all(staging: Staging, retiring: list[Stage], author: Author, report: Report) -> None:
    """Others may write until all that changes is found, and have to wait from then on."""
    found = await find_all(staging, retiring, report)
    if not any(changed.counts.total() for changed in found.values()):
        return
    report.watch("waiting for other writers", 0, 0)
    moment = await stop_writers(staging.connection)
    await expect_alone(staging)
    await find_again(staging, found, report)
    await add_owners(staging, found)
    merge = Merge(staging.connection, author, moment)
    for done, changed in enumerate(found.values()):
        report.watch(f"storing {collection_of(changed.target)}", done, len(found))
        await merge.merge(changed)
    for changed in found.values():
        if changed.counts.total() >= ANALYZE_ROWS:
            await staging.analyze(changed.target)
