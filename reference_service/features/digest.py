"""One way to name content by its digest, so that two places that mean the same content say the same."""

import hashlib
import json


def digest_of(content: object) -> str:
    """Return the SHA-256 of this content as JSON with sorted keys."""
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
