"""docs/tutorial.md, typed in from top to bottom: every block runs, in order, in one folder, and prints what the page says that it prints.
And the Python of the front pages.

What a block does follows from its language and its first line:

  yaml, xml    becomes the file that its first line names (`# slide.yaml`, `<!-- brick.xml -->`); so does python with such a line
  python       runs; blocks share their variables
  sh           runs in bash, which stops at the first error
  text         is what the block before it prints; `..` stands for any text, as a line of its own for any number of lines
  console      is for the reader only

Training takes minutes. A comment before a block, `<!-- quick: --steps 1e4 -->`, is what is appended to its commands here, and what it
prints is not compared then; `<!-- output: long -->` says the same of a block that uses what was trained. The page as it stands is the
test with the mark `long`.
"""

from __future__ import annotations

import contextlib
import importlib.util
import io
import os
import pathlib
import re
import subprocess
import sys
import traceback
from dataclasses import dataclass

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[3]
PAGE = ROOT / "docs/tutorial.md"
PROGRAM = pathlib.Path(os.environ.get("NURI_PROGRAM", ROOT / "build/release/nuri"))
SECONDS = 1800   # of a command
NAME = re.compile(r"(?:#|<!--) ([\w.-]+\.(?:yaml|xml|py))(?: -->)?")


@dataclass(frozen=True)
class Block:
    language: str
    line: int                   # of the page, from 1: the first line inside
    text: str
    quick: str = ""             # appended to commands of the quick form
    long_output: bool = False
    expected: str | None = None
    expected_line: int = 0

    @property
    def file(self) -> str:
        named = NAME.fullmatch(self.text.partition("\n")[0])
        return named[1] if named else ""


def read(page: str) -> list[Block]:
    """Blocks in order; those of the language `text` belong to the block before them."""
    blocks: list[Block] = []
    marks: dict[str, str] = {}
    lines = page.splitlines()
    at = 0
    while at < len(lines):
        if mark := re.fullmatch(r"<!-- (quick|output): (.*) -->", lines[at]):
            marks[mark[1]] = mark[2]
        elif fence := re.fullmatch(r"```(\w*)", lines[at]):
            end = lines.index("```", at + 1)
            text = "".join(line + "\n" for line in lines[at + 1 : end])
            if fence[1] not in ("python", "yaml", "xml", "sh", "text", "console"):
                raise ValueError(f"{PAGE.name}:{at + 1}: a block of the language '{fence[1]}'")
            if fence[1] == "text":
                if marks or not blocks or blocks[-1].expected is not None or blocks[-1].language not in ("python", "sh"):
                    raise ValueError(f"{PAGE.name}:{at + 1}: what prints this?")
                blocks[-1] = Block(**{**vars(blocks[-1]), "expected": text, "expected_line": at + 2})
            elif fence[1] != "console":
                blocks.append(Block(fence[1], at + 2, text, marks.pop("quick", ""), marks.pop("output", "") == "long"))
            at = end
        at += 1
    if marks:
        raise ValueError(f"{PAGE.name}: {marks} belong to no block")
    return blocks


def fits(printed: str, expected: str) -> bool:
    """Whether it is what the page shows, where `..` stands for anything."""
    pattern = ""
    for line in expected.splitlines():
        pattern += r"(?:.*\n)*?" if line.strip() == ".." else ".*?".join(map(re.escape, line.rstrip().split(".."))) + r"\n"
    return re.fullmatch(pattern, "".join(line.rstrip() + "\n" for line in printed.splitlines())) is not None


