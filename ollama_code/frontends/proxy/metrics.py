"""What the proxy has done so far, in numbers, and how Prometheus reads them. Counts only what it is told."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Mapping

from ollama_code.core.usage import Usage

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_BOUNDS_S = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0)
"""From a prompt that is in the cache to one that a processor reads for minutes."""
_PREFIX = "ollama_code"

Labels = tuple[tuple[str, str], ...]


class Metrics:
    """Of one server. Every method is instant."""

    def __init__(self) -> None:
        self._requests: Counter[Labels] = Counter()
        self._tokens: Counter[Labels] = Counter()
        self._tools: Counter[Labels] = Counter()
        self._faults: Counter[Labels] = Counter()
        self._waits = _Histogram()

    def request(self, path: str, status: int) -> None:
        self._requests[("path", path), ("status", str(status))] += 1

    def used(self, usage: Usage) -> None:
        """One answer of a model."""
        cached = usage.cached_tokens or 0
        self._tokens[(("kind", "read"),)] += usage.prompt_tokens - cached
        self._tokens[(("kind", "cached"),)] += cached
        self._tokens[(("kind", "generated"),)] += usage.generated_tokens

    def ran(self, tool: str, outcome: str) -> None:
        """`outcome` is that of the audit log."""
        self._tools[("tool", tool), ("ended", _ended(outcome))] += 1

    def failed(self, error: Exception) -> None:
        """Ollama answered with this, or not at all."""
        self._faults[(("error", type(error).__name__),)] += 1

    def waited(self, seconds: float) -> None:
        """From the wish for an answer to its first piece."""
        self._waits.add(seconds)

    def text(self, gauges: Mapping[str, int]) -> str:
        """All of it, with `gauges`, which are true at this moment, by their names."""
        lines = [
            *_counter("requests", "Answered, by path and status.", self._requests),
            *_counter("tokens", "Of all answers: read anew, found in the cache, generated.", self._tokens),
            *_counter("tool_runs", "Of our own tools.", self._tools),
            *_counter("upstream_errors", "Of Ollama, by kind.", self._faults),
            *self._waits.lines(
                "first_chunk_seconds", "Waiting in line, loading and reading, for each answer."
            ),
        ]
        for name, value in gauges.items():
            lines += [f"# TYPE {_PREFIX}_{name} gauge", f"{_PREFIX}_{name} {value}"]
        return "\n".join((*lines, ""))


class _Histogram:
    def __init__(self) -> None:
        self._counts = [0] * (len(_BOUNDS_S) + 1)
        self._sum_s = 0.0

    def add(self, seconds: float) -> None:
        self._counts[bisect_left(_BOUNDS_S, seconds)] += 1
        self._sum_s += seconds

    def lines(self, name: str, about: str) -> Iterator[str]:
        name = f"{_PREFIX}_{name}"
        yield from _head(name, about, "histogram")
        so_far = 0
        for bound, count in zip((*map(str, _BOUNDS_S), "+Inf"), self._counts, strict=True):
            so_far += count
            yield f'{name}_bucket{{le="{bound}"}} {so_far}'
        yield f"{name}_sum {self._sum_s:.6f}"
        yield f"{name}_count {so_far}"


def _counter(name: str, about: str, counts: Mapping[Labels, int]) -> Iterator[str]:
    name = f"{_PREFIX}_{name}_total"
    yield from _head(name, about, "counter")
    for labels, count in sorted(counts.items()):
        told = ",".join(f'{label}="{_escaped(value)}"' for label, value in labels)
        yield f"{name}{{{told}}} {count}"


def _head(name: str, about: str, kind: str) -> tuple[str, str]:
    return f"# HELP {name} {about}", f"# TYPE {name} {kind}"


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")


def _ended(outcome: str) -> str:
    if outcome == "stopped":
        return outcome
    return "well" if outcome == "done" or outcome.startswith(("exit code 0 ", "running ")) else "badly"
