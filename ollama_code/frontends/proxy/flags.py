"""The flags of `ollama-code --serve` and `ollama-tools-proxy`. Imports nothing heavy, so `--help` answers at once."""

from __future__ import annotations

import argparse
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

from ollama_code.bootstrap.allowlist import allowlist
from ollama_code.core.errors import UsageError

if TYPE_CHECKING:
    from ollama_code.bootstrap.serving import ToolsPolicy

TOOLS_POLICIES: tuple[ToolsPolicy, ...] = ("auto", "always", "never")
Client = Literal["claude", "codex", "opencode", "qwen", "openai"]
CLIENTS: tuple[Client, ...] = get_args(Client)
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
_PORT = "OLLAMA_TOOLS_PORT"
_USUAL_PORT = "8080"
SHORTEST_REMOTE_TOKEN = 32
"""Characters: a token on the network must not be guessed."""

EPILOG = """\
variables: OLLAMA_BASE_URL or OLLAMA_HOST (where Ollama listens), OLLAMA_TOOLS_PORT, OLLAMA_TOOLS_HOST,
OLLAMA_NUM_PARALLEL (as Ollama has it: how many answers it writes at a time)

Whoever has the token can read and write files in the working directory and run commands as you.
"""


@dataclass(frozen=True)
class ServeFlags:
    """What the command line and the environment said. `token` is `None` for --no-auth; `token_given` is false for
    one made at start. `commands` are allowed first words, `None` for every command, empty for none."""

    host: str
    port: int
    token: str | None
    token_given: bool
    allow_remote: bool
    allowed_hosts: tuple[str, ...]
    ollama_urls: tuple[str, ...]
    directory: str
    more_directories: tuple[str, ...]
    commands: tuple[str, ...] | None
    remote_commands: bool
    tools: ToolsPolicy
    max_iterations: int
    default_model: str | None
    num_ctx: int | None
    parallel: int
    log_level: str
    metrics: bool
    reload: bool
    print_env: Client | None
    """The program whose settings are printed, instead of serving."""
    asks: bool = False
    """A person sits there who is asked; no flag can say so."""


def read_flags(argv: Sequence[str], environ: Mapping[str, str]) -> ServeFlags:
    """Ends the program with 2 for flags that cannot be meant, with 0 after `--help`."""
    flags = parser(environ)
    given = flags.parse_args(argv)
    if given.no_auth and given.auth_token:
        flags.error("--no-auth and --auth-token contradict each other; give one of them")
    if given.auth_token is not None and not _is_token(given.auth_token):
        flags.error("--auth-token must be printable ASCII without spaces, and not empty")
    return ServeFlags(
        host=given.host,
        port=given.port,
        token=None if given.no_auth else given.auth_token or secrets.token_urlsafe(32),
        token_given=given.auth_token is not None,
        allow_remote=given.allow_remote,
        allowed_hosts=tuple(name.lower() for name in given.allowed_host),
        ollama_urls=tuple(given.ollama_url),
        directory=given.working_dir,
        more_directories=tuple(given.allowed_dirs),
        commands=() if given.no_commands else allowlist(given.command_allowlist),
        remote_commands=given.allow_remote_commands,
        tools=given.tools_policy,
        max_iterations=given.max_iterations,
        default_model=given.default_model,
        num_ctx=given.num_ctx,
        parallel=slots_of_engine(environ),
        log_level=given.log_level,
        metrics=given.metrics,
        reload=given.reload,
        print_env=given.print_env,
    )


