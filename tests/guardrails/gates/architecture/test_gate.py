import ast
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from guardrails.analysis.code.facts import Mark
from guardrails.analysis.code.marks import Here
from guardrails.gates.architecture import catalog, judging, rules
from guardrails.gates.architecture.gate import GATE
from guardrails.gates.architecture.module import Found, Module
from guardrails.model.change import Stage
from guardrails.model.evidence import CallChain
from guardrails.model.finding import Effect
from guardrails.model.frozen import replace
from tests.guardrails.gates.architecture.judged import POLICY, found, report_on, rules_found, settings_of
from tests.repos.memory import NoLaboratory, context_for

SLEEPING = "import time\n\nasync def handler():\n    time.sleep(1)\n"
QUIET = "import asyncio\n\nasync def handler():\n    await asyncio.sleep(1)\n"
HELPER = "def fetch(key):\n    return key\n"
BLOCKING_HELPER = "import time\n\ndef fetch(key):\n    time.sleep(1)\n    return key\n"
HANDLER = "from app.store import fetch\n\nasync def handler():\n    return fetch(1)\n"


def test_blocking_call_put_into_a_helper_is_found_though_its_async_caller_did_not_change() -> None:
    base = {"app/__init__.py": "", "app/routes.py": HANDLER, "app/store.py": HELPER}
    (one,) = found({**base, "app/store.py": BLOCKING_HELPER}, base)
    assert (one.rule, one.location.path, one.location.line) == ("GR102", "app/store.py", 4)
    assert one.location.symbol == "app.routes.handler"
    (chain,) = one.evidence
    assert isinstance(chain, CallChain)
    assert [(step.symbol, step.path, step.line) for step in chain.steps] == [
        ("app.routes.handler calls app.store.fetch", "app/routes.py", 4),
        ("app.store.fetch calls time.sleep", "app/store.py", 4),
    ]


def test_name_that_comes_to_mean_a_blocking_helper_is_found_at_its_users() -> None:
    base = {
        "app/__init__.py": "from app.calm import fetch\n",
        "app/calm.py": HELPER,
        "app/slow.py": BLOCKING_HELPER,
        "app/routes.py": "from app import fetch\n\nasync def handler():\n    return fetch(1)\n",
    }
    assert rules_found({**base, "app/__init__.py": "from app.slow import fetch\n"}, base) == {"GR102"}


def test_fault_of_an_unchanged_user_that_the_change_does_not_touch_is_not_reported() -> None:
    base = {
        "app/__init__.py": "",
        "app/slow.py": BLOCKING_HELPER,
        "app/store.py": HELPER,
        "app/routes.py": "from app import slow, store\n\nasync def handler():\n    return slow.fetch(store.fetch(1))\n",
        "app/other.py": "import app.routes\n",
    }
    report = report_on({**base, "app/store.py": BLOCKING_HELPER}, base)
    (one,) = report.findings
    assert one.location.path == "app/store.py"
    assert found({**base, "app/slow.py": BLOCKING_HELPER + "\n"}, base) == ()


def test_blocking_helper_that_async_code_hands_to_a_thread_is_fine() -> None:
    threaded = "import asyncio\nfrom app.store import fetch\n\nasync def handler():\n"
    threaded += "    return await asyncio.to_thread(fetch, 1)\n"
    base = {"app/__init__.py": "", "app/routes.py": threaded, "app/store.py": HELPER}
    assert found({**base, "app/store.py": BLOCKING_HELPER}, base) == ()


def test_fault_that_base_had_stays_old_when_the_file_changes_moves_or_shifts() -> None:
    base = {"app.py": SLEEPING}
    assert found({"app.py": "X = 1\n\n\n" + SLEEPING}, base) == ()
    assert found({"other.py": SLEEPING}, base) == ()
    assert [one.rule for one in found({"app.py": SLEEPING + "    time.sleep(1)\n"}, base)] == ["GR102"]


