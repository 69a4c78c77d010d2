// A stand-in of the server, for its WASM code: an app with what that code asks of it, and no model behind it.

import { EventEmitter } from 'node:events'

import { SELF } from './configuration.mjs'

// `express` is the server's own. `configPath` is its configuration directory; `emitted` is told each delta of a plugin
// as it goes on to the others, with who emitted it and the version that it was given.
export function standIn (express, configPath, emitted) {
  const app = express()
  app.use(express.json({ limit: '10mb' }))
  Object.assign(app, {
    config: { configPath, settings: {} },
    plugins: [],
    pluginsMap: {},
    selfId: SELF,
    signalk: new EventEmitter(),
    setPluginStatus () {},
    setPluginError () {},
    registerActionHandler: () => () => {},
    binaryStreamManager: { emitData () {} },
    handleMessage (provider, delta, version) {
      if (!Array.isArray(delta?.updates) || !delta.updates.length) return
      delta.context ??= `vessels.${SELF}`
      for (const update of delta.updates) {
        update.$source ??= provider
        update.timestamp ??= new Date().toISOString()
      }
      emitted(delta, provider, version)
      app.signalk.emit('delta', delta)
    }
  })
  for (const name of ['resourcesApi', 'weatherApi', 'radarApi']) app[name] = { register () {}, unRegister () {} }
  return app
}
