"""What was changed, by whom, from what: the history of each record, and the feed that programs follow."""

from datetime import datetime

from sqlalchemy import BigInteger, Index, Integer
from sqlalchemy.orm import Mapped, mapped_column

from models.base import SOURCED_ID, Base, stamp

SEQUENCE = BigInteger().with_variant(Integer(), "sqlite")  # SQLite counts only what is called INTEGER


class Change(Base):
    """One record that was created, updated or deleted; or a whole table that was loaded while it was empty.

    `before` is the row as it was, as JSON by the names of its CSV file. What it was afterwards is the `before` of its
    next change, or the row itself. An entry is written after its row is locked, so `seq` is the order of each record's
    changes; which entries a reader has seen is told by `transaction_id` (PostgreSQL's xid; NULL on SQLite, which
    commits in the order of `seq`).
    """

    __tablename__ = "changes"
    __table_args__ = (
        Index(None, "collection", "sourced_id", "seq"),
        Index(None, "transaction_id", postgresql_using="brin"),  # they come in order: it costs an import nothing
        {"sqlite_autoincrement": True},
    )

    seq: Mapped[int] = mapped_column(SEQUENCE, primary_key=True, autoincrement=True)
    transaction_id: Mapped[int | None] = mapped_column(BigInteger)
    at: Mapped[datetime] = mapped_column(default=stamp())
    author_kind: Mapped[str]  # client, person, import or command
    author: Mapped[str]
    request_id: Mapped[str | None]
    collection: Mapped[str]
    sourced_id: Mapped[str | None] = mapped_column(SOURCED_ID)  # None: the whole table
    what: Mapped[str]  # created, updated, deleted or loaded
    count: Mapped[int | None]  # of the rows that were loaded
    before: Mapped[str | None]


class Feed(Base):
    """The feed that cursors belong to: one row. It is renewed when a backup is restored, which may lose entries.

    Entries up to `purged_seq`, of transactions up to `purged_transaction`, are no longer kept.
    """

    __tablename__ = "feeds"

    id: Mapped[str] = mapped_column(primary_key=True)
    began_at: Mapped[datetime] = mapped_column(default=stamp())
    purged_seq: Mapped[int] = mapped_column(BigInteger, default=0)
    purged_transaction: Mapped[int] = mapped_column(BigInteger, default=0)


class IdempotentAnswer(Base):
    """The answer to a POST with an `Idempotency-Key`, kept in the POST's own transaction."""

    __tablename__ = "idempotent_answers"
    __table_args__ = (Index(None, "created_at"),)

    client_id: Mapped[str] = mapped_column(SOURCED_ID, primary_key=True)
    key: Mapped[str] = mapped_column(SOURCED_ID, primary_key=True)
    created_at: Mapped[datetime] = mapped_column(default=stamp())
    request_sha256: Mapped[str]
    answer: Mapped[str | None]  # None: its transaction is still at work
