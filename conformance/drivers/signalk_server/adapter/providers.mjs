// Who has registered what with the server, seen as it registers, and the providers' methods as the server calls them.

import { Failure } from './outlet.mjs'

const APIS = { resourcesApi: 'resource', weatherApi: 'weather', radarApi: 'radar' }

export class Registrations {
  #app
  #providers = []
  #puts = []

  // See what goes to the APIs of an app, also of those that it gets later.
  watch (app) {
    this.#app = app
    for (const [name, kind] of Object.entries(APIS)) {
      let api = app[name]
      if (api) this.#watchApi(api, kind)
      Object.defineProperty(app, name, {
        configurable: true,
        enumerable: true,
        get: () => api,
        set: given => {
          api = given
          this.#watchApi(api, kind)
        }
      })
    }
    const register = app.registerActionHandler
    app.registerActionHandler = (context, path, source, ...more) => {
      const undo = register.call(app, context, path, source, ...more)
      const entry = { source, text: `PUT ${context} ${path}` }
      this.#puts = this.#puts.filter(known => known.source !== source || known.text !== entry.text).concat(entry)
      return () => {
        this.#puts = this.#puts.filter(known => known !== entry)
        return undo?.()
      }
    }
  }

  #watchApi (api, kind) {
    const { register, unRegister } = api
    api.register = (source, provider) => {
      const result = register.call(api, source, provider)
      const entry = { source, kind, name: kind === 'resource' ? provider.type : provider.name, methods: provider.methods }
      this.#providers = this.#providers.filter(known => known.source !== source || known.kind !== kind || known.name !== entry.name).concat(entry)
      return result
    }
    api.unRegister = source => {
      this.#providers = this.#providers.filter(known => known.source !== source || known.kind !== kind)
      return unRegister.call(api, source)
    }
  }

  // What a plugin has registered; `names` are those that the server calls it by.
  of (names) {
    return [...this.#puts.filter(each => names.includes(each.source)).map(each => each.text),
      ...this.#providers.filter(each => names.includes(each.source)).map(each => `${each.kind} ${each.name}`)]
  }

  async provide (kind, { name, op, arguments_text: argumentsText }) {
    const provider = this.#providers.find(each => each.kind === kind && each.name === name)
    if (!provider) return { value_text: '', error: `No provider for ${name}` }
    const ask = ASKING[kind](provider, op, JSON.parse(argumentsText), this.#app)
    if (!ask) throw new Failure('unsupported', `The server does not ask ${kind} providers for ${op}.`)
    try {
      const value = await ask()
      if (op === 'set' || op === 'delete') return { value_text: '' }
      return { value_text: JSON.stringify(typeof value === 'boolean' ? { success: value } : value) ?? 'null' }
    } catch (error) {
      return { value_text: '', error: error.message }
    }
  }
}

// As the server's own API asks: of resources by that API, where it does not first judge what the resource is.
const ASKING = {
  resource: ({ name, methods }, op, { id, property, value, ...query }, { resourcesApi }) => ({
    list: () => resourcesApi.listResources(name, query),
    get: () => property === undefined ? resourcesApi.getResource(name, id) : methods.getResource(id, property),
    set: () => methods.setResource(id, value),
    delete: () => methods.deleteResource(id)
  })[op],
  weather: ({ methods }, op, { position, options, type }) => ({
    observations: () => methods.getObservations(position, options),
    forecasts: () => methods.getForecasts(position, type, options),
    warnings: () => methods.getWarnings(position)
  })[op],
  // get_radar_info is getRadarInfo, and so on; what follows the id is in the order of the server's own methods.
  radar: ({ methods }, op, { radarId, ...more }) => {
    const name = op.replace(/_(.)/g, (_, letter) => letter.toUpperCase())
    if (typeof methods[name] !== 'function') return undefined
    return op === 'get_radars' ? () => methods[name]() : () => methods[name](radarId, ...Object.values(more))
  }
}
