"""Cases of the area edit."""

from tests.security.play import play

__all__ = ["play"]
