"""Reads the terminal for Textual: a paste comes over in one piece, a lone Esc at once, and no byte stops it."""

from __future__ import annotations

import os
import selectors
from codecs import getincrementaldecoder
from collections.abc import Iterable

from textual._xterm_parser import BRACKETED_PASTE_END, BRACKETED_PASTE_START, XTermParser
from textual.drivers.linux_driver import LinuxDriver
from textual.events import Paste
from textual.message import Message

TORN_S = 0.015
"""How long the rest of a torn sequence may take; after that an Esc is a key. Textual waits 100 to 200 ms."""
_LOOK_UP_S = 0.1
"""How often the reader looks whether the app has ended."""
_CHUNK_BYTES = 65536


class KeyParser(XTermParser):
    """Textual's parser looks at each character of a paste, which takes 15 s for 10 MB; here it sees none of them."""

    def __init__(self, debug: bool = False) -> None:
        super().__init__(debug)
        self._held = ""
        """The end of what was fed: the beginning of a mark, perhaps."""
        self._pasted: list[str] | None = None
        """The pieces of a paste that has begun."""

    @property
    def torn(self) -> bool:
        """Whether what was fed ends in something that may be an Esc or the beginning of more."""
        return self._pasted is None and (bool(self._held) or self._timeout_time is not None)

    def feed(self, data: str) -> Iterable[Message]:
        """What `data`, which is not empty, tells."""
        data, self._held = self._held + data, ""
        while data:
            if self._pasted is None:
                keys, mark, data = self._until(BRACKETED_PASTE_START, data)
                if keys:
                    yield from super().feed(keys)
                self._pasted = [] if mark else None
            else:
                piece, mark, data = self._until(BRACKETED_PASTE_END, data)
                self._pasted.append(piece)
                if mark:
                    text, self._pasted = "".join(self._pasted), None
                    yield Paste(text.replace("\x00", ""))

    def tick(self) -> Iterable[Message]:
        """Nothing more came for a moment: what may have been the beginning of more was all of it."""
        if self.torn:
            held, self._held = self._held, ""
            if held:
                yield from super().feed(held)
            self._timeout_time = 0.0
        yield from super().tick()

    def _until(self, mark: str, data: str) -> tuple[str, str, str]:
        """`data` before the mark, the mark, what is behind it; the beginning of a torn mark is held."""
        before, found, behind = data.partition(mark)
        if not found:
            torn = next((size for size in range(len(mark) - 1, 0, -1) if data.endswith(mark[:size])), 0)
            before, self._held = data[: len(data) - torn], data[len(data) - torn :]
        return before, found, behind


class Keyboard(LinuxDriver):
    """Textual's driver for POSIX terminals with another reader."""

    def run_input_thread(self) -> None:
        """Bytes that are no UTF-8 are shown as such; a terminal that is gone says no more."""
        parser = KeyParser(self._debug)
        decode = getincrementaldecoder("utf-8")("replace").decode
        with selectors.SelectSelector() as selector:
            selector.register(self.fileno, selectors.EVENT_READ)
            while not self.exit_event.is_set():
                if not selector.select(TORN_S if parser.torn else _LOOK_UP_S):
                    self._tell(parser.tick())
                    continue
                try:
                    read = os.read(self.fileno, _CHUNK_BYTES)
                except OSError:  # EIO: the window is closed, and SIGHUP on its way
                    return
                if not read:
                    return
                self._tell(parser.feed(decode(read)))

    def _tell(self, messages: Iterable[Message]) -> None:
        for message in messages:
            self.process_message(message)
