"""`--reload`: the server in a child process, which is replaced when a file of the program changes."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path

import uvicorn
from uvicorn.supervisors import ChangeReload

PROGRAM = Path(__file__).parents[2]


def run_reloading(listener: socket.socket, serve: Callable[[list[socket.socket] | None], None]) -> int:
    """Until a signal comes. `serve` is sent to each child, with the socket."""
    config = uvicorn.Config("ollama_code", reload=True, reload_dirs=[str(PROGRAM)], log_config=None)
    ChangeReload(config, target=serve, sockets=[listener]).run()
    return 0
