"""The settings a person can make, each with its meaning. Values only: where they come from is `load`'s part."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Discriminator, Field, Tag
from pydantic.alias_generators import to_camel

from ollama_code.core.permission import Mode
from ollama_code.core.value import Value

DEFAULT_HOST = "http://127.0.0.1:11434"

_DURATION = re.compile(r"-?([0-9]+(\.[0-9]*)?(ns|us|µs|ms|s|m|h))+")  # Go's time.ParseDuration
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")  # RFC 9110, 5.6.2


def _mode_name(given: object) -> object:
    """Other agents write `auto_edit`."""
    return "auto-edit" if given == "auto_edit" else given


def _duration_text(given: object) -> object:
    """A bare number means seconds, as in Ollama's own API."""
    if isinstance(given, int) and not isinstance(given, bool):
        return f"{given}s"
    if isinstance(given, str) and re.fullmatch(r"-?[0-9]+", given.strip()):
        return f"{given.strip()}s"
    return given


def _duration(given: str) -> str:
    if not _DURATION.fullmatch(given):
        raise ValueError('a duration such as "30m", "1h30m" or a number of seconds')
    return given


def _secret(given: str) -> str:
    if not re.fullmatch(r"[!-~]*", given):
        raise ValueError("a key of printable ASCII characters without spaces")
    return given


def _headers(given: dict[str, str]) -> dict[str, str]:
    for name, value in given.items():
        if not _HEADER_NAME.fullmatch(name) or not re.fullmatch(r"[ -~\t]*", value):
            raise ValueError("header names and values of printable ASCII characters on one line")
    return given


Line = Annotated[str, Field(strict=True, pattern=r"^[^\x00-\x1f\x7f]*$")]


class Section(Value):
    """Python names here, camelCase in the file. No coercion: "5" is not a number."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        validate_by_name=True,
        serialize_by_alias=True,
        str_strip_whitespace=True,
        strict=True,
    )


class ExampledRule(Section):
    """A rule that is tried when it is read: with examples that no longer hold, the program does not start."""

    rule: Line
    match: tuple[Line, ...] = ()
    """What the rule has to cover: a command line, or a path."""
    not_match: tuple[Line, ...] = ()
    """What it must not cover."""


AS_TEXT, AS_OBJECT = "as a text", "as an object"


def _form(given: object) -> str:
    return AS_OBJECT if isinstance(given, dict | ExampledRule) else AS_TEXT


RuleLine = Annotated[
    Annotated[Line, Tag(AS_TEXT)] | Annotated[ExampledRule, Tag(AS_OBJECT)], Discriminator(_form)
]
"""A rule alone, or with its examples."""
Rules = tuple[RuleLine, ...]


class Ollama(Section):
    base_url: Line = DEFAULT_HOST
    """Address of the Ollama server, in any form `OLLAMA_HOST` may have."""
    api_key: Annotated[str, AfterValidator(_secret)] = Field(default="", repr=False)
    """Key sent as a bearer token to `baseUrl` of the same file and to no other server."""
    headers: Annotated[dict[str, str], AfterValidator(_headers)] = Field(default={}, repr=False)
    """More HTTP headers, such as those of a reverse proxy. Sent only where `apiKey` is sent."""
    keep_alive: Annotated[str, BeforeValidator(_duration_text), AfterValidator(_duration)] = "30m"
    """How long the server keeps the model loaded after a request: "30m", seconds, or -1 for ever."""
    num_ctx: Annotated[int, Field(ge=512)] | None = None
    """Context window in tokens, pinned. Without it the model's own wish or the largest that fits."""


class Permissions(Section):
    allow: Rules = ()
    """Rules for calls that run without asking, such as `run_shell_command(git status)`."""
    ask: Rules = ()
    """Rules for calls that ask in every mode. They win over `allow`."""
    deny: Rules = ()
    """Rules for calls that never run. They win over everything."""


class Sandbox(Section):
    enabled: bool = True
    """Whether commands run inside the walls this machine offers."""
    required: bool = False
    """Whether commands are refused where there are no walls, or none that close the network."""
    network: bool = False
    """Whether every command reaches the network. Without it a command that needs it asks."""
    readable: tuple[Line, ...] = ()
    """More folders commands may read in the home directory, of which they see only installed programs."""
    writable: tuple[Line, ...] = ()
    """More folders commands may change, beside the project."""
    environment: tuple[Line, ...] = ()
    """More variables of your environment that commands get, by name; none that sounds like a secret."""


class Settings(Section):
    model: Line = ""
    """Model to talk to, such as `qwen3-coder:30b`. Empty: the one used last, else the only one installed."""
    ollama: Ollama = Ollama()
    approval_mode: Annotated[Mode, BeforeValidator(_mode_name)] = Mode.DEFAULT
    """What runs without asking: `plan` (only reading), `default`, `auto-edit` (also edits), `yolo` (all)."""
    permissions: Permissions = Permissions()
    sandbox: Sandbox = Sandbox()
    core_tools: tuple[Line, ...] | None = None
    """The only tools the model gets, by name or alias. Without it, every tool. Also `tools.core`."""
    exclude_tools: tuple[Line, ...] = ()
    """Tools the model does not get, or calls such as `run_shell_command(rm *)`. Also `tools.exclude`."""
    hide_secrets: bool = False
    """Whether keys and tokens are kept from the model too, as they are from what is written down."""
    theme: Line = "ollama-dark"
    """Colours of the terminal."""
    max_steps: Annotated[int, Field(ge=1)] = 50
    """Most model calls within one turn; then the turn stops and says so."""


def keys(section: type[BaseModel] = Settings, prefix: str = "") -> tuple[str, ...]:
    """Every key as the file spells it, dotted: `("model", "ollama.baseUrl", ...)`."""
    names: list[str] = []
    for name, field in section.model_fields.items():
        path = prefix + (field.alias or name)
        inner = field.annotation
        if isinstance(inner, type) and issubclass(inner, Section):
            names += keys(inner, path + ".")
        else:
            names.append(path)
    return tuple(names)
