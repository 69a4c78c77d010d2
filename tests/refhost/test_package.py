"""Packages from whatever the user has: files, folders, archives, and what is wrong with them (contract §6)."""

from __future__ import annotations

import gzip
import io
import json
import os
import tarfile

import pytest
from allocating import less_than
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from refhost.errors import ConfigurationError, PackageError
from refhost.package import from_bytes, plugin_id, read_package

WASM = b"\0asm\x01\0\0\0 not really"
NAME = "@scope/my-plugin"


def manifest(**changes: object) -> dict[str, object]:
    given = {"name": NAME, "version": "1.2.3", "wasmManifest": "plugin.wasm", **changes}
    return {key: value for key, value in given.items() if value is not ...}


@pytest.fixture
def folder(tmp_path):
    """A package on the disk; call it with what is different in its package.json."""

    def make(raw: bytes | None = None, wasm: str | None = "plugin.wasm", **changes: object):
        data = json.dumps(manifest(**changes)).encode() if raw is None else raw
        (tmp_path / "package.json").write_bytes(data)
        if wasm:
            (tmp_path / wasm).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / wasm).write_bytes(WASM)
        return tmp_path

    return make


def member(name: str, data: bytes = b"", **attributes: object) -> tuple[tarfile.TarInfo, bytes]:
    info = tarfile.TarInfo(name)
    info.size = len(data)
    for key, value in attributes.items():
        setattr(info, key, value)
    return info, data


def packed(*members: tuple[tarfile.TarInfo, bytes], kind: str = "w:gz") -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=kind) as archive:
        for info, data in members:
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


MANIFEST = member("package/package.json", json.dumps(manifest()).encode())
BINARY = member("package/plugin.wasm", WASM)


@pytest.fixture
def archive(tmp_path):
    """A file that is called like an archive of npm pack."""

    def make(*members: tuple[tarfile.TarInfo, bytes], data: bytes | None = None, name: str = "plugin-1.2.3.tgz"):
        path = tmp_path / name
        path.write_bytes(packed(*members) if data is None else data)
        return path

    return make


def refusal(path) -> str:
    with pytest.raises(PackageError) as caught:
        read_package(path)
    return str(caught.value)


# -- the id


@pytest.mark.parametrize(
    ("name", "identity"),
    [("@scope/my-plugin", "_scope_my-plugin"), ("plain", "plain"), ("@a/b", "_a_b"), ("a/b@c", "a_b_c"), ("", "")],
)
def test_the_id_comes_from_the_name(name, identity):
    assert plugin_id(name) == identity


@given(st.text())
def test_no_id_is_a_path(name):
    assert "/" not in plugin_id(name)
    assert "@" not in plugin_id(name)


# -- bytes


def test_bytes_with_and_without_a_name():
    package = from_bytes(WASM, name=NAME, capabilities={"network": True})
    assert (package.id, package.name, package.binary) == ("_scope_my-plugin", NAME, WASM)
    assert package.grants.has("network")
    assert from_bytes(WASM).id == ""
    with pytest.raises(ConfigurationError):
        from_bytes(WASM, capabilities={"netwrok": True})


# -- folders


def test_a_folder_is_a_package(folder):
    path = folder(wasmCapabilities={"network": True, "nonsense": 1}, description="x")
    for given_path in (path, path / "package.json"):
        package = read_package(given_path)
        assert package.id == "_scope_my-plugin"
        assert (package.name, package.version, package.binary) == (NAME, "1.2.3", WASM)
        assert package.grants.has("network")
        assert len(package.grants.warnings) == 1
        assert package.manifest["description"] == "x"
        assert package.origin == str(given_path)
        assert package.manifest_path == str(path / "package.json")


def test_a_byte_order_mark_is_no_obstacle(folder):
    path = folder(b"\xef\xbb\xbf" + json.dumps(manifest()).encode())
    assert read_package(path).name == NAME


def test_the_binary_may_lie_deeper(folder):
    path = folder(wasm="build/release/p.wasm", wasmManifest="./build/release/p.wasm")
    assert read_package(path).binary == WASM


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        (b"", "is not JSON"),
        (b"{", "is not JSON"),
        (b"\xff\xfe{}", "is not JSON"),
        (b"[" * 100_000, "is not JSON"),
        (b"[]", "holds list, where a JSON object belongs"),
        (b"null", "where a JSON object belongs"),
        (b"{}", 'has no "wasmManifest"'),
    ],
)
def test_a_manifest_that_is_none(folder, raw, told):
    path = folder(raw)
    assert told in refusal(path)
    assert str(path / "package.json") in refusal(path)


@pytest.mark.parametrize("name", [..., None, "", 1, [], {}, "a\0b", "..", "../a", "a\\b", "\ud800"])
def test_a_name_that_is_none(folder, name):
    assert 'has no usable "name"' in refusal(folder(name=name))


