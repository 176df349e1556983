"""Slash commands with outcomes that any front end can show."""
