"""What each known program needs to be told to use the proxy, in the form in which that program reads it.

Values in, text out. Which names each of them reads was found out by watching it."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from ollama_code.core.text import one_line
from ollama_code.frontends.proxy.flags import Client

_NO_MODEL = "MODEL"
_ANSWER_SHARE = 4
"""An answer may take one part in so many of the window; the rest is for what was said."""
_CODEX_KEY = "OLLAMA_CODE_TOKEN"
NO_KEY = "ollama"
"""Clients insist on some key even where none is asked for."""


@dataclass(frozen=True)
class Access:
    """How a client gets in. `url` has no path; `key` is the token itself, or the file in which the proxy keeps it
    while it runs. Without a `model` or a `num_ctx` nobody could say which it is; `remarks` tell the person why."""

    url: str
    key: str | Path
    model: str = ""
    num_ctx: int = 0
    remarks: tuple[str, ...] = ()

    @property
    def named(self) -> str:
        return self.model or _NO_MODEL

    @property
    def answer_tokens(self) -> int:
        return self.num_ctx // _ANSWER_SHARE

    @property
    def shell_key(self) -> str:
        """As a word of a shell, which reads the file when it is given to it."""
        return (
            shlex.quote(self.key) if isinstance(self.key, str) else f'"$(cat {shlex.quote(str(self.key))})"'
        )

    def notes(self) -> Iterator[str]:
        if isinstance(self.key, Path):
            yield "The proxy makes a token at each start and keeps it in that file while it runs;"
            yield "--auth-token chooses one."
        yield from self.remarks


def settings_for(client: Client, access: Access) -> str:
    """Lines for a shell, or for a settings file, with what to know as comments."""
    return _WRITERS[client](access)


def _openai(access: Access) -> str:
    return _shell(
        access,
        {"OPENAI_BASE_URL": f"{access.url}/v1", "OPENAI_API_KEY": None},
        f"The model of a request: {access.named}",
    )


def _qwen(access: Access) -> str:
    names = {"OPENAI_BASE_URL": f"{access.url}/v1", "OPENAI_API_KEY": None, "OPENAI_MODEL": access.named}
    return _shell(access, names, "Then: qwen --auth-type openai")


def _claude(access: Access) -> str:
    names = {
        "ANTHROPIC_BASE_URL": access.url,
        "ANTHROPIC_AUTH_TOKEN": None,
        "ANTHROPIC_API_KEY": "",
        "ANTHROPIC_DEFAULT_OPUS_MODEL": access.named,
        "ANTHROPIC_DEFAULT_SONNET_MODEL": access.named,
        "ANTHROPIC_DEFAULT_HAIKU_MODEL": access.named,
        "CLAUDE_CODE_SUBAGENT_MODEL": access.named,
    }
    if access.num_ctx:  # it takes a model that it does not know for one with a window of a million tokens
        names["CLAUDE_CODE_MAX_CONTEXT_TOKENS"] = str(access.num_ctx)
        names["CLAUDE_CODE_MAX_OUTPUT_TOKENS"] = str(access.answer_tokens)
    names |= {
        "CLAUDE_CODE_ATTRIBUTION_HEADER": "0",
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
        "CLAUDE_CODE_DISABLE_EXPERIMENTAL_BETAS": "1",
    }
    return _shell(
        access,
        names,
        f"Then: claude --model {shlex.quote(access.named)} --permission-mode default",
        "In its mode auto it asks a model about each call, with 36,000 tokens every time.",
    )


def _shell(access: Access, names: Mapping[str, str | None], *then: str) -> str:
    """Exports; `None` stands for the key."""
    lines = [
        f"export {name}={access.shell_key if value is None else shlex.quote(value) if value else ''}"
        for name, value in names.items()
    ]
    return _text([*lines, *_comments("#", (*access.notes(), *then))])


def _codex(access: Access) -> str:
    window = [f"model_context_window = {access.num_ctx}"] if access.num_ctx else []
    return _text(
        [
            *_comments("#", ("For ~/.codex/config.toml.",)),
            *_comments(
                "#",
                ("Codex speaks only /v1/responses, which this proxy does not have yet: it will get 404.",),
            ),
            f"model = {_quoted(access.named)}",
            'model_provider = "ollama-code"',
            *window,
            "",
            "[model_providers.ollama-code]",
            'name = "ollama-code"',
            f"base_url = {_quoted(f'{access.url}/v1')}",
            'wire_api = "responses"',
            f'env_key = "{_CODEX_KEY}"',
            "",
            *_comments(
                "#", ("And in the shell, before it starts:", f"export {_CODEX_KEY}={access.shell_key}")
            ),
            *_comments("#", access.notes()),
        ]
    )


def _opencode(access: Access) -> str:
    limit = {"limit": {"context": access.num_ctx, "output": access.answer_tokens}} if access.num_ctx else {}
    key = access.key if isinstance(access.key, str) else f"{{file:{access.key}}}"
    config = {
        "$schema": "https://opencode.ai/config.json",
        "model": f"ollama-code/{access.named}",
        "small_model": f"ollama-code/{access.named}",
        "provider": {
            "ollama-code": {
                "npm": "@ai-sdk/openai-compatible",
                "name": "ollama-code",
                "options": {"baseURL": f"{access.url}/v1", "apiKey": key},
                "models": {access.named: {"name": access.named, **limit}},
            }
        },
    }
    notes = ("For opencode.json of a project, or ~/.config/opencode/opencode.json.", *access.notes())
    return _text([*_comments("//", notes), json.dumps(config, indent=2)])


_WRITERS: Mapping[Client, Callable[[Access], str]] = MappingProxyType(
    {"claude": _claude, "codex": _codex, "opencode": _opencode, "qwen": _qwen, "openai": _openai}
)


def _quoted(text: str) -> str:
    """As a string of TOML, which reads those of JSON."""
    return json.dumps(text)


def _comments(mark: str, lines: Iterator[str] | tuple[str, ...]) -> list[str]:
    return [f"{mark} {one_line(line, limit=2000)}" for line in lines]


def _text(lines: list[str]) -> str:
    return "\n".join(lines)
