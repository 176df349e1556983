from __future__ import annotations

from tests.ollama_server import OllamaServer, Reply


async def test_a_click_on_a_link_copies_where_it_leads(stage, monkeypatch):
    with OllamaServer() as server:
        monkeypatch.setenv("OLLAMA_HOST", server.url)
        server.play(Reply(text="see [notes](docs/n.md) now"))
        async with stage.playing() as play:
            await play.open()
            await play.say("where")
            await play.until(lambda: "see notes" in play.text)
            y = next(n for n, row in enumerate(play.text.splitlines()) if "see notes" in row)
            await play.pilot.click(play.room.transcript, offset=(6, y))
            await play.until(lambda: play.app.clipboard == "docs/n.md")
            assert "copied" in play.status
