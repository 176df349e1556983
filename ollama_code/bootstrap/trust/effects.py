"""What follows from a decision on a folder for the settings of a session."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from ollama_code.bootstrap.trust.folder import Folder
from ollama_code.core.permission import Mode
from ollama_code.settings.load import Loaded
from ollama_code.settings.model import Permissions
from ollama_code.settings.project import tightened
from ollama_code.workspace.belongings import SETTINGS

_BOLD = (Mode.AUTO_EDIT, Mode.YOLO)


def governed(loaded: Loaded, folder: Folder) -> Loaded:
    """The settings of a session in `folder`: with what a trusted one adds, held back in one that is not trusted.
    Raises: UsageError for a trusted project's settings to mend."""
    loaded = replace(loaded, warnings=(*loaded.warnings, *folder.found.troubles))
    if folder.verdict == "untrusted":
        return _held_back(loaded, folder)
    data = folder.trusted.files.get(SETTINGS)
    return loaded if data is None else tightened(loaded, data, SETTINGS)


def _held_back(loaded: Loaded, folder: Folder) -> Loaded:
    """A mode and rules chosen for folders in general are not meant for one whose content nobody vouches for. A mode
    said on the command line was chosen for this folder, and then the rules hold too."""
    told = f"This folder is not trusted. Not read: {_listed(folder)}."
    if loaded.is_said("approvalMode"):
        return replace(loaded, warnings=(*loaded.warnings, told))
    settings = loaded.settings
    lowered = settings.approval_mode in _BOLD
    changes: dict[str, object] = {"approval_mode": Mode.DEFAULT} if lowered else {}
    allow = (*settings.permissions.allow, *loaded.managed.allow)
    if allow:
        loaded = replace(loaded, managed=replace(loaded.managed, allow=()))
        kept = Permissions(ask=settings.permissions.ask, deny=settings.permissions.deny)
        changes["permissions"] = kept
    held = [*(["approvalMode"] if lowered else []), *(["permissions.allow"] if allow else [])]
    if held:
        told += f" Until it is, {' and '.join(held)} of your settings do not hold here; --mode does."
    return replace(loaded, settings=settings.model_copy(update=changes), warnings=(*loaded.warnings, told))


def _listed(folder: Folder) -> str:
    """Such as "1 command, 2 mcp servers and the settings"."""
    parts = list(_counted(folder))
    return " and ".join(filter(None, (", ".join(parts[:-1]), parts[-1])))


def _counted(folder: Folder) -> Iterator[str]:
    counts = Counter(holding.kind for holding in folder.holdings)
    for kind, count in sorted(counts.items(), key=lambda one: one[0] == "settings"):
        yield "the settings" if kind == "settings" else f"{count} {kind}{'s' if count > 1 else ''}"
