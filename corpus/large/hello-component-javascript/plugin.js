// A Signal K plugin that is a WebAssembly component, in JavaScript.
//
// It counts its starts in a file, tells the count in a delta, and answers every delta that carries a speed over
// ground with a delta that says how many it has heard.
import { handleMessage } from 'signalk:plugin-api/delta-handler@1.0.0'
import { setPluginError, setPluginStatus } from 'signalk:plugin-api/plugin-status@1.0.0'
import { readFile, writeFile } from './files.js'

const ID = 'hello-component-javascript'
const NAME = 'Hello Component JavaScript'
const SCHEMA = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  type: 'object',
  properties: { answer: { type: 'boolean', title: 'Answer deltas', default: true } }
}

// What is in the directory "data" stays from run to run.
const COUNTER_FILE = 'data/starts.txt'
const COUNT = /^[ \t\n\r]*([0-9]{1,9})[ \t\n\r]*$/

// Whether deltas are answered: while the plugin runs, if the configuration allows it.
let answering = false
let heard = 0

/**
 * Emits one update on the own vessel. The empty timestamp lets the server fill in the time. Without the capability
 * dataWrite this call does not return: the server ends it, and there is no way to ask beforehand.
 */
function emit(values) {
  const update = {
    source: { label: ID, type: null },
    timestamp: '',
    values: Object.entries(values).map(([path, value]) => ({ path, value: JSON.stringify(value) }))
  }
  handleMessage(ID, { context: 'vessels.self', updates: [update] })
}

/** The object that a JSON text is; undefined where it is anything else. */
function parseObject(json) {
  try {
    const value = JSON.parse(json)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined
  } catch {
    return undefined
  }
}

/** The number in the file. No file, or anything else in it, counts as 0. */
function readCounter() {
  return Number(COUNT.exec(readFile(COUNTER_FILE, 32))?.[1] ?? 0)
}

export const pluginInterface = {
  id: () => ID,

  name: () => NAME,

  schema: () => JSON.stringify(SCHEMA),

  // An error is thrown, as a string.
  start(text) {
    heard = 0
    answering = false
    const config = parseObject(text)
    if (config === undefined) {
      const message = 'The configuration is not a JSON object'
      setPluginError(message)
      throw message
    }
    answering = config.answer !== false

    const starts = readCounter() + 1
    const kept = writeFile(COUNTER_FILE, String(starts))
    if (!kept) {
      setPluginError('Cannot keep the count of starts in /data/starts.txt')
    }
    emit({ 'plugins.hello.starts': starts, 'plugins.hello.language': 'JavaScript component' })
    if (kept) {
      setPluginStatus(`Started, run ${starts}`)
    }
  },

  stop() {
    answering = false
    heard = 0
    setPluginStatus('Stopped')
  }
}

export const deltaHandler = {
  onDelta({ updates }) {
    const values = updates.flatMap((update) => update.values)
    if (answering && values.some(({ path }) => path === 'navigation.speedOverGround')) {
      heard += 1
      emit({ 'plugins.hello.heard': heard })
    }
  },

  // The interface has this function too, in the other direction. No server calls it.
  handleMessage() {}
}
