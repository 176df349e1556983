"""Every way in which an Ollama server refuses or breaks off, each with the sentence that a person sees."""

from __future__ import annotations

from dataclasses import dataclass

import httpx
import pytest

from tests.e2e.program import NOWHERE, Program, RunInside
from tests.ollama_server import Call, Fault, OllamaServer, Reply

OVERFLOW = {
    "error": {
        "code": 400,
        "message": "request (5024 tokens) exceeds the available context size (4096 tokens), try increasing it",
        "type": "exceed_context_size_error",
        "n_prompt_tokens": 5024,
        "n_ctx": 4096,
    }
}
SIGN_IN = b'{"error":"unauthorized","signin_url":"https://ollama.com/connect?key=1"}'
JSON, HTML = "application/json", "text/html"
LOAD = "Choose a smaller window with --num-ctx"
REPORT = "That is a fault of ollama-code: please report it"


@dataclass(frozen=True)
class Row:
    """What the server does each time it is asked, how often it is asked, and parts of what stderr says."""

    name: str
    fault: Fault
    asked: int
    says: tuple[str, ...]


ROWS = (
    Row("no body", Fault.status(400, "missing request body"), 1, ("missing request body", REPORT)),
    Row("no model", Fault.status(400, "model is required"), 1, ("model is required", REPORT)),
    Row("bad name", Fault.status(400, "invalid model name"), 1, ("invalid model name", REPORT)),
    Row(
        "bad types",
        Fault.status(
            400, "json: cannot unmarshal string into Go struct field ChatRequest.tools of type api.Tools"
        ),
        1,
        ("cannot unmarshal string", REPORT),
    ),
    Row(
        "no tools",
        Fault.status(400, "registry.ollama.ai/library/tiny:latest does not support tools"),
        2,
        ('The model "tiny:latest" cannot call tools. Choose one that can with --model NAME',),
    ),
    Row(
        "no thinking, ever",
        Fault.status(400, '"tiny:latest" does not support thinking'),
        2,
        ('The model "tiny:latest" cannot think.',),
    ),
    Row(
        "an embedding model",
        Fault.status(400, '"tiny:latest" does not support chat'),
        1,
        ("cannot chat: maybe it makes embeddings. Choose another with --model NAME",),
    ),
    Row(
        "too long, with numbers",
        Fault.engine_error(400, OVERFLOW),
        3,
        (
            "context window has 4,096 tokens, not the 8,192",
            "Start a new session with a smaller one (--num-ctx)",
        ),
    ),
    Row(
        "too long, in words",
        Fault.status(
            400, "the prompt is longer than the context length currently available to the model; shorten"
        ),
        2,
        ("did not fit the context window", "--num-ctx"),
    ),
    Row(
        "too long, an old engine",
        Fault.status(400, "the input length exceeds the context length"),
        2,
        ("did not fit the context window", "--num-ctx"),
    ),
    Row(
        "no account",
        Fault.payload(401, SIGN_IN, JSON),
        1,
        ("Sign in at https://ollama.com/connect?key=1, then ask again.",),
    ),
    Row(
        "a plan used up",
        Fault.status(429, "you have reached your weekly usage limit"),
        1,
        ("weekly usage limit", "Wait until that is over, or choose a local model with --model"),
    ),
    Row(
        "no cloud",
        Fault.status(403, "ollama cloud is disabled: remote model"),
        1,
        ("does not use the cloud", "Choose a local model with --model"),
    ),
    Row(
        "a foreign host name",
        Fault.payload(403, b"", None),
        1,
        ("use 127.0.0.1, or open it with OLLAMA_HOST",),
    ),
    Row(
        "not installed",
        Fault.status(404, "model 'tiny:latest' not found"),
        1,
        ('Install it with "ollama pull tiny:latest"',),
    ),
    Row(
        "not installed any more",
        Fault.status(404, 'model "tiny:latest" not found, try pulling it first'),
        1,
        ('Install it with "ollama pull tiny:latest"',),
    ),
    Row("given up", Fault.status(499, "request canceled"), 2, ("gave up the request, as if nobody waited",)),
    Row(
        "no user message",
        Fault.status(500, "no user query found in messages"),
        1,
        ("Its template wants a message of yours", "say in a sentence what to do next"),
    ),
    Row(
        "a call that cannot be read",
        Fault.status(500, "error parsing tool call: raw='{', err=unexpected end of JSON input"),
        3,
        ("error parsing tool call", "the third answer that came to nothing"),
    ),
    Row("as bare as can be", Fault.error_line("EOF", "Half"), 3, ('The server said: "EOF".',)),
    Row(
        "no memory on the card",
        Fault.status(
            500, "llama-server process has terminated: exit status 1: cudaMalloc failed: out of memory"
        ),
        1,
        ("could not load or run", "cudaMalloc failed", LOAD),
    ),
    Row(
        "no memory",
        Fault.status(500, "model requires more system memory (19.9 GiB) than is available (8.0 GiB)"),
        1,
        ("19.9 GiB", LOAD),
    ),
    Row("a load that stalls", Fault.status(500, "timed out waiting for llama runner to start"), 1, (LOAD,)),
    Row(
        "a model too new",
        Fault.status(500, "this model may be incompatible with your version of Ollama."),
        1,
        ("Update Ollama", "ollama pull tiny:latest"),
    ),
    Row(
        "an option of another type",
        Fault.status(500, 'option "num_ctx" must be of type integer'),
        1,
        ("must be of type integer", "The same request will be refused again"),
    ),
    Row(
        "a broken template",
        Fault.status(500, "template error: template: :3: unexpected"),
        1,
        ("template error",),
    ),
    Row(
        "an engine that crashes",
        Fault.error_line("an error was encountered while running the model: CUDA error", "Half"),
        2,
        ("stopped while it ran", "CUDA error", "log of the Ollama server"),
    ),
    Row(
        "an engine that is gone",
        Fault.error_line(
            "model runner has unexpectedly stopped, this may be due to resource limitations", "Half"
        ),
        2,
        ("stopped while it ran", "resource limitations"),
    ),
    Row(
        "an end without done",
        Fault.cut("Half"),
        2,
        ("stopped in the middle (it ended without its last line)",),
    ),
    Row("a lost connection", Fault.drop("Half"), 2, ("stopped in the middle",)),
    Row("not Ollama", Fault.payload(200, b"<html>Welcome</html>", HTML), 1, ("is not Ollama",)),
    Row(
        "another path",
        Fault.payload(404, b"404 page not found", "text/plain"),
        1,
        ("does not answer like Ollama",),
    ),
)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_what_the_server_says_becomes_a_sentence(server: OllamaServer, run: RunInside, row: Row) -> None:
    server.play(*[row.fault] * 8)
    ran = run("-p", "hi", "--num-ctx", "8192")
    assert ran.code == 1
    assert [part for part in row.says if part not in ran.err] == [], ran.err
    assert "Traceback" not in ran.err and len(server.chats) == row.asked


