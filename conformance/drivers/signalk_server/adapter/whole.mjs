// The lane `whole`: the real server, in this process, with its HTTP API and its delta stream.

import { request } from './client.mjs'
import { Configuration } from './configuration.mjs'
import { endTimers } from './isolation.mjs'
import { Failure } from './outlet.mjs'
import { Registrations } from './providers.mjs'
import { Stream } from './stream.mjs'
import { observe } from './told.mjs'

export const FEATURES = ['dialect-buffer', 'dialect-assemblyscript', 'dialect-command', 'boot', 'capabilities', 'hot-reload', 'model',
  'configuration', 'registrations', 'put', 'http', 'resources', 'weather', 'radar', 'streams', 'sockets', 'fetch', 'files', 'reset']

const PROCESS_EVENTS = ['uncaughtException', 'unhandledRejection', 'exit', 'SIGINT', 'SIGTERM', 'warning']

export class Whole {
  #installed
  #journal
  #server
  #stream = new Stream()
  #outside = new Map()

  constructor (installed, journal, scratch) {
    this.#installed = installed
    this.#journal = journal
    this.configuration = new Configuration(scratch)
    this.registrations = new Registrations()
    this.#remember()
    process.env.SIGNALK_NODE_CONFIG_DIR = this.configuration.path
    const Server = installed.module('dist/index.js')
    this.#server = new Server({ config: {} })
    this.app = this.#server.app
    this.wasm = installed.module('dist/wasm')
    this.sockets = installed.module('dist/wasm/bindings/socket-manager')
    journal.listen()
    observe(this.app)
    this.registrations.watch(this.app)
    this.#stream.watch(this.app)
  }

  // What the server changes of the process, to be put back when it has gone.
  #remember () {
    for (const name of PROCESS_EVENTS) this.#outside.set(name, process.listeners(name))
    this.#outside.set('write', [process.stdout.write, process.stderr.write])
  }

  get booted () { return this.app.started }

  async boot () {
    if (this.booted) return
    const cached = this.configuration.installed
    await this.#server.start()
    this.#journal.listen()
    this.port = this.app.server.address().port
    const known = provider => this.#journal.known(provider)
    await this.#stream.connect(this.#installed.require('ws'), this.port, { cached, plugin: known })
  }

  async request (method, path, more) {
    await this.boot()
    return request(this.port, method, path, more)
  }

  async inject (delta) {
    await this.boot()
    let carried = 0
    const count = () => { carried += 1 }
    this.app.signalk.on('delta', count)
    try { this.app.handleMessage('suite', delta) } finally { this.app.signalk.removeListener('delta', count) }
    if (!carried) throw new Failure('validate', 'The server has dropped it: nothing of it went on its stream.')
  }

  async settle () { await this.#stream.settle() }

  async close () {
    this.#stream.close()
    if (this.booted) {
      this.app.server.closeAllConnections()
      await this.#server.stop()
    }
    endTimers()
    for (const name of PROCESS_EVENTS) {
      for (const listener of process.listeners(name)) {
        if (!this.#outside.get(name).includes(listener)) process.removeListener(name, listener)
      }
    }
    [process.stdout.write, process.stderr.write] = this.#outside.get('write')
    this.#installed.forget()
    this.#installed.forgetBelow(this.configuration.path)
    this.configuration.remove()
  }
}
