"""The gradients of random problems in Tessera, against JAX's.

Integers, and so equal in all bits but behind activations and norms that are not exact. Of equal maxima both take the
first in scan order; JAX has no gradient of dilated maxima, which are written there as maxima of gathered elements and
so are compared without ties. derivatives.py tells at which kinks of activations the two differ.

TESSERA_CONFORMANCE_SEED draws other ones; TESSERA_CONFORMANCE_PROBLEM=group:number runs one alone. ctest hands both on.
"""
import os

import pytest

import gradients

PROBLEMS = 1000
FORMS = 100
SEED = os.environ.get("TESSERA_CONFORMANCE_SEED", "1")
ONLY = os.environ.get("TESSERA_CONFORMANCE_PROBLEM")
REPORTED = 5

# What has to run beside the reference algorithms.
FAST = {"host": {"rows"}, "cpu": {"direct_blocked"}}
compared = {}


@pytest.fixture(scope="module")
def comparison(device):
    return gradients.Comparison(device)


@pytest.mark.parametrize("group", gradients.GROUPS)
def test_group(comparison, group):
    """All problems of a group; the first few that fail are reported."""
    failures, compared[group] = [], 0
    for number in range(gradients.GROUPS[group]):
        if ONLY and ONLY != f"{group}:{number}":
            continue
        problem = gradients.draw(SEED, group, number, comparison.device.is_host)
        text = comparison.failure(problem)
        compared[group] += 1
        if text:
            failures.append(f"{group}:{number}, seed {SEED}: {text}\n  {problem}\n"
                            f"  TESSERA_CONFORMANCE_SEED={SEED} TESSERA_CONFORMANCE_PROBLEM={group}:{number}")
    if failures:
        lines = "\n\n".join(failures[:REPORTED])
        pytest.fail(f"{len(failures)} of {compared[group]} problems fail; the first of them:\n\n{lines}", pytrace=False)


def test_all_compared(comparison):
    """The number of problems, of different programs of JAX, and that more than the references ran."""
    if ONLY:
        assert sum(compared.values()) == 1, f"there is no problem {ONLY}"
        return
    assert (sum(compared.values()), len(comparison.programs)) == (PROBLEMS, FORMS)
    device = comparison.device
    kind = "host" if device.is_host else "cpu" if device.is_cpu else "gpu"
    assert FAST.get(kind, set()) <= set(device.algorithms)
    print(f"algorithms: {device.algorithms}")
