"""What is taken out of text that is kept, and what stays readable."""

from __future__ import annotations

import pytest

from ollama_code.core.redact import HIDDEN, Redactor

TOKEN = "Zm9vYmFyYmF6cXV4"


@pytest.mark.parametrize(
    "text",
    [
        f"ghp_{TOKEN}AB",
        f"github_pat_{TOKEN}",
        "AKIAABCDEFGHIJKLMNOP",
        f"AIza{TOKEN}{TOKEN}",
        f"xoxb-{TOKEN}",
        f"sk-{TOKEN}",
        f"eyJhbGciOiJIUzI1NiJ9.{TOKEN}.{TOKEN}",
        f"git clone https://me:{TOKEN}@host/x.git",
        f"curl -H 'Authorization: Bearer {TOKEN}'",
        f"export API_KEY={TOKEN}",
        f'{{"password": "{TOKEN} and more words"}}',
        f'{{"command": "curl -H \\"x-api-key: {TOKEN}\\""}}',
        f"-----BEGIN OPENSSH PRIVATE KEY-----\n{TOKEN}\n-----END OPENSSH PRIVATE KEY-----",
        f"-----BEGIN RSA PRIVATE KEY-----\n{TOKEN}",
    ],
)
def test_a_secret_of_a_known_form_is_hidden(text: str):
    told = Redactor()(text)
    assert TOKEN not in told and "more words" not in told
    assert HIDDEN in told


@pytest.mark.parametrize(
    "text",
    [
        "max_tokens: 8192",
        "https://example.org/a@b",
        "git log --author=ada",
        "task-skip",
        "the tokenizer reads",
    ],
)
def test_other_text_stays(text: str):
    assert Redactor()(text) == text


def test_a_known_value_is_hidden_whatever_it_looks_like():
    assert Redactor(["correct horse", "abc"])("say correct horse, abc") == f"say {HIDDEN}, abc"
