"""`python -m ollama_code` and the `ollama-code` command.

The first thing done is to take the project folder off the import path: a file of theirs named `json.py` must
never run as ours."""

import os
import sys


def main() -> None:
    _run(sys.argv[1:])


def proxy() -> None:
    """The command `ollama-tools-proxy`."""
    _run(["--serve", *sys.argv[1:]])


def _run(argv: list[str]) -> None:
    here = os.path.realpath(".")  # `python -m` puts the folder there under its whole name
    sys.path[:] = [entry for entry in sys.path if entry and os.path.realpath(entry) != here]
    os.environ["PYTHONSAFEPATH"] = "1"  # the same for what starts Python again as us; no command inherits it
    from ollama_code.cli import run  # after the path is safe

    raise SystemExit(run(argv))


if __name__ == "__main__":
    main()
