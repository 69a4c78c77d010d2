// The world that the server lives in: no network beyond loopback, no processes, timers that end with their host. Node's
// own functions are replaced before the server is loaded; nothing of the server is.

import childProcess from 'node:child_process'
import dgram from 'node:dgram'
import net from 'node:net'

const NOBODY = 9 // the port `discard`, on which nobody listens

// An address of loopback for each process, so that the ports of several do not meet; elsewhere than on Linux there is one.
const { pid } = process
export const HERE = process.platform === 'linux' ? `127.${1 + (pid >> 16) % 250}.${(pid >> 8) & 255}.${1 + (pid & 255) % 250}` : '127.0.0.1'

export const own = {
  connect: net.Socket.prototype.connect,
  listen: net.Server.prototype.listen,
  send: dgram.Socket.prototype.send
}

// Where TCP connections of plugins go: to a port of ours, or to nobody.
export const elsewhere = { port: NOBODY }

function loopback (socket) { return socket.type === 'udp6' ? '::1' : HERE }

net.Server.prototype.listen = function (...args) {
  return own.listen.call(this, 0, HERE, ...args.filter(arg => typeof arg === 'function'))
}

net.Socket.prototype.connect = function (...args) {
  const [options, done] = Array.isArray(args[0]) ? args[0] : normalized(args)
  const known = options.host === HERE
  return own.connect.call(this, { ...options, path: undefined, host: HERE, port: known ? options.port : elsewhere.port }, done)
}

function normalized (args) {
  const done = args.find(arg => typeof arg === 'function')
  return typeof args[0] === 'object' ? [args[0], done] : [{ port: args[0], host: typeof args[1] === 'string' ? args[1] : undefined }, done]
}

const { bind, addMembership, dropMembership } = dgram.Socket.prototype

dgram.Socket.prototype.bind = function (given, ...args) {
  const done = args.find(arg => typeof arg === 'function')
  const options = typeof given === 'object' && given !== null ? given : { port: typeof given === 'number' ? given : 0 }
  return bind.call(this, { ...options, address: loopback(this) }, done)
}

dgram.Socket.prototype.send = function (data, ...args) {
  return own.send.call(this, data, ...args.map(arg => typeof arg === 'string' ? loopback(this) : arg))
}

// Loopback has no multicast: whoever joins a group is told what Node tells of one, and hears nothing from it.
for (const [name, original] of Object.entries({ addMembership, dropMembership })) {
  dgram.Socket.prototype[name] = function (group, ...args) {
    try {
      return original.call(this, group, ...args)
    } catch (error) {
      if (!['ENODEV', 'EADDRNOTAVAIL'].includes(error.code)) throw error
    }
  }
}

for (const name of ['exec', 'execFile', 'execFileSync', 'execSync', 'fork', 'spawn', 'spawnSync']) {
  childProcess[name] = () => { throw new Error('A server under test starts no processes.') }
}

// Timers: what one host started does not run in the next.

const running = new Set()

for (const name of ['setTimeout', 'setInterval']) {
  const original = globalThis[name]
  const replacement = (call, delay, ...args) => {
    const timer = original(function (...given) {
      if (name === 'setTimeout') running.delete(timer)
      return call.apply(this, given)
    }, delay, ...args)
    running.add(timer)
    return timer
  }
  globalThis[name] = Object.defineProperties(replacement, Object.getOwnPropertyDescriptors(original))
}

export function endTimers () {
  for (const timer of running) {
    clearTimeout(timer)
    clearInterval(timer)
  }
  running.clear()
}