@pytest.mark.parametrize("declared", [None, [], "network", 1, True])
def test_capabilities_that_are_no_object(folder, declared):
    assert "where a JSON object belongs" in refusal(folder(wasmCapabilities=declared))


@pytest.mark.parametrize("named", [..., None, "", 1, [], {}, ["plugin.wasm"]])
def test_a_package_that_names_no_binary(folder, named):
    assert 'has no "wasmManifest"' in refusal(folder(wasmManifest=named))


LEAVING = [
    "/plugin.wasm",
    "../plugin.wasm",
    "a/../../plugin.wasm",
    "..",
    "a\\..\\b.wasm",
    "C:\\p.wasm",
    "a\0b",
    "/etc/passwd",
]


@pytest.mark.parametrize("named", LEAVING)
def test_a_binary_outside_of_the_package_is_refused(folder, archive, named):
    path = folder(wasmManifest=named)
    (path.parent / "plugin.wasm").write_bytes(WASM)
    assert "leaves the package" in refusal(path)
    packed_manifest = member("package/package.json", json.dumps(manifest(wasmManifest=named)).encode())
    assert "leaves the package" in refusal(archive(packed_manifest, member(f"package/{named}".replace("\0", ""), WASM)))


@pytest.mark.parametrize(
    "named", ["missing.wasm", ".", "./", "plugin.wasm/x", "x" * 5000, "\ud800.wasm", "ä.wasm", "a/b/c"]
)
def test_a_binary_that_is_not_there(folder, archive, named):
    path = folder(wasmManifest=named)
    assert "is not there" in refusal(path)
    packed_manifest = member("package/package.json", json.dumps(manifest(wasmManifest=named)).encode())
    assert "does not contain" in refusal(archive(packed_manifest, BINARY))


def test_a_link_out_of_the_package_is_refused(folder, tmp_path_factory):
    outside = tmp_path_factory.mktemp("outside") / "secret.wasm"
    outside.write_bytes(WASM)
    path = folder(wasm=None)
    (path / "plugin.wasm").symlink_to(outside)
    assert "leaves the package" in refusal(path)
    (path / "plugin.wasm").unlink()
    (path / "sub").symlink_to(outside.parent)
    assert "leaves the package" in refusal(folder(wasm=None, wasmManifest="sub/secret.wasm"))


def test_a_link_within_the_package_is_followed(folder):
    path = folder(wasm="real.wasm")
    (path / "plugin.wasm").symlink_to("real.wasm")
    assert read_package(path).binary == WASM


def test_links_in_a_circle_are_no_binary(folder):
    path = folder(wasm=None)
    (path / "plugin.wasm").symlink_to("plugin.wasm")
    assert refusal(path)


def test_a_folder_without_a_manifest_tells_what_it_holds(tmp_path):
    (tmp_path / "build").mkdir()
    (tmp_path / "build" / "p.wasm").write_bytes(WASM)
    (tmp_path / "node_modules").mkdir()
    (tmp_path / "node_modules" / "q.wasm").write_bytes(WASM)
    told = refusal(tmp_path)
    assert "has no package.json" in told
    assert os.path.join("build", "p.wasm") in told  # noqa: PTH118 - as the host writes it
    assert "q.wasm" not in told


@pytest.mark.parametrize("name", ["missing.wasm", "missing/", "x" * 5000, "a\0b", "missing.tgz"])
def test_a_path_that_is_not_there(tmp_path, name):
    told = refusal(tmp_path / name)
    assert "There is no file" in told or "cannot be read" in told


# -- bare files


def test_a_bare_file_has_no_id_of_its_own(tmp_path):
    path = tmp_path / "my.wasm"
    path.write_bytes(WASM)
    package = read_package(path)
    assert (package.id, package.name, package.version, package.binary) == ("", "my", "", WASM)
    assert package.manifest_path == ""
    assert not package.grants.warnings


@pytest.mark.parametrize("wasm", ["plugin.wasm", "build/plugin.wasm", "build/release/plugin.wasm"])
def test_the_manifest_above_a_file_counts_when_it_names_this_file(folder, wasm):
    path = folder(wasm=wasm, wasmManifest=wasm)
    package = read_package(path / wasm)
    assert package.id == "_scope_my-plugin"
    assert package.origin == str(path / wasm)


def test_a_manifest_too_far_above_does_not_count(folder):
    path = folder(wasm="a/b/c/plugin.wasm", wasmManifest="a/b/c/plugin.wasm")
    assert read_package(path / "a/b/c/plugin.wasm").id == ""


