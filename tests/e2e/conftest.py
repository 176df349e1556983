"""The program, its server, and the command line inside the test."""

from tests.e2e.fixtures import program, run, server

__all__ = ["program", "run", "server"]
