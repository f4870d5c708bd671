"""Credentials and servers."""

from tests.guardrails.analysis.openapi.operations.builders import CLIENT_FLOW, OK, SCHEMES, Pairs, secured
from tests.guardrails.analysis.openapi.pairs import document

ACCESS: Pairs = {
    "sec added": (secured(), secured([{"key": []}]), "breaking"),
    "sec removed": (secured([{"key": []}]), secured([]), "kept"),
    "sec global added": (secured(), secured(root=[{"key": []}]), "breaking"),
    "global to op": (secured(root=[{"key": []}]), secured([{"key": []}]), "kept"),
    "op opts out kept": (secured([], root=[{"key": []}]), secured([]), "kept"),
    "op opt-out gone": (secured([], root=[{"key": []}]), secured(root=[{"key": []}]), "breaking"),
    "alternative removed": (secured([{"key": []}, {"basic": []}]), secured([{"key": []}]), "breaking"),
    "alternative added": (secured([{"key": []}]), secured([{"key": []}, {"basic": []}]), "kept"),
    "alt order": (secured([{"key": []}, {"basic": []}]), secured([{"basic": []}, {"key": []}]), "kept"),
    "and added": (secured([{"key": []}]), secured([{"key": [], "basic": []}]), "breaking"),
    "and removed": (secured([{"key": [], "basic": []}]), secured([{"key": []}]), "kept"),
    "and to or": (secured([{"key": [], "basic": []}]), secured([{"key": []}, {"basic": []}]), "kept"),
    "or to and": (secured([{"key": []}, {"basic": []}]), secured([{"key": [], "basic": []}]), "breaking"),
    "scope added": (secured([{"o": ["r"]}]), secured([{"o": ["r", "w"]}]), "breaking"),
    "scope removed": (secured([{"o": ["r", "w"]}]), secured([{"o": ["r"]}]), "kept"),
    "scope order": (secured([{"o": ["r", "w"]}]), secured([{"o": ["w", "r"]}]), "kept"),
    "optional gone": (secured([{}, {"key": []}]), secured([{"key": []}]), "breaking"),
    "optional added": (secured([{"key": []}]), secured([{}, {"key": []}]), "kept"),
    "key moved": (
        secured([{"key": []}]),
        secured([{"key": []}], sch={**SCHEMES, "key": {"type": "apiKey", "in": "query", "name": "K"}}),
        "breaking",
    ),
    "key renamed": (
        secured([{"key": []}]),
        secured([{"key": []}], sch={**SCHEMES, "key": {"type": "apiKey", "in": "header", "name": "L"}}),
        "breaking",
    ),
    "scheme renamed": (secured([{"key": []}]), secured([{"kk": []}], sch={"kk": SCHEMES["key"]}), "kept"),
    "header name case": (
        secured([{"key": []}]),
        secured([{"key": []}], sch={**SCHEMES, "key": {"type": "apiKey", "in": "header", "name": "k"}}),
        "kept",
    ),
    "basic bearer": (secured([{"basic": []}]), secured([{"bearer": []}]), "breaking"),
    "scheme case": (
        secured([{"basic": []}]),
        secured([{"basic": []}], sch={**SCHEMES, "basic": {"type": "http", "scheme": "Basic"}}),
        "kept",
    ),
    "oauth to oidc": (secured([{"o": ["r"]}]), secured([{"oidc": ["r"]}]), "breaking"),
    "oauth renamed": (secured([{"o": ["r"]}]), secured([{"o2": ["r"]}], sch={"o2": SCHEMES["o"]}), "kept"),
    "oauth flow removed": (
        secured([{"o": ["r"]}]),
        secured(
            [{"o": ["r"]}],
            sch={
                **SCHEMES,
                "o": {
                    "type": "oauth2",
                    "flows": {
                        "authorizationCode": {
                            "authorizationUrl": "https://a",
                            "tokenUrl": "https://t",
                            "scopes": {"r": ""},
                        }
                    },
                },
            },
        ),
        "unknown",
    ),
    "oauth flow added": (
        secured([{"o": ["r"]}]),
        secured(
            [{"o": ["r"]}],
            sch={
                **SCHEMES,
                "o": {
                    "type": "oauth2",
                    "flows": {
                        **CLIENT_FLOW,
                        "authorizationCode": {
                            "authorizationUrl": "https://a",
                            "tokenUrl": "https://t",
                            "scopes": {"r": ""},
                        },
                    },
                },
            },
        ),
        "kept",
    ),
    "oauth type changed": (
        secured([{"key": []}]),
        secured([{"key": []}], sch={**SCHEMES, "key": {"type": "http", "scheme": "basic"}}),
        "breaking",
    ),
    "server removed path": (
        document(OK, servers=[{"url": "https://a/v1"}]),
        document(OK, servers=[{"url": "https://a/v2"}]),
        "breaking",
    ),
    "server templ": (
        document(OK, servers=[{"url": "https://a/v1"}]),
        document(
            OK,
            servers=[{"url": "https://a/{v}", "variables": {"v": {"default": "v1", "enum": ["v1", "v2"]}}}],
        ),
        "kept",
    ),
    "server templ gone": (
        document(
            OK,
            servers=[{"url": "https://a/{v}", "variables": {"v": {"default": "v1", "enum": ["v1", "v2"]}}}],
        ),
        document(OK, servers=[{"url": "https://a/v2"}]),
        "breaking",
    ),
    "server slash": (
        document(OK, servers=[{"url": "https://A/v1/"}]),
        document(OK, servers=[{"url": "https://a/v1"}]),
        "kept",
    ),
    "server host": (
        document(OK, servers=[{"url": "https://a/v1"}]),
        document(OK, servers=[{"url": "https://b/v1"}]),
        "unknown",
    ),
    "server op": (
        document({**OK, "servers": [{"url": "https://up/v1"}]}, servers=[{"url": "https://a/v1"}]),
        document(OK, servers=[{"url": "https://a/api"}, {"url": "https://a/v1"}]),
        "unknown",
    ),
    "server rel": (
        document(OK, servers=[{"url": "/v1"}]),
        document(OK, servers=[{"url": "https://a/v1"}]),
        "unknown",
    ),
    "server added": (
        document(OK, servers=[{"url": "https://a"}]),
        document(OK, servers=[{"url": "https://a"}, {"url": "https://b"}]),
        "kept",
    ),
}
