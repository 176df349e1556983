"""The demo's script, driven through every branch by a conversation on the real sample project."""

from __future__ import annotations

from pathlib import Path

import pytest

from ollama_code.agent.compact import REQUEST
from ollama_code.core.messages import ToolMessage
from ollama_code.demo import FIRST_PROMPT
from ollama_code.demo.scratch import scratch_copy
from tests.demo.person import NO, YES, Conversation, no_because, run_tests

LOOP = "        while number > value:\n"


@pytest.fixture
def talk(tmp_path: Path) -> Conversation:
    return Conversation(scratch_copy(tmp_path))


def module(talk: Conversation) -> Path:
    return talk.project / "sundial" / "roman.py"


def todo_states(talk: Conversation) -> dict[str, str]:
    states: dict[str, str] = {}
    for arguments in talk.called("todo_write"):
        todos = arguments["todos"]
        assert isinstance(todos, list)
        states |= {str(t["id"]): str(t["status"]) for t in todos if isinstance(t, dict)}
    return states


def test_sample_projects_tests_fail_as_it_is_shipped(talk: Conversation) -> None:
    assert "FAILED (failures=4)" in run_tests(talk.project)


def test_approved_run_repairs_the_project(talk: Conversation) -> None:
    talk.say(FIRST_PROMPT)
    assert "\nOK\n" in run_tests(talk.project)


def test_summary_quotes_the_numbers_of_both_test_runs(talk: Conversation) -> None:
    summary = talk.say(FIRST_PROMPT)
    assert "4 of 9 tests failed; now all 9 pass" in summary
    assert "`III` instead of `IV`" in summary


def test_first_and_last_answer_say_that_the_model_is_a_script(talk: Conversation) -> None:
    talk.say(FIRST_PROMPT)
    assert "I am a script" in talk.texts[0] and "no Ollama is used" in talk.texts[0]
    assert "script embedded in ollama-code; no Ollama was used" in talk.texts[-1]


def test_tools_are_used_in_the_order_of_the_story(talk: Conversation) -> None:
    talk.say(FIRST_PROMPT)
    assert [call.name for call in talk.calls] == [
        *("todo_write", "list_directory", "run_shell_command"),
        *("todo_write", "read_file", "read_file", "edit"),
        *("todo_write", "run_shell_command", "todo_write"),
    ]


def test_todos_end_completed(talk: Conversation) -> None:
    talk.say(FIRST_PROMPT)
    assert todo_states(talk) == {"1": "completed", "2": "completed", "3": "completed"}


def test_edit_quotes_the_file_as_it_was_read(talk: Conversation) -> None:
    as_shipped = module(talk).read_text()
    module(talk).write_text(as_shipped.replace("value", "worth").replace("\n    ", "\n  "))
    talk.say(FIRST_PROMPT)
    quoted = talk.called("edit")[0]["old_string"]
    assert (
        quoted
        == "  for worth, letters in NUMERALS:\n      while number > worth:\n          written += letters"
    )


@pytest.mark.parametrize("text", ["hello", "what is the weather?", "", "run the tests", "put the bug back"])
def test_any_first_message_starts_the_story_or_is_answered(talk: Conversation, text: str) -> None:
    talk.say(text)
    assert talk.calls


def test_refusing_the_edit_with_a_reason_leaves_the_file_and_quotes_the_reason(talk: Conversation) -> None:
    answer = talk.say(FIRST_PROMPT, YES, no_because("I want to see it first."))
    assert "I want to see it first." in answer and "+        while number >= value:" in answer
    assert "nothing is repaired" in answer
    assert LOOP in module(talk).read_text()


@pytest.mark.parametrize("refusal", [NO, no_because("not yet")])
def test_going_on_after_a_refused_edit_offers_it_again(talk: Conversation, refusal: str) -> None:
    talk.say(FIRST_PROMPT, YES, refusal)
    assert "now all 9 pass" in talk.say("go on")
    assert len(talk.called("edit")) == 2


def test_bare_refusal_of_the_first_command_is_taken_up_again(talk: Conversation) -> None:
    assert talk.say(FIRST_PROMPT, NO) == ""
    assert "now all 9 pass" in talk.say("go on")


def test_refusing_the_first_command_does_not_claim_that_tests_failed(talk: Conversation) -> None:
    answer = talk.say(FIRST_PROMPT, no_because("no commands"))
    assert "all 9 tests pass" in answer and "did not see the tests fail" in answer


def test_refusing_the_last_command_claims_no_success(talk: Conversation) -> None:
    answer = talk.say(FIRST_PROMPT, YES, YES, no_because("enough commands"))
    assert "I do not claim that they pass" in answer
    assert todo_states(talk) == {"1": "completed", "2": "completed", "3": "pending"}


