"""What cannot be used ends in exit code 4 and one paragraph: what, why and what to do; never in a traceback."""

import json
from fnmatch import fnmatchcase

import pytest
from plugin_files import HONEST, manifest, write_module, write_package
from wat import assemble, compiled

_OTHER_WORLD = """(component
  (core module $m (func (export "run") (result i32) (i32.const 0)))
  (core instance $i (instantiate $m))
  (func (export "run") (result u32) (canon lift (core func $i "run"))))"""
_EXPORTS = '(func (export "plugin_id") (param i32 i32) (result i32) (i32.const 0)) (func (export "allocate"))'
_HEADER = "A core module begins with the bytes 00 61 73 6D 01 00 00 00, *"

FILES = {
    "empty.wasm": (b"", f"Not a WebAssembly binary: the file is empty. {_HEADER}"),
    "page.wasm": (
        b"<!doctype html><title>404 Not Found</title>",
        f"Not a WebAssembly binary: it is text, beginning '<!doctype html><title>4*'. {_HEADER}",
    ),
    "text.wasm": (
        b"hello, this is text",
        f"Not a WebAssembly binary: it is text, beginning 'hello, this is text'. {_HEADER}",
    ),
    "wat.wasm": (b"(module)", "Not a WebAssembly binary: * a .wat file is compiled when its name ends in .wat. *"),
    "short.wasm": (b"\0asm", "Not a WebAssembly binary: the file has only 4 bytes, and the header alone has 8. *"),
    "cut.wasm": (
        HONEST.binary()[:1000],
        "The binary (1000 bytes) is not valid WebAssembly: * unexpected end-of-file * Was the file cut short *",
    ),
    "world.wasm": (
        compiled(_OTHER_WORLD),
        "The component was built for another world: it exports run, and no signalk:plugin-api/plugin-interface*. *",
    ),
    "mute.wasm": (
        assemble(_EXPORTS, memory=""),
        'The module exports no memory named "memory", so no string can reach it. It exports plugin_id, allocate. *',
    ),
    "library.wasm": (
        assemble('(func (export "plugin_nam\\1b[31me\\0aFAILED"))'),
        r"The module fits no dialect of the plugin API. It exports memory, plugin_nam\x1b[[]31me\nFAILED. *",
    ),
    "broken.wat": (b"(module (func (i32.const)))", "* is not WebAssembly text: expected a i32 *"),
    "latin.wat": (b"(module \xe4)", "* is not WebAssembly text: *"),
    "made.tgz": (b"no archive", "* is not an archive of npm pack: Not a gzipped file*"),
}


def check(said, option, pattern):
    assert fnmatchcase(said, f"{option}: {pattern}"), said


@pytest.mark.parametrize("name", FILES)
def test_file(project, name):
    contents, message = FILES[name]
    (project.path / name).write_bytes(contents)
    check(project.refused(f"--wasm-plugin={name}"), f"--wasm-plugin={name}", message)


def test_missing_file(project):
    said = project.refused("--wasm-plugin=build/anchor.wasm")
    assert said == (
        f"--wasm-plugin=build/anchor.wasm: There is no file {project.path}/build/anchor.wasm. "
        "Was the plugin built? Is the path right?"
    )


@pytest.mark.parametrize("target", ["no such file", "link"])
def test_link_that_leads_nowhere(project, target):
    (project.path / "link").symlink_to(target)
    check(project.refused("--wasm-plugin=link"), "--wasm-plugin=link", "There is no file */link. Was the plugin *")


def test_name_in_no_encoding(project):
    said = project.refused("--wasm-plugin=anchor\udce4.wasm")
    check(said, r"--wasm-plugin=anchor\udce4.wasm", r"There is no file */anchor\udce4.wasm. Was *")


def test_folder_named_as_a_binary(project):
    (project.path / "anchor.wasm").mkdir()
    check(
        project.refused("--wasm-plugin=anchor.wasm"), "--wasm-plugin=anchor.wasm", "*/anchor.wasm has no package.json*"
    )


