"""What this session knows of its model, and learns of it while it works."""

from __future__ import annotations

from collections.abc import Callable

from ollama_code.agent.tap_cost import TapCost
from ollama_code.core.errors import ModelLoadFailed, ModelUnfit, ProviderError
from ollama_code.core.profile import ModelProfile
from ollama_code.core.usage import Usage
from ollama_code.ports import ChatRequest, LoadedModel


def _forget(profile: ModelProfile) -> None:
    """Where nothing is kept: a script, a proxy, a test."""


class Known:
    """Holds the profile of the session's model. `keep` writes what was learned where the next session finds it; it
    never raises and never waits."""

    def __init__(
        self, profile: ModelProfile | None = None, keep: Callable[[ModelProfile], None] = _forget
    ) -> None:
        self.profile = profile or ModelProfile()
        self.held: dict[str, int] = {}
        """By agent: tokens of its prompt that the engine has read, about."""
        self.loaded: LoadedModel | None = None
        """The model as it lay in memory when that was last seen."""
        self.window = self.profile.given or 0
        """Tokens of the window that the server turned out to have, where it is smaller than the one asked for."""
        self._keep = keep
        self._tap_cost = TapCost()

    def learn(self, profile: ModelProfile) -> None:
        if profile != self.profile:
            self.profile = profile
            self._keep(profile)

    def shrink(self, window: int) -> None:
        """The server turned out to have a window of so many tokens, and no more."""
        self._go_by(min(self.window or window, window))

    def see(self, loaded: LoadedModel, num_ctx: int) -> None:
        """The model lies in memory so, after `num_ctx` tokens were asked for: the server may give fewer, or more than
        it once gave."""
        self.loaded = loaded
        if 0 < loaded.context_length < num_ctx:
            self._go_by(loaded.context_length)
        elif loaded.context_length > self.window:
            self._go_by(0)

    def _go_by(self, window: int) -> None:
        self.window = window
        self.learn(self.profile.model_copy(update={"given": window or None}))

    def learns_from(self, error: ProviderError) -> bool:
        """Remember what `error` shows to be wrong; whether the same request may go well now, without it."""
        profile = self.profile
        if isinstance(error, ModelLoadFailed) and profile.fit:
            self.learn(profile.model_copy(update={"fit": None}))
        if isinstance(error, ModelUnfit) and error.lacks_thinking and profile.thinks is not False:
            self.learn(profile.model_copy(update={"thinks": False}))
            return True
        if isinstance(error, ModelUnfit) and error.lacks_tools and profile.calls is not False:
            self.learn(profile.model_copy(update={"calls": False}))
            return True
        if "logprob" in str(error).lower() and profile.taps is not False:
            self.learn(profile.model_copy(update={"taps": False}))
            return True
        return False

    def weigh_tap(self, request: ChatRequest, usage: Usage) -> None:
        """An answer to `request` is complete: perhaps it shows what the raw tap costs."""
        if request.format is None and self.profile.taps is None:
            worth = self._tap_cost.note(usage, tapped=request.tap)
            if worth is not None:
                self.learn(self.profile.model_copy(update={"taps": worth}))

    def pin(self, num_ctx: int | None) -> None:
        """The window that the person wants for this model from the next session on; `None` measures it again."""
        fit = self.profile.fit if num_ctx else None
        self.learn(self.profile.model_copy(update={"pinned": num_ctx, "fit": fit, "given": None}))