def test_refusing_every_command_leaves_both_points_open(talk: Conversation) -> None:
    answer = talk.say(FIRST_PROMPT, no_because("no"), YES, no_because("no"))
    assert "I do not claim that they pass" in answer
    assert todo_states(talk) == {"1": "pending", "2": "completed", "3": "pending"}


def test_with_nobody_to_ask_nothing_is_changed_and_the_answer_says_so(talk: Conversation) -> None:
    nobody = "Error: Not allowed: nobody is here to approve it."
    answer = talk.say(FIRST_PROMPT, nobody, nobody)
    assert "nobody is here to approve it." in answer and "Nothing is repaired" in answer
    assert LOOP in module(talk).read_text()


def test_edit_of_a_changed_file_is_made_after_reading_it_again(talk: Conversation) -> None:
    answer = talk.say(FIRST_PROMPT, YES, "Error: roman.py changed on disk since it was read.")
    assert "now all 9 pass" in answer
    assert len(talk.called("read_file")) == 3


def test_edit_that_fails_twice_ends_the_turn_honestly(talk: Conversation) -> None:
    failed = "Error: cannot write roman.py: the folder is read-only."
    answer = talk.say(FIRST_PROMPT, YES, failed, failed)
    assert "the folder is read-only" in answer and "nothing is repaired" in answer


def test_a_missing_python_is_not_taken_for_failing_tests(talk: Conversation) -> None:
    missing = "bash: python3: command not found\nexit code 127"
    answer = talk.say(FIRST_PROMPT, missing, YES, missing)
    assert "I do not claim that they pass" in answer


def test_tests_that_still_fail_are_reported(talk: Conversation) -> None:
    (talk.project / "tests" / "test_other.py").write_text(
        "import unittest\n\nclass T(unittest.TestCase):\n    def test_x(self):\n        self.fail('other')\n"
    )
    assert "FAILED (failures=1)" in talk.say(FIRST_PROMPT)


def test_a_failing_module_that_only_passes_on_leads_to_the_one_it_uses(talk: Conversation) -> None:
    (talk.project / "tests" / "test_roman.py").unlink()
    assert "1 of 3 tests failed; now all 3 pass" in talk.say(FIRST_PROMPT)


def test_a_module_without_the_known_line_is_left_alone(talk: Conversation) -> None:
    module(talk).write_text(
        "def to_roman(number):\n    return ''\n\n\ndef from_roman(written):\n    return 0\n"
    )
    answer = talk.say(FIRST_PROMPT)
    assert "I cannot find the loop" in answer
    assert talk.called("edit") == []


def test_passing_tests_are_not_repaired(talk: Conversation) -> None:
    talk.say(FIRST_PROMPT)
    answer = talk.say("fix the tests again")
    assert "All 9 tests pass, so there is nothing to repair" in answer


def test_the_bug_can_be_put_back_and_found_again(talk: Conversation) -> None:
    talk.say(FIRST_PROMPT)
    assert "The bug is back" in talk.say("put the bug back")
    assert LOOP in module(talk).read_text()
    assert "now all 9 pass" in talk.say("fix the tests")


def test_refusing_to_put_the_bug_back_keeps_the_repair(talk: Conversation) -> None:
    talk.say(FIRST_PROMPT)
    assert "as it was" in talk.say("put the bug back", no_because("keep it"))
    assert LOOP not in module(talk).read_text()


def test_there_is_no_bug_to_put_back_before_it_was_repaired(talk: Conversation) -> None:
    talk.say(FIRST_PROMPT, YES, NO)
    assert "nothing to put back" in talk.say("put the bug back")


def test_running_the_tests_on_request_tells_their_numbers(talk: Conversation) -> None:
    talk.say(FIRST_PROMPT, YES, no_because("later"))
    assert "4 of 9 tests fail" in talk.say("Run the tests.")
    talk.say("go on")
    assert talk.say("run tests") == "All 9 tests pass."
    assert "cannot say whether they pass" in talk.say("run the tests", no_because("no"))


def test_a_free_question_gets_the_list_of_what_the_script_can_do(talk: Conversation) -> None:
    talk.say(FIRST_PROMPT)
    answer = talk.say("Why is the sky blue?")
    assert "not a language model" in answer and '"put the bug back"' in answer


def test_going_on_after_a_stopped_edit_reads_the_file_again(talk: Conversation) -> None:
    talk.say(FIRST_PROMPT, YES, NO)
    last = talk.history[-1]
    assert isinstance(last, ToolMessage)
    talk.history[-1] = last.model_copy(update={"text": "Not run: the turn was stopped."})
    talk.say("continue")
    assert [call.name for call in talk.calls].count("edit") == 2


def test_a_request_for_a_summary_gets_one_and_no_call(talk: Conversation) -> None:
    talk.say(FIRST_PROMPT, YES, NO)
    asked = len(talk.calls)
    assert "project sundial" in talk.say(REQUEST)
    assert len(talk.calls) == asked
