"""Who may call the API."""

from datetime import UTC, datetime

from sqlalchemy.orm import Mapped, mapped_column

from models.base import SOURCED_ID, Base, as_utc


class ApiClient(Base):
    """A program with credentials. `scopes` are what it was granted, as full scope URLs.

    The secret is 256 random bits, so a plain SHA-256 of it cannot be guessed back; the secret itself is shown once.
    """

    __tablename__ = "api_clients"

    client_id: Mapped[str] = mapped_column(SOURCED_ID, primary_key=True)
    name: Mapped[str]
    secret_sha256: Mapped[str]
    scopes: Mapped[list[str]]
    created_at: Mapped[datetime] = mapped_column(default=lambda: as_utc(datetime.now(UTC)))
    revoked_at: Mapped[datetime | None]
