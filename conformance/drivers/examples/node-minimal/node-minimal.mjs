// A minimal host of Signal K WASM plugins on Node's own WebAssembly, and its driver: no packages, nothing shared with
// other hosts. It runs the buffer dialect, has a clock that stands still until it is moved, and no files, sockets or HTTP.
//
//     python -m conformance smoke 'exec:node node-minimal.mjs'

import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'

// ---- the host

const SELF = 'vessels.urn:mrn:signalk:uuid:0d3b1f36-5a52-4c5e-8f0e-6f2f3c9d7a11'
const BEGIN = Date.parse('2026-01-01T00:00:00Z')
const STATES = ['nominal', 'normal', 'alert', 'warn', 'alarm', 'emergency']
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const encoder = new TextEncoder()

class Failure extends Error {
  constructor (code, message, more = {}) { super(message); Object.assign(this, { code, more }) }
}

// What this host does not do: the capability that it would need, and what says that it failed.
const LACKING = {
  register_put_handler: ['putHandlers', 0],
  register_resource_provider: ['resourceProvider', 0],
  register_weather_provider: ['weatherProvider', 0],
  register_radar_provider: ['radarProvider', 0],
  radar_emit_spokes: ['radarProvider', 0],
  emit_binary_stream: ['dataWrite', 0]
}
for (const name of ['create', 'bind', 'join_multicast', 'leave_multicast', 'set_multicast_ttl', 'set_multicast_loopback',
  'set_broadcast', 'send', 'recv', 'pending', 'close']) LACKING[`udp_${name}`] = ['rawSockets', -1]
for (const name of ['create', 'connect', 'connected', 'set_line_buffering', 'send', 'recv_line', 'recv_raw', 'pending',
  'close']) LACKING[`tcp_${name}`] = ['rawSockets', -1]

class Plugin {
  constructor (host, { id, wasm, capabilities, manifest_text: manifest }) {
    Object.assign(this, { host, id, capabilities, state: 'stopped', fault: '', why: '', code: 0 })
    Object.assign(this, { crashes: 0, since: 0, restartAt: Infinity, pollAt: Infinity })
    try {
      this.module = new WebAssembly.Module(readFileSync(wasm))
    } catch (error) { throw new Failure('validate', error.message) }
    this.instantiate()
    const name = this.text('plugin_name')
    this.id ||= this.text('plugin_id') || JSON.parse(manifest).name
    Object.assign(this, { name, schema: this.text('plugin_schema') })
  }

  instantiate () {
    const exported = new Set(WebAssembly.Module.exports(this.module).map(e => e.name))
    const missing = ['memory', 'allocate', 'plugin_id', 'plugin_name', 'plugin_schema', 'plugin_start', 'plugin_stop']
      .filter(name => !exported.has(name))
    if (missing.length) throw new Failure('link', `The plugin does not export ${missing.join(', ')}.`)
    const imports = {}
    for (const { module, name } of WebAssembly.Module.imports(this.module)) {
      const found = module === 'env' ? this.functions()[name] : module === 'wasi_snapshot_preview1' && WASI[name]
      if (!found) throw new Failure('link', `There is no function ${module}.${name}.`)
      imports[module] = { ...imports[module], [name]: (...args) => this.called(module, name, found, args) }
    }
    try {
      this.exports = new WebAssembly.Instance(this.module, imports).exports
      this.exports._initialize?.()
    } catch (error) { throw this.failure('instantiation', error) }
  }

  get saved () { return this.host.saved.get(this.id) ?? {} }
  set saved (value) { this.host.saved.set(this.id, value) }

  // While it is asked who it is, nothing that it calls has an effect.
  called (module, name, found, args) {
    if (this.name !== undefined || module !== 'env' || !/^sk_(handle|publish|set|save)/.test(name)) return found.apply(this, args)
    this.log('refused', 'too early', name)
    return -1
  }

  failure (name, error) {
    if (error instanceof Failure) return error
    const fault = { Abort: 'abort', Exit: 'exit', Bad: 'return' }[error.name] ?? 'trap'
    return new Failure('trap', `${name}: ${error.message}`, { function: name, fault })
  }

  // Texts in the plugin's memory; null where pointer and length do not lie in it, or hold no UTF-8.
  read (pointer, length) {
    const [from, size] = [pointer >>> 0, length >>> 0]
    if (from + size > this.exports.memory.buffer.byteLength) return null
    try { return decoder.decode(new Uint8Array(this.exports.memory.buffer, from, size)) } catch { return null }
  }

