"""What an error of the server tells about the call it could not read."""

from __future__ import annotations

import re

from ollama_code.core.coercion import Signature, fit_arguments
from ollama_code.core.errors import ToolError
from ollama_code.core.loose import JSON, Broken, read
from ollama_code.core.messages import Arguments
from ollama_code.providers.recover.declared import Declared, DeclaredTool
from ollama_code.providers.recover.turn import WireError

_RAW = re.compile(r"raw='(.*)',\s*err=", re.DOTALL)
_ENGINE = re.compile(
    r"running the model|llama.?server|runner|cuda|memory|connection|terminated|exited|time.?out|signal|stopped",
    re.IGNORECASE,
)
_PARSER = re.compile(
    r"^EOF$|pars|syntax|invalid character|unexpected end|not found|mismatched|incomplete|empty function|wrapper"
    r"|unmarshal|json|xml|tool call",
    re.IGNORECASE,
)


def is_parser_error(error: WireError) -> bool:
    """Whether the server stopped at what the model wrote, and not the engine in the middle of it."""
    return not _ENGINE.search(error.message) and bool(_PARSER.search(error.message))


def salvaged(error: WireError, declared: Declared) -> tuple[DeclaredTool, Arguments] | None:
    """The one reading tool that the arguments in `raw='…'` fit, name by name, and the arguments."""
    found = _RAW.search(error.message)
    arguments = _complete(found.group(1)) if found else None
    if not arguments:
        return None
    fitting = [tool for tool in declared.tools if _takes(tool.signature, arguments)]
    if len(fitting) != 1 or not fitting[0].reads:
        return None
    try:
        return fitting[0], fit_arguments(arguments, fitting[0].signature).values
    except ToolError:
        return None


def _complete(raw: str) -> Arguments | None:
    try:
        value = read(raw, 0, JSON)
    except Broken:
        return None
    left = raw[value.end :].strip().strip("}]")
    return value.value if isinstance(value.value, dict) and not left.strip() else None


def _takes(signature: Signature, arguments: Arguments) -> bool:
    return set(arguments) <= set(signature.properties) and set(signature.required) <= set(arguments)
