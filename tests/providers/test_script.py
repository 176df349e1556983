from __future__ import annotations

import pytest

from ollama_code.core.errors import ProviderError, UsageError
from ollama_code.core.messages import Arguments, AssistantMessage, Message, ToolCall, ToolMessage, UserMessage
from ollama_code.providers.script import Script

HEAD = 'model = "m"\n'


def used(tool: str, arguments: Arguments, result: str, id: str = "1") -> tuple[Message, ...]:
    """A step of the model with one call and its answer."""
    call = ToolCall(id=id, name=tool, arguments=arguments)
    return AssistantMessage(calls=(call,)), ToolMessage(call_id=id, name=tool, text=result)


def answer(script: str, *messages: Message) -> str:
    return Script.load(HEAD + script).answer(messages).text


USER = """
[sees.greeting]
user = '(?i)^hello (?P<name>\\w+)'
[[reply]]
when = ["greeting"]
text = "Hello, {name}."
[[reply]]
text = "Who?"
"""


def test_captures_from_what_the_person_said_are_filled_in() -> None:
    assert answer(USER, UserMessage(text="Hello Ada")) == "Hello, Ada."


def test_reply_without_conditions_is_given_when_nothing_fits() -> None:
    assert answer(USER, UserMessage(text="Goodbye")) == "Who?"


def test_by_default_only_what_came_since_the_model_spoke_is_seen() -> None:
    assert answer(USER, UserMessage(text="Hello Ada"), *used("t", {}, "done")) == "Who?"


def test_replies_are_tried_from_the_top() -> None:
    script = "[sees.any]\nuser = ''\n" + "".join(
        f'[[reply]]\nwhen = ["any"]\ntext = "{text}"\n' for text in ("first", "second")
    )
    assert answer(script, UserMessage(text="x")) == "first"


RESULT = """
[sees.failed]
tool = "run"
arguments.command = '^make'
result = 'failures=(?P<n>\\d+)'
within = "%s"
times = %d
[[reply]]
when = ["failed"]
text = "{n} failed"
[[reply]]
when = ["not failed"]
text = "none failed"
"""


def test_result_of_a_call_with_fitting_arguments_is_seen() -> None:
    assert answer(RESULT % ("step", 1), *used("run", {"command": "make"}, "failures=3")) == "3 failed"


def test_result_of_a_call_with_other_arguments_is_not() -> None:
    assert answer(RESULT % ("step", 1), *used("run", {"command": "ls"}, "failures=3")) == "none failed"


def test_result_of_another_tool_is_not() -> None:
    assert answer(RESULT % ("step", 1), *used("read", {"command": "make"}, "failures=3")) == "none failed"


def test_the_newest_of_several_results_decides() -> None:
    old, new = used("run", {"command": "make"}, "failures=3"), used("run", {"command": "make"}, "OK", "2")
    assert answer(RESULT % ("session", 1), *old, *new) == "none failed"
    assert answer(RESULT % ("session", 1), *new, *old) == "3 failed"


@pytest.mark.parametrize(("within", "said"), [("turn", "none failed"), ("session", "3 failed")])
def test_a_turn_ends_where_the_person_speaks_again(within: str, said: str) -> None:
    messages = (*used("run", {"command": "make"}, "failures=3"), UserMessage(text="and now?"))
    assert answer(RESULT % (within, 1), *messages) == said


def test_times_counts_how_often_it_was_seen() -> None:
    once = used("run", {"command": "make"}, "failures=3")
    twice = (*once, *used("run", {"command": "make"}, "failures=4", "2"))
    assert answer(RESULT % ("turn", 2), *once) == "none failed"
    assert answer(RESULT % ("turn", 2), *twice) == "4 failed"


def test_arguments_that_are_no_text_are_matched_as_json() -> None:
    script = '[sees.all]\ntool = "t"\narguments.flags = \'"deep": true\'\n'
    script += '[[reply]]\nwhen = ["all"]\ntext = "deep"\n'
    assert answer(script, *used("t", {"flags": [{"deep": True}]}, "")) == "deep"


def test_captures_reach_every_depth_of_the_arguments_of_a_call() -> None:
    script = (
        HEAD
        + """
[sees.word]
user = '(?P<w>\\w+)'
[[reply]]
when = ["word"]
[[reply.calls]]
tool = "t"
arguments.items = [{ id = "{w}", n = 1 }]
arguments.plain = "{ {w} }"
"""
    )
    (call,) = Script.load(script).answer([UserMessage(text="cat")]).calls
    assert call.arguments == {"items": [{"id": "cat", "n": 1}], "plain": "{ cat }"}


def test_group_that_took_no_part_in_a_match_is_empty() -> None:
    script = '[sees.a]\nuser = \'x(?P<more>y)?\'\n[[reply]]\nwhen = ["a"]\ntext = "<{more}>"\n'
    assert answer(script, UserMessage(text="x")) == "<>"


def test_line_breaks_around_a_text_are_not_spoken() -> None:
    assert answer('[[reply]]\ntext = """\n\na\n\nb\n"""\n', UserMessage(text="x")) == "a\n\nb"


def test_script_that_fits_nothing_says_what_it_was_asked() -> None:
    script = USER.replace('[[reply]]\ntext = "Who?"\n', "")
    with pytest.raises(ProviderError, match="no reply to: Goodbye"):
        answer(script, UserMessage(text="Goodbye"))


ONE = '[[reply]]\ntext = "x"\n'


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("model = \n", r"line 1"),
        (ONE, r"model: Field required"),
        (HEAD, r"reply: Field required"),
        (HEAD + ONE + "colour = 1\n", r"line 2, reply 1: colour: Extra"),
        (HEAD + ONE + ONE, r"line 2, reply 1: it has no `when`, so the replies below"),
        (HEAD + "[[reply]]\nthinking = 'hm'\n", r"line 2, reply 1: it says nothing and calls nothing"),
        (HEAD + ONE + 'when = ["ghost"]\n', r"reply 1: `when` names 'ghost', but there is no \[sees.ghost\]"),
        (HEAD + "[[reply]]\ntext = '{who}'\n", r"reply 1: it uses \{who\}, but no sight"),
        (HEAD + "[sees.a]\nuser = '('\n" + ONE, r"line 2, \[sees.a\]: user: .*pattern '\(' is wrong: .+"),
        (HEAD + "[sees.a]\nuser = 'x'\n" + ONE, r"line 2, \[sees.a\]: no reply names it"),
        (HEAD + "[sees.a]\n" + ONE + 'when = ["a"]\n', r"\[sees.a\]: it needs either `user` or `tool`"),
        (HEAD + "[sees.a]\nuser = 'x'\nresult = 'y'\n" + ONE + 'when = ["a"]\n', r"belong to a `tool`"),
        (HEAD + "[sees.a]\ntool = 't'\nwithin = 'day'\n" + ONE, r"\[sees.a\]: within: .*'step', 'turn'"),
    ],
)
def test_bad_script_is_refused_with_its_line_and_the_reason(text: str, complaint: str) -> None:
    with pytest.raises(UsageError, match=complaint):
        Script.load(text)


def test_captures_behind_not_cannot_be_used() -> None:
    text = HEAD + "[sees.a]\nuser = '(?P<w>x)'\n[[reply]]\nwhen = [\"not a\"]\ntext = '{w}'\n"
    with pytest.raises(UsageError, match=r"it uses \{w\}"):
        Script.load(text)
