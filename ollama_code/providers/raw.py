"""The raw tap: what the model wrote token by token, before the server's parsers, out of `logprobs`."""

from __future__ import annotations

from codecs import getincrementaldecoder

from pydantic import JsonValue

from ollama_code.ports import RawPiece

_DECODER = getincrementaldecoder("utf-8")


class RawReader:
    """Joins the tokens of one answer. A character may be spread over several: it comes with the last of them."""

    def __init__(self) -> None:
        self._decoder = _DECODER("replace")

    def read(self, logprobs: JsonValue) -> RawPiece | None:
        """The text and the number of tokens of one line; `None` where the server shows none."""
        tokens = (
            [token for token in logprobs if isinstance(token, dict)] if isinstance(logprobs, list) else []
        )
        if not tokens:
            return None
        return RawPiece("".join(self._decoder.decode(_bytes_of(token)) for token in tokens), len(tokens))

    def rest(self) -> str:
        """What is left of a character that the model did not finish."""
        return self._decoder.decode(b"", final=True)


def _bytes_of(token: dict[str, JsonValue]) -> bytes:
    """The bytes of a token; from a server that does not tell them, its text, in which a split character is lost."""
    value = token.get("bytes")
    numbers = [number for number in value if _is_byte(number)] if isinstance(value, list) else []
    if numbers:
        return bytes(number for number in numbers if isinstance(number, int))
    text = token.get("token")
    return text.encode() if isinstance(text, str) else b""


def _is_byte(value: JsonValue) -> bool:
    return isinstance(value, int) and 0 <= value < 256