  write (pointer, room, text) {
    const bytes = encoder.encode(text)
    if (bytes.length > (room >>> 0) || (pointer >>> 0) + bytes.length > this.exports.memory.buffer.byteLength) return 0
    new Uint8Array(this.exports.memory.buffer).set(bytes, pointer >>> 0)
    return bytes.length
  }

  text (name, room = 8192) {
    try {
      const pointer = this.exports.allocate(room)
      const length = this.exports[name](pointer, room)
      const text = length >= 0 && length <= room ? this.read(pointer, length) : null
      this.exports.deallocate?.(pointer, room)
      if (text === null) throw Object.assign(new Error(`the length ${length}, or no UTF-8`), { name: 'Bad' })
      return text
    } catch (error) { throw this.failure(name, error) }
  }

  give (name, text) {
    const bytes = encoder.encode(text)
    const pointer = this.exports.allocate(bytes.length) >>> 0
    new Uint8Array(this.exports.memory.buffer).set(bytes, pointer)
    const result = this.exports[name](pointer, bytes.length)
    this.exports.deallocate?.(pointer, bytes.length)
    return result
  }

  log (kind, text, name = '') { this.host.tell({ event: 'log', plugin: this.id, kind, function: name, text }) }

  refuse (name, capability) {
    if (this.capabilities[capability] && this.capabilities[capability] !== 'none') return false
    this.log('denied', `${this.id} lacks ${capability}`, name)
    return true
  }

  // The functions of contract §4 that this host has; of the rest it knows only how they fail.
  functions () {
    const say = kind => function (pointer, length) {
      const text = this.read(pointer, length)
      if (text === null) return this.log('refused', 'no text', kind)
      if (kind !== 'debug') this.host.tell({ event: kind, plugin: this.id, text })
      this.log(kind, text)
    }
    const lacking = ([name, [capability, value]]) => [`sk_${name}`, function (stream, length) {
      const ofRadar = name === 'emit_binary_stream' && this.read(stream, length)?.startsWith('radars/')
      if (!this.refuse(`sk_${name}`, ofRadar ? 'radarProvider' : capability)) this.log('refused', 'this host has none', name)
      return value
    }]
    return {
      ...Object.fromEntries(Object.entries(LACKING).map(lacking)),
      abort () { throw Object.assign(new Error('it called abort'), { name: 'Abort' }) },
      seed: () => 42,
      sk_debug: say('debug'),
      'console.log': say('debug'),
      sk_set_status: say('status'),
      sk_set_error: say('error'),
      sk_has_capability (pointer, length) {
        const held = this.capabilities[this.read(pointer, length)]
        return held && held !== 'none' ? 1 : 0
      },
      sk_get_self_path (path, length, out, room) {
        if (this.refuse('sk_get_self_path', 'dataRead')) return 0
        const found = this.host.read(`vessels.self.${this.read(path, length)}`)
        return found === null ? 0 : this.write(out, room, found)
      },
      sk_get_path (path, length, out, room) {
        if (this.refuse('sk_get_path', 'dataRead')) return 0
        const found = this.host.read(this.read(path, length) ?? '')
        return found === null ? 0 : this.write(out, room, found)
      },
      sk_handle_message (pointer, length, version) {
        const text = this.read(pointer, length)
        if (text === null || this.refuse('sk_handle_message', 'dataWrite')) return
        this.host.tell({ event: 'claim', plugin: this.id, text, version: version ?? 1 })
        this.host.emit(this, text, version === 2 ? 2 : 1)
      },
      sk_publish_notification (path, length, value, size) {
        if (this.refuse('sk_publish_notification', 'dataWrite')) return -1
        const name = this.read(path, length)
        let given
        try { given = JSON.parse(this.read(value, size)) } catch { return -1 }
        if (!name?.startsWith('notifications.')) return -1
        if (given !== null && !(STATES.includes(given.state) && given.method && 'message' in given)) return -1
        this.host.emit(this, JSON.stringify({ updates: [{ values: [{ path: name, value: given }] }] }), 1)
        return 0
      },
      sk_read_config (out, room) { return this.write(out, room, JSON.stringify(this.saved)) },
      sk_save_config (pointer, length) {
        try {
          const value = JSON.parse(this.read(pointer, length) ?? '?')
          if (value === null || typeof value !== 'object' || Array.isArray(value)) throw new Error('no object')
          this.saved = value
          return 0
        } catch (error) { this.log('refused', error.message, 'sk_save_config'); return -1 }
      }
    }
  }

