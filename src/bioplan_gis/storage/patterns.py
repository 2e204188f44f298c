"""Patterns of LIKE: ``%`` for any characters, ``_`` for one, a backslash before what stands for itself."""

from collections.abc import Sequence


def parts_of(pattern: str) -> list[tuple[str, bool]]:
    """Each character of a pattern, and whether it stands for others; a backslash lets the next stand for itself."""
    parts: list[tuple[str, bool]] = []
    escaped = False
    for character in pattern:
        if character == "\\" and not escaped:
            escaped = True
            continue
        wild = character in "%_" and not escaped
        if not (wild and character == "%" and parts and parts[-1] == ("%", True)):
            parts.append((character, wild))
        escaped = False
    return [*parts, ("\\", False)] if escaped else parts


def like_pattern(parts: Sequence[tuple[str, bool]]) -> str:
    """The pattern for LIKE, with a backslash before what stands for itself."""
    return "".join(one if wild or one not in "%_\\" else f"\\{one}" for one, wild in parts)


def glob_pattern(parts: Sequence[tuple[str, bool]]) -> str:
    """SQLite's LIKE knows no case of the letters A–Z; its GLOB does."""
    return "".join({"%": "*", "_": "?"}[one] if wild else f"[{one}]" if one in "*?[" else one for one, wild in parts)
