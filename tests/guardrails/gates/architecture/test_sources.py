"""Projects that keep their code under `src` or in a folder of their own are judged across files too."""

import pytest

from tests.guardrails.gates.architecture.judged import POLICY, found

SLOW = "import time\n\ndef price(cents):\n    time.sleep(1)\n    return cents\n"
ROUTES = "from shop.pricing import price\n\nasync def quote():\n    return price(1)\n"
LAYERS = (
    "contracts:\n  - package: shop\n    layers: [[api], [store]]\n    standard_library_only: {store: []}\n"
)


def _said(files: dict[str, str]) -> set[tuple[str, str]]:
    return {(one.rule, one.location.path) for one in found(files)}


@pytest.mark.parametrize("extra", [{}, {"pyproject.toml": ""}])
@pytest.mark.parametrize("package", ["src/shop", "src/shop/api"])
def test_helper_under_src_is_followed(package: str, extra: dict[str, str]) -> None:
    files = {f"{package}/routes.py": ROUTES, "src/shop/pricing.py": SLOW, **extra}
    assert ("GR102", "src/shop/pricing.py") in _said(files)


def test_helper_of_the_same_project_is_followed_and_that_of_another_is_not() -> None:
    quick = SLOW.replace("time.sleep(1)", "pass")
    files = {
        "services/a/pyproject.toml": "",
        "services/a/shop/routes.py": ROUTES,
        "services/a/shop/pricing.py": SLOW,
        "services/b/pyproject.toml": "",
        "services/b/shop/routes.py": ROUTES,
        "services/b/shop/pricing.py": quick,
    }
    assert _said(files) == {("GR102", "services/a/shop/pricing.py")}
    assert found(files)[0].location.symbol == "services.a.shop.routes.quote"


def test_star_import_under_src_is_followed() -> None:
    files = {
        "src/shop/routes.py": ROUTES.replace("import price", "import *"),
        "src/shop/pricing.py": SLOW,
    }
    assert ("GR102", "src/shop/pricing.py") in _said(files)


@pytest.mark.parametrize("roots", ["", "roots: [src]\n"])
def test_layers_named_as_they_are_imported_hold_under_src(roots: str) -> None:
    files = {
        POLICY: roots + LAYERS,
        "src/shop/api/routes.py": "from shop.store import rows\n",
        "src/shop/store/__init__.py": "",
        "src/shop/store/rows.py": "import json\nfrom shop.store import cells\n",
        "src/shop/store/cells.py": "from shop.api import routes\n",
        "src/shop/store/web.py": "import requests\n",
    }
    assert _said(files) == {("GR101", "src/shop/store/cells.py"), ("GR101", "src/shop/store/web.py")}


def test_layers_hold_when_a_package_of_that_name_is_put_at_the_top() -> None:
    files = {
        POLICY: LAYERS,
        "shop/__init__.py": "",
        "src/shop/api/routes.py": "",
        "src/shop/store/cells.py": "from shop.api import routes\n",
    }
    assert ("GR101", "src/shop/store/cells.py") in _said(files)


def test_file_of_a_librarys_name_under_src_does_not_hide_the_librarys_calls() -> None:
    files = {
        "src/requests.py": "def get(url):\n    return url\n",
        "src/shop/routes.py": "import requests\n\nasync def go():\n    return requests.get('u', timeout=1)\n",
    }
    assert ("GR102", "src/shop/routes.py") in _said(files)


def test_ban_holds_for_a_library_whose_name_a_file_under_src_takes() -> None:
    files = {
        POLICY: "forbidden:\n  - importer: shop\n    imported: [requests]\n    reason: never\n",
        "src/requests.py": "",
        "src/shop/routes.py": "import requests\n",
    }
    assert ("GR101", "src/shop/routes.py") in _said(files)