class Reader:
    """Somebody who types the page in, block by block."""

    def __init__(self, folder: pathlib.Path, blocks: list[Block], quick: bool) -> None:
        self.folder, self.blocks, self.quick = folder / "work", blocks, quick
        self.folder.mkdir()
        self.variables: dict = {"__name__": "tutorial"}
        self.done, self.failed = 0, None
        # `python` is this one and sees this package; `nuri` is the program that is tested
        import nuri

        programs = folder / "bin"
        programs.mkdir()
        for name, target in (("python", sys.executable), ("nuri", PROGRAM)):
            (programs / name).write_text(f'#!/bin/sh\nexec "{target}" "$@"\n')
            (programs / name).chmod(0o755)
        package = str(pathlib.Path(nuri.__file__).parents[1])
        self.environment = {**os.environ, "PATH": f"{programs}:{os.environ['PATH']}", "PYTHONPATH": package, "NURI_PROGRAM": str(PROGRAM)}

    def read_to(self, index: int) -> None:
        """Blocks up to this one, which have not been typed in yet."""
        while self.done <= index:
            if self.failed is not None:
                pytest.skip(f"{PAGE.name}:{self.failed} failed, and this comes after it")
            block = self.blocks[self.done]
            self.done += 1
            try:
                self.type_in(block)
            except BaseException:
                self.failed = block.line
                raise

    def type_in(self, block: Block) -> None:
        if block.file:
            (self.folder / block.file).write_text(block.text)
            return
        assert block.language in ("python", "sh"), f"{PAGE.name}:{block.line}: the first line names no file"
        printed = self.run_python(block) if block.language == "python" else self.run_shell(block)
        if block.expected is not None and not (self.quick and (block.quick or block.long_output)):
            said = f"{PAGE.name}:{block.expected_line}: the page shows\n{block.expected}\nbut this was printed:\n{printed}"
            assert fits(printed, block.expected), said

    def run_python(self, block: Block) -> str:
        printed = io.StringIO()
        before = os.getcwd()
        os.chdir(self.folder)
        sys.path.insert(0, "")
        try:
            code = compile("\n" * (block.line - 1) + block.text, str(PAGE), "exec")   # a traceback has lines of the page
            with contextlib.redirect_stdout(printed):
                exec(code, self.variables)
        except Exception as error:
            lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(PAGE)]
            place = f"{PAGE.name}:{lines[-1] if lines else block.line}"
            pytest.fail(f"{place}: {type(error).__name__}: {error}\nprinted before:\n{printed.getvalue()}")
        finally:
            sys.path.remove("")
            os.chdir(before)
        return printed.getvalue()

    def run_shell(self, block: Block) -> str:
        commands = block.text
        if self.quick and block.quick:
            commands = "".join(f"{line} {block.quick}\n" for line in commands.splitlines())
        done = subprocess.run(["bash", "-e", "-c", commands], cwd=self.folder, env=self.environment, capture_output=True, text=True,
                              timeout=SECONDS)
        assert done.returncode == 0, f"{PAGE.name}:{block.line}: status {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout


BLOCKS = read(PAGE.read_text())
NEEDED = [name for name in ("gymnasium", "torch", "PIL") if importlib.util.find_spec(name) is None]


@pytest.fixture(scope="module")
def reader(tmp_path_factory) -> Reader:
    if not PROGRAM.is_file():
        pytest.skip("the program nuri is not built (NURI_PROGRAM names it)")
    if NEEDED:
        pytest.skip(f"not installed: {', '.join(NEEDED)}")
    return Reader(tmp_path_factory.mktemp("tutorial"), BLOCKS, quick=True)


@pytest.mark.parametrize("index", range(len(BLOCKS)), ids=[f"line{block.line}_{block.language}" for block in BLOCKS])
def test_block(reader, index):
    reader.read_to(index)


@pytest.mark.long
def test_the_page_as_it_stands(tmp_path):
    if not PROGRAM.is_file() or NEEDED:
        pytest.skip("the program nuri is not built" if not NEEDED else f"not installed: {', '.join(NEEDED)}")
    Reader(tmp_path, BLOCKS, quick=False).read_to(len(BLOCKS) - 1)


# ---- what the front pages say of Python --------------------------------------------------------------------------------------------------


