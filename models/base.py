"""What every table shares: constraint names, column types, and the columns that every OneRoster record has."""

from collections.abc import Iterable
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
from sqlalchemy.orm import DeclarativeBase, Mapped, MappedColumn, declared_attr, mapped_column
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


def one_of(column: str, words: Iterable[str], *, extensible: bool = True) -> CheckConstraint:
    """The column holds one of `words` or, as the standard lets providers extend its lists, `ext:` and their own."""
    listed = ", ".join(f"'{word}'" for word in words)
    extension = f" OR substr({column}, 1, 4) = 'ext:'" if extensible else ""
    return CheckConstraint(f"{column} IN ({listed}){extension}", name=f"{column}_known")


def reference(table: str, *, index: bool = True, primary_key: bool = False) -> MappedColumn[Any]:
    """A column that holds the sourcedId of a row of `table`."""
    return mapped_column(SOURCED_ID, ForeignKey(f"{table}.sourced_id"), index=index, primary_key=primary_key)


class Record:
    """The columns of every OneRoster entity (OneRoster 1.2, `Base` class of the information model).

    `metadata_` is the column and the wire field `metadata`; Declarative keeps that name for itself.
    """

    rules: ClassVar[tuple[CheckConstraint, ...]] = ()

    sourced_id: Mapped[str] = mapped_column(SOURCED_ID, primary_key=True, sort_order=-3)
    status: Mapped[str] = mapped_column(default=ACTIVE, sort_order=-2)
    date_last_modified: Mapped[datetime] = mapped_column(default=lambda: as_utc(datetime.now(UTC)), sort_order=-1)
    metadata_: Mapped[dict[str, Any] | None] = mapped_column("metadata", sort_order=1)

    @declared_attr.directive
    def __table_args__(cls) -> tuple[Any, ...]:
        """The index serves "what changed since", with pages that stay in order while rows share a moment."""
        return (
            Index(None, "date_last_modified", "sourced_id"),
            one_of("status", (ACTIVE, TO_BE_DELETED), extensible=False),
            *cls.rules,
        )
