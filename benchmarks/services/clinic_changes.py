"""Changes of the clinic that leave its OpenAPI document byte for byte as it is."""

CHANGES: dict[str, tuple[str, str]] = {
    "address compared with case": (
        "address = new.email.casefold() if new.email else None",
        "address = new.email if new.email else None",
    ),
    "address not compared": ("if address and any(", "if not address and any("),
    "conflict without retry-after": (', {"retry-after": "0"})', ")"),
    "conflict names another field": ('"field": "email"', '"field": "name"'),
    "location is relative": ('= f"/v2/patients/{made.id}"', '= f"patients/{made.id}"'),
    "names keep their blanks": ("AfterValidator(str.strip)", "AfterValidator(str)"),
    "names minded with case": ("if name.casefold() in one.name.casefold()", "if name in one.name"),
    "names found at the start alone": (
        "if name.casefold() in one.name.casefold()",
        "if one.name.casefold().startswith(name.casefold())",
    ),
    "sorted by bytes": (
        "key=lambda one: (one.name.casefold(), one.id)",
        "key=lambda one: (one.name, one.id)",
    ),
    "ties by the newest": (
        "key=lambda one: (one.name.casefold(), one.id)",
        "key=lambda one: (one.name.casefold(), -one.id)",
    ),
    "total of the page": (
        'response.headers["x-total"] = str(len(found))',
        'response.headers["x-total"] = str(len(found[part[0] : part[1]]))',
    ),
    "one too many on later pages": (
        "return offset, offset + limit",
        "return offset, offset + limit + (offset > 0)",
    ),
    "limit bound kept silently": ("return offset, offset + limit", "return offset, offset + min(limit, 20)"),
    "reads not counted": ("    known.reads += 1\n", ""),
    "replacing resets visits": ("visits=found.visits, **new", "visits=0, **new"),
    "replacing keeps an address": (
        "    known.patients[found.id] = made\n    return made",
        "    made.email = made.email or found.email\n    known.patients[found.id] = made\n    return made",
    ),
    "replacing is not kept": ("    known.patients[found.id] = made\n    return made", "    return made"),
    "local time is UTC": ("local = starts.astimezone(ZONE)", "local = starts"),
    "summer time forgotten": (
        "local = starts.astimezone(ZONE)",
        "local = starts + timedelta(hours=1)",
    ),
    "seconds stay": (".replace(second=0, microsecond=0)", ""),
    "touching visits collide": (
        "one.starts < ends and starts < one.ends",
        "one.starts <= ends and starts <= one.ends",
    ),
    "cancelled visits block": ('if one.state == "planned" and one.starts', "if one.starts"),
    "overlaps allowed": ("one.starts < ends and starts < one.ends", "one.starts == starts"),
    "language of no region": ('.split("-")[0].lower(), days', ".lower(), days"),
    "second language": ('language.split(",")[0]', 'language.split(",")[-1]'),
    "reasons twice": ("sorted(set(wish.reasons), key=wish.reasons.index)", "wish.reasons"),
    "reasons sorted": ("sorted(set(wish.reasons), key=wish.reasons.index)", "sorted(set(wish.reasons))"),
    "price rounded to tenths": ("round(price, 2)", "round(price, 1)"),
    "ids are used again": (
        "max(known.appointments, default=0) + 1",
        'sum(one.state == "planned" for one in known.appointments.values()) + 1',
    ),
    "visits not counted": ("    who.visits += 1\n", ""),
    "cancelled visits listed": (
        'found = [one for one in known.appointments.values() if one.state == "planned"]\n    if urgency',
        "found = [*known.appointments.values()]\n    if urgency",
    ),
    "filters are alternatives": (
        "        found = [one for one in found if one.patient == patient]",
        "        found = [one for one in known.appointments.values() if one.patient == patient]",
    ),
    "sorted after the cut": (
        "    found.sort(key=lambda one: (getattr(one, order), one.id))\n    return found[part[0] : part[1]]",
        "    return sorted(found[part[0] : part[1]], key=lambda one: (getattr(one, order), one.id))",
    ),
    "price sorts ties by start": ("(getattr(one, order), one.id)", "(getattr(one, order), -one.id)"),
    "cancelled twice": (
        '    if found.state != "planned":\n        raise HTTPException(410, {"code": "cancelled"})\n',
        "",
    ),
    "cancelling keeps visits": ("    known.patients[found.patient].visits -= 1\n", ""),
    "bill with cancelled visits": (' and one.state == "planned"]\n    cents', "]\n    cents"),
    "share rounded up": (
        "share=round(cents / people / 100, 2)",
        "share=-(-cents // people) / 100",
    ),
    "share cut off": ("share=round(cents / people / 100, 2)", "share=cents // people / 100"),
    "lines by first": ("lines=dict(sorted(lines.items()))", "lines=lines"),
    "last by name": (
        "last = max(known.patients, default=None)",
        "last = max(known.patients, key=lambda one: known.patients[one].name, default=None)",
    ),
    "slash redirects gone": ('FastAPI(title="clinic")', 'FastAPI(title="clinic", redirect_slashes=False)'),
}
