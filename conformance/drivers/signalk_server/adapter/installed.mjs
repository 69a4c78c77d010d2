// The installed package: its modules, loaded afresh for each host. Nothing of it is copied or changed.

import { createRequire } from 'node:module'
import path from 'node:path'

export class Installed {
  constructor (folder) {
    this.root = path.join(folder, 'node_modules', 'signalk-server')
    this.#renew()
    this.version = this.require('./package.json').version
    this.debug = this.require('debug')
  }

  #renew () { this.require = createRequire(path.join(this.root, 'package.json')) }

  // A module of the server, such as dist/wasm.
  module (name) { return this.require(path.join(this.root, name)) }

  // Forget the state of all modules of the server.
  forget () { this.forgetBelow(path.join(this.root, 'dist')) }

  // Forget what was read from a folder, such as the manifest of a package that is installed again.
  forgetBelow (folder) {
    const { cache } = this.require
    for (const name of Object.keys(cache)) if (name.startsWith(folder + path.sep)) delete cache[name]
    // Who has required them holds them; they would stay in memory, and all of their host with them.
    for (const module of Object.values(cache)) module.children = module.children.filter(child => cache[child.filename] === child)
    this.#renew()
  }
}
