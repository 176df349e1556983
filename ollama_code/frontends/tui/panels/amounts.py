"""Numbers as people read them: sizes, tokens, spans of time."""

from __future__ import annotations

_UNITS = ("B", "kB", "MB", "GB", "TB")


def size(size_bytes: float) -> str:
    """Decimal units, as Ollama itself prints them: 4.9 GB."""
    amount = max(float(size_bytes), 0.0)
    for unit in _UNITS[:-1]:
        if amount < 999.5:
            return _digits(amount, unit)
        amount /= 1000
    return _digits(amount, _UNITS[-1])


def tokens(count: int) -> str:
    """In binary thousands, because windows are made of them: 32k for 32,768, 12.4k, 830."""
    if count < 1000:
        return str(count)
    amount = count / 1024
    return f"{amount:.1f}k" if amount < 100 and count % 1024 else f"{amount:.0f}k"


def span(seconds: float) -> str:
    """0:05, 12:40, 1:02:03."""
    whole = max(int(seconds), 0)
    hours, minutes = whole // 3600, whole // 60 % 60
    return f"{hours}:{minutes:02}:{whole % 60:02}" if hours else f"{minutes}:{whole % 60:02}"


def _digits(amount: float, unit: str) -> str:
    return f"{amount:.1f} {unit}" if unit != "B" and amount < 99.95 else f"{amount:.0f} {unit}"
