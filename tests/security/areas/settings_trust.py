"""Cases of the area settings_trust."""

from tests.security.play import play

__all__ = ["play"]