def test_file_moved_into_a_lower_layer_brings_its_imports_along_as_new() -> None:
    policy = {POLICY: "contracts: [{package: shop, layers: [[api], [model]]}]\n"}
    base = {**policy, "shop/api/a.py": "from shop.api import b\n", "shop/api/b.py": ""}
    head = {**policy, "shop/model/a.py": base["shop/api/a.py"], "shop/api/b.py": ""}
    assert rules_found(head, base) == {"GR101"}


def test_file_that_base_could_not_be_read_in_either_is_still_undecided() -> None:
    report = report_on({"app.py": "def f(:\n    pass\n"}, {"app.py": "def f(:\n"})
    assert [one.effect for one in report.findings] == [Effect.UNDECIDED]
    assert report.base_fingerprints == ()


def test_tests_are_not_judged_but_what_they_hide_for_async_code_is() -> None:
    assert found({"tests/test_app.py": SLEEPING, "conftest.py": SLEEPING, "a/tests/b.py": SLEEPING}) == ()
    hidden = {
        "tests/slow.py": BLOCKING_HELPER,
        "app.py": "from tests.slow import fetch\n\nasync def f():\n    fetch(1)\n",
    }
    assert rules_found(hidden) == {"GR102"}


def test_exemption_lifts_one_rule_from_one_place() -> None:
    policy = {POLICY: "exempt: {GR102: [legacy]}\n"}
    paths = [one.location.path for one in found({**policy, "legacy/a.py": SLEEPING, "b.py": SLEEPING})]
    assert paths == ["b.py"]


def test_policy_adds_blocking_calls_of_its_own() -> None:
    policy = {POLICY: "blocking: [shop.search, vendor.Client().]\n"}
    code = "import shop, vendor\n\nasync def f():\n    shop.search(1)\n    vendor.Client().go()\n"
    assert len(found({**policy, "app.py": code})) == 2


def test_ban_on_an_import_holds_for_everything_below_both_names() -> None:
    policy = {
        POLICY: "forbidden: [{importer: shop.core, imported: [django], reason: the core knows no framework}]\n"
    }
    (one,) = found(
        {**policy, "shop/core/deep.py": "from django.db import models\n", "shop/web.py": "import django\n"}
    )
    assert one.location.path == "shop/core/deep.py"
    assert "the core knows no framework" in one.message


def test_closed_layers_may_not_be_skipped() -> None:
    layers = "layers: [[api], [service], [client]], closed: true"
    policy = {POLICY: f"contracts: [{{package: shop, {layers}}}]\n"}
    assert rules_found({**policy, "shop/api/a.py": "import shop.client.b\n", "shop/client/b.py": ""}) == {
        "GR101"
    }
    assert found({**policy, "shop/api/a.py": "import shop.service.b\n", "shop/service/b.py": ""}) == ()


def test_package_itself_is_below_all_its_layers() -> None:
    policy = {POLICY: "contracts: [{package: shop, layers: [[api], [model]]}]\n"}
    through = {"shop/__init__.py": "from shop.api.a import x\n", "shop/api/a.py": "x = 1\n"}
    assert rules_found({**policy, **through}) == {"GR101"}


def test_clean_file_needs_neither_libcst_nor_the_files_it_does_not_reach() -> None:
    script = (
        "import sys\n"
        "from tests.guardrails.gates.architecture.judged import report_on\n"
        "try_block = 'try:\\n    f()\\nexcept ValueError:\\n    pass\\n'\n"
        "report = report_on({'a.py': try_block, 'b.py': 'x = 1\\n'}, {'b.py': 'x = 1\\n'})\n"
        "assert report.findings == ()\n"
        "sys.exit(bool({'libcst', 'numpy', 'yaml'} & set(sys.modules)) and 1)\n"
    )
    script = script.replace("'yaml'", "'pydantic'")
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


def test_facts_of_a_clean_change_are_read_from_its_files_alone() -> None:
    laboratory = NoLaboratory()
    files = {f"m{number}.py": f"x = {number}\n" for number in range(20)}
    report_on({**files, "app.py": QUIET}, files, laboratory=laboratory)
    stored = getattr(laboratory.cache, "stored")  # noqa: B009 - the port has no listing
    kinds = [key.partition("/")[0] for key in stored]
    assert sorted(one for one in kinds if one != "rules") == ["facts", "marks"]


