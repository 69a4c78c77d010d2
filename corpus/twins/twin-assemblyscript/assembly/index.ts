/** The twin in AssemblyScript, with the published SDK. What it does is in ../../SPEC.md. */
import {
  Delta,
  Notification,
  NotificationState,
  PathValue,
  Update,
  createSimpleDelta,
  emit,
  getSelfPath,
  registerResourceProvider,
  saveConfig,
  setError,
  setStatus
} from '@signalk/assemblyscript-plugin-sdk/assembly'
import { readText, writeText } from './files'
import { Json, NO_NUMBER, fromThousandths } from './json'
import { Speeds, readLimit } from './speeds'

const SCHEMA =
  '{"$schema":"http://json-schema.org/draft-07/schema#","type":"object","properties":{' +
  '"limit":{"type":"number","title":"Speed limit in m/s","minimum":0,"maximum":1000,"default":5},' +
  '"every":{"type":"integer","title":"Seconds from report to report","minimum":1,"maximum":3600,"default":10},' +
  '"notify":{"type":"boolean","title":"Notify above the limit","default":true}}}'
const ENDPOINTS =
  '[{"method":"GET","path":"/api/state","handler":"http_get_state"},' +
  '{"method":"GET","path":"/api/places/:id","handler":"http_get_place"},' +
  '{"method":"POST","path":"/api/reset","handler":"http_post_reset"}]'

const FILE = 'data/twin.json'
const FILE_ERROR = 'Cannot write /data/twin.json'
const FILE_BYTES: i32 = 8192
const FILE_BYTES_AT_MOST: i32 = 8000
const LIMIT = 'plugins.twin.limit'
const ALARM = 'notifications.plugins.twin.speed'

// The SDK has no functions for these.
@external("env", "sk_has_capability")
declare function sk_has_capability(name: usize, length: usize): i32
@external("env", "sk_handle_message")
declare function sk_handle_message(delta: usize, length: usize, version: i32): void
@external("env", "sk_publish_notification")
declare function sk_publish_notification(path: usize, length: usize, value: usize, valueLength: usize): i32
@external("env", "sk_register_put_handler")
declare function sk_register_put_handler(context: usize, contextLength: usize, path: usize, length: usize): i32

function hasCapability(name: string): bool {
  const bytes = String.UTF8.encode(name)
  return sk_has_capability(changetype<usize>(bytes), bytes.byteLength) == 1
}

function takePuts(path: string): bool {
  const context = String.UTF8.encode('vessels.self')
  const bytes = String.UTF8.encode(path)
  return (
    sk_register_put_handler(changetype<usize>(context), context.byteLength, changetype<usize>(bytes), bytes.byteLength) == 1
  )
}

let speeds = new Speeds()
let starts: i64 = 0
let places = '{}'
let seconds: i64 = 0
let reported: i64 = 0
let mayEmit = false

// ---- Telling the server something ------------------------------------------------------------------------------------

function send(delta: Delta): void {
  if (mayEmit) emit(delta)
}

/** The SDK has no metadata. */
function sendMeta(): void {
  const delta = String.UTF8.encode(
    '{"context":"vessels.self","updates":[{"meta":[{"path":"plugins.twin.mean",' +
      '"value":{"units":"m/s","description":"Mean speed since the start"}}]}]}'
  )
  if (mayEmit) sk_handle_message(changetype<usize>(delta), delta.byteLength, 1)
}

function notify(json: string): void {
  const path = String.UTF8.encode(ALARM)
  const value = String.UTF8.encode(json)
  if (mayEmit) sk_publish_notification(changetype<usize>(path), path.byteLength, changetype<usize>(value), value.byteLength)
}

// ---- What it is ------------------------------------------------------------------------------------------------------

export function plugin_id(): string {
  return 'twin-assemblyscript'
}

export function plugin_name(): string {
  return 'Twin (AssemblyScript)'
}

export function plugin_schema(): string {
  return SCHEMA
}

export function http_endpoints(): string {
  return ENDPOINTS
}

// ---- The file --------------------------------------------------------------------------------------------------------

