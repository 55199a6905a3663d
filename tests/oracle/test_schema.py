"""Every element, attribute and keyword of MuJoCo's own schema is known, but for those whose reason stands in schema.py."""
import functools
import importlib.util
import tempfile

import program
import pytest
import schema

absent = "MuJoCo is not installed" if importlib.util.find_spec("mujoco") is None else program.missing()
pytestmark = pytest.mark.skipif(bool(absent), reason=absent or "-")


def rows():
    return {} if absent else dict(schema.printed_schema())


SECTIONS = sorted({path.split("/")[0] for path in rows()})


@functools.cache                                                       # thousands of questions, and two tests want the answers
def not_taken(section):
    keywords, found = schema.documented_keywords(), {}
    with tempfile.TemporaryDirectory() as folder:
        for path, attributes in rows().items():
            if path.split("/")[0] == section:
                found.update(schema.walk(schema.Asker(folder), path, attributes, keywords))
    return found


@pytest.mark.parametrize("section", SECTIONS)
def test_the_schema_is_known(section):
    unexpected = [f"{' '.join(key)}: {code}" for key, code in not_taken(section).items() if schema.expected(key) is None]
    assert not unexpected, "\n".join(unexpected)
    for key, code in not_taken(section).items():                       # one clear diagnostic, not a misunderstanding
        assert code in ("not-supported-yet", "conflicting-attributes", "attributes are not checked"), (key, code)


def test_no_exception_is_out_of_date():
    used = {name for section in SECTIONS for key in not_taken(section) for name in schema.EXPECTED if schema.covers(name, key)}
    assert set(schema.EXPECTED) == used, set(schema.EXPECTED) - used


def test_what_the_schema_does_not_print(tmp_path):
    asker = schema.Asker(tmp_path)
    for name in schema.BESIDE[:2]:
        assert not any(f["code"] in ("unknown-element", "not-supported-yet") for f in asker.findings(f"worldbody/{name}", {}))


def test_an_unknown_attribute_is_found(tmp_path):
    found = schema.walk(schema.Asker(tmp_path), "worldbody/geom", ["size", "sizes"], {})
    assert found == {("worldbody/geom", "sizes"): "unknown-attribute"}
