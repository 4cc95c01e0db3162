"""A client's former secret, valid for a while beside the new one, and which of its tokens are void."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0003"
down_revision: str | None = "0002"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

# The types as this migration made them; `models.base` may move on.
TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
MOMENT = sa.String(24).with_variant(sa.DateTime(timezone=True), "postgresql")


def upgrade() -> None:
    op.add_column("api_clients", sa.Column("old_secret_sha256", TEXT, nullable=True))
    op.add_column("api_clients", sa.Column("old_secret_until", MOMENT, nullable=True))
    op.add_column("api_clients", sa.Column("token_version", sa.Integer(), server_default="0", nullable=False))


def downgrade() -> None:
    with op.batch_alter_table("api_clients") as table:  # SQLite changes a table by copying it
        for column in ("token_version", "old_secret_until", "old_secret_sha256"):
            table.drop_column(column)
