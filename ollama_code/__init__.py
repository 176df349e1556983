"""ollama-code: a terminal coding agent for local models.

The tools can be used from Python without a model, and the models with the tools:

    from ollama_code import OllamaToolProxy, ProxyConfig, ToolExecutor, get_tools_array

These names load their parts on first use, so importing the package costs nothing."""

from ollama_code.core.version import __version__

TYPE_CHECKING = False  # not from `typing`: `python -m` would look for that in the project folder first
if TYPE_CHECKING:
    from ollama_code.frontends.library import ToolExecutor, get_tools_array
    from ollama_code.frontends.proxy.library import OllamaToolProxy, ProxyConfig

__all__ = ["OllamaToolProxy", "ProxyConfig", "ToolExecutor", "__version__", "get_tools_array"]


def __getattr__(name: str) -> object:
    if name in ("ToolExecutor", "get_tools_array"):
        from ollama_code.frontends import library

        return getattr(library, name)
    if name in ("OllamaToolProxy", "ProxyConfig"):
        from ollama_code.frontends.proxy import library as proxy

        return getattr(proxy, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
