"""`POST /api/chat`: from the bound request and the script's next item to the lines on the wire."""

import asyncio
import json
import time
from dataclasses import dataclass, field
from typing import assert_never

from tests.wire.answer import JSON, Answer, LineAnswer, Piece, WholeAnswer, now_text
from tests.wire.engine import Engine, fit_prompt
from tests.wire.golang import dump_json
from tests.wire.http import Exchange, Recorded
from tests.wire.model import Model
from tests.wire.parser import ParseError, Step
from tests.wire.request import ChatRequest, EngineRefusal, Refused, bind_chat, check_format, check_options
from tests.wire.script import Call, Cut, Drop, EngineError, ErrorLine, Fault, Item, Payload, Reply
from tests.wire.state import State
from tests.wire.syntax import render
from tests.wire.voice import RepeatedToken, steps

READ_NS, WRITE_NS, LOAD_NS = 5_000_000, 10_000_000, 20_000_000
LAUNCH_NS = 1_000_000_000
"""What the engine claims to need: for a token read, a token written, and at least for a load."""


async def chat(state: State, recorded: Recorded, exchange: Exchange) -> None:
    """Raises: Refused for what the server refuses before the engine is asked."""
    request = bind_chat(recorded.body)
    model = state.model(request.model)
    if not request.messages and request.keep_alive_s == 0:
        state.engines.unload(model)
        await _answer_empty(request, exchange, "unload")
        return
    thinking = _wants_thinking(model, request)
    check_options(request.options)
    asks_model = bool(request.messages) and not request.render_only
    item = state.next_item(request) if asks_model else None
    started_ns = time.monotonic_ns()
    async with state.engines.held(model, request) as (engine, launched):
        if item is not None:
            load_ns = LOAD_NS + (LAUNCH_NS + time.monotonic_ns() - started_ns if launched else 0)
            turn = _Turn(state, model, request, engine, exchange, thinking, load_ns)
            await turn.play(item)
        elif request.messages:
            await _answer_rendered(model, request, exchange, thinking=thinking)
        else:
            await _answer_empty(request, exchange, "load")


def _wants_thinking(model: Model, request: ChatRequest) -> bool:
    """Raises: Refused(400) for what the model cannot do."""
    if "completion" not in model.capabilities:
        raise Refused(400, f'"{request.model}" does not support chat')
    if request.tools and ("tools" not in model.capabilities or model.refuses_tools):
        raise Refused(400, f"registry.ollama.ai/library/{model.full_name} does not support tools")
    if "thinking" in model.capabilities:
        return request.think is not False
    if request.think:
        raise Refused(400, f'"{request.model}" does not support thinking')
    return False


async def _answer_empty(request: ChatRequest, exchange: Exchange, reason: str) -> None:
    body = {"model": request.model, "created_at": now_text(), "message": Piece().message()}
    await exchange.answer(200, JSON, dump_json(body | {"done": True, "done_reason": reason}))


async def _answer_rendered(model: Model, request: ChatRequest, exchange: Exchange, *, thinking: bool) -> None:
    info: dict[str, object] = {
        "rendered_template": render(model, request, request.messages, thinking=thinking)
    }
    if images := sum(message.images for message in request.messages):
        info["image_count"] = images
    message = {"role": "", "content": ""}
    body = {
        "model": request.model,
        "created_at": now_text(),
        "message": message,
        "done": False,
        "_debug_info": info,
    }
    await exchange.answer(200, JSON, dump_json(body))


