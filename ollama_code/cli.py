"""The command line: flags become options, one front end is picked, errors become sentences and exit codes.

Nothing heavy is imported here, so `--version` and `--help` answer at once; the front end that runs is."""

from __future__ import annotations

import argparse
import gc
import logging
import os
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import TYPE_CHECKING

from ollama_code.core.text import clean
from ollama_code.core.version import __version__

if TYPE_CHECKING:
    from ollama_code.bootstrap.hosting import Hosted, Household, StartProxy, Wish
    from ollama_code.bootstrap.options import Options
    from ollama_code.frontends.proxy.serve import House

MODES = ("plan", "default", "auto-edit", "yolo")
EXIT_INTERRUPTED = 130

EPILOG = """\
examples:
  ollama-code                                  talk in this folder
  ollama-code -p "why do the tests fail?"      one turn, the answer on stdout
  git diff | ollama-code -p "review this"      stdin is added to the prompt
  ollama-code --demo                           see it work without Ollama
  ollama-code audit --decision deny            what was refused, and why: audit --help

exit codes: 0 done, 1 failed, 2 usage, 3 something was denied or the step limit was reached, 130 interrupted
"""


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="ollama-code",
        description="A coding agent for local models, in your terminal.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--version", action="version", version=f"ollama-code {__version__}")
    add("-p", "--prompt", metavar="TEXT", help="run one turn without a screen and print the answer")
    add("--output-format", choices=("text", "json", "stream-json"), help="what -p prints (default: text)")
    add(
        "-c",
        "--continue",
        dest="resume",
        action="store_true",
        help="go on with the last session of this folder",
    )
    add("-m", "--model", metavar="NAME", help="the model to use")
    add("--ollama-url", metavar="URL", help="where Ollama listens (default: OLLAMA_HOST or 127.0.0.1:11434)")
    add("--num-ctx", type=_positive, metavar="N", help="context window in tokens")
    add("--mode", choices=MODES, help="how much runs without asking (default: default)")
    add("--yolo", action="store_true", help="the same as --mode yolo")
    add(
        "--allow",
        action="append",
        default=[],
        metavar="RULE",
        help='allow a tool, such as "run_shell_command(pytest *)"',
    )
    add("--deny", action="append", default=[], metavar="RULE", help="forbid a tool; wins over everything")
    add("--max-steps", type=_positive, metavar="N", help="most model calls in one turn (default: 50)")
    add("--plain", action="store_true", help="a line-by-line prompt instead of the full screen")
    add(
        "--store-key",
        action="store_true",
        help="keep an API key for the server, typed unseen; empty removes it",
    )
    add("--serve", action="store_true", help="serve models and tools to other programs: --serve --help")
    add("--demo", action="store_true", help="try it without Ollama: a scripted model in a scratch project")
    return parser


def run(argv: Sequence[str]) -> int:
    """The exit code of the whole program."""
    if [*argv[:1]] == ["audit"]:
        return _audit(argv[1:])
    if [*argv[:1]] == ["--serve"]:  # no further on, where it may be a word that somebody was to be asked
        return _serve(argv[1:])
    arguments = parser().parse_args(argv)
    if arguments.serve:
        parser().error("--serve comes first: ollama-code --serve --help")
    if arguments.yolo and arguments.mode not in (None, "yolo"):
        parser().error(f"--yolo and --mode {arguments.mode} contradict each other; give one of them")
    if arguments.demo and arguments.resume:
        parser().error("--demo starts with a fresh project each time; there is nothing to --continue")
    if arguments.output_format and arguments.prompt is None and _at_terminal():
        parser().error("--output-format goes with -p")
    return _reported(lambda: _front_end(arguments))


def _audit(argv: Sequence[str]) -> int:
    """Reading the log, whose flags are its own."""
    from ollama_code.frontends.audit import run_audit

    return _reported(lambda: run_audit(argv))


def _serve(argv: Sequence[str]) -> int:
    """The proxy, whose flags are its own: `-p` is a port there."""
    from ollama_code.frontends.proxy.flags import read_flags

    asked = read_flags(argv, os.environ)

    def serve() -> int:
        # All that is imported stays: to look through it for garbage, again and again, is a tenth of the start.
        gc.disable()
        from ollama_code.frontends.proxy.serve import run_proxy

        return run_proxy(asked, _house)

    def print_env() -> int:
        from ollama_code.frontends.proxy.print_env import run_print_env

        return run_print_env(asked)

    return _reported(print_env if asked.print_env else serve)


def _house() -> House:
    """What the proxy serves: read after its door is open."""
    from ollama_code.frontends.proxy.house import opened_house

    return opened_house


def _reported(front_end: Callable[[], int]) -> int:
    """Its exit code; an error becomes a sentence."""
    from ollama_code.core.errors import OllamaCodeError  # pydantic: not for --version

    _log_to_stderr()
    try:
        return front_end()
    except OllamaCodeError as e:
        print(f"ollama-code: {clean(e.sentence)}", file=sys.stderr)
        return e.exit_code
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED


def _front_end(arguments: argparse.Namespace) -> int:
    options = _options(arguments)
    if arguments.store_key:
        from ollama_code.frontends.keys import run_store_key

        return run_store_key(options)
    if arguments.prompt is None and _at_terminal():
        if arguments.plain or not _has_screen():
            from ollama_code.frontends.repl.app import run_repl

            return run_repl(_options(arguments, "plain"))
        # Textual paints on a timer: at its own 60 frames a second a key waits up to 33 ms, at 240 up to 12.
        os.environ.setdefault("TEXTUAL_FPS", "240")
        from ollama_code.frontends.tui.run import run_tui

        options = _options(arguments, "tui")
        return run_tui(options, _proxy_starter(options))
    from ollama_code.frontends.headless.run import run_headless

    return run_headless(options, arguments.prompt, arguments.output_format or "text")


def _proxy_starter(options: Options) -> StartProxy:
    """One front end may start another only through whoever knows both."""
    import asyncio  # not for --version

    async def start(household: Household, wish: Wish) -> Hosted:
        module = await asyncio.to_thread(import_module, "ollama_code.frontends.proxy.hosted")
        hosted: Hosted = await module.hosted_proxy(options, household, wish)
        return hosted

    return start


class _Cleaned(logging.Formatter):
    """A bug that was survived, as text that steers no terminal: it may quote a model or a file name."""

    def format(self, record: logging.LogRecord) -> str:
        return clean(super().format(record), visible=True)


def _log_to_stderr() -> None:
    handler = logging.StreamHandler()
    handler.setFormatter(_Cleaned("ollama-code: %(message)s"))
    logging.basicConfig(handlers=[handler], level=logging.WARNING)


def _has_screen() -> bool:
    return sys.stdout.isatty() and os.environ.get("TERM", "") not in ("", "dumb")


def _at_terminal() -> bool:
    return sys.stdin is not None and sys.stdin.isatty()  # None: the caller closed it


def _options(arguments: argparse.Namespace, front_end: str = "headless") -> Options:
    from ollama_code.bootstrap.options import Options

    return Options(
        model=arguments.model,
        ollama_url=arguments.ollama_url,
        num_ctx=arguments.num_ctx,
        mode="yolo" if arguments.yolo else arguments.mode,
        allow=tuple(arguments.allow),
        deny=tuple(arguments.deny),
        max_steps=arguments.max_steps,
        resume=arguments.resume,
        demo=arguments.demo,
        front_end=front_end,
    )


def _positive(text: str) -> int:
    try:
        number = int(text)
    except ValueError:
        number = 0
    if number <= 0:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number above 0")
    return number
