/**
 * A Signal K plugin in AssemblyScript.
 *
 * It counts its starts in a file, tells the count in a delta, and answers every delta that carries a speed over
 * ground with a delta that says how many it has heard.
 */
import {
  Delta,
  PathValue,
  Plugin,
  Update,
  createSimpleDelta,
  emit,
  setError,
  setStatus
} from '@signalk/assemblyscript-plugin-sdk/assembly'
import { readText, writeText } from './files'
import { hasMember, isObject, parseCount } from './json'

const ID = 'hello-assemblyscript'
const NAME = 'Hello AssemblyScript'
const SCHEMA =
  '{"$schema":"http://json-schema.org/draft-07/schema#","type":"object","properties":{' +
  '"answer":{"type":"boolean","title":"Answer deltas","default":true}}}'

/** What is in the directory `data` stays from run to run. */
const COUNTER_FILE = 'data/starts.txt'
const COUNTER_DIGITS = 9

// The SDK asks for the capability `network` only.
@external("env", "sk_has_capability")
declare function sk_has_capability(name: usize, length: usize): i32

function hasCapability(name: string): bool {
  const bytes = String.UTF8.encode(name)
  return sk_has_capability(changetype<usize>(bytes), bytes.byteLength) == 1
}

class Hello extends Plugin {
  /** Whether deltas are answered: while the plugin runs, if the configuration and the server allow it. */
  private answering: bool = false
  private heard: i32 = 0

  name(): string {
    return NAME
  }

  schema(): string {
    return SCHEMA
  }

  start(config: string): i32 {
    this.heard = 0
    this.answering = false
    if (!isObject(config)) {
      setError('The configuration is not a JSON object')
      return 1
    }

    const mayEmit = hasCapability('dataWrite')
    if (!mayEmit) {
      setError('The capability dataWrite is missing: nothing will be emitted')
    }
    this.answering = mayEmit && !hasMember(config, '"answer"', 'false')

    const starts = parseCount(readText(COUNTER_FILE, 32), COUNTER_DIGITS) + 1
    const kept = writeText(COUNTER_FILE, starts.toString())
    if (!kept) {
      setError('Cannot keep the count of starts in /data/starts.txt')
    }

    if (mayEmit) {
      // The server fills in the source, which is always the plugin, and the time.
      const values = [
        new PathValue('plugins.hello.starts', starts.toString()),
        new PathValue('plugins.hello.language', '"AssemblyScript"')
      ]
      emit(new Delta('vessels.self', [new Update(values)]))
    }
    if (mayEmit && kept) {
      setStatus('Started, run ' + starts.toString())
    }
    return 0
  }

  hear(delta: string): void {
    if (!this.answering || !hasMember(delta, '"path"', '"navigation.speedOverGround"')) return
    this.heard++
    emit(createSimpleDelta('plugins.hello.heard', this.heard.toString()))
  }

  stop(): i32 {
    this.answering = false
    this.heard = 0
    setStatus('Stopped')
    return 0
  }
}

const plugin = new Hello()

export function plugin_id(): string {
  return ID
}

export function plugin_name(): string {
  return plugin.name()
}

export function plugin_schema(): string {
  return plugin.schema()
}

/** The configuration comes as bytes of UTF-8, not as a string. 0 means that the plugin runs. */
export function plugin_start(config: usize, length: usize): i32 {
  return plugin.start(decode(config, length))
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

export function delta_handler(delta: string): void {
  plugin.hear(delta)
}

/** 0 means that the plugin has stopped. */
export function plugin_stop(): i32 {
  return plugin.stop()
}
