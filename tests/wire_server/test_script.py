"""Scripts, families of models, and faults: what a test asks the server to say."""

import httpx
import pytest

from tests.ollama_server import Call, Fault, Model, OllamaServer, Reply
from tests.wire_server.asking import READ, USER, calls, chat, spoken

THINKER = Model("thinker:latest", capabilities=("completion", "tools", "thinking"))


class TestScript:
    def test_items_are_played_in_order(self, server: OllamaServer) -> None:
        server.play(Reply("one"), Reply("two"))
        assert [spoken(chat(server)), spoken(chat(server))] == ["one", "two"]

    def test_exhausted_script_is_a_loud_error(self, server: OllamaServer) -> None:
        [line] = chat(server)
        assert "the test script is exhausted" in line["error"]

    def test_warmup_load_and_refused_requests_leave_the_script_alone(self, server: OllamaServer) -> None:
        server.play(Reply("kept"))
        warmup = chat(server, options={"num_predict": 1})
        httpx.post(f"{server.url}/api/chat", json={"model": "tiny", "messages": []})
        chat(server, model="missing")
        assert (warmup[-1]["done_reason"], server.unplayed, spoken(chat(server))) == ("length", 1, "kept")

    def test_warmups_can_be_scripted_too(self) -> None:
        with OllamaServer(script_warmups=True) as server:
            server.play(Reply("first second"))
            lines = chat(server, options={"num_predict": 1})
        assert (spoken(lines), lines[-1]["done_reason"]) == ("first", "length")

    def test_structured_reply_arrives_to_the_letter(self, server: OllamaServer) -> None:
        text = " two  blanks\r\n\n" + "-" * 80 + "\n"
        arguments = {"content": "a\r\n\x1b<T=int>", "count": 3, "none": "null", "nested": {"a": [1, None]}}
        server.play(Reply(text, calls=(Call("write_file", arguments), READ)))
        lines = chat(server)
        assert spoken(lines) == text
        assert [call["arguments"] for call in calls(lines)] == [arguments, {"absolute_path": "/a"}]
        assert [call["index"] for call in calls(lines)] == [0, 1]

    def test_calls_can_come_on_the_done_line(self, server: OllamaServer) -> None:
        server.play(Reply("Looking.", calls=(READ,), calls_on_done=True))
        *front, last = chat(server)
        assert (calls(front), [call["name"] for call in calls([last])]) == ([], ["read_file"])

    def test_prompt_and_reply_counts_can_be_given(self, server: OllamaServer) -> None:
        server.play(Reply("x", prompt_tokens=2050, eval_tokens=7, done_reason="length"))
        last = chat(server)[-1]
        assert (last["prompt_eval_count"], last["eval_count"], last["done_reason"]) == (2050, 7, "length")

    def test_raw_tap_shows_the_call_as_the_model_wrote_it(self, server: OllamaServer) -> None:
        server.play(Reply("Go", calls=(READ,)))
        lines = chat(server, logprobs=True)
        raw = bytes(
            b for line in lines for entry in line.get("logprobs", []) for b in entry["bytes"]
        ).decode()
        assert raw == (
            "Go\n<tool_call>\n<function=read_file>\n<parameter=absolute_path>\n/a\n</parameter>\n</function>\n"
            "</tool_call>"
        )


