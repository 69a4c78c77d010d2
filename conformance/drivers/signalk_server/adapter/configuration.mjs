// The server's configuration directory, made for one host and gone with it.

import fs from 'node:fs'
import path from 'node:path'

// The same vessel each time.
export const SELF = 'urn:mrn:signalk:uuid:0d3b1f36-5a52-4c5e-8f0e-6f2f3c9d7a11'

// Nothing that reaches out of this machine, and nothing that listens but the HTTP server.
const SETTINGS = {
  interfaces: { appstore: false, 'mfd_webapp': false, 'nmea-tcp': false, tcp: false },
  mdns: false,
  pipedProviders: []
}

export class Configuration {
  constructor (scratch) {
    this.path = fs.mkdtempSync(path.join(scratch, 'host-'))
    this.write('settings.json', SETTINGS)
    this.write('package.json', { name: 'signalk-server-config', version: '0.0.1', dependencies: {} })
    this.write('baseDeltas.json', [
      { context: 'vessels.self', updates: [{ values: [{ path: '', value: { uuid: SELF } }] }] }
    ])
    this.packages = path.join(this.path, 'node_modules')
    fs.mkdirSync(this.packages)
  }

  // Install a package: its name and its manifest as the server reads it.
  install ({ folder, wasm, origin, manifest_text: manifestText, capabilities }) {
    const given = JSON.parse(manifestText)
    const manifest = { ...given }
    manifest.name ||= path.parse(origin).name.toLowerCase().replace(/[^a-z0-9._-]+/g, '-') || 'plugin'
    manifest.version ??= '1.0.0'
    manifest.keywords ??= ['signalk-wasm-plugin']
    if (!given.name) manifest.wasmManifest = path.basename(wasm)
    if (!holds(given, capabilities)) manifest.wasmCapabilities = capabilities
    const home = path.join(this.packages, manifest.name)
    fs.rmSync(home, { recursive: true, force: true })
    fs.cpSync(folder, home, { recursive: true })
    fs.writeFileSync(path.join(home, 'package.json'), JSON.stringify(manifest))
    return manifest
  }

  // Save what a user would have saved before the server booted.
  save (id, text, enabled) {
    this.write(path.join('plugin-config-data', `${id}.json`), { enabled, configuration: JSON.parse(text) })
  }

  // A plugin that was enabled here before is not started when it is loaded again.
  disable (id) {
    const name = path.join('plugin-config-data', `${id}.json`)
    try {
      this.write(name, { ...JSON.parse(fs.readFileSync(path.join(this.path, name))), enabled: false })
    } catch { /* nothing is saved of it, or nothing that can be read: then it is not enabled */ }
  }

  // A plugin's tree of files, as documented.
  tree (id) { return path.join(this.path, 'plugin-config-data', id, 'vfs') }

  write (name, value) {
    const place = path.join(this.path, name)
    fs.mkdirSync(path.dirname(place), { recursive: true })
    fs.writeFileSync(place, JSON.stringify(value))
  }

  // A file that the server was still writing may come into a folder while it is emptied: then once more.
  remove () { fs.rmSync(this.path, { recursive: true, force: true, maxRetries: 20, retryDelay: 10 }) }
}

// Does a manifest declare what the plugin is to hold (contract §7)? If not, the suite has given it other capabilities.
function holds (manifest, capabilities) {
  const declared = manifest.wasmCapabilities ?? {}
  const usual = { dataRead: true, dataWrite: true, storage: 'vfs-only' }
  const value = found => found && typeof found === 'object' ? true : found
  return Object.entries(capabilities).every(([name, held]) => {
    const said = name in declared ? value(declared[name]) : manifest.signalk?.wasmCapabilities?.[name] ?? usual[name] ?? false
    return (said || false) === (held || false)
  })
}