def test_change_without_python_is_skipped_with_the_reason() -> None:
    context = context_for({"a.txt": "a"}, {"a.txt": "b"})
    assert GATE.skip(context.change, context.policy)
    python = context_for({"a.py": "x = 1\n"}, {"a.py": "x = 2\n"})
    assert GATE.skip(python.change, python.policy) is None


def test_a_new_rule_is_one_new_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = Path(rules.__file__).parent
    shutil.copytree(folder, tmp_path / "rules")
    text = (folder / "gr103_call_without_timeout.py").read_text()
    (tmp_path / "rules" / "gr199_copied.py").write_text(text.replace('"GR103"', '"GR199"'))
    monkeypatch.setattr(rules, "__path__", [str(tmp_path / "rules")])
    monkeypatch.setattr(rules, "__file__", str(tmp_path / "rules" / "__init__.py"))
    catalog.checks.cache_clear()
    catalog.listing.cache_clear()
    try:
        assert "GR199" in rules_found({"app.py": "import requests\n\nrequests.get('x')\n"})
    finally:
        catalog.checks.cache_clear()
        catalog.listing.cache_clear()
        sys.modules.pop("guardrails.gates.architecture.rules.gr199_copied", None)


def test_a_local_rule_that_raises_leaves_its_file_undecided_and_the_rest_judged(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def break_down(node: ast.AST, here: Here) -> Iterator[Mark]:
        yield here.mark(node, "one", "one")
        raise ZeroDivisionError("no\nsuch thing")

    broken = next(one for one in catalog.checks() if one.rule.id == "GR106")
    others = [one for one in catalog.checks() if one is not broken]
    listed = tuple(catalog.listed_as(one) for one in (replace(broken, marks_in=break_down), *others))
    monkeypatch.setattr(catalog, "listing", lambda: listed)
    monkeypatch.setattr(judging, "listing", catalog.listing)
    handled = SLEEPING + "    try:\n        pass\n    except:\n        raise\n"
    report = report_on({"app.py": handled, "other.py": "x = 1\n"})
    assert {(one.rule, one.location.line) for one in report.findings} == {("GR102", 4), ("GR199", 7)}
    (undecided,) = (one for one in report.findings if one.effect is Effect.UNDECIDED)
    assert undecided.message == f"{broken.rule.id} broke on this code: ZeroDivisionError: no\\nsuch thing"


def test_a_rule_over_facts_that_raises_leaves_its_file_undecided(monkeypatch: pytest.MonkeyPatch) -> None:
    def break_down(module: Module) -> Iterator[Found]:
        raise RecursionError(module.path)

    broken = next(one for one in catalog.checks() if one.rule.id == "GR103")
    others = [one for one in catalog.checks() if one is not broken]
    listed = tuple(
        catalog.listed_as(one) for one in (replace(broken, findings_in=break_down, words=()), *others)
    )
    monkeypatch.setattr(judging, "listing", lambda: listed)
    report = report_on({"app.py": SLEEPING})
    assert sorted((one.rule, one.effect) for one in report.findings) == [
        ("GR102", Effect.BLOCK),
        ("GR199", Effect.UNDECIDED),
    ]


def test_every_local_rule_asks_for_nodes_that_the_walk_shows() -> None:
    shown = (ast.stmt, ast.expr, ast.excepthandler, ast.pattern, ast.Module)
    for check in catalog.checks():
        assert [one for one in check.nodes if not issubclass(getattr(ast, one), shown)] == [], check.rule.id


def test_policy_of_this_repository_states_layers() -> None:
    # That they hold is for tests/guardrails/test_own_house.py to say.
    root = Path(__file__).parents[4]
    assert settings_of({POLICY: (root / POLICY).read_bytes()}).contracts


@pytest.mark.parametrize("stage", [Stage.COMMIT, Stage.MERGE])
def test_same_change_gives_the_same_findings_at_both_stages(stage: Stage) -> None:
    assert [one.rule for one in report_on({"app.py": SLEEPING}, stage=stage).findings] == ["GR102"]
