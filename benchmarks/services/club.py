"""A club's back office, sound as it stands; `club_bugs.py` breaks it in many ways."""

import uuid
from datetime import UTC, datetime
from typing import Annotated, Literal

from fastapi import Depends, FastAPI, HTTPException, Path, Query, Response
from fastapi.security import APIKeyHeader
from pydantic import BaseModel, Field

app = FastAPI()
key = APIKeyHeader(name="x-key", auto_error=False)
NOT_FOUND: dict[int | str, dict[str, object]] = {404: {"description": "it is not known"}}
REFUSED: dict[int | str, dict[str, object]] = {401: {"description": "no valid key"}}
COUNTED: dict[int | str, dict[str, object]] = {
    200: {"description": "a page", "headers": {"x-total": {"required": True, "schema": {"type": "integer"}}}}
}


class NewMember(BaseModel):
    """What is said about a member."""

    name: Annotated[str, Field(min_length=1, max_length=60)]
    email: Annotated[str, Field(pattern=r"^[a-z0-9.]+@[a-z0-9.]+$", max_length=60)] = "a@b.example"
    age: Annotated[int, Field(ge=0, le=130)] = 30
    level: Literal["basic", "silver", "gold"] = "basic"
    joined: datetime | None = None
    friends: Annotated[list[str], Field(max_length=10)] = []


class Member(NewMember):
    """A member of the club."""

    id: str
    points: int = 0


class Booking(BaseModel):
    """A court for some hours."""

    member_id: str
    court: Annotated[int, Field(ge=1, le=12)]
    hours: Annotated[int, Field(ge=1, le=8)] = 1


class Booked(Booking):
    """A booking that was made."""

    id: str
    price: Annotated[int, Field(ge=0)]
    state: Literal["open", "paid"] = "open"


class Split(BaseModel):
    """A sum to be shared."""

    cents: Annotated[int, Field(ge=0, le=1_000_000)]
    people: Annotated[int, Field(ge=1, le=500)]
    weights: Annotated[list[float], Field(max_length=20)] = []


class Share(BaseModel):
    """How a sum is shared."""

    each: int
    rest: int


class Note(BaseModel):
    """A text with a code."""

    text: Annotated[str, Field(max_length=300)]
    code: Annotated[str, Field(max_length=20)] | None = None


class Told(BaseModel):
    """What was made of a text."""

    words: int
    first: str | None
    loud: str


members: dict[str, Member] = {}
bookings: dict[str, Booked] = {}


def checked(given: Annotated[str | None, Depends(key)]) -> str:
    """Return the key or refuse."""
    if given != "club-key":
        raise HTTPException(401, "no valid key")
    return given


@app.post("/members", status_code=201)
def join(new: NewMember) -> Member:
    """Take in a member."""
    made = Member(id=str(uuid.uuid4()), **new.model_dump())
    members[made.id] = made
    return made


@app.get("/members", responses=COUNTED)
def list_members(
    response: Response,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    offset: Annotated[int, Query(ge=0, le=10_000)] = 0,
    level: Literal["basic", "silver", "gold"] | None = None,
) -> list[Member]:
    """Return a page of members by name."""
    found = sorted((one for one in members.values() if level in {None, one.level}), key=lambda one: one.name)
    response.headers["x-total"] = str(len(found))
    return found[offset : offset + limit]


@app.get("/members/{member_id}", responses=NOT_FOUND)
def read_member(member_id: str) -> Member:
    """Return one member."""
    if member_id not in members:
        raise HTTPException(404, "no such member")
    return members[member_id]


@app.put("/members/{member_id}", responses=NOT_FOUND)
def replace_member(member_id: str, new: NewMember) -> Member:
    """Replace what is said about a member."""
    old = read_member(member_id)
    members[member_id] = Member(id=member_id, points=old.points, **new.model_dump())
    return members[member_id]


@app.delete("/members/{member_id}", status_code=204, responses=NOT_FOUND)
def leave(member_id: str) -> None:
    """Forget a member."""
    read_member(member_id)
    del members[member_id]


@app.post("/bookings", status_code=201, responses=NOT_FOUND)
def book(wanted: Booking) -> Booked:
    """Book a court."""
    member = read_member(wanted.member_id)
    price = 1200 * wanted.hours if member.level != "gold" else 900 * wanted.hours
    made = Booked(id=str(uuid.uuid4()), price=price, **wanted.model_dump())
    bookings[made.id] = made
    return made


@app.get("/bookings/{booking_id}", responses=NOT_FOUND)
def read_booking(booking_id: str) -> Booked:
    """Return one booking."""
    if booking_id not in bookings:
        raise HTTPException(404, "no such booking")
    return bookings[booking_id]


@app.post("/bookings/{booking_id}/pay", responses={**NOT_FOUND, 409: {"description": "it is paid"}})
def pay(booking_id: str) -> Booked:
    """Pay a booking."""
    found = read_booking(booking_id)
    if found.state == "paid":
        raise HTTPException(409, "it is paid")
    found.state = "paid"
    return found


@app.delete("/bookings/{booking_id}", status_code=204, responses=NOT_FOUND)
def cancel(booking_id: str) -> None:
    """Cancel a booking."""
    read_booking(booking_id)
    del bookings[booking_id]


@app.post("/splits")
def split(wanted: Split) -> Share:
    """Share a sum among people."""
    return Share(each=wanted.cents // wanted.people, rest=wanted.cents % wanted.people)


@app.post("/notes")
def tell(note: Note) -> Told:
    """Say something about a text."""
    words = note.text.split()
    return Told(words=len(words), first=words[0] if words else None, loud=note.text.upper())


@app.get("/days/{day}")
def day_of(
    day: Annotated[int, Path(ge=1, le=366)], year: Annotated[int, Query(ge=1970, le=2100)] = 2026
) -> dict[str, str]:
    """Return the date of a day of a year, the last one for what lies behind it."""
    return {"date": f"{year}-{day:03}"}


@app.get("/age")
def age_of(born: datetime) -> dict[str, int]:
    """Return whole years since a moment."""
    moment = born if born.tzinfo else born.replace(tzinfo=UTC)
    return {"years": max(0, datetime.now(UTC).year - moment.year)}


@app.get("/rooms")
def rooms(tag: Annotated[list[str] | None, Query(max_length=5)] = None) -> list[str]:
    """Return the rooms that have every tag."""
    known = {"hall": {"big", "wood"}, "court": {"big"}, "bar": {"wood"}}
    return sorted(name for name, tags in known.items() if set(tag or []) <= tags)


@app.get("/report", responses=REFUSED)
def report(given: Annotated[str, Depends(checked)]) -> dict[str, int]:
    """Return counts, for those with a key."""
    del given
    return {"members": len(members), "bookings": len(bookings)}


@app.delete("/report", status_code=204, responses=REFUSED)
def reset(given: Annotated[str, Depends(checked)]) -> None:
    """Forget all bookings, for those with a key."""
    del given
    bookings.clear()