def front(name: str) -> str:
    """The code of the chapter on Python, without comments."""
    chapter = re.search(r"^## (?:Python|파이썬)\n(.*?)^## ", (ROOT / name).read_text(), re.M | re.S)[1]
    blocks = re.findall(r"^```python\n(.*?)^```", chapter, re.M | re.S)
    return "".join(re.sub(r" *#.*", "", line) + "\n" for block in blocks for line in block.splitlines())


def test_both_front_pages_have_the_same_code():
    assert front("README.md") == front("README.ko.md") != ""


@pytest.mark.skipif("gymnasium" in NEEDED or "torch" in NEEDED, reason="gymnasium or torch is not installed")
def test_the_front_page_runs():
    code = front("README.md")
    assert "envs=4096" in code and "num_envs=64" in code
    variables: dict = {}
    with contextlib.redirect_stdout(io.StringIO()):
        exec(compile(code.replace("4096", "40").replace("num_envs=64", "num_envs=4"), "README.md", "exec"), variables)
    assert variables["world"].control.shape == (40, 21) and variables["reward"].shape == (4,)


@pytest.mark.parametrize("page", ["README.md", "README.ko.md", "docs/tutorial.md"])
def test_links_lead_somewhere(page):
    links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", (ROOT / page).read_text())
    assert links and [link for link in links if not (ROOT / page).parent.joinpath(link).exists()] == []


# ---- the test's own tools ----------------------------------------------------------------------------------------------------------------


def test_what_fits():
    for printed, expected in (("a 1.25\nb\n", "a 1..\nb\n"), ("a\nb\nc\nd\n", "a\n..\nd\n"), ("a  \nd\n", "a\n..\nd"), ("", "")):
        assert fits(printed, expected)
    for printed, expected in (("a\nb\n", "a\n"), ("a\nb\n", "a\nc\n"), ("x (1)\n", "x 1\n"), ("", "a\n"), ("aXb\n", "a.b\n")):
        assert not fits(printed, expected)


def test_blocks_are_read():
    page = "# T\n```sh\nls\n```\n<!-- quick: -n 1 -->\n```sh\nls -l\n```\n\n```text\ntotal ..\n```\n"
    page += "```console\nrm x\n```\n```python\n# f.py\nx = 1\n```\n"
    first, second, third = read(page)
    assert (first.language, first.line, first.text, first.expected, first.file) == ("sh", 3, "ls\n", None, "")
    assert (second.quick, second.expected, second.expected_line) == ("-n 1", "total ..\n", 11)
    assert third.file == "f.py" and third.line == 17
    for wrong in ("```text\nx\n```\n", "```c\nx\n```\n", "<!-- quick: -n 1 -->\n"):
        with pytest.raises(ValueError, match="tutorial.md"):
            read(wrong)


def test_a_wrong_block_is_named_by_its_line(tmp_path):
    page = "```python\nx = 1\n```\n\n```python\n\nprint(x / 0)\n```\n```sh\nfalse\n```\n"
    (tmp_path / "python").mkdir()
    wrong = Reader(tmp_path / "python", read(page), quick=True)
    wrong.read_to(0)
    with pytest.raises(pytest.fail.Exception, match=r"tutorial.md:7: ZeroDivisionError"):
        wrong.read_to(1)
    with pytest.raises(pytest.skip.Exception, match="tutorial.md:6 failed"):
        wrong.read_to(2)
    wrongs = "```sh\nfalse\necho\n```\n", "```sh\necho 1\n```\n```text\n2\n```\n", "```python\nprint(3)\n```\n```text\n4\n```\n"
    for k, text in enumerate(wrongs):
        (tmp_path / f"other{k}").mkdir()
        with pytest.raises(AssertionError, match=r"tutorial.md:(2|5)"):
            Reader(tmp_path / f"other{k}", read(text), quick=True).read_to(0)
