"""Where a session lives: the project folder, the session's own folder, what it said before."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from ollama_code.bootstrap.options import Options
from ollama_code.core.errors import SessionError, UsageError
from ollama_code.core.head import Head
from ollama_code.demo.scratch import scratch_copy
from ollama_code.paths import Home
from ollama_code.providers.models import same_model
from ollama_code.storage.replay import Replayed, replay
from ollama_code.storage.sessions import SessionFolder, latest, new_session


def home() -> Home:
    return Home.of(dict(os.environ))


@dataclass(frozen=True)
class Site:
    """The project folder, the session's own folder, and what a continued session said before."""

    directory: Path
    folder: SessionFolder
    before: Replayed | None

    def looked_at_again(self) -> Site:
        """With what another process may have written since. Raises: SessionError."""
        return self if self.before is None else replace(self, before=replay(self.folder.journal))


def find_site(options: Options) -> Site:
    directory = scratch_copy() if options.demo else here()
    sessions = home().sessions_of(directory)
    if not options.resume:
        return Site(directory, new_session(sessions, datetime.now().astimezone()), None)
    last = latest(sessions)
    if last is None:
        raise SessionError(f"There is no session to continue in {directory}. Start one without --continue.")
    before = replay(last.folder.journal)
    _check(options, before.session.head)
    return Site(directory, last.folder, before)


def here() -> Path:
    """The folder the program was started in. Raises: UsageError when it is gone."""
    try:
        return Path.cwd()
    except FileNotFoundError as e:
        raise UsageError("The folder you are in does not exist any more. Change to another one.") from e


def _check(options: Options, head: Head) -> None:
    """Raises: UsageError for a flag that a continued session cannot follow."""
    if options.model and not same_model(options.model, head.model):
        raise UsageError(
            f"The last session of this folder talks to {head.model}, and --continue sends the same bytes again. "
            f"Leave out --model, or start a new session for {options.model} without --continue."
        )
    if options.num_ctx and options.num_ctx != head.num_ctx:
        raise UsageError(
            f"The last session of this folder has a window of {head.num_ctx:,} tokens, and another one would make "
            f"the server load the model anew. Leave out --num-ctx {options.num_ctx}, or start without --continue."
        )
