"""What is taken out of text that is kept, and what stays readable."""

from __future__ import annotations

import json

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
    told = Redactor().likely(text)
    assert TOKEN not in told and "more words" not in told
    assert HIDDEN in told


@pytest.mark.parametrize(
    "text",
    [
        f"ghp_{TOKEN}AB",
        json.dumps(f"first\nghp_{TOKEN}AB"),
        f"sk-{TOKEN}",
        f"eyJhbGciOiJIUzI1NiJ9.{TOKEN}.{TOKEN}",
        f"git clone https://me:{TOKEN}@host/x.git",
        f"curl -H 'Authorization: Bearer {TOKEN}'",
        f"API_KEY={TOKEN}",
        f'api_key = "{TOKEN}"',
        f"password: {TOKEN}\n",
        f"-----BEGIN RSA PRIVATE KEY-----\n{TOKEN}\n-----END RSA PRIVATE KEY-----",
        f"1: -----BEGIN RSA PRIVATE KEY-----\n2: {TOKEN * 4}",
        json.dumps(f"-----BEGIN RSA PRIVATE KEY-----\n{TOKEN * 4}\n"),
        f"-----BEGIN X PRIVATE KEY-----\n{'A' * 64}\n[... 2 lines left out ...]\n{TOKEN}"
        "\n-----END X PRIVATE KEY-----",
    ],
)
def test_what_surely_is_a_secret_is_hidden_in_what_is_worked_with(text: str):
    told = Redactor().sure(text)
    assert TOKEN not in told and HIDDEN in told


@pytest.mark.parametrize(
    "text",
    [
        "token = get_token()",
        "token = parseToken2FromHeader",
        "password = settings.DATABASE_PASSWORD",
        '{"token": "access_token_v2_refresh"}',
        "Authorization: Bearer ${TOKEN}",
        'csrf_token="{{ csrf_token }}"',
        'f"https://{user}:{password}@host"',
        "postgres://$USER:$PASSWORD@db",
        'if "-----BEGIN RSA PRIVATE KEY-----" in text:\n    return find(text)',
        "class=sk-toggleable__label-arrow",
        "password must be 12 characters",
        "max_tokens: 8192",
    ],
)
def test_code_that_speaks_of_secrets_stays(text: str):
    assert Redactor().sure(text) == text


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
    assert Redactor().likely(text) == text


def test_what_follows_a_key_stays():
    key = f"-----BEGIN RSA PRIVATE KEY-----\n{'A' * 64}\n-----END RSA PRIVATE KEY-----"
    assert Redactor().sure(f"before\n{key}\nafter it") == f"before\n{HIDDEN}\nafter it"


def test_a_letter_that_is_longer_in_lower_case_hides_nothing():
    assert Redactor().sure(f"\u0130 AKIAABCDEFGHIJKLMNOP TOKEN={TOKEN}") == f"\u0130 {HIDDEN} TOKEN={HIDDEN}"


def test_known_values_alone_are_hidden_where_nothing_else_may_be():
    told = Redactor(["correct horse"]).known(f"correct horse ghp_{TOKEN}")
    assert told == f"{HIDDEN} ghp_{TOKEN}"


def test_a_known_value_that_may_be_a_word_stays():
    assert Redactor(["password", "abc"]).likely("the password form of abc") == "the password form of abc"


def test_a_known_value_is_hidden_whatever_it_looks_like():
    assert Redactor(["correct horse", "abc"]).likely("say correct horse, abc") == f"say {HIDDEN}, abc"


@pytest.mark.parametrize(
    "piece", ["-----BEGIN PRIVATE KEY-----\n", "token=", "password=a1/", "sk--", "eyJabcdefgh-"]
)
def test_text_made_to_be_read_again_and_again_is_read_once(piece: str):
    text = f"{piece * (200_000 // len(piece))} the end"  # took minutes
    assert Redactor().sure(text).endswith(" the end")


def test_each_of_two_keys_is_hidden_though_the_first_was_cut():
    cut, whole = "-----BEGIN RSA PRIVATE KEY-----\n", f"-----BEGIN RSA PRIVATE KEY-----\n{TOKEN * 4}\n"
    assert Redactor().sure(cut + whole) == f"{cut}{HIDDEN}"
