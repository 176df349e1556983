"""What a session cost is added up from what each step reports, and nothing is counted twice."""

from __future__ import annotations

from ollama_code.agent.overview import parts
from ollama_code.agent.stats import Stats, cached_tokens
from ollama_code.core.events import UsageReported
from ollama_code.core.head import Head
from ollama_code.core.messages import AssistantMessage, ToolCall, ToolMessage, UserMessage
from ollama_code.core.profile import ModelProfile
from ollama_code.core.usage import Usage

STEP = Usage(prompt_tokens=100, generated_tokens=10, cached_tokens=80, load_s=1.0, generate_s=0.5)


def told(*usages: Usage, agent: str = "main") -> Stats:
    stats = Stats()
    for usage in usages:
        stats(UsageReported(usage=usage, num_ctx=8192, agent=agent))
    return stats


def test_a_session_is_the_sum_of_its_steps():
    stats = told(STEP, STEP)
    assert (stats.session.steps, stats.session.usage.generated_tokens, stats.session.cached_tokens) == (
        2,
        20,
        160,
    )
    assert stats.last.steps == 1


def test_a_subagent_counts_for_the_session_and_is_not_the_last_step():
    stats = told(STEP, agent="explore-1")
    assert (stats.session.steps, stats.last.steps) == (1, 0)


def test_what_a_server_does_not_say_of_its_cache_is_estimated_from_the_time_it_took():
    usage = Usage(prompt_tokens=1000, prompt_s=0.5)
    assert cached_tokens(usage, read_tok_s=400) == 800
    assert cached_tokens(usage, read_tok_s=0) == 0


def test_the_profile_grows_by_what_is_new_each_time():
    stats = told(STEP)
    profile = stats.added_to(ModelProfile(sessions=2, steps=7))
    stats(UsageReported(usage=STEP, num_ctx=8192))
    profile = stats.added_to(profile)
    assert (profile.sessions, profile.steps, profile.prompt_tokens) == (3, 9, 200)
    assert stats.added_to(profile) == profile


def test_the_parts_add_up_to_what_is_used():
    head = Head(model="m", num_ctx=8192, think=False, system="s" * 400, tools=({"a": "b" * 200},))
    call = ToolCall(id="1", name="look", arguments={"word": "x" * 50})
    history = (
        UserMessage(text="u" * 100), AssistantMessage(text="a" * 100, calls=(call,)),
        ToolMessage(call_id="1", name="look", text="r" * 1000),
    )  # fmt: skip
    found = {part.name: part.tokens for part in parts(head, history, used=500)}
    assert abs(sum(found.values()) - 500) <= len(found)
    assert max(found, key=found.__getitem__) == "results"
    assert "thinking" not in found
