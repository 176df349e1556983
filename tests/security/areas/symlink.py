"""Cases of the area symlink."""

from tests.security.play import play

__all__ = ["play"]
