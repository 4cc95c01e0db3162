"""Dates with the day or the month first, which the standard does not have: read where the file leaves one reading."""

import re
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime, time
from functools import cached_property

from service.records.kinds import Field, Kind
from service.records.rules import Rule
from service.records.values import Breach, Parse, plain_parser

DAY_FIRST, MONTH_FIRST = "dmy", "mdy"
NUMERIC = re.compile(r"(\d{1,2})([/.-])(\d{1,2})\2(\d{4})", re.ASCII)
CLOCK = re.compile(r"[T ].*")  # of a date it is dropped, as it is after 2026-01-31
HINT = "it may be two days: say which with --dates dmy or mdy"


def readings(text: str) -> dict[str, date]:
    """What the text may mean, by the order of its parts."""
    return dict(possible(text))


def possible(text: str) -> Iterator[tuple[str, date]]:
    if found := NUMERIC.fullmatch(text):
        first, second, year = int(found[1]), int(found[3]), int(found[4])
        for order, month, day in ((DAY_FIRST, second, first), (MONTH_FIRST, first, second)):
            try:
                yield order, date(year, month, day)
            except ValueError:
                continue


class DayOrder:
    """Which comes first in the dates of one file: `stated`, or what all of its dates together say.

    `cells` gives them, all over again. It is asked once, when a date is met that may be two days.
    """

    def __init__(self, stated: str | None, cells: Callable[[], Iterable[str]]) -> None:
        self.stated = stated
        self.cells = cells

    @cached_property
    def order(self) -> str | None:
        """None if the dates say nothing, or contradict each other."""
        if self.stated:
            return self.stated
        meant = (readings(CLOCK.sub("", cell.strip())) for cell in self.cells())
        orders = {order for found in meant if len(found) == 1 for order in found}
        return orders.pop() if len(orders) == 1 else None

    def parser_of(self, field: Field) -> Parse:
        """That of the field's filled cells."""
        plain, is_date = plain_parser(field), field.kind is Kind.DATE

        def parse(text: str) -> date | datetime:
            try:
                read: date | datetime = plain(text)
            except Breach as breach:
                if not breach.rule.is_error or not (found := readings(CLOCK.sub("", text) if is_date else text)):
                    raise
                rule, day = self.choose(found)
                value = day if is_date else datetime.combine(day, time(), UTC)
                raise Breach(rule, value, f"read as {day}") from None
            return read

        return parse

    def choose(self, found: dict[str, date]) -> tuple[Rule, date]:
        """Raises Breach if it cannot be told which of them is meant."""
        if len({*found.values()}) == 1:
            return Rule.DATE_FORMAT, next(iter(found.values()))
        if self.order:
            return Rule.DATE_ORDER, found[self.order]
        raise Breach(Rule.DATE, hint=HINT)
