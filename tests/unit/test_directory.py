"""Users from a JSON file."""

import json
from pathlib import Path
from typing import Any

import pytest

from shared.directory import JsonDirectory
from shared.errors import HandleUnknown, SettingInvalid

ONE = {"uuid": "6f0c4f0a-8d0e-4b1e-9c53-2b9a8a1d7e11", "handle": "zoe", "display_name": "Zoe"}
TWO = {"uuid": "7f0c4f0a-8d0e-4b1e-9c53-2b9a8a1d7e11", "handle": "ada", "display_name": "Ada"}


def directory(tmp_path: Path, users: Any) -> JsonDirectory:
    file = tmp_path / "users.json"
    file.write_text(users if isinstance(users, str) else json.dumps(users))
    return JsonDirectory(file)


def test_three_users_come_with_us() -> None:
    """Their ids never change: a seeded table goes on working."""
    users = JsonDirectory().all()
    assert [user.handle for user in users] == ["andrewbrown", "bayko", "londo"]
    assert JsonDirectory().by_handle("londo").uuid == "c40b7d16-0e93-4a6d-8b15-95fa27c3d6e8"


def test_a_file_replaces_them(tmp_path: Path) -> None:
    """Listed by handle."""
    assert [user.handle for user in directory(tmp_path, [ONE, TWO]).all()] == ["ada", "zoe"]


@pytest.mark.parametrize(
    ("handle", "sentence"),
    [
        ("Bayko", 'Nobody has the handle "Bayko": did you mean "bayko"? Others come from USERS_FILE.'),
        ("bayco", 'Nobody has the handle "bayco": did you mean "bayko"? Others come from USERS_FILE.'),
        ("x", 'Nobody has the handle "x": there are andrewbrown, bayko, londo. Others come from USERS_FILE.'),
    ],
)
def test_handles_match_exactly(handle: str, sentence: str) -> None:
    """One that looks like it is suggested, else all are told."""
    with pytest.raises(HandleUnknown) as caught:
        JsonDirectory().by_handle(handle)
    assert str(caught.value) == sentence


@pytest.mark.parametrize(
    ("users", "problem"),
    [
        ("not json", "Invalid JSON"),
        ("{}", "valid array"),
        ([{**ONE, "uuid": "17"}], "0.uuid"),
        ([{**ONE, "handle": "a b"}], "0.handle"),
        ([{"uuid": ONE["uuid"], "handle": "zoe"}], "0.display_name"),
        ([ONE, {**TWO, "handle": "Zoe"}], '"zoe" twice'),
        ([ONE, {**TWO, "uuid": ONE["uuid"]}], "twice"),
    ],
)
def test_a_bad_file_is_one_sentence(tmp_path: Path, users: Any, problem: str) -> None:
    """It names the file and what is wrong."""
    with pytest.raises(SettingInvalid, match=problem) as caught:
        directory(tmp_path, users)
    assert "users.json" in str(caught.value)


def test_a_missing_file_is_one_sentence(tmp_path: Path) -> None:
    """It names the file."""
    with pytest.raises(SettingInvalid, match=r"nothing\.json cannot be read"):
        JsonDirectory(tmp_path / "nothing.json")