@dataclass
class _Turn:
    """One prompt read and one reply spoken."""

    state: State
    model: Model
    request: ChatRequest
    engine: Engine
    exchange: Exchange
    thinking: bool
    load_ns: int
    _spoken: list[str] = field(default_factory=list)
    _late_calls: list[dict[str, object]] = field(default_factory=list)
    _calls: int = 0
    _held: bool = False

    async def play(self, item: Item) -> None:
        """Answers with this item of the script."""
        reply, ending = (item.before, item.ending) if isinstance(item, Fault) else (item, None)
        answer: Answer = (LineAnswer if self.request.stream else WholeAnswer)(self.exchange, self.request)
        try:
            check_format(self.request.format)
            match ending:
                case Payload():
                    await self._pause(reply, 0)
                    await self.exchange.answer(ending.status, ending.content_type, ending.body)
                    return
                case EngineError():
                    raise EngineRefusal(ending.status, json.dumps(dict(ending.body)))
            fitted = fit_prompt(self.engine, self.request, self.model, thinking=self.thinking)
            self.state.cut.append(fitted.is_cut)
            prompt = fitted.tokens
            new_tokens = await self._read(prompt, reply)
            await self._speak(reply, answer, self._limit(prompt))
        except (EngineRefusal, ParseError) as error:
            await answer.error(error.status if isinstance(error, EngineRefusal) else 500, str(error))
        except RepeatedToken:
            await answer.end()
        except _Full:
            await answer.done(self._last(), self._closing(reply, len(prompt), new_tokens, "length"))
        else:
            await self._finish(ending, answer, self._closing(reply, len(prompt), new_tokens, "stop"))

    async def _read(self, prompt: list[str], reply: Reply) -> int:
        """The prefill. Returns how many tokens were new; an interrupted one keeps what it had read."""
        new_tokens = self.engine.new_tokens(prompt)
        needed_s = reply.pace.prefill_s + new_tokens * self.model.read_token_s
        started = time.monotonic()
        try:
            await asyncio.sleep(needed_s)
        except asyncio.CancelledError:
            done = min((time.monotonic() - started) / needed_s, 1.0) if needed_s else 0.0
            self.engine.kept = prompt[: len(prompt) - new_tokens + int(new_tokens * done)]
            raise
        self.engine.kept = prompt
        self.state.read_tokens.append(new_tokens)
        return new_tokens

    def _limit(self, prompt: list[str]) -> int | None:
        """How many tokens may be written; None = as many as there are. With `shift` the window never ends."""
        num_predict = self.request.option("num_predict") or 0
        limits = [num_predict] if num_predict > 0 else []
        if not self.request.shift:
            limits.append(max(self.engine.num_ctx - len(prompt), 0))
        return min(limits, default=None)

    async def _speak(self, reply: Reply, answer: Answer, limit: int | None) -> None:
        """Raises: _Full at the limit, ParseError, RepeatedToken."""
        try:
            for step in steps(reply, self.model.family, self.request, thinking=self.thinking):
                if len(self._spoken) == limit:
                    raise _Full
                await self._pause(reply, len(self._spoken))
                if reply.pace.token_s or step.content or step.thinking:
                    # Also with 0: whatever the client sees next, it can leave before.
                    await asyncio.sleep(reply.pace.token_s)
                self._spoken.append(step.token)
                await self._show(step, reply, answer)
            await self._pause(reply, reply.pace.hold_after)
        finally:
            self.engine.kept = self.engine.kept + self._spoken

    async def _show(self, step: Step, reply: Reply, answer: Answer) -> None:
        is_native = self.model.family == "native"
        calls = [self._wire_call(call) for call in step.calls]
        if is_native or reply.calls_on_done:
            self._late_calls += calls
            calls = []
        is_empty = not (step.content or step.thinking or calls)
        tap = self.request.logprobs and self.model.shows_tokens and not (is_native and is_empty)
        if tap or not is_empty:
            await answer.add(Piece(step.content, step.thinking, calls, [step.token] if tap else ()))

    async def _pause(self, reply: Reply, spoken: int) -> None:
        gate = reply.pace.hold
        if gate is not None and not self._held and spoken == reply.pace.hold_after:
            self._held = True
            await gate.passed()

    async def _finish(
        self, ending: Cut | Drop | ErrorLine | None, answer: Answer, closing: dict[str, object]
    ) -> None:
        match ending:
            case None:
                await answer.done(self._last(), closing)
            case Cut():
                await answer.end()
            case Drop():
                self.exchange.drop()
            case ErrorLine():
                if ending.engine_dies:
                    self.state.engines.unload(self.model)
                await answer.error(500, ending.text)
            case _:
                assert_never(ending)

    def _last(self) -> Piece:
        return Piece(calls=self._late_calls)

    def _closing(self, reply: Reply, prompt_tokens: int, new_tokens: int, reason: str) -> dict[str, object]:
        written = reply.eval_tokens if reply.eval_tokens is not None else len(self._spoken)
        read_ns, write_ns = new_tokens * READ_NS, written * WRITE_NS
        closing: dict[str, object] = {
            "done_reason": reply.done_reason or reason,
            "total_duration": self.load_ns + read_ns + write_ns,
            "load_duration": self.load_ns,
            "prompt_eval_count": reply.prompt_tokens if reply.prompt_tokens is not None else prompt_tokens,
            "prompt_eval_duration": read_ns,
            "eval_count": written,
            "eval_duration": write_ns,
        }
        return {name: value for name, value in closing.items() if value}

    def _wire_call(self, call: Call) -> dict[str, object]:
        function = {"index": self._calls, "name": call.name, "arguments": dict(call.arguments)}
        self._calls += 1
        return {"id": call.id or self.state.new_call_id(), "function": function}


class _Full(Exception):
    """The reply has more tokens than it may have."""
