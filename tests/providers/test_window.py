"""Which window: the order of wishes, and the search for what fits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from ollama_code.ports import LoadedModel, ModelInfo
from ollama_code.providers.window import Ladder, Window, unmeasured, wished

GB = 1_000_000_000
INFO = ModelInfo("m", frozenset({"completion", "tools"}), 262144, None, cache_token_bytes=100_000)
Machine = Callable[[int], LoadedModel | None]


def machine(*, weights: float, gpu: float, token_bytes: float = 100_000, ram: float = 1000) -> Machine:
    """What a load with a window comes to; gigabytes. `None` is a load that fails."""

    def load(num_ctx: int) -> LoadedModel | None:
        size = int(weights * GB + token_bytes * num_ctx)
        on_gpu = min(size, int(gpu * GB))
        return LoadedModel("m", size, on_gpu, num_ctx) if size - on_gpu <= ram * GB else None

    return load


def climb(ladder: Ladder, load: Machine) -> tuple[Window, list[int]]:
    """Where the search ends, and the windows that were loaded."""
    tried: list[int] = []
    while True:
        tried.append(ladder.candidate)
        if (found := load(ladder.candidate)) is None:
            assert ladder.failed()
        elif window := ladder.loaded(found):
            return window, tried


@pytest.mark.parametrize(
    ("flag", "pin", "modelfile", "trained", "num_ctx"),
    [
        (40000, 20000, 32768, 131072, 40000),
        (None, 20000, 32768, 131072, 20000),
        (None, None, 32768, 131072, 32768),
        (None, None, 262144, 131072, 131072),
        (200000, None, None, 131072, 131072),
        (200000, None, None, 0, 200000),
    ],
)
def test_a_wish_is_taken_up_to_what_the_model_was_trained_for(
    flag: int | None, pin: int | None, modelfile: int | None, trained: int, num_ctx: int
) -> None:
    info = replace(INFO, num_ctx=modelfile, context_length=trained)
    window = wished(info, (flag, "by a flag"), (pin, "pinned"))
    assert window is not None and (window.num_ctx, window.measured) == (num_ctx, False)


def test_without_a_wish_there_is_none() -> None:
    assert wished(INFO, (None, "by a flag")) is None


@pytest.mark.parametrize(
    ("trained", "num_ctx"), [(131072, 16384), (16384, 16384), (12000, 8192), (2048, 2048), (0, 8192)]
)
def test_what_cannot_be_measured_is_chosen_with_care(trained: int, num_ctx: int) -> None:
    assert unmeasured(replace(INFO, context_length=trained)).num_ctx == num_ctx


@pytest.mark.parametrize(
    ("machine", "num_ctx", "most_loads"),
    [
        pytest.param(machine(weights=5, gpu=48), 131072, 1, id="everything fits"),
        pytest.param(machine(weights=18.5, gpu=24), 49152, 2, id="30b on 24 GB"),
        pytest.param(machine(weights=5, gpu=8), 16384, 3, id="8b on 8 GB"),
        pytest.param(machine(weights=5, gpu=8, token_bytes=50_000), 49152, 3, id="the cache has fewer bits"),
        pytest.param(machine(weights=5, gpu=6, token_bytes=100_000), 8192, 3, id="only the smallest"),
        pytest.param(machine(weights=5, gpu=0), 16384, 2, id="no GPU"),
        pytest.param(machine(weights=5, gpu=0, ram=9), 16384, 4, id="no GPU and little memory"),
        pytest.param(machine(weights=40, gpu=24), 16384, 2, id="weights larger than the card"),
        pytest.param(machine(weights=5, gpu=8, ram=1), 16384, 4, id="what does not fit fails"),
    ],
)
def test_the_largest_window_that_fits_is_found_in_few_loads(
    machine: Machine, num_ctx: int, most_loads: int
) -> None:
    window, tried = climb(Ladder(INFO), machine)
    assert (window.num_ctx, window.measured) == (num_ctx, True)
    assert len(tried) <= most_loads, tried


def test_a_server_that_tells_nothing_of_the_cache_is_measured_by_two_loads() -> None:
    window, tried = climb(Ladder(replace(INFO, cache_token_bytes=0)), machine(weights=18.5, gpu=21))
    assert (window.num_ctx, tried) == (16384, [131072, 65536, 16384])


@pytest.mark.parametrize(
    ("machine", "num_ctx", "tried"),
    [
        (machine(weights=18.5, gpu=24), 49152, [16384, 65536, 49152]),
        (machine(weights=18.5, gpu=48), 131072, [16384, 65536, 131072]),
        (machine(weights=18.5, gpu=21), 16384, [16384, 65536, 16384]),
        (machine(weights=18.5, gpu=21, ram=1), 16384, [16384, 65536, 32768, 16384]),
        (machine(weights=18.5, gpu=0), 16384, [16384]),
    ],
    ids=["24 GB", "48 GB", "21 GB", "21 GB and little memory", "no GPU"],
)
def test_a_card_larger_than_the_memory_of_the_machine_is_found(
    machine: Machine, num_ctx: int, tried: list[int]
) -> None:
    window, loads = climb(Ladder(INFO, weights_bytes=int(18.5 * GB), memory_bytes=16 * GB), machine)
    assert (window.num_ctx, loads) == (num_ctx, tried)


def test_the_first_load_does_not_fill_the_memory_of_the_machine() -> None:
    assert Ladder(INFO, weights_bytes=5 * GB, memory_bytes=16 * GB).candidate == 65536
    assert Ladder(INFO, weights_bytes=40 * GB, memory_bytes=16 * GB).candidate == 16384
    assert Ladder(replace(INFO, context_length=4096)).candidate == 4096


@pytest.mark.parametrize(
    ("found", "num_ctx"),
    [
        (LoadedModel("m", 8 * GB, 8 * GB, 131072), 131072),
        (LoadedModel("m", 8 * GB, 8 * GB, 4096), None),
        (LoadedModel("m", 8 * GB, 0, 16384), 16384),
        (LoadedModel("m", 8 * GB, 0, 40960), 40960),
        (LoadedModel("m", 8 * GB, 0, 4096), None),
        (LoadedModel("m", 0, 0, 131072), None),
    ],
    ids=["whole", "whole but small", "no GPU", "no GPU, large", "no GPU, small", "an old server"],
)
def test_what_is_loaded_already_is_taken_when_nothing_better_can_come(
    found: LoadedModel, num_ctx: int | None
) -> None:
    window = Ladder(INFO).found(found)
    assert (window and window.num_ctx) == num_ctx


def test_what_is_loaded_already_shortens_the_search() -> None:
    without_gpu, split = Ladder(INFO), Ladder(INFO)
    without_gpu.found(LoadedModel("m", 8 * GB, 0, 4096))
    split.found(LoadedModel("m", int(18.5 * GB) + 6_553_600_000, 24 * GB, 65536))
    assert (without_gpu.candidate, split.candidate) == (16384, 49152)


def test_a_server_that_gives_no_more_than_it_likes_ends_the_search() -> None:
    window, tried = climb(Ladder(INFO), lambda _: LoadedModel("m", GB, GB, 4096))
    assert (window.num_ctx, window.measured, len(tried)) == (4096, True, 2)


def test_what_another_session_chose_meanwhile_is_taken_with_it() -> None:
    window, tried = climb(Ladder(INFO), lambda _: LoadedModel("m", 9 * GB, 9 * GB, 49152))
    assert (window.num_ctx, tried) == (49152, [131072])
