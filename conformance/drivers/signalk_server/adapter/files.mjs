// A plugin's tree of files, from the host's side.

import fs from 'node:fs'
import path from 'node:path'

// By path below the root, as base64; links are not followed.
export function read (root, below = '') {
  const found = {}
  if (!fs.existsSync(root)) return found
  for (const entry of fs.readdirSync(path.join(root, below), { withFileTypes: true })) {
    const place = path.posix.join(below, entry.name)
    if (entry.isDirectory()) Object.assign(found, read(root, place))
    else if (entry.isFile()) found[place] = fs.readFileSync(path.join(root, place)).toString('base64')
  }
  return found
}

export function write (root, name, data) {
  const place = path.join(root, name)
  fs.mkdirSync(path.dirname(place), { recursive: true })
  fs.writeFileSync(place, data)
}
