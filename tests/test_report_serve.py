"""The page of a run that goes on: on this machine alone, and never half."""

import socket
import threading
import urllib.error
import urllib.request

import pytest

from askwell.core import AskwellError
from askwell.report.serve import EVERY, serving
from fabricated import write_training


def get(url, host=None):
    request = urllib.request.Request(url, headers={"Host": host} if host else {})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return answer.headers, answer.read().decode()


def test_it_shows_what_is_there_and_then_what_has_come(tmp_path):
    with serving(tmp_path / "run", 0) as url:
        assert url.startswith("http://127.0.0.1:")
        headers, text = get(url)
        assert headers["Refresh"] == str(EVERY)
        assert "nothing yet" in text
        write_training(tmp_path / "run", updates=20, seeds=1)
        _, text = get(url)
        assert "A policy that learns to ask" in text
        assert "20 of 60 updates" in text
    assert not [thread for thread in threading.enumerate() if "serve_forever" in thread.name]
    with pytest.raises(urllib.error.URLError):
        get(url)


@pytest.mark.parametrize(("path", "host", "code"), [("", "evil.example", 403), ("spec.toml", None, 404)])
def test_others_learn_nothing(tmp_path, path, host, code):
    with serving(tmp_path, 0) as url, pytest.raises(urllib.error.HTTPError) as error:
        get(url + path, host)
    assert error.value.code == code
    error.value.close()


def test_a_port_that_is_taken_is_one_sentence(tmp_path):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with (
            pytest.raises(AskwellError, match=f"Cannot serve on port {port}: .*; choose another"),
            serving(tmp_path, port),
        ):
            pass
