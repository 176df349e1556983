"""Every form of `OLLAMA_HOST`, and the values that are none."""

from __future__ import annotations

import pytest

from ollama_code.core.errors import UsageError
from ollama_code.providers.host import base_url, is_cloud, is_loopback, login_of, without_login

FORMS = {
    "": "http://127.0.0.1:11434",
    "  ": "http://127.0.0.1:11434",
    '""': "http://127.0.0.1:11434",
    "gpu": "http://gpu:11434",
    "GPU.local": "http://gpu.local:11434",
    "my_host": "http://my_host:11434",
    "münchen.example": "http://xn--mnchen-3ya.example:11434",
    ":8080": "http://127.0.0.1:8080",
    "8080": "http://127.0.0.1:8080",
    "gpu:8080": "http://gpu:8080",
    "gpu:": "http://gpu:11434",
    "gpu/": "http://gpu:11434",
    "gpu/ollama/": "http://gpu:11434/ollama",
    "http://gpu": "http://gpu:80",
    "https://gpu": "https://gpu:443",
    "HTTPS://gpu:8443/a/b": "https://gpu:8443/a/b",
    "http://": "http://127.0.0.1:80",
    "'10.0.0.7:1234'": "http://10.0.0.7:1234",
    ' "10.0.0.7" ': "http://10.0.0.7:11434",
    "0.0.0.0": "http://127.0.0.1:11434",
    "http://0.0.0.0:8080": "http://127.0.0.1:8080",
    "::": "http://[::1]:11434",
    "[::]:8080": "http://[::1]:8080",
    "::1": "http://[::1]:11434",
    "[::1]": "http://[::1]:11434",
    "[fd00::5]:8080": "http://[fd00::5]:8080",
    "https://[fd00::5]/x": "https://[fd00::5]:443/x",
    "[fe80::1%eth0]:8080": "http://[fe80::1%eth0]:8080",
    "http://[fe80::1%25eth0]:8080": "http://[fe80::1%eth0]:8080",
    "ollama.com": "https://ollama.com:443",
    "https://ollama.com": "https://ollama.com:443",
    "http://ann:pa%40ss@gpu:80": "http://ann:pa%40ss@gpu:80",
}


@pytest.mark.parametrize(("value", "url"), FORMS.items())
def test_every_form_becomes_one_plain_url(value: str, url: str) -> None:
    assert base_url(value) == url


@pytest.mark.parametrize("url", FORMS.values())
def test_a_plain_url_stays_as_it_is(url: str) -> None:
    assert base_url(url) == url


@pytest.mark.parametrize(
    ("value", "named"),
    [
        ("gpu:70000", "70000"),
        ("gpu:0", '"0"'),
        ("gpu:http", '"http"'),
        ("http://gpu:80²", "80²"),
        ("ftp://gpu", "ftp://"),
        ("my gpu", "blank"),
        ("gpu?x=1", "?"),
        ("[gpu]:80", "not an IPv6 address"),
        ("1:2:3", "brackets"),
        ("[fe80::1%eth0]]:80", "brackets"),
        ("a..b", "not a host name"),
        ('gpu";rm', "not a host name"),
        ("gpu\x1b[31m", "blank"),
    ],
)
def test_a_bad_value_is_named_with_the_reason_and_a_right_example(value: str, named: str) -> None:
    with pytest.raises(UsageError) as caught:
        base_url(value)
    assert named in str(caught.value)
    assert "http://127.0.0.1:11434" in str(caught.value)
    assert "\x1b" not in str(caught.value)


def test_a_password_is_in_no_message_and_no_shown_address() -> None:
    with pytest.raises(UsageError) as caught:
        base_url("http://ann:secret@gpu:port")
    assert "secret" not in str(caught.value)
    assert without_login("http://ann:secret@gpu:80/x") == "http://gpu:80/x"


def test_a_login_is_decoded() -> None:
    assert login_of("http://ann:pa%40ss@gpu:80") == ("ann", "pa@ss")
    assert login_of("http://gpu:80") is None


@pytest.mark.parametrize("value", ["", "localhost", "a.localhost", "127.8.9.1", "[::1]:80", "0.0.0.0"])
def test_this_machine_is_loopback(value: str) -> None:
    assert is_loopback(base_url(value))


@pytest.mark.parametrize("value", ["gpu", "10.0.0.7", "[fd00::5]", "localhost.example", "127.0.0.1.example"])
def test_another_machine_is_not_loopback(value: str) -> None:
    assert not is_loopback(base_url(value))


def test_only_the_encrypted_address_is_the_cloud() -> None:
    assert is_cloud(base_url("ollama.com"))
    assert not is_cloud(base_url("http://ollama.com"))
    assert not is_cloud(base_url("https://ollama.com.example"))
