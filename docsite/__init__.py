"""The documents as a site: its picture, its reference pages, its settings."""
