"""Tools that are loaded on the way come behind the others, so that the engine goes on reading where it was."""

from __future__ import annotations

from ollama_code.frontends.proxy.offered import offered
from ollama_code.frontends.proxy.order import ToolOrder

SESSION = {"x-claude-code-session-id": "one"}


def names(order: ToolOrder, given: str, headers: dict[str, str]) -> str:
    tools = order.ordered([offered(name, "", {}) for name in given], headers)
    return "".join(tool["function"]["name"] for tool in tools)


def test_a_new_tool_comes_last():
    order = ToolOrder()
    assert names(order, "ac", SESSION) == "ac"
    assert names(order, "abc", SESSION) == "acb"
    assert names(order, "abcd", SESSION) == "acbd"


def test_other_sessions_and_none_keep_their_own_order():
    order = ToolOrder()
    names(order, "cab", SESSION)
    assert names(order, "abc", {"x-session-id": "two"}) == "abc"
    assert names(order, "abc", {}) == "abc"


def test_only_the_latest_sessions_are_remembered():
    order = ToolOrder()
    names(order, "ba", SESSION)
    for number in range(64):
        names(order, "a", {"x-session-id": str(number)})
    assert names(order, "ab", SESSION) == "ab"
