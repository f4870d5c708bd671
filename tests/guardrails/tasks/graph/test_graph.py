"""`guardrails graph` on real repositories: what it draws, and what it says when it cannot."""

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from guardrails.cli.main import main
from tests.repos.builder import RepositoryBuilder

SVG = "{http://www.w3.org/2000/svg}"
POLICY = """
contracts:
  - package: shop
    layers: [[api], [domain], [store]]
"""
FILES = {
    "shop/__init__.py": "",
    "shop/api/__init__.py": "from shop.domain.prices import price\n\n\ndef answer(sku):\n    return price(sku)\n",
    "shop/domain/__init__.py": "",
    "shop/domain/prices.py": (
        "import time\n\nfrom shop.store import Table\n\n\n"
        "def price(sku):\n    time.sleep(1)\n    return Table().read(sku)\n"
    ),
    "shop/store/__init__.py": (
        "from shop.api import answer\n\n\nclass Table:\n    def read(self, sku):\n        return answer\n"
    ),
    "policies/guardrails.yaml": "version: 1\n",
    "policies/architecture.yaml": POLICY,
}


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """Return a committed repository whose store imports upwards."""
    builder = RepositoryBuilder(tmp_path / "shop").write_all(FILES)
    builder.commit("first")
    return builder.path


def drawn(capsysbinary: pytest.CaptureFixture[bytes], *words: str) -> str:
    """Return what `guardrails graph` prints."""
    assert main(["graph", *words]) == 0
    return capsysbinary.readouterr().out.decode()


