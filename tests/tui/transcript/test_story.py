from __future__ import annotations

import pytest

from ollama_code.core.display import DiffBlock, FilesBlock, OutputBlock, TextBlock, TodosBlock
from ollama_code.core.error_type import ErrorType
from ollama_code.core.events import (
    JobChanged,
    MessageAdded,
    Notice,
    PermissionAnswered,
    PermissionAsked,
    PhaseChanged,
    Retried,
    StepStarted,
    TextDelta,
    ThinkingDelta,
    ToolProgressed,
    ToolStarted,
    TurnFinished,
    TurnStarted,
)
from ollama_code.core.messages import AssistantMessage, ToolCall, ToolMessage, UserMessage
from ollama_code.core.permission import Allowed, Kind, PermissionRequest, Refused
from ollama_code.core.phase import Phase
from ollama_code.core.results import Ending, ToolFault, ToolResult
from ollama_code.core.todo import TodoItem
from tests.tui.transcript.host import Host, called, drawn, said

CALL = ToolCall(id="1", name="run_shell_command", arguments={"command": "make"})
STARTED = ToolStarted(call=CALL, title="Run make")


async def shown(*events, size=(60, 40), then=None) -> list[str]:
    app = Host(events=events)
    async with app.run_test(size=size) as pilot:
        await drawn(pilot)
        if then:
            then(app.transcript)
        found = await drawn(pilot)
    while found and not found[-1]:
        found.pop()
    return found


async def test_a_turn_reads_from_the_question_to_the_answer():
    rows = await shown(
        TurnStarted(text="why?\nreally"),
        StepStarted(number=1),
        TextDelta(text="Because.\n"),
        TurnFinished(reason="done"),
    )
    assert rows == [" ❯ why?", "   really", "", " Because."]


async def test_what_steers_a_turn_is_shown_once_and_without_the_file_beside_it():
    rows = await shown(
        TurnStarted(text="go"),
        MessageAdded(message=UserMessage(text="surroundings\n\ngo", said=("go",))),
        StepStarted(number=1),
        TextDelta(text="I begin.\n"),
        MessageAdded(message=UserMessage(text="--- a.md ---\n\nsee @a.md", said=("see @a.md",))),
    )
    assert rows == [" ❯ go", "", " I begin.", "", " ❯ see @a.md"]


async def test_events_of_other_parts_show_nothing():
    assert (
        await shown(PhaseChanged(phase=Phase(name="reading", detail="3 tokens")), StepStarted(number=1)) == []
    )


async def test_thinking_folds_to_a_count_when_it_ended():
    rows = await shown(ThinkingDelta(text="one two three"), TextDelta(text="Yes."))
    assert rows == [" ∴ thought for 3 words - click or Ctrl+O", "", " Yes."]


async def test_thinking_shows_its_last_words_while_it_streams():
    rows = await shown(ThinkingDelta(text=" ".join(f"word{n}" for n in range(300))))
    assert rows[0] == " ∴ thinking"
    assert rows[-1].endswith("word299") and len(rows) < 8


async def test_details_open_thinking_and_output_and_fold_them_again():
    output = OutputBlock(command="x", output="\n".join(f"out {n}" for n in range(12)), outcome="exit code 0")
    events = (ThinkingDelta(text="deep"), *called(ToolResult(llm_content="", return_display=output)))
    opened = await shown(*events, then=lambda transcript: transcript.toggle_details())
    assert "   deep" in opened and "   out 11" in opened

    def twice(transcript):
        transcript.toggle_details()
        transcript.toggle_details()

    assert await shown(*events, then=twice) == await shown(*events)


async def test_a_running_command_shows_its_last_lines():
    progress = [ToolProgressed(call_id="1", text=f"step {n}\n") for n in range(20)]
    rows = await shown(STARTED, *progress)
    assert rows == [" ○ Run make  running", *(f"   step {n}" for n in range(14, 20))]


async def test_a_finished_command_says_how_it_ended_and_folds_its_output():
    output = OutputBlock(
        command="make", output="\n".join(map(str, range(50))), outcome="exit code 2 after 1.0 s"
    )
    rows = await shown(*called(ToolResult(llm_content="", return_display=output)))
    assert rows[0] == " ● Run make  exit code 2 after 1.0 s"
    assert rows[-1] == "   … 42 more lines (Ctrl+O)"


