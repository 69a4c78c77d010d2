// Makes Signal K deltas of a log, with the converters that signalk-server has, in the way in which it asks them:
//
//     node convert.mjs nmea0183|n2k LABEL LOG >LINES
//
// One delta a line, in the order of the log. LABEL becomes each source's `label`, which the server takes from the
// connection's name. No time comes from the machine: there is a clock of the log, and whoever asks is told that.

import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)
const [kind, label, log] = process.argv.slice(2)

const MachineDate = Date
let now = 0
globalThis.Date = class extends MachineDate {
  constructor(...given) {
    super(...(given.length === 0 ? [now] : given))
  }
  static now() {
    return now
  }
}

// The log of NMEA 0183 tells the time of the day, but no date.
const DAY = '2026-01-01'
const ZDA = /^\$..ZDA,(\d\d)(\d\d)(\d\d)/

const timeOf = {
  nmea0183: (line) => {
    const found = ZDA.exec(line)
    return found && MachineDate.parse(`${DAY}T${found[1]}:${found[2]}:${found[3]}Z`)
  },
  n2k: (line) => MachineDate.parse(line.slice(0, line.indexOf(',')))
}

const converters = {
  nmea0183: () => {
    const Parser = require('@signalk/nmea0183-signalk').default
    const parser = new Parser()
    return (line) => parser.parse(line)
  },
  n2k: () => {
    const { FromPgn } = require('@canboat/canboatjs')
    const { N2kMapper } = require('@signalk/n2k-signalk')
    const parser = new FromPgn({ useCamelCompat: true })
    // It tells of fields that it has no name for, and parses them all the same.
    parser.on('warning', () => {})
    parser.on('error', (_, error) => {
      throw error
    })
    const mapper = new N2kMapper({ sendMetaData: true })
    return (line) => {
      const message = parser.parse(line)
      const delta = message && mapper.toDelta(message)
      return delta && delta.updates.some((update) => update.values.length > 0) ? delta : null
    }
  }
}

const lines = readFileSync(log, 'utf8').split(/\r?\n/).filter((line) => line !== '')
// What comes before the first time in the log has that time too.
now = lines.map(timeOf[kind]).find((time) => time)
const toDelta = converters[kind]()
const made = []
for (const line of lines) {
  now = timeOf[kind](line) || now
  const delta = toDelta(line)
  if (!delta) {
    continue
  }
  for (const update of delta.updates) {
    update.source.label = label
    update.timestamp ??= new Date().toISOString()
  }
  made.push(`${JSON.stringify(delta)}\n`)
}
process.stdout.write(made.join(''))
