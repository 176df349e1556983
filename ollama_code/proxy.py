"""The proxy for Python programs: `from ollama_code.proxy import OllamaToolProxy, ProxyConfig`."""

from ollama_code.frontends.proxy.library import OllamaToolProxy, ProxyConfig

__all__ = ["OllamaToolProxy", "ProxyConfig"]
