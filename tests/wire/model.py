"""An installed model as the server knows it, and how `/api/tags`, `/api/show` and `/api/ps` describe it."""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import TypedDict

from tests.wire.script import Family, Gate

DEFAULT_TAG = ":latest"
INSTRUCTIONS = (
    "\n\nTo call a function, reply with nothing but:\n\n<tool_call>\n<function=NAME>\n<parameter=KEY>\nVALUE\n"
    "</parameter>\n</function>\n</tool_call>"
)


class ModelFields(TypedDict, total=False):
    """The fields of `Model` that a test may give by name."""

    capabilities: tuple[str, ...]
    context_length: int
    parser: Family | None
    num_ctx: int | None
    size: int
    size_vram: int | None
    gpu_bytes: int | None
    token_bytes: int
    digest: str
    details: Mapping[str, str]
    load_s: float
    load_hold: Gate | None
    load_error: str | None
    fits_num_ctx: int | None
    ignores_truncate: bool
    refuses_tools: bool
    read_token_s: float
    shows_tokens: bool
    tool_preamble: str
    tool_instructions: str


@dataclass(frozen=True)
class Model:
    """One model. Two models with the same `digest` share weights, and so one loaded engine."""

    name: str
    capabilities: tuple[str, ...] = ("completion", "tools")
    context_length: int = 32768
    """The trained window in tokens; a larger `num_ctx` is silently lowered to it."""
    parser: Family | None = None
    """None = qwen3.5 for a thinking model, else qwen3-coder for one with tools, else plain."""
    num_ctx: int | None = None
    """What the Modelfile says, in tokens."""
    size: int = 4_000_000_000
    """Bytes, as on the wire."""
    size_vram: int | None = None
    """Bytes of it on the graphics card; None = all."""
    gpu_bytes: int | None = None
    """Memory of the graphics card, which holds a part of what is larger; None = endless, 0 = there is no card."""
    token_bytes: int = 0
    """What each token of the window takes in memory; `/api/show` then tells heads and layers that come to it."""
    digest: str = ""
    """64 hex digits; empty = made from the name."""
    details: Mapping[str, str] | None = None
    """Overrides of `family`, `parameter_size`, `quantization_level`."""
    load_s: float = 0.0
    load_hold: Gate | None = None
    load_error: str | None = None
    """The engine's last words; with it no load ever succeeds."""
    fits_num_ctx: int | None = None
    """The largest window the machine has memory for, in tokens; a load with more fails."""
    ignores_truncate: bool = False
    """Its server cuts a prompt that is too long whatever `truncate` says, as servers do that do not know it."""
    refuses_tools: bool = False
    """It is listed with tools, and the server refuses them all the same."""
    read_token_s: float = 0.0
    """Seconds the engine needs to read one new prompt token."""
    shows_tokens: bool = True
    """Whether `logprobs` is heeded; older servers pass it over."""
    tool_preamble: str = ""
    """Prose of the template before `# Tools` when there is no system message."""
    tool_instructions: str = INSTRUCTIONS
    """Prose of the template after the list of tools."""

    @property
    def full_name(self) -> str:
        """With its tag."""
        return full_name(self.name)

    @property
    def family(self) -> Family:
        """How it writes calls."""
        if self.parser is not None:
            return self.parser
        if "thinking" in self.capabilities:
            return "qwen3.5"
        return "qwen3-coder" if "tools" in self.capabilities else "plain"

    @property
    def weights(self) -> str:
        """The digest: what an engine is loaded for."""
        return self.digest or sha256(self.full_name.encode()).hexdigest()

    def listed(self, modified_at: str) -> dict[str, object]:
        """Its entry of `/api/tags`."""
        details = {**self._details(), "context_length": self.context_length, "embedding_length": 64}
        return {
            "name": self.full_name,
            "model": self.full_name,
            "modified_at": modified_at,
            "size": self.size,
            "digest": self.weights,
            "details": details,
            "capabilities": list(self.capabilities),
        }

    def loaded(self, expires_at: str, num_ctx: int) -> dict[str, object]:
        """Its entry of `/api/ps`; `num_ctx` is the window really allocated."""
        size = self.size + self.token_bytes * num_ctx
        return {
            "name": self.full_name,
            "model": self.full_name,
            "size": size,
            "digest": self.weights,
            "details": self._details(),
            "expires_at": expires_at,
            "size_vram": self._on_gpu(size),
            "context_length": num_ctx,
        }

    def _on_gpu(self, size: int) -> int:
        if self.size_vram is not None:
            return self.size_vram
        return size if self.gpu_bytes is None else min(size, self.gpu_bytes)

    def shown(self, modified_at: str) -> dict[str, object]:
        """The answer of `/api/show`."""
        body: dict[str, object] = {"modelfile": self._modelfile()}
        if self.num_ctx is not None:
            body["parameters"] = f"{'num_ctx':<30} {self.num_ctx}"
        return body | {
            "template": "{{ .Prompt }}",
            "details": self._details(),
            "model_info": self._model_info(),
            "tensors": [
                {"name": "token_embd.weight", "type": "F32", "shape": [1, 1]},
                {"name": "output.weight", "type": "F32", "shape": [1, 1]},
            ],
            "capabilities": list(self.capabilities),
            "modified_at": modified_at,
        }

    def _details(self) -> dict[str, object]:
        own = self.details or {}
        family = own.get("family", "llama")
        return {
            "parent_model": "",
            "format": "gguf",
            "family": family,
            "families": [family],
            "parameter_size": own.get("parameter_size", "4.0B"),
            "quantization_level": own.get("quantization_level", "Q4_K_M"),
        }

    def _modelfile(self) -> str:
        parameter = "" if self.num_ctx is None else f"PARAMETER num_ctx {self.num_ctx}\n"
        engine = (
            "" if self.family in ("native", "plain") else f"RENDERER {self.family}\nPARSER {self.family}\n"
        )
        return (
            '# Modelfile generated by "ollama show"\n# To build a new Modelfile based on this, replace FROM with:\n'
            f"# FROM {self.full_name}\n\nFROM /models/blobs/sha256-{self.weights}\n"
            f"TEMPLATE {{{{ .Prompt }}}}\n{engine}{parameter}"
        )

    def _model_info(self) -> dict[str, object]:
        family = str(self._details()["family"])
        return {
            "general.architecture": family,
            "general.file_type": 0,
            "general.parameter_count": 2,
            f"{family}.attention.head_count": 4,
            f"{family}.attention.head_count_kv": 4,
            f"{family}.attention.layer_norm_rms_epsilon": 1e-05,
            f"{family}.block_count": 1,
            f"{family}.context_length": self.context_length,
            f"{family}.embedding_length": 64,
            f"{family}.feed_forward_length": 64,
            **self._cache_info(family),
            "tokenizer.ggml.merges": None,
            "tokenizer.ggml.model": "gpt2",
            "tokenizer.ggml.scores": None,
            "tokenizer.ggml.token_type": None,
            "tokenizer.ggml.tokens": None,
        }

    def _cache_info(self, family: str) -> dict[str, object]:
        """Four heads of keys and of values in one layer, two bytes a number."""
        width = self.token_bytes // 16
        keys = (f"{family}.attention.key_length", f"{family}.attention.value_length")
        return dict.fromkeys(keys, width) if width else {}


def full_name(name: str) -> str:
    """`name` with the tag Ollama gives it when it has none."""
    return name if ":" in name.rpartition("/")[2] else name + DEFAULT_TAG
