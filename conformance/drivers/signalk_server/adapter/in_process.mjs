// The lane `in-process`: the server's WASM code over an app that is a stand-in. It is up at once, and good for what
// plugins meet in that code alone: linking, memory, files, sockets, life. What becomes of a delta is not its to say.

import { EventEmitter } from 'node:events'
import http from 'node:http'

import { request } from './client.mjs'
import { Configuration, SELF } from './configuration.mjs'
import { endTimers } from './isolation.mjs'
import { Failure, tell } from './outlet.mjs'
import { Registrations } from './providers.mjs'
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
    this.app = this.#standIn(journal)
    this.wasm = installed.module('dist/wasm')
    this.sockets = installed.module('dist/wasm/bindings/socket-manager')
    this.wasm.initializeWasm()
    observe(this.app)
    this.registrations.watch(this.app)
  }

  #standIn (journal) {
    const express = this.#installed.require('express')
    const app = express()
    app.use(express.json({ limit: '10mb' }))
    Object.assign(app, {
      config: { configPath: this.configuration.path, settings: {} },
      plugins: [],
      pluginsMap: {},
      selfId: SELF,
      signalk: new EventEmitter(),
      setPluginStatus () {},
      setPluginError () {},
      registerActionHandler: () => () => {},
      binaryStreamManager: { emitData () {} },
      handleMessage (provider, delta, version) {
        if (!Array.isArray(delta?.updates) || !delta.updates.length) return
        delta.context ??= `vessels.${SELF}`
        for (const update of delta.updates) {
          update.$source ??= provider
          update.timestamp ??= new Date().toISOString()
        }
        tell({ event: 'delta', plugin: journal.known(provider), text: JSON.stringify(delta), version: version === 'v2' ? 2 : 1 })
        app.signalk.emit('delta', delta)
      }
    })
    for (const name of ['resourcesApi', 'weatherApi', 'radarApi']) app[name] = { register () {}, unRegister () {} }
    return app
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
