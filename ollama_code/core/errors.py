"""Every error the product raises on purpose.

    OllamaCodeError              exit code 1
    |- UsageError                exit code 2: a flag, a value or a settings file a person can mend
    |  `- ModelUnclear           several models could be meant
    |- SessionError              a journal that cannot be opened, read or continued
    |- ProviderError             a model call that failed
    |  |- ServerUnreachable      nobody answers at the address
    |  |- ServerBusy             the queue of the server is full
    |  |- ModelMissing           the model is not installed
    |  |- ModelUnfit             the model cannot do what was asked: tools, thinking, chat
    |  |- ModelLoadFailed        the server could not load or run the model
    |  |- ContextOverflow        the prompt is longer than the window
    |  |- SignInNeeded           a cloud model without an account
    |  |- ReplyBroken            the server could not read what the model wrote
    |  |- StreamCut              the answer stopped in the middle
    |  `- RequestRejected        any other refusal
    `- ToolError                 an expected failure of a tool, told to the model

The message says what was tried, on what, and what to do next. `hint` adds what only the person needs."""

from __future__ import annotations

from ollama_code.core.error_type import ErrorType


class OllamaCodeError(Exception):
    """`str(error)` is one or more full sentences for a person."""

    exit_code = 1

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint

    @property
    def sentence(self) -> str:
        return f"{self} {self.hint}".rstrip()


class UsageError(OllamaCodeError):
    exit_code = 2


class ModelUnclear(UsageError):
    """Several models could be meant and none was named. `names` are the candidates."""

    def __init__(self, message: str, names: tuple[str, ...]) -> None:
        super().__init__(message)
        self.names = names


class SessionError(OllamaCodeError):
    pass


class ProviderError(OllamaCodeError):
    """`retries` is how often the same request may help when made again."""

    retries = 0


class ServerUnreachable(ProviderError):
    pass


class ServerBusy(ProviderError):
    retries = 5


class ModelMissing(ProviderError):
    pass


class ModelUnfit(ProviderError):
    """`lacks_thinking`, `lacks_tools`: the same request without them may be taken."""

    def __init__(
        self, message: str, *, lacks_thinking: bool = False, lacks_tools: bool = False, hint: str = ""
    ) -> None:
        super().__init__(message, hint=hint)
        self.lacks_thinking = lacks_thinking
        self.lacks_tools = lacks_tools


class ModelLoadFailed(ProviderError):
    pass


class ContextOverflow(ProviderError):
    """`prompt_tokens` and `num_ctx` are the server's own numbers, 0 when it gave none."""

    def __init__(self, message: str, *, prompt_tokens: int = 0, num_ctx: int = 0, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.prompt_tokens = prompt_tokens
        self.num_ctx = num_ctx


class SignInNeeded(ProviderError):
    pass


class ReplyBroken(ProviderError):
    """`said` are the words, uncut, of a server that could not read what the model wrote; empty when it is the server
    that cannot be read. `status` is the HTTP status, `midstream` says that an answer had begun."""

    retries = 2

    def __init__(
        self, message: str, *, said: str = "", status: int = 200, midstream: bool = False, hint: str = ""
    ) -> None:
        super().__init__(message, hint=hint)
        self.said = said
        self.status = status
        self.midstream = midstream


class StreamCut(ProviderError):
    retries = 1


class RequestRejected(ProviderError):
    pass


class ToolError(OllamaCodeError):
    """Raised inside a tool; `agent/execute.py` alone turns it into a `ToolResult`. The message is for the
    model: what was tried and the next step to try."""

    def __init__(self, message: str, type: ErrorType = ErrorType.FAILED, *, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.type = type
