"""Random problems in Tessera, against ONNX Runtime and the rules.

TESSERA_CONFORMANCE_SEED draws other ones; TESSERA_CONFORMANCE_PROBLEM=group:number runs one alone. ctest hands both on.
"""
import os
import pathlib
import subprocess
import tempfile

import pytest

import checks
import commands
import problems
import reference

PROBLEMS = 2000
ASKED = 1500  # of these ONNX Runtime decides so many at least
SEED = os.environ.get("TESSERA_CONFORMANCE_SEED", "1")
ONLY = os.environ.get("TESSERA_CONFORMANCE_PROBLEM")
REPORTED = 5
LINES = 8

# What has to run beside the reference algorithms.
FAST = {"host": {"rows"}, "cpu": {"direct_blocked", "window_blocked", "window_rows", "rows", "planes"}}
ran = {}


def folder_of(problem):
    return pathlib.Path(tempfile.gettempdir()) / "tessera-conformance" / f"{problem.group}-{problem.number}"


def report(device, problem, text):
    """What fails, made as simple as that goes, and how to run it."""
    name = f"{problem.group}:{problem.number}"
    simple, simple_text = checks.shrunk(device, problem, text)
    arrays = checks.arrays_of(simple)
    line = commands.save(simple, device, arrays, checks.expected(simple, arrays), folder_of(problem))
    return (f"{name}, seed {SEED}: {text}\n  {problem}\n  made simpler: {simple_text}\n  {line}\n"
            f"  wanted: {folder_of(problem)}/wanted_*.npy\n"
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


@pytest.mark.parametrize("group", problems.GROUPS)
def test_lines(device, group, tmp_path):
    """The lines that a report prints run, and give what is wanted."""
    command = os.environ.get("TESSERA_COMMAND")
    if not command or not device.is_host:
        pytest.skip("no command was built" if not command else "a line names the device and else is the same on all")
    path = f"{pathlib.Path(command).parent}:{os.environ['PATH']}"
    for number in range(LINES):
        problem = problems.draw(SEED, group, number, device.is_host)
        arrays = checks.arrays_of(problem)
        wanted = checks.expected(problem, arrays)
        folder = tmp_path / str(number)
        line = commands.save(problem, device, arrays, wanted, folder)
        if problem.op in ("fold", "unfold"):
            continue
        done = subprocess.run(line, shell=True, env={**os.environ, "PATH": path}, capture_output=True, text=True)
        assert done.returncode == 0, f"{line}\n{done.stderr}"
        for name, array in commands.as_command_counts(problem, wanted).items():
            assert checks.result_failure(problem, name, commands.load(problem, name, folder), array) is None, line


def test_all_ran(device):
    """The number of problems, of those that ONNX Runtime decided too, and that more than the references ran."""
    if ONLY:
        assert sum(ran.values()) == 1, f"there is no problem {ONLY}"
        return
    assert sum(ran.values()) == PROBLEMS
    assert reference.asked["yes"] >= ASKED
    kind = "host" if device.is_host else "cpu" if device.is_cpu else "gpu"
    assert FAST.get(kind, set()) <= set(device.algorithms)
    print(f"ONNX Runtime decided: {reference.asked}; algorithms: {device.algorithms}")
