// What the server logs by the package `debug`, as events of the protocol.

import { format } from 'node:util'

import { current } from './calls.mjs'
import { tell } from './outlet.mjs'

const NAMESPACES = 'signalk:wasm:*'
// V8's words for a trap.
const TRAP = /unreachable|out of bounds|divide by zero|remainder by zero|unrepresentable|signature mismatch|Maximum call stack|invalid (array|conversion)|RuntimeError/
const DENIED = /not granted|capability (is )?(not|required)|without \w+ capability|lacks/i
// Lines that tell of the ordinary course of things, mostly with words of the plugin in them: they are not passed on.
const COURSE = new RegExp('^(' + [
  'About to', 'Adding|Added', 'Calling', 'Checking', 'Config (file not found|saved)', 'Creating', 'Current plugin', 'Delta processed',
  'Emitting delta', 'Error: ', 'Final', 'getSelfPath: ', 'Got', 'Handler (completed|function call)', 'Looking for', 'Module', 'No instance',
  'Notification published', 'plugin_\\w+ returned: (?!-)(0|[^\\d])', 'Plugin type', 'Publishing', 'PUT (request|handler resp|handler reg)',
  'Reading', 'Register', 'Request body', 'Rust handler', 'Saving', 'sk_\\w+: ', 'Starting', 'Status: ', 'String decoded',
  'updateWasmPluginConfig', 'Using', 'WASM handler returned'
].join('|') + ')')
const TROUBLE = /error|fail|invalid|unknown|missing|warning|not (found|available|a |an )|too small|need |returned:? -?\d|abort/i
const EXITED = /returned error code: (-?\d+)/

export class Journal {
  #debug
  #names = new Map()
  #standings = new Map()

  // `about`: the plugin that is being asked, for lines that name none.
  about = ''

  constructor (debug) {
    this.#debug = debug
  }

  listen () {
    const journal = this
    this.#debug.formatArgs = () => {}
    this.#debug.log = function (...args) { journal.#hear(this.namespace ?? '', format(...args)) }
    this.#debug.enable(NAMESPACES)
  }

  // The server calls a plugin by its package's name in some places, and by its id in others.
  know (id, packageName) {
    this.#names.set(packageName, id)
    this.#names.set(id, id)
  }

  standing (id) {
    if (!this.#standings.has(id)) this.#standings.set(id, { fault: '', code: 0 })
    return this.#standings.get(id)
  }

  begin (id) { this.#standings.delete(id) }

  // The id of the plugin that the server calls so; "" for none.
  known (name) { return this.#names.get(name) ?? '' }

  #hear (namespace, line) {
    const [, name, words] = /^\[([^\]]*)\] (.*)$/s.exec(line) ?? [undefined, '', line]
    const plugin = this.#names.get(name) ?? this.#mentioned(line)
    const within = current()
    if (within === 'sk_debug' || within === 'console.log') {
      const kind = name ? (within === 'sk_debug' ? 'debug' : 'console') : 'refused'
      return tell({ event: 'log', plugin, kind, function: within, text: words })
    }
    const standing = this.standing(plugin)
    const code = EXITED.exec(words)
    if (code) standing.code = Number(code[1])
    const trapped = TRAP.test(words) && !COURSE.test(words)
    if (trapped && !standing.fault) standing.fault = 'trap'
    const kind = trapped ? 'fault' : COURSE.test(words) ? '' : DENIED.test(words) ? 'denied' : TROUBLE.test(words) ? 'refused' : ''
    if (kind) tell({ event: 'log', plugin, kind, function: within, text: `${namespace} ${words}` })
  }

  #mentioned (line) {
    for (const [name, id] of this.#names) if (line.split(/[\s:,]+/).includes(name)) return id
    return this.about
  }
}
