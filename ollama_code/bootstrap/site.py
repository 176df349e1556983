"""Where a session lives: the project folder, the session's own folder, what it said before."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from ollama_code.bootstrap.options import Options
from ollama_code.core.errors import SessionError, UsageError
from ollama_code.demo.scratch import scratch_copy
from ollama_code.paths import Home
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


def find_site(options: Options) -> Site:
    directory = scratch_copy() if options.demo else Path.cwd()
    sessions = home().sessions_of(directory)
    if not options.resume:
        return Site(directory, new_session(sessions, datetime.now().astimezone()), None)
    last = latest(sessions)
    if last is None:
        raise SessionError(f"There is no session to continue in {directory}. Start one without --continue.")
    before = replay(last.folder.journal)
    model = before.session.head.model
    if options.model and options.model != model:
        raise UsageError(
            f"The last session of this folder talks to {model}, and --continue sends the same bytes again. "
            f"Leave out --model, or start a new session for {options.model} without --continue."
        )
    return Site(directory, last.folder, before)
