"""Whether a request is a chat in which our tools may run."""

from __future__ import annotations

import pytest

from ollama_code.frontends.proxy.caller import Caller, Signs, caller_of, ours_may_run

CHAT = Signs(has_tools=False, bound=False, max_tokens=None, stops=False)


@pytest.mark.parametrize(
    ("signs", "caller", "ours"),
    [
        (CHAT, Caller(), True),
        (Signs(False, False, 1, False), Caller(), False),
        (Signs(False, False, 64, True), Caller(), False),
        (Signs(False, False, 65, True), Caller(), True),
        (Signs(True, False, None, False), Caller(), False),
        (Signs(True, False, None, False), Caller(beside=True), True),
        (Signs(True, False, None, False), Caller(tools="on"), True),
        (Signs(True, False, None, False), Caller(beside=True, tools="off"), False),
        (Signs(False, False, 1, False), Caller(beside=True), False),
        (Signs(False, True, None, False), Caller(tools="on"), False),
        (Signs(False, False, 1, False), Caller(tools="on"), True),
        (CHAT, Caller(is_agent=True), False),
        (CHAT, Caller(tools="off"), False),
    ],
)
def test_whether_ours_may_run(signs: Signs, caller: Caller, ours: bool):
    assert ours_may_run(signs, caller) is ours


def test_no_header_lifts_a_policy_that_forbids_ours():
    assert caller_of({"x-ollama-code-tools": "on"}, "never").tools == "off"
