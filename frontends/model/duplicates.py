"""Keys that stand twice in one object of JSON: readers keep one of the values, and nobody sees which."""

from __future__ import annotations

import json
import re

# A text, and the colon behind it if it is a key; or an end of an object. Possessive: no backtracking.
_TOKEN = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"(\s*+:)?|[{}]')


def repeated_key(data: bytes) -> tuple[int, str] | None:
    """Where, in bytes, the first key begins that its object has already; and the key. `data` is JSON."""
    objects: list[set[bytes]] = []
    for token in _TOKEN.finditer(data):
        text = token[0]
        if text == b"{":
            objects.append(set())
        elif text == b"}":
            objects.pop()
        elif token[1]:
            key = text[: -len(token[1])]
            if b"\\" in key:
                key = json.dumps(json.loads(key), ensure_ascii=False).encode()
            if key in objects[-1]:
                return token.start(), str(json.loads(key))
            objects[-1].add(key)
    return None