@pytest.mark.parametrize(
    "raw",
    [
        b"{",
        b"[]",
        b"{}",
        b'{"wasmManifest":"other.wasm","name":"x"}',
        b'{"wasmManifest":1}',
        b"\xff",
        b'{"wasmManifest":"a\\u0000b"}',
    ],
)
def test_a_manifest_above_that_names_another_or_is_broken_does_not_count(folder, raw):
    assert read_package(folder(raw) / "plugin.wasm").id == ""


def test_the_nearest_manifest_decides(folder):
    path = folder(wasm="build/plugin.wasm", wasmManifest="build/plugin.wasm")
    (path / "build" / "package.json").write_text("{}")
    assert read_package(path / "build" / "plugin.wasm").id == ""


def test_text_is_compiled(tmp_path):
    path = tmp_path / "p.wat"
    path.write_text('(module (memory (export "memory") 1))')
    assert read_package(path).binary[:8] == b"\0asm\x01\0\0\0"
    for bad in (b"(module", b"\xff\xfe", b"", b"(module (func (result i32)))x"):
        path.write_bytes(bad)
        if bad:
            assert "is not WebAssembly text" in refusal(path)


def test_a_file_over_the_limit_is_not_read(tmp_path):
    path = tmp_path / "p.wasm"
    with path.open("wb") as file:
        file.truncate(200 * 1024 * 1024)
    assert "is larger than 128 MiB" in refusal(path)


# -- archives


def test_an_archive_of_npm_pack_is_a_package(archive):
    for name in ("p.tgz", "p.tar.gz"):
        path = archive(MANIFEST, member("package/README.md", b"x"), BINARY, name=name)
        package = read_package(path)
        assert (package.id, package.binary, package.origin) == ("_scope_my-plugin", WASM, str(path))
        assert package.manifest_path == f"{path}!package/package.json"


def test_the_binary_may_come_before_the_manifest(archive):
    assert read_package(archive(BINARY, MANIFEST)).binary == WASM


@pytest.mark.parametrize(
    "data",
    [b"", b"nope", b"PK\x03\x04" + bytes(60), gzip.compress(b""), gzip.compress(b"nope"), gzip.compress(b"x" * 5000)],
    # Names of their own: gzip writes the time into its header, and the ids of tests must not change with it.
    ids=["empty", "text", "zip", "nothing", "gzipped text", "gzipped long text"],
)
def test_what_is_no_archive(archive, data):
    told = refusal(archive(data=data))
    assert "is not an archive of npm pack" in told or "does not contain" in told


def test_an_archive_that_is_not_compressed_is_none(archive):
    assert "is not an archive of npm pack" in refusal(archive(data=packed(MANIFEST, BINARY, kind="w")))


def test_an_archive_without_a_manifest(archive):
    assert "does not contain package/package.json" in refusal(archive(BINARY))
    assert "does not contain package/package.json" in refusal(archive(member("package.json", MANIFEST[1]), BINARY))


@pytest.mark.parametrize(
    "attributes",
    [
        {"type": tarfile.SYMTYPE, "linkname": "/etc/passwd", "size": 0},
        {"type": tarfile.LNKTYPE, "linkname": "package/package.json", "size": 0},
        {"type": tarfile.FIFOTYPE, "size": 0},
        {"type": tarfile.DIRTYPE, "size": 0},
        {"type": tarfile.CHRTYPE, "size": 0},
    ],
    ids=["symbolic link", "hard link", "pipe", "directory", "device"],
)
def test_what_is_no_plain_file_is_not_read(archive, attributes):
    assert "does not contain package/plugin.wasm" in refusal(
        archive(MANIFEST, member("package/plugin.wasm", **attributes))
    )


@pytest.mark.parametrize(
    "name",
    ["../plugin.wasm", "/plugin.wasm", "package/../plugin.wasm", "package/x/../plugin.wasm", "../package/plugin.wasm"],
)
def test_a_member_with_another_way_to_the_name_is_not_it(archive, tmp_path, name):
    before = sorted(tmp_path.rglob("*"))
    path = archive(MANIFEST, member(name, WASM))
    assert "does not contain package/plugin.wasm" in refusal(path)
    assert sorted(tmp_path.rglob("*")) == sorted([*before, path])


def test_nothing_of_an_archive_is_written_to_the_disk(archive, tmp_path):
    path = archive(MANIFEST, BINARY, member("package/../../evil", b"x"), member("/tmp/evil-signalk", b"x"))
    read_package(path)
    assert list(tmp_path.iterdir()) == [path]


def claiming(*members: tuple[tarfile.TarInfo, bytes], size: int, name: str = "package/huge") -> bytes:
    """An archive whose last member claims a size that it does not have."""
    info = tarfile.TarInfo(name)
    info.size = size
    raw = b"".join(i.tobuf() + d + b"\0" * (-len(d) % 512) for i, d in members)
    return gzip.compress(raw + info.tobuf() + b"x" * 512)


