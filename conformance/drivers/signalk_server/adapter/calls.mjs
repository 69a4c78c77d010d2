// Which function of the host a plugin is in: what the host logs meanwhile is about that call.

const under = []

export function current () { return under.at(-1) ?? '' }

function watched (name, call) {
  return (...args) => {
    under.push(name)
    try { return call(...args) } finally { under.pop() }
  }
}

const { instantiate } = WebAssembly

WebAssembly.instantiate = (module, imports, ...more) => {
  const env = imports?.env && Object.fromEntries(
    Object.entries(imports.env).map(([name, call]) => [name, typeof call === 'function' ? watched(name, call) : call]))
  return instantiate(module, env ? { ...imports, env } : imports, ...more)
}
