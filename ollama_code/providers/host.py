"""The address of a server: every form `OLLAMA_HOST` may have, made one plain URL. Opens no connection."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import unquote, urlsplit, urlunsplit

from ollama_code.core.errors import UsageError
from ollama_code.core.text import one_line

EXAMPLE = "http://127.0.0.1:11434"
CLOUD_HOST = "ollama.com"
_PORT = 11434
_SCHEME_PORTS = {"http": 80, "https": 443}
_FORBIDDEN = re.compile(r"[\s\x00-\x1f\x7f?#\\]")
_HOST_NAME = re.compile(r"[A-Za-z0-9._-]+")
_HOST_AND_PORT = re.compile(r"(\[[^\[\]]*\]|[^:\[\]]*)(?::([^:]*))?")


def base_url(value: str) -> str:
    """`value` as `scheme://[login@]host:port[/path]`, read by the rules of Ollama's own client: nothing given is
    this machine; without a scheme the port is 11434, with one it is the scheme's; an address that a server
    listens on (`0.0.0.0`, `[::]`) is called on loopback; a lone number is a port of this machine; `ollama.com`
    is reached by https. A login stays inside: show an address to people only through `without_login`.
    Raises: UsageError."""
    text = value.strip().strip("\"'").strip()
    scheme, found, rest = text.partition("://")
    scheme = scheme.lower()
    if not found:
        scheme, rest = "http", text
    elif scheme not in _SCHEME_PORTS:
        raise _unusable(value, f'it starts with "{one_line(scheme)}://"')
    if _FORBIDDEN.search(text):
        raise _unusable(value, "it holds a blank or one of the characters ? # \\")
    authority, _, path = rest.partition("/")
    login, at, place = authority.rpartition("@")
    host, port_text = _split(place, value)
    port = _SCHEME_PORTS[scheme] if found else _PORT
    if not found and host == CLOUD_HOST:
        scheme, port = "https", _SCHEME_PORTS["https"]
    if port_text:
        port = _port(port_text, value)
    path = path.strip("/")
    return f"{scheme}://{login}{at}{_called(host, value)}:{port}" + (f"/{path}" if path else "")


def is_loopback(url: str) -> bool:
    """Whether the host of a URL from `base_url` is this machine itself."""
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def is_cloud(url: str) -> bool:
    """Whether the URL is Ollama's own cloud, reached so that a key sent to it stays secret."""
    parts = urlsplit(url)
    return parts.scheme == "https" and parts.hostname == CLOUD_HOST


def login_of(url: str) -> tuple[str, str] | None:
    """User name and password of a URL, decoded; `None` when it has none."""
    parts = urlsplit(url)
    if parts.username is None:
        return None
    return unquote(parts.username), unquote(parts.password or "")


def without_login(url: str) -> str:
    """The URL as people and logs may see it."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def _split(place: str, value: str) -> tuple[str, str]:
    """Host and port as written, either may be empty. An IPv6 address needs no brackets when no port follows."""
    if place.isascii() and place.isdigit():
        return "", place
    if _ip(place.strip("[]")):
        return place.strip("[]"), ""
    found = _HOST_AND_PORT.fullmatch(place)
    if found is None:
        raise _unusable(value, "an IPv6 address before a port needs brackets, as in [::1]:11434")
    host, port_text = found.group(1), found.group(2) or ""
    if host.startswith("["):
        host = host[1:-1]
        if not isinstance(_ip(host), ipaddress.IPv6Address):
            raise _unusable(value, f'"{one_line(host)}" is not an IPv6 address')
    return host.lower(), port_text


def _port(text: str, value: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 5 and 0 < int(text) <= 65535):
        raise _unusable(value, f'the port "{one_line(text)}" is not a number from 1 to 65535')
    return int(text)


def _called(host: str, value: str) -> str:
    """The host as a client calls it, in brackets when it is IPv6."""
    address = _ip(host)
    if address is not None:
        if address.is_unspecified:
            address = ipaddress.ip_address("::1" if address.version == 6 else "127.0.0.1")
        return f"[{address}]" if address.version == 6 else str(address)
    if not host:
        return "127.0.0.1"
    try:
        name = host.encode("idna").decode("ascii")
    except UnicodeError:
        name = ""
    if not _HOST_NAME.fullmatch(name):
        raise _unusable(value, f'"{one_line(host)}" is not a host name')
    return name


def _ip(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    if "]" in text:  # which `ipaddress` takes as part of a zone
        return None
    try:
        return ipaddress.ip_address(text.replace("%25", "%", 1))  # a URL writes the mark of a zone escaped
    except ValueError:
        return None


def _unusable(value: str, reason: str) -> UsageError:
    shown = one_line(re.sub(r"(^|//)[^/]*@", r"\1...@", value))
    return UsageError(f'"{shown}" is not the address of an Ollama server: {reason}. Write it like {EXAMPLE}.')