function isId(id: string): bool {
  for (let i = 0; i < id.length; i++) {
    const code = id.charCodeAt(i)
    const letter = (code | 0x20) >= 0x61 && (code | 0x20) <= 0x7a
    if (!letter && !(code >= 0x30 && code <= 0x39) && code != 0x2d && code != 0x5f) return false
  }
  return id.length > 0 && id.length <= 64
}

/** The id that a value is; empty if it is none. */
function readId(value: Json | null): string {
  const id: string | null = value === null ? null : value.string()
  return id !== null && isId(id) ? id : ''
}

function arePlaces(value: Json): bool {
  const members = value.parts()
  let place = members.next()
  while (place !== null) {
    if (!place.isObject || readId(members.name) == '') return false
    place = members.next()
  }
  return value.isObject
}

function readKept(): void {
  starts = 0
  places = '{}'
  const kept = Json.read(readText(FILE, FILE_BYTES))
  if (kept === null) return
  const number = kept.get('starts')
  if (number !== null) starts = max(number.thousandths(), 0) / 1000
  const found = kept.get('places')
  if (found !== null && arePlaces(found)) places = found.text
}

function keptText(fresh: string): string {
  return `{"starts":${starts},"places":${fresh}}`
}

// ---- Its life --------------------------------------------------------------------------------------------------------

/** The configuration comes as bytes of UTF-8, not as a string. 0 means that the plugin runs. */
export function plugin_start(config: usize, length: usize): i32 {
  speeds = new Speeds()
  const wrong = speeds.configure(Json.read(decode(config, length)))
  if (wrong != '') {
    setError(wrong)
    return 1
  }
  seconds = reported = 0
  readKept()
  starts++
  mayEmit = hasCapability('dataWrite')
  const kept = writeText(FILE, keptText(places))
  const puts = takePuts(LIMIT)
  const provides = registerResourceProvider('places')
  if (!mayEmit) setError('The capability dataWrite is missing')
  if (!kept) setError(FILE_ERROR)
  if (!puts) setError('The capability putHandlers is missing')
  if (!provides) setError('The capability resourceProvider is missing')

  const limit = fromThousandths(speeds.limit)
  const values = [new PathValue('plugins.twin.starts', starts.toString()), new PathValue(LIMIT, limit)]
  send(new Delta('vessels.self', [new Update(values)]))
  sendMeta()
  if (mayEmit && kept && puts && provides) setStatus(`Started, run ${starts}`)
  return 0
}

/**
 * Text from bytes that lie in a block of the collector that nothing here refers to. Making a string can set the
 * collector to work, and unless the server has pinned the block, it would be gone before it is read. Memory from
 * `heap` is no business of the collector.
 */
function decode(bytes: usize, length: usize): string {
  const copy = heap.alloc(length)
  memory.copy(copy, bytes, length)
  const text = String.UTF8.decodeUnsafe(copy, length)
  heap.free(copy)
  return text
}

function hearAll(values: Json): bool {
  let heard = false
  const parts = values.parts()
  let value = parts.next()
  while (value !== null) {
    const path = value.get('path')
    if (path !== null && path.is('navigation.speedOverGround')) heard = speeds.hear(value.get('value')) || heard
    value = parts.next()
  }
  return heard
}

export function delta_handler(text: string): void {
  const delta = Json.read(text)
  const updates: Json | null = delta === null ? null : delta.get('updates')
  if (updates === null) return
  let heard = false
  const parts = updates.parts()
  let update = parts.next()
  while (update !== null) {
    const values = update.get('values')
    if (values !== null) heard = hearAll(values) || heard
    update = parts.next()
  }
  if (!heard) return
  const values = [
    new PathValue('plugins.twin.heard', speeds.heard.toString()),
    new PathValue('plugins.twin.mean', fromThousandths(speeds.mean)),
    new PathValue('plugins.twin.max', fromThousandths(speeds.max))
  ]
  send(new Delta('vessels.self', [new Update(values)]))
  if (speeds.alarmChanges()) tell()
}

function tell(): void {
  // The SDK returns its whole buffer: what stands behind the first NUL is no part of the value.
  const found = getSelfPath('environment.depth.belowTransducer.value')
  const depth: Json | null = found === null ? null : Json.read(found.split('\0')[0])
  const state = speeds.alarmed ? NotificationState.alert : NotificationState.normal
  const notification = new Notification(state, speeds.message(depth))
  if (!speeds.alarmed) notification.method = []
  notify(notification.toJSON())
}

