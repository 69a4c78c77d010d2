// What plugins print: Node's WASI writes it to this process's own standard output and standard error, which are files
// here. What the server prints goes on to the driver's standard error.

import { closeSync, openSync, readSync, writeSync } from 'node:fs'

import { tell } from './outlet.mjs'

const ERRORS = 4
const CHUNK = 1 << 16

for (const name of ['stdout', 'stderr']) {
  process[name].write = (text, ...more) => {
    writeSync(ERRORS, text)
    more.find(each => typeof each === 'function')?.()
    return true
  }
}

export class Printed {
  #files

  constructor (scratch) {
    this.#files = ['stdout', 'stderr'].map(kind => ({ kind, file: openSync(`${scratch}/${kind}.${process.pid}`, 'r'), at: 0 }))
  }

  // Tell what was printed since this was called last, by whom it may have been.
  tell (plugin) {
    for (const printed of this.#files) {
      const buffer = Buffer.alloc(CHUNK)
      for (let size; (size = readSync(printed.file, buffer, 0, CHUNK, printed.at)); printed.at += size) {
        const text = buffer.toString('utf8', 0, size).replace(/\n$/, '')
        tell({ event: 'log', plugin, kind: printed.kind, function: '', text })
      }
    }
  }

  close () { for (const { file } of this.#files) closeSync(file) }
}