  // Its life (contract §9).
  start (config) {
    if (this.state === 'running') return
    Object.assign(this, { saved: config ?? this.saved, fault: '', why: '', restartAt: Infinity })
    try {
      if (!this.exports) this.instantiate()
      this.state = 'starting'
      this.code = this.give('plugin_start', JSON.stringify({ ...this.saved, enableDebug: false }))
      this.state = this.code === 0 ? 'running' : 'error'
      this.why = this.code === 0 ? '' : `start returned ${this.code}`
    } catch (error) { this.failed('plugin_start', error, 'error') }
    if (this.state === 'running') Object.assign(this, { pollAt: this.host.now + 1000, since: this.host.now })
    this.host.deliver()
  }

  stop () {
    Object.assign(this, { restartAt: Infinity, pollAt: Infinity })
    const ran = this.state === 'running'
    this.state = 'stopped'
    if (!ran) return
    try {
      this.code = this.exports.plugin_stop()
      if (this.code) this.log('fault', `returned ${this.code}`, 'plugin_stop')
    } catch (error) { this.failed('plugin_stop', error, 'error') }
    this.host.deliver()
  }

  failed (name, error, state) {
    const { message, more } = this.failure(name, error)
    Object.assign(this, { state, fault: more.fault, why: message, exports: null, pollAt: Infinity })
    this.log('fault', message, name)
  }

  guarded (name, call) {
    if (this.state !== 'running' || !this.exports[name]) return
    try { call() } catch (error) {
      this.crashes = this.host.now - this.since >= 30000 ? 1 : this.crashes + 1
      this.failed(name, error, this.crashes > 3 ? 'error' : 'crashed')
      if (this.crashes > 3) this.why = `restart disabled after ${this.crashes} crashes: ${this.why}`
      else this.restartAt = this.host.now + 1000 * 2 ** (this.crashes - 1)
    }
  }

  tick () {
    if (this.host.now >= this.restartAt) this.start()
    if (this.host.now < this.pollAt) return
    this.pollAt += 1000
    this.guarded('poll', () => { const code = this.exports.poll(); if (code) this.log('fault', `returned ${code}`, 'poll') })
  }
}

// A world without files: every descriptor is a bad one. AssemblyScript, Rust and C ask for no more to come up.
const WASI = new Proxy({}, {
  get: (_, name) => {
    if (name === 'proc_exit') return code => { throw Object.assign(new Error(`exit ${code}`), { name: 'Exit' }) }
    if (/^(environ|args)_sizes_get$/.test(name)) {
      return function (a, b) { for (const at of [a, b]) new DataView(this.exports.memory.buffer).setUint32(at, 0, true); return 0 }
    }
    if (name === 'clock_time_get') {
      return function (clock, precision, at) {
        new DataView(this.exports.memory.buffer).setBigUint64(at, BigInt(this.host.now) * 1000000n, true)
        return 0
      }
    }
    return /^(environ_get|args_get)$/.test(name) ? () => 0 : () => 8
  }
})

class Host {
  constructor (tell) { Object.assign(this, { tell, plugins: new Map(), saved: new Map(), queue: [], busy: false, model: {}, now: BEGIN }) }

  // What a plugin emits (contract §10) waits until no plugin runs.
  emit (plugin, text, version) {
    const problem = this.accept(text, plugin.id, version)
    if (problem) plugin.log('refused', problem, 'sk_handle_message')
  }

  accept (text, source, version = 1) {
    let delta
    try { delta = JSON.parse(text) } catch (error) { return `not JSON: ${error.message}` }
    if (!Array.isArray(delta?.updates) || !delta.updates.length) return 'no updates'
    const entries = list => (Array.isArray(list) ? list : []).filter(
      entry => typeof entry?.path === 'string' && 'value' in entry && !Array.isArray(entry.value))
    const updates = delta.updates.map(u => ({ ...u, values: entries(u?.values), meta: entries(u?.meta) }))
      .filter(u => u.values.length + u.meta.length).map(({ values, meta, source: _, ...u }) => ({
        ...u,
        $source: source || u.$source || 'test',
        timestamp: u.timestamp ?? new Date(this.now).toISOString(),
        ...(values.length && { values }),
        ...(meta.length && { meta })
      }))
    if (!updates.length) return 'no update has values or meta'
    if (!['string', 'undefined'].includes(typeof delta.context)) return 'the context is no text'
    const context = (delta.context ?? 'vessels.self') === 'vessels.self' ? SELF : delta.context
    this.queue.push({ delta: { context, updates }, source, version })
    return ''
  }

