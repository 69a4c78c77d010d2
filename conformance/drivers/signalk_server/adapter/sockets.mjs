// Sockets of plugins, and who is at the other end of them.

import dgram from 'node:dgram'
import net from 'node:net'

import { HERE, elsewhere, own } from './isolation.mjs'

const NOBODY = elsewhere.port

export class Sockets {
  #managers
  #server
  #taken = []
  #count = 0

  constructor (managers) { this.#managers = managers }

  // A plugin's open sockets; `names` are those that the server calls it by.
  of (names) {
    const found = []
    for (const [kind, manager] of [['udp', this.#managers.socketManager], ['tcp', this.#managers.tcpSocketManager]]) {
      for (const [number, { pluginId, socket, bound }] of manager.sockets) {
        if (names.includes(pluginId)) found.push({ number, kind, port: (kind === 'udp' ? bound && socket.address().port : socket.remotePort) || 0 })
      }
    }
    return { sockets: found }
  }

  async send (port, data) {
    const socket = dgram.createSocket('udp4')
    await new Promise((resolve, reject) => own.send.call(socket, data, port, HERE, error => error ? reject(error) : resolve()))
    socket.close()
  }

  async answer () {
    if (this.#server) return
    this.#server = net.createServer(socket => {
      this.#count += 1
      this.#taken.push(socket)
      socket.on('error', () => {})
      socket.on('close', () => { this.#taken = this.#taken.filter(each => each !== socket) })
      socket.resume()
    })
    await new Promise(resolve => this.#server.listen(0, resolve))
    elsewhere.port = this.#server.address().port
  }

  get count () { return this.#count }

  async sendToAll (chunks) {
    for (const socket of this.#taken) {
      for (const chunk of chunks) await new Promise(resolve => socket.write(chunk, resolve))
    }
  }

  async endAll () {
    await Promise.all(this.#taken.map(socket => new Promise(resolve => socket.on('close', resolve).end().destroySoon())))
  }

  close () {
    elsewhere.port = NOBODY
    for (const socket of this.#taken) socket.destroy()
    this.#server?.close()
    for (const { socket } of this.#managers.socketManager.sockets.values()) quietly(() => socket.close())
    for (const { socket } of this.#managers.tcpSocketManager.sockets.values()) socket.destroy()
  }
}

function quietly (call) {
  try { call() } catch { /* closed already */ }
}
