/**
 * A Signal K plugin in AssemblyScript that lives on the network.
 *
 * When it starts it fetches a URL, emits what it got, and reports the number of characters to another URL. It looks
 * again with every poll, and reports every delta that carries a speed over ground.
 */
import {
  Delta,
  PathValue,
  Update,
  createSimpleDelta,
  emit,
  setError,
  setStatus
} from '@signalk/assemblyscript-plugin-sdk/assembly'
import { get, post } from './fetching'
import { hasMember, isObject, quoted, textMember } from './json'

const ID = 'fetch-assemblyscript'
const NAME = 'Fetch AssemblyScript'
const DEFAULT_URL = 'https://example.org/answer'
const DEFAULT_REPORT = 'https://example.org/report'
const SCHEMA =
  '{"$schema":"http://json-schema.org/draft-07/schema#","type":"object","properties":{' +
  '"url":{"type":"string","title":"What to fetch","default":"' + DEFAULT_URL + '"},' +
  '"report":{"type":"string","title":"Where to report","default":"' + DEFAULT_REPORT + '"}}}'

/** How much of an answer is told; an answer can be as long as the server likes. */
const LONGEST = 1000

// The SDK asks for the capability `network` only.
@external("env", "sk_has_capability")
declare function sk_has_capability(name: usize, length: usize): i32

function hasCapability(name: string): bool {
  const bytes = String.UTF8.encode(name)
  return sk_has_capability(changetype<usize>(bytes), bytes.byteLength) == 1
}

let url: string = ''
let report: string = ''
let running: bool = false
let mayEmit: bool = false
let last: string = ''
let heard: i32 = 0

export function plugin_id(): string {
  return ID
}

export function plugin_name(): string {
  return NAME
}

export function plugin_schema(): string {
  return SCHEMA
}

/** The configuration comes as bytes of UTF-8, not as a string. 0 means that the plugin runs. */
export function plugin_start(config: usize, length: usize): i32 {
  const text = decode(config, length)
  running = false
  heard = 0
  last = ''
  if (!isObject(text)) {
    setError('The configuration is not a JSON object')
    return 1
  }
  url = textMember(text, '"url"', DEFAULT_URL)
  report = textMember(text, '"report"', DEFAULT_REPORT)
  mayEmit = hasCapability('dataWrite')

  const answer = get(url)
  last = answer
  tell(answer)
  const reported = post(report, answer.length.toString())

  if (!mayEmit) setError('The capability dataWrite is missing: nothing is emitted')
  else if (answer.length == 0) setError('No answer from ' + url)
  else if (reported.length == 0) setError('No answer from ' + report)
  else setStatus('Fetched ' + answer.length.toString() + ' characters')
  running = true
  return 0
}

/** Emits an answer, or that there is none. The server fills in the source, which is always the plugin, and the time. */
function tell(answer: string): void {
  if (!mayEmit) return
  const told = answer.length == 0 ? 'null' : quoted(answer.substring(0, LONGEST))
  const values = [
    new PathValue('plugins.fetch.answer', told),
    new PathValue('plugins.fetch.characters', answer.length.toString())
  ]
  emit(new Delta('vessels.self', [new Update(values)]))
}

/**
 * Text from bytes that lie in a block of the collector that nothing here refers to: memory from `heap` is no business
 * of the collector, so the copy is there until it is read.
 */
function decode(bytes: usize, length: usize): string {
  const copy = heap.alloc(length)
  memory.copy(copy, bytes, length)
  const text = String.UTF8.decodeUnsafe(copy, length)
  heap.free(copy)
  return text
}

/** Looks whether the answer has changed. Only a change is told, also from an answer to none. */
export function poll(): i32 {
  if (!running) return 0
  const answer = get(url)
  if (answer != last) {
    last = answer
    tell(answer)
    if (answer.length == 0) setError('No answer from ' + url)
  }
  return 0
}

export function delta_handler(delta: string): void {
  if (!running || !hasMember(delta, '"path"', '"navigation.speedOverGround"')) return
  const answer = post(report, delta)
  heard++
  if (answer.length == 0) setError('No answer from ' + report)
  if (mayEmit) emit(createSimpleDelta('plugins.fetch.heard', heard.toString()))
}

/** 0 means that the plugin has stopped. */
export function plugin_stop(): i32 {
  running = false
  setStatus('Stopped')
  return 0
}