def test_missing_file_of_the_ini_file(project):
    project.pytester.makeini("[pytest]\nwasm_plugin = build/anchor.wasm")
    check(project.refused(), "wasm_plugin=build/anchor.wasm", "There is no file *")


def test_folder_without_package_json(project):
    (project.path / "made").mkdir()
    check(project.refused("--wasm-plugin=made"), "--wasm-plugin=made", "*/made has no package.json, *")
    write_module(project.path / "made" / "build" / "anchor.wasm")
    check(project.refused("--wasm-plugin=made"), "--wasm-plugin=made", "* It holds build/anchor.wasm: name *")


@pytest.mark.parametrize(
    ("contents", "message"),
    [
        ('{"name": oops}', "*/made/package.json is not JSON: Expecting value*."),
        ("\xff", "*/made/package.json is not JSON: *"),
        ("[" * 100_000, "*/made/package.json is not JSON: *"),
        ("[]", "*/made/package.json holds *, where a JSON object belongs."),
        ('{"name": "anchor"}', '*/made/package.json has no "wasmManifest", so it is not the package *'),
        (json.dumps(manifest(name="")), "*/made/package.json has no usable \"name\": ''. *"),
        (json.dumps(manifest(wasmManifest="dist/none.wasm")), '*names "dist/none.wasm", which is not there. Build *'),
        (json.dumps(manifest(wasmManifest="../x.wasm")), '*wasmManifest "../x.wasm" leaves the package. *'),
        (json.dumps(manifest(wasmManifest="/etc/passwd")), '*wasmManifest "/etc/passwd" leaves the package. *'),
        (json.dumps(manifest(wasmManifest="../\x1b\nFAILED")), r'*wasmManifest "../\x1b\nFAILED" leaves *'),
        (json.dumps(manifest(wasmCapabilities=["all"])), "*\"wasmCapabilities\" is [[]'all'], where a JSON object *"),
    ],
)
@pytest.mark.parametrize("named", ["made", "made/package.json"])
def test_package_json(project, contents, message, named):
    write_package(project.path / "made")
    (project.path / "made" / "package.json").write_bytes(contents.encode("latin-1"))
    check(project.refused(f"--wasm-plugin={named}"), f"--wasm-plugin={named}", message)


def test_link_that_leaves_the_package(project):
    write_package(project.path / "made", wasmManifest="link.wasm")
    write_module(project.path / "outside.wasm")
    (project.path / "made" / "link.wasm").symlink_to(project.path / "outside.wasm")
    check(project.refused("--wasm-plugin=made"), "--wasm-plugin=made", '*wasmManifest "link.wasm" leaves *')


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"dataWrit": true}', '"dataWrit" is not a capability (did you mean dataWrite?). Known capabilities: *'),
        ('{"dataWrite": 1}', "dataWrite is true or false, not 1. Known capabilities: *"),
        ('{"storage": true}', 'storage is "vfs-only" or "none", not True. Known capabilities: *'),
        ('["dataWrite"]', "'[[]\"dataWrite\"]' is JSON, but not an object. Give a JSON object, *"),
        ("dataWrite", "'dataWrite' is not JSON: Expecting value at character 0. Give a JSON object, *"),
    ],
)
def test_capabilities(project, text, message):
    write_package(project.path / "made")
    check(project.refused("--wasm-plugin=made", f"--wasm-capabilities={text}"), "--wasm-capabilities", message)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("interval=5", "'interval=5' is not JSON: Expecting value at character 0. Give a JSON object, *"),
        ("[1]", "'[[]1]' is JSON, but not an object. Give a JSON object, *"),
        ("@none.json", "*/none.json cannot be read: No such file or directory."),
        ("@made", "*/made cannot be read: Is a directory."),
        ("@latin.json", "*/latin.json cannot be read: it is not UTF-8."),
        ("@nowhere", "*/nowhere cannot be read: No such file or directory."),
        ("@", "* cannot be read: Is a directory."),
        ('{"boat": "\udce4"}', "*udce4* is not UTF-8. Give a JSON object, *"),
        (r'{"boat": "\ud800"}', "* is not JSON: it holds half of a surrogate pair, *"),
        ('{"depth": NaN}', "* is not JSON: NaN is not JSON. *"),
        ("@list.json", "'[[]1]' is JSON, but not an object. Give a JSON object, *"),
    ],
)
def test_config(project, text, message):
    write_package(project.path / "made")
    (project.path / "latin.json").write_bytes(b'{"boat": "\xe4"}')
    (project.path / "list.json").write_text("[1]")
    (project.path / "nowhere").symlink_to("no such file")
    check(project.refused("--wasm-plugin=made", f"--wasm-config={text}"), "--wasm-config", message)


