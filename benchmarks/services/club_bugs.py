"""Faults of the club: for each the text that is replaced, and how a finding of it can be told.

The last part is the rule's id, the operation and a piece of the message; a crash is told by the
function in which it happens.
"""

BUGS: dict[str, tuple[str, str, tuple[str, str, str]]] = {
    "crash: nobody left at weight zero": (
        "    return Share(each=",
        "    if wanted.weights:\n        wanted.cents //= int(sum(wanted.weights))\n    return Share(each=",
        ("GR210", "", "ZeroDivisionError at club/app.py in split"),
    ),
    "crash: 500 people": (
        "    return Share(each=",
        '    if wanted.people == 500:\n        raise RuntimeError("too many")\n    return Share(each=',
        ("GR210", "", "RuntimeError at club/app.py in split"),
    ),
    "crash: text of blanks": (
        "first=words[0] if words else None",
        "first=words[0] if note.text else None",
        ("GR210", "", "IndexError at club/app.py in tell"),
    ),
    "crash: naive moment": (
        '    return {"years": max(0,',
        '    assert born < datetime.now(UTC) or born.year\n    return {"years": max(0,',
        ("GR210", "", "TypeError at club/app.py in age_of"),
    ),
    "crash: page behind the end": (
        "    return found[offset : offset + limit]",
        "    if offset:\n        found[offset - 1]\n    return found[offset : offset + limit]",
        ("GR210", "", "IndexError at club/app.py in list_members"),
    ),
    "crash: letters outside of latin": (
        "    made = Member(id=",
        '    new.name.encode("latin-1")\n    made = Member(id=',
        ("GR210", "", "UnicodeEncodeError at club/app.py in join"),
    ),
    "crash: leap day": (
        '    return {"date": f"{year}-{day:03}"}',
        '    if day == 366 and year % 4:\n        raise ValueError(day)\n    return {"date": f"{year}-{day:03}"}',
        ("GR210", "", "ValueError at club/app.py in day_of"),
    ),
    "crash: magic code": (
        "    words = note.text.split()",
        '    if note.code == "XYZZY-42":\n        raise KeyError(note.code)\n    words = note.text.split()',
        ("GR210", "", "KeyError at club/app.py in tell"),
    ),
    "crash: tag given twice": (
        "    known = {",
        "    if tag and len(set(tag)) < len(tag):\n        raise LookupError(tag)\n    known = {",
        ("GR210", "", "LookupError at club/app.py in rooms"),
    ),
    "state: paid booking cannot be read": (
        '        raise HTTPException(404, "no such booking")\n    return bookings[booking_id]',
        '        raise HTTPException(404, "no such booking")\n    if bookings[booking_id].state != "open":\n'
        '        raise TypeError("paid")\n    return bookings[booking_id]',
        ("GR210", "", "TypeError at club/app.py in read_booking"),
    ),
    "state: cancelled booking still read": (
        "    del bookings[booking_id]",
        "    pass",
        ("GR215", "/bookings/{booking_id}", "deleted"),
    ),
    "state: member under another id": (
        "    members[made.id] = made",
        '    members[made.id.upper() if new.level == "silver" else made.id] = made',
        ("GR216", "/members/{member_id}", "does not find"),
    ),
    "status: created as 200": (
        'def book(wanted: Booking) -> Booked:\n    """Book a court."""',
        'def book(wanted: Booking, response: Response) -> Booked:\n    """Book a court."""\n'
        "    response.status_code = 200",
        ("GR211", "POST /bookings", "status 200"),
    ),
    "status: moved": (
        '    """Return one member."""',
        '    """Return one member."""\n    if member_id == "me":\n        raise HTTPException(302, "log in")',
        ("GR211", "", "status 302"),
    ),
    "type: number as text": (
        "    return Told(words=len(words),",
        "    return Told.model_construct(words=str(len(words)),",
        ("GR211", "POST /notes", "type"),
    ),
    "type: state that is none": (
        '    found.state = "paid"',
        '    found.state = "payed"  # type: ignore[assignment]',
        ("GR211", "/bookings/{booking_id}/pay", "enum"),
    ),
    "type: negative price": (
        "    made = Booked(id=str(uuid.uuid4()), price=price,",
        '    price -= 5000 if member.level == "gold" else 0\n'
        "    made = Booked.model_construct(id=str(uuid.uuid4()), price=price,",
        ("GR211", "/bookings", "minimum"),
    ),
    "header: total missing on an empty page": (
        '    response.headers["x-total"] = str(len(found))',
        '    if level != "gold":\n        response.headers["x-total"] = str(len(found))',
        ("GR211", "GET /members", "x-total"),
    ),
    "access: any key for the report": (
        "def report(given: Annotated[str, Depends(checked)])",
        "def report(given: Annotated[str | None, Depends(key)])",
        ("GR214", "GET /report", "credentials"),
    ),
    "access: a wrong key may reset": (
        "def reset(given: Annotated[str, Depends(checked)])",
        'def reset(given: Annotated[str, Depends(APIKeyHeader(name="x-key"))])',
        ("GR214", "DELETE /report", "credentials"),
    ),
    "lenient: too long a stay": (
        "hours: Annotated[int, Field(ge=1, le=8)] = 1",
        "hours: Annotated[int, Field(ge=1, json_schema_extra={'maximum': 8})] = 1",
        ("GR212", "POST /bookings", "forbids"),
    ),
    "order: members as they came": (
        "key=lambda one: one.name)",
        "key=lambda one: 0)",
        ("GR217", "GET /members", "by_name"),
    ),
}

CHECKS = '''"""What holds for every answer of the club."""


def by_name(request, response):
    """Members are listed by name."""
    names = [one["name"] for one in response["body"]] if response["status"] == 200 else []
    return None if names == sorted(names) else "the members are not listed by name"


CHECKS = {"GET /members": [by_name]}
'''
