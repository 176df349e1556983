"""What /context, /stats and /think say, of a session on the scripted provider."""

from __future__ import annotations

from ollama_code.agent.known import Known
from ollama_code.commands.base import Desk, Say
from ollama_code.commands.registry import run_command
from ollama_code.core.profile import ModelProfile
from ollama_code.providers.scripted import calls, says
from tests.agent.rig import Rig, rig


async def said(r: Rig, line: str) -> str:
    async def desk() -> Desk:
        return Desk(r.session, None, None)

    outcome = await run_command(line, desk)
    assert isinstance(outcome, Say)
    return outcome.text


async def test_context_shows_every_part_and_what_is_free(tmp_path):
    r = rig(tmp_path, calls(("look", {"word": "x"})), says("ok"))
    await r.say()
    text = await said(r, "/context")
    assert "of 8,192 tokens used" in text and "not had to read anything twice" in text
    assert all(part in text for part in ("system text", "tools", "you", "results", "free"))
    assert max(map(len, text.splitlines())) <= 76


async def test_context_names_what_broke_the_prefix(tmp_path):
    r = rig(tmp_path, says("one"), says("two"), thinks=(False, True))
    await r.say()
    await said(r, "/think on")
    await r.say()
    assert "because of /think (planned)" in await said(r, "/context")


async def test_context_with_a_number_pins_the_window_of_the_next_session(tmp_path):
    r = rig(tmp_path, known=(known := Known(ModelProfile(fit=16384))))
    told = await said(r, "/context 32,768")
    assert known.profile.pinned == 32768 and r.session.head.num_ctx == 8192
    assert "gets 32,768 tokens (/clear starts one)" in told and "keeps its 8,192" in told
    assert "measures which window fits" in await said(r, "/context auto")
    assert known.profile == ModelProfile()


async def test_context_refuses_what_is_no_window(tmp_path):
    r = rig(tmp_path)
    for word in ("big", "12", "-1", "1e5", "99999999999", "٣٢٧٦٨"):
        assert "is no window" in await said(r, f"/context {word}")
    assert r.session.profile.pinned is None


async def test_stats_before_the_first_answer_says_so(tmp_path):
    assert "nothing yet" in await said(rig(tmp_path), "/stats")


async def test_stats_counts_steps_tokens_and_memory(tmp_path):
    r = rig(tmp_path, calls(("look", {"word": "x"})), says("ok"))
    await r.say()
    text = await said(r, "/stats")
    assert "2 steps" in text and "1 session, 2 steps" in text and "memory     loaded" in text


async def test_think_changes_what_every_later_request_says(tmp_path):
    r = rig(tmp_path, says("one"), says("two"), thinks=(False, True))
    await r.say()
    assert "/think off|on" in await said(r, "/think")
    await said(r, "/think on")
    await r.say()
    assert [request.head.think for request in r.provider.requests] == [False, True]


async def test_think_refuses_what_the_model_does_not_know(tmp_path):
    assert "cannot think" in await said(rig(tmp_path), "/think high")
    levels = rig(tmp_path, thinks=("low", "medium", "high"))
    assert 'does not know "off"' in await said(levels, "/think off")
