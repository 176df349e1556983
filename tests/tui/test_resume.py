"""What a continued session shows of what was said before."""

from __future__ import annotations

from ollama_code.bootstrap.options import Options
from tests.ollama_server import Call, OllamaServer, Reply


async def test_a_continued_session_shows_the_words_of_the_person_and_not_what_stood_around_them(
    stage, monkeypatch
):
    with OllamaServer() as server:
        monkeypatch.setenv("OLLAMA_HOST", server.url)
        server.play(Reply(text="Hello to you."))
        async with stage.playing() as play:
            await play.open()
            await play.say("hello there")
        async with stage.playing(Options(resume=True)) as play:
            await play.open()
            await play.until(lambda: "Hello to you." in play.text)
            assert "❯ hello there" in play.text and "surroundings" not in play.text


async def test_a_call_that_failed_is_still_a_failed_one_when_the_session_goes_on(stage, monkeypatch):
    with OllamaServer() as server:
        monkeypatch.setenv("OLLAMA_HOST", server.url)
        server.play(
            Reply(calls=(Call("read_file", {"path": "missing.txt"}),)), Reply(text="There is no such file.")
        )
        async with stage.playing() as play:
            await play.open()
            await play.say("read it")
            assert "failed" in play.text
        async with stage.playing(Options(resume=True)) as play:
            await play.open()
            await play.until(lambda: "✗ read_file missing.txt  failed" in play.text)


async def test_what_came_over_from_another_model_is_still_there_when_the_session_goes_on(stage, monkeypatch):
    todo = {"id": "1", "content": "Find the file", "status": "in_progress"}
    with OllamaServer() as server:
        monkeypatch.setenv("OLLAMA_HOST", server.url)
        server.add_model("other:latest")
        server.play(
            Reply(calls=(Call("todo_write", {"todos": [todo]}), Call("read_file", {"path": "missing.txt"}))),
            Reply(text="There is no such file."),
        )
        async with stage.playing(Options(model="tiny:latest")) as play:
            await play.open()
            await play.say("read it")
            await play.say("/model other:latest")
            await play.until(lambda: "other:latest" in play.status)
            assert "Find the file" in play.screen and "tok/s" not in play.status
        async with stage.playing(Options(resume=True)) as play:
            await play.open()
            await play.until(lambda: "✗ read_file missing.txt  failed" in play.text)
            assert "other:latest" in play.status and "> Find the file" in play.screen
