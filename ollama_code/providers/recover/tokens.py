"""The words of the dialects that carry no meaning of their own: openers and closers of calls, control tokens,
results that a model invents, and how they are cleared away."""

from __future__ import annotations

import re

INVISIBLE = "\ufeff\u200b\u2060"
"""Characters nobody sees, in front of a text and behind it."""
LINE_START = rf"(?:^|(?<=[>{INVISIBLE}]))[ \t]*"
"""Where a line begins, or what is left of it behind a control token."""
PREFIX = r"(?:\w{1,20}:|[｜|]\w{1,20}[｜|])"
"""A namespace in front of the name of a tag, as of MiniMax and DeepSeek."""
CALL_TAG = rf"(?i:(?:\w{{1,20}}_|{PREFIX})?(?:tool[_-]?calls?|function[_-]?calls?|tools|tool_use|use_tool|tool_code))"
PAIR_PREFIX = r"(?:\w{1,20}_)?"
"""What may stand before `arg_key` and `arg_value`, as of LongCat."""
PAIRED = (
    rf"<{CALL_TAG}(?:\s[^<>\n]{{0,120}})?>|<\|tool_call>|<\|tool_call_start\|>|<start_function_call>|<\|START_ACTION\|>"
    r"|<[｜|]tool[▁_]call[▁_]begin[｜|]>(?:function<[｜|]tool[▁_]sep[｜|]>(?=\s*<))?|<\|tools_prefix\|>"
    r"|<\|tool_call:begin\|>(?:[\w-]{0,60}<\|tool_call:name\|>)?|<\|action_start\|>(?:\s*<\|plugin\|>)?|\[TOOL_CALL\]"
    r"|<\|python_start\|>"
)
"""Openers that want a closer."""
SINGLE = (
    r"\[TOOL_CALLS\]|<\|tool_call\|>|<\|python_tag\|>|<[｜|]tool[▁_]calls[▁_]begin[｜|]>|<\|tool_calls_section_begin\|>|<\|tool_calls\|>"
    r"|functools(?=\s*\[)|<(?:tool|function)>(?=\s*[{\[])|function call<\|role_sep\|>"
)
"""Openers that stand alone, or whose closer says nothing."""
OPENER = re.compile(rf"(?:(?P<paired>{PAIRED})|{SINGLE})")
OPENERS = re.compile(rf"(?:\s*(?:{PAIRED}|{SINGLE}))+\s*")
CLOSER = re.compile(
    rf"</{CALL_TAG}>|<tool_call\|>|<\|/tool_call\|>|<\|tool_call[_:]end\|>|<\|tools_suffix\|>|<end_function_call>|<\|END_ACTION\|>"
    r"|<[｜|]tool[▁_]calls?[▁_]end[｜|]>|<\|python_end\|>|<\|tool_calls_section_end\|>|<\|action_end\|>|\[/TOOL_CALLS?\]"
)
_CONTROL = (
    r"<\|im_start\|>\s*(?:assistant)?|<\|start_header_id\|>\s*(?:assistant)?|<start_of_turn>\s*(?:model)?"
    r"|(?:<\|start\|>)?(?:assistant)?<\|channel\|>\s*(?:final|analysis|commentary)?\s*<\|message\|>"
    r"|<\|[^\s<>|]{1,40}\|?>|<[a-z_]{1,40}\|>|<｜[^｜<>]{1,40}｜>|</s>|<s>(?=\s*(?:[<{\[`>]|\Z))|>>>all[ \t]*\n"
    r"|<(?:bos|eos|pad|end_of_turn|EOT)>|\[/?INST\]"
)
_HEADER = r"<\|(?:start|channel)\|>[^\n{]{0,80}?\bto="
_STRAY = (
    rf"</(?:function|invoke|param(?:eter)?|{PAIR_PREFIX}arg_(?:value|key)|think|tool)>"
    rf"|</{PREFIX}(?:invoke|parameter)>"
    rf"|{CLOSER.pattern}"
)
_RESULT = (
    r"</?(?:tool_(?:response|result|output)s?|function_(?:response|result|output)s?|observation)>"
    r"|<\|(?:observation|tool_(?:response|output|result)s?|START_TOOL_RESULT)\|?>|<[｜|]tool[▁_]outputs?[▁_]begin[｜|]>"
    r"|<start_function_response>|\[TOOL_RESULTS\]|<\|im_start\|>\s*(?:tool|user)|<\|start_header_id\|>\s*(?:ipython|tool)"
    r"|<\|start\|>functions\."
)
INVENTED = re.compile(
    rf"{_RESULT}|^[ \t]*(?:\*\*)?(?:Observation|Tool (?:result|output|response)):",
    re.MULTILINE | re.IGNORECASE,
)
"""Where a model starts to write the result of its own call."""
_HEAD = re.compile(rf"(?:[\s{INVISIBLE}]|{_CONTROL}|{_STRAY})*")
_GARBAGE = re.compile(
    rf"(?:[\s{INVISIBLE}}}\]]|(?!{PAIRED}|{SINGLE}|{_HEADER}|{_RESULT})(?:{_CONTROL})|{_STRAY}|```+(?=\s*(?:\Z|<)))*"
)
_TAIL_TOKEN = re.compile(rf"(?:{_CONTROL}|{_STRAY})\Z")
_TAIL_REACH = 80
STOP = re.compile(r"</|<\||<｜|<end_|<tool_call\||```|\[/?TOOL_|\[ARGS\]")
"""Where a value cannot go on, so that a missing brace is seen."""


def head_end(text: str) -> int:
    """The offset after control tokens, stray closers and white space at the front."""
    found = _HEAD.match(text)
    return found.end() if found else 0


def garbage_end(text: str, at: int) -> int:
    """The offset after surplus closers, control tokens and half fences that follow a call."""
    found = _GARBAGE.match(text, at)
    return found.end() if found else at


def without_invented(text: str) -> str:
    """`text` up to where a result is invented: what follows rests on it."""
    found = INVENTED.search(text)
    return text[: found.start()] if found else text


def edged(text: str) -> str:
    """`text` without control tokens, stray closers and white space at its two ends."""
    start, end = head_end(text), len(text)
    while True:
        while end > start and (text[end - 1].isspace() or text[end - 1] in INVISIBLE):
            end -= 1
        reach = max(start, end - _TAIL_REACH)
        tail = _last_token(text[reach:end])
        if tail < 0:
            return text[start:end]
        end = reach + tail


def _last_token(tail: str) -> int:
    """Where the control token that ends `tail` starts, or -1."""
    at = max(tail.rfind("<"), tail.rfind("["))
    return at if at >= 0 and _TAIL_TOKEN.match(tail, at) else -1
