"""Random problems in Tessera, against ONNX Runtime and the rules.

TESSERA_CONFORMANCE_SEED draws other ones; TESSERA_CONFORMANCE_PROBLEM=group:number runs one alone.
"""
import os
import pathlib
import tempfile

import pytest

import checks
import commands
import problems

PROBLEMS = 2000
SEED = os.environ.get("TESSERA_CONFORMANCE_SEED", "1")
ONLY = os.environ.get("TESSERA_CONFORMANCE_PROBLEM")
REPORTED = 5
ran = {}


def report(device, problem, text):
    """What fails, made as simple as that goes, and how to run it."""
    name = f"{problem.group}:{problem.number}"
    folder = pathlib.Path(tempfile.gettempdir()) / "tessera-conformance" / name.replace(":", "-")
    simple, simple_text = checks.shrunk(device, problem, text)
    arrays = checks.arrays_of(simple)
    line = commands.save(simple, device, arrays, checks.expected(simple, arrays), folder)
    return (f"{name}, seed {SEED}: {text}\n  {problem}\n  made simpler: {simple_text}\n  {line}\n"
            f"  TESSERA_CONFORMANCE_SEED={SEED} TESSERA_CONFORMANCE_PROBLEM={name}")


@pytest.mark.parametrize("group", problems.GROUPS)
def test_group(device, group):
    """All problems of a group; the first few that fail are reported."""
    failures, ran[group] = [], 0
    for number in range(problems.GROUPS[group]):
        if ONLY and ONLY != f"{group}:{number}":
            continue
        problem = problems.draw(SEED, group, number, device.is_host)
        text = checks.failure(device, problem)
        ran[group] += 1
        if text:
            failures.append((problem, text))
    if failures:
        lines = "\n\n".join(report(device, *failed) for failed in failures[:REPORTED])
        pytest.fail(f"{len(failures)} of {ran[group]} problems fail; the first of them:\n\n{lines}", pytrace=False)


def test_all_ran(device):
    """The number of problems, and that more than the reference algorithm ran."""
    if ONLY:
        pytest.skip("one problem alone was asked for")
    assert sum(ran.values()) == PROBLEMS
    assert len(device.algorithms) > 2
    print(f"algorithms: {device.algorithms}")
