"""Who may call the API."""

from datetime import UTC, datetime

from sqlalchemy.orm import Mapped, mapped_column

from models.base import SOURCED_ID, Base, as_utc


class ApiClient(Base):
    """A program with credentials. `scopes` are what it was granted, as full scope URLs.

    The secret is 256 random bits, so a plain SHA-256 of it cannot be guessed back; the secret itself is shown once.
    The one before it opens as well until `old_secret_until`. A token carries the `token_version` that it was issued
    under: to raise it is to end every token there is, and no two clocks have to agree about when that was.
    """

    __tablename__ = "api_clients"

    client_id: Mapped[str] = mapped_column(SOURCED_ID, primary_key=True)
    name: Mapped[str]
    secret_sha256: Mapped[str]
    old_secret_sha256: Mapped[str | None]
    old_secret_until: Mapped[datetime | None]
    scopes: Mapped[list[str]]
    token_version: Mapped[int] = mapped_column(default=0, server_default="0")  # the second, for code that is older
    created_at: Mapped[datetime] = mapped_column(default=lambda: as_utc(datetime.now(UTC)))
    revoked_at: Mapped[datetime | None]