def test_text_shows_rows_arrows_and_the_forbidden_import(
    shop: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    text = drawn(capsysbinary, "shop", "--repo", str(shop))

    assert text.splitlines()[0] == "shop: 3 parts, 3 arrows, 1 against the layers"
    assert "row 1: shop.api (1 module" in text
    assert "shop.api imports shop.domain (1)" in text
    assert "shop/store/__init__.py:1: shop.store imports shop.api: api stands above store" in text


def test_svg_is_whole_and_marks_the_forbidden_import(
    shop: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    root = ElementTree.fromstring(drawn(capsysbinary, "shop", "--repo", str(shop), "--format", "svg"))

    names = [one.text for one in root.iter(f"{SVG}text") if one.get("class") == "name"]
    bad = [one for one in root.iter(f"{SVG}path") if one.get("class") == "arrow bad"]
    assert sorted(filter(None, names)) == ["api", "domain", "store"]
    assert len(bad) == 1
    assert not list(root.iter(f"{SVG}script"))


def test_svg_keeps_boxes_apart_and_inside(shop: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    folder = shop / "wide"
    for number in range(23):
        body = f"import wide.part{number + 1:02d}_of_the_whole\n" if number < 22 else ""
        (folder / f"part{number:02d}_of_the_whole").mkdir(parents=True)
        (folder / f"part{number:02d}_of_the_whole" / "__init__.py").write_text(body if number % 3 else "")
    (folder / "__init__.py").write_text("")

    root = ElementTree.fromstring(drawn(capsysbinary, "wide", "--repo", str(shop), "--format", "svg"))

    boxes = [
        tuple(float(one.get(key, "")) for key in ("x", "y", "width", "height"))
        for one in root.iter(f"{SVG}rect")
        if one.get("class") == "box"
    ]
    width, height = float(root.get("width", "")), float(root.get("height", ""))
    assert len(boxes) == 23
    assert all(x >= 0 and y >= 0 and x + w <= width and y + h <= height for x, y, w, h in boxes)
    assert not [
        (one, other)
        for index, one in enumerate(boxes)
        for other in boxes[index + 1 :]
        if abs(one[1] - other[1]) < one[3]
        and max(one[0], other[0]) < min(one[0] + one[2], other[0] + other[2])
    ]


def test_without_layers_a_cycle_shares_a_row(
    tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    builder = RepositoryBuilder(tmp_path).write_all(
        {"p/__init__.py": "", "p/a.py": "import p.b\n", "p/b.py": "import p.a\n", "p/top.py": "import p.a\n"}
    )
    builder.commit("first")

    text = drawn(capsysbinary, "p", "--repo", str(tmp_path))

    assert re.findall(r"row \d: (.*)", text.replace(" (1 module)", "")) == ["p.top", "p.a, p.b"]


def test_dot_names_every_part_and_arrow(shop: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    text = drawn(capsysbinary, "shop", "--repo", str(shop), "--format", "dot")

    assert '"shop.api" -> "shop.domain" [label="1"];' in text
    assert '"shop.store" -> "shop.api" [label="1", color="#c62828"' in text
    assert text.count("{") == text.count("}")


def test_call_chain_is_told_call_by_call(shop: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    text = drawn(capsysbinary, "--repo", str(shop), "--from", "shop.api.answer", "--to", "time.sleep")

    assert text == (
        "shop.api.answer reaches time.sleep in 2 steps\n"
        "  shop/api/__init__.py:5: shop.api.answer calls shop.domain.prices.price\n"
        "    shop/domain/prices.py:7: shop.domain.prices.price calls time.sleep\n"
    )


def test_call_chain_through_a_constructed_object_is_drawn(
    shop: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    words = [
        "--repo",
        str(shop),
        "--from",
        "shop.api.answer",
        "--to",
        "shop.store.Table.read",
        "--format",
        "svg",
    ]
    root = ElementTree.fromstring(drawn(capsysbinary, *words))

    boxes = [one for one in root.iter(f"{SVG}rect") if one.get("class") == "box"]
    assert len(boxes) == 2


def test_chain_goes_through_dependencies_threads_and_background_tasks(
    tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    builder = RepositoryBuilder(tmp_path / "app").write_all(
        {
            "app/__init__.py": "",
            "app/routes.py": (
                "import asyncio\nfrom typing import Annotated\n"
                "from fastapi import BackgroundTasks, Depends, FastAPI\n"
                "from app.work import opened, sent\n\napi = FastAPI()\n\n\n"
                "@api.get('/cards')\n"
                "async def cards(session: Annotated[str, Depends(opened)], later: BackgroundTasks):\n"
                "    later.add_task(sent, session)\n    return []\n"
            ),
            "app/work.py": (
                "import os\nimport socket\nimport threading\n\n\ndef opened():\n"
                "    threading.Thread(target=connected).start()\n\n\n"
                "def connected():\n    socket.create_connection(('localhost', 1))\n\n\n"
                "def sent(session):\n    os.system(session)\n"
            ),
        }
    )
    builder.commit("first")
    words = "--repo", str(builder.path), "--from", "app.routes.cards", "--to"

    assert drawn(capsysbinary, *words, "socket.create_connection") == (
        "app.routes.cards reaches socket.create_connection in 3 steps\n"
        "  app/routes.py:10: app.routes.cards depends on app.work.opened\n"
        "    app/work.py:7: app.work.opened hands app.work.connected to a thread\n"
        "      app/work.py:11: app.work.connected calls socket.create_connection\n"
    )
    assert drawn(capsysbinary, *words, "os.system") == (
        "app.routes.cards reaches os.system in 2 steps\n"
        "  app/routes.py:11: app.routes.cards hands app.work.sent to a background task\n"
        "    app/work.py:15: app.work.sent calls os.system\n"
    )


def test_no_chain_is_said_so(shop: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    text = drawn(capsysbinary, "--repo", str(shop), "--from", "shop.api.answer", "--to", "os.system")

    assert text.startswith("no call chain from shop.api.answer to os.system was found")


def test_another_commit_is_drawn_by_its_name(shop: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    builder = RepositoryBuilder(shop, init=None)
    builder.write("shop/store/__init__.py", "class Table:\n    pass\n")

    assert ", 0 against" in drawn(capsysbinary, "shop", "--repo", str(shop))
    assert ", 1 against" in drawn(capsysbinary, "shop", "--repo", str(shop), "--ref", "HEAD")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["shop.nowhere"], "is no package of the tree"),
        (["--from", "shop.api.answer"], "needs both --from SYMBOL and --to SYMBOL"),
        (["--from", "shop.api.missing", "--to", "time.sleep"], "defines no missing; it defines answer"),
        (["--from", "nowhere.f", "--to", "time.sleep"], "no module of the tree has that name"),
        (["--depth", "0"], "give 1 or more"),
        (["shop", "--output", "/"], "name a file that can be written"),
    ],
)
def test_what_cannot_be_drawn_exits_2_with_a_reason(
    words: list[str], said: str, shop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["graph", "--repo", str(shop), *words]) == 2
    assert said in capsys.readouterr().err
