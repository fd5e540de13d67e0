import koffi, { type LibraryHandle } from "koffi"
import { getSystemErrorMessage, getSystemErrorName } from "node:util"

/** A system call that returned -1. `code` is the errno name (`EPERM`). */
export class SystemCallFailed extends Error {
  readonly call: string
  readonly errno: number
  readonly code: string

  constructor(call: string, errno: number) {
    const code = getSystemErrorName(-errno)
    super(`${call}: ${code}: ${getSystemErrorMessage(-errno)}`)
    this.name = "SystemCallFailed"
    this.call = call
    this.errno = errno
    this.code = code
  }
}

let loaded: LibraryHandle | undefined

/** Binds one libc function that reports failure as -1 with errno; the library is opened at first use (1 ms). */
export const libcCall = <A extends ReadonlyArray<unknown>>(
  name: string,
  signature: string
): ((...args: A) => number) => {
  let bound: ReturnType<LibraryHandle["func"]> | undefined
  return (...args) => {
    loaded ??= koffi.load("libc.so.6")
    bound ??= loaded.func(signature)
    const result: unknown = bound(...args)
    if (typeof result !== "number") throw new TypeError(`${name} returned ${typeof result}`)
    if (result === -1) throw new SystemCallFailed(name, koffi.errno())
    return result
  }
}
