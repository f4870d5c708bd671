"""Changes of the library that its document does not tell."""

CHANGES: dict[str, tuple[str, str]] = {
    "page two begins one late": ("start = (page - 1) * limit", "start = (page - 1) * limit + (page > 1)"),
    "the last page repeats": (
        "start = (page - 1) * limit",
        "start = min((page - 1) * limit, max(0, len(found) - limit))",
    ),
    "link to the next page at the very end": (
        "if start + limit < len(found):",
        "if start + limit <= len(found):",
    ),
    "limit bound lowered": ("MOST = 50", "MOST = 5"),
    "total counts the page": ('str(len(found)), "cache', 'str(len(shown)), "cache'),
    "cache header dropped": (', "cache-control": "private, max-age=30"}', "}"),
    "cache lives longer": ("max-age=30", "max-age=300"),
    "etag of the id alone": (
        '"etag": tag_of(found), "cache',
        '"etag": tag_of({"id": found["id"]}), "cache',
    ),
    "if-none-match ignored": ('in (headers["etag"], "*")', "in ()"),
    "if-match ignored": (
        'if wanted and wanted not in (tag_of(found), "*")',
        'if wanted and wanted == "never"',
    ),
    "vary dropped": (', "vary": "accept"}', "}"),
    "rounding half up": ('Decimal("0.01"), ROUND_HALF_EVEN', 'Decimal("0.01"), "ROUND_HALF_UP"'),
    "rounding down": ('Decimal("0.01"), ROUND_HALF_EVEN', 'Decimal("0.01"), "ROUND_DOWN"'),
    "ties of the fee backwards": (
        'found = sorted(found, key=lambda one: Decimal(one["fee"]), reverse=True)',
        'found = sorted(found, key=lambda one: Decimal(one["fee"]))[::-1]',
    ),
    "titles are not composed": (
        'unicodedata.normalize("NFC", given["title"].strip())',
        'given["title"].strip()',
    ),
    "titles are not stripped": (
        'unicodedata.normalize("NFC", given["title"].strip())',
        'unicodedata.normalize("NFC", given["title"])',
    ),
    "search minds case": ("text.casefold())", "text)"),
    "search minds accents": ("if not unicodedata.combining(one)", ""),
    "search minds blanks": (
        '" ".join("".join(one for one in letters if not unicodedata.combining(one)).split())',
        '"".join(one for one in letters if not unicodedata.combining(one))',
    ),
    "search minds width": ('"NFKD"', '"NFD"'),
    "search folds by lower": ("text.casefold())", "text.lower())"),
    "duplicate tags stay": ('list(dict.fromkeys(given.get("tags") or []))', 'given.get("tags") or []'),
    "tags are sorted": (
        'list(dict.fromkeys(given.get("tags") or []))',
        'sorted(set(given.get("tags") or []), key=str)',
    ),
    "null note becomes empty": ('"note": given.get("note"),', '"note": given.get("note") or "",'),
    "empty note becomes null": ('"note": given.get("note"),', '"note": given.get("note") or None,'),
    "conflict told in other words": ('"mark-taken"', '"conflict"'),
    "conflict by the mark not seen": (
        'if mark is not None and any(one["mark"] == mark',
        'if mark is None and any(one["mark"] == mark',
    ),
    "idempotency key ignored": ("if key and key in answered:", "if key == '?' and key in answered:"),
    "idempotency key answers 200": ("JSONResponse(answered[key], 201", "JSONResponse(answered[key], 200"),
    "location dropped": (', {"location": f"/books/{made[\'id\']}"})', ")"),
    "patch clears what is left out": (
        'if name in given and (name == "note" or isinstance(given[name], str)):',
        'if name == "note" or (name in given and isinstance(given[name], str)):',
    ),
    "patch cannot empty": (
        'if name in given and (name == "note" or isinstance(given[name], str)):',
        "if isinstance(given.get(name), str):",
    ),
    "sort forgotten when filtered": (
        'if asked.get("sort") == "title":',
        'if asked.get("sort") == "title" and not tag:',
    ),
    "filter after the page": (
        '    if tag := asked.get("tag"):\n        found = [one for one in found if tag in one["tags"]]\n',
        '    if tag := asked.get("tag"):\n        found = [one for one in found[:4] if tag in one["tags"]]\n',
    ),
    "csv has lost its first line": ('"\\n".join(["id;title", *lines])', '"\\n".join(lines)'),
    "csv is not negotiated": ('if "text/csv" in request.headers', 'if "text/tsv" in request.headers'),
    "naive moments are local": (
        "until.replace(tzinfo=UTC) if",
        "until.astimezone(timezone(timedelta(hours=2))) if",
    ),
    "offset is cut off": ("else until.astimezone(UTC)", "else until.replace(tzinfo=UTC)"),
    "lent twice": ('if found["id"] in loans:', 'if found["id"] in loans and False:'),
    "taking back lends on": ('    loans.pop(request.path_params["book_id"], None)\n', ""),
    "a patch is not logged": ("    log.append(f\"changed {found['id']}\")\n", ""),
    "taking back is logged only for lent books": (
        '    loans.pop(request.path_params["book_id"], None)\n    log',
        '    if loans.pop(request.path_params["book_id"], None):\n        log',
    ),
    "nothing done is empty": ("log[-1:] or None", "log[-1:]"),
    "problems are plain JSON": (', media_type="application/problem+json")', ")"),
    "head is not allowed": (
        "    ]\n)",
        '    ]\n)\nfor route in app.routes:\n    route.methods -= {"HEAD"}  # type: ignore[attr-defined]',
    ),
    "slashes do not redirect": ("    ]\n)", "    ]\n)\napp.router.redirect_slashes = False"),
}
