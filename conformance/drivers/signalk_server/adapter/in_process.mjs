// The lane `in-process`: the server's WASM code over an app that is a stand-in. It is up at once, and good for what
// plugins meet in that code alone: linking, memory, files, sockets, life. What becomes of a delta is not its to say.

import http from 'node:http'

import { request } from './client.mjs'
import { Configuration } from './configuration.mjs'
import { endTimers } from './isolation.mjs'
import { Failure, tell } from './outlet.mjs'
import { Registrations } from './providers.mjs'
import { standIn } from './stand_in.mjs'
import { observe } from './told.mjs'

export const FEATURES = ['dialect-buffer', 'dialect-assemblyscript', 'dialect-command', 'capabilities', 'hot-reload',
  'configuration', 'registrations', 'sockets', 'fetch', 'files', 'reset']

export class InProcess {
  #installed
  #server
  booted = true

  constructor (installed, journal, scratch) {
    this.#installed = installed
    this.configuration = new Configuration(scratch)
    this.registrations = new Registrations()
    journal.listen()
    this.app = standIn(installed.require('express'), this.configuration.path, (delta, provider, version) => {
      tell({ event: 'delta', plugin: journal.known(provider), text: JSON.stringify(delta), version: version === 'v2' ? 2 : 1 })
    })
    this.wasm = installed.module('dist/wasm')
    this.sockets = installed.module('dist/wasm/bindings/socket-manager')
    this.wasm.initializeWasm()
    observe(this.app)
    this.registrations.watch(this.app)
  }

  async boot () {}

  async request (method, path, more) {
    if (!this.#server) {
      this.#server = http.createServer(this.app)
      await new Promise(resolve => this.#server.listen(0, resolve))
    }
    return request(this.#server.address().port, method, path, more)
  }

  async inject (delta) {
    if (!Array.isArray(delta?.updates) || !delta.updates.length) throw new Failure('validate', 'It has no updates.')
    this.app.handleMessage('suite', delta)
  }

  async settle () {}

  async close () {
    this.#server?.closeAllConnections()
    this.#server?.close()
    endTimers()
    this.#installed.forget()
    this.#installed.forgetBelow(this.configuration.path)
    this.configuration.remove()
  }
}
