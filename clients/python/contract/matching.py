"""Values and matching, as contract/README.md says."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T")
NAME = re.compile(r"\$\{([A-Za-z0-9_]+)\}")


class Mismatch(Exception):
    """What came is not what the story has."""


class Refused(Exception):
    """What the story has cannot be understood. It would otherwise match by accident."""


class _Absent:
    def __repr__(self) -> str:
        return "nothing"


ABSENT: Final = _Absent()


def filled(template: Any, values: Mapping[str, Any]) -> Any:
    """The template with the values in place of their names."""
    if isinstance(template, dict):
        return {key: filled(each, values) for key, each in template.items()}
    if isinstance(template, list):
        return [filled(each, values) for each in template]
    if not isinstance(template, str):
        return template
    whole = NAME.fullmatch(template)
    if whole:
        return _value(whole[1], values)
    return NAME.sub(lambda found: _as_text(_value(found[1], values)), template)


def match(expected: Any, seen: Any) -> dict[str, Any]:
    """What is to be saved. Raises Mismatch, or Refused."""
    saved: dict[str, Any] = {}
    _match(expected, seen, "", saved)
    return saved


def _value(name: str, values: Mapping[str, Any]) -> Any:
    if name not in values:
        raise Refused(f"nobody knows ${{{name}}}")
    return values[name]


def _as_text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (str, int, float)):
        return str(value)
    raise Refused(f"{value!r} cannot be put into a text")


def _is_empty(value: Any) -> bool:
    return value is ABSENT or value is None or value is False or value in ("", "0", [], {}) or _is_zero(value)


def _is_zero(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and value == 0


def _match(expected: Any, seen: Any, path: str, saved: dict[str, Any]) -> None:
    if isinstance(expected, dict) and any(key.startswith("$") for key in expected):
        _match_with(expected, seen, path, saved)
    elif seen is ABSENT:
        if not _is_empty(expected):
            raise _mismatch(path, expected, seen)
    elif isinstance(expected, dict):
        if not isinstance(seen, dict):
            raise _mismatch(path, expected, seen)
        for key, each in expected.items():
            _match(each, seen.get(key, ABSENT), f"{path}.{key}" if path else key, saved)
    elif isinstance(expected, list):
        if not isinstance(seen, list) or len(expected) != len(seen):
            raise _mismatch(path, expected, seen)
        for number, (each, one) in enumerate(zip(expected, seen, strict=True)):
            _match(each, one, f"{path}[{number}]", saved)
    elif not _are_equal(expected, seen):
        raise _mismatch(path, expected, seen)


def _are_equal(expected: Any, seen: Any) -> bool:
    if isinstance(expected, bool) or isinstance(seen, bool) or expected is None or seen is None:
        return expected is seen
    # Neither an object nor a list spells anything.
    return not isinstance(seen, (dict, list)) and str(expected) == str(seen)


def _match_with(expected: dict[str, Any], seen: Any, path: str, saved: dict[str, Any]) -> None:
    if len(expected) != 1:
        raise Refused(f"{path}: a matcher stands alone: {sorted(expected)}")
    ((matcher, argument),) = expected.items()
    if matcher == "$save" and isinstance(argument, str) and argument:
        if _is_empty(seen):
            raise _mismatch(path, expected, seen)
        saved[argument] = seen
    elif matcher == "$save_date" and isinstance(argument, str) and argument:
        if not isinstance(seen, str) or not TIME.match(seen):
            raise _mismatch(path, expected, seen)
        saved[argument] = seen[:10]
    elif matcher == "$any" and argument is True:
        if _is_empty(seen):
            raise _mismatch(path, expected, seen)
    elif matcher == "$absent" and argument is True:
        if not _is_empty(seen):
            raise _mismatch(path, expected, seen)
    elif matcher == "$one_of" and isinstance(argument, list) and argument:
        if not any(_matches(each, seen, path, saved) for each in argument):
            raise _mismatch(path, expected, seen)
    elif matcher == "$matches" and isinstance(argument, str):
        if not isinstance(seen, str) or not re.search(argument, seen):
            raise _mismatch(path, expected, seen)
    elif matcher == "$has" and isinstance(argument, list) and argument:
        for each in argument:
            if not isinstance(seen, list) or not any(_matches(each, one, path, saved) for one in seen):
                raise _mismatch(path, {"$has": [each]}, seen)
    else:
        raise Refused(f"{path}: nobody knows the matcher {matcher} with {argument!r}")


def _matches(expected: Any, seen: Any, path: str, saved: dict[str, Any]) -> bool:
    """Whether it matches. Only then is anything saved."""
    tried: dict[str, Any] = {}
    try:
        _match(expected, seen, path, tried)
    except Mismatch:
        return False
    saved.update(tried)
    return True


def _mismatch(path: str, expected: Any, seen: Any) -> Mismatch:
    return Mismatch(f"{path or 'the answer'}: expected {expected!r}, saw {seen!r}")
