// What a client of the server's delta stream sees, and who caused it.

import { HERE } from './isolation.mjs'
import { tell } from './outlet.mjs'

const REMEMBERED = 10_000

export class Stream {
  #socket
  #emitting = []
  #seen = []

  // Of all that goes through the server, remember who gave it.
  watch (app) {
    const { handleMessage } = app
    app.handleMessage = (provider, delta, version, ...more) => {
      this.#emitting.push({ provider, version: version === 'v2' ? 2 : 1 })
      try { return handleMessage.call(app, provider, delta, version, ...more) } finally { this.#emitting.pop() }
    }
    app.signalk.on('delta', delta => {
      this.#seen.push({ text: JSON.stringify(delta), by: this.#emitting.at(-1) ?? { provider: '', version: 1 } })
      if (this.#seen.length > REMEMBERED) this.#seen.shift()
    })
  }

  // `cached`: have the server send first what came before.
  async connect (WebSocket, port, { cached, plugin }) {
    const socket = new WebSocket(`ws://${HERE}:${port}/signalk/v1/stream?subscribe=all&sendCachedValues=${cached}`)
    this.#socket = socket
    socket.on('message', data => this.#take(data.toString(), plugin))
    await new Promise((resolve, reject) => socket.on('error', reject).on('open', resolve))
    await this.settle()
  }

  #take (text, plugin) {
    const { updates } = JSON.parse(text)
    if (!updates) return // it says hello
    const at = this.#seen.findIndex(each => each.text === text)
    const { provider, version } = at < 0 ? { version: 1 } : this.#seen.splice(at, 1)[0].by
    // What the server has taken over, such as a notification, goes on under the name that it came with.
    tell({ event: 'delta', plugin: plugin(provider) || plugin(updates[0]?.$source), text, version })
  }

  // Whatever was sent before has come when this returns: a ping and its pong go the same way.
  async settle () {
    if (this.#socket?.readyState !== 1) return
    await new Promise(resolve => {
      this.#socket.once('pong', resolve).once('close', resolve)
      this.#socket.ping()
    })
  }

  close () { this.#socket?.terminate() }
}
