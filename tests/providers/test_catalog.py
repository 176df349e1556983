"""What servers, old and new, tell of their models."""

from __future__ import annotations

from ollama_code.providers.catalog import LoadedModel, Residents, Show, Tags


def test_a_model_is_described_by_its_own_architecture() -> None:
    show = Show.model_validate(
        {
            "details": {"family": "qwen3moe", "families": None},
            "model_info": {
                "general.architecture": "qwen3moe",
                "qwen3moe.context_length": 262144,
                "other.context_length": 7,
            },
            "capabilities": ["completion", "tools"],
            "parameters": 'stop                           "</s>"\nnum_ctx                        65536\nnum_ctx_x 1',
            "template": "{{ .Prompt }}",
        }
    )
    info = show.info("m")
    assert (info.context_length, info.num_ctx, info.family) == (262144, 65536, "qwen3moe")
    assert info.tools and not info.thinking and not info.vision


def test_a_model_of_which_nothing_is_known_can_at_least_chat() -> None:
    info = Show.model_validate({"model_info": None, "capabilities": None}).info("m")
    assert (info.context_length, info.num_ctx, info.capabilities) == (0, None, {"completion"})


def test_an_old_server_shows_in_the_template_that_tools_work() -> None:
    assert Show.model_validate({"template": "{{ if .Tools }}"}).info("m").tools


def test_an_empty_list_of_capabilities_is_believed() -> None:
    assert Show.model_validate({"capabilities": []}).info("m").capabilities == frozenset()


def test_a_list_of_models_tells_local_from_remote() -> None:
    tags = Tags.model_validate(
        {
            "models": [
                {
                    "name": "a:1",
                    "size": 5,
                    "digest": "x",
                    "details": {"parameter_size": "4B"},
                    "capabilities": None,
                },
                {"model": "b:cloud", "remote_host": "https://ollama.com", "capabilities": ["completion"]},
            ]
        }
    )
    local, remote = tags.summaries()
    assert (local.name, local.size_bytes, local.digest, local.parameter_size) == ("a:1", 5, "x", "4B")
    assert (local.remote, local.capabilities) == (False, frozenset())
    assert (remote.name, remote.remote) == ("b:cloud", True)


def test_a_loaded_model_tells_how_much_of_it_is_on_the_card() -> None:
    models = {"models": [{"name": "a:1", "size": 8, "size_vram": 5, "context_length": 4096}, {"name": "b"}]}
    assert Residents.model_validate(models).all_loaded() == (
        LoadedModel("a:1", 8, 5, 4096),
        LoadedModel("b", 0, 0, 0),
    )


def test_null_in_the_place_of_a_list_is_no_models() -> None:
    assert Tags.model_validate({"models": None}).summaries() == ()
