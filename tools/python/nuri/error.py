"""What Nuri refuses, and why."""

from __future__ import annotations


class Error(Exception):
    """Bad input, with its place and a hint.

    Attributes:
        findings: a dict for each finding with ``severity``, ``code`` (stable, kebab-case), ``message``, ``hint``, ``file``, ``line``, ``column``
            (from 1; 0: unknown) and ``text``, which is all of it as the command line prints it.
    """

    def __init__(self, findings: list[dict]) -> None:
        self.findings = findings
        super().__init__("\n".join(f["text"] for f in findings))

    @property
    def code(self) -> str:
        """Code of the first finding."""
        return self.findings[0]["code"] if self.findings else ""

    def __reduce__(self):
        return Error, (self.findings,)


def refused(code: str, message: str, hint: str = "", file: str = "") -> Error:
    """An error of one finding, made in Python."""
    place = f"{file}: " if file else ""
    text = f"{place}error: {message} [{code}]" + (f"\n  hint: {hint}" if hint else "")
    return Error([{"severity": "error", "code": code, "message": message, "hint": hint, "file": file, "line": 0, "column": 0, "text": text}])


def nearest_hint(word: str, known: list[str]) -> str:
    """ "did you mean 'gyro'?", or what there is to choose from."""
    import difflib

    names = [n for n in known if n]
    near = difflib.get_close_matches(word, names, n=3, cutoff=0.6)
    if near:
        return "did you mean " + " or ".join(f"'{n}'" for n in near) + "?"
    if not names:
        return "there are none with names"
    return "there are " + ", ".join(names[:12]) + (", .." if len(names) > 12 else "")
