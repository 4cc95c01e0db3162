"""The history of records, the feed of changes, and the answers to repeated requests."""

from collections.abc import Sequence
from uuid import uuid4

import sqlalchemy as sa
from alembic import op

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

# The types as this migration made them; `models.base` may move on.
SOURCED_ID = sa.String(255).with_variant(sa.String(255, collation="C"), "postgresql")
TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
MOMENT = sa.String(24).with_variant(sa.DateTime(timezone=True), "postgresql")
SEQUENCE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "changes",
        sa.Column("seq", SEQUENCE, autoincrement=True, nullable=False),
        sa.Column("transaction_id", sa.BigInteger(), nullable=True),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("author_kind", TEXT, nullable=False),
        sa.Column("author", TEXT, nullable=False),
        sa.Column("request_id", TEXT, nullable=True),
        sa.Column("collection", TEXT, nullable=False),
        sa.Column("sourced_id", SOURCED_ID, nullable=True),
        sa.Column("what", TEXT, nullable=False),
        sa.Column("count", sa.Integer(), nullable=True),
        sa.Column("before", TEXT, nullable=True),
        sa.PrimaryKeyConstraint("seq", name="pk_changes"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_changes_collection_sourced_id_seq", "changes", ["collection", "sourced_id", "seq"])
    op.create_index("ix_changes_transaction_id", "changes", ["transaction_id"], postgresql_using="brin")
    feeds = op.create_table(
        "feeds",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("began_at", MOMENT, nullable=False),
        sa.Column("purged_seq", sa.BigInteger(), nullable=False),
        sa.Column("purged_transaction", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_feeds"),
    )
    on_sqlite = op.get_bind().dialect.name == "sqlite"
    began_at = sa.text("strftime('%Y-%m-%dT%H:%M:%fZ', 'now')") if on_sqlite else sa.func.now()
    op.execute(feeds.insert().values(id=str(uuid4()), began_at=began_at, purged_seq=0, purged_transaction=0))
    op.create_table(
        "idempotent_answers",
        sa.Column("client_id", SOURCED_ID, nullable=False),
        sa.Column("key", SOURCED_ID, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("request_sha256", TEXT, nullable=False),
        sa.Column("answer", TEXT, nullable=True),
        sa.PrimaryKeyConstraint("client_id", "key", name="pk_idempotent_answers"),
    )
    op.create_index("ix_idempotent_answers_created_at", "idempotent_answers", ["created_at"])


def downgrade() -> None:
    for table in ("idempotent_answers", "feeds", "changes"):
        op.drop_table(table)
