// Plugins in a host: their life, by the doors that users of the server have, and where there is none by its functions.

import path from 'node:path'

import { json, parsed } from './client.mjs'
import { Failure } from './outlet.mjs'

const STATES = ['stopped', 'starting', 'running', 'error', 'crashed']

export class Plugins {
  #installed
  #lane
  #journal
  #names = new Map()

  constructor (installed, lane, journal) {
    this.#installed = installed
    this.#lane = lane
    this.#journal = journal
  }

  get (id) {
    const plugin = this.#lane.wasm.getWasmPlugin(id)
    if (!plugin || !this.#names.has(id)) throw new Failure('not_found', `There is no plugin ${id}.`)
    return plugin
  }

  // What the server calls a plugin by.
  names (id) { return [id, this.get(id).packageName] }

  #know (manifest) {
    const id = manifest.name.replace(/[@/]/g, '_')
    this.#names.set(id, manifest.name)
    this.#journal.know(id, manifest.name)
    return id
  }

  // As the server does it for each package that it finds when it boots.
  async load (params) {
    const { configuration, wasm, app } = this.#lane
    await this.#lane.boot()
    const manifest = configuration.install(params)
    this.#installed.forgetBelow(configuration.packages)
    const id = this.#know(manifest)
    configuration.disable(id)
    this.#journal.about = id
    try {
      await wasm.registerWasmPlugin(app, manifest.name, manifest, configuration.packages, configuration.path)
    } catch (error) {
      this.#names.delete(id)
      throw new Failure(reason(error.message), error.message)
    }
    return this.#loaded(id)
  }

  async boot (rows) {
    if (this.#lane.booted) throw new Failure('status', 'The server has booted already.')
    const { configuration } = this.#lane
    const ids = []
    for (const { config_text: text, enabled, ...row } of rows) {
      const id = this.#know(configuration.install(row))
      configuration.save(id, text, enabled)
      ids.push(id)
    }
    configuration.installed = true
    await this.#lane.boot()
    const absent = ids.find(id => !this.#lane.wasm.getWasmPlugin(id))
    if (absent) throw new Failure('validate', `The server has booted without the plugin ${absent}.`)
    return ids.map(id => this.#loaded(id))
  }

  #loaded (id) {
    const { name, schema } = this.get(id)
    return { ...this.standing(id), name: String(name), schema_text: JSON.stringify(schema ?? {}) }
  }

  standing (id) {
    const { status, errorMessage } = this.get(id)
    const { fault, code } = this.#journal.standing(id)
    return { plugin: id, state: STATES.includes(status) ? status : 'error', fault, why: String(errorMessage ?? ''), status_code: code }
  }

  // The button of the Admin UI.
  async #post (id, body) {
    this.get(id)
    this.#journal.about = id
    const reply = await this.#lane.request('POST', `/skServer/plugins/${encodeURIComponent(id)}/config`, json(body))
    if (reply.status === 404) throw new Failure('not_found', `The server has no configuration of ${id}: ${reply.status}.`)
  }

  // What runs is left alone: the same button would save, and restart it.
  async start (id, text) {
    if (this.get(id).status === 'running') {
      await this.#lane.wasm.startWasmPlugin(this.#lane.app, id)
      return this.standing(id)
    }
    this.#journal.begin(id)
    await this.#post(id, `{"enabled":true,"configuration":${text}}`)
    return this.standing(id)
  }

  // The same button, on a page that shows what is saved: it is saved again.
  async stop (id) {
    this.#journal.standing(id).code = 0
    const { config_text: saved } = await this.configuration(id)
    await this.#post(id, `{"enabled":false,"configuration":${saved}}`)
    return this.standing(id)
  }

  async unload (id) {
    this.get(id)
    this.#journal.about = id
    try {
      await this.#lane.wasm.unloadWasmPlugin(this.#lane.app, id)
    } finally {
      this.#names.delete(id)
    }
  }

  // Nothing in the server leads to it, but it is what its documentation calls reload.
  async reload (id) {
    this.get(id)
    this.#journal.about = id
    this.#journal.begin(id)
    try {
      await this.#lane.wasm.reloadWasmPlugin(this.#lane.app, id)
    } catch { /* how it stands now says so */ }
    return this.#loaded(id)
  }

  async configuration (id) {
    this.get(id)
    const reply = await this.#lane.request('GET', `/skServer/plugins/${encodeURIComponent(id)}/config`)
    const { configuration = {} } = parsed(reply.body) ?? {}
    return { config_text: JSON.stringify(configuration) }
  }

  tree (id) {
    this.get(id)
    return this.#lane.configuration.tree(id)
  }

  place (id, name) { return path.join(this.tree(id), name) }
}

function reason (message) {
  if (/Import #|LinkError|function import|requires a callable|Unknown WASM plugin format|is not a function/.test(message)) return 'link'
  if (/unreachable|out of bounds|divide by zero|call stack/.test(message)) return 'trap'
  return 'validate'
}