def parser(environ: Mapping[str, str]) -> argparse.ArgumentParser:
    """The variables of `environ` are its defaults."""
    parser = argparse.ArgumentParser(
        prog="ollama-tools-proxy",
        description="Serve the models of Ollama to clients of OpenAI and Anthropic, with tools that run here. "
        "The same as: ollama-code --serve",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    _add_network(parser, environ)
    add = parser.add_argument
    add("-w", "--working-dir", default=".", metavar="DIR", help="where the tools work (default: here)")
    add(
        "--allowed-dirs",
        nargs="+",
        action="extend",
        default=[],
        metavar="DIR",
        help="more directories they may use",
    )
    add("--no-commands", action="store_true", help="run no commands")
    add("--command-allowlist", metavar="LIST", help='allowed commands with commas: "git status,pytest"')
    _add_policy(parser)
    add(
        "--max-iterations",
        type=_positive,
        default=10,
        metavar="N",
        help="most model calls with tools for one request (default: 10)",
    )
    add("--default-model", metavar="NAME", help="the model for requests that name none")
    add("--num-ctx", type=_positive, metavar="N", help="context window of every model, in tokens")
    add("--log-level", choices=LOG_LEVELS, default="INFO", help="default: INFO")
    add("--metrics", action="store_true", help="count what is done, and tell Prometheus at /metrics")
    add("--reload", action="store_true", help="start again when the program's own code changes")
    add("--print-env", choices=CLIENTS, help="print what this client needs, and end; nothing has to run yet")
    return parser


def _add_policy(parser: argparse.ArgumentParser) -> None:
    policy = parser.add_mutually_exclusive_group()
    policy.add_argument(
        "--tools-policy",
        choices=TOOLS_POLICIES,
        default="auto",
        help="offer our tools to plain chats, also beside a client's own, or to nobody (default: auto)",
    )
    policy.add_argument(
        "--no-inject-tools",
        dest="tools_policy",
        action="store_const",
        const="never",
        help="the same as --tools-policy never",
    )


def _add_network(parser: argparse.ArgumentParser, environ: Mapping[str, str]) -> None:
    add = parser.add_argument
    host = environ.get("OLLAMA_TOOLS_HOST", "") or "127.0.0.1"
    port = environ.get(_PORT, "") or _USUAL_PORT
    add("-p", "--port", type=_port, default=port, help="port to listen on (default: 8080)")
    add("-H", "--host", default=host, help="address to listen on (default: 127.0.0.1)")
    add(
        "--ollama-url",
        action="append",
        default=[],
        metavar="URL",
        help="where Ollama listens (default: OLLAMA_HOST or 127.0.0.1:11434); several share the work",
    )
    add("--auth-token", metavar="T", help="the token clients must send (default: a new one, printed)")
    add("--no-auth", action="store_true", help="ask for no token; only on this machine's own address")
    add("--allow-remote", action="store_true", help="let --host be an address that others can reach")
    add("--allow-remote-commands", action="store_true", help="run commands for them that no allow-list names")
    add(
        "--allowed-host",
        action="append",
        default=[],
        metavar="NAME",
        help="a name clients call this machine by",
    )


def usual_port(environ: Mapping[str, str]) -> int:
    """Where to listen if nobody says where. Raises: UsageError for a variable that is no port."""
    try:
        return _port(environ.get(_PORT, "") or _USUAL_PORT)
    except argparse.ArgumentTypeError as e:
        raise UsageError(f"{_PORT}: {e}.") from e


def slots_of_engine(environ: Mapping[str, str]) -> int:
    """What Ollama's own variable says, if it is set here too; the server cannot be asked. Its default is one."""
    given = environ.get("OLLAMA_NUM_PARALLEL", "")
    return int(given) if _is_count(given) else 1


def _is_token(text: str) -> bool:
    return bool(text) and all("!" <= letter <= "~" for letter in text)


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 5 and int(text) <= 65535):
        raise argparse.ArgumentTypeError(f"{text!r} is not a port from 0 to 65535")
    return int(text)


def _positive(text: str) -> int:
    if not _is_count(text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number above 0")
    return int(text)


def _is_count(text: str) -> bool:
    return text.isascii() and text.isdigit() and int(text) > 0


def remote_complaint(flags: ServeFlags) -> str:
    """Why this server must not be reached by others, or nothing."""
    if not flags.allow_remote:
        return (
            f"--host {flags.host} can be reached by others, who could write files and run commands here. "
            "Leave it out, or add --allow-remote and --auth-token."
        )
    if not flags.token_given or len(flags.token or "") < SHORTEST_REMOTE_TOKEN:
        return f"--allow-remote needs --auth-token with at least {SHORTEST_REMOTE_TOKEN} characters."
    return ""
