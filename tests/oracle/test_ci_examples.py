"""The examples of docs/ci: files that GitHub and GitLab take, whose commands the program takes."""

import re

import program
import pytest
import yaml

ROOT = program.ROOT


class Strict(yaml.SafeLoader):
    """PyYAML keeps the last of two equal keys in silence."""

    def construct_mapping(self, node, deep=False):
        keys = [key.value for key, _ in node.value]
        assert len(keys) == len(set(keys)), f"line {node.start_mark.line + 1}: a key is there twice"
        return super().construct_mapping(node, deep)


def load(name):
    return yaml.load((ROOT / "docs" / "ci" / name).read_text(), Strict)


def commands(jobs):
    return [line.strip() for job in jobs for line in job.splitlines() if line.strip().startswith("nuri/run ")]


@pytest.fixture(autouse=True)
def needs_program():
    if program.missing():
        pytest.skip(program.missing())


def check(lines):
    """Every option exists: the program's own help says so."""
    assert any(line.startswith("nuri/run regress") for line in lines)
    for line in lines:
        words = line.split()
        told = program.run(words[1], "--help")
        for option in re.findall(r"(?<!\S)--[a-z-]+", line):
            assert re.search(rf"(?<![\w-]){option}(?![\w-])", told), f"nuri {words[1]} has no {option}"


def test_github():
    workflow = load("github.yml")
    assert set(workflow[True]) == {"push", "pull_request"}  # `on` is a truth value to YAML 1.1, and a key to GitHub
    (job,) = workflow["jobs"].values()
    assert job["runs-on"] and 0 < job["timeout-minutes"] <= 360
    for step in job["steps"]:
        assert ("uses" in step) != ("run" in step), step
        assert set(step) <= {"name", "uses", "with", "run", "if", "env", "id"}, step
    used = {step["uses"].split("@")[0] for step in job["steps"] if "uses" in step}
    assert {"actions/checkout", "actions/upload-artifact"} <= used
    check(commands(step.get("run", "") for step in job["steps"]))
    # what is kept is what was written, and a failure does not keep it from being kept
    text = (ROOT / "docs/ci/github.yml").read_text()
    for name in re.findall(r"--(?:junit|report) (\S+)", text):
        kept = [step for step in job["steps"] if step.get("uses", "").startswith("actions/upload-artifact") and name in step["with"]["path"].split()]
        assert kept and kept[0]["if"] == "success() || failure()"


def test_gitlab():
    pipeline = load("gitlab.yml")
    stages = pipeline["stages"]
    jobs = {name: job for name, job in pipeline.items() if name not in ("stages", "variables")}
    for name, job in jobs.items():
        whole = {**jobs.get(job.get("extends"), {}), **job}
        assert whole["stage"] in stages
        assert set(whole) <= {"stage", "image", "timeout", "interruptible", "cache", "before_script", "artifacts", "extends", "rules", "script"}
        if name.startswith("."):
            continue
        lines = commands(whole["before_script"] + whole["script"])
        check(lines)
        (command,) = (line for line in lines if line.startswith("nuri/run regress"))
        assert f"--junit {whole['artifacts']['reports']['junit']}" in command
        assert all(f"--report {path}" in command for path in whole["artifacts"]["paths"])
        assert whole["artifacts"]["when"] == "always"


@pytest.mark.parametrize("name", ["github.yml", "gitlab.yml"])
def test_explained(name):
    assert f"ci/{name}" in (ROOT / "docs" / "regress.md").read_text()