async def test_a_failed_call_says_why():
    fault = ToolFault(message="There is no file a.py.", type=ErrorType.FILE_NOT_FOUND)
    rows = await shown(*called(ToolResult(llm_content="", error=fault), "Read a.py"))
    assert rows == [" ✗ Read a.py  failed", "   There is no file a.py."]


async def test_a_long_error_folds():
    fault = ToolFault(message="\n".join(f"why {n}" for n in range(30)), type=ErrorType.FAILED)
    rows = await shown(*called(ToolResult(llm_content="", error=fault), "Read a.py"))
    assert rows[1] == "   why 0" and rows[-2:] == ["   why 11", "   … 18 more lines (Ctrl+O)"]


async def test_a_long_message_of_the_person_folds_and_opens():
    words = TurnStarted(text="\n".join(f"row {n}" for n in range(30)))
    rows = await shown(words)
    assert (rows[0], rows[-1]) == (" ❯ row 0", "   … 10 more lines (Ctrl+O)")
    assert (await shown(words, then=lambda transcript: transcript.toggle_details()))[-1] == "   row 29"


async def test_a_refused_call_says_who_refused_it_once():
    request = PermissionRequest(
        call_id="Run make",
        tool="run_shell_command",
        kind=Kind.EXECUTE,
        title="Run make",
        scopes=(),
        preview=TextBlock(text=""),
    )
    start, finish = called(
        ToolResult(llm_content="", error=ToolFault(message="Refused.", type=ErrorType.DENIED))
    )
    answered = PermissionAnswered(request=request, answer=Refused(feedback="not now"), by="person")
    assert await shown(start, answered, finish) == [" ⊘ Run make  refused", "   Refused: not now"]


async def test_a_call_that_waits_for_permission_does_not_claim_to_run():
    request = PermissionRequest(
        call_id=STARTED.call.id,
        tool="run_shell_command",
        kind=Kind.EXECUTE,
        title="Run make",
        scopes=(),
        preview=TextBlock(text=""),
    )
    asked = PermissionAsked(request=request)
    allowed = PermissionAnswered(request=request, answer=Allowed(), by="person")
    assert await shown(STARTED, asked) == [" ○ Run make  asks"]
    assert await shown(STARTED, asked, allowed) == [" ○ Run make  running"]


async def test_a_call_that_the_turn_cut_off_is_not_left_running():
    assert await shown(STARTED, TurnFinished(reason="cancelled")) == [
        " ◌ Run make  stopped",
        "",
        " · Stopped.",
    ]


async def test_files_are_a_count_until_they_are_opened():
    result = ToolResult(llm_content="", return_display=FilesBlock(paths=("a.py", "b.py"), total=7))
    events = called(result, "Find *.py")
    assert await shown(*events) == [" ● Find *.py  7 files, 2 listed"]
    assert (await shown(*events, then=lambda t: t.toggle_details()))[1:] == ["   a.py", "   b.py"]


async def test_todos_show_their_state():
    items = (TodoItem(id="1", content="read", status="completed"), TodoItem(id="2", content="write"))
    rows = await shown(*called(ToolResult(llm_content="", return_display=TodosBlock(items=items)), "Plan"))
    assert rows == [" ● Plan", "   ☑ read", "   ☐ write"]


async def test_a_long_diff_is_folded_and_numbered():
    patch = "@@ -1,1 +1,60 @@\n keep\n" + "\n".join(f"+line {n}" for n in range(60))
    diff = DiffBlock(path="a.txt", patch=patch, added=60, removed=0)
    rows = await shown(*called(ToolResult(llm_content="", return_display=diff), "Edit a.txt"), size=(60, 60))
    assert rows[:3] == [" ● Edit a.txt  +60 -0", "       1   keep", "       2 + line 0"]
    assert rows[-1] == "   … 21 more lines (Ctrl+O)"


async def test_words_taken_back_are_struck_and_the_next_ones_are_the_answer():
    app = Host(
        events=(
            StepStarted(number=1),
            TextDelta(text="half an ans"),
            Retried(reason="The server is busy.", attempt=1, discarded="half an ans"),
            TextDelta(text="whole answer"),
        )
    )
    async with app.run_test(size=(70, 10)) as pilot:
        found = await drawn(pilot)
        strips = app.transcript.render_lines(app.transcript.size.region)
        struck = [part.text for strip in strips for part in strip if part.style and part.style.strike]
        assert struck == ["half an ans"]
        assert " whole answer" in found


