"""How the model lies in memory: looked up, and told to the person; in words where a part is on the processor."""

from __future__ import annotations

from ollama_code.agent.runtime import Runtime
from ollama_code.core.events import ModelLoaded, Notice
from ollama_code.ports import LoadedModel
from ollama_code.providers.models import same_model


async def placed(rt: Runtime) -> LoadedModel | None:
    """The model as the server holds it now, if it does: by its name, or by that under which its engine was seen.
    Raises: ProviderError."""
    names = [rt.head.model, *([rt.known.loaded.name] if rt.known.loaded else [])]
    loaded = await rt.provider.loaded()
    return next((one for one in loaded if any(same_model(one.name, name) for name in names)), None)


def announce(rt: Runtime, loaded: LoadedModel) -> None:
    """Tell how it lies in memory, and once in words when a part of it is not on the graphics card."""
    before = rt.known.loaded
    rt.known.see(loaded, rt.head.num_ctx)
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


def _split(loaded: LoadedModel, num_ctx: int) -> str:
    return (
        f"Only {loaded.gpu_share:.0%} of {loaded.name} fits on the GPU with a window of {num_ctx:,} tokens; the rest "
        "runs on the processor, which is much slower. A smaller window (--num-ctx) or a smaller model is faster."
    )
