"""`devstack streams` where it cannot stand."""

import sys

import pytest

from devstack.__main__ import main


@pytest.mark.parametrize(
    ("endpoint", "sentence"),
    [("", "AWS_ENDPOINT_URL is not set: start an engine"), ("https://example.org", "an engine that speaks http")],
)
def test_without_an_engine_it_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], endpoint: str, sentence: str
) -> None:
    """One sentence, exit status 2."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
    monkeypatch.setattr(sys, "argv", ["devstack", "streams"])
    with pytest.raises(SystemExit) as end:
        main()
    told = capsys.readouterr()
    assert (end.value.code, told.out, sentence in told.err) == (2, "", True)
