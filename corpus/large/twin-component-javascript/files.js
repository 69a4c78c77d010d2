// Small files in the plugin's own directory, by WASI 0.2. Paths are relative to that directory.
import { getDirectories } from 'wasi:filesystem/preopens@0.2.0'

/** Calls `use` with an open file of the directory that the host calls "/". Throws where there is none. */
function withFile(path, openFlags, flags, use) {
  const directories = getDirectories()
  try {
    const [root] = directories.find(([, name]) => name === '/')
    const file = root.openAt({}, path, openFlags, flags)
    try {
      return use(file)
    } finally {
      file[Symbol.dispose]()
    }
  } finally {
    directories.forEach(([directory]) => directory[Symbol.dispose]())
  }
}

/** The first `limit` bytes of a file; none where there is no file or it cannot be read. */
export function readFile(path, limit) {
  try {
    return withFile(path, {}, { read: true }, (file) => file.read(limit, 0))[0]
  } catch {
    return []
  }
}

/** Makes bytes the whole content of a file. Tells whether that worked. */
export function writeFile(path, bytes) {
  try {
    const size = withFile(path, { create: true, truncate: true }, { write: true }, (file) => file.write(bytes, 0))
    return size === BigInt(bytes.length) || size === bytes.length
  } catch {
    return false
  }
}
