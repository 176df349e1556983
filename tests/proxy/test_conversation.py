"""What clients do to a conversation, mended so that a model sees all of it, at the same place in every request."""

from __future__ import annotations

from ollama_code.core.messages import ToolCall
from ollama_code.frontends.proxy.conversation import Conversation


def talk(*said: tuple[str, str]) -> tuple[str, list[tuple[str, str]]]:
    """The system text and (role, text) of what a client said."""
    conversation = Conversation()
    for role, text in said:
        match role:
            case "system":
                conversation.add_system(text)
            case "user":
                conversation.add_user(text)
            case "assistant":
                conversation.add_assistant(text, "", (ToolCall(id="a", name="look", arguments={}),))
            case _:
                conversation.add_result("a", text)
    system, messages = conversation.whole()
    return system, [(message.role, message.text) for message in messages]


def test_system_messages_in_front_are_the_system_text():
    assert talk(("system", "A"), ("system", "B"), ("user", "C")) == ("A\n\nB", [("user", "C")])


def test_one_behind_the_users_words_joins_them():
    said = (("user", "A"), ("system", "B"))
    assert talk(*said) == ("", [("user", "A\n\nB")])
    assert talk(*said, ("assistant", "C"))[1][0] == ("user", "A\n\nB")


def test_one_behind_an_answer_joins_the_next_words():
    assert talk(("user", "A"), ("assistant", "B"), ("system", "C"), ("user", "D"))[1][-1] == (
        "user",
        "C\n\nD",
    )


def test_one_behind_results_stays_there_in_every_later_request():
    said = (("user", "A"), ("assistant", "B"), ("tool", "C"), ("system", "D"))
    _, now = talk(*said)
    _, later = talk(*said, ("assistant", "E"), ("tool", "F"))
    assert now == later[: len(now)] and now[-1] == ("user", "D")


def test_two_answers_in_a_row_are_one_with_the_calls_of_both():
    conversation = Conversation()
    conversation.add_user("Go.")
    for id in "ab":
        call = ToolCall(id=id, name="look", arguments={})
        conversation.add_assistant(f"I look {id}.", "", (call,))
    _, (_, answer) = conversation.whole()
    assert (answer.text, [call.id for call in answer.calls]) == ("I look a.\n\nI look b.", ["a", "b"])


def test_results_stand_in_the_order_of_their_calls_and_know_their_names():
    conversation = Conversation()
    calls = tuple(ToolCall(id=id, name=f"tool_{id}", arguments={}) for id in "abc")
    conversation.add_assistant("", "", calls)
    for id in "cab":
        conversation.add_result(id, f"result {id}")
    _, (_, *results) = conversation.whole()
    assert [(result.name, result.text) for result in results] == [
        ("tool_a", "result a"),
        ("tool_b", "result b"),
        ("tool_c", "result c"),
    ]
