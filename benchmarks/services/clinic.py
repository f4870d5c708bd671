"""A clinic's appointments: FastAPI with a router, dependencies and strict models, for changes of behaviour."""

import zoneinfo
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Annotated

from fastapi import APIRouter, Depends, FastAPI, Header, HTTPException, Query, Response
from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

UNKNOWN: dict[str, object] = {"description": "unknown"}
ZONE = zoneinfo.ZoneInfo("Europe/Rome")


class Strict(BaseModel):
    """A message without surprises."""

    model_config = ConfigDict(extra="forbid")


class Urgency(StrEnum):
    """How soon."""

    LOW = "low"
    HIGH = "high"


class Patient(Strict):
    """Who comes."""

    name: Annotated[str, Field(min_length=1, max_length=60), AfterValidator(str.strip)]
    email: Annotated[str, Field(max_length=80)] | None = None
    born: date | None = None


class KnownPatient(Patient):
    """Who came before."""

    id: int
    visits: int = 0


class Wish(Strict):
    """When somebody wants to come."""

    patient: int
    at: AwareDatetime
    minutes: Annotated[int, Field(ge=5, le=120)] = 30
    urgency: Urgency = Urgency.LOW
    reasons: Annotated[list[Annotated[str, Field(max_length=40)]], Field(max_length=6)] = []


class Appointment(Strict):
    """When somebody comes."""

    id: int
    patient: int
    starts: datetime
    ends: datetime
    day: str
    urgency: Urgency
    reasons: list[str]
    price: float
    state: str = "planned"


class Bill(Strict):
    """What it costs in all."""

    cents: int
    share: float
    lines: dict[str, int]


class Store:
    """What the clinic knows."""

    def __init__(self) -> None:
        self.patients: dict[int, KnownPatient] = {}
        self.appointments: dict[int, Appointment] = {}
        self.reads = 0


store = Store()


def opened() -> Iterator[Store]:
    """Give the store to a request."""
    yield store


Stored = Annotated[Store, Depends(opened)]


def window(
    offset: Annotated[int, Query(ge=0)] = 0, limit: Annotated[int, Query(ge=1, le=100)] = 5
) -> tuple[int, int]:
    """Return the slice that a request asks for."""
    return offset, offset + limit


Window = Annotated[tuple[int, int], Depends(window)]
router = APIRouter(prefix="/v2")


def patient_of(patient_id: int, known: Stored) -> KnownPatient:
    """Return a patient, or refuse."""
    if patient_id not in known.patients:
        raise HTTPException(404, {"code": "patient", "id": patient_id})
    return known.patients[patient_id]


@router.post("/patients", status_code=201, responses={409: {"description": "known"}})
def enrol(new: Patient, known: Stored, response: Response) -> KnownPatient:
    """Take in a patient once by address."""
    address = new.email.casefold() if new.email else None
    if address and any((one.email or "").casefold() == address for one in known.patients.values()):
        raise HTTPException(409, {"code": "email", "field": "email"}, {"retry-after": "0"})
    made = KnownPatient(id=len(known.patients) + 1, **new.model_dump())
    known.patients[made.id] = made
    response.headers["location"] = f"/v2/patients/{made.id}"
    return made


@router.get("/patients")
def patients(known: Stored, part: Window, name: str = "", response: Response = None) -> list[KnownPatient]:  # type: ignore[assignment]  # FastAPI gives it
    """List patients by name."""
    found = [one for one in known.patients.values() if name.casefold() in one.name.casefold()]
    found = sorted(found, key=lambda one: (one.name.casefold(), one.id))
    response.headers["x-total"] = str(len(found))
    return found[part[0] : part[1]]


@router.get("/patients/{patient_id}", responses={404: UNKNOWN})
def patient(found: Annotated[KnownPatient, Depends(patient_of)], known: Stored) -> KnownPatient:
    """Return one patient."""
    known.reads += 1
    return found