/** Called once a second. */
export function poll(): i32 {
  if (++seconds >= speeds.every) {
    seconds = 0
    if (speeds.heard != reported) {
      reported = speeds.heard
      send(createSimpleDelta('plugins.twin.report', `{${speeds.figures}}`))
    }
  }
  return 0
}

/** 0 means that the plugin has stopped. */
export function plugin_stop(): i32 {
  if (speeds.alarmed) {
    speeds.alarmed = false
    notify('null')
  }
  setStatus('Stopped')
  return 0
}

// ---- What it is asked to do ------------------------------------------------------------------------------------------

export function handle_put_vessels_self_plugins_twin_limit(text: string): string {
  const value = Json.read(text)
  const limit = value === null ? NO_NUMBER : readLimit(value)
  if (limit == NO_NUMBER) {
    return '{"state":"COMPLETED","statusCode":400,"message":"The limit is a number from 0 to 1000"}'
  }
  speeds.limit = limit
  const json = fromThousandths(limit)
  send(createSimpleDelta(LIMIT, json))
  saveConfig(`{"limit":${json},"every":${speeds.every},"notify":${speeds.notify}}`)
  return '{"state":"COMPLETED","statusCode":200}'
}

/** Answers an HTTP request with JSON. */
function answer(status: i32, body: string): string {
  return `{"statusCode":${status},"headers":{"Content-Type":"application/json"},"body":${body}}`
}

export function http_get_state(request: usize, length: usize): string {
  const limit = fromThousandths(speeds.limit)
  return answer(200, `{"starts":${starts},"limit":${limit},${speeds.figures},"alarm":${speeds.alarmed}}`)
}

/** The place whose id is the member `id` of an object. */
function placeOf(object: Json | null): Json | null {
  const id = object === null ? '' : readId(object.get('id'))
  const all = Json.read(places)
  return id == '' || all === null ? null : all.get(id)
}

export function http_get_place(request: usize, length: usize): string {
  const asked = Json.read(decode(request, length))
  const place: Json | null = asked === null ? null : placeOf(asked.get('params'))
  return place === null ? answer(404, '{"error":"There is no such place"}') : answer(200, place.text)
}

export function http_post_reset(request: usize, length: usize): string {
  speeds.forget()
  reported = 0
  return answer(200, '{"heard":0}')
}

/** A request for resources, if it is for places. */
function ofPlaces(text: string): Json | null {
  const asked = Json.read(text)
  const kind: Json | null = asked === null ? null : asked.get('resourceType')
  return kind !== null && kind.is('places') ? asked : null
}

export function resources_list_resources(request: string): string {
  return ofPlaces(request) === null ? '{}' : places
}

export function resources_get_resource(request: string): string {
  const place = placeOf(ofPlaces(request))
  return place === null ? '{}' : place.text
}

/** Puts a place at the end of all places, or takes it away where `place` is empty. Returns what went wrong. */
function change(id: string, place: string): string {
  const members: string[] = []
  const all = Json.read(places)
  if (all !== null) {
    const parts = all.parts()
    let value = parts.next()
    while (value !== null) {
      if (!parts.name.is(id)) members.push(`${parts.name.text}:${value.text}`)
      value = parts.next()
    }
  }
  if (place != '') members.push(`"${id}":${place}`)
  const fresh = `{${members.join(',')}}`
  const kept = keptText(fresh)
  if (place != '' && String.UTF8.byteLength(kept) > FILE_BYTES_AT_MOST) return 'There is no room for it'
  if (!writeText(FILE, kept)) return FILE_ERROR
  places = fresh
  return ''
}

function askedChange(request: string, put: bool): string {
  const asked = ofPlaces(request)
  if (asked === null) return 'There are only places'
  const id = readId(asked.get('id'))
  if (id == '') return 'An id is made of letters, digits, - and _, at most 64'
  if (!put) return change(id, '')
  const place = asked.get('value')
  return place !== null && place.isObject ? change(id, place.text) : 'A place is an object'
}

export function resources_set_resource(request: string): string {
  return askedChange(request, true)
}

export function resources_delete_resource(request: string): string {
  return askedChange(request, false)
}
