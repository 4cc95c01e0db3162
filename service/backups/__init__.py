"""Backups: everything that the database holds in one file, which either database can take back."""
