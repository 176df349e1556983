"""Pictures of a request: only those that came with it, in a form that the server decodes."""

from __future__ import annotations

import re

from ollama_code.core.messages import Image
from ollama_code.frontends.proxy.faults import bad_request

_ADDRESS = re.compile(r"data:(?P<type>[\w/+.-]*);base64,(?P<data>.*)", re.DOTALL)
_TYPE = re.compile(r"image/(?:png|jpe?g|webp)")
ADDRESS_PATTERN = r"^data:image/(png|jpe?g|webp);base64,[A-Za-z0-9+/=\s]+$"
TYPE_PATTERN = r"^image/(png|jpe?g|webp)$"
DATA_PATTERN = r"^[A-Za-z0-9+/=\s]+$"
"""What is taken, for the description of the routes."""
_BASE64 = re.compile(r"[A-Za-z0-9+/=\s]+")


def picture_at(url: str, where: str) -> Image:
    """The picture in a `data:` address. Any other address is refused: fetching it would let a client reach into
    this machine's network. Raises: Refused, naming `where`."""
    found = _ADDRESS.fullmatch(url)
    if found is None:
        raise bad_request(f"{where}: an image must be a data: address with base64 of PNG, JPEG or WEBP.")
    return picture(found.group("type"), found.group("data"), where)


def picture(media_type: str, data: str, where: str) -> Image:
    """Raises: Refused, naming `where`."""
    if not _TYPE.fullmatch(media_type) or not _BASE64.fullmatch(data):
        raise bad_request(f"{where}: an image must be base64 of PNG, JPEG or WEBP.")
    return Image(media_type=media_type, data="".join(data.split()))
