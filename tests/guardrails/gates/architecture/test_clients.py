"""Synchronous clients that come by injection, by alias or out of a factory hold the loop all the same."""

import pytest

from tests.guardrails.gates.architecture.judged import found

DATABASE = """
from collections.abc import Iterator
from typing import Annotated

import psycopg2
from fastapi import Depends
from sqlalchemy import create_engine
from sqlalchemy.orm import Session, sessionmaker

engine = create_engine("postgresql://db")
Factory = sessionmaker(bind=engine)

def opened():
    session = Factory()
    try:
        yield session
    finally:
        session.close()

def declared() -> Iterator[Session]:
    with Factory() as session:
        yield session

def connected():
    return psycopg2.connect("db", connect_timeout=3)

class Rows:
    def __init__(self, session: Session):
        self.session = session

    def every(self):
        return self.session.query(Rows).filter(Rows).all()

def rows(session: Session = Depends(opened)):
    return Rows(session)

Held = Annotated[Session, Depends(opened)]
"""
WAITING = {
    "annotated": ("session: db.Session = Depends(db.opened)", "session.execute(1)"),
    "bare": ("session=Depends(db.opened)", "session.scalars(1)"),
    "declared-generator": ("session=Depends(db.declared)", "session.commit()"),
    "alias": ("session: db.Held", "session.commit()"),
    "query": ("session: db.Held", "session.query(int).filter(1).order_by(2).first()"),
    "object-of-a-factory": ("rows=Depends(db.rows)", "rows.every()"),
    "class-as-dependency": ("rows: db.Rows = Depends()", "rows.every()"),
    "engine": ("", "db.engine.begin()"),
    "cursor": ("", "db.connected().cursor().execute(1)"),
}
QUIET = {
    "only-built": ("session: db.Held", "session.add(1), session.query(int).filter(1)"),
    "another-class": ("session: db.Other", "session.execute(1)"),
    "in-a-thread": ("session: db.Held", "await asyncio.to_thread(session.commit)"),
    "asynchronous": ("session: AsyncSession", "await session.execute(1)"),
}


def _rules(signature: str, body: str, *, kind: str = "async def") -> set[str]:
    routes = (
        "import asyncio\nfrom fastapi import Depends\nfrom sqlalchemy.ext.asyncio import AsyncSession\n"
        f"from shop import db\n\n{kind} handler({signature}):\n    return {body}\n"
    )
    return {
        one.rule for one in found({"shop/__init__.py": "", "shop/db.py": DATABASE, "shop/routes.py": routes})
    }


@pytest.mark.parametrize(("signature", "body"), WAITING.values(), ids=WAITING)
def test_call_that_waits_for_the_database_is_found(signature: str, body: str) -> None:
    assert "GR102" in _rules(signature, body)


@pytest.mark.parametrize(("signature", "body"), WAITING.values(), ids=WAITING)
def test_the_same_in_a_plain_handler_is_none(signature: str, body: str) -> None:
    assert "GR102" not in _rules(signature, body, kind="def")


@pytest.mark.parametrize(("signature", "body"), QUIET.values(), ids=QUIET)
def test_what_does_not_wait_on_the_loop_is_none(signature: str, body: str) -> None:
    assert "GR102" not in _rules(signature, body)


def test_client_of_a_model_vendor_is_found_with_its_asynchronous_one() -> None:
    made = "import openai\nclient = openai.OpenAI()\n\n"
    source = f"{made}async def go():\n    client.chat.completions.create(model='m')\n"
    remedies = [one.remedy for one in found({"shop.py": source}) if one.rule == "GR102"]
    assert ["openai.AsyncOpenAI" in one for one in remedies] == [True]
