// The twin in JavaScript, as a component. What it does is in corpus/twins/SPEC.md.
import { handleMessage } from 'signalk:plugin-api/delta-handler@1.0.0'
import { getSelfPath } from 'signalk:plugin-api/full-model@1.0.0'
import { setPluginError, setPluginStatus } from 'signalk:plugin-api/plugin-status@1.0.0'
import { readFile, writeFile } from './files.js'
import { fromThousandths, member, members, thousandths } from './json.js'

const ID = 'twin-component-javascript'
const NAME = 'Twin (JavaScript component)'
const SCHEMA = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  type: 'object',
  properties: {
    limit: { type: 'number', title: 'Speed limit in m/s', minimum: 0, maximum: 1000, default: 5 },
    every: { type: 'integer', title: 'Seconds from report to report', minimum: 1, maximum: 3600, default: 10 },
    notify: { type: 'boolean', title: 'Notify above the limit', default: true }
  }
}
const FILE = 'data/twin.json'
const FILE_BYTES = 8192
const ID_OF_A_PLACE = /^[A-Za-z0-9_-]{1,64}$/

const NOTHING_HEARD = { heard: 0, last: 0, max: 0, sum: 0, alarmed: false }

// The options, and what was heard since the start. Numbers are thousandths.
let speeds = { ...NOTHING_HEARD, limit: 5000, notify: true }

/**
 * Emits one update on the own vessel, of values that are JSON. The empty timestamp lets the server fill in the time.
 * Without the capability dataWrite this call does not return: the server ends it, and there is no way to ask beforehand.
 */
function emit(values) {
  const pairs = Object.entries(values).map(([path, value]) => ({ path, value }))
  const update = { source: { label: ID, type: null }, timestamp: '', values: pairs }
  handleMessage(ID, { context: 'vessels.self', updates: [update] })
}

function isBetween(number, least, most) {
  return number !== undefined && number >= least && number <= most
}

/** The options of a configuration. Throws what is wrong with it, as a string. */
function configured(config) {
  const found = members(config)
  if (found === undefined) throw 'The configuration is not a JSON object'
  const [limit, every, notify] = ['limit', 'every', 'notify'].map((name) => member(found, name))
  if (limit !== undefined && !isBetween(thousandths(limit), 0, 1000000)) throw 'limit is a number from 0 to 1000'
  const seconds = every === undefined ? 1000 : thousandths(every)
  if (!isBetween(seconds, 1000, 3600000) || seconds % 1000 !== 0) throw 'every is a whole number from 1 to 3600'
  if (![undefined, 'true', 'false'].includes(notify)) throw 'notify is true or false'
  return { limit: limit === undefined ? 5000 : thousandths(limit), notify: notify !== 'false' }
}

// Bytes of UTF-8 and back; throws where they are none.
const decode = (bytes) => decodeURIComponent(Array.from(bytes, (byte) => '%' + byte.toString(16).padStart(2, '0')).join(''))
const encode = (text) =>
  Uint8Array.from(encodeURIComponent(text).match(/%..|./g), (part) => (part[0] === '%' ? parseInt(part.slice(1), 16) : part.charCodeAt(0)))

function arePlaces(places) {
  return places?.every(([id, place]) => ID_OF_A_PLACE.test(id) && place.startsWith('{'))
}

/** Counts a start in the file, and leaves the places that are in it. */
function countStart() {
  const bytes = readFile(FILE, FILE_BYTES + 1)
  let text = ''
  try {
    text = bytes.length <= FILE_BYTES ? decode(bytes) : ''
  } catch {
    // not UTF-8: as good as no file
  }
  const kept = members(text)
  const places = member(kept, 'places')
  const starts = Math.floor(Math.max(thousandths(member(kept, 'starts')) ?? 0, 0) / 1000) + 1
  const fresh = places !== undefined && arePlaces(members(places)) ? places : '{}'
  return { starts, kept: writeFile(FILE, encode(`{"starts":${starts},"places":${fresh}}`)) }
}

/** Counts a speed. Tells whether it was one. */
function hear(json) {
  const speed = thousandths(json.trim())
  if (speed === undefined || speed < 0) return false
  const { heard, max, sum } = speeds
  speeds = { ...speeds, last: speed, heard: heard + 1, max: Math.max(max, speed), sum: sum + speed }
  return true
}

/** Raises the alarm, or ends it. */
function watch() {
  const { last, limit, notify, alarmed } = speeds
  const above = last > limit
  if (!notify || above === alarmed) return
  speeds.alarmed = above
  const metres = thousandths(getSelfPath('environment.depth.belowTransducer.value')?.trim())
  const deep = above && isBetween(metres, 0, Infinity) ? `, at a depth of ${fromThousandths(metres)} m` : ''
  const is = above ? 'is above' : 'is not above'
  const message = `Speed ${fromThousandths(last)} m/s ${is} ${fromThousandths(limit)} m/s${deep}`
  const value = { state: above ? 'alert' : 'normal', method: above ? ['visual'] : [], message }
  emit({ 'notifications.plugins.twin.speed': JSON.stringify(value) })
}

export const pluginInterface = {
  id: () => ID,

  name: () => NAME,

  schema: () => JSON.stringify(SCHEMA),

  // An error is thrown, as a string.
  start(config) {
    try {
      speeds = { ...NOTHING_HEARD, ...configured(config) }
    } catch (wrong) {
      setPluginError(wrong)
      throw wrong
    }
    const { starts, kept } = countStart()
    if (!kept) {
      setPluginError('Cannot write /data/twin.json')
    }
    emit({ 'plugins.twin.starts': String(starts), 'plugins.twin.limit': fromThousandths(speeds.limit) })
    if (kept) {
      setPluginStatus(`Started, run ${starts}`)
    }
  },

  stop() {
    if (speeds.alarmed) {
      speeds.alarmed = false
      emit({ 'notifications.plugins.twin.speed': 'null' })
    }
    setPluginStatus('Stopped')
  }
}

export const deltaHandler = {
  onDelta({ updates }) {
    const values = updates.flatMap((update) => update.values)
    const heard = values.filter(({ path, value }) => path === 'navigation.speedOverGround' && hear(value))
    if (heard.length > 0) {
      emit({
        'plugins.twin.heard': String(speeds.heard),
        'plugins.twin.mean': fromThousandths(Math.floor(speeds.sum / speeds.heard)),
        'plugins.twin.max': fromThousandths(speeds.max)
      })
      watch()
    }
  },

  // The interface has this function too, in the other direction. No server calls it.
  handleMessage() {}
}
