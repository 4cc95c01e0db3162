"""How a server starts, ends and is watched."""
