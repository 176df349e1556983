"""Cases of the area command_allowlist."""

from tests.security.play import play

__all__ = ["play"]
