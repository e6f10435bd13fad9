"""The house keeps its measures: no long function, no long module, no hidden import, a first sentence everywhere."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "comments_service"
MODULES = sorted(path for path in PACKAGE.rglob("*.py") if "versions" not in path.parts)
LONGEST_FUNCTION = 50
LONGEST_MODULE = 400
HOUSEHOLD = {"utils", "helpers", "common", "core", "services", "managers", "misc"}


def functions(tree: ast.AST) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


@pytest.fixture(params=MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def module(request: pytest.FixtureRequest) -> ast.Module:
    return ast.parse(request.param.read_text())


def test_every_module_says_in_a_sentence_what_it_is_for(module: ast.Module) -> None:
    assert (ast.get_docstring(module) or "").partition("\n")[0].rstrip().endswith((".", ":", ";", "?"))


def test_no_function_is_longer_than_fifty_lines(module: ast.Module) -> None:
    assert [(node.name, lines(node)) for node in functions(module) if lines(node) > LONGEST_FUNCTION] == []


def test_nothing_is_imported_inside_a_function(module: ast.Module) -> None:
    hidden = [
        node.name
        for node in functions(module)
        if any(isinstance(inner, ast.Import | ast.ImportFrom) for inner in ast.walk(node))
    ]
    assert hidden == []


def test_no_module_is_longer_than_four_hundred_lines() -> None:
    assert {str(path.relative_to(ROOT)) for path in MODULES if path.read_text().count("\n") > LONGEST_MODULE} == set()


def test_nine_of_ten_functions_fit_thirty_lines() -> None:
    sizes = sorted(lines(node) for path in MODULES for node in functions(ast.parse(path.read_text())))
    assert sizes[len(sizes) * 9 // 10] <= 30


def test_no_room_is_called_a_cupboard() -> None:
    assert {path.stem for path in MODULES} & HOUSEHOLD == set()


def test_imports_go_down_only() -> None:
    command = [str(Path(sys.executable).parent / "lint-imports"), "--no-logo", "--no-cache"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_the_factory_fits_one_screen() -> None:
    assert (PACKAGE / "__init__.py").read_text().count("\n") <= 60