  inject (text) {
    const problem = this.accept(text, '')
    this.deliver()
    return problem
  }

  deliver () {
    if (this.busy) return
    this.busy = true
    for (let n = 0; this.queue.length; n++) {
      const { delta, source, version } = this.queue.shift()
      if (n > 10000 && source) continue // a plugin that answers itself without end
      const text = JSON.stringify(delta)
      if (version === 1) this.keep(delta)
      this.tell({ event: 'delta', plugin: source, text, version })
      for (const plugin of this.plugins.values()) {
        if (plugin.capabilities.dataRead) plugin.guarded('delta_handler', () => plugin.give('delta_handler', text))
      }
    }
    this.busy = false
  }

  keep ({ context, updates }) {
    const root = this.node(context.split('.', 1).concat(context.slice(context.indexOf('.') + 1)))
    for (const { values = [], $source, timestamp } of updates) {
      for (const { path, value } of values) {
        if (path === '') Object.assign(root, value)
        else Object.assign(this.node(path.split('.'), root), { value, $source, timestamp })
      }
    }
  }

  node (parts, from = this.model) {
    return parts.reduce((node, part) => (Object.hasOwn(node, part) ? node[part] : (node[part] = Object.create(null))), from)
  }

  read (path) {
    const [, kind, name, rest] = /^([^.]*)(?:\.(self|urn:[^.]*|[^.]*))?\.?(.*)$/.exec(path) ?? []
    const names = [kind, name === 'self' ? SELF.slice(8) : name, ...rest.split('.')].filter(Boolean)
    let node = this.model
    for (const part of names) {
      if (typeof node !== 'object' || node === null || !Object.hasOwn(node, part)) return null
      node = node[part]
    }
    return JSON.stringify(node)
  }

  advance (seconds) {
    for (const end = this.now + Math.round(seconds * 1000); this.now < end;) {
      this.now = Math.min(end, this.now + 100)
      for (const plugin of this.plugins.values()) { plugin.tick(); this.deliver() }
    }
  }
}

// ---- the driver

let host = new Host(tell)

function tell (message) { process.stdout.write(JSON.stringify(message) + '\n') }

function plugin (id) {
  if (!host.plugins.has(id)) throw new Failure('not_found', `There is no plugin ${id}.`)
  return host.plugins.get(id)
}

function standing ({ id, state, fault, why, code }) { return { plugin: id, state, fault, why, status_code: code } }

const methods = {
  hello: () => ({
    protocol: 1,
    host: 'node-minimal',
    version: process.versions.node,
    features: ['dialect-buffer', 'virtual-clock', 'capabilities', 'claims', 'model', 'configuration', 'reset']
  }),
  reset () { host = new Host(tell) },
  barrier () {},
  shutdown () { for (const each of host.plugins.values()) each.stop() },
  load (params) {
    const loaded = new Plugin(host, params)
    host.plugins.set(loaded.id, loaded)
    return { ...standing(loaded), name: loaded.name, schema_text: loaded.schema }
  },
  unload ({ plugin: id }) {
    plugin(id).stop()
    host.plugins.delete(id)
  },
  start ({ plugin: id, config_text: text }) {
    plugin(id).start(JSON.parse(text))
    return standing(plugin(id))
  },
  stop ({ plugin: id }) {
    plugin(id).stop()
    return standing(plugin(id))
  },
  state: ({ plugin: id }) => standing(plugin(id)),
  inject ({ delta_text: text }) {
    const problem = host.inject(text)
    if (problem) throw new Failure('validate', problem)
  },
  advance ({ seconds }) { host.advance(seconds) },
  read: ({ path }) => ({ value_text: host.read(path) }),
  configuration: ({ plugin: id }) => ({ config_text: JSON.stringify(plugin(id).saved) })
}

for await (const line of createInterface({ input: process.stdin })) {
  const { id, method, params } = JSON.parse(line)
  try {
    const answer = methods[method]
    if (!answer) throw new Failure('unsupported', `This host has no ${method}.`)
    tell({ id, result: answer(params) ?? {} })
  } catch (error) {
    tell({ id, error: { code: error.code ?? 'host', message: error.message || 'nothing is known of it', ...error.more } })
  }
  if (method === 'shutdown') process.exit(0)
}
