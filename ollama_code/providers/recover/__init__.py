"""The recovery ladder: the calls that a model meant, out of the turn that arrived."""

from ollama_code.providers.recover.declared import Declared, DeclaredTool
from ollama_code.providers.recover.ladder import judge
from ollama_code.providers.recover.turn import Outcome, Refused, Turn, Verdict, WireError

__all__ = ["Declared", "DeclaredTool", "Outcome", "Refused", "Turn", "Verdict", "WireError", "judge"]
