"""One device for all tests of a run."""
import os

import pytest

import tessera


@pytest.fixture(scope="session")
def device():
    """The device that TESSERA_TEST_DEVICE selects; where it cannot be opened every test fails, none is skipped."""
    return tessera.Device(os.environ.get("TESSERA_TEST_DEVICE"), os.environ.get("TESSERA_TEST_CACHE"))


def pytest_report_header():
    return f"device {os.environ.get('TESSERA_TEST_DEVICE', 'cpu')}, library {os.environ['TESSERA_LIBRARY']}"
