/**
 * What the bundle has in place of `@sockerless/libc`, whose native module no foreign image can load. What cannot be
 * done without it is refused by name.
 */
const refused = (what: string): never => {
  throw Object.assign(new Error(`${what} cannot be made by the agent in this image`), { code: "ENOSYS" })
}

/** Extended attributes cannot be listed without it; archives from here carry none. */
export const llistxattr = (_path: string): ReadonlyArray<string> => []

export const lgetxattr = (_path: string, name: string): Buffer => refused(`the extended attribute ${name}`)

export const lsetxattr = (_path: string, name: string, _value: Buffer): void =>
  refused(`the extended attribute ${name}`)

export const makedev = (major: number, minor: number): number => major * 256 + minor

export const mknod = (path: string, _mode: number, _device: number): void => refused(`the device or pipe ${path}`)
