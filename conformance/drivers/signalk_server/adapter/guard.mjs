// Nobody is left behind: when the suite has gone, so has the server, also one that a plugin keeps from ever noticing.
// The main thread starts this module; in a thread of its own it looks, since the main one may be in an endless loop.

import { fileURLToPath } from 'node:url'
import { Worker, isMainThread } from 'node:worker_threads'

const EVERY_MS = 2000

export function guard () {
  new Worker(fileURLToPath(import.meta.url)).unref()
  process.stdin.on('end', () => process.exit(0))
}

if (!isMainThread) {
  const parent = process.ppid
  setInterval(() => { if (process.ppid !== parent) process.kill(process.pid, 'SIGKILL') }, EVERY_MS)
}
