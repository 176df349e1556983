"""What follows from how the model lies in memory, or that it does not: the person is told, the profile forgets."""

from __future__ import annotations

from ollama_code.agent.runtime import Runtime
from ollama_code.core.errors import ModelLoadFailed, ModelUnfit, ProviderError
from ollama_code.core.events import ModelLoaded, Notice
from ollama_code.ports import LoadedModel


def announce(rt: Runtime, loaded: LoadedModel) -> None:
    """Tell how it lies in memory, and once in words when a part of it is not on the graphics card."""
    before, rt.known.loaded = rt.known.loaded, loaded
    rt.emit(
        ModelLoaded(
            model=loaded.name,
            num_ctx=loaded.context_length,
            size_bytes=loaded.size_bytes,
            size_vram_bytes=loaded.size_vram_bytes,
            agent=rt.agent,
        )
    )
    if 0 < loaded.gpu_share < 1 and not (before and 0 < before.gpu_share < 1):
        rt.emit(Notice(text=_split(loaded, rt.head.num_ctx), agent=rt.agent))


def forget(rt: Runtime, error: ProviderError) -> bool:
    """Forget what `error` shows to be wrong; whether the same request may go well now."""
    profile = rt.known.profile
    if isinstance(error, ModelLoadFailed) and profile.fit:
        rt.known.learn(profile.model_copy(update={"fit": None}))
    if isinstance(error, ModelUnfit) and error.lacks_thinking and profile.thinks is not False:
        rt.known.learn(profile.model_copy(update={"thinks": False}))
        rt.watch.unread()
        return True
    return False


def _split(loaded: LoadedModel, num_ctx: int) -> str:
    return (
        f"Only {loaded.gpu_share:.0%} of {loaded.name} fits on the GPU with a window of {num_ctx:,} tokens; the rest "
        "runs on the processor, which is much slower. A smaller window (--num-ctx) or a smaller model is faster."
    )