def test_nobody_at_the_address(program: Program, run: RunInside) -> None:
    ran = run("-p", "hi", "--ollama-url", NOWHERE)
    assert ran.code == 1
    assert f"Nobody answers at {NOWHERE}" in ran.err and "ollama serve" in ran.err


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        (Fault.busy(), "has too much to do"),
        (Fault.payload(429, b'{"error":"rate limit exceeded"}', JSON), "has too much to do"),
        (Fault.payload(502, b"<html>Bad Gateway</html>", HTML), "what stands behind it does not"),
        (Fault.cut("Half"), "stopped in the middle"),
        (Fault.status(499, "request canceled"), "gave up the request"),
    ],
    ids=["busy", "rate", "a proxy alone", "cut", "given up"],
)
def test_what_may_pass_is_asked_again_and_said(
    server: OllamaServer, run: RunInside, fault: Fault, says: str
) -> None:
    server.play(fault, Reply(text="Now."))
    ran = run("-p", "hi")
    assert (ran.code, ran.out) == (0, "Now.\n")
    assert says in ran.err and "Trying again." in ran.err


def test_thinking_that_is_refused_is_dropped_without_a_word_and_stays_dropped(
    server: OllamaServer, run: RunInside
) -> None:
    server.add_model("tiny", capabilities=("completion", "tools", "thinking"))
    server.play(Fault.status(400, '"tiny:latest" does not support thinking'))
    server.play(Reply(text="One."), Reply(text="Two."))
    first, second = run("-p", "hi"), run("-p", "hi")
    assert (first.code, first.out, first.err, second.out) == (0, "One.\n", "", "Two.\n")
    assert [chat.json()["think"] for chat in server.chats] == [True, False, False]


def test_a_window_that_stopped_fitting_is_measured_anew(server: OllamaServer, run: RunInside) -> None:
    server.play(Reply(text="One."))
    run("-p", "hi")
    server.add_model("tiny", fits_num_ctx=10_000)
    httpx.post(f"{server.url}/api/chat", json={"model": "tiny", "keep_alive": 0})
    server.play(Reply(text="Lost with the load."), Reply(text="Two."))
    failed, again = run("-p", "hi"), run("-p", "hi")
    assert failed.code == 1 and LOAD in failed.err
    assert (again.code, again.out) == (0, "Two.\n")
    assert [chat.json()["options"]["num_ctx"] for chat in server.chats] == [32768, 32768, 8192]


def test_what_was_written_before_a_fault_is_kept(
    server: OllamaServer, program: Program, run: RunInside
) -> None:
    call = Call("run_shell_command", {"command": "touch made"})
    server.play(*[Fault.engine_dies(Reply(text="I will.", calls=(call,)))] * 2)
    assert run("-p", "hi", "--yolo").code == 1
    assert "I will." in program.journals()[0].read_text()
    assert not (program.project / "made").exists()
