"""What could not be judged comes with what the plugin may lack: a configuration, answers, capabilities, as it fits."""

import pytest
from fetching import binary, const, fetches, get
from honest import CAPABILITIES, Honest
from wat import TRAP

from conformance.catalogue import requirement
from conformance.judge import judge
from conformance.subject import Subject
from refhost.capabilities import Grants
from refhost.package import PluginPackage

CONFIG, FETCH, CAPABILITY = "(--wasm-config)", "(--wasm-fetch)", "(--wasm-capabilities)"
FETCHING = PluginPackage(
    "fetching",
    binary(fetches(get(), then=TRAP, result=const(0))),
    "fetching.wasm",
    Grants.exactly({"network": True}),
)
NOT_STARTING = Honest(start=TRAP).package()
# It emits without asking whether it may, and falls over its first delta.
DENIED = Honest(may="(i32.const 1)", delta=TRAP, capabilities={**CAPABILITIES, "dataWrite": False}).package()
SHORT_LIVED = Honest(delta=TRAP).package()


@pytest.mark.parametrize(
    ("package", "hints"),
    [
        (FETCHING, {CONFIG, FETCH, CAPABILITY}),
        (NOT_STARTING, {CONFIG, CAPABILITY}),
        (DENIED, {CAPABILITY}),
        (SHORT_LIVED, set()),
    ],
    ids=["fetching", "not-starting", "denied", "short-lived"],
)
def test_what_it_may_lack(package, hints):
    verdict = judge(requirement("LIFE-008"), Subject(package))
    assert verdict.cascade
    assert verdict.mend.startswith("Mend the failure named here first")
    assert {hint for hint in (CONFIG, FETCH, CAPABILITY) if hint in verdict.mend} == hints
