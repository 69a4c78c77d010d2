// signalk-server's own WASM code over a stand-in of the server, as the driver's lane in-process has it, and a loop
// around what the server does with a delta: `app.signalk.emit('delta', delta)`. Told by lines of JSON on standard input.
//
// node server_loader.mjs FOLDER-OF-THE-INSTALLATION DELTAS.json

import fs from 'node:fs'
import { createRequire } from 'node:module'
import os from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'

import { standIn } from '../conformance/drivers/signalk_server/adapter/stand_in.mjs'

const [installation, log] = process.argv.slice(2)
for (const name of ['log', 'info', 'warn', 'debug']) console[name] = console.error
const root = path.join(installation, 'node_modules', 'signalk-server')
const require = createRequire(path.join(root, 'package.json'))
const wasm = require(path.join(root, 'dist/wasm'))
const deltas = JSON.parse(fs.readFileSync(log, 'utf8'))
const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'bench-'))
const packages = path.join(scratch, 'node_modules')

let emitted = []
const app = standIn(require('express'), scratch, delta => emitted.push(delta))
wasm.initializeWasm()

// Processor time, of all threads: a machine may have other things to do.
function spent (begun) {
  const { user, system } = process.cpuUsage(begun)
  return user + system
}

const does = {
  // Load and start a plugin as the server does for one that is enabled when it boots.
  async load ({ name, binary, config }) {
    const folder = path.join(packages, name)
    fs.mkdirSync(folder, { recursive: true })
    const manifest = { name, version: '0.0.1', keywords: ['signalk-wasm-plugin'], wasmManifest: 'plugin.wasm' }
    fs.writeFileSync(path.join(folder, 'package.json'), JSON.stringify(manifest))
    fs.copyFileSync(binary, path.join(folder, 'plugin.wasm'))
    const data = path.join(scratch, 'plugin-config-data')
    fs.mkdirSync(data, { recursive: true })
    fs.writeFileSync(path.join(data, `${name}.json`), JSON.stringify({ enabled: true, configuration: config }))
    await wasm.registerWasmPlugin(app, name, manifest, packages, scratch)
    return { state: wasm.getWasmPlugin(name).status, listeners: app.signalk.listenerCount('delta') }
  },
  async stop ({ name }) { await wasm.stopWasmPlugin(name) },
  // Microseconds that the log took once, `times` times over, and how many deltas were emitted.
  replay ({ times }) {
    emitted = []
    const begun = process.cpuUsage()
    for (let time = 0; time < times; time++) for (const delta of deltas) app.signalk.emit('delta', delta)
    return { microseconds: spent(begun), emitted: emitted.length }
  },
  // The same module, compiled once: a fresh instance of it, and a call.
  async instances ({ binary, count }) {
    const module = await WebAssembly.compile(fs.readFileSync(binary))
    const imports = {}
    for (const { module: from, name } of WebAssembly.Module.imports(module)) (imports[from] ??= {})[name] = () => 0
    const begun = process.cpuUsage()
    for (let made = 0; made < count; made++) (await WebAssembly.instantiate(module, imports)).exports.plugin_stop()
    return { microseconds: spent(begun) }
  }
}

const lines = createInterface({ input: process.stdin })
for await (const line of lines) {
  const { command, ...given } = JSON.parse(line)
  process.stdout.write(JSON.stringify(await does[command](given) ?? null) + '\n')
}
fs.rmSync(scratch, { recursive: true, force: true })
process.exit(0)
