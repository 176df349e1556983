"""Where things live on disk. Answers with paths; creates nothing."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

HOME_VARIABLE = "OLLAMA_CODE_HOME"


@dataclass(frozen=True)
class Home:
    """The product's own directory, `~/.ollama-code` unless the real environment names another."""

    root: Path
    managed: Path = Path("/etc/ollama-code")
    """Where whoever runs the machine says what holds for everybody on it."""

    @classmethod
    def of(cls, environ: dict[str, str]) -> Home:
        """Raises nothing: a relative or empty value falls back to the default."""
        named = Path(environ.get(HOME_VARIABLE, "")).expanduser()
        return cls(named if named.is_absolute() else Path.home() / ".ollama-code")

    @property
    def settings(self) -> Path:
        return self.root / "settings.json"

    @property
    def state(self) -> Path:
        """What the program remembers by itself, such as the model used last."""
        return self.root / "state.json"

    @property
    def profiles(self) -> Path:
        """What was measured of each model on each host."""
        return self.root / "profiles.json"

    @property
    def trust(self) -> Path:
        """Which folders may configure the program, and what they held when that was decided."""
        return self.root / "trust.json"

    @property
    def secrets(self) -> Path:
        """Which secrets are stored; their values too, where there is no keyring."""
        return self.root / "secrets.json"

    @property
    def commands(self) -> Path:
        """Slash commands the person wrote for every project."""
        return self.root / "commands"

    @property
    def grants(self) -> Path:
        """What was allowed for good, by folder."""
        return self.root / "grants.json"

    @property
    def audit(self) -> Path:
        """What was decided and run, a file for each day."""
        return self.root / "audit"

    @property
    def history(self) -> Path:
        """Lines typed at the prompt, newest last."""
        return self.root / "history.jsonl"

    def token_at(self, port: int) -> Path:
        """What clients of the proxy at this port must send, while it runs."""
        return self.tokens / f"token-{port}"

    @property
    def tokens(self) -> Path:
        return self.root / "proxy"

    def sessions_of(self, directory: Path) -> Path:
        """Where the sessions of one project folder are kept; the name carries the folder's own for people."""
        real = str(directory.resolve())
        name = re.sub(r"[^A-Za-z0-9.-]+", "-", directory.resolve().name).strip("-.") or "root"
        digest = hashlib.sha256(real.encode("utf-8", "surrogateescape")).hexdigest()[:12]
        return self.root / "projects" / f"{name[:40]}-{digest}" / "sessions"
