// The driver of signalk-server: requests of the protocol on standard input, replies and events on descriptor 3.
//
//     node main.mjs INSTALLATION LANE SCRATCH 3>&1 4>&2 1>SCRATCH/stdout.PID 2>SCRATCH/stderr.PID

import { createInterface } from 'node:readline'

import { HERE } from './isolation.mjs'
import './calls.mjs'
import { json, parsed } from './client.mjs'
import { forget, respond } from './fetched.mjs'
import { guard } from './guard.mjs'
import * as files from './files.mjs'
import { FEATURES as IN_PROCESS, InProcess } from './in_process.mjs'
import { Installed } from './installed.mjs'
import { Journal } from './journal.mjs'
import { Failure, tell } from './outlet.mjs'
import { Plugins } from './plugins.mjs'
import { Printed } from './printed.mjs'
import { Sockets } from './sockets.mjs'
import { FEATURES as WHOLE, Whole } from './whole.mjs'

const VERSION = 1
const LANES = { whole: [Whole, WHOLE], 'in-process': [InProcess, IN_PROCESS] }

const [folder, lane, scratch] = process.argv.slice(2)
const [Lane, features] = LANES[lane]
Object.assign(process.env, { SIGNALK_DISABLE_SERVER_UPDATES: '1', HOME: scratch, PORT: '' })

const installed = new Installed(folder)
const printed = new Printed(scratch)
const decoded = text => Buffer.from(text, 'base64')
let host

// A host, made when it is first asked for something.
function here () {
  if (!host) {
    const journal = new Journal(installed.debug)
    const home = new Lane(installed, journal, scratch)
    host = { home, journal, plugins: new Plugins(installed, home, journal), sockets: new Sockets(home.sockets) }
  }
  return host
}

async function leave () {
  const left = host
  host = undefined
  forget()
  left?.sockets.close()
  await left?.home.close()
}

function given (text) {
  try { return JSON.parse(text) } catch (error) { throw new Failure('bad_json', `No JSON: ${error.message}`) }
}

function slashed (path) { return path.split('.').map(encodeURIComponent).join('/') }

const methods = {
  hello: () => ({ protocol: VERSION, host: 'signalk-server', version: installed.version, features }),
  reset: leave,
  shutdown: leave,
  barrier () {},
  load: params => here().plugins.load(params),
  boot: async ({ plugins }) => ({ plugins: await here().plugins.boot(plugins) }),
  unload: ({ plugin }) => here().plugins.unload(plugin),
  start: ({ plugin, config_text: text }) => here().plugins.start(plugin, text),
  stop: ({ plugin }) => here().plugins.stop(plugin),
  state: ({ plugin }) => here().plugins.standing(plugin),
  hot_reload: ({ plugin }) => here().plugins.reload(plugin),
  inject: ({ delta_text: text }) => here().home.inject(given(text)),
  async read ({ path }) {
    const { status, body } = await here().home.request('GET', `/signalk/v1/api/${slashed(path)}`)
    return { value_text: status === 200 ? body.toString() : null }
  },
  async put ({ context, path, value_text: text }) {
    const at = context.indexOf('.')
    const where = [context.slice(0, at), context.slice(at + 1)].map(encodeURIComponent).join('/')
    const reply = await here().home.request('PUT', `/signalk/v1/api/${where}/${slashed(path)}`, json(`{"value":${text}}`))
    const told = parsed(reply.body) ?? {}
    return {
      state: String(told.state ?? ''),
      status_code: told.statusCode ?? reply.status,
      message: String(told.message ?? (told.state ? '' : reply.body.toString()))
    }
  },
  async http ({ method, path, headers, body_b64: body }) {
    const reply = await here().home.request(method, path, { headers, body: decoded(body) })
    return { status: reply.status, headers: reply.headers, body_b64: reply.body.toString('base64') }
  },
  resource: params => here().home.registrations.provide('resource', params),
  weather: params => here().home.registrations.provide('weather', params),
  radar: params => here().home.registrations.provide('radar', params),
  configuration: ({ plugin }) => here().plugins.configuration(plugin),
  registered: ({ plugin }) => ({ registered: here().home.registrations.of(here().plugins.names(plugin)) }),
  files: ({ plugin }) => ({ files_b64: files.read(here().plugins.tree(plugin)) }),
  write_file: ({ plugin, path, data_b64: data }) => files.write(here().plugins.tree(plugin), path, decoded(data)),
  empty_tmp ({ plugin }) {
    const { getPluginStoragePaths, cleanupVfsTmp } = here().home.wasm
    cleanupVfsTmp(getPluginStoragePaths(here().home.configuration.path, ...here().plugins.names(plugin)).vfsTmp)
  },
  respond: ({ url, status, body_b64: body }) => respond(url, status, decoded(body)),
  sockets: ({ plugin }) => here().sockets.of(here().plugins.names(plugin)),
  send_datagram: ({ port, data_b64: data }) => here().sockets.send(port, decoded(data)),
  answer_connections: () => here().sockets.answer(),
  connections: () => ({ count: here().sockets.count }),
  send_to_connections: ({ chunks_b64: chunks }) => here().sockets.sendToAll(chunks.map(decoded)),
  close_connections: () => here().sockets.endAll()
}

// Let what a request caused come: a turn for sockets, one for what they call, and then the stream.
async function settle () {
  for (let turn = 0; turn < 3; turn++) await new Promise(resolve => setImmediate(resolve))
  await host?.home.settle()
  printed.tell(host?.journal.about ?? '')
}

async function answer ({ id, method, params }) {
  try {
    if (!methods[method]) throw new Failure('unsupported', `This driver has no ${method}.`)
    const result = await methods[method](params) ?? {}
    if (method !== 'hello') await settle()
    tell({ id, result })
  } catch (error) {
    await settle()
    tell({ id, error: { code: error.code in CODES ? error.code : 'host', message: error.message || String(error), ...error.more } })
  }
  if (method === 'shutdown') process.exit(0)
}

const CODES = { unsupported: 1, not_found: 1, validate: 1, link: 1, trap: 1, status: 1, denied: 1, bad_json: 1, timeout: 1, host: 1 }

guard()
console.error(`signalk-server ${installed.version}, ${lane}, on ${HERE}`)
for await (const line of createInterface({ input: process.stdin })) await answer(JSON.parse(line))
process.exit(0)