@pytest.mark.parametrize(
    ("wanted", "meant"),
    [
        ("wat-plugin::life::LIFE-002", "wat-plugin::LIFE::LIFE-002"),
        ("wat-plugin::LIFE::life-002", "wat-plugin::LIFE::LIFE-002"),
        ("wat-plugin::LIFE-002", "wat-plugin::LIFE::LIFE-002"),
        ("wat-plugin::META::LIFE-002", "wat-plugin::LIFE::LIFE-002"),
        ("wat-plugin::LIFE::LIFE-001::x", "wat-plugin::LIFE::LIFE-001"),
        ("wat_plugin::LIFE::LIFE-002", "wat-plugin::LIFE::LIFE-002"),
        ("made::LIFE::LIFE-002", "wat-plugin::LIFE::LIFE-002"),
        ("LIFE-002", "wat-plugin::LIFE::LIFE-002"),
        ("life-002", "wat-plugin::LIFE::LIFE-002"),
        ("wat-plugin::NOPE", "wat-plugin::NOTE"),
        ("wat-plugin::quite another thing", ""),
        ("x-999", ""),
    ],
)
def test_id_that_there_is_not(project, wanted, meant):
    write_package(project.path / "made")
    said = project.refused("--wasm-plugin=made", wanted)
    hint = f" (did you mean {meant}?)" if meant else ""
    listed = "`pytest --wasm-plugin=… --collect-only -q` lists them."
    assert said == f"{wanted}: there is no such conformance item{hint}. {listed}"


def test_id_of_a_requirement_that_is_none_of_its_group(project):
    write_package(project.path / "made")
    said = project.refused("--wasm-plugin=made", "wat-plugin::LIFE::LIFE-999")
    assert "did you mean wat-plugin::LIFE::LIFE-0" in said


def test_id_without_a_plugin(project):
    said = project.refused("wat-plugin::LIFE::LIFE-002")
    assert said == "wat-plugin::LIFE::LIFE-002: no plugin is judged in this run. Add --wasm-plugin=PATH."


def test_a_test_that_is_called_as_an_id_is_one(project):
    """Of the user's own files, with the suite and without."""
    write_package(project.path / "made")
    project.pytester.makepyfile(
        test_boat="import pytest\n@pytest.mark.parametrize('x', ['LIFE-002'])\ndef test_a(x): 0"
    )
    wanted = "test_boat.py::test_a[LIFE-002]"
    assert project.ids(wanted) == [wanted]
    assert wanted in project.ids("--wasm-plugin=made", wanted)


@pytest.mark.parametrize(
    "args",
    [
        ["--wasm-plugin=none.wasm"],
        ["--wasm-plugin=made", "--wasm-capabilities=[]"],
        ["--wasm-plugin=made", "wat-plugin::LIFE::LIFE-999"],
    ],
)
def test_in_several_processes(project, args):
    write_package(project.path / "made")
    project.refused("-n", "2", *args, apart=True)


def test_one_that_is_bad_among_good_ones(project):
    write_package(project.path / "made")
    project.pytester.makepyfile("def test_own(): pass")
    check(project.refused("--wasm-plugin=made", "--wasm-plugin=none.wasm"), "--wasm-plugin=none.wasm", "There is no *")
