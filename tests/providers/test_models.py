"""Which model, and whether to think."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ollama_code.core.errors import ModelMissing, UsageError
from ollama_code.ports import ModelInfo, ModelSummary
from ollama_code.providers.models import choose_model, choose_think


def installed(name: str, *capabilities: str, remote: bool = False) -> ModelSummary:
    return ModelSummary(name, "sha", 1, frozenset(capabilities), remote=remote)


CODER = installed("qwen3-coder:30b", "completion", "tools")
SMALL = installed("qwen3:4b", "completion", "tools", "thinking")
PLAIN = installed("smollm2:latest", "completion")
EMBEDDER = installed("nomic-embed-text:latest", "embedding")
CLOUD = installed("gpt-oss:120b-cloud", "completion", "tools", remote=True)
INFO = ModelInfo("m", frozenset({"completion", "tools"}), 131072, None)


@pytest.mark.parametrize(
    ("wanted", "name"),
    [
        ("qwen3:4b", "qwen3:4b"),
        ("smollm2", "smollm2:latest"),
        ("smollm2:latest", "smollm2:latest"),
        ("QWEN3:4B", "qwen3:4b"),
        (" qwen3:4b ", "qwen3:4b"),
        ("glm-4.7:cloud", "glm-4.7:cloud"),
        ("gpt-oss:20b-cloud", "gpt-oss:20b-cloud"),
    ],
)
def test_a_wish_is_taken(wanted: str, name: str) -> None:
    assert choose_model(wanted, "qwen3-coder:30b", [CODER, SMALL, PLAIN]) == name


def test_a_wish_that_is_not_installed_is_refused_with_what_is_near() -> None:
    with pytest.raises(ModelMissing) as caught:
        choose_model("qwen3:8b", "qwen3:4b", [PLAIN, SMALL])
    assert "ollama pull qwen3:8b" in str(caught.value)
    assert "qwen3:4b" in str(caught.value)
    assert "smollm2" not in str(caught.value)


def test_a_name_cannot_write_to_the_terminal() -> None:
    with pytest.raises(ModelMissing) as caught:
        choose_model("x\x1b]0;pwned\x07", "", [SMALL])
    assert "\x1b" not in str(caught.value)


def test_the_last_used_model_wins_while_it_is_installed() -> None:
    assert choose_model("", "smollm2", [CODER, SMALL, PLAIN]) == "smollm2:latest"


def test_a_last_used_model_that_is_gone_is_forgotten() -> None:
    assert choose_model("", "gone:1b", [SMALL]) == "qwen3:4b"


def test_the_only_model_with_tools_is_the_sensible_one() -> None:
    assert choose_model("", "", [PLAIN, EMBEDDER, SMALL, CLOUD]) == "qwen3:4b"


def test_a_model_without_tools_is_better_than_none() -> None:
    assert choose_model("", "", [EMBEDDER, PLAIN]) == "smollm2:latest"


def test_an_old_server_that_lists_no_capabilities_is_understood() -> None:
    models = [installed("mxbai-embed-large:latest"), installed("mistral:7b")]
    assert choose_model("", "", models) == "mistral:7b"


def test_several_candidates_are_listed() -> None:
    with pytest.raises(UsageError, match=r"qwen3-coder:30b, qwen3:4b\..*--model"):
        choose_model("", "", [CODER, SMALL, PLAIN])


def test_the_cloud_is_never_picked_unasked() -> None:
    with pytest.raises(UsageError, match="gpt-oss:120b-cloud"):
        choose_model("", "", [CLOUD, EMBEDDER])


@pytest.mark.parametrize("models", [[], [EMBEDDER]])
def test_without_a_model_that_chats_the_way_to_one_is_shown(models: list[ModelSummary]) -> None:
    with pytest.raises(ModelMissing, match="ollama pull"):
        choose_model("", EMBEDDER.name, models)


@pytest.mark.parametrize(
    ("name", "family", "thinks", "think"),
    [
        ("qwen3:4b", "qwen3", True, True),
        ("qwen3-coder:30b", "qwen3moe", False, False),
        ("gpt-oss:20b", "gptoss", True, "medium"),
        ("hub/someone/gpt-oss-mini", "", True, "medium"),
        ("gpt-oss:20b", "gptoss", False, False),
    ],
)
def test_thinking_follows_the_capability_and_the_family(
    name: str, family: str, thinks: bool, think: bool | str
) -> None:
    capabilities = INFO.capabilities | {"thinking"} if thinks else INFO.capabilities
    assert choose_think(replace(INFO, name=name, family=family, capabilities=capabilities)) == think
