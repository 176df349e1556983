"""Cases of the area path."""

from tests.security.play import play

__all__ = ["play"]
