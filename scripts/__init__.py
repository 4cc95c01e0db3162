"""The commands, one a file, each runnable alone (`python -m scripts.migrate`) and gathered by `homeroom`."""
