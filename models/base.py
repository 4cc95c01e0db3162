"""What every table shares: constraint names, column types, and the columns that every OneRoster record has."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, ClassVar

from sqlalchemy import (
    JSON,
    CheckConstraint,
    Date,
    DateTime,
    Dialect,
    Double,
    ForeignKey,
    Index,
    MetaData,
    String,
    Text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import DeclarativeBase, Mapped, MappedColumn, declared_attr, mapped_column
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator, TypeEngine

ACTIVE = "active"
TO_BE_DELETED = "tobedeleted"

# Sorted by code point on both databases: the same page everywhere, and an index serves comparisons and prefixes alike.
PLAIN_TEXT = Text().with_variant(Text(collation="C"), "postgresql")
SOURCED_ID = String(255).with_variant(String(255, collation="C"), "postgresql")
JSON_DOCUMENT = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")


def as_utc(moment: datetime) -> datetime:
    """The same moment in UTC, cut to milliseconds: what the wire can carry. A naive one is taken as UTC."""
    aware = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    return aware.replace(microsecond=aware.microsecond // 1000 * 1000)


def wire_moment(moment: datetime) -> str:
    """`2026-09-01T00:00:00.000Z`: OneRoster's date-time, and how SQLite keeps one (text in this form sorts by time)."""
    return as_utc(moment).strftime("%Y-%m-%dT%H:%M:%S.%f").rjust(26, "0")[:23] + "Z"


class Moment(TypeDecorator[datetime]):
    """A UTC date-time of millisecond precision. SQLite knows neither zones nor date-times, so there it is text."""

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        on_postgresql = dialect.name == "postgresql"
        return dialect.type_descriptor(DateTime(timezone=True) if on_postgresql else String(24))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | str | None:
        if value is None:
            return None
        return as_utc(value) if dialect.name == "postgresql" else wire_moment(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        return datetime.fromisoformat(value) if isinstance(value, str) else value


class stamp(FunctionElement[datetime]):
    """The moment at which the database evaluates it, in milliseconds."""

    type = Moment()
    inherit_cache = True
    name = "stamp"


@compiles(stamp, "postgresql")
def _(_element: stamp, _compiler: SQLCompiler, **_options: Any) -> str:
    return "date_trunc('milliseconds', clock_timestamp())"


@compiles(stamp, "sqlite")
def _(_element: stamp, _compiler: SQLCompiler, **_options: Any) -> str:
    return "strftime('%Y-%m-%dT%H:%M:%fZ', 'now')"


class Base(DeclarativeBase):
    """All tables of Homeroom; `Base.metadata` is what Alembic compares with the database."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        str: PLAIN_TEXT,
        float: Double,
        date: Date,
        datetime: Moment,
        list[str]: JSON_DOCUMENT,
        list[dict[str, Any]]: JSON_DOCUMENT,
        dict[str, Any]: JSON_DOCUMENT,
    }


@dataclass(frozen=True)
class Vocabulary:
    """The words that a column may hold; an extensible one also takes `ext:` and a word of the sender's.

    It stands in the column's `info`, where the CHECK below, the import, the API and its OpenAPI document read it.
    """

    words: tuple[str, ...]
    extensible: bool = True

    def check(self, column: str) -> CheckConstraint:
        listed = ", ".join(f"'{word}'" for word in self.words)
        extension = f" OR substr({column}, 1, 4) = 'ext:'" if self.extensible else ""
        return CheckConstraint(f"{column} IN ({listed}){extension}", name=f"{column}_known")


# What `info` of a column may say beyond its type; `service.records.kinds` reads it.
VOCABULARY, PAIR, YEAR, EXPECTED, PART = "vocabulary", "pair", "year", "expected", "part"


def one_of(words: tuple[str, ...], *, extensible: bool = True, check: bool = True) -> MappedColumn[Any]:
    """A column for these words. Without `check`, for a list of them or where old rows may hold others."""
    return mapped_column(info={VOCABULARY: Vocabulary(words, extensible), "check": check})


def reference(table: str, *, index: bool = True, primary_key: bool = False, part: bool = False) -> MappedColumn[Any]:
    """A column that holds the sourcedId of a row of `table`; `part` if what that row looks like shows this one."""
    info = {PART: True} if part else {}
    return mapped_column(SOURCED_ID, ForeignKey(f"{table}.sourced_id"), index=index, primary_key=primary_key, info=info)


def checks(model: object) -> Iterator[CheckConstraint]:
    """The CHECKs of the model's own words."""
    for name, column in vars(model).items():
        info = column.column.info if isinstance(column, MappedColumn) else {}
        if info.get("check"):
            yield info[VOCABULARY].check(name)


STATUS_WORDS = Vocabulary((ACTIVE, TO_BE_DELETED), extensible=False)


class Record:
    """The columns of every OneRoster entity (OneRoster 1.2, `Base` class of the information model).

    `metadata_` is the column and the wire field `metadata`; Declarative keeps that name for itself.
    """

    sourced_id: Mapped[str] = mapped_column(SOURCED_ID, primary_key=True, sort_order=-3)
    status: Mapped[str] = mapped_column(default=ACTIVE, sort_order=-2, info={VOCABULARY: STATUS_WORDS})
    date_last_modified: Mapped[datetime] = mapped_column(default=stamp(), sort_order=-1)
    metadata_: Mapped[dict[str, Any] | None] = mapped_column("metadata", sort_order=1)

    @declared_attr.directive
    def __table_args__(cls) -> tuple[Any, ...]:
        """The index serves "what changed since", with pages that stay in order while rows share a moment."""
        return (
            Index(None, "date_last_modified", "sourced_id"),
            STATUS_WORDS.check("status"),
            *checks(cls),
        )
