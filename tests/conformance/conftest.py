"""One device for all tests of a run."""
import os

import pytest

import tessera


@pytest.fixture(scope="session")
def device():
    """The device that TESSERA_TEST_DEVICE selects; where it cannot be opened every test fails, none is skipped."""
    return tessera.Device(os.environ.get("TESSERA_TEST_DEVICE"), os.environ.get("TESSERA_TEST_CACHE"))


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session, exitstatus):
    """A run that executed no test is a failure, also where all were skipped."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if exitstatus == pytest.ExitCode.OK and not reporter.stats.get("passed"):
        session.exitstatus = pytest.ExitCode.NO_TESTS_COLLECTED


def pytest_report_header():
    return f"device {os.environ.get('TESSERA_TEST_DEVICE', 'cpu')}, library {os.environ['TESSERA_LIBRARY']}"
