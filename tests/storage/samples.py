"""Events to write and hypothesis strategies for messages."""

from hypothesis import strategies as st
from pydantic import JsonValue

from ollama_code.core.events import Event, MessageAdded, SessionStarted
from ollama_code.core.head import Head
from ollama_code.core.messages import AssistantMessage, Image, Message, ToolCall, ToolMessage, UserMessage

HEAD = Head(model="m:1b", num_ctx=4096, think=False, system="You help.\u2028", tools=({"type": "function"},))
STARTED = SessionStarted(session="s", directory="/d", version="0.1.0", head=HEAD)


def said(text: str) -> Event:
    return MessageAdded(message=UserMessage(text=text))


def texts(history: tuple[Message, ...]) -> list[str]:
    return [message.text for message in history]


TEXT = st.text()  # lone surrogates included
JSON: st.SearchStrategy[JsonValue] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner),
    max_leaves=6,
)
IMAGES = st.lists(st.builds(Image, media_type=TEXT, data=TEXT), max_size=2).map(tuple)
CALLS = st.builds(ToolCall, id=TEXT, name=TEXT, arguments=st.dictionaries(TEXT, JSON, max_size=3))
MESSAGES: st.SearchStrategy[Message] = (
    st.builds(UserMessage, text=TEXT, images=IMAGES)
    | st.builds(AssistantMessage, text=TEXT, thinking=TEXT, calls=st.lists(CALLS, max_size=3).map(tuple))
    | st.builds(ToolMessage, call_id=TEXT, name=TEXT, text=TEXT, images=IMAGES)
)
