"""What is served. Nothing in `models` knows that this package exists."""
