"""What a developer sees of requests: `./dev run --debug`. Nothing that serves others imports this room."""
