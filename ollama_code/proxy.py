"""The proxy and its tools for Python programs: `from ollama_code.proxy import OllamaToolProxy, ProxyConfig`."""

from ollama_code.frontends.library import ToolExecutor, get_tools_array
from ollama_code.frontends.proxy.library import OllamaToolProxy, ProxyConfig

__all__ = ["OllamaToolProxy", "ProxyConfig", "ToolExecutor", "get_tools_array"]
