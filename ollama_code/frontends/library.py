"""The tools as a Python API, without a model: `ToolExecutor` and `get_tools_array`."""

from __future__ import annotations

import asyncio
import json
import secrets
import tempfile
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType

from pydantic import JsonValue

from ollama_code.bootstrap.allowlist import allowlist
from ollama_code.bootstrap.workbench import Bounds, Workbench
from ollama_code.core.errors import UsageError
from ollama_code.core.head import WireTool
from ollama_code.core.messages import Arguments, ToolCall
from ollama_code.tools.seven import wire_tools


def get_tools_array() -> list[WireTool]:
    """The proxy's seven tools in OpenAI form: `[{"type": "function", "function": {...}}, ...]`."""
    return list(wire_tools())


class ToolExecutor:
    """Runs tools in a directory: `execute("read_file", {"file_path": "README.md"})` gives the text.

    Takes the seven names of `get_tools_array` and every name and alias of the tools reference. Files outside the
    directory and `allowed_directories`, and protected paths such as `.git`, are refused; nothing ever asks.
    `command_allowlist` holds first words of commands (a list, or one text with commas). Calls from several
    threads run one after another. Works inside a running event loop too: it has its own, in a thread.
    Raises: UsageError for a directory that cannot be entered."""

    def __init__(
        self,
        working_directory: str | Path = ".",
        allowed_directories: Sequence[str | Path] = (),
        allow_commands: bool = True,
        command_allowlist: str | Sequence[str] | None = None,
    ) -> None:
        self._commands = allowlist(command_allowlist) if allow_commands else ()
        self._scratch = tempfile.TemporaryDirectory(prefix="ollama-code-")
        more = tuple(Path(directory).resolve() for directory in allowed_directories)
        self._bounds = Bounds(Path(working_directory).resolve(), more, self._commands)
        try:
            self._bench = Workbench(self._bounds, Path(self._scratch.name).resolve())
        except UsageError:
            self._scratch.cleanup()
            raise
        self._loop = asyncio.new_event_loop()
        self._turnstile = threading.Lock()
        self._thread = threading.Thread(target=self._loop.run_forever, name="ollama-code-tools", daemon=True)
        self._thread.start()

    def execute(self, tool_name: str, arguments: Mapping[str, JsonValue] | None = None) -> str:
        """What the model would read. A failure is text that begins with "Error:", never an exception."""
        call_id = f"call_{secrets.token_hex(4)}"
        if self._loop.is_closed():
            return "Error: this ToolExecutor is closed. Make a new one."
        try:
            call = ToolCall(id=call_id, name=str(tool_name), arguments=dict(arguments or {}))
        except (TypeError, ValueError) as e:
            return f"Error: {e}"
        with self._turnstile:
            return asyncio.run_coroutine_threadsafe(self._bench.answer(call), self._loop).result()

    def execute_tool_call(self, tool_call: Mapping[str, JsonValue]) -> dict[str, str]:
        """The `tool` message that answers one entry of an OpenAI reply's `tool_calls`."""
        function = tool_call.get("function")
        if not isinstance(function, dict):
            function = {}  # which names no tool, and the answer says so
        name, arguments = str(function.get("name", "")), _arguments(function.get("arguments"))
        text = (
            "Error: the arguments are not a JSON object."
            if arguments is None
            else self.execute(name, arguments)
        )
        return {"role": "tool", "tool_call_id": str(tool_call.get("id", "")), "content": text}

    def close(self) -> None:
        """End background commands and the thread. Calling it twice is fine."""
        if self._loop.is_closed():
            return
        asyncio.run_coroutine_threadsafe(self._bench.close(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        self._scratch.cleanup()

    def __enter__(self) -> ToolExecutor:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _arguments(given: JsonValue) -> Arguments | None:
    if isinstance(given, str):
        try:
            given = json.loads(given or "{}")
        except ValueError:
            return None
    return given if isinstance(given, dict) else None