@router.put("/patients/{patient_id}", responses={404: UNKNOWN})
def replace(new: Patient, found: Annotated[KnownPatient, Depends(patient_of)], known: Stored) -> KnownPatient:
    """Write a patient anew; visits stay."""
    made = KnownPatient(id=found.id, visits=found.visits, **new.model_dump())
    known.patients[found.id] = made
    return made


@router.post(
    "/appointments",
    status_code=201,
    responses={404: {"description": "unknown"}, 409: {"description": "taken"}},
)
def plan(
    wish: Wish, known: Stored, language: Annotated[str, Header(alias="accept-language", max_length=20)] = "en"
) -> Appointment:
    """Plan a visit in the clinic's own time."""
    who = patient_of(wish.patient, known)
    starts = wish.at.astimezone(UTC).replace(second=0, microsecond=0)
    ends = starts + timedelta(minutes=wish.minutes)
    for one in known.appointments.values():
        if one.state == "planned" and one.starts < ends and starts < one.ends:
            raise HTTPException(409, {"code": "taken", "until": one.ends.isoformat()})
    local = starts.astimezone(ZONE)
    days = {"it": "lun mar mer gio ven sab dom", "en": "Mon Tue Wed Thu Fri Sat Sun"}
    named = days.get(language.split(",")[0].split("-")[0].lower(), days["en"]).split()
    price = wish.minutes * (2.5 if wish.urgency is Urgency.HIGH else 1.75)
    made = Appointment(
        id=max(known.appointments, default=0) + 1,
        patient=who.id,
        starts=starts,
        ends=ends,
        day=f"{named[local.weekday()]} {local:%d.%m. %H:%M}",
        urgency=wish.urgency,
        reasons=sorted(set(wish.reasons), key=wish.reasons.index),
        price=round(price, 2),
    )
    known.appointments[made.id] = made
    who.visits += 1
    return made


@router.get("/appointments")
def agenda(
    known: Stored,
    part: Window,
    urgency: Urgency | None = None,
    patient: int | None = None,
    order: Annotated[str, Query(pattern="^(starts|price)$")] = "starts",
) -> list[Appointment]:
    """List visits: filtered, then sorted, then cut."""
    found = [one for one in known.appointments.values() if one.state == "planned"]
    if urgency is not None:
        found = [one for one in found if one.urgency == urgency]
    if patient is not None:
        found = [one for one in found if one.patient == patient]
    found.sort(key=lambda one: (getattr(one, order), one.id))
    return found[part[0] : part[1]]


@router.delete(
    "/appointments/{appointment_id}",
    status_code=204,
    responses={404: {"description": "unknown"}, 410: {"description": "gone"}},
)
def cancel(appointment_id: int, known: Stored) -> None:
    """Call a visit off; it frees the time, and cannot be called off twice."""
    found = known.appointments.get(appointment_id)
    if found is None:
        raise HTTPException(404, {"code": "appointment", "id": appointment_id})
    if found.state != "planned":
        raise HTTPException(410, {"code": "cancelled"})
    found.state = "cancelled"
    known.patients[found.patient].visits -= 1


@router.get("/patients/{patient_id}/bill", responses={404: UNKNOWN})
def bill(
    found: Annotated[KnownPatient, Depends(patient_of)],
    known: Stored,
    people: Annotated[int, Query(ge=1, le=9)] = 1,
) -> Bill:
    """Sum up what a patient has to pay, shared by some people."""
    mine = [one for one in known.appointments.values() if one.patient == found.id and one.state == "planned"]
    cents = sum(round(one.price * 100) for one in mine)
    lines: dict[str, int] = {}
    for one in mine:
        lines[one.urgency] = lines.get(one.urgency, 0) + round(one.price * 100)
    return Bill(cents=cents, share=round(cents / people / 100, 2), lines=dict(sorted(lines.items())))


app = FastAPI(title="clinic")
app.include_router(router)


@app.get("/reads")
def reads(known: Stored) -> dict[str, int | str | None]:
    """Say how often patients were read, and who came last."""
    last = max(known.patients, default=None)
    return {"reads": known.reads, "last": known.patients[last].name if last else None}
