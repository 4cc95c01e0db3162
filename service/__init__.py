"""What is served. Nothing in `models` knows that this package exists."""

__version__ = "0.1.0"  # that of the whole; pyproject.toml reads it here
