"""Every element, attribute and keyword of MuJoCo's own schema is known, but for those whose reason stands in schema.py."""
import importlib.util

import program
import pytest
import schema

absent = "MuJoCo is not installed" if importlib.util.find_spec("mujoco") is None else program.missing()
pytestmark = pytest.mark.skipif(bool(absent), reason=absent or "-")


def rows():
    return {} if absent else dict(schema.printed_schema())


@pytest.mark.parametrize("section", sorted({path.split("/")[0] for path in rows()}))
def test_the_schema_is_known(section, tmp_path):
    asker, keywords, seen = schema.Asker(tmp_path), schema.documented_keywords(), {}
    for path, attributes in rows().items():
        if path.split("/")[0] == section:
            seen.update(schema.walk(asker, path, attributes, keywords))
    unexpected = [f"{' '.join(key)}: {code}" for key, code in seen.items() if schema.expected(key) is None]
    assert not unexpected, "\n".join(unexpected)
    for key, code in seen.items():                                     # one clear diagnostic, not a misunderstanding
        assert code in ("not-supported-yet", "conflicting-attributes", "attributes are not checked"), (key, code)


def test_no_exception_is_out_of_date(tmp_path):
    asker, keywords, used = schema.Asker(tmp_path), schema.documented_keywords(), set()
    for path, attributes in rows().items():
        for key in schema.walk(asker, path, attributes, keywords):
            used.update(name for name in schema.EXPECTED if schema.covers(name, key))
    assert set(schema.EXPECTED) <= used, set(schema.EXPECTED) - used


def test_what_the_schema_does_not_print(tmp_path):
    asker = schema.Asker(tmp_path)
    for name in schema.BESIDE[:2]:
        assert not any(f["code"] in ("unknown-element", "not-supported-yet") for f in asker.findings(f"worldbody/{name}", {}))


def test_an_unknown_attribute_is_found(tmp_path):
    found = schema.walk(schema.Asker(tmp_path), "worldbody/geom", ["size", "sizes"], {})
    assert found == {("worldbody/geom", "sizes"): "unknown-attribute"}