@pytest.mark.parametrize("size", [10**9, 8 * 10**9, 2**40])
def test_a_claimed_size_over_the_limit_is_refused(archive, size):
    assert "unpacks to more than 256 MiB" in refusal(archive(data=claiming(size=size)))


def test_a_member_that_ends_too_soon_is_refused(archive):
    told = refusal(archive(data=claiming(MANIFEST, size=10_000, name="package/plugin.wasm")))
    assert "is not an archive of npm pack" in told


def test_a_length_that_no_machine_has_is_refused(archive):
    """Of a record of a header: tarfile takes it for a number of bytes."""
    header = member("header", b"9" * 400 + b" path=x\n", type=tarfile.XHDTYPE)
    raw = header[0].tobuf() + header[1].ljust(512, b"\0")
    assert "is not an archive of npm pack" in refusal(archive(data=gzip.compress(raw)))


def test_a_binary_over_the_limit_is_refused_not_cut(archive, monkeypatch):
    monkeypatch.setattr("refhost.package._BINARY_BYTES", 1000)
    told = refusal(archive(MANIFEST, member("package/plugin.wasm", WASM + bytes(2000))))
    assert "larger" in told or "more than" in told


def bomb(kind: bytes, size: int) -> bytes:
    """A header of a kind whose contents the reader takes whole, so many zeros, well compressed."""
    info = tarfile.TarInfo("package/x")
    info.type, info.size = kind, size
    out = io.BytesIO()
    with gzip.GzipFile(fileobj=out, mode="wb", compresslevel=1) as file:
        file.write(info.tobuf())
        for _ in range(size // 2**20):
            file.write(bytes(2**20))
        file.write(MANIFEST[0].tobuf())
    return out.getvalue()


@pytest.mark.parametrize(
    "kind", [tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.GNUTYPE_LONGNAME], ids=["pax", "global", "gnu"]
)
@pytest.mark.parametrize("limit", [4, 256])
def test_headers_that_unpack_without_end_do_not_fill_the_memory(archive, monkeypatch, kind, limit):
    monkeypatch.setattr("refhost.package._ARCHIVE_BYTES", limit * 2**20)
    path = archive(data=bomb(kind, 32 * 2**20))
    with less_than(24 * 2**20):
        assert refusal(path)


def test_many_empty_members_are_bounded(archive, monkeypatch):
    monkeypatch.setattr("refhost.package._ARCHIVE_BYTES", 2**20)
    path = archive(*[member(f"package/{number}") for number in range(4000)], MANIFEST, BINARY)
    assert "unpacks to more than 1 MiB" in refusal(path)


def test_the_files_of_public_come_along(folder, archive, tmp_path_factory):
    path = folder()
    outside = tmp_path_factory.mktemp("outside")
    (outside / "secret").write_bytes(b"secret")
    (path / "public" / "js").mkdir(parents=True)
    (path / "public" / "index.html").write_bytes(b"<p>")
    (path / "public" / "js" / "a.js").write_bytes(b"1")
    (path / "public" / "link").symlink_to(outside / "secret")
    (path / "public" / "folder").symlink_to(outside)
    expected = {"index.html": b"<p>", "js/a.js": b"1"}
    assert read_package(path).public == expected
    members = [
        member("package/public/index.html", b"<p>"),
        member("package/public/js/a.js", b"1"),
        member("package/public/../../evil", b"x"),
        member("package/public", b"x"),
        member("public/other", b"x"),
        member("package/public/link", type=tarfile.SYMTYPE, linkname="/etc/passwd"),
    ]
    assert read_package(archive(MANIFEST, BINARY, *members)).public == expected


def test_of_two_files_with_one_path_the_later_counts_as_when_unpacked(archive):
    assert read_package(archive(MANIFEST, member("package/plugin.wasm", b"old"), BINARY)).binary == WASM


GOOD = packed(MANIFEST, BINARY, member("package/public/index.html", b"<p>"))


@given(
    st.lists(st.tuples(st.integers(0, len(GOOD) - 1), st.integers(0, 255)), min_size=1, max_size=4), st.integers(0, 60)
)
@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_damaged_archive_is_refused_or_read(tmp_path, changes, cut):
    data = bytearray(GOOD[: len(GOOD) - cut])
    for place, value in changes:
        if place < len(data):
            data[place] = value
    path = tmp_path / "p.tgz"
    path.write_bytes(bytes(data))
    try:
        read_package(path)
    except PackageError as error:
        assert str(path) in str(error)  # noqa: PT017 - any other error fails the test by itself


@given(st.text(max_size=40))
@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_a_manifest_names_is_a_file_of_the_package_or_refused(tmp_path, named):
    (tmp_path / "package.json").write_text(json.dumps(manifest(wasmManifest=named)))
    with pytest.raises(PackageError):
        read_package(tmp_path)
