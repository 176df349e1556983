"""Whether a request is a chat in which our tools may run."""

from __future__ import annotations

import pytest

from ollama_code.frontends.proxy.caller import Caller, Signs, is_plain

CHAT = Signs(has_tools=False, bound=False, max_tokens=None, stops=False)


@pytest.mark.parametrize(
    ("signs", "caller", "plain"),
    [
        (CHAT, Caller(), True),
        (Signs(False, False, 1, False), Caller(), False),
        (Signs(False, False, 64, True), Caller(), False),
        (Signs(False, False, 65, True), Caller(), True),
        (Signs(True, False, None, False), Caller(tools="on"), False),
        (Signs(False, True, None, False), Caller(tools="on"), False),
        (Signs(False, False, 1, False), Caller(tools="on"), True),
        (CHAT, Caller(is_agent=True), False),
        (CHAT, Caller(tools="off"), False),
    ],
)
def test_a_plain_chat(signs: Signs, caller: Caller, plain: bool):
    assert is_plain(signs, caller) is plain
