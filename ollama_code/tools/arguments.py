"""Arguments of one call as the validated params of its tool: `core/coercion.py` mends their form, the params
model checks what is left."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import JsonValue, ValidationError

from ollama_code.core.coercion import Signature, fit_arguments
from ollama_code.core.error_type import ErrorType
from ollama_code.core.errors import ToolError
from ollama_code.core.messages import Arguments
from ollama_code.tools.base import AnyTool, Params
from ollama_code.tools.schema import parameters


@dataclass(frozen=True)
class Fitted:
    """`notes` are sentences for the model about what was dropped."""

    params: Params
    notes: tuple[str, ...] = ()


def fit(tool: AnyTool, arguments: Arguments, defaults: Mapping[str, JsonValue]) -> Fitted:
    """Validated params of `tool`; `defaults` are what the alias that was called stands for.
    Raises: ToolError(INVALID_PARAMS) naming every argument at fault and what was expected."""
    fitted = fit_arguments(arguments, signature(tool, defaults))
    notes = (f"Unknown arguments were left out: {', '.join(fitted.unknown)}.",) if fitted.unknown else ()
    try:
        return Fitted(tool.params.model_validate_json(json.dumps(fitted.values, allow_nan=False)), notes)
    except (ValidationError, ValueError) as e:
        raise ToolError(f"{tool.name}: {_faults(e)}", ErrorType.INVALID_PARAMS) from e


def signature(tool: AnyTool, defaults: Mapping[str, JsonValue]) -> Signature:
    return Signature(tool.name, parameters(tool.params), tool.argument_aliases, defaults)


def _faults(error: ValidationError | ValueError) -> str:
    if not isinstance(error, ValidationError):
        return str(error)
    faults = (f"{'.'.join(map(str, e['loc']))}: {e['msg']}" if e["loc"] else e["msg"] for e in error.errors())
    return "; ".join(faults)