async def test_words_that_count_in_spite_of_a_second_try_are_not_struck():
    app = Host(events=(TextDelta(text="kept"), Retried(reason="The call was not valid.", attempt=1)))
    async with app.run_test(size=(70, 10)) as pilot:
        assert (await drawn(pilot))[2] == " ! The call was not valid. Trying again."
        strips = app.transcript.render_lines(app.transcript.size.region)
        assert not any(part.style and part.style.strike for strip in strips for part in strip)


async def test_quiet_facts_follow_each_other_closely():
    rows = await shown(
        JobChanged(job="job-1", command="make watch"),
        JobChanged(job="job-2", command="make test", outcome="exit code 2"),
        Notice(text="Careful."),
    )
    assert rows == [" · job-1 started: make watch", " · job-2 exit code 2: make test", "", " ! Careful."]


async def test_a_failed_turn_says_so_in_words():
    rows = await shown(TurnFinished(reason="failed", detail="The server ended the answer.\nTry again."))
    assert rows == [" ✗ The server ended the answer.", "   Try again."]


async def test_a_subagent_is_indented_under_a_rule_and_does_not_mix_with_the_main_one():
    rows = await shown(
        TextDelta(text="main "),
        TextDelta(text="sub", agent="a1"),
        TextDelta(text="words"),
        TextDelta(text="!", agent="a1"),
    )
    assert rows == [" main words", "", " │ sub!"]


async def test_words_from_the_side_do_not_cut_an_answer_in_two():
    asides = (Notice(text="Careful."), JobChanged(job="job-1", command="make", outcome="exit code 0"))
    rows = await shown(
        TextDelta(text="| a | b |\n|---|---|\n| one "),
        *asides,
        TextDelta(text="| two |\n"),
        then=lambda transcript: transcript.say("The models are:\n  qwen3"),
    )
    assert rows == [
        " a    b",
        " ───  ───",
        " one  two",
        "",
        " ! Careful.",
        "",
        " · job-1 exit code 0: make",
        "",
        " The models are:",
        "   qwen3",
    ]


async def test_the_next_step_speaks_below_a_word_from_the_side():
    rows = await shown(TextDelta(text="one"), Notice(text="Careful."), STARTED, TextDelta(text="two"))
    assert rows == [" one", "", " ! Careful.", "", " ○ Run make  running", "", " two"]


async def test_a_recalled_call_shows_its_name_and_what_the_model_read():
    messages = [
        UserMessage(text="go"),
        AssistantMessage(thinking="hm", calls=(CALL,)),
        ToolMessage(call_id="1", name="run_shell_command", text="done"),
    ]
    rows = await shown(then=lambda transcript: transcript.recall(messages))
    assert rows[-2:] == [" ● run_shell_command make", "   done"]


@pytest.mark.parametrize(
    ("ending", "head"),
    [
        ("done", " ● run_shell_command make"),
        ("failed", " ✗ run_shell_command make  failed"),
        ("refused", " ⊘ run_shell_command make  refused"),
        ("stopped", " ◌ run_shell_command make  stopped"),
    ],
)
async def test_a_recalled_call_shows_how_it_ended(ending: Ending, head: str):
    messages = [
        AssistantMessage(calls=(CALL,)),
        ToolMessage(call_id="1", name="run_shell_command", text="what the model read"),
    ]
    rows = await shown(then=lambda transcript: transcript.recall(messages, {"1": ending}))
    assert rows[-2:] == [head, "   what the model read"]


async def test_only_what_the_person_typed_is_recalled_as_theirs():
    messages = [
        UserMessage(text="The conversation so far was removed ... SUMMARY", said=("first", "second")),
        AssistantMessage(text="yes"),
        UserMessage(text="Your answer was empty.", by="program"),
    ]
    rows = await shown(then=lambda transcript: transcript.recall(messages))
    assert [row for row in rows if row] == [" ❯ first", " ❯ second", " yes", " · Your answer was empty."]


async def test_clear_empties_the_view():
    app = Host(events=said("answer"))
    async with app.run_test(size=(40, 6)) as pilot:
        await drawn(pilot)
        app.transcript.clear()
        assert set(await drawn(pilot)) == {""}
        app.transcript.show(TextDelta(text="new"))
        assert (await drawn(pilot))[0] == " new"
