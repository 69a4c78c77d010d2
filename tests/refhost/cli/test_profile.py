"""`--profile`: how the host of `refhost run` and `refhost serve` behaves."""

import pytest
from honest import READ_SPEED, Honest

# Without sk_get_path, which the server does not have.
ABLE = Honest(look=READ_SPEED)


@pytest.mark.parametrize(("profile", "departs"), [("documented", False), ("signalk-server-2.32", True)])
def test_the_log_says_where_the_host_departs(refhost, folder, profile, departs):
    result = refhost("run", folder(ABLE), "--profile", profile, "--config", '{"greeting": "hello"}')
    assert result.exit_code == 0
    told = [line for line in result.stderr.splitlines() if "[departure]" in line]
    assert any("D23: " in line for line in told) is departs
    assert any("D17: " in line for line in told) is departs
    assert bool(result.stdout) is not departs


def test_by_the_book_unless_told(refhost, folder):
    plain = refhost("run", folder(ABLE))
    assert plain.stdout == refhost("run", folder(ABLE), "--profile=documented").stdout
    assert "[departure]" not in plain.stderr


def test_what_the_server_does_not_load_is_said(refhost, folder):
    result = refhost("run", folder(Honest()), "--profile=signalk-server-2.32")
    assert result.exit_code == 2
    assert "signalk-server-2.32 has no function sk_get_path (D3)" in result.stderr


@pytest.mark.parametrize("command", ["run", "serve"])
def test_an_unknown_profile_is_a_usage_error(refhost, folder, command):
    result = refhost(command, folder(ABLE), "--profile=signalk-server", *(["--port=0"] if command == "serve" else []))
    assert result.exit_code == 2
    assert "--profile: There is no profile 'signalk-server': did you mean signalk-server-2.32?" in result.stderr
    assert "Traceback" not in result.output