class TestFamilies:
    def test_thinking_comes_before_text(self) -> None:
        with OllamaServer(models=[THINKER]) as server:
            server.play(Reply("Yes.", thinking="Hm, so."))
            lines = chat(server)
        assert (spoken(lines, "thinking"), spoken(lines)) == ("Hm, so.", "Yes.")

    def test_json_calls_are_read_also_within_thinking(self) -> None:
        with OllamaServer(models=[Model("q3", THINKER.capabilities, parser="qwen3")]) as server:
            server.play(
                Reply(raw='Hm <tool_call>\n{"name": "glob", "arguments": {"pattern": "*"}}\n</tool_call>')
            )
            lines = chat(server)
        assert calls(lines) == [{"index": 0, "name": "glob", "arguments": {"pattern": "*"}}]

    @pytest.mark.parametrize(
        ("call", "error"),
        [
            ('{"name": "x", ', "failed to parse JSON: unexpected end of JSON input"),
            ('{"arguments": {}}', "empty function name"),
        ],
    )
    def test_broken_json_call_is_a_500(self, call: str, error: str) -> None:
        with OllamaServer(models=[Model("q3", parser="qwen3")]) as server:
            server.play(Reply(raw=f"<tool_call>{call}</tool_call>"))
            assert chat(server) == [{"error": error}]

    def test_native_calls_are_late_and_hidden_from_the_tap(self) -> None:
        with OllamaServer(models=[Model("hf", parser="native")]) as server:
            server.play(Reply("Go", calls=(READ,)))
            first, last = chat(server, logprobs=True)
        assert ([entry["token"] for entry in first["logprobs"]], "logprobs" in last) == (["Go"], False)
        assert [call["name"] for call in calls([last])] == ["read_file"]

    def test_plain_model_shows_its_text_as_it_is(self) -> None:
        with OllamaServer(models=[Model("plain", ("completion",))]) as server:
            server.play(Reply(raw="<tool_call>{}</tool_call> \n"))
            assert spoken(chat(server)) == "<tool_call>{}</tool_call> \n"

    @pytest.mark.parametrize(
        ("written", "kind", "arrives"),
        [
            ("a\r\nb\rc", "string", "a\nb\nc"),
            ("x <T=int> y", "string", 'x <T name="int"> y'),
            ("a<parameter=b>gone</parameter>c", "string", "ac"),
            ("null", "string", None),
            ("maybe", "boolean", False),
            ("12", "integer", 12),
            ('{"a": 1}', "object", {"a": 1}),
        ],
    )
    def test_xml_reading_changes_values_as_the_real_one_does(
        self, server: OllamaServer, written: str, kind: str, arrives: object
    ) -> None:
        call = f"<tool_call>\n<function=f>\n<parameter=v>\n{written}\n</parameter>\n</function>\n</tool_call>"
        schema = {"type": "object", "properties": {"v": {"type": kind}}}
        server.play(Reply(raw=call))
        lines = chat(server, tools=[{"type": "function", "function": {"name": "f", "parameters": schema}}])
        assert calls(lines)[0]["arguments"] == {"v": arrives}

    @pytest.mark.parametrize(
        ("call", "error"),
        [
            (
                "<function=f>\n<parameter=v>\nx\n</function>",
                "line 4: element <parameter> closed by </function>",
            ),
            ("<function=f>\n<parameter=v>\n\x1b\n", "line 3: illegal character code U+001B"),
            ("{}", "EOF"),
        ],
    )
    def test_broken_xml_call_says_what_go_says(self, server: OllamaServer, call: str, error: str) -> None:
        server.play(Reply(raw=f"<tool_call>\n{call}\n</tool_call>"))
        assert chat(server)[0]["error"].endswith(error)


class TestFaults:
    def test_cut_ends_without_done_and_with_http_intact(self, server: OllamaServer) -> None:
        server.play(Fault.cut(after="Hel"))
        assert [line["done"] for line in chat(server)] == [False]

    def test_drop_breaks_the_http_framing(self, server: OllamaServer) -> None:
        server.play(Fault.drop(after="Hel"))
        with pytest.raises(httpx.RemoteProtocolError):
            chat(server)

    def test_drop_before_anything_leaves_no_answer(self, server: OllamaServer) -> None:
        server.play(Fault.drop())
        with pytest.raises(httpx.RemoteProtocolError):
            chat(server)

    def test_error_line_first_is_a_500(self, server: OllamaServer) -> None:
        server.play(Fault.error_line("boom"))
        answer = httpx.post(f"{server.url}/api/chat", json={"model": "tiny", "messages": [USER]})
        assert (answer.status_code, answer.json()) == (500, {"error": "boom"})

    def test_status_and_payload_are_sent_as_given(self, server: OllamaServer) -> None:
        server.play(Fault.busy(), Fault.payload(502, b"<html>bad gateway", "text/html"))
        answers = [
            httpx.post(f"{server.url}/api/chat", json={"model": "tiny", "messages": [USER]}) for _ in "12"
        ]
        assert [answer.status_code for answer in answers] == [503, 502]
        assert answers[1].content == b"<html>bad gateway"

    def test_dead_engine_is_launched_again(self, server: OllamaServer) -> None:
        server.play(Fault.engine_dies(after="Hel"), Reply("back"))
        assert "unexpected EOF" in chat(server)[-1]["error"]
        assert (spoken(chat(server)), server.loads) == ("back", 2)
